"""The widget where something fails: what is there stays, it is said, and it can be tried again."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.guestsite import Guest, Program, more, rows, shown_ids, status, told, told_to_listeners

pytestmark = pytest.mark.browser


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


async def test_a_wrong_address_is_a_failure_that_is_told(page: Page, guest: Guest) -> None:
    sources = ("http://", "mailto:stream")
    elements = (f'<mpower-stream live lang=eu src="{src}"><a href="/">All</a></mpower-stream>' for src in sources)
    await page.goto(guest.write("".join(elements)))
    await expect(status(page)).to_have_text([re.compile("Ezin izan da kargatu")] * 2)
    await expect(page.get_by_role("link", name="All").filter(visible=True)).to_have_count(2)
    assert await told(page) == ["error", "error"]


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


async def test_a_first_load_that_failed_is_tried_again_when_something_happens(
    page: Page, guest: Guest, program: Program
) -> None:
    program.is_down = True
    await page.goto(guest.write("<mpower-stream live></mpower-stream>"))
    await expect(status(page)).to_have_text(re.compile("could not be loaded"))
    program.is_down = False
    await told_to_listeners(program, "item-published", "01J00000")
    await expect(rows(page)).to_have_count(10)


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


async def test_what_another_choice_has_overtaken_may_fail_unseen(page: Page, guest: Guest, program: Program) -> None:
    held: list[Route] = []
    came = asyncio.Event()

    async def hold(route: Route) -> None:
        held.append(route)
        came.set()

    await page.route("**/stream.json?*", hold, times=1)
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await came.wait()
    await page.locator("mpower-stream").evaluate("(element) => { element.setAttribute('limit', 5); }")
    await expect(rows(page)).to_have_count(5)
    await expect(page.locator("mpower-stream [aria-busy]")).to_have_count(0)
    async with page.expect_event("requestfailed"):
        await held[0].abort()
    await more(page).click()
    await expect(rows(page)).to_have_count(10)
    assert await told(page) == ["load", "more"]


async def test_the_room_for_the_first_rows_stays_where_another_choice_is_made(
    page: Page, guest: Guest, program: Program
) -> None:
    program.gate = asyncio.Event()
    style = '<link rel="stylesheet" href="%HOST%/widget.css">'
    script = '<script type="module" src="%HOST%/widget.js"></script>'
    await page.goto(guest.write("<mpower-stream></mpower-stream>", head=style + script))
    busy = page.locator("mpower-stream [aria-busy]")
    await expect(busy).to_have_count(1)
    before = await page.evaluate("document.querySelector('mpower-stream').offsetHeight")
    async with page.expect_request("**/stream.json?*limit=5"):
        await page.locator("mpower-stream").evaluate("(element) => { element.setAttribute('limit', 5); }")
    assert await page.evaluate("document.querySelector('mpower-stream').offsetHeight") == before > 300
    program.is_down = True
    program.gate.set()
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
    await expect(busy).to_have_count(0)


async def test_rows_that_stay_as_nothing_better_came_are_not_busy(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.gate = asyncio.Event()
    await more(page).click()
    await expect(page.locator("mpower-stream ol")).to_have_attribute("aria-busy", "true")
    program.is_down = True
    await page.locator("mpower-stream").evaluate("(element) => { element.lang = 'eu'; }")
    program.gate.set()
    await expect(page.get_by_role("link", name="Saiatu berriro")).to_be_visible()
    await expect(rows(page)).to_have_count(10)
    await expect(page.locator("mpower-stream [aria-busy], mpower-stream [aria-disabled]")).to_have_count(0)
    assert await told(page) == ["load", "error"]


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
