"""The live widget: news are offered, what is withdrawn goes, and nothing moves until it is wanted."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.guestsite import (
    Guest,
    Program,
    focused_id,
    more,
    rows,
    server_rows,
    shown_ids,
    status,
    told_to_listeners,
)
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


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


async def test_what_was_published_before_the_connection_stood_is_offered_too(
    page: Page, guest: Guest, program: Program
) -> None:
    before = server_rows(program)
    program.items[:0] = [stream_item(0, id="new", title="Brand new")]
    await page.goto(guest.write(before))
    await expect(page.get_by_role("button", name="Show 1 new item")).to_be_visible()


async def test_what_is_withdrawn_while_more_is_loaded_does_not_come(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.gate = asyncio.Event()
    await more(page).click()
    await expect(page.locator("mpower-stream ol")).to_have_attribute("aria-busy", "true")
    await told_to_listeners(program, "item-withdrawn", program.items[12].id)
    await told_to_listeners(program, "item-withdrawn", program.items[2].id)
    await expect(rows(page)).to_have_count(9)
    program.gate.set()
    await expect(page.locator("mpower-stream [aria-busy]")).to_have_count(0)
    shown = [item.id for n, item in enumerate(program.items[:20]) if n not in {2, 12}]
    assert await shown_ids(page) == shown


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
