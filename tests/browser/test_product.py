"""The product in one test: a partner publishes, an editor presses a key, a page on another origin shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from aggregator.machine import utc_now
from aggregator.store.engine import open_database
from aggregator.store.sources import hasten, read_state
from curation.editors import make_token
from tests.builders import START, sighting
from tests.conftest import SOURCES, new_database
from tests.loopback import everywhere, on_loopback
from tests.partner import PartnerSite, partner_site
from tests.program import Program, program

pytestmark = pytest.mark.browser
LONG = 60_000


@asynccontextmanager
async def embedding_page(stream_url: str) -> AsyncIterator[str]:
    """A page of somebody else's, on another origin, with the two lines that the README gives."""

    async def page(_request: web.Request) -> web.Response:
        html = (
            "<!doctype html><html lang=en><title>A partner's page</title><h1>Our page</h1>"
            f'<script type="module" src="{stream_url}/widget.js"></script>'
            f'<mpower-stream src="{stream_url}" live></mpower-stream>'
        )
        return web.Response(text=html, content_type="text/html")

    async with on_loopback(everywhere(page)) as url:
        yield f"{url}/"


@dataclass(frozen=True)
class Product:
    """A running program, the partner whose news it reads, and where it keeps them."""

    program: Program
    partner: PartnerSite
    database_url: str

    @property
    def url(self) -> str:
        return self.program.url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """One on each engine for both tests, neither of which is in the other's way."""
    folder = tmp_path_factory.mktemp("product")
    async with AsyncExitStack() as ends:
        url = f"sqlite+aiosqlite:///{folder}/mpower.db"
        if request.param == "postgresql":
            server, shape = (request.getfixturevalue(name) for name in ("postgres_server", "postgres_in_shape"))
            url = await ends.enter_async_context(new_database(server, like=shape))
        partner = await ends.enter_async_context(partner_site())
        text = SOURCES.format(url=partner.url).replace('languages = ["en"]\n', 'languages = ["en"]\nevery = "10s"\n')
        (folder / "sources.toml").write_text(text)
        environment = {"MPOWER_DATABASE_URL": url, "MPOWER_ALLOW_PRIVATE": partner.url.removeprefix("http://")}
        partner.publish([])
        partner.publish([sighting(n, title=f"Trusted {n}") for n in range(45)], "/trusted")
        running = await ends.enter_async_context(program("run", folder=folder, environment=environment))
        yield Product(running, partner, url)
        assert await running.stop() == 0


async def its_time_comes(product: Product, source_id: str) -> None:
    """Spare us most of the ten seconds until that source is asked once more."""
    async with open_database(product.database_url) as database, database.write() as connection:
        state = await read_state(connection, source_id)
        assert state
        assert state.due_at < utc_now() + timedelta(seconds=15)
        await hasten(connection, source_id, at=utc_now())


async def sign_in(page: Page, product: Product) -> None:
    await page.goto(product.program.link)
    await page.get_by_role("button").first.click()
    await expect(page).to_have_url(f"{product.url}/curation/")


async def test_a_partner_publishes_an_editor_approves_and_the_widget_shows_it(
    product: Product, browser_page: Page
) -> None:
    await sign_in(browser_page, product)
    product.partner.publish(
        [sighting(99, title="Heat for eleven thousand homes", published_at=START + timedelta(days=9))]
    )
    await its_time_comes(product, "held")
    card = browser_page.locator("article", has_text="Heat for eleven thousand homes")
    await expect(card).to_be_visible(timeout=LONG)
    await browser_page.keyboard.press("a")
    await expect(browser_page.get_by_text("Approved").first).to_be_visible()
    async with embedding_page(product.url) as address, aiohttp.ClientSession(product.url) as anybody:
        async with asyncio.timeout(LONG / 1000):
            # What comes after the page has opened would be offered by a button.
            while not any("Heat for eleven" in item["title"] for item in await shown(anybody)):
                await asyncio.sleep(0.1)
        visitor = await browser_page.context.new_page()
        await visitor.goto(address)
        widget = visitor.locator("mpower-stream")
        await expect(widget.get_by_text("Heat for eleven thousand homes")).to_be_visible()


async def test_load_more_walks_a_long_stream_while_editors_go_on(product: Product, browser_page: Page) -> None:
    async with open_database(product.database_url) as database, database.write() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO editor (name, role, disabled, created_at) VALUES ('ana', 'editor', false, '2026-01-01 00:00:00')"
        )
        token = await make_token(connection, "ana", now=utc_now())
    headers = {"Authorization": f"Bearer {token}"}
    async with embedding_page(product.url) as address, aiohttp.ClientSession(product.url, headers=headers) as editor:
        async with asyncio.timeout(LONG / 1000):
            # What comes after the page has opened would be offered by a button.
            while len(await shown(editor)) < 45:
                await asyncio.sleep(0.1)
        await browser_page.goto(address)
        widget = browser_page.locator("mpower-stream")
        await expect(widget.locator("li article")).to_have_count(10, timeout=LONG)
        gone: set[str] = set()
        seen = await widget.locator("li article a[href*='city.example']").evaluate_all(
            "links => links.map(l => l.href)"
        )
        for number in (3, 40):  # one that is shown already, one that is still to come
            await decide(editor, f"Trusted {number}", "reject")
            gone.add(f"https://city.example/news/{number}")
        while await (more := widget.get_by_role("link", name="Load more")).count() and await more.is_visible():
            before = await widget.locator("li article").count()
            await more.click()
            await expect(widget.locator("li article")).not_to_have_count(before)
            await expect(widget.locator("[aria-busy]")).to_have_count(0)
        seen = await widget.locator("li article h3 a, li article h2 a").evaluate_all("links => links.map(l => l.href)")
    assert len(seen) == len(set(seen))
    assert {f"https://city.example/news/{n}" for n in range(45)} - gone <= set(seen)


async def shown(visitor: aiohttp.ClientSession) -> list[Any]:
    async with visitor.get("/stream.json?limit=100") as answer:
        return list((await answer.json())["items"])


async def decide(editor: aiohttp.ClientSession, title: str, action: str) -> None:
    async with editor.get("/curation/api/items", params={"state": "approved", "q": title, "limit": 100}) as answer:
        items = (await answer.json())["items"]
    (found,) = [item for item in items if item["title"] == title]
    async with editor.post(f"/curation/api/items/{found['id']}/decision", json={"action": action}) as answer:
        assert answer.status == 200, await answer.text()
