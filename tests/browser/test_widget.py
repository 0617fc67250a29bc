"""<mpower-stream> in a real browser, on a page of another origin that lets nothing run but what it names."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from aggregator.filters import Asked, read_query
from aggregator.model import Author, Card, Quote
from aggregator.store.about import About
from aggregator.store.stream import AlsoOn, Image, StreamFilters, StreamItem, StreamPage, Translation
from tests.web.samples import CONFIGURATION, stream_item
from web.outputs.streamjson import feed_json
from web.strings import all_strings
from web.views import render, show_stream
from web.widgetfile import widget_extras, widget_module, widget_style

pytestmark = pytest.mark.browser

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
HOSTILE = '<img src=x onerror="window.pwned = 1"><script>window.pwned = 1</script>'


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
        self.listeners: set[asyncio.Queue[tuple[str, str]]] = set()
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
        mine: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.listeners.add(mine)
        try:
            while True:
                name, item_id = await mine.get()
                await response.write(f"event: {name}\ndata: {json.dumps({'id': item_id})}\n\n".encode())
        finally:
            self.listeners.discard(mine)


class Guest:
    """Plays the site of somebody who puts the stream on a page, with the strictest policy that names our host."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.body = ""
        self.head = ""
        app = web.Application()
        app.router.add_get("/", self._document)
        self.server = TestServer(app)

    def write(self, body: str, *, head: str | None = None) -> str:
        """Put that on the page and say where it is. `%HOST%` is our host."""
        script = '<script type="module" src="%HOST%/widget.js"></script>'
        self.head = (script if head is None else head).replace("%HOST%", self.program.url)
        self.body = body.replace("%HOST%", self.program.url)
        return str(self.server.make_url("/"))

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


OPEN = {"Access-Control-Allow-Origin": "*"}


@asynccontextmanager
async def serving(server: TestServer) -> AsyncIterator[None]:
    await server.start_server(shutdown_timeout=0.1)
    try:
        yield
    finally:
        await server.close()


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    program = Program()
    async with serving(program.server):
        yield program


@pytest.fixture
async def guest(program: Program) -> AsyncIterator[Guest]:
    guest = Guest(program)
    async with serving(guest.server):
        yield guest


@pytest.fixture
async def page(browser_page: Page) -> AsyncIterator[Page]:
    """A page that notes what a policy refuses, what fails, and what the element tells; nothing may be refused."""
    failures: list[str] = []
    browser_page.on("pageerror", lambda error: failures.append(str(error)))
    await browser_page.add_init_script(
        """window.refused = []; window.told = [];
        document.addEventListener("securitypolicyviolation", (e) => {
          if (!e.blockedURI.startsWith("data")) refused.push(`${e.violatedDirective} ${e.blockedURI}`);
        });
        for (const name of ["load", "more", "error", "open"]) {
          document.addEventListener(`mpower-stream:${name}`, (e) => told.push([name, e.detail]));
        }
        document.addEventListener("mpower-languages:change", (e) => told.push([e.type, e.detail]));"""
    )
    yield browser_page
    assert await browser_page.evaluate("window.refused ?? []") == []
    assert failures == []


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


async def test_the_first_page_is_one_request(page: Page, guest: Guest, program: Program) -> None:
    program.items[1] = stream_item(1, language="eu", title="Etxe epelak")
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    assert program.asked == ["/stream.json?prefer=en"]
    assert await told(page) == ["load"]
    articles = page.locator("mpower-stream > ol > li > article[aria-labelledby][dir=auto]")
    await expect(articles).to_have_count(10)
    languages = await articles.evaluate_all("nodes => nodes.map(node => node.lang)")
    assert languages == [item.language for item in program.items[:10]]
    await expect(page.get_by_role("article", name="Warm homes 0")).to_have_count(1)
    await expect(page.get_by_role("heading", level=3, name="Etxe epelak")).to_be_visible()
    await expect(rows(page).nth(1).locator(".mpower-language")).to_have_text("Basque")
    await expect(rows(page).nth(0).locator("time")).to_have_attribute("datetime", "2026-11-23T09:00:00Z")


async def test_load_more_keeps_every_node_and_moves_focus_to_the_first_new_item(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    await page.evaluate("window.before = [...document.querySelectorAll('mpower-stream li')]")
    await expect(more(page)).to_have_attribute("href", re.compile(r"/stream\?prefer=en&cursor=.*ui=en"))
    await more(page).focus()
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(20)
    assert await page.evaluate("before.every((row, n) => row === document.querySelectorAll('mpower-stream li')[n])")
    assert await focused_id(page) == "01J00010"
    assert await page.evaluate("document.activeElement.matches('h3 a')")
    await expect(status(page)).to_have_text("10 more items are shown.")
    assert await page.evaluate("told.at(-1)") == ["more", {"items": 20, "added": 10}]


async def test_a_walk_to_the_end_shows_each_item_once_and_says_that_it_is_the_end(
    page: Page, guest: Guest, program: Program
) -> None:
    program.overlap = 3
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    for count in (10, 20):
        await expect(rows(page)).to_have_count(count)
        await more(page).click()
    await expect(rows(page)).to_have_count(25)
    assert await shown_ids(page) == [item.id for item in program.items]
    await expect(page.locator(".mpower-more")).to_have_count(0)
    await expect(status(page)).to_have_text("5 more items are shown. That is all.")


async def test_the_link_waits_while_a_page_is_on_its_way(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.gate = asyncio.Event()
    await more(page).click()
    await expect(page.locator("mpower-stream ol")).to_have_attribute("aria-busy", "true")
    await expect(page.locator(".mpower-more")).to_have_attribute("aria-disabled", "true")
    await expect(status(page)).to_have_text("Loading…")
    await page.evaluate("document.querySelector('.mpower-more').click()")
    program.gate.set()
    await expect(rows(page)).to_have_count(20)
    assert len(program.asked) == 2
    await expect(page.locator("mpower-stream [aria-busy], mpower-stream [aria-disabled]")).to_have_count(0)


async def test_a_failure_keeps_what_is_there_and_offers_to_try_again(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.is_down = True
    await more(page).click()
    await expect(status(page)).to_have_text(re.compile("could not be loaded"))
    await expect(rows(page)).to_have_count(10)
    retry = page.get_by_role("link", name="Try again")
    await expect(retry).to_be_focused()
    assert await told(page) == ["load", "error"]
    assert await page.evaluate("told.at(-1)[1].detail") == "Back soon."
    program.is_down = False
    await retry.click()
    await expect(rows(page)).to_have_count(20)
    assert await shown_ids(page) == [item.id for item in program.items[:20]]
    await expect(status(page)).to_have_text("10 more items are shown.")


async def test_a_first_page_that_fails_can_be_tried_again(page: Page, guest: Guest, program: Program) -> None:
    program.is_down = True
    await page.goto(guest.write("<mpower-stream lang=eu></mpower-stream>"))
    retry = page.get_by_role("link", name="Saiatu berriro")
    await expect(retry).to_be_visible()
    await expect(page.get_by_text("Foot")).to_be_visible()
    program.is_down = False
    await retry.click()
    await expect(rows(page)).to_have_count(10)
    assert await told(page) == ["error", "load"]


async def test_an_empty_stream_says_so(page: Page, guest: Guest, program: Program) -> None:
    program.items = []
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(status(page)).to_have_text("There is nothing here yet.")


async def test_filters_that_nothing_fits_are_not_an_empty_stream(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream tag=nuclear></mpower-stream>"))
    await expect(status(page)).to_have_text("Nothing fits these filters.")


@pytest.mark.parametrize("src", ["http://", "mailto:stream"])
async def test_a_wrong_address_is_a_failure_that_is_told(page: Page, guest: Guest, src: str) -> None:
    await page.goto(guest.write(f'<mpower-stream live lang=eu src="{src}"><a href="/">All</a></mpower-stream>'))
    await expect(status(page)).to_have_text(re.compile("Ezin izan da kargatu"))
    await expect(page.get_by_role("link", name="All")).to_be_visible()
    assert await told(page) == ["error"]


@pytest.mark.parametrize(("wished", "asked"), [("0", "&limit=1"), ("1000", "&limit=100"), ("many", "")])
async def test_a_limit_out_of_range_is_brought_into_it(
    page: Page, guest: Guest, program: Program, wished: str, asked: str
) -> None:
    await page.goto(guest.write(f"<mpower-stream limit={wished}></mpower-stream>"))
    await expect(rows(page)).not_to_have_count(0)
    assert program.asked == [f"/stream.json?prefer=en{asked}"]


async def test_a_link_for_browsers_without_script_gives_way_to_rows(page: Page, guest: Guest, program: Program) -> None:
    program.is_down = True
    await page.goto(guest.write('<mpower-stream> <a href="/">All the news</a> </mpower-stream>'))
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
    await expect(page.get_by_role("link", name="All the news")).to_be_visible()
    program.is_down = False
    await page.get_by_role("link", name="Try again").click()
    await expect(rows(page)).to_have_count(10)
    await expect(page.get_by_role("link", name="All the news")).to_have_count(0)
    await expect(more(page)).to_be_visible()


async def test_a_page_whose_lists_float_has_load_more_below_the_rows(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await page.evaluate(
        """() => { const sheet = new CSSStyleSheet(); sheet.replaceSync("li { float: left; inline-size: 9rem }");
        document.adoptedStyleSheets.unshift(sheet); }"""
    )
    await expect(rows(page)).to_have_count(10)
    assert await page.evaluate(
        """() => document.querySelector(".mpower-more").getBoundingClientRect().top
        >= Math.max(...[...document.querySelectorAll(".mpower-row")].map((row) => row.getBoundingClientRect().bottom))"""
    )


async def test_attributes_ask_for_less_and_a_change_asks_again(page: Page, guest: Guest, program: Program) -> None:
    program.items[3] = stream_item(3, language="eu", tags=("solar",))
    tag = (
        '<mpower-stream tag="solar, wind" languages="eu fr" kind="article" limit="3" heading-level="2"></mpower-stream>'
    )
    await page.goto(guest.write(tag))
    await expect(rows(page)).to_have_count(1)
    assert program.asked == ["/stream.json?lang=eu&lang=fr&tag=solar&tag=wind&kind=article&prefer=en&limit=3"]
    await expect(page.get_by_role("heading", level=2, name="Warm homes 3")).to_be_visible()
    await page.evaluate(
        """() => { const stream = document.querySelector("mpower-stream");
        for (const name of ["tag", "languages", "kind"]) stream.removeAttribute(name); }"""
    )
    await expect(rows(page)).to_have_count(3)
    assert program.asked[1:] == ["/stream.json?prefer=en&limit=3"]


async def test_two_elements_on_a_page_share_no_id(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream><mpower-stream layout=cards></mpower-stream>"))
    await expect(page.locator("mpower-stream li")).to_have_count(20)
    ids = await page.locator("[id]").evaluate_all("nodes => nodes.map(node => node.id)")
    assert len(ids) == len(set(ids)) == 20


async def test_rows_from_the_server_need_no_script(page: Page, guest: Guest, program: Program) -> None:
    assert page.context.browser is not None
    context = await page.context.browser.new_context(java_script_enabled=False)
    try:
        plain = await context.new_page()
        await plain.goto(guest.write(server_rows(program)))
        await expect(plain.get_by_role("article")).to_have_count(10)
        await expect(plain.get_by_role("link", name="Load more")).to_have_attribute(
            "href", f"{program.url}/embed?ui=en&cursor=01J00009".replace("/embed", "/stream")
        )
    finally:
        await context.close()


async def test_rows_from_the_server_are_kept_and_led_on_from(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write(server_rows(program), head=""))
    await page.evaluate("window.before = [...document.querySelectorAll('mpower-stream li')]")
    await page.evaluate("(url) => import(url).then(() => {})", f"{program.url}/widget.js")
    assert await told(page) == ["load"]
    program.asked.clear()  # being live, the element looked once for what is newer
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert "/stream.json?prefer=en&cursor=01J00009" in program.asked
    assert await page.evaluate("before.every((row) => row.isConnected)")
    assert await focused_id(page) == "01J00010"


COPIES = (Image("a.webp", 320, 213), Image("b.webp", 960, 640))
FAIR, LATE = datetime(2026, 12, 4, 17, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC)
QUOTE = Quote("https://social.example/9", Author("The neighbours", None), "Come along!")
SOCIAL = (
    stream_item(
        10, title=None, summary="A roof on fire.", image="c.webp", about=About(warning="Fire", is_sensitive=True)
    ),
    stream_item(11, title=None, about=About(is_sensitive=True, card=Card("https://tni.example/"), quote=QUOTE)),
    stream_item(
        12, title=None, about=About(boosted_by=Author("Town hall"), card=Card("https://tni.example/", "A report"))
    ),
    stream_item(13, title=None, about=About(quote=QUOTE, card=Card("javascript:pwned()", HOSTILE, HOSTILE))),
    stream_item(14, about=About(quote=Quote("https://social.example/8", None, HOSTILE), place=HOSTILE)),
    stream_item(15, kind="event", starts_at=FAIR, ends_at=FAIR + timedelta(hours=2), about=About(place="Old hall")),
    stream_item(16, kind="event", starts_at=FAIR, ends_at=FAIR + timedelta(hours=20)),
    stream_item(17, kind="event", starts_at=FAIR, ends_at=FAIR),
    stream_item(18, kind="event", starts_at=LATE, ends_at=LATE + timedelta(days=1)),
    stream_item(19, kind="event", starts_at=LATE, ends_at=LATE + timedelta(days=3), language="es"),
)


@pytest.mark.parametrize("language", ["en", "eu", "hr"])
async def test_the_widget_makes_the_rows_that_the_server_makes(
    page: Page, guest: Guest, program: Program, language: str
) -> None:
    program.items = [
        stream_item(
            0,
            pinned=True,
            image="a.webp",
            image_alt="A street",
            image_width=960,
            image_height=640,
            images=(Image("s.webp", 320, 213), Image("a.webp", 960, 640)),
            image_colour="#0e5a45",
        ),
        stream_item(1, title=None, summary="Registration is open now. Six weeks, three towns."),
        stream_item(2, title=None, summary="word " * 60, language="fr", tags=()),
        stream_item(3, title=None, summary="", url=None, partner="tni", image="b.webp", kind="video"),
        stream_item(4, language="und", tags=("solar", "unknown"), kind="video"),
        stream_item(5, also_on=(AlsoOn("x", "tni", "https://tni.example/", "es"), AlsoOn("y", "ehu", None, "en"))),
        stream_item(6, language="pt-BR", translations={"eu": Translation("Etxe epelak", None, "editor")}),
        stream_item(7, title=None, language="de", translations={"eu": Translation(None, "Kalea epel dago.", "editor")}),
        stream_item(8, title=HOSTILE, summary=HOSTILE, url="javascript:pwned()"),
        stream_item(9, kind="video", image="b.webp", images=COPIES, image_colour="#0e5a45"),
    ]
    await assert_same_rows(page, guest, program, language)


@pytest.mark.parametrize("language", ["en", "eu", "hr"])
async def test_the_widget_makes_the_rows_of_posts_and_events_that_the_server_makes(
    page: Page, guest: Guest, program: Program, language: str
) -> None:
    program.items = list(SOCIAL)
    await assert_same_rows(page, guest, program, language)


async def assert_same_rows(page: Page, guest: Guest, program: Program, language: str) -> None:
    await page.goto(guest.write(server_rows(program, language) + f"<mpower-stream lang={language}></mpower-stream>"))
    theirs, ours = (
        page.locator("mpower-stream").nth(0).locator("li"),
        page.locator("mpower-stream").nth(1).locator("li"),
    )
    await expect(ours).to_have_count(len(program.items))
    # Space between blocks, the order of attributes and the number in an id are no difference; words and structure are.
    normal = """rows => rows.map(row => {
      const show = (node) => node.nodeType === 3 ? node.data.replace(/\\s+/g, " ")
        : `<${node.localName} ${[...node.attributes].map(a => a.name + "=" + a.value.replace(/^mpower-\\d+-/, "mpower-N-")).sort()}>`
          + [...node.childNodes].map(show).join("") + `</${node.localName}>`;
      return show(row).replace(/> (?=<)/g, ">").replace(/ (?=<\\/?(li|p|div))/g, "").trim();
    })"""
    for made, written in zip(await ours.evaluate_all(normal), await theirs.evaluate_all(normal), strict=True):
        assert made == written


async def test_a_warning_stands_before_text_and_picture_until_it_is_opened(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = [SOCIAL[0]]
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(page.get_by_role("heading", name="Fire")).to_be_visible()
    words = page.get_by_text("A roof on fire.")
    await expect(words).to_be_hidden()
    await expect(page.locator("mpower-stream img")).to_have_count(0)
    await page.locator(".mpower-warning summary").focus()
    await page.keyboard.press("Enter")
    await expect(words).to_be_visible()


async def test_hostile_text_stays_text(page: Page, guest: Guest, program: Program) -> None:
    program.items = [
        stream_item(
            0,
            title=HOSTILE,
            summary=HOSTILE,
            url=f"javascript:{HOSTILE}",
            tags=(HOSTILE,),
            partner=HOSTILE,
            kind=HOSTILE,
            image=f'"{HOSTILE}',
            image_alt=HOSTILE,
            also_on=(AlsoOn("x", HOSTILE, "data:text/html,<script>parent.pwned = 1</script>", "en"),),
        ),
        stream_item(1, language="eu", translations={"en": Translation(HOSTILE, HOSTILE, HOSTILE)}),
    ]
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(2)
    await expect(page.locator("mpower-stream script, mpower-stream [onerror]")).to_have_count(0)
    await expect(rows(page).nth(0).locator("a")).to_have_count(0)
    await expect(rows(page).nth(1).locator(".mpower-title")).to_have_text(HOSTILE)
    assert await page.evaluate("window.pwned") is None


async def test_a_translation_is_labelled_and_the_original_is_one_step_away(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = [stream_item(0, translations={"eu": Translation("Etxe epelak", "Kalea epel dago.", "editor")})]
    await page.goto(guest.write("<mpower-stream lang=eu></mpower-stream>"))
    article = page.get_by_role("article", name="Etxe epelak")
    await expect(article).to_have_attribute("lang", "en")
    await expect(article.get_by_role("heading")).to_have_attribute("lang", "eu")
    await expect(article.get_by_text("Editore batek itzulia")).to_be_visible()
    await expect(article.locator("time")).to_have_text("2026(e)ko azaroaren 23(a)")
    original = article.get_by_text("Warm homes 0")
    await expect(original).to_be_hidden()
    await article.get_by_text("Erakutsi jatorrizkoa").click()
    await expect(original).to_be_visible()


async def test_new_items_are_offered_and_nothing_moves_until_they_are_wanted(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    await page.evaluate("window.top_of_first = document.querySelector('mpower-stream li').getBoundingClientRect().top")
    late = stream_item(1, id="late", title="Approved late")
    program.items[:0] = [stream_item(0, id="new", title="Brand new")]
    program.items.insert(3, late)
    await program.tell("item-published", "new")
    await program.tell("item-published", "late")
    button = page.get_by_role("button", name="Show 2 new items")
    await expect(button).to_be_visible()
    await expect(rows(page)).to_have_count(10)
    assert await page.evaluate(
        "document.querySelector('mpower-stream li').getBoundingClientRect().top === top_of_first"
    )
    await button.click()
    await expect(rows(page)).to_have_count(12)
    assert await shown_ids(page) == [item.id for item in program.items[:12]]
    assert await focused_id(page) == "new"
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_a_burst_between_the_rows_that_are_shown_is_shown_whole(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream live limit=5></mpower-stream>"))
    for count in (5, 10):
        await expect(rows(page)).to_have_count(count)
        await more(page).click()
    await expect(rows(page)).to_have_count(15)
    for number in range(8):
        program.items.insert(0, stream_item(0, id=f"top{number}"))
    for number in range(4):
        program.items.insert(12 + 3 * number, stream_item(0, id=f"between{number}"))
    await told_to_listeners(program, "item-published", "top0")
    await page.get_by_role("button", name="Show 12 new items").click()
    await expect(rows(page)).to_have_count(27)
    assert await shown_ids(page) == [item.id for item in program.items[:27]]
    for count in (32, 37):
        await more(page).click()
        await expect(rows(page)).to_have_count(count)
    assert await shown_ids(page) == [item.id for item in program.items]


async def test_an_old_item_is_offered_below_the_end_of_the_stream(page: Page, guest: Guest, program: Program) -> None:
    del program.items[8:]
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(status(page)).to_have_text("That is all.")
    program.items.append(stream_item(8, id="old"))
    await told_to_listeners(program, "item-published", "old")
    await page.get_by_role("button", name="Show 1 new item").click()
    await expect(rows(page)).to_have_count(9)
    assert (await shown_ids(page))[-1] == "old"


async def test_more_than_one_look_reads_is_shown_in_two(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.items[:0] = [stream_item(0, id=f"new{number}") for number in range(200)]
    await told_to_listeners(program, "item-published", "new0")
    await page.get_by_role("button", name="Show 180 new items").click()
    await page.get_by_role("button", name="Show 20 new items").click()
    await expect(rows(page)).to_have_count(210)
    assert await shown_ids(page) == [item.id for item in program.items[:210]]


async def test_a_stream_that_was_empty_leads_on_from_what_came(page: Page, guest: Guest, program: Program) -> None:
    items, program.items = [stream_item(number) for number in range(150)], []
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(status(page)).to_have_text("There is nothing here yet.")
    program.items = items
    await told_to_listeners(program, "item-published", "01J00000")
    await page.get_by_role("button", name="Show 120 new items").click()
    await expect(rows(page)).to_have_count(120)
    await more(page).click()
    await expect(rows(page)).to_have_count(140)
    assert await shown_ids(page) == [item.id for item in items[:140]]


async def test_a_first_load_that_failed_is_tried_again_when_something_happens(
    page: Page, guest: Guest, program: Program
) -> None:
    program.is_down = True
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(status(page)).to_have_text(re.compile("could not be loaded"))
    program.is_down = False
    await told_to_listeners(program, "item-published", "01J00000")
    await expect(rows(page)).to_have_count(10)


async def test_what_was_published_before_the_connection_stood_is_offered_too(
    page: Page, guest: Guest, program: Program
) -> None:
    before = server_rows(program)
    program.items[:0] = [stream_item(0, id="new", title="Brand new")]
    await page.goto(guest.write(before))
    await expect(page.get_by_role("button", name="Show 1 new item")).to_be_visible()


async def test_a_withdrawn_item_disappears_and_focus_goes_to_its_neighbour(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await page.get_by_role("link", name="Warm homes 4").focus()
    gone = program.items.pop(4)
    while not program.listeners:
        await asyncio.sleep(0)
    await program.tell("item-withdrawn", gone.id)
    await expect(rows(page)).to_have_count(9)
    assert gone.id not in await shown_ids(page)
    assert await focused_id(page) == "01J00005"


BASQUE = AlsoOn("eu", "ehu", "https://ehu.example/eu", "eu")
ENGLISH = AlsoOn("en", "tni", "https://tni.example/en", "en")


def told_in(language: str, number: int = 3, *, also: tuple[AlsoOn, ...]) -> StreamItem:
    """One version of the story `s`, at that place of the stream."""
    return stream_item(number, id=language, story="s", language=language, title=f"In {language}", also_on=also)


async def test_the_widget_asks_for_the_visitors_language_and_links_the_others(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = [told_in("eu", also=(ENGLISH,))]
    await page.goto(guest.write("<mpower-stream lang=eu-ES></mpower-stream><mpower-stream lang=it prefer='it, fr'>"))
    await expect(page.get_by_role("group", name="Hemen ere bai:")).to_be_visible()
    link = page.locator("mpower-stream").first.get_by_role("link", name="Transnational Institute (English)")
    await expect(link).to_have_attribute("hreflang", "en")
    await expect(link.locator("[lang=en]")).to_have_text("English")
    await link.focus()
    await expect(link).to_be_focused()
    await expect(page.locator("mpower-stream").nth(1).locator("li")).to_have_count(1)
    assert sorted(program.asked) == ["/stream.json?prefer=eu", "/stream.json?prefer=it&prefer=fr"]


@pytest.mark.parametrize("from_server", [False, True])
async def test_an_item_of_a_story_that_is_shown_makes_no_second_row(
    page: Page, guest: Guest, program: Program, from_server: bool
) -> None:
    program.items[3] = told_in("en", also=())
    await page.goto(guest.write(server_rows(program) if from_server else "<mpower-stream live></mpower-stream>"))
    await page.get_by_role("link", name="In en").focus()
    del program.items[3]
    program.items.insert(0, told_in("eu", 0, also=(ENGLISH,)))
    await told_to_listeners(program, "item-published", "eu")
    await expect(rows(page).nth(3).locator(".mpower-also")).to_have_text("Also on: Transnational Institute")
    await expect(rows(page)).to_have_count(10)
    assert await focused_id(page) == "eu"
    await expect(page.get_by_role("button")).to_have_count(0)
    # News of another story come above it, and it goes to its new place.
    program.items.insert(1, stream_item(0, id="new"))
    await program.tell("item-published", "new")
    await page.get_by_role("button", name="Show 1 new item").click()
    await expect(rows(page)).to_have_count(11)
    assert await shown_ids(page) == [item.id for item in program.items[:11]]


async def test_another_version_takes_the_place_of_one_that_is_withdrawn(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items[3] = told_in("en", also=(BASQUE,))
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.items[3] = told_in("eu", also=())
    await told_to_listeners(program, "item-withdrawn", "en")
    await expect(page.get_by_role("link", name="In eu")).to_be_visible()
    assert await shown_ids(page) == [item.id for item in program.items[:10]]
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_a_version_that_is_withdrawn_is_gone_even_if_the_host_cannot_be_asked(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items[3] = told_in("en", also=(BASQUE,))
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.is_down = True
    await told_to_listeners(program, "item-withdrawn", "en")
    await expect(page.get_by_text("In en")).to_be_hidden()


async def test_stories_that_were_joined_have_one_row_and_parted_ones_have_two(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items[3] = told_in("en", also=())
    program.items[6] = stream_item(6, id="eu", title="In eu")
    apart = list(program.items)
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.items[3] = told_in("en", also=(BASQUE,))
    del program.items[6]
    await told_to_listeners(program, "item-published", "en")
    await expect(rows(page)).to_have_count(9)
    await expect(page.get_by_role("link", name="University of the Basque Country (euskara)")).to_be_visible()
    program.items = apart
    await program.tell("item-published", "eu")
    await page.get_by_role("button", name="Show 1 new item").click()
    await expect(rows(page)).to_have_count(10)
    assert await shown_ids(page) == [item.id for item in apart[:10]]
    await expect(page.locator(".mpower-also")).to_have_count(0)


async def test_load_more_shows_no_story_twice_though_it_was_joined_between_the_pages(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items[3] = told_in("en", also=())
    program.items[12] = stream_item(12, id="eu", title="In eu")
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.items[12] = told_in("eu", 12, also=(ENGLISH,))
    await more(page).click()
    await expect(rows(page)).to_have_count(19)
    await expect(rows(page).nth(3).get_by_role("heading")).to_have_text("In eu")
    await expect(status(page)).to_have_text("9 more items are shown.")


async def test_elements_of_a_page_share_one_connection_and_give_it_back(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream live></mpower-stream><mpower-stream live limit=3></mpower-stream>"))
    await expect(page.locator("mpower-stream li")).to_have_count(13)
    while not program.listeners:
        await asyncio.sleep(0)
    assert len(program.listeners) == 1
    await page.evaluate("document.querySelectorAll('mpower-stream').forEach((stream) => stream.remove())")
    program.items.pop(0)
    while program.listeners:  # the server notices at its next word
        await program.tell("item-withdrawn", "x")
        await asyncio.sleep(0.01)


async def test_a_page_may_keep_a_visitor_who_follows_an_item(page: Page, guest: Guest) -> None:
    url = guest.write("<mpower-stream></mpower-stream>")
    await page.goto(url)
    await page.evaluate("document.addEventListener('mpower-stream:open', (e) => e.preventDefault())")
    await page.get_by_role("link", name="Warm homes 2").click()
    assert await page.evaluate("told.at(-1)") == [
        "open", {"items": 10, "id": "01J00002", "url": "https://partner.example/2"},
    ]  # fmt: skip
    assert page.url == url


async def test_nothing_moves_when_pictures_come_or_more_is_loaded(page: Page, guest: Guest, program: Program) -> None:
    program.items = [
        stream_item(
            n,
            image=f"{n}.webp",
            image_width=960,
            image_height=640,
            image_colour="#0e5a45",
            images=(Image(f"small{n}.webp", 320, 213), Image(f"{n}.webp", 960, 640)),
        )
        if n % 2
        else stream_item(n)
        for n in range(25)
    ]
    await page.add_init_script(
        """window.shift = 0; new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    style = '<link rel="stylesheet" href="%HOST%/widget.css">'
    script = '<script type="module" src="%HOST%/widget.js"></script>'
    await page.goto(guest.write("<mpower-stream></mpower-stream>", head=style + script))
    await expect(rows(page)).to_have_count(10)
    await page.wait_for_function("document.images[0].currentSrc.endsWith('/media/small1.webp')")  # it is 12 rem wide
    await page.evaluate("document.querySelectorAll('img').forEach((picture) => { picture.loading = 'eager' })")
    await page.wait_for_function("[...document.images].every((picture) => picture.complete)")
    await page.evaluate("document.querySelector('.mpower-more').scrollIntoView({ block: 'end' })")
    top = await page.evaluate("scrollY")
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert await page.evaluate("scrollY") - top < 400
    assert await page.evaluate("shift") < 0.01


BAR = "<mpower-languages></mpower-languages>"


async def test_the_bar_changes_the_elements_and_leaves_the_page_and_the_focus_where_they_are(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items[0] = stream_item(0, translations={"eu": Translation("Etxe epelak", None, "editor")})
    await page.goto(guest.write(f"{BAR}<mpower-stream></mpower-stream>"))
    links = page.get_by_role("navigation", name="Language").get_by_role("link")
    assert await links.all_text_contents() == ["Euskara", "Hrvatski", "Français", "Deutsch", "Español", "English"]
    assert await links.evaluate_all("links => links.map((link) => link.lang + link.hreflang).join()") == (
        "eueu,hrhr,frfr,dede,eses,enen"
    )
    assert await links.nth(0).get_attribute("href") == "?lang=eu"
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await expect(rows(page)).to_have_count(10)
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    program.asked.clear()
    program.gate = asyncio.Event()
    await links.nth(0).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[aria-current=true]")).to_have_text("Euskara")
    await expect(rows(page)).to_have_count(20)  # what is there stays until the others come
    program.gate.set()
    await expect(page.get_by_role("heading", name="Etxe epelak")).to_be_visible()
    await expect(rows(page)).to_have_count(20)
    await expect(status(page)).to_have_text("20 albiste erakusten dira.")
    await expect(rows(page).nth(1).locator(".mpower-language")).to_have_text("ingelesa")
    await expect(page.locator(".mpower-more")).to_have_text("Kargatu gehiago")
    assert program.asked == ["/stream.json?prefer=eu&limit=20"]
    assert await page.evaluate("document.activeElement.hreflang + document.documentElement.lang") == "euen"
    assert await page.evaluate("told.filter(([name]) => name.includes(':'))") == [
        ["mpower-languages:change", {"language": "eu"}]
    ]
    await page.locator(".mpower-more").click()
    await expect(rows(page)).to_have_count(25)
    assert program.asked[1] == "/stream.json?prefer=eu&limit=10&cursor=01J00019"


async def test_links_that_a_server_put_into_the_bar_are_kept_and_a_listener_may_refuse_the_change(
    page: Page, guest: Guest
) -> None:
    nav = '<nav><a href="/?x=eu" hreflang="eu" lang="eu">Euskara</a><a href="/?x=en" hreflang="en">English</a></nav>'
    url = guest.write(f"<mpower-languages>{nav}</mpower-languages><mpower-stream></mpower-stream>")
    await page.goto(url)
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(2)
    await page.evaluate("addEventListener('mpower-languages:change', (e) => e.preventDefault(), { once: true })")
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.get_by_role("link", name="Kargatu gehiago")).to_be_visible()
    assert page.url == url


CALLS = [
    {"id": "past", "title": {"en": "Too late"}, "text": {"en": "x"}, "button": {"en": "x"}, "url": "https://x.example/", "until": "2020-01-01T00:00:00Z"},
    {"id": "courses", "title": {"en": "Three courses", "eu": "Hiru ikastaro"}, "text": {"es": HOSTILE}, "button": {"en": "Take part"}, "url": "https://x.example/interest/courses"},
    {"id": "bad", "title": {"en": "Bad"}, "text": {"en": "x"}, "button": {"en": "Do not"}, "url": "javascript:pwned()"},
]  # fmt: skip


async def test_the_call_is_the_first_that_is_open_each_text_in_the_language_that_there_is(
    page: Page, guest: Guest, program: Program
) -> None:
    program.lists = {"calls": CALLS}
    await page.goto(
        guest.write(f"{BAR}<mpower-call heading-level=2></mpower-call><mpower-call call=bad></mpower-call>")
    )
    call = page.get_by_role("region", name="Three courses")
    await expect(call.get_by_role("heading", level=2)).to_have_attribute("lang", "en")
    await expect(call.locator("p")).to_have_attribute("lang", "es")
    await expect(call.locator("p")).to_have_text(HOSTILE)
    await expect(call.get_by_role("link", name="Take part")).to_have_attribute("href", CALLS[1]["url"])
    await expect(page.get_by_text("Do not")).to_be_visible()
    await expect(page.locator("mpower-call a")).to_have_count(1)
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.get_by_role("heading", name="Hiru ikastaro")).to_have_attribute("lang", "eu")


async def test_no_open_call_shows_nothing_and_what_a_server_wrote_is_kept(
    page: Page, guest: Guest, program: Program
) -> None:
    body = "<mpower-call></mpower-call><mpower-call><p><a href='/x'>Come</a></p></mpower-call>"
    await page.goto(guest.write(f"{body}<mpower-partners><ul><li>We</li></ul></mpower-partners>"))
    while "/calls.json" not in program.asked:
        await asyncio.sleep(0)
    await expect(page.locator("mpower-call").nth(1)).to_have_text("Come")
    await expect(page.locator("mpower-call").nth(0)).to_be_empty()
    await expect(page.locator("mpower-partners")).to_have_text("We")
    assert program.asked == ["/calls.json"]


async def test_the_partners_are_links_with_logos_in_boxes_that_do_not_move(
    page: Page, guest: Guest, program: Program
) -> None:
    logo = f"{program.url}/media/logo.png"
    program.lists = {
        "partners": [
            {"id": "a", "name": "Carbon Co-op", "url": "https://carbon.coop/", "logo": logo},
            {"id": "b", "name": HOSTILE, "url": "javascript:pwned()", "logo": None},
        ]
    }
    await page.goto(guest.write("<mpower-partners></mpower-partners>"))
    picture = page.get_by_role("list").get_by_role("link", name="Carbon Co-op").get_by_role("img")
    await expect(picture).to_have_attribute("loading", "lazy")
    box = await picture.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (160, 64)
    await expect(page.get_by_role("listitem").nth(1)).to_have_text(HOSTILE)
    await expect(page.get_by_role("link")).to_have_count(1)


async def test_a_visitor_filters_by_language_topic_and_partner(page: Page, guest: Guest, program: Program) -> None:
    program.items[3] = stream_item(3, tags=("solar",))
    program.lists = {
        "tags": [{"id": "solar", "label": {"en": "Solar energy"}, "count": 1}, {"id": "none", "label": {}, "count": 0}],
        "languages": {"en": 24, "eu": 1},
        "partners": [{"id": "tni", "name": HOSTILE, "count": 2}],
    }
    await page.goto(guest.write("<mpower-stream filters></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    assert len(program.asked) == 1
    await page.get_by_text("Filter", exact=True).click()
    topic = page.get_by_label("Topic")
    assert await topic.locator("option").all_text_contents() == ["All", "Solar energy (1)"]
    assert await page.get_by_label("Language").locator("option").all_text_contents() == [
        "All", "English (24)", "Basque (1)",
    ]  # fmt: skip
    await expect(page.get_by_label("Partner").locator("option").nth(1)).to_have_text(f"{HOSTILE} (2)")
    await topic.focus()
    await topic.select_option("solar")
    await expect(status(page)).to_have_text("1 item is shown. That is all.")
    await expect(topic).to_be_focused()
    assert await shown_ids(page) == ["01J00003"]
    await topic.select_option("")
    await expect(rows(page)).to_have_count(10)


async def test_the_way_back_leads_to_the_same_rows_at_the_same_height(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream history=news></mpower-stream>"))
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert page.url.endswith("/?news=20")
    await page.evaluate("new Promise((done) => { addEventListener('scrollend', done); scrollTo(0, 1500); })")
    program.asked.clear()
    await page.reload()
    await expect(rows(page)).to_have_count(20)
    await expect(more(page)).not_to_have_attribute("aria-disabled", "true")
    assert await page.evaluate("scrollY") == 1500
    assert program.asked == ["/stream.json?prefer=en&limit=20"]
    await more(page).click()
    await expect(rows(page)).to_have_count(25)
    assert program.asked[1] == "/stream.json?prefer=en&limit=10&cursor=01J00019"


async def test_a_host_of_files_is_filtered_here_and_has_no_events(page: Page, guest: Guest, program: Program) -> None:
    program.is_static = True
    for number in (4, 13, 24):
        program.items[number] = stream_item(number, language="pt-BR", tags=("solar",))
    await page.goto(guest.write("<mpower-stream live languages=pt tag='solar x' limit=2></mpower-stream>"))
    await expect(rows(page)).to_have_count(2)
    assert await shown_ids(page) == ["01J00004", "01J00013"]
    await more(page).click()
    await expect(status(page)).to_have_text("1 more item is shown. That is all.")
    assert await shown_ids(page) == ["01J00004", "01J00013", "01J00024"]
    assert program.listeners == set()


async def test_who_is_offline_is_told_so_and_keeps_what_is_there(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    await page.context.set_offline(True)
    await more(page).click()
    await expect(status(page)).to_have_text(re.compile("You are offline"))
    await expect(rows(page)).to_have_count(10)
    await page.context.set_offline(False)
    await page.get_by_role("link", name="Try again").click()
    await expect(rows(page)).to_have_count(20)


async def test_words_that_cannot_be_had_stop_no_row(page: Page, guest: Guest) -> None:
    await page.route("**/strings/*.json", lambda route: route.abort())
    await page.goto(guest.write("<mpower-stream lang=eu></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    await expect(more(page)).to_be_visible()


async def test_a_stream_whose_extras_cannot_be_had_is_a_plain_stream(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.route("**/widget-extras.js", lambda route: route.abort())
    await page.goto(guest.write("<mpower-stream live filters history></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert await told(page) == ["load", "more"]
    await expect(page.locator(".mpower-filters, .mpower-top")).to_have_count(0)
    assert program.listeners == set()


async def test_the_picture_leads_where_the_title_leads_and_words_can_be_selected(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = [
        stream_item(n, kind=kind, image="a.webp", image_width=960, image_height=640, summary="Forty houses, one pump.")
        for n, kind in enumerate(("article", "video"))
    ]
    await page.goto(guest.write("<mpower-stream></mpower-stream><mpower-stream layout=cards></mpower-stream>"))
    await expect(page.locator(".mpower-image")).to_have_count(4)
    met = await page.evaluate(
        """() => [".mpower-image", ".mpower-summary", ".mpower-meta time"].flatMap((part) =>
        [...document.querySelectorAll(part)].map((node) => { node.scrollIntoView({ block: "center" });
          const { x, y, width, height } = node.getBoundingClientRect();
          const met = document.elementFromPoint(x + width / 3, y + height / 2);
          return met === node ? "itself" : met.closest("a") && met.closest("[data-id]") === node.closest("[data-id]"); }))"""
    )
    assert met == [True] * 4 + ["itself"] * 8


async def test_no_host_but_ours_is_asked_and_nothing_is_stored(page: Page, guest: Guest, program: Program) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    await page.goto(guest.write("<mpower-stream lang=hr></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    guests = str(guest.server.make_url("")).rstrip("/")
    assert {host for host in hosts if host.startswith("http")} == {program.url, guests}
    assert await page.context.cookies() == []
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
