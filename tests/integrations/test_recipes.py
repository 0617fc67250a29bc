"""The recipes of docs/embedding.md, each tried as it stands there, against the real stream."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from lxml import html
from playwright.async_api import Browser, Page, expect

from tests.builders import sighting
from tests.integrations.livestream import LiveStream, live_stream
from tests.integrations.looking import news, titles
from tests.loopback import everywhere, on_loopback

HOME = Path(__file__).parents[2]
GUIDE = (HOME / "docs" / "embedding.md").read_text()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[LiveStream]:
    async with live_stream(tmp_path) as running:
        yield running


def recipe(heading: str, language: str, url: str) -> str:
    """The first block in that language below a heading of the guide, for the stream at that address."""
    part = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    (code, *_) = re.findall(rf"^```{language}\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)
    return code.replace("https://stream.example.org", url)


async def piece(running: LiveStream, query: str) -> str:
    async with ClientSession() as session, session.get(f"{running.url}/stream?fragment=1&{query}") as answer:
        assert answer.status == 200
        return await answer.text()


@asynccontextmanager
async def page_of_somebody(body: Callable[[], str]) -> AsyncIterator[str]:
    async def page(_request: web.Request) -> web.Response:
        text = f"<!doctype html><html lang=en><title>A town</title><h1>Our page</h1>{body()}"
        return web.Response(text=text, content_type="text/html")

    async with on_loopback(everywhere(page)) as url:
        yield f"{url}/"


async def whole_page(running: LiveStream) -> str:
    """By hand, an iframe and two pieces in one page."""
    by_hand = recipe("A page that you write by hand", "html", running.url)
    frame = recipe("An iframe", "html", running.url)
    pieces = [await piece(running, query) for query in ("ui=en&limit=10", "ui=eu&limit=5&heading-level=4")]
    return f"<div id=hand>{by_hand}</div><div id=frame>{frame}</div><div id=one>{pieces[0]}</div><div id=two>{pieces[1]}</div>"


@pytest.mark.browser
async def test_by_hand_in_a_frame_and_as_pieces_side_by_side(running: LiveStream, browser_page: Page) -> None:
    body, hosts = await whole_page(running), set()
    loading = asyncio.Event()

    async def later(route) -> None:
        await loading.wait()
        await route.continue_()

    browser_page.on("request", lambda request: hosts.add(re.match(r"\w+://[^/]+", request.url)[0]))
    await browser_page.route("**/widget.js", later)
    async with page_of_somebody(lambda: body) as url:
        await browser_page.goto(url, wait_until="commit")
        rows = browser_page.locator("#one .mpower-row")
        await expect(browser_page.locator("#two .mpower-row")).to_have_count(5)
        await browser_page.locator(".mpower-row").evaluate_all("rows => rows.forEach(row => row.isOfTheServer = true)")
        loading.set()
        await expect(browser_page.locator("#hand .mpower-row")).to_have_count(10)
        await expect(browser_page.locator("#hand a", has_text="Albisteak")).to_have_count(0)
        for place in ("#hand", "#one", "#two"):
            await browser_page.locator(f"{place} .mpower-more").click()
        await expect(browser_page.locator("#hand .mpower-row")).to_have_count(20)
        await expect(rows).to_have_count(20)
        await expect(browser_page.locator("#two .mpower-row")).to_have_count(10)
        kept = "rows => rows.map(row => Boolean(row.isOfTheServer))"
        assert await rows.evaluate_all(kept) == [True] * 10 + [False] * 10
        assert await browser_page.locator("#two .mpower-row").evaluate_all(kept) == [True] * 5 + [False] * 5
        await expect(browser_page.locator("#two h4.mpower-title")).to_have_count(10)
        ids = await browser_page.locator("[id]").evaluate_all("nodes => nodes.map(node => node.id)")
        assert len(ids) == len(set(ids)) == 4 + 50
        # What is there already is not asked for again.
        asked = [path for path, _ in running.asked if path.startswith("/stream.json") and "cursor=" not in path]
        assert not [path for path in asked if "prefer=en" in path or "limit=5" in path]
        inside = browser_page.frame_locator("iframe")
        await expect(inside.locator(".mpower-row")).to_have_count(10)
        await inside.locator(".mpower-more").click()
        await expect(inside.locator(".mpower-row")).to_have_count(20)
        assert hosts == {url.rstrip("/"), running.url}
        assert await browser_page.context.cookies() == []


@pytest.mark.browser
async def test_without_script_there_are_rows_or_a_link(running: LiveStream, browser: Browser) -> None:
    body = await whole_page(running)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    async with page_of_somebody(lambda: body) as url:
        await page.goto(url)
        assert titles(html.fromstring(await page.content())) == news(*range(24, 14, -1)) + news(*range(24, 19, -1))
        await expect(page.locator("#hand").get_by_role("link", name="Albisteak")).to_be_visible()
        inside = page.frame_locator("iframe")
        await inside.locator(".mpower-more").click()
        await expect(inside.locator(".mpower-title").first).to_have_text("News 14")
        await page.locator("#two .mpower-more").click()
        await expect(page).to_have_url(re.compile(rf"{running.url}/stream\?ui=eu.*cursor="))
        await expect(page.locator(".mpower-title").first).to_have_text("News 19")
    await context.close()


HUGO = """
baseURL = "https://town.example/"
title = "Town news"
defaultContentLanguage = "en"
disableKinds = ["taxonomy", "term", "sitemap", "RSS", "home", "section"]
[security.http]
urls = ["^http://127[.]0[.]0[.]1:"]  # this stream is on loopback, which Hugo refuses
[languages.en]
[languages.eu]
"""


def build(folder: Path) -> str:
    """What Hugo says while it builds."""
    words = [
        Path(sys.executable).with_name("hugo"),
        "--source",
        folder,
        "--cacheDir",
        folder / "cache",
        "--ignoreCache",
    ]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_hugo_builds_the_rows_into_its_pages_and_goes_on_without_them(
    running: LiveStream, tmp_path: Path
) -> None:
    folder = tmp_path / "town"
    (folder / "layouts" / "shortcodes").mkdir(parents=True)
    shutil.copy(HOME / "integrations" / "hugo" / "mpower-stream.html", folder / "layouts" / "shortcodes")
    (folder / "layouts" / "single.html").write_text(
        "<!doctype html><title>{{ .Title }}</title><main>{{ .Content }}</main>"
    )
    (folder / "hugo.toml").write_text(HUGO + recipe("Hugo", "toml", running.url))
    (folder / "content").mkdir()
    call = '{{< mpower-stream tag="solar wind" limit="5" layout="cards" >}}'
    assert call.replace("<", "</*", 1).replace(" >", " */>") in GUIDE
    for name in ("news.md", "news.eu.md"):
        (folder / "content" / name).write_text(
            f'+++\ntitle = "News"\n+++\n{call}\n\n{{{{< mpower-stream limit="1" >}}}}\n'
        )

    said = await asyncio.to_thread(build, folder)
    assert "WARN" not in said, said
    for place, language in (("news", "en"), ("eu/news", "eu")):
        page = html.fromstring((folder / "public" / place / "index.html").read_text())
        assert titles(page) == news(*range(24, 19, -1), 24)
        assert [dict(element.attrib) for element in page.xpath("//mpower-stream")] == [
            {"src": running.url, "lang": language, "tag": "solar wind", "limit": "5", "layout": "cards"},
            {"src": running.url, "lang": language, "limit": "1"},
        ]
        assert page.xpath("//script/@type") == ["module"]
        assert len(page.xpath("//link[@rel='stylesheet']")) == 1

    # Hugo itself tries again for a minute where a server says 5xx.
    for status in (403, 404):
        running.answer = web.Response(status=status, text="no")
        said = await asyncio.to_thread(build, folder)
        assert "WARN  mpower-stream" in said
        page = html.fromstring((folder / "public" / "eu" / "news" / "index.html").read_text())
        assert page.xpath("//main//a/@href") == [f"{running.url}/stream?ui=eu"] * 2


async def test_the_example_in_php_keeps_the_piece_for_a_minute_and_while_the_stream_is_down(
    running: LiveStream, tmp_path: Path
) -> None:
    if not shutil.which("php"):
        pytest.skip("there is no php: run make wordpress, or what tests/integrations/install.sh says")
    script = tmp_path / "page.php"
    script.write_text(f"<?php\n{recipe('A piece of HTML for your server', 'php', running.url)}")

    async def shown() -> str:
        words = ["php", "-d", "display_errors=1", "-d", f"sys_temp_dir={tmp_path}", script]
        done = await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    running.answer = web.Response(status=503, text="down")
    assert await shown() == f'<a href="{running.url}/stream?ui=eu">Albisteak</a>'
    running.answer = None
    assert titles(html.fromstring(await shown())) == news(*range(24, 19, -1))
    await running.publish(sighting(30))
    assert titles(html.fromstring(await shown())) == news(*range(24, 19, -1))
    assert running.pieces == [503, 200]
    (kept,) = tmp_path.glob("mpower-[0-9a-f]*")

    def age() -> None:
        subprocess.run(["touch", "-d", "2 minutes ago", kept], check=True, timeout=10)

    age()
    running.answer = web.Response(status=503, text="down")
    assert [titles(html.fromstring(await shown())) for _ in range(2)] == [news(*range(24, 19, -1))] * 2
    assert running.pieces == [503, 200, 503]
    age()
    running.answer = None
    assert titles(html.fromstring(await shown())) == news(30, *range(24, 20, -1))
