"""Our program and somebody else's site that shows the widget, both played, so that a test says what each of them does."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from aggregator.filters import Asked, read_query
from aggregator.store.stream import StreamFilters, StreamPage
from tests.web.samples import CONFIGURATION, stream_item
from web.outputs.streamjson import feed_json
from web.strings import all_strings
from web.views import render, show_stream
from web.widgetfile import widget_extras, widget_module, widget_style

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
HOSTILE = '<img src=x onerror="window.pwned = 1"><script>window.pwned = 1</script>'
BAR = "<mpower-languages></mpower-languages>"
OPEN = {"Access-Control-Allow-Origin": "*"}


class Program:
    """Plays our program: the widget's files, the stream, the events. What it holds may be changed at any time."""

    def __init__(self) -> None:
        self.items = [stream_item(number) for number in range(25)]
        self.is_down = False
        self.overlap = 0  # how many items of a page are shown again on the next one
        self.gate: asyncio.Event | None = None  # while set and unset, /stream.json waits
        self.asked: list[str] = []
        self.lists: dict[str, Any] = {}  # /partners.json, /tags.json, /calls.json
        self.is_static = False  # a host of files, which filters nothing
        self.listeners: set[asyncio.Queue[tuple[str, str] | None]] = set()
        self.server = TestServer(self._application())

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def page(self, asked: Asked) -> StreamPage:
        filters = asked.filters
        items = [
            item
            for item in self.items
            if (not filters.lang or item.language in filters.lang)
            and (not filters.tag or {*item.tags} & {*filters.tag})
        ]
        ids = [item.id for item in items]
        start = ids.index(asked.cursor) + 1 if asked.cursor else 0
        part = items[max(0, start - (self.overlap if start else 0)) : start + asked.limit]
        return StreamPage(tuple(part), part[-1].id if len(items) > start + asked.limit else None, 1)

    async def tell(self, name: str, item_id: str) -> None:
        for listener in self.listeners:
            listener.put_nowait((name, item_id))

    def hang_up(self) -> None:
        """End what listeners are told, which a server that closes would wait for."""
        for listener in self.listeners:
            listener.put_nowait(None)

    def _application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/widget.js", self._file(widget_module, "text/javascript"))
        app.router.add_get("/widget-extras.js", self._file(widget_extras, "text/javascript"))
        app.router.add_get("/widget.css", self._file(widget_style, "text/css"))
        app.router.add_get("/strings/{language}.json", self._words)
        app.router.add_get("/stream.json", self._stream)
        app.router.add_get("/{list}.json", self._list)
        app.router.add_get("/events", self._events)
        app.router.add_get("/media/{name}", self._picture)
        return app

    def _file(self, text: Any, content_type: str) -> Any:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(text=text(), content_type=content_type, headers=OPEN)

        return answer

    async def _words(self, request: web.Request) -> web.Response:
        return web.json_response(all_strings()[request.match_info["language"]].for_widget(), headers=OPEN)

    async def _picture(self, _request: web.Request) -> web.Response:
        return web.Response(body=PIXEL, content_type="image/png")

    async def _list(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.json_response({request.match_info["list"]: [], **self.lists}, headers=OPEN)

    async def _stream(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        if self.gate:
            await self.gate.wait()
        if self.is_down:
            return web.json_response({"detail": "Back soon."}, status=503, headers=OPEN)
        asked = read_query(request.query)
        if self.is_static:
            asked = Asked(StreamFilters(), cursor=asked.cursor)
        feed = feed_json(
            self.page(asked),
            configuration=CONFIGURATION,
            public_url=self.url,
            filters=asked.filters,
            limit=asked.limit,
            cursor=asked.cursor,
            prefer=asked.prefer,
        )
        feed["_mpower"]["static"] = self.is_static
        return web.json_response(feed, headers=OPEN)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**OPEN, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": here\n\n")
        mine: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        self.listeners.add(mine)
        try:
            while said := await mine.get():
                name, item_id = said
                await response.write(f"event: {name}\ndata: {json.dumps({'id': item_id})}\n\n".encode())
        finally:
            self.listeners.discard(mine)
        return response


class Guest:
    """Plays the site of somebody who puts the stream on a page, with the strictest policy that names our host."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.body = ""
        self.head = ""
        self.style = ""  # /town.css
        app = web.Application()
        app.router.add_get("/", self._document)
        app.router.add_get("/town.css", self._style)
        self.server = TestServer(app)

    def write(self, body: str, *, head: str | None = None) -> str:
        """Put that on the page and say where it is. `%HOST%` is our host."""
        script = '<script type="module" src="%HOST%/widget.js"></script>'
        self.head = (script if head is None else head).replace("%HOST%", self.program.url)
        self.body = body.replace("%HOST%", self.program.url)
        return str(self.server.make_url("/"))

    async def _style(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.style, content_type="text/css")

    async def _document(self, _request: web.Request) -> web.Response:
        host = self.program.url
        policy = (
            f"default-src 'none'; script-src 'self' {host}; style-src 'self' {host}; connect-src {host}; "
            f"img-src {host}; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        text = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">'
            f"<title>A town</title>{self.head}<h2>News</h2>{self.body}<p>Foot</p></html>"
        )
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})


@asynccontextmanager
async def serving(server: TestServer) -> AsyncIterator[None]:
    await server.start_server(shutdown_timeout=0.1)
    try:
        yield
    finally:
        await server.close()


def rows(page: Page) -> Any:
    return page.locator("mpower-stream > ol > li")


def more(page: Page) -> Any:
    return page.get_by_role("link", name="Load more")


def status(page: Page) -> Any:
    return page.get_by_role("status")


async def shown_ids(page: Page) -> list[str]:
    return await page.locator("mpower-stream li").evaluate_all("rows => rows.map(row => row.dataset.id)")


async def told_to_listeners(program: Program, name: str, item_id: str) -> None:
    """Tell it once somebody listens."""
    while not program.listeners:
        await asyncio.sleep(0)
    await program.tell(name, item_id)


async def told(page: Page) -> list[str]:
    return [name for name, _ in await page.evaluate("window.told")]


async def focused_id(page: Page) -> str | None:
    return await page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id ?? null")


def server_rows(program: Program, language: str = "en", *, asked: Asked | None = None) -> str:
    """What a server puts inside the element."""
    asked = asked or Asked(StreamFilters())
    strings = all_strings()[language]
    view = show_stream(program.page(asked), asked, CONFIGURATION, strings, root=program.url)
    values = {"title": "", "root": "", "public_url": "", "strings": strings, "view": view, "feed_query": ""}
    return re.search(r"<mpower-stream.*</mpower-stream>", render("embed.html", values), re.DOTALL)[0]  # type: ignore[index]
