"""The widget beside hostile words and strict hosts: text stays text, and nobody but our host is asked."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from aggregator.store.stream import AlsoOn, Translation
from tests.browser.guestsite import HOSTILE, Guest, Program, rows
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


async def test_hostile_text_stays_text(page: Page, guest: Guest, program: Program) -> None:
    program.items = [
        stream_item(
            0,
            title=HOSTILE,
            summary=HOSTILE,
            url=f"javascript:{HOSTILE}",
            tags=(HOSTILE,),
            partner=HOSTILE,
            kind=HOSTILE,
            image=f'"{HOSTILE}',
            image_alt=HOSTILE,
            also_on=(AlsoOn("x", HOSTILE, "data:text/html,<script>parent.pwned = 1</script>", "en"),),
        ),
        stream_item(1, language="eu", translations={"en": Translation(HOSTILE, HOSTILE, HOSTILE)}),
    ]
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(2)
    await expect(page.locator("mpower-stream script, mpower-stream [onerror]")).to_have_count(0)
    await expect(rows(page).nth(0).locator("a")).to_have_count(0)
    await expect(rows(page).nth(1).locator(".mpower-title")).to_have_text(HOSTILE)
    assert await page.evaluate("window.pwned") is None


async def test_no_host_but_ours_is_asked_and_nothing_is_stored(page: Page, guest: Guest, program: Program) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    await page.goto(guest.write("<mpower-stream lang=hr></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    guests = str(guest.server.make_url("")).rstrip("/")
    assert {host for host in hosts if host.startswith("http")} == {program.url, guests}
    assert await page.context.cookies() == []
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
