"""<mpower-call> and <mpower-partners>: what one can take part in, and with whom."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.guestsite import BAR, HOSTILE, Guest, Program

pytestmark = pytest.mark.browser

CALLS = [
    {"id": "past", "title": {"en": "Too late"}, "text": {"en": "x"}, "button": {"en": "x"}, "url": "https://x.example/", "until": "2020-01-01T00:00:00Z"},
    {"id": "courses", "title": {"en": "Three courses", "eu": "Hiru ikastaro"}, "text": {"es": HOSTILE}, "button": {"en": "Take part"}, "url": "https://x.example/interest/courses"},
    {"id": "bad", "title": {"en": "Bad"}, "text": {"en": "x"}, "button": {"en": "Do not"}, "url": "javascript:pwned()"},
]  # fmt: skip


async def test_the_call_is_the_first_that_is_open_each_text_in_the_language_that_there_is(
    page: Page, guest: Guest, program: Program
) -> None:
    program.lists = {"calls": CALLS}
    await page.goto(
        guest.write(f"{BAR}<mpower-call heading-level=2></mpower-call><mpower-call call=bad></mpower-call>")
    )
    call = page.get_by_role("region", name="Three courses")
    await expect(call.get_by_role("heading", level=2)).to_have_attribute("lang", "en")
    await expect(call.locator("p")).to_have_attribute("lang", "es")
    await expect(call.locator("p")).to_have_text(HOSTILE)
    await expect(call.get_by_role("link", name="Take part")).to_have_attribute("href", CALLS[1]["url"])
    await expect(page.get_by_text("Do not")).to_be_visible()
    await expect(page.locator("mpower-call a")).to_have_count(1)
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.get_by_role("heading", name="Hiru ikastaro")).to_have_attribute("lang", "eu")


async def test_no_open_call_shows_nothing_and_what_a_server_wrote_is_kept(
    page: Page, guest: Guest, program: Program
) -> None:
    body = "<mpower-call></mpower-call><mpower-call><p><a href='/x'>Come</a></p></mpower-call>"
    await page.goto(guest.write(f"{body}<mpower-partners><ul><li>We</li></ul></mpower-partners>"))
    while "/calls.json" not in program.asked:
        await asyncio.sleep(0)
    await expect(page.locator("mpower-call").nth(1)).to_have_text("Come")
    await expect(page.locator("mpower-call").nth(0)).to_be_empty()
    await expect(page.locator("mpower-partners")).to_have_text("We")
    assert program.asked == ["/calls.json"]


async def test_the_partners_are_links_with_logos_in_boxes_that_do_not_move(
    page: Page, guest: Guest, program: Program
) -> None:
    logo = f"{program.url}/media/logo.png"
    program.lists = {
        "partners": [
            {"id": "a", "name": "Carbon Co-op", "url": "https://carbon.coop/", "logo": logo, "listed": True},
            {"id": "b", "name": HOSTILE, "url": "javascript:pwned()", "logo": None, "listed": True},
            {"id": "c", "name": "Guests", "url": "https://guests.example/", "logo": None, "listed": False},
        ]
    }
    await page.goto(guest.write("<mpower-partners></mpower-partners>"))
    picture = page.get_by_role("list").get_by_role("link", name="Carbon Co-op").get_by_role("img")
    await expect(picture).to_have_attribute("loading", "lazy")
    box = await picture.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (160, 64)
    await expect(page.get_by_role("listitem").nth(1)).to_have_text(HOSTILE)
    await expect(page.get_by_role("link")).to_have_count(1)


async def test_a_strip_without_partners_says_nothing(page: Page, guest: Guest, program: Program) -> None:
    program.lists = {"partners": [{"id": "c", "name": "Guests", "url": "", "logo": None, "listed": False}]}
    await page.goto(guest.write("<mpower-partners>We</mpower-partners>"))
    await expect(page.locator("mpower-partners")).to_have_text("")
