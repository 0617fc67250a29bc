"""What the widget leaves out: by a visitor's choice, by its attributes, and at a host that filters nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.guestsite import HOSTILE, Guest, Program, more, rows, shown_ids, status
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


async def test_filters_that_nothing_fits_are_not_an_empty_stream(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream tag=nuclear></mpower-stream>"))
    await expect(status(page)).to_have_text("Nothing fits these filters.")


async def test_a_visitor_filters_by_language_topic_and_partner(page: Page, guest: Guest, program: Program) -> None:
    program.items[3] = stream_item(3, tags=("solar",))
    program.lists = {
        "tags": [{"id": "solar", "label": {"en": "Solar energy"}, "count": 1}, {"id": "none", "label": {}, "count": 0}],
        "languages": {"en": 24, "eu": 1},
        "partners": [{"id": "tni", "name": HOSTILE, "count": 2}],
    }
    await page.goto(guest.write("<mpower-stream filters></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    assert len(program.asked) == 1
    await page.get_by_text("Filter", exact=True).click()
    topic = page.get_by_label("Topic")
    assert await topic.locator("option").all_text_contents() == ["All", "Solar energy (1)"]
    assert await page.get_by_label("Language").locator("option").all_text_contents() == [
        "All", "English (24)", "Basque (1)",
    ]  # fmt: skip
    await expect(page.get_by_label("Partner").locator("option").nth(1)).to_have_text(f"{HOSTILE} (2)")
    await topic.focus()
    await topic.select_option("solar")
    await expect(status(page)).to_have_text("1 item is shown. That is all.")
    await expect(topic).to_be_focused()
    assert await shown_ids(page) == ["01J00003"]
    await topic.select_option("")
    await expect(rows(page)).to_have_count(10)


async def test_a_host_of_files_is_filtered_here_and_has_no_events(page: Page, guest: Guest, program: Program) -> None:
    program.is_static = True
    for number in (4, 13, 24):
        program.items[number] = stream_item(number, language="pt-BR", tags=("solar",))
    await page.goto(guest.write("<mpower-stream live languages=pt tag='solar x' limit=2></mpower-stream>"))
    await expect(rows(page)).to_have_count(2)
    assert await shown_ids(page) == ["01J00004", "01J00013"]
    await more(page).click()
    await expect(status(page)).to_have_text("1 more item is shown. That is all.")
    assert await shown_ids(page) == ["01J00004", "01J00013", "01J00024"]
    assert program.listeners == set()
