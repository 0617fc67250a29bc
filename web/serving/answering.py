"""Makes a handler's pages kept ones: rendered once for each edition of the stream, answered from memory after that."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from aggregator.machine import Machine
from curation.application import MACHINE
from curation.problems import Problem
from web.serving.encodings import choose, is_worth_it
from web.serving.reads import LANGUAGE, Handler, Key, Reads, call_and_note, key_of
from web.serving.shelf import Edition, Page, Shelf
from web.strings import primary_subtag

OPEN: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
FRESH: Final = "public, max-age=0, must-revalidate, stale-if-error=86400"
# RFC 9211: an answer from a cache of ours that is older than it should be.
STALE: Final = '"mpower-stream"; hit; ttl=-1; detail=database-away'
DEEP: Final = frozenset({"cursor", "q"})
# Longer than this nobody waits for a page of which the newest version is not known.
LONGEST_SECONDS: Final = 5.0

SHELF: web.AppKey[Shelf] = web.AppKey("shelf")
KEPT: web.RequestKey[Page] = web.RequestKey("kept")
_UNTIL: web.RequestKey[datetime] = web.RequestKey("until")


def open_shelf(machine: Machine) -> Shelf:
    """The place where an application keeps its pages."""

    def sure_edition() -> Edition | None:
        version = machine.watchers.version.known
        return None if version is None else (version, machine.sources.digest)

    return Shelf(sure_edition, machine.now)


def good_until(request: web.Request, moment: datetime) -> None:
    """Say that the page looks different from that moment on, though nothing in the stream changes."""
    request[_UNTIL] = min(moment, request.get(_UNTIL, moment))


def cached(handler: Handler) -> Handler:
    """Answer from memory what the handler has answered since the stream or sources.toml last changed.

    The handler returns a `web.Response`. Of the request it may read the path, `query` and `headers`, and what it reads
    is noticed: requests that differ in nothing else share a page, and `Vary` names the headers. All else that its page
    shows must come from the stream, sources.toml or the program's files; a page that depends on the time says so by
    `good_until`. It sees no conditions: 304, HEAD, gzip and brotli are made here, for whoever may have them.

    `ETag`, `Cache-Control` and the headers that open it to other sites are put on where the handler set none. What has
    another status than 200, a cookie or `no-store` is passed on as it is and not kept.
    """
    return _Cached(handler).answer


@dataclass(slots=True)
class _Known:
    """How sure the edition is that counts: `is_stale` where the database could not say."""

    edition: Edition | None
    is_stale: bool = False


class _Cached:
    """The pages of one handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._reads = Reads()
        self._flights: dict[tuple[Edition, Key], asyncio.Future[Page | None]] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        machine, shelf = request.app[MACHINE], request.app[SHELF]
        known = await _look(machine, shelf)
        edition = known.edition
        page = edition and shelf.find(self._key(request))
        if page:
            shelf.hits += 1
        elif edition is None or known.is_stale:
            return await self._without_database(request)
        else:
            made = await self._make(request, shelf, edition)
            if isinstance(made, web.StreamResponse):
                return made
            page = made
        return await _send(request, shelf, page, is_stale=known.is_stale)

    def _key(self, request: web.Request) -> Key:
        default = request.app[MACHINE].configuration.stream.languages[0]
        return (id(self), *key_of(request, self._reads, primary_subtag(default)))

    async def _make(self, request: web.Request, shelf: Shelf, edition: Edition) -> Page | web.StreamResponse:
        """Render the page, or wait for whoever does so already."""
        while True:
            key = self._key(request)
            if page := shelf.find(key):
                shelf.hits += 1
                return page
            flight = self._flights.get((edition, key))
            if flight is None:
                return await self._render(request, shelf, edition, key)
            page = await asyncio.shield(flight)
            if page is None:
                return await self._handler(request)
            if page.key == self._key(request):
                shelf.hits += 1
                return page
            # It reads more of a request than was known, and ours says something else there.

    async def _render(
        self, request: web.Request, shelf: Shelf, edition: Edition, key: Key
    ) -> Page | web.StreamResponse:
        flight = self._flights[edition, key] = asyncio.get_running_loop().create_future()
        page = None
        try:
            shelf.renders += 1
            response, reads = await call_and_note(self._handler, request)
            self._reads.add(reads)
            body = _body_to_keep(response)
            if body is None:
                return response
            page = _page(request, response, body, self._key(request), reads)
            shelf.keep(page, edition)
            return page
        finally:
            del self._flights[edition, key]
            flight.set_result(page)

    async def _without_database(self, request: web.Request) -> web.StreamResponse:
        """What needs no database is shown all the same."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await self._handler(request)
        except TimeoutError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"}) from error


async def _look(machine: Machine, shelf: Shelf) -> _Known:
    """Which edition counts now. What the database cannot say leaves the last one, if there is one."""
    try:
        edition = (await machine.watchers.version.ask(), machine.sources.digest)
    except (SQLAlchemyError, OSError):
        return _Known(shelf.edition, is_stale=True)
    shelf.turn_to(edition)
    return _Known(edition)


def _body_to_keep(response: web.StreamResponse) -> bytes | None:
    """The bytes of an answer that may be given again."""
    is_page = isinstance(response, web.Response) and response.status == HTTPStatus.OK and not response.cookies
    if not is_page or "no-store" in response.headers.get(hdrs.CACHE_CONTROL, ""):
        return None
    body = getattr(response, "body", None)
    return body if isinstance(body, bytes) else None


def _page(request: web.Request, response: web.StreamResponse, body: bytes, key: Key, reads: Reads) -> Page:
    vary = [hdrs.ACCEPT_ENCODING, *(name.title() for name in sorted(reads.headers))]
    headers = response.headers.copy()
    # What is told apart is content, not time: whoever has the same page already need not have it again.
    content = hashlib.sha256(repr(sorted(headers.items())).encode() + body).hexdigest()
    for name, value in {
        **OPEN,
        hdrs.ETAG: f'W/"{content[:24]}"',
        hdrs.CACHE_CONTROL: FRESH,
        hdrs.VARY: ", ".join(vary),
        "X-Content-Type-Options": "nosniff",
    }.items():
        headers.setdefault(name, value)
    return Page(
        key=key,
        headers=tuple(headers.items()),
        tag=headers[hdrs.ETAG].removeprefix("W/").strip('"'),
        body=body,
        is_packable=is_worth_it(response.content_type, body),
        is_first=not DEEP & request.query.keys(),
        is_repeatable=reads.headers <= {LANGUAGE},
        until=request.get(_UNTIL),
    )


NOT_WITH_304: Final = frozenset(
    {hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH, "Content-Language", "Content-Security-Policy", "Link"}
)


async def _send(request: web.Request, shelf: Shelf, page: Page, *, is_stale: bool) -> web.StreamResponse:
    """The page in the form that this request may have."""
    if not is_stale:
        request[KEPT] = page
    state = {"Cache-Status": STALE} if is_stale else {}
    if any(tag.value in {page.tag, "*"} for tag in request.if_none_match or ()):
        kept = [pair for pair in page.headers if pair[0] not in NOT_WITH_304]
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=[*kept, *state.items()])
    encoding = choose(request.headers.get(hdrs.ACCEPT_ENCODING, "")) if page.is_packable else ""
    if encoding:
        state[hdrs.CONTENT_ENCODING] = encoding
    body = await shelf.form(page, encoding) if encoding else page.body
    return web.Response(body=body, headers=[*page.headers, *state.items()])
