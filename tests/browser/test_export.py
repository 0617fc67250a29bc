"""An export in a real browser: from a stick by file:, and as the stream of a foreign page on a plain static host."""

from __future__ import annotations

import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from aggregator.store.engine import open_database
from aggregator.store.search import fold
from tests.browser.axe import bring_axe, faults
from tests.web.exports import HOSTILE, NARROW, PICTURE, export, fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export, below a folder that is not its own, which all look at and none changes."""
    place = tmp_path_factory.mktemp("export")
    async with open_database(f"sqlite+aiosqlite:///{place}/one.db") as database:
        await fill(database)
        await export(database, place / "host/some/archive")
    return place / "host/some/archive"


@contextmanager
def static_host(folder: Path, asked: list[str]) -> Iterator[str]:
    """A host that knows nothing but files, open to other sites' pages as static hosts are."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_words: Any) -> None:
            asked.append(self.path)

        def end_headers(self) -> None:
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def search(page: Page, words: str) -> list[str]:
    await page.get_by_role("searchbox").fill(words)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).not_to_be_empty()
    return await page.locator("#found a").all_inner_texts()


async def test_axe_finds_nothing_on_the_pages_of_an_export(folder: Path, tmp_path: Path, browser_page: Page) -> None:
    # A stick's pages have a policy of their own that lets in nothing, axe neither: it is set aside for the look alone.
    folder = shutil.copytree(folder, tmp_path / "archive")
    for page in folder.glob("*.html"):
        page.write_text(page.read_text("utf-8").replace("Content-Security-Policy", "x"), "utf-8")
    listed = folder / "stream/index.html"
    listed.write_text(listed.read_text("utf-8").replace("Content-Security-Policy", "x"), "utf-8")
    found: list[str] = []
    await bring_axe(browser_page)
    for path in ("index.html", "stream/index.html", "search.html"):
        await browser_page.goto((folder / path).as_uri())
        for light, width in (("light", 1280), ("dark", 320)):
            await browser_page.emulate_media(color_scheme="dark" if light == "dark" else "light")
            await browser_page.set_viewport_size({"width": width, "height": 800})
            found += await faults(browser_page, f"{path} {light}")
            assert await browser_page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert "\n".join(found) == ""


async def test_from_a_stick_pages_links_pictures_and_search_work(folder: Path, browser_page: Page) -> None:
    said: list[str] = []
    hosts: set[str] = set()
    browser_page.on("console", lambda message: said.append(message.text))
    browser_page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    await browser_page.goto((folder / "index.html").as_uri())
    await expect(browser_page.get_by_role("heading", level=1)).to_have_text("Towns learning")
    await browser_page.get_by_role("link", name="Euskara").first.click()
    await expect(browser_page.get_by_role("heading", level=1)).to_have_text("Euskara")
    await browser_page.locator(".mpower-title a").first.click()
    await expect(browser_page.locator(".content")).to_contain_text("Body of")
    await browser_page.get_by_role("link", name="Albiste guztiak").click()
    titles: list[str] = []
    while True:
        titles += await browser_page.locator(".mpower-title").all_inner_texts()
        more = browser_page.get_by_role("link", name="Load more")
        if not await more.count():
            break
        await more.click()
    assert len(titles) == 46
    await browser_page.get_by_role("link", name="Search").click()
    assert await search(browser_page, "GROZDE ener") == ["Grožđe, Energía & Đakovo"]
    assert await browser_page.locator("#found a").get_attribute("lang") == "es"
    assert await search(browser_page, "hirugarren") == ["News 3 from en"]  # by its translation
    assert await search(browser_page, "zzz") == []
    await expect(browser_page.get_by_role("status")).to_have_text("Items found: 0")
    assert await search(browser_page, "e ?") == []
    await expect(browser_page.get_by_role("status")).to_have_text("Please type at least two letters.")
    assert await search(browser_page, "proto constructor") == ["__proto__ constructor ǅ"]
    assert await search(browser_page, "pwned") == [HOSTILE]
    assert await browser_page.evaluate("window.pwned") is None
    assert len(await search(browser_page, "solar")) == 30
    await browser_page.get_by_role("button", name="Load more").click()
    await expect(browser_page.locator("#found a")).to_have_count(48)
    assert await browser_page.locator("#found a:focus").count() == 1
    await expect(browser_page.get_by_role("button", name="Load more")).to_be_hidden()
    await browser_page.go_back()
    await expect(browser_page.get_by_role("searchbox")).to_have_value("pwned")
    await expect(browser_page.locator("#found a")).to_have_count(1)
    await browser_page.locator("#found a").click()
    await expect(browser_page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert await browser_page.evaluate("window.pwned") is None
    assert hosts == {""}
    assert said == []


async def test_words_are_folded_in_the_browser_as_they_are_in_the_index(folder: Path, browser_page: Page) -> None:
    words = ["Energía", "Đakovo", "GROẞE", "Straße", "Œuvre", "Ærø", "Łódź", "İzmir", "ΛΟΓΟΣ", "Ελληνικός", "ﬁne", "naïve", "Ǆ", "Київ"]  # fmt: skip
    script = (folder / "search/search.js").read_text()
    start = script.index("const OTHERS")
    fold_in_browser = script[start : script.index("const find", start)]
    await browser_page.goto((folder / "index.html").as_uri())
    found = await browser_page.evaluate(f"(words) => {{ {fold_in_browser} return words.map(fold); }}", words)
    assert found == [fold(word) for word in words]


async def test_without_script_the_search_page_offers_the_lists(folder: Path, browser_page: Page) -> None:
    assert browser_page.context.browser
    context = await browser_page.context.browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto((folder / "search.html").as_uri())
    await expect(page.get_by_text("Search needs script.")).to_be_visible()
    await expect(page.get_by_role("searchbox")).to_be_hidden()
    await page.get_by_role("link", name="Topics").click()
    await expect(page.get_by_role("heading", name="Topics")).to_be_in_viewport()
    await context.close()


async def filter_by_everything(page: Page) -> None:
    """What a running program filters, the widget does here, over all pages of the stream."""
    stream, rows = page.locator("mpower-stream"), page.locator("mpower-stream > ol > li")
    more = page.get_by_role("link", name="Kargatu gehiago")
    for attribute, value, count in (("tag", "../../up", 15), ("languages", "eu", 15), ("partner", "tni", 15)):
        await stream.evaluate(
            "(node, it) => new Promise((done) => { node.addEventListener('mpower-stream:load', done, { once: true }); "
            "node.setAttribute(...it); }).then(() => {})",
            [attribute, value],
        )
        while True:
            await expect(page.locator("ol[aria-busy]")).to_have_count(0)
            await expect(rows.first).to_be_visible()
            if not await more.count():
                break
            await more.click()
        await expect(rows).to_have_count(count)
        await stream.evaluate("(node, name) => node.removeAttribute(name)", attribute)
        await expect(page.locator(f"mpower-stream:not([{attribute}]) .mpower-title").first).to_be_visible()
    await page.locator(".mpower-filters summary").click()
    await page.locator("select[name=languages]").select_option("es")
    await expect(rows.locator("article:not([lang=es])")).to_have_count(0)
    await expect(rows.first).to_be_visible()
    await expect(page.locator("ol[aria-busy]")).to_have_count(0)
    await page.get_by_role("link", name="español").click()
    # How many come at first hangs on where the export's pages end: ten, and whatever else stands on the same page.
    status = page.get_by_role("status")
    await expect(status).to_contain_text(re.compile(r"Se muestran 1[0-5] publicaciones\."))
    assert f" {await rows.count()} " in await status.inner_text()
    while await page.locator("a.mpower-more").count():
        await page.locator("a.mpower-more").click()
        await expect(page.locator("ol[aria-busy]")).to_have_count(0)
    await expect(rows).to_have_count(15)


async def test_the_widget_of_a_foreign_page_shows_all_of_it_from_a_plain_static_host(
    folder: Path, tmp_path: Path, browser_page: Page
) -> None:
    hosts: set[str] = set()
    said: list[str] = []
    browser_page.on("console", lambda message: said.append(message.text))
    asked: list[str] = []
    browser_page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    guest = tmp_path / "guest"
    guest.mkdir()
    with static_host(folder.parents[1], asked) as host, static_host(guest, []) as other:
        policy = (
            f"default-src 'none'; script-src {host}; connect-src {host}; img-src {host}; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )
        (guest / "index.html").write_text(
            f'<!doctype html><html lang="eu"><meta charset="utf-8"><title>A town</title><link rel="icon" href="data:,">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
            f'<script type="module" src="{host}/some/archive/widget.js"></script>'
            '<mpower-languages languages="eu es"></mpower-languages>'
            f'<mpower-stream src="{host}/some/archive/" live filters></mpower-stream>'
            f'<mpower-partners src="{host}/some/archive/"></mpower-partners></html>'
        )
        await browser_page.goto(f"{other}/")
        rows = browser_page.locator("mpower-stream > ol > li")
        await expect(rows.first).to_be_visible()
        media = f"{host}/some/archive/media"
        picture = browser_page.locator(f"img[src='{media}/{PICTURE}']")
        assert await picture.get_attribute("srcset") == f"{media}/{NARROW} 320w,{media}/{PICTURE} 640w"
        logo = browser_page.locator("mpower-partners img")
        await expect(logo).to_have_attribute("src", f"{host}/some/archive/logos/city.svg")
        await logo.scroll_into_view_if_needed()
        await expect(logo).to_have_js_property("naturalWidth", 10)
        assert "Hirugarren albistea" in await rows.locator("h3").all_inner_texts()
        more = browser_page.get_by_role("link", name="Kargatu gehiago")
        while await more.count():
            assert (await more.get_attribute("href") or "").partition("?")[0].endswith(".html")
            shown = await rows.count()
            await more.click()
            await expect(rows.nth(shown)).to_be_attached()
            await expect(browser_page.locator("ol[aria-busy]")).to_have_count(0)
        assert await rows.count() == 46
        ids = await rows.evaluate_all("rows => rows.map((row) => row.dataset.id)")
        assert len(set(ids)) == 46
        await filter_by_everything(browser_page)
        assert said == []
        assert not [path for path in asked if "/events" in path]
        assert hosts == {host.removeprefix("http://"), other.removeprefix("http://")}
        assert {path.partition("?")[0] for path in asked} >= {
            "/some/archive/strings/eu.json",
            "/some/archive/stream.json",
        }
        await browser_page.goto(f"{host}/some/archive/stream/index.html")
        await expect(browser_page.locator(".mpower-title").first).to_be_visible()
        # Its pages have their style there, too: the policy lets it in.
        assert (
            await browser_page.evaluate("getComputedStyle(document.querySelector('.mpower-rows')).listStyleType")
            == "none"
        )
