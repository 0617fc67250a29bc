"""Hostile words in every field of every kind of source: collected, approved, and shown wherever we show anything.

Nothing of it runs, and nothing of it asks another host, although the browser here heeds no policy of our pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import ClientSession, web
from lxml import etree
from playwright.async_api import Browser, Dialog, Page, Request, expect
from sqlalchemy import select

from aggregator.handlers import handlers
from aggregator.machine import Machine
from aggregator.model import State
from aggregator.settings import Settings
from aggregator.store.tables import item, source_state
from aggregator.work import Worker
from curation.decisions import decide
from curation.editors import Role, add_editor
from tests.collectors.imapserver import MailServer, mail_server
from tests.conftest import Clock
from tests.curation.conftest import password_hash  # noqa: F401  # a fixture
from tests.curation.desk import PASSWORD
from tests.hostile import entries, town
from tests.hostile.payloads import COUNT, PRODUCT, TEXTS
from tests.loopback import everywhere, on_loopback
from tests.partner import PartnerSite
from tests.serving import asking, open_to_the_public, read

pytestmark = pytest.mark.browser

# What of a page could run, load or lead to something that is none of ours; each in a few words.
LOOK = """(product) => {
  const bad = [];
  const tell = (what, node) => bad.push(`${what}: ${node.outerHTML.slice(0, 200)}`);
  const leads = /^(href|src|srcset|xlink:href|action|formaction|data|poster|background|cite|ping|srcdoc|manifest)$/i;
  const foreign = "script, style, iframe, frame, object, embed, applet, base, meta, link, svg, math, template, noscript, video, audio,"
    + "form[action]:not([action^='/curation/']):not([action='/stream'])";
  const isData = (node) => {
    try { return node.type === "application/ld+json" && JSON.parse(node.textContent)["@context"] === "https://schema.org"; }
    catch { return false; }
  };
  const inside = [...document.querySelectorAll("mpower-stream, .card, #content, main article")];
  for (const node of document.querySelectorAll("*")) {
    for (const { name, value } of node.attributes) {
      if (/^on/i.test(name)) tell("handler", node);
      if (name === "style" && inside.some((one) => one.contains(node))) tell("style", node);
      if (!leads.test(name)) continue;
      let address;
      try { address = new URL(value, document.baseURI); } catch { continue; }
      if (!/^https?:$/.test(address.protocol)) tell("address", node);
    }
    if (node.matches(foreign) && inside.some((one) => one.contains(node) && one !== node)) tell("element", node);
    if (node.localName === "script" && !node.src && !isData(node)) tell("script", node);
    if (node.localName === "mpower-stream" && node.parentElement.closest("mpower-stream")) tell("element", node);
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && /^https?:$/.test(link.protocol)) event.preventDefault();  // what runs instead of leading on may do so
  }, { capture: true, once: false });
  for (const link of [...document.links]) if (!link.matches("#next, .mpower-more")) link.click();
  for (const node of document.querySelectorAll("details")) node.open = true;
  for (const node of document.querySelectorAll("*"))
    for (const name of ["mouseover", "focus", "error", "load", "toggle"]) node.dispatchEvent(new Event(name));
  if (window.pwned) bad.push("it ran");
  if (document.documentElement.textContent.includes(product)) bad.push("a template was filled in");
  return bad;
}"""


@dataclass
class Watched:
    """A page of a browser, and what happened in it that should not have."""

    page: Page
    ours: str
    hosts: frozenset[str]
    wrong: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "about"} and (address.netloc not in self.hosts or "pwned" in address.path):
            self.wrong.append(f"asked for {request.url}")

    async def note_dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"said {dialog.message}")
        await dialog.dismiss()

    async def look(self, where: str) -> None:
        """Look at the page as it is, and try everything in it."""
        self.wrong += [f"{where}: {what}" for what in await self.page.evaluate(LOOK, PRODUCT)]
        assert self.wrong == []


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@dataclass
class Place:
    """The program with all of it in the queue, and a page of somebody else's that shows the stream."""

    machine: Machine
    guest: str
    mail: MailServer
    open: Callable[[], Awaitable[Watched]]

    @property
    def ours(self) -> str:
        return self.machine.settings.public_url


@pytest.fixture
async def place(
    site: PartnerSite,
    clock: Clock,
    tmp_path: Path,
    browser: Browser,
    database_url: str,
    password_hash: str,  # noqa: F811
) -> AsyncIterator[Place]:
    async with mail_server() as mail:
        town.fill(site)
        (tmp_path / "sources.toml").write_text(town.sources_toml(site, mail))
        settings = Settings(
            database_url=database_url,
            sources=tmp_path / "sources.toml",
            secret_file=tmp_path / "secret",
            media_dir=tmp_path / "media",
            allow_private=f"{site.url.removeprefix('http://')},{mail.host}:{mail.port}",
            environment=town.SECRETS,
        )
        async with open_to_the_public(settings, clock) as machine, guest_of(machine) as guest:
            async with machine.database.write() as connection:
                await add_editor(connection, "ana", role=Role.EDITOR, now=clock(), password_hash=password_hash)
            context = await browser.new_context(bypass_csp=True, viewport={"width": 1100, "height": 900})
            hosts = frozenset(urlsplit(address).netloc for address in (machine.settings.public_url, guest))

            async def look_in() -> Watched:
                watched = Watched(await context.new_page(), machine.settings.public_url, hosts)
                watched.page.on("request", watched.note_request)
                watched.page.on("dialog", watched.note_dialog)
                return watched

            yield Place(machine, guest, mail, look_in)
            await context.close()


def guest_of(machine: Machine) -> Any:
    async def page(_request: web.Request) -> web.Response:
        ours = machine.settings.public_url
        text = (
            f'<!doctype html><html lang="en"><title>A town</title><h1>A town</h1>'
            f'<script type="module" src="{ours}/widget.js"></script>'
            f'<mpower-stream src="{ours}" limit="100"></mpower-stream><div id="content"></div>'
        )
        return web.Response(text=text, content_type="text/html")

    return on_loopback(everywhere(page))


async def collect_all(place: Place, clock: Clock) -> None:
    """Look at every source, some of them more than once: no host is asked for everything at the same time."""
    machine = place.machine
    worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now)
    first, *others = map(entries.letter, town.THINGS["mail"])
    # A first look brings the newest letters alone, and a later one fifty.
    for letters in ([first], others, []):
        if letters:
            await place.mail.deliver(*letters)
        for _ in range(6):
            await machine.tick()
            await worker.run_due()
        clock.forward(hours=7)


async def rows(machine: Machine) -> list[Any]:
    async with machine.database.read() as connection:
        columns = (item.c.id, item.c.source_id, item.c.state, item.c.url, item.c.picture_url)
        return list((await connection.execute(select(*columns).order_by(item.c.id))).all())


@pytest.mark.long
async def test_no_word_of_any_source_runs_or_asks_anybody_anywhere(place: Place, clock: Clock) -> None:
    machine = place.machine
    async with asking(place.ours) as session:
        await town.post_to_hook(session)
        await collect_all(place, clock)
        async with machine.database.read() as connection:
            problems = (await connection.execute(select(source_state.c.source_id, source_state.c.problem))).all()
        assert [row for row in problems if row.problem] == []
        kept = await rows(machine)
        assert Counter(row.source_id for row in kept) == dict.fromkeys(town.THINGS, COUNT)
        addresses = {urlsplit(url).scheme for row in kept for url in (row.url, row.picture_url) if url}
        assert addresses <= {"http", "https"}
        watched = await place.open()
        await look_at_the_queue(watched, kept)
        await watched.page.goto("about:blank")  # an open queue would fetch each that is decided
        for row in kept:
            if row.state == State.WAITING:
                await decide(machine, row.id, action="approve", editor="ana")
        await look_at_our_pages(watched, {row.id for row in kept})
        await look_at_another_page(watched, place.guest, session, len(kept))
        await look_at_feeds(watched, session)


async def look_at_the_queue(watched: Watched, kept: list[Any]) -> None:
    page = watched.page
    await page.goto(f"{watched.ours}/curation/")
    await page.fill("[name=name]", "ana")
    await page.fill("[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await expect(page.locator("#cards")).to_be_attached()
    seen, onward = 0, f"{watched.ours}/curation/?state=waiting"
    while onward:
        await page.goto(onward)
        seen += await page.locator("#cards .card").count()
        await watched.look(onward)
        further = page.locator("#onward:not([hidden]) a#next")
        onward = urljoin(watched.ours, await further.get_attribute("href")) if await further.count() else ""
    assert seen == len(kept)
    # The script puts further cards into the page by itself.
    await page.goto(f"{watched.ours}/curation/?state=waiting")
    before = await page.locator("#cards .card").count()
    await page.locator("#next").click()
    await expect(page.locator("#cards .card")).not_to_have_count(before)
    await watched.look("the queue, by script")
    for source, number in {row.source_id: row.id for row in kept}.items():
        await page.goto(f"{watched.ours}/curation/items/{number}")
        await watched.look(f"an item of {source}")


async def look_at_our_pages(watched: Watched, ids: set[str]) -> None:
    page = watched.page
    for start in ("/stream?limit=100", "/?limit=100", "/embed?limit=100"):
        seen, onward = [], watched.ours + start
        while onward:
            await page.goto(onward)
            seen += await page.locator("mpower-stream li").evaluate_all(
                "rows => rows.flatMap((row) => [row.dataset.id, ...(row.dataset.also ?? '').split(' ')])"
            )
            more = page.locator("a.mpower-more")
            onward = urljoin(watched.ours, await more.get_attribute("href")) if await more.count() else ""
            await watched.look(onward or start)
        assert {name for name in seen if name} == ids
    for number in sorted(ids)[::COUNT]:
        found = await page.goto(f"{watched.ours}/item/{number}")
        if found and found.ok:
            await watched.look(f"/item/{number}")


async def look_at_another_page(watched: Watched, guest: str, session: ClientSession, count: int) -> None:
    """The widget on it, and what a reader of the feed may do with `content_html`, which we say is harmless."""
    page, onward, contents = watched.page, "/stream.json?limit=100", []
    await page.goto(f"{guest}/")
    shown = page.locator("mpower-stream li")
    await expect(shown).to_have_count(100)
    while await page.locator("a.mpower-more").count():
        before = await shown.count()
        await page.locator("a.mpower-more").click()
        await expect(shown).not_to_have_count(before)
        await expect(page.locator("mpower-stream [aria-busy]")).to_have_count(0)
    await watched.look("the widget on another's page")
    while onward:
        feed = await read(session, onward)
        contents += [one["content_html"] for one in feed["items"]]
        onward = feed.get("next_url", "").removeprefix(watched.ours)
    assert len(contents) == await shown.count() <= count
    await look_at_contents(watched, contents)


async def look_at_contents(watched: Watched, contents: list[str]) -> None:
    # Read once without script and once with it: what means something else then has another reading.
    await watched.page.evaluate(
        """(contents) => { for (const text of contents) {
          const box = document.querySelector("#content").appendChild(document.createElement("div"));
          box.innerHTML = new DOMParser().parseFromString(text, "text/html").body.innerHTML;
          box.innerHTML = box.innerHTML;
          const other = document.querySelector("#content").appendChild(document.createElement("div"));
          other.innerHTML = text;
        } }""",
        contents,
    )
    await watched.look("content_html on another's page")


async def look_at_feeds(watched: Watched, session: ClientSession) -> None:
    """As XML, in which a browser would run what is XHTML or SVG, and what they hold as HTML."""
    for path in ("/stream.atom?limit=100", "/stream.rss?limit=100", "/sources.opml", "/sitemap.xml"):
        async with session.get(path) as answer:
            if answer.status == 404:
                continue
            body = await answer.read()
        tree = etree.fromstring(body)
        await watched.page.route(
            "**/as.xml", lambda route, *, body=body: route.fulfill(body=body, content_type="text/xml")
        )
        await watched.page.goto(f"{watched.ours}/as.xml")
        assert await watched.page.evaluate("window.pwned ?? null") is None
        await watched.page.unroute("**/as.xml")
        await watched.page.goto(f"{watched.ours}/robots.txt")  # a document of XML takes no other content
        await watched.page.set_content('<!doctype html><title>x</title><div id="content"></div>')
        html = [str(node.text) for node in tree.iter("{*}content", "{*}encoded", "{*}description") if node.text]
        await look_at_contents(watched, html)


async def test_what_is_looked_for_is_found_where_a_page_lets_it_in(browser: Browser) -> None:
    """The other test would say nothing if its look saw nothing."""
    page, missed = await browser.new_page(), []
    await page.set_content("<!doctype html><title>x</title><mpower-stream></mpower-stream>")
    for text in TEXTS:
        # One leads away from this page, one is no tag unless it was mended, and one only asks another host.
        if text.startswith("<") and not text.startswith(("<meta", "<scr<", "<img src='http")):
            await page.evaluate("(text) => { document.querySelector('mpower-stream').innerHTML = text }", text)
            if not await page.evaluate(LOOK, PRODUCT):
                missed.append(text)
            await page.evaluate("window.pwned = undefined")
    assert missed == []
