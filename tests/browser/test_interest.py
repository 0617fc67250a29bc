"""The form of a call in a real browser, by keyboard alone and without script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from aggregator.machine import Machine
from aggregator.settings import Settings
from aggregator.store.interest import read_entries
from tests.conftest import Clock
from tests.serving import serving
from tests.web.test_interest import CALLS

pytestmark = pytest.mark.browser
KEYS = {"Tab", "Enter", "Space", "End"}
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.sources.write_text(settings.sources.read_text() + CALLS)
    return settings


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def focused(page: Page) -> str:
    """The name of what has the focus, and its value where several have that name."""
    names = "one.type === 'checkbox' ? `${one.name} ${one.value}` : one.name || one.type"
    return str(await page.evaluate(f"(one => {names})(document.activeElement)"))


async def press(page: Page, *keys: str) -> None:
    """One key after the other; what is no key's name is typed."""
    for key in keys:
        await (page.keyboard.press(key) if key in KEYS else page.keyboard.type(key))


async def test_the_form_is_filled_in_mended_and_sent_by_keyboard_without_script(
    machine: Machine, clock: Clock, browser: Browser, screenshots: Path
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 800})
    page = await context.new_page()
    async with serving(machine) as address:
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        await page.goto(f"{address}/?lang=en")
        await page.get_by_role("link", name="Take part").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Three <courses>")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        # Every field, in order, and nothing of the one that people must not fill in.
        await press(page, *["Tab"] * 4)  # the name of the site, the languages
        order = [await focused(page) for _ in range(9) if await press(page, "Tab") is None]
        assert order == [
            "name", "organisation", "town", "country", "email", "option heat", "option grid", "consent yes", "submit",
        ]  # fmt: skip
        trap = await page.locator("input[name=homepage]").bounding_box()
        assert trap is None or trap["x"] + trap["width"] < 0
        assert await page.get_by_role("textbox").count() == 4
        clock.forward(seconds=30)
        await page.keyboard.press("Enter")
        # The mistakes have the focus, and each leads to its field.
        await expect(page).to_have_title("Error: Three <courses> · Test stream")
        summary = page.get_by_role("region", name="Please check these points")
        await expect(summary).to_be_focused()
        assert await summary.get_by_role("link").count() == 6
        await page.screenshot(path=screenshots / "interest-320.png", full_page=True)
        await press(page, "Tab", "Enter")
        await expect(page.get_by_label("Your name")).to_be_focused()
        await expect(page.get_by_label("Your name")).to_have_accessible_description("Error: Please fill in: Your name.")
        assert await page.evaluate(OUTLINE) != "none"
        await press(
            page,
            "Ane Etxeberria",
            "Tab",
            "Tab",
            "Zarautz",
            "Tab",
            "Spai",
            "Tab",
            "ane@zarautz",
            "Tab",
            "Tab",
            "Space",
            "Tab",
            "Space",
            "Enter",
        )
        # What was right is kept.
        await expect(summary.get_by_role("link")).to_have_count(1)
        await expect(page.get_by_label("Your name")).to_have_value("Ane Etxeberria")
        await expect(page.get_by_label("Country")).to_have_value("ES")
        await expect(page.get_by_label("Grids")).to_be_checked()
        await expect(page.get_by_label("Heat")).not_to_be_checked()
        await expect(page.get_by_label("I agree")).to_be_checked()
        await press(page, "Tab", "Enter", "End", ".example", "Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for your interest")
        await page.reload()
        async with machine.database.read() as connection:
            (entry,) = await read_entries(connection, "courses", clock())
        assert (entry.email, entry.options, entry.country) == ("ane@zarautz.example", ("grid",), "ES")
        assert hosts == {address.removeprefix("http://")}
        assert await context.cookies() == []
    await context.close()


async def test_the_longest_word_of_an_option_breaks_in_the_smallest_window(
    machine: Machine, browser_page: Page
) -> None:
    await browser_page.set_viewport_size({"width": 320, "height": 640})
    async with serving(machine) as address:
        await browser_page.goto(f"{address}/interest/courses?ui=de")
        for words in (".tick label", ".field > label", ".field legend", "#wording"):
            await browser_page.locator(words).first.evaluate(
                "one => { one.textContent = 'Donaudampfschiff'.repeat(9) }"
            )
            for direction in ("ltr", "rtl"):
                await browser_page.evaluate(f"document.documentElement.dir = '{direction}'")
                assert await browser_page.evaluate("document.documentElement.scrollWidth") <= 320, (words, direction)
