"""Joining cards to one story and taking them out of it, in a real browser: by keys, by mouse, by address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Route, expect
from sqlalchemy import update

from aggregator.store.changes import ChangeKind, record
from aggregator.store.tables import item
from tests.curation.desk import SELECTED, Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def tell_stories(desk: Desk, **story_of: str) -> None:
    async with desk.room.database.write() as connection:
        for item_id, story in story_of.items():
            await connection.execute(update(item).where(item.c.id == item_id).values(story=story))


@pytest.fixture
def asked() -> list[tuple[str, dict[str, Any]]]:
    """What the page asked for: an item and what is to become of its story."""
    return []


@pytest.fixture
def desk_of(seat: Callable[..., Any], asked: list[tuple[str, dict[str, Any]]]) -> Callable[..., Any]:
    """A desk whose stories are kept as plainly as can be: what matters here is what the page asks and shows."""

    async def sit(count: int) -> tuple[Desk, list[str]]:
        desk: Desk = await seat()

        async def keep(route: Route) -> None:
            item_id, wish = route.request.url.split("/")[-2], route.request.post_data_json
            asked.append((item_id, wish))
            story = (await desk.row(wish["join"])).story if "join" in wish else f"alone-{len(asked)}"
            await tell_stories(desk, **{item_id: story})
            await route.fulfill(json={})

        await desk.page.route("**/curation/api/items/*/story", keep)
        ids = [(await desk.arrive(url=f"https://city.example/{n}"))[0] for n in range(count)]
        await desk.open()
        return desk, ids

    return sit


def companions(desk: Desk, item_id: str) -> Any:
    return desk.page.locator(f'#item-{item_id} [data-part="companions"] li')


async def test_two_cards_are_joined_by_a_key_on_each_and_parted_by_one(
    desk_of: Callable[..., Any], asked: list[tuple[str, dict[str, Any]]]
) -> None:
    desk, (first, second, third) = await desk_of(3)
    await desk.keys("g")
    await expect(desk.page.locator(f"#item-{third}")).to_have_class("card chosen")
    await expect(desk.page.locator("#status")).to_contain_text("press g on the card that tells the same story")
    await desk.keys("jjg")
    await expect(companions(desk, first)).to_contain_text(["The City (en)"])
    await expect(companions(desk, third)).to_contain_text(["The City (en)"])
    await expect(desk.page.locator(f"#item-{second} [data-part=story]")).to_be_hidden()
    await expect(desk.page.locator("#status")).to_have_text("Joined to one story.")
    await expect(desk.page.locator(".chosen")).to_have_count(0)
    await expect(desk.page.locator(f"#item-{first}{SELECTED}")).to_be_focused()
    await desk.keys("z")
    await expect(desk.page.locator("#status")).to_have_text("Undone: Joined to one story.")
    await expect(desk.page.locator("[data-part=story]:visible")).to_have_count(0)
    assert asked == [(first, {"join": third}), (first, {"split": True})]


async def test_a_card_that_was_chosen_is_let_go(
    desk_of: Callable[..., Any], asked: list[tuple[str, dict[str, Any]]]
) -> None:
    desk, _ = await desk_of(2)
    for way in ("g", "Escape"):
        await desk.keys("g")
        await expect(desk.page.locator(".chosen")).to_have_count(1)
        await desk.page.keyboard.press(way)
        await expect(desk.page.locator(".chosen")).to_have_count(0)
        await expect(desk.page.locator(f"{SELECTED} [data-part=told]")).to_be_hidden()
    await desk.keys("jg")
    await expect(desk.page.locator(".chosen")).to_have_count(1)
    assert asked == []


async def test_an_item_is_taken_out_of_a_story_by_its_button_and_put_back(
    desk_of: Callable[..., Any], asked: list[tuple[str, dict[str, Any]]]
) -> None:
    desk, (first, second, third) = await desk_of(3)
    await tell_stories(desk, **dict.fromkeys((first, second, third), first))
    await desk.page.reload()
    await desk.listens()
    await expect(companions(desk, second)).to_have_count(2)
    out = desk.page.locator(f"#item-{second}").get_by_role(
        "button", name="Take out of the story: The City (en), News 1"
    )
    await out.click()
    await expect(companions(desk, second)).to_have_count(1)
    await expect(companions(desk, third)).to_have_count(1)
    await expect(companions(desk, first)).to_have_count(0)
    await expect(desk.page.locator(f"#item-{second}")).to_be_focused()
    await desk.page.locator(f"#item-{second} [data-part=takeback]").click()
    await expect(desk.page.locator("#status")).to_have_text("Undone: Taken out of the story.")
    await expect(companions(desk, second)).to_have_count(2)
    await expect(companions(desk, first)).to_have_count(2)
    assert asked == [(first, {"split": True}), (first, {"join": second})]


async def test_an_item_is_joined_by_the_address_of_another(
    desk_of: Callable[..., Any], asked: list[tuple[str, dict[str, Any]]]
) -> None:
    desk, (first, second) = await desk_of(2)
    card = desk.page.locator(f"#item-{second}")
    await card.locator('[data-part="joining"] summary').click()
    field = card.locator('[data-part="joinwith"]')
    await field.fill("https://city.example/nothing")
    await desk.page.keyboard.press("Enter")
    await expect(card.locator("[data-part=notice]")).to_have_text("Not done: No item here has this address or id.")
    await expect(field).to_have_value("https://city.example/nothing")
    for words in ("https://city.example/1", second):
        await field.fill(words)
        await desk.page.keyboard.press("Enter")
        await expect(card.locator("[data-part=deed]")).to_have_text("These are one story already.")
    await field.fill(" https://city.example/0?utm_source=toot ")
    await desk.page.keyboard.press("Enter")
    await expect(companions(desk, second)).to_have_count(1)
    await expect(card).to_be_focused()
    assert asked == [(second, {"join": first})]


async def test_a_card_is_chosen_by_mouse(desk_of: Callable[..., Any], asked: list[tuple[str, dict[str, Any]]]) -> None:
    desk, (first, second) = await desk_of(2)
    for one in (second, first):
        await desk.page.locator(f"#item-{one} [data-part=joining] summary").click()
        await desk.page.locator(f"#item-{one} [data-part=choose]").click()
    await expect(companions(desk, first)).to_have_count(1)
    assert asked == [(first, {"join": second})]


async def test_whoever_follows_a_story_comes_to_its_card_or_its_page(desk_of: Callable[..., Any]) -> None:
    desk, (first, second, third) = await desk_of(3)
    await tell_stories(desk, **dict.fromkeys((first, second, third), first))
    async with desk.room.database.write() as connection:
        await connection.execute(update(item).where(item.c.id == second).values(state="approved"))
    await desk.page.reload()
    await desk.listens()
    await expect(desk.page.locator(f"#item-{third}{SELECTED}")).to_be_visible()
    links = desk.page.locator(f'#item-{third} [data-part="companion"]')
    await links.nth(0).click()
    await expect(desk.page.locator(f"#item-{first}{SELECTED}")).to_be_visible()
    await links.nth(1).click()
    await expect(desk.page.locator("h1")).to_have_text("Approved")
    await expect(desk.page.locator(f"#item-{second}")).to_be_visible()


async def test_a_story_that_others_change_is_shown_on_open_cards(desk_of: Callable[..., Any]) -> None:
    desk, (first, second) = await desk_of(2)
    await tell_stories(desk, **{second: first})
    async with desk.room.database.write() as connection:
        await record(connection, [(ChangeKind.CHANGED, one) for one in (first, second)], now=desk.clock())
    await desk.room.bell.ring()
    await expect(companions(desk, first)).to_have_count(1)
    await expect(companions(desk, second)).to_have_count(1)
    await expect(desk.page.locator(f"#item-{second}{SELECTED}")).to_be_visible()
    await expect(desk.page.locator("[data-part=notice]:visible")).to_have_count(0)


async def test_stories_are_joined_and_parted_without_script(seat: Callable[..., Any]) -> None:
    desk: Desk = await seat(java_script_enabled=False)
    (first, second) = [(await desk.arrive())[0] for _ in range(2)]
    await desk.sign_in()
    card = desk.page.locator(f"#item-{second}")
    await card.locator('[data-part="joining"] summary').click()
    await card.locator('[data-part="joinwith"]').fill("https://city.example/news/1")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator(".note.good")).to_contain_text("Joined to one story. News 2")
    await expect(companions(desk, second)).to_contain_text(["The City (en) joined by ana News 1"])
    await expect(card.locator("[data-part=choose]")).to_be_hidden()
    await desk.page.locator(f"#item-{first}").get_by_role("button", name="Take out of the story").click()
    await expect(desk.page.locator(".note.good")).to_contain_text("Taken out of its story. News 1")
    await expect(desk.page.locator("[data-part=story]:visible")).to_have_count(0)


async def test_an_answer_from_before_a_join_does_not_part_the_cards_again(desk_of: Callable[..., Any]) -> None:
    desk, (_, second) = await desk_of(2)
    late: list[Any] = []

    async def hold(route: Route) -> None:
        late.append((route, await route.fetch()))

    await desk.page.route(f"**/curation/api/items/{second}", hold, times=1)
    async with desk.room.database.write() as connection:
        await record(connection, [(ChangeKind.CHANGED, second)], now=desk.clock())
    await desk.room.bell.ring()
    while not late:
        await desk.page.wait_for_timeout(20)
    await desk.keys("gjg")
    await expect(companions(desk, second)).to_have_count(1)
    route, answer = late[0]
    await route.fulfill(response=answer)
    await desk.arrive()
    await expect(desk.page.locator(".card")).to_have_count(3)
    await expect(companions(desk, second)).to_have_count(1)


async def test_why_items_are_one_story_is_said_of_each(desk_of: Callable[..., Any]) -> None:
    desk, (first, second) = await desk_of(2)
    await tell_stories(desk, **{second: first})

    async def answer(route: Route) -> None:
        response = await route.fetch()
        item_json = await response.json()
        item_json["_mpower"]["story_why"] = [
            {"item": first, "why": "same address"},
            {"item": first, "why": "links to it"},
        ]
        await route.fulfill(response=response, json=item_json)

    await desk.page.route(f"**/curation/api/items/{second}", answer)
    await desk.change(first, state="approved")
    await desk.change(second, summary="Other words")
    await desk.page.get_by_role("button", name="Show the newer version").click()
    said = "approved · same address · links to it"
    await expect(desk.page.locator(f"#item-{second} [data-part=standing]")).to_have_text(said)
