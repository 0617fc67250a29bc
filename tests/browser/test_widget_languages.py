"""<mpower-languages>: the elements change their language, and the page and the focus stay where they are."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from aggregator.store.stream import Translation
from tests.browser.guestsite import BAR, Guest, Program, more, rows, status
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


async def test_the_bar_changes_the_elements_and_leaves_the_page_and_the_focus_where_they_are(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items[0] = stream_item(0, translations={"eu": Translation("Etxe epelak", None, "editor")})
    await page.goto(guest.write(f"{BAR}<mpower-stream></mpower-stream>"))
    links = page.get_by_role("navigation", name="Language").get_by_role("link")
    assert await links.all_text_contents() == ["Euskara", "Hrvatski", "Français", "Deutsch", "Español", "English"]
    assert await links.evaluate_all("links => links.map((link) => link.lang + link.hreflang).join()") == (
        "eueu,hrhr,frfr,dede,eses,enen"
    )
    assert await links.nth(0).get_attribute("href") == "?lang=eu"
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await expect(rows(page)).to_have_count(10)
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    program.asked.clear()
    program.gate = asyncio.Event()
    await links.nth(0).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[aria-current=true]")).to_have_text("Euskara")
    await expect(rows(page)).to_have_count(20)  # what is there stays until the others come
    program.gate.set()
    await expect(page.get_by_role("heading", name="Etxe epelak")).to_be_visible()
    await expect(rows(page)).to_have_count(20)
    await expect(status(page)).to_have_text("20 albiste erakusten dira.")
    await expect(rows(page).nth(1).locator(".mpower-language")).to_have_text("ingelesa")
    await expect(page.locator(".mpower-more")).to_have_text("Kargatu gehiago")
    assert program.asked == ["/stream.json?prefer=eu&limit=20"]
    assert await page.evaluate("document.activeElement.hreflang + document.documentElement.lang") == "euen"
    assert await page.evaluate("told.filter(([name]) => name.includes(':'))") == [
        ["mpower-languages:change", {"language": "eu"}]
    ]
    await page.locator(".mpower-more").click()
    await expect(rows(page)).to_have_count(25)
    assert program.asked[1] == "/stream.json?prefer=eu&limit=10&cursor=01J00019"


async def test_of_two_choices_the_last_one_counts_in_whatever_order_words_come(page: Page, guest: Guest) -> None:
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/strings/fr.json", hold)
    await page.goto(guest.write(BAR))
    links = page.locator("mpower-languages a")
    await expect(links).to_have_count(6)
    async with page.expect_request("**/strings/fr.json"):
        await links.nth(2).click()
    await links.nth(3).click()
    await expect(page.locator("[aria-current=true]")).to_have_text("Deutsch")
    async with page.expect_request_finished(lambda request: request.url.endswith("fr.json")):
        await held[0].continue_()
    await page.evaluate("new Promise(setTimeout)")
    await expect(page.locator("[aria-current=true]")).to_have_text("Deutsch")
    await expect(page.get_by_role("navigation", name="Sprache")).to_be_visible()


async def test_a_bar_whose_words_cannot_be_had_keeps_the_pages_own(page: Page, guest: Guest) -> None:
    await page.route("**/strings/*.json", lambda route: route.abort())
    nav = '<nav aria-label="Tongue"><a href="/?x=eu" hreflang="eu" lang="eu">Euskara</a></nav>'
    await page.goto(guest.write(f"<mpower-languages>{nav}</mpower-languages>{BAR}"))
    await expect(page.get_by_role("navigation", name="Tongue")).to_have_count(1)
    await expect(page.locator("mpower-languages").nth(1).get_by_role("link")).to_have_count(6)
    await expect(page.get_by_role("navigation")).to_have_count(2)
    assert await page.locator("nav").nth(1).get_attribute("aria-label") is None


async def test_links_that_a_server_put_into_the_bar_are_kept_and_a_listener_may_refuse_the_change(
    page: Page, guest: Guest
) -> None:
    nav = '<nav><a href="/?x=eu" hreflang="eu" lang="eu">Euskara</a><a href="/?x=en" hreflang="en">English</a></nav>'
    url = guest.write(f"<mpower-languages>{nav}</mpower-languages><mpower-stream></mpower-stream>")
    await page.goto(url)
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(2)
    await page.evaluate("addEventListener('mpower-languages:change', (e) => e.preventDefault(), { once: true })")
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.get_by_role("link", name="Kargatu gehiago")).to_be_visible()
    assert page.url == url


async def test_bare_links_in_the_bar_keep_their_names(page: Page, guest: Guest) -> None:
    links = '<a href="/eu/" hreflang="eu" lang="eu">Euskara</a> <a href="/en/" hreflang="en" lang="en">English</a>'
    await page.goto(guest.write(f"<mpower-languages>{links}</mpower-languages>"))
    await expect(page.locator("[aria-current=true]")).to_have_text("English")
    await page.get_by_role("link", name="Euskara").click()
    await expect(page.locator("[aria-current=true]")).to_have_text("Euskara")
    await expect(page.locator("mpower-languages [aria-label]")).to_have_count(0)
