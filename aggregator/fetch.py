"""The only place that opens an outgoing socket: guarded, and whole or an error. Reads no document."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import aiohttp

from aggregator.addresses import Allowed, check, port_of, ports_for, shown_host, web_address
from aggregator.errors import FetchError
from aggregator.faultwords import blaming, plain_words, status_words
from aggregator.gate import GuardedResolver, Lookup, guarded_sockets, look_up
from aggregator.outgoing import FEEDS_FIRST, MAX_BYTES, Answer, Connection
from aggregator.retryafter import retry_at
from aggregator.streams import (
    MOST_LINE,
    PATIENT,
    PATIENT_SOCKET,
    PING_SECONDS,
    REDIRECTS,
    connected,
    read_lines,
    read_messages,
    stay,
)
from aggregator.turns import Turn, Turns
from aggregator.unpack import unpacker

if TYPE_CHECKING:
    from yarl import URL

MAX_REDIRECTS = 5
MOST_SAID = 2_000
# So long after the last request to a host began may the next one to it begin: short enough to read page after page.
GAP_SECONDS = 0.25
# So long a connection is kept for the next request to its host. Most have none, and with TLS each takes 225 KB.
KEPT_SECONDS = 2.0

_SWITCHING, _OK, _NOT_MODIFIED = 101, 200, 304
_PERMANENT = frozenset({301, 308})
_KEEP_METHOD = frozenset({307, 308})
_ACCEPTED = frozenset(range(200, 300))
_CHARSET = re.compile(r"""charset\s*=\s*["']?([a-z0-9._:+-]{1,40})""", re.IGNORECASE)


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
    gap_seconds: float = GAP_SECONDS,
    lookup: Lookup = look_up,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[GuardedFetch]:
    """The real fetch, for as long as the context lasts.

    `total_seconds` bounds one get() with all its redirects; waiting for a first turn at a busy host is not counted.
    A host is asked `per_host` things at once, and each begins `gap_seconds` after the one before. `tls` stands in for
    the system's certificate authorities.
    """
    resolver = GuardedResolver(allowed, lookup, connect_seconds)
    connector = aiohttp.TCPConnector(
        resolver=resolver,
        use_dns_cache=False,
        socket_factory=guarded_sockets(allowed),
        ssl=True if tls is None else tls,
        keepalive_timeout=KEPT_SECONDS,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,  # a proxy would connect in our place, past the guard
        auto_decompress=False,  # aiohttp 3.14 takes a gzip that is cut short for a whole one
        timeout=aiohttp.ClientTimeout(sock_connect=connect_seconds, sock_read=read_seconds),
        middlewares=(stay,),
    )
    try:
        async with session:
            yield GuardedFetch(session, resolver, allowed, Turns(per_host, gap_seconds), now, total_seconds, tls)
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
        tls: ssl.SSLContext | None,
    ) -> None:
        self._session = session
        self._resolver = resolver
        self._allowed = allowed
        self._turns = turns
        self._now = now
        self._total_seconds = total_seconds
        self._tls = tls

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEEDS_FIRST,
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
        only_once: bool = False,
    ) -> Answer:
        """See `Fetch.get`."""
        target = web_address(url)
        check(target, self._allowed)
        validators = {"If-None-Match": _sendable(etag), "If-Modified-Since": _sendable(last_modified)}
        condition = {name: value for name, value in validators.items() if value}
        request = _Request(target, accept, condition, dict(headers or {}), max_bytes, only_once=only_once)
        return await self._whole(request)

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
        async with self._beginning(target):
            response = await self._session.get(target, headers=sent, allow_redirects=False, timeout=PATIENT)
            try:
                await self._check_stream(host, response)
            except BaseException:
                response.close()
                raise
        try:
            yield read_lines(host, response)
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
        async with self._beginning(target):
            try:
                socket_ = await self._session.ws_connect(
                    target, headers=headers, heartbeat=PING_SECONDS, timeout=PATIENT_SOCKET, max_msg_size=MOST_LINE
                )
            except aiohttp.WSServerHandshakeError as error:
                raise self._no_socket(host, error) from None
        try:
            yield read_messages(host, socket_)
        finally:
            await socket_.close()

    def tls(self) -> ssl.SSLContext:
        """See `Fetch.tls`."""
        return self._tls or ssl.create_default_context()

    async def connect(self, url: str) -> Connection:
        """See `Fetch.connect`."""
        target = web_address(url)
        check(target, self._allowed, schemes=("imaps", "imap"))
        host, port, ports = target.raw_host or "", port_of(target), ports_for(target)
        async with self._turns.at(target):
            with plain_words(shown_host(target), self._session.timeout):
                refused = OSError()
                for address in await self._resolver.permitted(host, port, ports):
                    try:
                        return await connected(address, port, self._session.timeout.sock_connect)
                    except OSError as error:
                        refused = error
                raise refused

    @asynccontextmanager
    async def _beginning(self, target: URL) -> AsyncIterator[None]:
        """A turn for the beginning of something that lasts: it is one request, and others are not kept waiting by it.

        However patient one is with what lasts, its beginning may not take longer than a whole answer.
        """
        host = shown_host(target)
        async with self._turns.at(target):
            try:
                async with asyncio.timeout(self._total_seconds):
                    with plain_words(host, self._session.timeout):
                        yield
            except TimeoutError:
                raise FetchError(f"{host} took longer than {self._total_seconds:g} s") from None

    async def _check_stream(self, host: str, response: aiohttp.ClientResponse) -> None:
        if response.status in REDIRECTS:
            # A stream is asked for with a token, and what it is redirected to is somebody else.
            raise FetchError(f"{host} keeps its stream at another address ({response.status})", status=response.status)
        if response.status != _OK:
            raise await self._failure(host, response)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchError(f"{host} packed its stream, which it was not asked for")

    def _no_socket(self, host: str, error: aiohttp.WSServerHandshakeError) -> FetchError:
        if error.status in REDIRECTS:
            return FetchError(f"{host} keeps its socket at another address ({error.status})", status=error.status)
        if error.status in (_OK, _SWITCHING):
            return FetchError(f"{host} does not speak WebSocket as it should")
        at = retry_at(error.headers or {}, error.status, self._now())
        return FetchError(status_words(host, error.status), retry_at=at, status=error.status)

    async def _whole(self, request: _Request) -> Answer:
        turn = self._turns.turn()
        try:
            await turn.take(request.url)
            async with asyncio.timeout(self._total_seconds):
                return await self._follow(request, turn)
        except TimeoutError:
            raise FetchError(f"{shown_host(request.url)} took longer than {self._total_seconds:g} s") from None
        finally:
            turn.leave()

    async def _follow(self, request: _Request, turn: Turn) -> Answer:
        """Ask, and go where the answer points, until it is a document."""
        been = [request.url]
        permanent = True
        while True:
            with blaming(shown_host(been[-2]) if len(been) > 1 else None):
                came = await self._ask(request)
            if isinstance(came, Answer):
                return replace(came, permanent_url=came.url) if permanent and len(been) > 1 else came
            here, there = request.url, came.to
            with blaming(shown_host(here)):
                check(there, self._allowed)
            if there in been:
                raise FetchError(f"{shown_host(here)} redirects in a circle")
            if len(been) > MAX_REDIRECTS:
                raise FetchError(f"{shown_host(been[0])} redirects more than {MAX_REDIRECTS} times")
            if request.posted and (here.scheme, there.scheme) == ("https", "http"):
                raise FetchError(f"{shown_host(here)} would have what is sent to it repeated in the clear")
            been.append(there)
            permanent = permanent and came.permanent and (here.scheme, there.scheme) != ("https", "http")
            if there.host != here.host:
                await turn.take(there)
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
                middlewares=(_only_once(),) if request.only_once else (),
            )
            try:
                if response.status in (_KEEP_METHOD if request.posted else REDIRECTS):
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
            retry_at=retry_at(response.headers, response.status, self._now()),
            status=response.status,
            said=said.decode("utf-8", "replace"),
        )


@dataclass(frozen=True, slots=True)
class _Request:
    url: URL
    accept: str
    condition: Mapping[str, str]
    headers: Mapping[str, str]
    max_bytes: int
    posted: _Posted | None = None
    only_once: bool = False


@dataclass(frozen=True, slots=True)
class _Posted:
    """A body and what it is: the one goes nowhere without the other."""

    body: bytes
    content_type: str


def _only_once() -> aiohttp.ClientMiddlewareType:
    """Stops aiohttp from sending a request again by itself, which it does where a kept connection turns out dead."""
    sent = False

    async def send(request: aiohttp.ClientRequest, go_on: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal sent
        if sent:
            raise aiohttp.ClientConnectionError
        sent = True
        return await go_on(request)

    return send


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


async def _body(host: str, response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    unpack = unpacker(host, response.headers.get("Content-Encoding", ""))
    too_long = FetchError(f"what {host} sends is longer than {max_bytes:,} bytes", status=response.status)
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
