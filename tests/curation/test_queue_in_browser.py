"""The open queue in a real browser: what arrives, what keys do, what happens elsewhere, and the same without script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Route, expect
from sqlalchemy import select

from aggregator.model import Author, Card, Happening, Quote
from aggregator.store.tables import decision
from curation.decisions import decide
from tests.curation.desk import SELECTED, Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def test_what_a_post_says_beyond_its_words_is_the_same_live_and_after_a_reload(seat: Callable[..., Any]) -> None:
    desk = await seat()
    await desk.open()
    begins = datetime(2026, 12, 4, 17, tzinfo=UTC)
    await desk.arrive(
        warning="Fire",
        is_sensitive=True,
        boosted_by=Author("Town hall"),
        card=Card("https://tni.example/report", "A report"),
        quote=Quote("https://social.example/9", Author("The neighbours"), "Come along!"),
        happening=Happening(begins, begins + timedelta(hours=2), "Old hall"),
    )
    about = desk.page.locator('.card [data-part="about"]')
    said = (
        "Warning: Fire · Begins 2026-12-04 17:00 UTC · Ends 2026-12-04 19:00 UTC · Place: Old hall · "
        "Shared by Town hall · Links to: A report · Quotes The neighbours: Come along!"
    )
    await expect(about).to_have_text(said)
    await desk.page.reload()
    await expect(about).to_have_text(said)


@pytest.mark.parametrize("count", [1, 12], ids=["a page that does not scroll", "a long page"])
async def test_what_arrives_moves_neither_the_page_nor_the_selection(seat: Callable[..., Any], count: int) -> None:
    desk: Desk = await seat(viewport={"width": 1000, "height": 900})
    await desk.arrive(count)
    await desk.open()
    await desk.keys("j")
    title = await desk.title().text_content()
    before = await desk.top(SELECTED)
    await desk.arrive(2)
    await expect(desk.page.locator("#news")).to_have_text("2 new ↑")
    await expect(desk.title()).to_have_text(title or "")
    assert await desk.top(SELECTED) == pytest.approx(before, abs=1)
    await expect(desk.page.locator('[data-count="waiting"]')).to_have_text(str(count + 2))
    await desk.keys("n")
    await expect(desk.page.locator("#news")).to_be_hidden()
    await expect(desk.page.locator(f".card:first-child{SELECTED}")).to_be_visible()


async def test_the_first_arrival_in_an_empty_queue_is_selected(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.open()
    await expect(desk.page.locator("#empty")).to_be_visible()
    await desk.arrive()
    await expect(desk.title()).to_have_text("News 1")
    await expect(desk.page.locator("#empty")).to_be_hidden()
    await desk.keys("a")
    await expect(desk.page.locator(".done")).to_contain_text("Approved News 1")
    await expect(desk.page.locator("#empty")).to_be_visible()
    assert await desk.states() == {"News 1": "approved"}


async def test_keys_decide_and_take_back(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    for _ in range(4):
        await desk.arrive()
    await desk.open()
    await expect(desk.title()).to_have_text("News 4")
    await desk.keys("jja")
    await expect(desk.page.locator(".done")).to_contain_text("Approved News 2")
    await expect(desk.title()).to_have_text("News 1")
    await desk.keys("k")
    await expect(desk.title()).to_have_text("News 3")
    await desk.keys("r")
    await desk.page.keyboard.type("a jazz reason")
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator(f"{SELECTED} [data-part=reason]")).to_be_hidden()
    await desk.keys("r")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".done")).to_contain_text("Rejected News 3")
    await expect(desk.page.locator('[data-count="rejected"]')).to_have_text("1")
    assert await desk.states() == {
        "News 1": "waiting",
        "News 2": "approved",
        "News 3": "rejected",
        "News 4": "waiting",
    }
    await desk.keys("zz")
    await expect(desk.title()).to_have_text("News 2")
    await expect(desk.page.locator(".card h2")).to_have_text(["News 4", "News 3", "News 2", "News 1"])
    await expect(desk.page.locator('[data-count="waiting"]')).to_have_text("4")
    assert set((await desk.states()).values()) == {"waiting"}
    async with desk.room.database.read() as connection:
        reasons = [
            row.reason for row in await connection.execute(select(decision).where(decision.c.action == "reject"))
        ]
    assert reasons == ["a jazz reason"]


async def test_undoing_twice_ends_at_the_card_asked_for_last_though_the_first_answer_is_late(
    seat: Callable[..., Any],
) -> None:
    desk: Desk = await seat()
    for _ in range(3):
        await desk.arrive()
    await desk.open()
    await desk.keys("ja")
    await expect(desk.page.locator(".done")).to_contain_text("Approved News 2")
    await desk.keys("a")
    await expect(desk.page.locator(".done")).to_contain_text("Approved News 1")
    is_first = iter([True])

    async def answer(route: Route) -> None:
        if "undo" in (route.request.post_data or "") and next(is_first, False):
            await asyncio.sleep(0.5)
        await route.continue_()

    await desk.page.route("**/decision", answer)
    await desk.keys("zz")
    await expect(desk.page.locator(".done")).to_have_count(0)
    await expect(desk.title()).to_have_text("News 2")
    assert set((await desk.states()).values()) == {"waiting"}


async def test_a_reason_that_could_not_be_saved_is_still_there(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(2)
    await desk.open()
    title = await desk.title().text_content()
    await desk.page.route("**/decision", lambda route: route.abort())
    await desk.keys("r")
    await desk.page.keyboard.type("not our topic")
    await desk.page.keyboard.press("Enter")
    shown, field = desk.page.locator(SELECTED), desk.page.locator(f"{SELECTED} [data-part=reason]")
    await expect(shown.locator("[data-part=notice]")).to_have_text("Not saved: The server cannot be reached.")
    await expect(desk.title()).to_have_text(title or "")
    await expect(field).to_be_visible()
    await expect(field).to_have_value("not our topic")
    await desk.page.unroute("**/decision")
    await desk.keys("r")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".done")).to_contain_text(f"Rejected {title}")
    async with desk.room.database.read() as connection:
        assert [row.reason for row in await connection.execute(select(decision))] == ["not our topic"]
    await desk.keys("zr")
    await expect(desk.title()).to_have_text(title or "")
    await expect(desk.page.locator(f"{SELECTED} [data-part=reason]")).to_have_value("")


async def test_an_undo_of_nothing_is_answered(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive()
    await desk.open()
    await desk.keys("z")
    await expect(desk.page.locator("#toast")).to_have_text("There is nothing to undo.")


async def test_keys_go_on_to_older_ones(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(27)
    await desk.open()
    await desk.keys("j" * 24)
    await expect(desk.page.locator(f".card:nth-child(25){SELECTED}")).to_be_visible()
    await desk.keys("j")
    await expect(desk.page.locator(f".card:nth-child(26){SELECTED}")).to_be_visible()
    await desk.keys("jj")
    await expect(desk.page.locator(f".card:nth-child(27):last-child{SELECTED}")).to_be_visible()


async def test_whoever_went_up_is_told_no_more_of_what_is_new(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(viewport={"width": 1000, "height": 500})
    await desk.arrive(4)
    await desk.open()
    await desk.keys("jj")
    await desk.arrive(6)
    await expect(desk.page.locator("#news")).to_have_text("6 new ↑")
    await desk.keys("n")
    await expect(desk.page.locator("#news")).to_be_hidden()
    await expect(desk.page.locator(f".card:first-child{SELECTED}")).to_be_visible()


async def test_an_item_that_could_not_be_fetched_is_asked_for_again(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.page.clock.install()
    await desk.arrive()
    await desk.open()
    await desk.page.route("**/curation/api/items/*", lambda route: route.abort(), times=1)
    async with desk.page.expect_event("requestfailed"):
        await desk.arrive()
    await desk.page.clock.fast_forward(2000)
    await expect(desk.page.locator(".card h2")).to_have_text(["News 2", "News 1"], timeout=10_000)


async def test_single_keys_can_be_switched_off(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(2)
    await desk.open()
    await desk.keys("?")
    await desk.page.get_by_label("Single keys do something").uncheck()
    await desk.page.keyboard.press("Escape")
    await desk.keys("ja")
    await desk.page.reload()
    await desk.listens()
    await desk.keys("ja")
    await desk.page.get_by_role("button", name="Approve").first.click()
    await expect(desk.page.locator(".done")).to_contain_text("Approved")
    assert sorted((await desk.states()).values()) == ["approved", "waiting"]


async def test_an_editor_works_through_more_than_a_page(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(27)
    await desk.open()
    await desk.arrive()
    await expect(desk.page.locator("#news")).to_have_text("1 new ↑")
    await expect(desk.page.locator(".card")).to_have_count(26)
    await desk.keys("n")
    for n in range(28):
        await expect(desk.page.locator(SELECTED)).to_be_visible()
        await desk.keys("a")
        if n % 8 == 0:
            await expect(desk.page.locator(".done").last).to_contain_text("Approved")
    await expect(desk.page.locator("#empty")).to_be_visible()
    await expect(desk.page.locator('[data-count="approved"]')).to_have_text("28")
    assert set((await desk.states()).values()) == {"approved"}


async def test_a_version_that_was_not_shown_is_not_approved(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive(2)
    await desk.open()
    shown = desk.page.locator(SELECTED)
    item_id = await shown.get_attribute("data-id")
    before = await desk.title().text_content()
    await desk.change(str(item_id), title="Newer words")
    await expect(shown).to_contain_text("This item has changed since it was shown.")
    await expect(desk.title()).to_have_text(before or "")
    await desk.keys("a")
    await expect(shown).to_contain_text("Changed meanwhile, so nothing was done.")
    await expect(desk.title()).to_have_text("Newer words")
    assert set((await desk.states()).values()) == {"waiting"}
    await desk.keys("a")
    await expect(desk.page.locator(".done")).to_contain_text("Approved Newer words")


async def test_what_happened_before_the_page_listens_is_not_missed(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    ids = await desk.arrive(2)

    async def meanwhile(route: Any) -> None:
        await decide(desk.room, ids[0], action="approve", editor="root", version=1)
        await desk.arrive()
        await route.continue_()

    await desk.page.route("**/curation/events", meanwhile)
    await desk.open()
    await expect(desk.page.locator(".done")).to_contain_text("Approved by root, meanwhile News 1")
    await expect(desk.page.locator(".card h2")).to_have_text(["News 3", "News 2"])


async def test_what_another_editor_decides_is_marked(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    ids = await desk.arrive(3)
    await desk.open()
    await decide(desk.room, ids[1], action="reject", editor="root", reason="not ours", version=1)
    line = desk.page.locator(".done")
    await expect(line).to_contain_text("Rejected by root, meanwhile News 2")
    await expect(desk.page.locator(".card")).to_have_count(2)
    await decide(desk.room, ids[1], action="undo", editor="root", version=2)
    await expect(line).to_have_count(0)
    await expect(desk.page.locator(".card")).to_have_count(3)
    await expect(desk.page.locator(f"#item-{ids[1]}")).to_contain_text("A decision was taken back")


async def test_a_viewer_has_no_keys_to_decide(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    await desk.arrive()
    await desk.open("vera")
    await desk.keys("ar")
    await desk.keys("?")
    await expect(desk.page.locator("#help")).not_to_contain_text("approve")
    assert await desk.states() == {"News 1": "waiting"}


async def test_a_hostile_item_does_nothing_in_the_page(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat()
    hostile = '"><img src=http://evil.example/x onerror="document.title=1"><script>document.title=1</script>'
    (first,) = await desk.arrive()
    await desk.change(first, title=hostile, content_text=hostile, url="javascript:document.title=1", language=hostile)
    await desk.open()
    (second,) = await desk.arrive()
    await desk.change(second, title=hostile, content_text=hostile, url="javascript:document.title=1", language=hostile)
    for item_id in (first, second):
        card = desk.page.locator(f"#item-{item_id}")
        await expect(card).to_be_visible()
        await expect(card.locator("[data-part=link]")).to_be_hidden() if item_id == first else None
    await desk.keys("jo")
    await expect(desk.page).to_have_title("Waiting · A stream")
    assert len(desk.page.context.pages) == 1


async def test_everything_can_be_done_without_script(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(java_script_enabled=False)
    await desk.arrive(2)
    await desk.sign_in()
    await desk.page.get_by_role("button", name="Approve").first.click()
    await expect(desk.page.locator(".note.good")).to_contain_text("Approved. News")
    await desk.page.get_by_role("button", name="Undo").click()
    await expect(desk.page.locator(".note.good")).to_contain_text("Undone. News")
    await desk.page.locator(".reject summary").first.click()
    await desk.page.get_by_role("button", name="Already in the stream").first.click()
    await expect(desk.page.locator(".note.good")).to_contain_text("Rejected. News")
    await desk.page.get_by_role("link", name="Rejected").click()
    await expect(desk.page.locator(".card")).to_contain_text("Rejected by ana: Already in the stream.")
    await desk.page.get_by_role("link", name="Sources").click()
    await expect(desk.page.locator("h1")).to_have_text("Sources")
    await desk.page.get_by_role("button", name="Sign out").click()
    await expect(desk.page.locator("h1")).to_have_text("Editors’ room")
    assert sorted((await desk.states()).values()) == ["rejected", "waiting"]


async def test_an_undo_without_script_stays_on_its_page(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(java_script_enabled=False)
    await desk.arrive(27)
    await desk.sign_in()
    await desk.page.get_by_role("link", name="Older ones").click()
    await expect(desk.page.locator(".card")).to_have_count(2)
    await desk.page.get_by_role("button", name="Approve").first.click()
    await expect(desk.page.locator(".card")).to_have_count(1)
    await desk.page.get_by_role("button", name="Undo").click()
    await expect(desk.page.locator(".note.good")).to_contain_text("Undone. News")
    await expect(desk.page.locator(".card")).to_have_count(2)


# Small windows and colours of one's own


WIDTHS = (320, 360, 390, 700)


async def test_no_page_is_wider_than_a_small_window(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(viewport={"width": WIDTHS[0], "height": 640})
    await desk.arrive(title="A title as long as titles are, which takes all the room that a table has left for it " * 2)
    await desk.open()
    await desk.keys("a")
    await expect(desk.page.locator(".done")).to_contain_text("Approved")
    buttons = desk.page.locator(".actions button:visible, .actions summary")
    cells = desk.page.locator("[data-label=What] span")
    for path in ("/curation/", "/curation/sources", "/curation/audit", "/curation/?state=approved"):
        await desk.page.goto(path)
        for width in WIDTHS:
            await desk.narrow(width)
            assert await desk.page.evaluate("document.documentElement.scrollWidth") <= width, path
            if path.endswith("approved"):
                assert await buttons.evaluate_all("nodes => nodes.every(node => node.scrollWidth <= node.clientWidth)")
            if path.endswith("audit"):
                lines = "spans => spans.map(span => span.getClientRects().length)"
                assert await cells.evaluate_all(lines) == [1, 1], width


async def test_a_phone_says_in_words_that_it_hears_nothing(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(viewport={"width": 390, "height": 640})
    await desk.page.route("**/curation/events", lambda route: route.abort())
    await desk.sign_in()
    await expect(desk.page.locator("#live-words")).to_have_text("Reconnecting …")
    box = await desk.page.locator("#live-words").bounding_box()
    assert box is not None
    assert box["width"] > 50
    assert box["x"] + box["width"] <= 390


async def test_what_is_current_shows_in_forced_colours(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(forced_colors="active")
    await desk.arrive(2)
    await desk.open()

    async def looks(selector: str, name: str) -> list[str]:
        script = "(nodes, name) => nodes.map(node => getComputedStyle(node)[name])"
        return list(await desk.page.locator(selector).evaluate_all(script, name))

    (current,) = await looks(".tabs [aria-current]", "borderBottomColor")
    (ground,) = set(await looks(".tabs a:not([aria-current])", "borderBottomColor"))
    assert [ground] == await looks("body", "backgroundColor") != [current]
    assert await looks(".rooms a", "outlineStyle") == ["solid", "none", "none"]
    assert await looks(".card", "outlineStyle") == ["solid", "none"]
