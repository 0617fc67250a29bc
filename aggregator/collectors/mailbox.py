"""A session with an IMAP server (RFC 3501) over a connection that fetch.py opened: read-only, bounded, never in a log.

The library blocks, so each session has a thread of its own: a listener that waits for hours must take none from others.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from aggregator.addresses import is_public
from aggregator.errors import FetchError
from aggregator.outgoing import Connection, hang_up

if TYPE_CHECKING:
    from aggregator.collectors.contract import Outside

T = TypeVar("T")

QUIET_SECONDS = 30.0
COMMAND_SECONDS = 120.0
# RFC 2177: a server may log off who idles for half an hour; and only a command shows that a line has gone dead.
IDLE_SECONDS = 10 * 60.0
MOST_LINE = 1_000_000
MOST_OF_A_MESSAGE = 2_000_000
MOST_BYTES = 100_000_000
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Account:
    """Where a mailbox is, and how to get in."""

    url: str
    host: str
    is_tls: bool
    folder: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as the server keeps it, from its beginning; a very long one without its end."""

    uid: int
    body: bytes
    received_at: datetime | None


@asynccontextmanager
async def open_mailbox(account: Account, outside: Outside) -> AsyncIterator[Session]:
    """The session, signed in, with the folder open for reading alone. Raises FetchError.

    However it ends, its thread ends with it and its connection is closed.
    """
    tls = outside.fetch.tls()
    session = Session(Mailbox(account, await outside.fetch.connect(account.url), tls))
    try:
        await session.run(session.mailbox.enter)
        yield session
    finally:
        session.mailbox.close()
        session.thread.shutdown(wait=False)


class Session:
    """Runs what a mailbox does, all of which blocks, in one thread."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="imap")

    async def run(self, work: Callable[..., T], *arguments: object, seconds: float | None = None) -> T:
        """What `work` returns. Where that takes too long, or nobody waits for it any more, the connection is ended."""
        seconds = seconds or COMMAND_SECONDS
        running = asyncio.get_running_loop().run_in_executor(self.thread, work, *arguments)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(running)
        except TimeoutError:
            raise FetchError(f"{self.mailbox.host} took longer than {seconds:g} s") from None
        finally:
            if not running.done():
                self.mailbox.hang_up()
                await asyncio.wait([running])
                running.exception()


class Mailbox:
    """One folder of an account. What asks the server blocks and raises FetchError; any thread may call `hang_up`.

    `validity` is the server's UIDVALIDITY, `can_idle` whether it tells of new mail by itself.
    """

    def __init__(self, account: Account, connection: Connection, tls: ssl.SSLContext) -> None:
        self.host = account.host
        self._account = account
        self._connection = connection
        self._tls = tls
        self._client: _Client | None = None
        self._exists = 0
        self.validity = 0
        self.can_idle = False

    def enter(self) -> None:
        """Shake hands, sign in, open the folder without the right to change it (EXAMINE)."""
        with _plain_words(self.host):
            self._connection.settimeout(QUIET_SECONDS)
            peer = str(self._connection.getpeername()[0])
            if self._account.is_tls:
                self._connection = _encrypted(self._connection, self._tls, self.host, self._keep)
            self._client = client = _Client(self._connection, self.host, is_tls=self._account.is_tls, keep=self._keep)
            if not self._account.is_tls:
                self._start_tls(client, is_private=not is_public(peer))
            self._sign_in(client)
            self._examine(client)
            client.was_told()
            self.can_idle = client.has_capability("IDLE")

    def newest(self, count: int) -> list[int]:
        """The UIDs of the newest messages that were there when it was entered, the oldest first."""
        with _plain_words(self.host):
            client = self._used()
            if not self._exists:
                return []
            client.use_uid = False
            found = client.fetch(range(max(1, self._exists - count + 1), self._exists + 1), ["UID"])
            client.use_uid = True
            return sorted(int(one[b"UID"]) for one in found.values() if b"UID" in one)[-count:]

    def since(self, uid: int) -> list[int]:
        """The UIDs of the messages that came after that one, the oldest first."""
        with _plain_words(self.host):
            # `n:*` always holds the last message, whatever n is (RFC 3501, 6.4.8).
            return sorted(int(one) for one in self._used().search(["UID", f"{uid + 1}:*"]) if one > uid)

    def letter(self, uid: int) -> Letter | None:
        """The message, without marking it as read (BODY.PEEK); None where it is gone meanwhile."""
        with _plain_words(self.host):
            found = self._used().fetch([uid], ["INTERNALDATE", f"BODY.PEEK[]<0.{MOST_OF_A_MESSAGE}>"]).get(uid, {})
            body = next((said for name, said in found.items() if name.startswith(b"BODY[]")), None)
            received_at = found.get(b"INTERNALDATE")
            if not isinstance(body, bytes):
                return None
            # In UTC, since IMAPClient's own time zones cannot be handed to another process.
            return Letter(uid, body, received_at.astimezone(UTC) if isinstance(received_at, datetime) else None)

    def wait(self) -> bool:
        """Wait until the server tells of new mail (RFC 2177): True; or for as long as one may: False."""
        with _plain_words(self.host):
            client = self._used()
            if client.was_told():
                return True
            has_come = client.begin_idle() or client.wire.wait_for(b"EXISTS", IDLE_SECONDS)
            client.idle_done()
            return has_come

    def hang_up(self) -> None:
        """End the connection, whoever waits for it."""
        hang_up(self._connection)

    def close(self) -> None:
        """The same, and let go of it: for when nobody waits any more."""
        hang_up(self._connection)
        self._connection.close()

    def _keep(self, connection: Connection) -> None:
        self._connection = connection

    def _used(self) -> _Client:
        if self._client is None:
            raise FetchError(f"nobody has signed in at {self.host}")
        return self._client

    def _start_tls(self, client: _Client, *, is_private: bool) -> None:
        """Never a password in the clear, but inside a network that the operator has allowed by name."""
        if client.has_capability("STARTTLS"):
            if not is_private or client.has_capability("LOGINDISABLED"):
                client.starttls(self._tls)
        elif not is_private:
            raise FetchError(f"{self.host} offers no encryption (STARTTLS), so no password is sent; write imaps://")

    def _sign_in(self, client: _Client) -> None:
        user, password = self._account.user, self._account.password
        try:
            if client.has_capability("AUTH=PLAIN"):
                client.plain_login(user, password)
            else:
                client.login(user, password)
        except UnicodeError:
            raise FetchError(f"{self.host} takes no user name or password with letters beyond ASCII") from None
        except IMAPClientError as error:
            if isinstance(error.__context__ or error, imaplib.IMAP4.abort):
                raise FetchError(f"the connection to {self.host} broke off at the sign-in") from None
            raise FetchError(
                f"{self.host} does not let this user in: look at `user` and `token`; some services want a password "
                "made for this program alone"
            ) from None

    def _examine(self, client: _Client) -> None:
        folder = self._account.folder
        try:
            answer = client.select_folder(folder, readonly=True)
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError:
            answer = self._examine_nested(client, folder)
        self.validity = int(answer.get(b"UIDVALIDITY", 0))
        self._exists = int(answer.get(b"EXISTS", 0))

    def _examine_nested(self, client: _Client, folder: str) -> Mapping[bytes, Any]:
        """The same where the server parts the names of folders within folders in its own way (RFC 3501, 5.1)."""
        parted_by = next((bytes(found[1] or b"/").decode() for found in client.list_folders("", "")), "/")
        with contextlib.suppress(IMAPClientError):
            if parted_by != "/" and "/" in folder:
                return dict(client.select_folder(folder.replace("/", parted_by), readonly=True))
        raise FetchError(
            f"there is no folder “{folder}” in this mailbox; the address ends with its name as the server has it, such "
            f"as imaps://{self.host}/INBOX/Newsletters"
        )


class _Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient over a connection that stands already; what it says and hears is never logged."""

    def __init__(self, connection: Connection, host: str, *, is_tls: bool, keep: Callable[[Connection], None]) -> None:
        self._standing = (connection, host, keep)
        super().__init__(host, ssl=is_tls, timeout=QUIET_SECONDS)
        self._imap.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> _Wire:  # noqa: N802 - IMAPClient's name
        self.wire = _Wire(*self._standing)
        return self.wire

    def was_told(self) -> bool:
        """Whether the server spoke of new mail beside other answers since this was asked last: it says so once."""
        return bool(self.wire.untagged_responses.pop("EXISTS", None))

    def begin_idle(self) -> bool:
        """As `idle`, for servers that tell something before they agree to it. Whether that was of new mail."""
        has_come = False
        self._idle_tag = self.wire._command("IDLE")  # noqa: SLF001 - as IMAPClient does
        while (said := self.wire._get_response()) is not None:  # noqa: SLF001
            if self.wire.tagged_commands[self._idle_tag]:
                raise self.wire.error("IDLE is refused")
            has_come |= b"EXISTS" in said.upper().split()
        return has_come


class _Wire(imaplib.IMAP4):
    """imaplib over a connection that stands already, with its own buffer: bounded, and whole after a timeout."""

    def __init__(self, connection: Connection, host: str, keep: Callable[[Connection], None]) -> None:
        self._standing = connection
        self._keep = keep
        self._waiting = bytearray()
        self._left = MOST_BYTES
        super().__init__(host)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002 - imaplib's
        """Take the connection as it is; the file that imaplib makes of it would not survive a timeout."""
        self.host, self.port, self.sock = host, port, self._standing

    def shutdown(self) -> None:
        """Let go of the connection."""
        self.sock.close()

    def read(self, size: int) -> bytes:
        """A literal. Raises abort where it is longer than was asked for."""
        if size > MOST_OF_A_MESSAGE:
            raise self.abort("a literal that is too long")
        while len(self._waiting) < size:
            if not self._more():
                raise self.abort("EOF in a literal")
        return self._taken(size)

    def readline(self) -> bytes:
        """A line, or what there is of one at the end."""
        while (end := self._waiting.find(b"\n")) < 0:
            if len(self._waiting) > MOST_LINE:
                raise self.abort("a line that is too long")
            if not self._more():
                return self._taken(len(self._waiting))
        return self._taken(end + 1)

    def wait_for(self, word: bytes, seconds: float) -> bool:
        """Read lines until one is about that word, for so long at most. Raises abort where the connection ends."""
        self.sock.settimeout(seconds)
        try:
            while line := self.readline():
                if line.upper().startswith(b"* BYE"):
                    break
                if word in line.upper().split():
                    return True
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(QUIET_SECONDS)
        raise self.abort("EOF")

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> tuple[str, list[Any]]:  # type: ignore[override]
        """As imaplib's, but nothing that came in the clear is taken for what is said under encryption."""
        answer, data = self._simple_command("STARTTLS")
        if answer != "OK" or ssl_context is None or self._waiting:
            raise self.error("STARTTLS")
        self.sock = _encrypted(self.sock, ssl_context, self.host, self._keep)
        self._get_capabilities()
        return answer, data

    def _more(self) -> bool:
        chunk = self.sock.recv(65_536)
        self._left -= len(chunk)
        if self._left < 0:
            raise self.abort("more than is ever read in one session")
        self._waiting += chunk
        return bool(chunk)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._waiting[:size])
        del self._waiting[:size]
        return taken


def _encrypted(
    connection: Connection, tls: ssl.SSLContext, host: str, keep: Callable[[Connection], None]
) -> ssl.SSLSocket:
    """The connection under TLS. `keep` is given it before the handshake, so that even that can be ended."""
    encrypted = tls.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
    keep(encrypted)
    encrypted.do_handshake()
    return encrypted


@contextmanager
def _plain_words(host: str) -> Iterator[None]:
    """Turn what goes wrong into a sentence. What the server said is left out: it may repeat what it was sent."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise FetchError(f"the certificate of {host} is not valid: {error.verify_message}") from None
    except ssl.SSLError:
        raise FetchError(f"no secure connection to {host} could be made") from None
    except TimeoutError:
        raise FetchError(f"{host} sent nothing for {QUIET_SECONDS:g} s") from None
    except (OSError, imaplib.IMAP4.abort):
        raise FetchError(f"the connection to {host} broke off, or it sent more than is read") from None
    except (IMAPClientError, *_BROKEN):
        raise FetchError(f"{host} does not speak IMAP as it should") from None
