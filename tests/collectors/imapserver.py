"""A real IMAP server (pymap) on loopback, and one that says whatever a test wants."""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imapclient import IMAPClient
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import DictBackend
from pymap.backend.dict.mailbox import MailboxData
from pymap.concurrent import Event
from pymap.imap import IMAPServer
from pymap.selected import SelectedMailbox
from pysasl.hashing import Cleartext

CERTIFICATES = Path(__file__).parents[1] / "certificates"
USER, PASSWORD = "news@city.example", "hush-hush-hush"


@dataclass
class MailServer:
    """Where it listens, and what a mail client of the partner's would do there."""

    host: str
    port: int
    scheme: str = "imap"

    def url(self, folder: str = "") -> str:
        return f"{self.scheme}://{self.host}:{self.port}/{folder}"

    async def do(self, work: Callable[[IMAPClient], Any]) -> Any:
        """Run `work` on a client of its own that is signed in, in a thread."""

        def run() -> Any:
            context = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
            with IMAPClient(
                self.host, self.port, ssl=self.scheme == "imaps", ssl_context=context, timeout=60
            ) as client:
                if client.has_capability("STARTTLS"):
                    client.starttls(context)
                client.login(USER, PASSWORD)
                return work(client)

        return await asyncio.to_thread(run)

    async def deliver(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Put messages into a folder, which is made where it is missing."""

        def append(client: IMAPClient) -> None:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for message in messages:
                client.append(folder, message)

        await self.do(append)


_as_pymap_waits = MailboxData.update_selected


async def _wait_for_news(
    self: MailboxData, selected: SelectedMailbox, *, wait_on: Event | None = None
) -> SelectedMailbox:
    """As pymap waits in IDLE, but at once where a message came between the last command and IDLE: it slept over it."""
    has_news = selected.mod_sequence != self._mod_sequences.highest
    return await _as_pymap_waits(self, selected, wait_on=None if has_news else wait_on)


MailboxData.update_selected = _wait_for_news  # type: ignore[method-assign]


def _server_tls() -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATES / "good.pem")
    return tls


@asynccontextmanager
async def mail_server(
    *, host: str = "127.0.0.2", is_tls: bool = False, offers_starttls: bool = False
) -> AsyncIterator[MailServer]:
    args = Namespace(
        host=host, port=0, debug=False, tls=offers_starttls, cert=str(CERTIFICATES / "good.pem"), key=None,
        demo_data=False, demo_user=USER, demo_password=PASSWORD, proxy_protocol=None, passlib_cfg=None,
        inherited_sockets=None, skip_services=[],
    )  # fmt: skip
    backend, config = await DictBackend.init(args, hash_context=Cleartext())
    config.apply_context()
    serve = IMAPServer(backend.login, config)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer, SocketInfo.get(writer, None, unique_id=b""))

    async with _listen(answer, host, _server_tls() if is_tls else None) as (port,):
        yield MailServer(host, port, "imaps" if is_tls else "imap")


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def _listen(answer: Talk, host: str, tls: ssl.SSLContext | None) -> AsyncIterator[Sequence[int]]:
    talks: set[asyncio.Task[Any]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        try:
            await answer(reader, writer)
        except (asyncio.CancelledError, OSError, asyncio.IncompleteReadError, EOFError):
            pass
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, host, 0, ssl=tls)
    try:
        yield [server.sockets[0].getsockname()[1]]
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def odd_server(
    *answers: tuple[bytes, bytes | list[bytes]], greeting: bytes = b"* OK ready\r\n", host: str = "127.0.0.2"
) -> AsyncIterator[MailServer]:
    """A server that answers a command that holds a word by what stands beside it: `%t` is its tag, `%!` hangs up.

    The first that fits counts, of a list its next; without one the command is answered by OK.
    """
    usual = (
        (b"CAPABILITY", b"* CAPABILITY IMAP4rev1 IDLE\r\n%t OK done\r\n"),
        (b"EXAMINE", b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n%t OK [READ-ONLY] done\r\n"),
    )

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said, tag = greeting, b""
        while True:
            writer.write(said.removesuffix(b"%!"))
            await writer.drain()
            if said.endswith(b"%!") or not (line := await reader.readline()):
                return
            if line.strip().upper() != b"DONE":  # it ends the IDLE before, by whose tag it is answered
                tag = line.split(b" ", 1)[0]
            answer = next((said for word, said in (*answers, *usual) if word in line.upper()), b"%t OK done\r\n")
            said = (answer.pop(0) if isinstance(answer, list) else answer).replace(b"%t", tag)

    async with _listen(talk, host, None) as (port,):
        yield MailServer(host, port)
