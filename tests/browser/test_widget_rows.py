"""The rows of <mpower-stream>: what is asked for, what each says, what a visitor can do with it."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from aggregator.store.about import About
from aggregator.store.stream import Translation
from tests.browser.guestsite import Guest, Program, more, rows, shown_ids, status, told
from tests.web.samples import stream_item

pytestmark = pytest.mark.browser


async def test_the_first_page_is_one_request(page: Page, guest: Guest, program: Program) -> None:
    program.items[1] = stream_item(1, language="eu", title="Etxe epelak")
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    assert program.asked == ["/stream.json?prefer=en"]
    assert await told(page) == ["load"]
    articles = page.locator("mpower-stream > ol > li > article[aria-labelledby][dir=auto]")
    await expect(articles).to_have_count(10)
    languages = await articles.evaluate_all("nodes => nodes.map(node => node.lang)")
    assert languages == [item.language for item in program.items[:10]]
    await expect(page.get_by_role("article", name="Warm homes 0")).to_have_count(1)
    await expect(page.get_by_role("heading", level=3, name="Etxe epelak")).to_be_visible()
    await expect(rows(page).nth(1).locator(".mpower-language")).to_have_text("Basque")
    await expect(rows(page).nth(0).locator("time")).to_have_attribute("datetime", "2026-11-23T09:00:00Z")


# How many rows came at a time, and how many were there when the page heard what was said to it at the first.
COMING = """window.coming = []; addEventListener("DOMContentLoaded", () => new MutationObserver((changes) => {
    const came = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node.matches?.(".mpower-row")).length;
    if (!came) return;
    if (coming.push(came) > 1) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.heard = document.querySelectorAll(".mpower-row").length; };
    port2.postMessage("here");
  }).observe(document.body, { childList: true, subtree: true }));"""


async def test_the_page_hears_its_visitor_between_the_first_rows(page: Page, guest: Guest) -> None:
    await page.add_init_script(COMING)
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(rows(page)).to_have_count(10)
    assert await page.evaluate("coming") == [1] * 10
    assert await page.evaluate("heard") < 10
    await more(page).click()
    await expect(rows(page)).to_have_count(20)
    assert await page.evaluate("coming") == [1] * 10 + [10]


async def test_another_choice_while_the_first_rows_come_leaves_none_of_the_old(
    page: Page, guest: Guest, program: Program
) -> None:
    for n in (12, 13, 14):
        program.items[n] = stream_item(n, tags=("wind",))
    await page.add_init_script(
        """addEventListener("DOMContentLoaded", () => new MutationObserver((_, observer) => {
          const stream = document.querySelector("mpower-stream");
          if (stream.querySelectorAll("li").length !== 2) return;
          observer.disconnect();
          stream.setAttribute("tag", "wind");
        }).observe(document.body, { childList: true, subtree: true }));"""
    )
    await page.goto(guest.write("<mpower-stream><a href=/stream>News</a></mpower-stream>"))
    await expect(status(page)).to_have_text("3 items are shown. That is all.")
    assert await shown_ids(page) == ["01J00012", "01J00013", "01J00014"]
    await expect(page.locator("mpower-stream > ol")).to_have_count(1)
    await expect(page.get_by_role("link", name="News")).to_have_count(0)


@pytest.mark.parametrize("is_there", [True, False])
async def test_cards_are_not_seen_as_a_list_before(page: Page, guest: Guest, program: Program, is_there: bool) -> None:
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await (route.continue_() if is_there else route.abort())

    await page.route("**/widget-extras.js", hold)
    async with page.expect_response("**/stream.json*"):
        await page.goto(guest.write("<mpower-stream layout=cards></mpower-stream>"))
    await page.wait_for_timeout(50)
    await expect(rows(page)).to_have_count(0)
    held.set()
    await expect(rows(page)).to_have_count(10)
    columns = await page.evaluate("getComputedStyle(document.querySelector('mpower-stream ol')).gridTemplateColumns")
    assert (len(columns.split()) > 1) is is_there


async def test_an_empty_stream_says_so(page: Page, guest: Guest, program: Program) -> None:
    program.items = []
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(status(page)).to_have_text("There is nothing here yet.")


async def test_attributes_ask_for_less_and_a_change_asks_again(page: Page, guest: Guest, program: Program) -> None:
    program.items[3] = stream_item(3, language="eu", tags=("solar",))
    tag = (
        '<mpower-stream tag="solar, wind" languages="eu fr" kind="article" limit="3" heading-level="2"></mpower-stream>'
    )
    await page.goto(guest.write(tag))
    await expect(rows(page)).to_have_count(1)
    assert program.asked == ["/stream.json?lang=eu&lang=fr&tag=solar&tag=wind&kind=article&prefer=en&limit=3"]
    await expect(page.get_by_role("heading", level=2, name="Warm homes 3")).to_be_visible()
    await page.evaluate(
        """() => { const stream = document.querySelector("mpower-stream");
        for (const name of ["tag", "languages", "kind"]) stream.removeAttribute(name); }"""
    )
    await expect(rows(page)).to_have_count(3)
    assert program.asked[1:] == ["/stream.json?prefer=en&limit=3"]


async def test_a_page_may_ask_for_the_first_rows_itself(page: Page, guest: Guest, program: Program) -> None:
    asked = ("/stream.json?tag=retrofit&amp;prefer=en&amp;limit=5", "/strings/en.json")
    links = (f'<link rel="preload" as="fetch" crossorigin href="%HOST%{address}">' for address in asked)
    script = '<script type="module" src="%HOST%/widget.js"></script>'
    words: list[str] = []
    page.on("request", lambda request: words.append(request.url) if "/strings/" in request.url else None)
    tag = "<mpower-stream tag=retrofit limit=5></mpower-stream>"
    await page.goto(guest.write(tag, head="".join(links) + script))
    await expect(rows(page)).to_have_count(5)
    assert program.asked == ["/stream.json?tag=retrofit&prefer=en&limit=5"]
    assert len(words) == 1


async def test_a_limit_out_of_range_is_brought_into_it(page: Page, guest: Guest, program: Program) -> None:
    limits = {"0": "&limit=1", "1000": "&limit=100", "many": ""}
    await page.goto(guest.write("".join(f"<mpower-stream limit={wished}></mpower-stream>" for wished in limits)))
    await expect(rows(page)).to_have_count(1 + len(program.items) + 10)
    assert sorted(program.asked) == sorted(f"/stream.json?prefer=en{asked}" for asked in limits.values())


async def test_two_elements_on_a_page_share_no_id(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream><mpower-stream layout=cards></mpower-stream>"))
    await expect(page.locator("mpower-stream li")).to_have_count(20)
    ids = await page.locator("[id]").evaluate_all("nodes => nodes.map(node => node.id)")
    assert len(ids) == len(set(ids)) == 20


async def test_a_warning_stands_before_text_and_picture_until_it_is_opened(
    page: Page, guest: Guest, program: Program
) -> None:
    warned = About(warning="Fire", is_sensitive=True)
    program.items = [stream_item(10, title=None, summary="A roof on fire.", image="c.webp", about=warned)]
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await expect(page.get_by_role("heading", name="Fire")).to_be_visible()
    words = page.get_by_text("A roof on fire.")
    await expect(words).to_be_hidden()
    await expect(page.locator("mpower-stream img")).to_have_count(0)
    await page.locator(".mpower-warning summary").focus()
    await page.keyboard.press("Enter")
    await expect(words).to_be_visible()


async def test_a_translation_is_labelled_and_the_original_is_one_step_away(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = [stream_item(0, translations={"eu": Translation("Etxe epelak", "Kalea epel dago.", "editor")})]
    await page.goto(guest.write("<mpower-stream lang=eu></mpower-stream>"))
    article = page.get_by_role("article", name="Etxe epelak")
    await expect(article).to_have_attribute("lang", "en")
    await expect(article.get_by_role("heading")).to_have_attribute("lang", "eu")
    await expect(article.get_by_text("Editore batek itzulia")).to_be_visible()
    await expect(article.locator("time")).to_have_text("2026(e)ko azaroaren 23(a)")
    original = article.get_by_text("Warm homes 0")
    await expect(original).to_be_hidden()
    await article.get_by_text("Erakutsi jatorrizkoa").click()
    await expect(original).to_be_visible()


async def test_a_page_may_keep_a_visitor_who_follows_an_item(page: Page, guest: Guest) -> None:
    url = guest.write("<mpower-stream></mpower-stream>")
    await page.goto(url)
    await page.evaluate("document.addEventListener('mpower-stream:open', (e) => e.preventDefault())")
    await page.get_by_role("link", name="Warm homes 2").click()
    assert await page.evaluate("told.at(-1)") == [
        "open", {"items": 10, "id": "01J00002", "url": "https://partner.example/2"},
    ]  # fmt: skip
    assert page.url == url


async def test_the_picture_leads_where_the_title_leads_and_words_can_be_selected(
    page: Page, guest: Guest, program: Program
) -> None:
    program.items = [
        stream_item(n, kind=kind, image="a.webp", image_width=960, image_height=640, summary="Forty houses, one pump.")
        for n, kind in enumerate(("article", "video"))
    ]
    await page.goto(guest.write("<mpower-stream></mpower-stream><mpower-stream layout=cards></mpower-stream>"))
    await expect(page.locator(".mpower-image")).to_have_count(4)
    met = await page.evaluate(
        """() => [".mpower-image", ".mpower-summary", ".mpower-meta time"].flatMap((part) =>
        [...document.querySelectorAll(part)].map((node) => { node.scrollIntoView({ block: "center" });
          const { x, y, width, height } = node.getBoundingClientRect();
          const met = document.elementFromPoint(x + width / 3, y + height / 2);
          return met === node ? "itself" : met.closest("a") && met.closest("[data-id]") === node.closest("[data-id]"); }))"""
    )
    assert met == [True] * 4 + ["itself"] * 8


async def test_a_page_whose_lists_float_has_load_more_below_the_rows(page: Page, guest: Guest) -> None:
    await page.goto(guest.write("<mpower-stream></mpower-stream>"))
    await page.evaluate(
        """() => { const sheet = new CSSStyleSheet(); sheet.replaceSync("li { float: left; inline-size: 9rem }");
        document.adoptedStyleSheets.unshift(sheet); }"""
    )
    await expect(rows(page)).to_have_count(10)
    assert await page.evaluate(
        """() => document.querySelector(".mpower-more").getBoundingClientRect().top
        >= Math.max(...[...document.querySelectorAll(".mpower-row")].map((row) => row.getBoundingClientRect().bottom))"""
    )
