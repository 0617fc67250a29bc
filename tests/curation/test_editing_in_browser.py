"""What editors change on a card in a real browser: language, tags, words and order, by key, by mouse, without script."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Route, expect
from sqlalchemy import select

from aggregator.model import Detection, TagMatch
from aggregator.store.tables import item_tag
from curation import pages
from curation.queue import read_queue
from curation.ranking import Order
from tests.curation.desk import SELECTED, Desk

pytestmark = pytest.mark.browser
UNSURE = {"detection": Detection("es", 0.5, "letters and source; also eu")}
NOTHING_SURE = {"detection": Detection("und", 0.2, "unclear, perhaps eu"), "tags": ()}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def part(desk: Desk, name: str, card: str = SELECTED) -> Any:
    return desk.page.locator(f'{card} [data-part="{name}"]')


async def tags_of(desk: Desk, item_id: str) -> dict[str, str]:
    async with desk.room.database.read() as connection:
        rows = await connection.execute(select(item_tag).where(item_tag.c.item_id == item_id))
        return {row.tag: row.origin for row in rows}


async def settled(desk: Desk, words: str) -> None:
    """Wait until the card says so, and whoever listens hears it."""
    await expect(part(desk, "deed")).to_have_text(words)
    await expect(desk.page.locator("#status")).to_contain_text(words)


async def sureness(desk: Desk) -> dict[str, str]:
    parts = {name: part(desk, name).first for name in ("spoken", "evidence", "unsure")}
    return {name: (await its.inner_text()).strip() for name, its in parts.items() if await its.is_visible()}


async def test_how_sure_a_language_is_and_what_it_went_by_is_read_on_the_card(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(refine=UNSURE)
    await desk.open("vera")
    said = {"spoken": "Spanish 50%", "evidence": "letters and source; also Basque", "unsure": "unsure:"}
    assert await sureness(desk) == said
    await desk.arrive(refine=NOTHING_SURE)
    await expect(desk.page.locator(".card")).to_have_count(2)
    await desk.keys("k")
    assert await sureness(desk) == {
        "spoken": "Language unknown",
        "evidence": "unclear, perhaps Basque",
        "unsure": "unsure:",
    }
    await desk.page.reload()
    assert (await sureness(desk))["evidence"] == "unclear, perhaps Basque"
    await desk.arrive()
    await expect(desk.page.locator(".card")).to_have_count(3)
    await desk.keys("kk")
    assert await sureness(desk) == {"spoken": "English 90%", "evidence": "test"}
    assert await part(desk, "speaking").count() == 0, "a viewer changes nothing"


async def test_one_key_sets_the_language_and_one_takes_it_back(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive(refine=UNSURE)
    await desk.open()
    await desk.keys("2")
    await settled(desk, "Language set to Basque.")
    assert await sureness(desk) == {
        "spoken": "Basque",
        "evidence": "set by an editor; recognised: Spanish 50%",
    }
    assert (await desk.row(item_id)).language == "eu"
    await desk.keys("12")
    await settled(desk, "Language set to Basque.")
    await desk.keys("zz")
    await settled(desk, "Undone: Language set to English.")
    assert (await desk.row(item_id)).language == "eu"
    await desk.keys("z")
    await settled(desk, "Undone: Language set to Basque.")
    assert await sureness(desk) == {
        "spoken": "Spanish 50%",
        "evidence": "letters and source; also Basque",
        "unsure": "unsure:",
    }
    assert (await desk.row(item_id)).overlay == {}
    await desk.keys("z")
    await expect(desk.page.locator("#toast")).to_have_text("There is nothing to undo.")


async def test_a_language_that_is_right_is_confirmed_by_its_key(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive(refine={"detection": Detection("eu", 0.4, "letters")})
    await desk.open()
    await desk.keys("2")
    await settled(desk, "Language set to Basque.")
    await expect(part(desk, "unsure")).to_be_hidden()
    assert (await desk.row(item_id)).overlay == {"language": "eu"}


async def test_whoever_corrects_and_approves_at_once_is_not_told_that_it_has_changed(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (first, second) = await desk.arrive(2, refine=UNSURE)
    await desk.open()
    await desk.keys("2a2a")
    await expect(desk.page.locator("#empty")).to_be_visible()
    await expect(desk.page.locator('[data-count="approved"]')).to_have_text("2")
    assert {(await desk.row(one)).language for one in (first, second)} == {"eu"}
    await desk.keys("zz")
    await settled(desk, "Undone: Language set to Basque.")
    assert sorted([(await desk.row(one)).language for one in (first, second)]) == ["es", "eu"]


async def test_any_language_is_set_from_the_cards_menu(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive(refine=UNSURE)
    await desk.open()
    await part(desk, "speaking").locator("summary").click()
    await desk.page.get_by_role("button", name="euskara").click()
    await settled(desk, "Language set to Basque.")
    await expect(part(desk, "asfound")).to_be_hidden()
    await desk.keys("l")
    await expect(part(desk, "othercode")).to_be_focused()
    await desk.page.keyboard.type("pt-br")
    await desk.page.keyboard.press("Enter")
    await settled(desk, "Language set to Brazilian Portuguese.")
    await expect(desk.page.locator(SELECTED)).to_be_focused()
    assert (await desk.row(item_id)).language == "pt-BR"
    await desk.keys("l")
    await desk.page.keyboard.type("Portuguese!")
    await desk.page.keyboard.press("Enter")
    await expect(part(desk, "notice")).to_have_text("Not saved: language: use a code such as eu or pt-BR")
    await desk.keys("l")
    await desk.page.keyboard.type("gl")
    await desk.page.keyboard.press("Enter")
    await settled(desk, "Language set to Galician.")
    await desk.keys("l")
    await desk.page.get_by_role("button", name="As recognised: Spanish 50%").click()
    await settled(desk, "Language as it was recognised.")
    assert (await desk.row(item_id)).overlay == {}


async def test_the_keys_of_the_languages_stand_in_the_help(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive()
    await desk.open()
    await desk.keys("?")
    await expect(desk.page.locator("#help")).to_contain_text("the language is 1 English 2 euskara")
    await desk.keys("2")
    await expect(part(desk, "told")).to_be_hidden()


async def test_tags_are_added_and_removed_by_keys(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive()
    await desk.open()
    chips = part(desk, "tags").locator("li")
    await expect(chips).to_have_text(["Solar power wordA word in the text: solar×"])
    await desk.keys("t")
    await desk.page.keyboard.type("wi")
    await desk.page.keyboard.press("Enter")
    await settled(desk, "Tag added: Wind power.")
    await expect(chips).to_have_text(
        ["Solar power wordA word in the text: solar×", "Wind power editorSet by an editor×"]
    )
    await expect(part(desk, "newtag")).to_be_focused()
    await expect(part(desk, "newtag")).to_have_value("")
    await desk.page.keyboard.type("gas")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#toast")).to_contain_text("There are: Solar power, Wind power.")
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator(SELECTED)).to_be_focused()
    remove = desk.page.get_by_role("button", name="Remove the tag Solar power")
    await remove.focus()
    await desk.page.keyboard.press("Enter")
    await settled(desk, "Tag removed: Solar power.")
    await expect(desk.page.get_by_role("button", name="Remove the tag Wind power")).to_be_focused()
    assert await tags_of(desk, item_id) == {"wind": "editor"}
    await desk.keys("zz")
    await settled(desk, "Undone: Tag added: Wind power.")
    assert await tags_of(desk, item_id) == {"solar": "word"}
    assert (await desk.row(item_id)).overlay == {}


async def test_tags_are_given_back_to_what_was_found(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive()
    await desk.open()
    await desk.page.get_by_role("button", name="Remove the tag Solar power").click()
    await settled(desk, "Tag removed: Solar power.")
    await part(desk, "tagging").locator("summary").click()
    await desk.page.get_by_role("button", name="As found").click()
    await settled(desk, "Tags as they were found.")
    assert await tags_of(desk, item_id) == {"solar": "word"}


async def test_title_and_summary_are_edited_and_given_back(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive()
    await desk.open()
    await desk.keys("e")
    await expect(part(desk, "newtitle")).to_have_value("News 1")
    await part(desk, "newtitle").fill("Better words")
    await desk.page.keyboard.press("Enter")
    await settled(desk, "Words changed.")
    await expect(desk.title()).to_have_text("Better words")
    await expect(desk.page.locator(SELECTED)).to_be_focused()
    assert set((await desk.row(item_id)).overlay) == {"title"}
    await desk.keys("e")
    await part(desk, "newsummary").fill("half written")
    await desk.page.keyboard.press("Escape")
    await desk.keys("e")
    await expect(part(desk, "newsummary")).not_to_have_value("half written")
    await desk.page.get_by_role("button", name="As the source has it").click()
    await settled(desk, "Words as the source has them.")
    await expect(desk.title()).to_have_text("News 1")
    await desk.keys("z")
    await settled(desk, "Undone: Words as the source has them.")
    await expect(desk.title()).to_have_text("Better words")


async def test_what_was_changed_meanwhile_is_not_changed_over_but_shown(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    (item_id,) = await desk.arrive()
    await desk.open()
    await desk.page.route("**/curation/events", lambda route: route.abort())
    await desk.change(item_id, title="Newer words")
    await expect(part(desk, "notice")).to_contain_text("has changed since")
    await desk.keys("2")
    await expect(part(desk, "notice")).to_contain_text("Changed meanwhile, so nothing was done.")
    await expect(desk.title()).to_have_text("Newer words")
    assert (await desk.row(item_id)).overlay == {}
    await desk.keys("2")
    await settled(desk, "Language set to Basque.")


async def test_what_cannot_be_saved_is_told_and_is_nothing_to_undo(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive()
    # Before the page is there: one that is open may send once more past what is put in its way.
    await desk.page.route("**/curation/api/items/*", lambda route: route.abort())
    await desk.open()
    await desk.keys("2")
    await expect(part(desk, "notice")).to_have_text("Not saved: The server cannot be reached.")
    await desk.keys("z")
    await expect(desk.page.locator("#toast")).to_have_text("There is nothing to undo.")


async def test_a_card_says_the_same_live_and_after_a_reload(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(refine=UNSURE)
    await desk.open()
    await desk.keys("2")
    await settled(desk, "Language set to Basque.")
    await desk.keys("t")
    await desk.page.keyboard.type("wind power")
    await desk.page.keyboard.press("Enter")
    await settled(desk, "Tag added: Wind power.")
    await desk.page.keyboard.press("Escape")
    facts = desk.page.locator(f"{SELECTED} .facts, {SELECTED} .meta, {SELECTED} .edits > details")
    # Told apart only by spaces, and by the date, which the script alone tells as people do.
    live = [" ".join(words.split()) for words in await facts.all_text_contents()]
    await desk.page.reload()
    await desk.listens()
    assert [" ".join(words.split()) for words in await facts.all_text_contents()] == live


# What the model says


@pytest.fixture
def thoughts() -> dict[str, Any]:
    """What is added to every item that the page fetches."""
    return {
        "likely": 0.83,
        "because": "like 14 approved from TNI about energy poverty",
        "suggested_tags": [{"tag": "wind", "confidence": 0.83}, {"tag": "solar", "confidence": 0.7}],
    }


async def think(desk: Desk, thoughts: dict[str, Any]) -> None:
    async def answer(route: Route) -> None:
        response = await route.fetch()
        body = await response.json()
        for one in body.get("items", [body.get("item", body)]):
            one["_mpower"] |= thoughts
        await route.fulfill(response=response, json=body)

    await desk.page.route("**/curation/api/items**", answer)


async def test_a_suggested_tag_is_taken_by_one_key_and_the_reason_is_in_words(
    seat: Callable[..., Any], thoughts: dict[str, Any]
) -> None:
    desk: Desk = await seat()
    await desk.open()
    await think(desk, thoughts)
    (item_id,) = await desk.arrive()
    await expect(part(desk, "because")).to_have_text("83% likely: like 14 approved from TNI about energy poverty")
    offer = desk.page.get_by_role("button", name="Add the suggested tag Wind power, 83% sure")
    await expect(offer).to_have_text("+ Wind power 83%")
    await expect(desk.page.locator(".suggested")).to_have_count(1)  # the other one is on it already
    await desk.keys("s")
    await settled(desk, "Tag added: Wind power.")
    await expect(offer).to_have_count(0)
    assert set(await tags_of(desk, item_id)) == {"solar", "wind"}
    await desk.keys("z")
    await expect(offer).to_be_visible()
    await offer.click()
    await settled(desk, "Tag added: Wind power.")


async def test_without_a_model_a_card_has_no_reason_and_no_suggestion(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive()
    await desk.open()
    await desk.arrive()
    for n in (1, 2):
        await expect(part(desk, "because", f".card:nth-child({n})")).to_be_hidden()
    await expect(desk.page.locator(".suggested")).to_have_count(0)
    await desk.keys("s")
    await expect(part(desk, "told")).to_be_hidden()


# The order of the queue


@pytest.fixture
def likeliest(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the queue is where a model has learnt enough."""

    async def read(connection: Any, *, order: Order | None, **asked: Any) -> Any:
        page = await read_queue(connection, order=Order.NEWEST, **asked)
        if order is Order.NEWEST:
            return page
        return replace(page, order=Order.LIKELY, order_note="By 31 decisions.", items=page.items[::-1])

    monkeypatch.setattr(pages, "read_queue", read)


async def test_the_order_is_said_switched_and_kept_in_the_address(seat: Callable[..., Any], likeliest: None) -> None:
    desk: Desk = await seat(java_script_enabled=False)
    for count in (2, 1, 23, 1):  # what comes together has no order
        await desk.arrive(count)
    await desk.sign_in()
    page = desk.page
    await expect(page.locator("#order-note")).to_have_text("By 31 decisions.")
    current = page.locator('[aria-label="Order"] [aria-current]')
    await expect(current).to_have_text("Likeliest first")
    await expect(page.locator(".card h2").first).to_have_text("News 3")
    await page.get_by_role("link", name="Newest first").click()
    await expect(current).to_have_text("Newest first")
    await expect(page.locator(".card h2").first).to_have_text("News 27")
    await page.get_by_role("link", name="Older ones").click()
    assert "order=newest" in page.url
    await page.get_by_role("button", name="Approve").first.click()
    assert "order=newest" in page.url
    await expect(current).to_have_text("Newest first")
    await page.get_by_role("link", name="Back to the newest").click()
    assert "order=newest" in page.url


async def test_what_arrives_in_a_queue_by_likelihood_joins_at_the_top_and_moves_nobody(
    seat: Callable[..., Any], likeliest: None
) -> None:
    desk: Desk = await seat(viewport={"width": 1000, "height": 700})
    await desk.arrive(27)
    await desk.open()
    await desk.keys("jj")
    title, before = await desk.title().text_content(), await desk.top(SELECTED)
    await desk.arrive()
    await desk.arrive()
    await expect(desk.page.locator("#news")).to_have_text("2 new ↑")
    await expect(desk.title()).to_have_text(title or "")
    await expect(desk.page.locator(SELECTED)).to_be_focused()
    assert await desk.top(SELECTED) == pytest.approx(before, abs=1)
    await desk.keys("n")
    await expect(desk.page.locator(".card h2").nth(0)).to_have_text("News 29")
    await expect(desk.page.locator(".card h2").nth(1)).to_have_text("News 28")


async def test_what_waits_on_further_pages_of_a_queue_by_likelihood_is_no_news(
    seat: Callable[..., Any], likeliest: None
) -> None:
    desk: Desk = await seat()
    (oldest,) = await desk.arrive()
    await desk.arrive(26)
    await desk.open()
    await desk.change(oldest, summary="Other words")
    await desk.arrive()
    await expect(desk.page.locator("#news")).to_have_text("1 new ↑")
    await desk.arrive()
    await expect(desk.page.locator("#news")).to_have_text("2 new ↑")
    await expect(desk.page.locator(".card")).to_have_count(27)
    await expect(desk.page.locator(f"#item-{oldest}")).to_have_count(0)


# Without script, and in small windows


async def test_everything_can_be_changed_without_script(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(java_script_enabled=False)
    (item_id,) = await desk.arrive(refine=UNSURE, title="Solar news")
    await desk.sign_in()
    page, card = desk.page, f"#item-{item_id}"
    said = page.locator(".note.good")
    await page.locator(f'{card} [data-part="speaking"] summary').click()
    await page.get_by_role("button", name="euskara").click()
    await expect(said).to_contain_text("Language set. Solar news")
    await expect(page.locator(card)).to_contain_text("set by an editor; recognised: Spanish 50%")
    assert page.url.endswith(card)
    await page.locator(f'{card} [data-part="speaking"] summary').click()
    await page.locator(f'{card} [data-part="othercode"]').fill("pt-BR")
    await page.keyboard.press("Enter")
    await expect(page.locator(card)).to_contain_text("Portuguese (Brazil)")
    await page.locator(f'{card} [data-part="speaking"] summary').click()
    await page.get_by_role("button", name="As recognised").click()
    await expect(page.locator(card)).to_contain_text("Spanish 50%")
    await page.locator(f'{card} [data-part="tagging"] summary').click()
    await page.locator(f'{card} [data-part="newtag"]').fill("Wind power")
    await page.keyboard.press("Enter")
    await expect(said).to_contain_text("Tags changed. Solar news")
    await page.get_by_role("button", name="Remove the tag Solar power").click()
    assert await tags_of(desk, item_id) == {"wind": "editor"}
    await page.locator(f'{card} [data-part="tagging"] summary').click()
    await page.get_by_role("button", name="As found").click()
    assert await tags_of(desk, item_id) == {"solar": "word"}
    await page.locator(f'{card} [data-part="wording"] summary').click()
    await page.locator(f'{card} [data-part="newtitle"]').fill("Better words")
    await page.get_by_role("button", name="Save").click()
    await expect(said).to_contain_text("Words changed. Better words")
    await page.locator(f'{card} [data-part="wording"] summary').click()
    await page.get_by_role("button", name="As the source has it").click()
    await expect(said).to_contain_text("Words changed. Solar news")
    assert (await desk.row(item_id)).overlay == {}


async def test_nothing_that_opens_is_wider_than_a_small_window(
    seat: Callable[..., Any], thoughts: dict[str, Any]
) -> None:
    desk: Desk = await seat(viewport={"width": 320, "height": 640})
    await desk.open()
    await think(
        desk,
        thoughts
        | {
            "suggested_tags": [{"tag": "w" * 63, "confidence": 0.8}],
            "story_items": [
                {
                    "item": "x",
                    "partner": "a-partner-of-a-long-name",
                    "language": "es",
                    "title": "Title " * 40,
                    "state": "approved",
                }
            ],
        },
    )
    long_tag = {"tags": (TagMatch("a" * 63, "word", "b" * 80),)}
    await desk.arrive(refine=UNSURE | long_tag, title="A title as long as titles are " * 4)
    for name in ("speaking", "tagging", "joining", "wording"):
        await part(desk, name).locator("> summary").click()
    await desk.keys("2")
    await settled(desk, "Language set to Basque.")
    buttons = desk.page.locator(f"{SELECTED} button:visible, {SELECTED} input:visible")
    for width in (320, 700):
        await desk.narrow(width)
        await part(desk, "tags").locator("li").first.hover()
        assert await desk.page.evaluate("document.documentElement.scrollWidth") <= width
        small = await buttons.evaluate_all(
            """nodes => nodes.map(node => [node.outerHTML.slice(0, 90), node.getBoundingClientRect()])
                .filter(([, { width, height }]) => width && (width < 24 || height < 24)).map(([what]) => what)"""
        )
        assert small == []


# Of every text on the page, the ratio of its colour to the ground below it, where that is less than 4.5 (WCAG 2.2, AA).
FAINT = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return /, 0\\)$/.test(colour) && node.parentElement ? ground(node.parentElement) : colour;
  };
  const isText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  return [...document.querySelectorAll("main *")].filter((node) => isText(node) && node.getClientRects().length)
    .map((node) => {
      const [upper, lower] = [getComputedStyle(node).color, ground(node)].map(light).sort((a, b) => b - a);
      return [node.textContent, (upper + 0.05) / (lower + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""


async def test_all_that_is_said_can_be_read_in_both_schemes(seat: Callable[..., Any], thoughts: dict[str, Any]) -> None:
    desk: Desk = await seat()
    await desk.open()
    other = {"item": "x", "partner": "city", "language": "es", "title": "Title", "state": "approved"}
    await think(desk, thoughts | {"story_items": [other], "story_why": [{"item": "x", "why": "same address"}]})
    await desk.arrive(2, refine=UNSURE)
    await expect(desk.page.locator(".card")).to_have_count(2)
    await desk.keys("2")
    await settled(desk, "Language set to Basque.")
    for name in ("speaking", "tagging", "joining", "wording"):
        await part(desk, name).locator("> summary").click()
    await expect(desk.page.locator(".unsure:visible")).to_have_count(1)
    grounds: set[str] = set()
    for scheme in ("light", "dark"):
        await desk.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert await desk.page.evaluate(FAINT) == [], scheme
        grounds.add(await desk.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


async def test_a_hostile_answer_does_nothing_in_the_page(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.open()
    hostile = '"><img src=http://evil.example/x onerror="document.title=1"><script>document.title=1</script>'
    other = {"item": hostile, "partner": hostile, "language": hostile, "title": hostile, "state": hostile}
    said = {
        "because": hostile,
        "story_why": [{"item": hostile, "why": hostile}],
        "suggested_tags": [{"tag": hostile, "confidence": 1}],
    }
    await think(desk, said | {"story_items": [other], "language_evidence": hostile})
    await desk.arrive()
    await expect(part(desk, "because")).to_have_text(hostile)
    await expect(part(desk, "standing")).to_have_text(f"{hostile} · {hostile}")
    link = await part(desk, "companion").get_attribute("href")
    assert json.dumps(link).startswith('"/curation/items/%22')
    await desk.keys("s")
    await expect(desk.page.locator("#toast")).to_contain_text("is not how one tag alone begins")
    await expect(desk.page).to_have_title("Waiting · A stream")
