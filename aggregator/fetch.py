"""The only place that opens an outgoing socket: one guarded GET, whole or an error. Reads no document."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.addresses import Allowed, check, refusal, shown_host, web_address
from aggregator.errors import FetchError
from aggregator.turns import Turns
from aggregator.unpack import unpacker

if TYPE_CHECKING:
    import ssl

    from aiohappyeyeballs import AddrInfoType
    from yarl import URL

FEEDS_FIRST = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
MAX_BYTES = 10_000_000
MAX_REDIRECTS = 5
LOOKUP_THREADS = 8
LONGEST_WAIT = timedelta(days=1)

_OK, _NOT_MODIFIED, _SERVER_FAULT = 200, 304, 500
_PERMANENT = frozenset({301, 308})
_REDIRECTS = _PERMANENT | {302, 303, 307}
_REASONS = {
    204: "has nothing to say (204)",
    206: "sent only a part (206)",
    304: "says that nothing has changed, without having been asked that (304)",
    401: "asks for a sign-in (401)",
    403: "refuses this program (403)",
    404: "has nothing at this address (404)",
    410: "says that this address is gone for good (410)",
    429: "asks to be asked less often (429)",
    503: "is out of service for now (503)",
}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([a-z0-9._:+-]{1,40})""", re.IGNORECASE)

# The first that fits, so the narrow ones stand before the wide ones.
_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.InvalidURL, "{host} cannot be asked: its address cannot be sent"),
    (aiohttp.ClientConnectorCertificateError, "the certificate of {host} is not valid: {why}"),
    (aiohttp.ClientSSLError, "no secure connection to {host} could be made"),
    (aiohttp.ConnectionTimeoutError, "{host} could not be reached within {connect:g} s"),
    (aiohttp.ServerTimeoutError, "{host} sent nothing for {read:g} s"),
    (aiohttp.ClientConnectorError, "no connection to {host}: {why}"),
    (aiohttp.ServerDisconnectedError, "{host} hung up without an answer"),
    (aiohttp.ClientPayloadError, "what {host} sent was cut short"),
    (aiohttp.ClientResponseError, "{host} does not speak HTTP as it should"),
    (aiohttp.ClientError, "the connection to {host} broke off"),
    (OSError, "the connection to {host} broke off: {why}"),
    (ValueError, "{host} cannot be asked: a header cannot be sent"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole and unpacked. Everything in it is hostile.

    `url` is where it came from after redirects; `permanent_url` is the same where every redirect on the way was
    permanent (301, 308) and none led from https to http, else None. `headers` have lower-case names. With
    `not_modified` the body is empty, and the validators are those that go on holding.
    """

    status: int
    url: str
    body: bytes
    content_type: str | None = None
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    not_modified: bool = False
    permanent_url: str | None = None


class Fetch(Protocol):
    """The port through which everything inside gets at the outside."""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEEDS_FIRST,
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Get the document at `url`, by a conditional request where a validator is given.

        FetchError for everything but a whole 200 and a 304 that was asked for; RefusedError for where this program
        does not go. `max_bytes` is counted after unpacking. `headers` are for the origin of `url` alone: a redirect
        to another one drops them.
        """
        ...


Lookup = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, best first. Blocks; OSError or UnicodeError where there is no such name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@asynccontextmanager
async def open_fetch(
    *,
    allowed: Allowed,
    user_agent: str,
    now: Callable[[], datetime],
    total_seconds: float = 30,
    connect_seconds: float = 10,
    read_seconds: float = 15,
    per_host: int = 2,
    gap_seconds: float = 0,
    lookup: Lookup = look_up,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[GuardedFetch]:
    """The real fetch, for as long as the context lasts.

    `total_seconds` bounds one get() with all its redirects; waiting for a first turn at a busy host is not counted.
    A host is asked `per_host` things at once, and a turn that ends is given on `gap_seconds` later. `tls` stands in
    for the system's certificate authorities.
    """
    resolver = _GuardedResolver(allowed, lookup, connect_seconds)
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        socket_factory=_guarded_sockets(allowed),
        ssl=True if tls is None else tls,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,  # a proxy would connect in our place, past the guard
        auto_decompress=False,  # aiohttp 3.14 takes a gzip that is cut short for a whole one
        timeout=aiohttp.ClientTimeout(sock_connect=connect_seconds, sock_read=read_seconds),
    )
    try:
        async with session:
            yield GuardedFetch(session, allowed, Turns(per_host, gap_seconds), now, total_seconds)
    finally:
        await resolver.close()


class GuardedFetch:
    """Fetches over HTTP what may be reached. Made by `open_fetch`.

    A redirect from https to http is followed, since partners' sites do it and what is fetched is public; it is never
    taken for permanent. Validators go along on every redirect, because they came from where it led last time.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        allowed: Allowed,
        turns: Turns,
        now: Callable[[], datetime],
        total_seconds: float,
    ) -> None:
        self._session = session
        self._allowed = allowed
        self._turns = turns
        self._now = now
        self._total_seconds = total_seconds

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEEDS_FIRST,
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See `Fetch.get`."""
        target = web_address(url)
        check(target, self._allowed)
        validators = {"If-None-Match": _sendable(etag), "If-Modified-Since": _sendable(last_modified)}
        condition = {name: value for name, value in validators.items() if value}
        request = _Request(target, accept, condition, dict(headers or {}), max_bytes)
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(self._turns.at(target))
            try:
                async with asyncio.timeout(self._total_seconds):
                    return await self._follow(request, turn)
            except TimeoutError:
                raise FetchError(f"{shown_host(target)} took longer than {self._total_seconds:g} s") from None

    async def _follow(self, request: _Request, turn: AsyncExitStack) -> Answer:
        """Ask, and go where the answer points, until it is a document."""
        been = [request.url]
        permanent = True
        while True:
            came = await self._ask(request)
            if isinstance(came, Answer):
                return replace(came, permanent_url=came.url if permanent and len(been) > 1 else None)
            here, there = request.url, came.to
            check(there, self._allowed)
            if there in been:
                raise FetchError(f"{shown_host(here)} redirects in a circle")
            if len(been) > MAX_REDIRECTS:
                raise FetchError(f"{shown_host(been[0])} redirects more than {MAX_REDIRECTS} times")
            been.append(there)
            permanent = permanent and came.permanent and (here.scheme, there.scheme) != ("https", "http")
            if there.host != here.host:
                # The turn at one host is given back before one at the next is taken: to hold both could lock up.
                await turn.aclose()
                await turn.enter_async_context(self._turns.at(there))
            extra = request.headers if there.origin() == here.origin() else {}
            request = replace(request, url=there, headers=extra)

    async def _ask(self, request: _Request) -> Answer | _Redirect:
        host = shown_host(request.url)
        sent = {"Accept": request.accept, **request.condition, **request.headers}
        with _plain_words(host, self._session.timeout):
            response = await self._session.get(request.url, headers=sent, allow_redirects=False)
            try:
                if response.status in _REDIRECTS:
                    return _Redirect(_redirected(request.url, response), response.status in _PERMANENT)
                if response.status == _NOT_MODIFIED and request.condition:
                    return _answer(request, response, b"")
                if response.status != _OK:
                    raise self._failure(host, response)
                return _answer(request, response, await _body(host, response, request.max_bytes))
            finally:
                response.close()

    def _failure(self, host: str, response: aiohttp.ClientResponse) -> FetchError:
        status = response.status
        other = "has a fault of its own" if status >= _SERVER_FAULT else "sent no document"
        return FetchError(
            f"{host} {_REASONS.get(status, f'{other} ({status})')}",
            retry_at=_retry_at(response.headers.get("Retry-After", ""), self._now()),
            status=status,
        )


@dataclass(frozen=True, slots=True)
class _Request:
    url: URL
    accept: str
    condition: Mapping[str, str]
    headers: Mapping[str, str]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: URL
    permanent: bool


class _GuardedResolver(AbstractResolver):
    """Looks a name up once a connection, and gives only the addresses that may be reached.

    So the name cannot change sides between check and connection (DNS rebinding).
    """

    def __init__(self, allowed: Allowed, lookup: Lookup, seconds: float) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._seconds = seconds
        # Its own threads: name servers that never answer must not use up everyone's.
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                found = await loop.run_in_executor(self._threads, self._lookup, host, port)
        except TimeoutError:
            raise FetchError(f"the name {host} could not be looked up within {self._seconds:g} s") from None
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise FetchError(f"there is no host of the name {host}")
        permitted = [address for address in found if self._allowed.permits(address, port)]
        if not permitted:
            raise refusal(host, found, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in permitted
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _guarded_sockets(allowed: Allowed) -> Callable[[AddrInfoType], socket.socket]:
    """The last gate: every connection passes here with the very address that it goes to."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, (host, port, *_) = info
        address = str(host)
        if not allowed.permits(address, port):
            raise refusal(address, [address], port)
        return socket.socket(family, kind, protocol)

    return make


def _redirected(here: URL, response: aiohttp.ClientResponse) -> URL:
    location = response.headers.get("Location", "").strip()
    if not location:
        raise FetchError(f"{shown_host(here)} redirects ({response.status}) without saying where to")
    try:
        return here.join(web_address(location)).with_fragment(None)
    except (FetchError, ValueError):
        raise FetchError(f"{shown_host(here)} redirects to something that is not an address") from None


def _answer(request: _Request, response: aiohttp.ClientResponse, body: bytes) -> Answer:
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        if lower != "set-cookie":
            headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    content_type = headers.get("content-type", "")
    charset = _CHARSET.search(content_type)
    not_modified = response.status == _NOT_MODIFIED
    kept = request.condition if not_modified else {}
    return Answer(
        status=response.status,
        url=str(request.url),
        body=body,
        content_type=content_type.partition(";")[0].strip().lower() or None,
        charset=charset.group(1).lower() if charset else None,
        etag=_sendable(headers.get("etag")) or kept.get("If-None-Match"),
        last_modified=_sendable(headers.get("last-modified")) or kept.get("If-Modified-Since"),
        headers=headers,
        not_modified=not_modified,
    )


def _sendable(validator: str | None) -> str | None:
    """A validator that can be sent (back); one that cannot is as good as none."""
    return validator if validator and validator.isascii() and validator.isprintable() else None


def _retry_at(text: str, now: datetime) -> datetime | None:
    """What Retry-After names (RFC 9110, 10.2.3), never more than a day away; None for nothing or what is past."""
    if text.isascii() and text.isdigit():
        # Cut before it is read: more digits than these are beyond a day anyhow.
        return now + min(timedelta(seconds=int(text[:12])), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(at, now + LONGEST_WAIT) if at > now else None


async def _body(host: str, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    unpack = unpacker(host, response.headers.get("Content-Encoding", ""))
    too_long = FetchError(f"what {host} sends is longer than {max_bytes:,} bytes")
    if (response.content_length or 0) > max_bytes:
        raise too_long
    body = bytearray()
    packed = 0
    async for chunk in response.content.iter_any():
        packed += len(chunk)
        body += unpack.more(chunk, max_bytes + 1 - len(body))
        if packed > max_bytes or len(body) > max_bytes:
            raise too_long
    unpack.end()
    return bytes(body)


@contextmanager
def _plain_words(host: str, limits: aiohttp.ClientTimeout) -> Iterator[None]:
    """Turn what goes wrong below into a sentence.

    The cause is left out on purpose: aiohttp's messages hold the whole address with every token in it, and would
    reach the log with the traceback.
    """
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        sentence = next(sentence for kind, sentence in _FAULTS if isinstance(error, kind))
        said = sentence.format(host=host, why=_why(error), connect=limits.sock_connect, read=limits.sock_read)
        raise FetchError(said) from None


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(getattr(error.certificate_error, "verify_message", "")) or "it cannot be verified"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno).lower()
    return "no answer"
