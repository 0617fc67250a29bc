"""Versions of one story in the widget: one row for all of them, whatever is published, joined, parted and withdrawn."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from aggregator.store.stream import AlsoOn, StreamItem
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
