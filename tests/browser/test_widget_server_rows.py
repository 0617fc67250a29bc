"""Rows that a server wrote: they need no script, are led on from, and are those that the widget makes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from aggregator.model import Author, Card, Quote
from aggregator.store.about import About
from aggregator.store.stream import AlsoOn, Image, Translation
from tests.browser.guestsite import HOSTILE, Guest, Program, more, rows, server_rows, told
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


async def test_rows_from_the_server_need_no_script(page: Page, guest: Guest, program: Program) -> None:
    assert page.context.browser is not None
    context = await page.context.browser.new_context(java_script_enabled=False)
    try:
        plain = await context.new_page()
        await plain.goto(guest.write(server_rows(program)))
        await expect(plain.get_by_role("article")).to_have_count(10)
        await expect(plain.get_by_role("link", name="Load more")).to_have_attribute(
            "href", f"{program.url}/embed?ui=en&cursor=01J00009".replace("/embed", "/stream")
        )
    finally:
        await context.close()


async def test_rows_from_the_server_are_kept_and_led_on_from(page: Page, guest: Guest, program: Program) -> None:
    await page.goto(guest.write(server_rows(program), head=""))
    await page.evaluate("window.before = [...document.querySelectorAll('mpower-stream li')]")
    await page.evaluate("(url) => import(url).then(() => {})", f"{program.url}/widget.js")
    assert await told(page) == ["load"]
    program.asked.clear()  # being live, the element looked once for what is newer
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert "/stream.json?prefer=en&cursor=01J00009" in program.asked
    assert await page.evaluate("before.every((row) => row.isConnected)")
    await expect(page.locator("[data-id='01J00010'] h3 a")).to_be_focused()


COPIES = (Image("a.webp", 320, 213), Image("b.webp", 960, 640))
FAIR, LATE = datetime(2026, 12, 4, 17, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC)
QUOTE = Quote("https://social.example/9", Author("The neighbours", None), "Come along!")
SOCIAL = (
    stream_item(
        10, title=None, summary="A roof on fire.", image="c.webp", about=About(warning="Fire", is_sensitive=True)
    ),
    stream_item(11, title=None, about=About(is_sensitive=True, card=Card("https://tni.example/"), quote=QUOTE)),
    stream_item(
        12, title=None, about=About(boosted_by=Author("Town hall"), card=Card("https://tni.example/", "A report"))
    ),
    stream_item(13, title=None, about=About(quote=QUOTE, card=Card("javascript:pwned()", HOSTILE, HOSTILE))),
    stream_item(14, about=About(quote=Quote("https://social.example/8", None, HOSTILE), place=HOSTILE)),
    stream_item(15, kind="event", starts_at=FAIR, ends_at=FAIR + timedelta(hours=2), about=About(place="Old hall")),
    stream_item(16, kind="event", starts_at=FAIR, ends_at=FAIR + timedelta(hours=20)),
    stream_item(17, kind="event", starts_at=FAIR, ends_at=FAIR),
    stream_item(18, kind="event", starts_at=LATE, ends_at=LATE + timedelta(days=1)),
    stream_item(19, kind="event", starts_at=LATE, ends_at=LATE + timedelta(days=3), language="es"),
)


ELSEWHERE = (
    AlsoOn("x", "tni", "https://tni.example/", "es"),
    AlsoOn("y", "ehu", None, "en"),
    AlsoOn("z", "tni", "https://www.tni.example:8443/www.news", "en"),
    AlsoOn("q", "tni", "http://tni.example?id=7", "en"),
)


async def test_the_widget_makes_the_rows_that_the_server_makes(page: Page, guest: Guest, program: Program) -> None:
    program.items = [
        stream_item(
            0,
            pinned=True,
            image="a.webp",
            image_alt="A street",
            image_width=960,
            image_height=640,
            images=(Image("s.webp", 320, 213), Image("a.webp", 960, 640)),
            image_colour="#0e5a45",
        ),
        stream_item(1, title=None, summary="Registration is open now. Six weeks, three towns."),
        stream_item(2, title=None, summary="word " * 60, language="fr", tags=()),
        stream_item(3, title=None, summary="", url=None, partner="tni", image="b.webp", kind="video"),
        stream_item(4, language="und", tags=("solar", "unknown"), kind="video"),
        stream_item(5, partner="tni", also_on=ELSEWHERE),
        stream_item(6, language="pt-BR", translations={"eu": Translation("Etxe epelak", None, "editor")}),
        stream_item(7, title=None, language="de", translations={"eu": Translation(None, "Kalea epel dago.", "editor")}),
        stream_item(8, title=HOSTILE, summary=HOSTILE, url="javascript:pwned()"),
        stream_item(9, kind="video", image="b.webp", images=COPIES, image_colour="#0e5a45"),
    ]
    await assert_same_rows(page, guest, program)


async def test_the_widget_makes_the_rows_of_posts_and_events_that_the_server_makes(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = list(SOCIAL)
    await assert_same_rows(page, guest, program)


async def assert_same_rows(page: Page, guest: Guest, program: Program) -> None:
    """In each of these languages: a server's rows and the widget's stand on one page, language by language."""
    languages = ("en", "eu", "hr")
    pairs = [server_rows(program, one) + f"<mpower-stream lang={one}></mpower-stream>" for one in languages]
    await page.goto(guest.write("".join(pairs)))
    # Space between blocks, the order of attributes and the number in an id are no difference; words and structure are.
    normal = """rows => rows.map(row => {
      const show = (node) => node.nodeType === 3 ? node.data.replace(/\\s+/g, " ")
        : `<${node.localName} ${[...node.attributes].map(a => a.name + "=" + a.value.replace(/^mpower-\\d+-/, "mpower-N-")).sort()}>`
          + [...node.childNodes].map(show).join("") + `</${node.localName}>`;
      return show(row).replace(/> (?=<)/g, ">").replace(/ (?=<\\/?(li|p|div))/g, "").trim();
    })"""
    streams = page.locator("mpower-stream")
    for number, language in enumerate(languages):
        theirs, ours = (streams.nth(2 * number + n).locator("li") for n in range(2))
        await expect(ours).to_have_count(len(program.items))
        for made, written in zip(await ours.evaluate_all(normal), await theirs.evaluate_all(normal), strict=True):
            assert made == written, language
