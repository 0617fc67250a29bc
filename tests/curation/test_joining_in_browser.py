"""Joining and parting by keys, from the key to the store and back: nothing of it is stood in for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from aggregator.store.stream import StreamFilters, read_page
from aggregator.store.tables import decision
from tests.curation.desk import SELECTED, Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def companions(desk: Desk, item_id: str) -> Any:
    return desk.page.locator(f'#item-{item_id} [data-part="companions"] li')


async def logged(desk: Desk) -> list[tuple[str, str, str]]:
    async with desk.room.database.read() as connection:
        rows = await connection.execute(select(decision).where(decision.c.editor == "ana").order_by(decision.c.id))
        return [(row.action, row.item_id, row.editor) for row in rows]


async def stories(desk: Desk, *ids: str) -> list[str]:
    return [(await desk.row(item_id)).story for item_id in ids]


async def test_a_join_by_keys_is_kept_taken_back_and_asked_for_again(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    first, second, third = [(await desk.arrive())[0] for _ in range(3)]
    await desk.open()
    await desk.keys("gjjg")
    await expect(companions(desk, first)).to_contain_text(["joined by ana"])
    await expect(companions(desk, third)).to_contain_text(["joined by ana"])
    await expect(companions(desk, second)).to_have_count(0)
    one, alone, other = await stories(desk, first, second, third)
    assert one == other != alone
    await desk.keys("z")
    await expect(desk.page.locator("#status")).to_have_text("Undone: Joined to one story.")
    await expect(desk.page.locator("[data-part=story]:visible")).to_have_count(0)
    assert len(set(await stories(desk, first, second, third))) == 3
    await desk.keys("gkg")
    await expect(companions(desk, second)).to_contain_text(["joined by ana"])
    await desk.page.reload()
    await expect(companions(desk, second)).to_contain_text(["joined by ana"])
    assert await logged(desk) == [("join", first, "ana"), ("split", first, "ana"), ("join", second, "ana")]


async def test_what_is_joined_and_approved_by_keys_is_one_story_to_visitors(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    first, second = [(await desk.arrive())[0] for _ in range(2)]
    await desk.open()
    await desk.keys("gjg")
    await expect(companions(desk, first)).to_have_count(1)
    await desk.keys("aa")
    await expect(desk.page.locator("#status")).to_contain_text("0 left")
    await expect(desk.page.locator("#empty")).to_be_visible()
    # The page counts a decision when it is made, which is before it is kept.
    shown: list[set[str]] = []
    async with asyncio.timeout(30):
        while shown != [{first, second}]:
            async with desk.room.database.read() as connection:
                page = await read_page(connection, StreamFilters(), limit=10)
            shown = [{row.id, *(also.item for also in row.also_on)} for row in page.items]
            await asyncio.sleep(0.02)


async def test_an_editor_joins_what_another_one_approves_meanwhile(seat: Callable[..., Any]) -> None:
    ana, root = await seat(), await seat()
    first, second = [(await ana.arrive())[0] for _ in range(2)]
    await ana.open()
    await root.open("root")
    await ana.keys("g")
    await expect(ana.page.locator(f"#item-{second}")).to_have_class("card chosen")
    await root.keys("a")
    await expect(ana.page.locator(f"#item-{first}{SELECTED}")).to_be_visible()
    await expect(ana.page.locator(".card")).to_have_count(1)
    await ana.keys("g")
    await expect(companions(ana, first)).to_contain_text(["approved · joined by ana"])
    await expect(companions(root, first)).to_contain_text(["approved · joined by ana"])
    await expect(root.page.locator("[data-part=notice]:visible")).to_have_count(0)
