"""The only place that opens an outgoing socket: guarded, and whole or an error. Reads no document."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

import aiohttp

from aggregator.addresses import Allowed, check, port_of, ports_for, shown_host, web_address
from aggregator.errors import FetchError
from aggregator.faultwords import plain_words, status_words
from aggregator.gate import GuardedResolver, Lookup, guarded_sockets, look_up
from aggregator.turns import Turns
from aggregator.unpack import unpacker

if TYPE_CHECKING:
    import ssl

    from yarl import URL

FEEDS_FIRST = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
MAX_BYTES = 10_000_000
MAX_REDIRECTS = 5
LONGEST_WAIT = timedelta(days=1)

MOST_SAID = 2_000
MOST_LINE = 1_000_000
# The other side of a stream says something every 15 s (Mastodon) or answers a ping.
QUIET_SECONDS = 90.0

_OK, _NOT_MODIFIED, _TOO_MANY = 200, 304, 429
_PERMANENT = frozenset({301, 308})
_KEEP_METHOD = frozenset({307, 308})
_ACCEPTED = frozenset(range(200, 300))
_PATIENT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=QUIET_SECONDS)
_RESETS = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset")
_REDIRECTS = _PERMANENT | {302, 303, 307}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([a-z0-9._:+-]{1,40})""", re.IGNORECASE)


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

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str,
        accept: str = "*/*",
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post the body. FetchError for every answer but one in the two hundreds; only 307 and 308 are followed."""
        ...

    def lines(
        self, url: str, *, accept: str = "text/event-stream", headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """An answer that never ends, line by line without line ends, as it comes. It ends where the other side ends.

        FetchError where it cannot be had, breaks off, is silent for `QUIET_SECONDS`, or sends a line of absurd length.
        """
        ...

    def messages(
        self, url: str, *, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The text messages of a WebSocket (`ws://`, `wss://`), as they come; otherwise as `lines`."""
        ...

    async def connect(self, url: str) -> socket.socket:
        """A bare connection to an address such as imaps://host: blocking, not encrypted yet, the caller's to close."""
        ...


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
    resolver = GuardedResolver(allowed, lookup, connect_seconds)
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        socket_factory=guarded_sockets(allowed),
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
            yield GuardedFetch(session, resolver, allowed, Turns(per_host, gap_seconds), now, total_seconds)
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
        resolver: GuardedResolver,
        allowed: Allowed,
        turns: Turns,
        now: Callable[[], datetime],
        total_seconds: float,
    ) -> None:
        self._session = session
        self._resolver = resolver
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
        return await self._whole(_Request(target, accept, condition, dict(headers or {}), max_bytes))

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str,
        accept: str = "*/*",
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See `Fetch.post`."""
        target = web_address(url)
        check(target, self._allowed)
        posted = _Posted(body, content_type)
        return await self._whole(_Request(target, accept, {}, dict(headers or {}), max_bytes, posted))

    @asynccontextmanager
    async def lines(
        self, url: str, *, accept: str = "text/event-stream", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncIterator[str]]:
        """See `Fetch.lines`."""
        target = web_address(url)
        check(target, self._allowed)
        host = shown_host(target)
        sent = {"Accept": accept, "Accept-Encoding": "identity", **(headers or {})}
        async with AsyncExitStack() as turn:
            with plain_words(host, _PATIENT):
                await turn.enter_async_context(self._turns.at(target))
                response = await self._session.get(target, headers=sent, allow_redirects=False, timeout=_PATIENT)
            # A stream is one request, and it has been answered: others at this host may have their turn.
            await turn.aclose()
            try:
                if response.status != _OK:
                    raise await self._failure(host, response)
                yield _lines(host, response)
            finally:
                response.close()

    @asynccontextmanager
    async def messages(
        self, url: str, *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncIterator[str]]:
        """See `Fetch.messages`."""
        target = web_address(url)
        check(target, self._allowed, schemes=("wss", "ws"))
        host = shown_host(target)
        patient = aiohttp.ClientWSTimeout(ws_receive=QUIET_SECONDS, ws_close=5.0)
        async with AsyncExitStack() as turn:
            with plain_words(host, _PATIENT):
                await turn.enter_async_context(self._turns.at(target))
                socket_ = await self._session.ws_connect(
                    target, headers=headers, heartbeat=QUIET_SECONDS / 3, timeout=patient, max_msg_size=MOST_LINE
                )
            await turn.aclose()
            try:
                yield _messages(host, socket_)
            finally:
                await socket_.close()

    async def connect(self, url: str) -> socket.socket:
        """See `Fetch.connect`."""
        target = web_address(url)
        check(target, self._allowed, schemes=("imaps", "imap"))
        host, port, ports = target.raw_host or "", port_of(target), ports_for(target)
        refused: OSError | TimeoutError | None = None
        for address in await self._resolver.permitted(host, port, ports):
            connecting = asyncio.to_thread(socket.create_connection, (address, port), _PATIENT.sock_connect)
            try:
                return await connecting
            except OSError as error:
                refused = error
        with plain_words(shown_host(target), _PATIENT):
            raise refused or OSError
        raise AssertionError("unreachable")

    async def _whole(self, request: _Request) -> Answer:
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(self._turns.at(request.url))
            try:
                async with asyncio.timeout(self._total_seconds):
                    return await self._follow(request, turn)
            except TimeoutError:
                raise FetchError(f"{shown_host(request.url)} took longer than {self._total_seconds:g} s") from None

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
        if request.posted:
            sent["Content-Type"] = request.posted.content_type
        with plain_words(host, self._session.timeout):
            response = await self._session.request(
                "POST" if request.posted else "GET",
                request.url,
                headers=sent,
                data=request.posted.body if request.posted else None,
                allow_redirects=False,
            )
            try:
                if response.status in (_KEEP_METHOD if request.posted else _REDIRECTS):
                    return _Redirect(_redirected(request.url, response), response.status in _PERMANENT)
                if response.status == _NOT_MODIFIED and request.condition:
                    return _answer(request, response, b"")
                if response.status != _OK and (not request.posted or response.status not in _ACCEPTED):
                    raise await self._failure(host, response)
                return _answer(request, response, await _body(host, response, request.max_bytes))
            finally:
                response.close()

    async def _failure(self, host: str, response: aiohttp.ClientResponse) -> FetchError:
        said = b""
        with contextlib.suppress(aiohttp.ClientError, OSError, FetchError):
            unpack = unpacker(host, response.headers.get("Content-Encoding", ""))
            said = unpack.more(await response.content.read(MOST_SAID), MOST_SAID)
        return FetchError(
            status_words(host, response.status),
            retry_at=_retry_at(response.headers, response.status, self._now()),
            status=response.status,
            said=said.decode("utf-8", "replace"),
        )


async def _lines(host: str, response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    waiting = bytearray()
    with plain_words(host, _PATIENT):
        async for chunk in response.content.iter_any():
            *whole, rest = (waiting + chunk).split(b"\n")
            waiting = bytearray(rest)
            if len(waiting) > MOST_LINE:
                raise FetchError(f"{host} sends a line without end")
            for line in whole:
                yield line.rstrip(b"\r").decode("utf-8", "replace")


async def _messages(host: str, socket_: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    with plain_words(host, _PATIENT):
        while True:
            try:
                message = await socket_.receive()
            except TimeoutError:
                raise FetchError(f"{host} sent nothing for {QUIET_SECONDS:g} s") from None
            if message.type is aiohttp.WSMsgType.ERROR:
                raise FetchError(f"the connection to {host} broke off")
            if message.type is not aiohttp.WSMsgType.TEXT:
                if message.type is aiohttp.WSMsgType.BINARY:
                    continue
                return
            yield str(message.data)


@dataclass(frozen=True, slots=True)
class _Request:
    url: URL
    accept: str
    condition: Mapping[str, str]
    headers: Mapping[str, str]
    max_bytes: int
    posted: _Posted | None = None


@dataclass(frozen=True, slots=True)
class _Posted:
    """A body and what it is: the one goes nowhere without the other."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: URL
    permanent: bool


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


def _retry_at(headers: Mapping[str, str], status: int, now: datetime) -> datetime | None:
    """What the answer says of when to come back, never more than a day away; None for nothing or what is past."""
    at = _moment(headers.get("Retry-After", ""), now)
    if at is None and status == _TOO_MANY:
        # Mastodon sends a date, Bluesky and X the seconds since 1970.
        named = next((headers[name] for name in _RESETS if name in headers), "")
        at = _moment(named, datetime.fromtimestamp(0, UTC))
    return min(at, now + LONGEST_WAIT) if at and at >= now else None


def _moment(text: str, start: datetime) -> datetime | None:
    """A moment as seconds after `start`, or as a date of HTTP (RFC 9110, 10.2.3) or ISO 8601."""
    try:
        if text.isascii() and text.isdigit():
            # Cut before it is read: more digits than these are beyond a day anyhow.
            return start + timedelta(seconds=int(text[:11]))
        at = datetime.fromisoformat(text) if "T" in text[8:11] else parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


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
