"""The demo as a person meets it; its pictures are those of the README (`make screenshots`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.program import Program, program

pytestmark = pytest.mark.browser
LONG = 60_000


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Program]:
    """One demo for all: it reads a dozen sites and shrinks their pictures, and none of its visitors changes it."""
    async with program("demo", folder=tmp_path_factory.mktemp("demo"), environment={}) as running:
        yield running
        assert await running.stop() == 0


async def open_with_pictures(page: Page, url: str, least: int) -> None:
    """Once so many rows have a picture of ours: all of them must be such that the browser can decode them."""
    pictures = page.locator("mpower-stream article img")
    async with asyncio.timeout(LONG / 1000):
        while True:
            # Asked as a program asks, which is cheaper than to open the page each time.
            first = await (await page.request.get(f"{url}/stream.json?limit=10")).json()
            if sum("image" in item for item in first["items"]) >= least:
                await page.goto(f"{url}/")
                if await pictures.count() >= least:
                    break
            await asyncio.sleep(0.2)
    await page.evaluate(
        """async () => {
            for (const image of document.images) { image.loading = "eager"; await image.decode().catch(() => {}); }
        }"""
    )
    broken = await page.evaluate("[...document.images].filter(image => !image.naturalWidth).map(image => image.src)")
    assert broken == []


async def test_the_host_page_shows_the_stream_call_and_partners(
    demo: Program, browser_page: Page, screenshots: Path
) -> None:
    hosts: set[str] = set()
    browser_page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    await browser_page.set_viewport_size({"width": 1280, "height": 1000})
    await open_with_pictures(browser_page, demo.url, 6)
    await expect(browser_page.get_by_role("heading", level=1)).to_have_text(
        "Cities learning for fair, clean & democratic energy"
    )
    assert await browser_page.locator("mpower-stream article").count() == 10
    languages = await browser_page.locator("mpower-stream article").evaluate_all(
        "rows => rows.map(row => row.lang || row.querySelector('[lang]').lang)"
    )
    assert len(set(languages)) >= 3
    for name in ("Euskara", "Hrvatski", "Français", "Deutsch", "Español", "English"):
        await expect(browser_page.get_by_role("link", name=name, exact=True)).to_be_visible()
    assert await browser_page.locator("img[src*='/logos/']").count() >= 7
    # The sources are still being collected: the button that offers what is new would stand in the picture.
    await browser_page.route("**/events*", lambda route: route.abort())
    await open_with_pictures(browser_page, demo.url, 1)
    await browser_page.screenshot(path=screenshots / "host-page.png")
    assert hosts == {demo.url.removeprefix("http://")}
    assert await browser_page.context.cookies() == []
    assert await browser_page.evaluate("localStorage.length + sessionStorage.length") == 0


async def test_the_queue_has_something_to_decide_from_the_start(
    demo: Program, browser_page: Page, screenshots: Path
) -> None:
    await browser_page.goto(demo.link)
    await browser_page.get_by_role("button").first.click()
    await expect(browser_page.locator("article").first).to_be_visible(timeout=LONG)
    await browser_page.keyboard.press("j")
    await browser_page.screenshot(path=screenshots / "queue.png")
    sources = f"{demo.url}/curation/sources"
    async with asyncio.timeout(LONG / 1000):  # until it has been asked, and has failed
        while "failing" not in await (await browser_page.request.get(sources)).text():
            await asyncio.sleep(0.2)
    await browser_page.goto(sources)
    await expect(browser_page.get_by_text("failing").first).to_be_visible()
