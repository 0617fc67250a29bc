"""Load More and the way back: each item once, nothing moves, the focus is where one reads on."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from aggregator.store.stream import Image
from tests.browser.guestsite import Guest, Program, more, rows, shown_ids, status, told
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


async def test_load_more_keeps_every_node_and_moves_focus_to_the_first_new_item(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    await page.evaluate("window.before = [...document.querySelectorAll('mpower-stream li')]")
    await expect(more(page)).to_have_attribute("href", re.compile(r"/stream\?prefer=en&cursor=.*ui=en"))
    await more(page).focus()
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(20)
    assert await page.evaluate("before.every((row, n) => row === document.querySelectorAll('mpower-stream li')[n])")
    await expect(page.locator("[data-id='01J00010'] h3 a")).to_be_focused()
    await expect(status(page)).to_have_text("10 more items are shown.")
    assert await page.evaluate("told.at(-1)") == ["more", {"items": 20, "added": 10}]


async def test_a_walk_to_the_end_shows_each_item_once_and_says_that_it_is_the_end(
    page: Page, guest: Guest, program: Program
) -> None:
    program.overlap = 3
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    for count in (10, 20):
        await expect(rows(page)).to_have_count(count)
        await more(page).click()
    await expect(rows(page)).to_have_count(25)
    assert await shown_ids(page) == [item.id for item in program.items]
    await expect(page.locator(".mpower-more")).to_have_count(0)
    await expect(status(page)).to_have_text("5 more items are shown. That is all.")


async def test_the_link_waits_while_a_page_is_on_its_way(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    program.gate = asyncio.Event()
    await more(page).click()
    await expect(page.locator("mpower-stream ol")).to_have_attribute("aria-busy", "true")
    await expect(page.locator(".mpower-more")).to_have_attribute("aria-disabled", "true")
    await expect(status(page)).to_have_text("Loading…")
    await page.evaluate("document.querySelector('.mpower-more').click()")
    program.gate.set()
    await expect(rows(page)).to_have_count(20)
    assert len(program.asked) == 2
    await expect(page.locator("mpower-stream [aria-busy], mpower-stream [aria-disabled]")).to_have_count(0)


async def test_the_second_click_of_a_double_click_follows_no_row(page: Page, guest: Guest) -> None:
    at = guest.write("<mpower-stream></mpower-stream>")
    await page.goto(at)
    await expect(rows(page)).to_have_count(10)
    await page.evaluate(
        "for (const where of ['.mpower-more', '.mpower-title a']) document.querySelector(where).click()"
    )
    await expect(rows(page)).to_have_count(20)
    await expect(page.locator("mpower-stream [aria-busy]")).to_have_count(0)
    assert page.url == at
    assert await told(page) == ["load", "more"]


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_link_that_goes_away_leaves_the_focus_in_the_stream(
    page: Page, guest: Guest, program: Program, is_first: bool
) -> None:
    program.items = program.items[: 5 if is_first else 15]
    program.is_down = is_first
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    link = page.locator(".mpower-more")
    await link.focus()
    program.is_down = False
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(len(program.items))
    await expect(link).to_have_count(0)
    place = status(page) if is_first else rows(page).nth(10).locator("h3 a")
    await expect(place).to_be_focused()


@pytest.mark.parametrize(
    "room", ['<link rel="stylesheet" href="%HOST%/widget.css">', '<link rel="stylesheet" href="/town.css">']
)
async def test_nothing_moves_when_rows_or_pictures_come_or_more_is_loaded(
    page: Page, guest: Guest, program: Program, room: str
) -> None:
    guest.style = "mpower-stream { display: block; min-height: 100vh }"
    program.items = [
        stream_item(
            n,
            image=f"{n}.webp",
            image_width=960,
            image_height=640,
            image_colour="#0e5a45",
            images=(Image(f"small{n}.webp", 320, 213), Image(f"{n}.webp", 960, 640)),
        )
        if n % 2
        else stream_item(n)
        for n in range(25)
    ]
    await page.add_init_script(
        """window.shift = 0; new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    script = '<script type="module" src="%HOST%/widget.js"></script>'
    await page.goto(guest.write("<mpower-stream></mpower-stream>", head=room + script))
    await expect(rows(page)).to_have_count(10)
    await page.wait_for_function("document.images[0].currentSrc.endsWith('/media/small1.webp')")  # it is 12 rem wide
    await page.evaluate("document.querySelectorAll('img').forEach((picture) => { picture.loading = 'eager' })")
    await page.wait_for_function("[...document.images].every((picture) => picture.complete)")
    await page.evaluate("document.querySelector('.mpower-more').scrollIntoView({ block: 'end' })")
    top = await page.evaluate("scrollY")
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert await page.evaluate("scrollY") - top < 400
    assert await page.evaluate("shift") == 0


async def test_the_way_back_leads_to_the_same_rows_at_the_same_height(
    page: Page, guest: Guest, program: Program
) -> None:
    await page.goto(guest.write("<mpower-stream history=news></mpower-stream>"))
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    await expect(page).to_have_url(re.compile(r"/\?news=20$"))
    await page.evaluate("new Promise((done) => { addEventListener('scrollend', done); scrollTo(0, 1500); })")
    program.asked.clear()
    await page.reload()
    await expect(rows(page)).to_have_count(20)
    await expect(more(page)).not_to_have_attribute("aria-disabled", "true")
    assert await page.evaluate("scrollY") == 1500
    assert program.asked == ["/stream.json?prefer=en&limit=20"]
    await page.evaluate("new Promise((done) => { addEventListener('scrollend', done); scrollTo(0, 900); })")
    await more(page).dispatch_event("click")
    await expect(rows(page)).to_have_count(25)
    assert program.asked[1] == "/stream.json?prefer=en&limit=10&cursor=01J00019"
    await expect(page).to_have_url(re.compile(r"/\?news=25$"))
    await expect(status(page)).to_have_text("5 more items are shown. That is all.")


async def test_the_way_back_leads_to_the_same_rows_on_a_host_of_files(
    page: Page, guest: Guest, program: Program
) -> None:
    program.is_static = True
    await page.goto(guest.write("<mpower-stream history></mpower-stream>"))
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    await expect(page).to_have_url(re.compile(r"/\?mpower=20$"))
    await page.reload()
    await expect(rows(page)).to_have_count(20)
    await expect(more(page)).not_to_have_attribute("href", re.compile("limit="))
