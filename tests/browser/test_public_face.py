"""What we promise every visitor, looked for on our own pages and on somebody else's: in each language, light and size."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from lxml import html
from playwright.async_api import Browser, Page, Request, expect

from aggregator.machine import Machine
from aggregator.settings import Settings
from tests.browser.axe import bring_axe, faults
from tests.browser.newsstand import Neighbour, approved, fill, neighbour
from tests.conftest import Clock
from tests.serving import open_to_the_public
from web.strings import all_strings

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
# https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rules whose outcome colours can change; all others see the same page in any light.
OF_LOOKS = ["color-contrast", "link-in-text-block", "target-size"]
MODES: dict[str, dict[str, Any]] = {
    "the dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
}
USUAL = {"color_scheme": "light", "forced_colors": "none"}
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}


@dataclass
class Visit:
    """A visitor's page: where our program is, where its neighbour, and what was asked for since the last look."""

    page: Page
    machine: Machine
    town: Neighbour
    asked: list[Request] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    is_examined: bool = False  # by axe, which puts styles into the page that a policy refuses

    @property
    def ours(self) -> str:
        return self.machine.settings.public_url

    def elsewhere(self, **asked: str) -> str:
        """The neighbour's page, with that element on it."""
        return f"{self.town.url}/?{urlencode(asked)}"

    async def open(self, address: str) -> None:
        """Go there, and wait until the rows are there and nothing is on its way."""
        self.asked.clear()
        await self.page.goto(self.ours + address if address.startswith("/") else address)
        await expect(self.page.locator("mpower-stream li")).not_to_have_count(0)
        await expect(self.page.locator("mpower-stream [aria-busy]")).to_have_count(0)

    async def bring_axe(self) -> None:
        """Have it in every page from now on."""
        self.is_examined = True
        await bring_axe(self.page)

    async def faults(self, where: str, *, of_looks: bool = False) -> list[str]:
        """What axe finds on the page as it is now; of looks alone where only the light has changed."""
        rules = {"type": "rule", "values": OF_LOOKS} if of_looks else {"type": "tag", "values": TAGS}
        return await faults(self.page, where, runOnly=rules)

    @property
    def everywhere(self) -> tuple[str, ...]:
        return ("/", "/stream", "/embed", self.elsewhere())


@dataclass
class Stand:
    """What all tests here look at, and none changes."""

    machine: Machine
    town: Neighbour
    browser: Browser


@pytest.fixture(scope="module")
async def stand(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Stand]:
    """The stream as we ship it, with every form of row in it, its neighbour's page, and a browser."""
    folder = tmp_path_factory.mktemp("stand")
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/mpower.db",
        sources=ROOT / "sources.toml",
        secret_file=folder / "secret",
        media_dir=folder / "media",
    )
    async with (
        open_to_the_public(settings, Clock()) as machine,
        neighbour(machine.settings.public_url) as town,
    ):
        await fill(machine)
        yield Stand(machine, town, chromium)


@pytest.fixture
async def visit(stand: Stand) -> AsyncIterator[Visit]:
    """A visitor, whose page fails in nothing, and in which no policy has to refuse anything."""
    context = await stand.browser.new_context(viewport=WIDE)
    visit = Visit(await context.new_page(), stand.machine, stand.town)

    def refuse(what: str) -> None:
        visit.refused.append(what)

    await visit.page.expose_function("refuse", refuse)
    await visit.page.add_init_script(WATCHING)
    visit.page.on("request", lambda request: visit.asked.append(request))  # noqa: PLW0108  # it takes no built-in
    visit.page.on("pageerror", lambda error: visit.refused.append(str(error)))
    yield visit
    await context.close()
    assert visit.is_examined or visit.refused == []


WATCHING = """
addEventListener("securitypolicyviolation", (e) => refuse(`${e.violatedDirective} ${e.blockedURI}`));
window.shifts = [];
const observer = new PerformanceObserver((list) => note(list.getEntries()));
const note = (entries) => shifts.push(...entries.filter((entry) => !entry.hadRecentInput).map((entry) =>
  entry.value.toFixed(4) + " " + entry.sources.map(({ node }) => node?.className || node?.nodeName).join(" ")));
observer.observe({ type: "layout-shift", buffered: true });
window.shifted = () => { note(observer.takeRecords()); return shifts; };
"""


@pytest.mark.parametrize("place", ["/", "/stream", "/embed", "?", "?page=ar&dir=rtl&lang=en&layout=cards"])
async def test_axe_finds_nothing_in_any_light_size_or_direction(visit: Visit, place: str) -> None:
    """On our own pages, and, after a question mark, on our neighbour's."""
    await visit.bring_axe()
    await visit.open(f"{visit.town.url}/{place}" if place.startswith("?") else place)
    found = await visit.faults("as it is")
    for mode, media in MODES.items():
        await visit.page.emulate_media(**{**USUAL, **media})
        found += await visit.faults(f"in {mode}", of_looks=True)
    await visit.page.emulate_media(**USUAL)
    await visit.page.set_viewport_size(NARROW)
    found += await visit.faults("at 320 px")
    assert "\n".join(found) == ""


async def test_axe_finds_nothing_on_the_pages_around_the_stream(visit: Visit) -> None:
    """An item's page, a form that was sent empty, what is not here, nothing that fits: small and wide, light and dark."""
    await visit.bring_axe()
    await visit.open("/?limit=40")
    ids = await visit.page.locator("mpower-stream li:has(img)").first.get_attribute("data-id")
    found: list[str] = []
    for address in (f"/item/{ids}?ui=de", "/interest/mpower-digital?ui=de", "/item/none?ui=de", "/stream?q=zzzz&ui=de"):
        await visit.page.goto(visit.ours + address)
        if submit := await visit.page.query_selector("form.interest button"):
            await submit.click()
            await expect(visit.page.locator(".faults li")).to_have_count(6)
        found += await visit.faults(address)
        await visit.page.emulate_media(color_scheme="dark")
        found += await visit.faults(f"{address} in the dark", of_looks=True)
        await visit.page.set_viewport_size(NARROW)
        found += await visit.faults(f"{address} at 320 px in the dark")
        assert await visit.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], address
        await visit.page.emulate_media(**USUAL)
        await visit.page.set_viewport_size(WIDE)
    assert "\n".join(found) == ""


@pytest.mark.parametrize("language", sorted(all_strings()))
async def test_axe_finds_nothing_in_any_language(visit: Visit, language: str) -> None:
    await visit.bring_axe()
    found: list[str] = []
    few = f"limit=4&ui={language}"
    for address in (f"/?limit=4&lang={language}", f"/stream?{few}", f"/embed?{few}"):
        await visit.open(address)
        assert await visit.page.evaluate("document.documentElement.lang") == language
        found += await visit.faults(address)
    await visit.open(visit.elsewhere(page=language, limit="4", live=""))
    found += await visit.faults("another's page")
    assert "\n".join(found) == ""


async def test_nothing_is_wider_than_the_smallest_window(visit: Visit) -> None:
    await visit.page.set_viewport_size(NARROW)
    wide: list[str] = []
    looks = ({"layout": "cards"}, {"layout": "compact"}, {"page": "ar", "dir": "rtl"})
    for address in (*visit.everywhere, *(visit.elsewhere(limit="40", **look) for look in looks), "/stream?limit=40"):
        await visit.open(address)
        wide += await visit.page.evaluate(
            """(where) => { const { scrollWidth, clientWidth } = document.documentElement;
            if (scrollWidth <= clientWidth) return [];
            return [...document.querySelectorAll("body *")].filter((node) => node.getBoundingClientRect().right > clientWidth + 0.5
              && getComputedStyle(node).position !== "absolute").map((node) => `${where}: ${node.localName}.${node.className}`); }""",
            address,
        )
    assert "\n".join(wide) == ""


async def test_every_item_says_its_language(visit: Visit) -> None:
    for address in (*(f"{path}?limit=100" for path in ("/", "/stream", "/embed")), visit.elsewhere(limit="100")):
        await visit.open(address)
        said = await visit.page.locator("mpower-stream article").evaluate_all(
            "rows => rows.map((row) => [row.lang, row.dir, row.querySelector('h2, h3').lang])"
        )
        assert len(said) >= 35
        assert [
            row for row in said if not (re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", row[0]) and row[1] and row[2])
        ] == []
        assert {language for language, _, _ in said} >= {"en", "eu", "hr", "fr", "de", "es", "pt-BR", "und"}


async def test_every_item_is_reached_without_script(visit: Visit, stand: Stand) -> None:
    everything = await approved(visit.machine)
    context = await stand.browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    for start in ("/", "/stream", "/embed", "/stream?limit=7"):
        seen: list[str] = []
        await page.goto(visit.ours + start)
        while True:
            rows = html.fromstring(await page.content()).find_class("mpower-row")
            seen += [name for row in rows for name in (row.get("data-id"), *row.get("data-also", "").split())]
            more = page.locator("a.mpower-more")
            if not await more.count():
                break
            await page.goto(visit.ours + str(await more.get_attribute("href")).removeprefix(visit.ours))
        assert set(seen) == everything, start
        assert [name for name, times in Counter(seen).items() if times > 1] == [], start
    await context.close()


async def test_no_host_but_ours_is_asked_and_nothing_is_kept_at_the_visitors(visit: Visit) -> None:
    for address in visit.everywhere:
        await visit.open(address)
        await visit.page.get_by_role("link", name="Load more").click()
        await expect(visit.page.locator("mpower-stream li")).to_have_count(20)
        await with_pictures(visit.page)
        hosts = {urlsplit(request.url).netloc for request in visit.asked if request.url.startswith("http")}
        assert hosts - {urlsplit(visit.town.url).netloc} == {urlsplit(visit.ours).netloc}, address
        assert await visit.page.context.cookies() == []
        kept = await visit.page.evaluate(
            """async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
            (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]"""
        )
        assert kept == [0, 0, 0, 0, 0], address


@pytest.mark.parametrize("language", ["en", "eu"])
async def test_a_page_asks_for_three_things_more_at_most_besides_pictures(visit: Visit, language: str) -> None:
    await visit.open(visit.elsewhere(page=language))
    paths = [urlsplit(asked.url).path for asked in visit.asked if asked.url.startswith(visit.ours)]
    added = [path for path in paths if not path.startswith("/media/")]
    assert len(added) - added.count("/widget.css") <= 3, added


async def test_nothing_shifts_on_load_nor_when_more_is_loaded(visit: Visit) -> None:
    shifted: list[str] = []
    for size in (WIDE, NARROW):
        await visit.page.set_viewport_size(size)
        for address in (*visit.everywhere, visit.elsewhere(page="eu", live=""), visit.elsewhere(layout="cards")):
            await visit.open(address)
            await with_pictures(visit.page)
            shifted += [f"{address}, on load: {shift}" for shift in await shifts(visit.page)]
            await visit.page.evaluate("shifts.length = 0")
            more = visit.page.locator("a.mpower-more")
            await more.scroll_into_view_if_needed()
            await more.focus()
            await visit.page.keyboard.press("Enter")
            await expect(visit.page.locator("mpower-stream li")).to_have_count(20)
            shifted += [f"{address}, on Load More: {shift}" for shift in await shifts(visit.page)]
    assert "\n".join(shifted) == ""


async def test_a_page_is_as_wide_before_its_scroll_bar_comes_as_with_it(visit: Visit) -> None:
    widths = []
    for address in ("/item/none", "/stream"):
        await visit.page.goto(visit.ours + address)
        whole = "document.documentElement.scrollHeight > innerHeight"
        widths.append((await visit.page.evaluate("document.body.clientWidth"), await visit.page.evaluate(whole)))
    assert [is_long for _, is_long in widths] == [False, True]
    assert widths[0][0] == widths[1][0]


async def with_pictures(page: Page) -> None:
    """Have all pictures come, those below the window, too."""
    await page.evaluate(
        """() => Promise.all([...document.images].map((image) => {
        image.loading = "eager"; return image.decode().catch(() => {}) }))"""
    )


async def painted(page: Page) -> None:
    """Wait until what was changed is painted."""
    await page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
    )


async def shifts(page: Page) -> list[str]:
    """The layout shifts so far that no visitor's deed explains."""
    await painted(page)
    return await page.evaluate("shifted()")  # type: ignore[no-any-return]


# What a visitor can do something with, as far as it is shown.
OPERABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
# Numbers all of that, and notes of whatever gets the focus its number, and what it is where its outline does not show.
NOTE_FOCUS = """(operable) => {
  window.reached = [];
  addEventListener("focusin", ({ target: node }) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(node);
    const isSeen = outlineStyle === "auto" || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
    reached.push([node.dataset.tab, isSeen ? "" : node.outerHTML.slice(0, 90)]);
  });
  const nodes = [...document.querySelectorAll(operable)].filter((node) => node.checkVisibility());
  return nodes.map((node, n) => node.dataset.tab = String(n));
}"""


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visit) -> None:
    for address in visit.everywhere:
        await visit.open(address)
        expected = await visit.page.evaluate(NOTE_FOCUS, OPERABLE)
        for _ in range(len(expected) + 2):
            await visit.page.keyboard.press("Tab")
        reached = await visit.page.evaluate("reached")
        assert len(expected) > 5
        assert set(expected) <= {name for name, _ in reached}, address
        assert [f"{address}: {unseen}" for _, unseen in reached if unseen] == []


async def test_load_more_by_keyboard_leads_on_at_the_first_new_item(visit: Visit) -> None:
    for address in visit.everywhere:
        await visit.open(address)
        await visit.page.locator("a.mpower-more").focus()
        await visit.page.keyboard.press("Enter")
        await expect(visit.page.locator("mpower-stream li")).to_have_count(20)
        await expect(visit.page.locator("mpower-stream li").nth(10).locator("h2 a, h3 a, h2, h3").last).to_be_focused()
        await expect(visit.page.get_by_role("status")).to_have_text(re.compile("10 more items"))
