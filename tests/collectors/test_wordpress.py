"""A WordPress site by its REST API: what is new, what was edited, what is gone, and its feed where the API is closed."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.collectors import RULES, patience
from aggregator.collectors.contract import Collected, Outside, Shown
from aggregator.collectors.wordpress import MOST_PAGES, PER_PAGE, collect, find_gone
from aggregator.errors import CollectError, FetchError, SettingsError
from aggregator.handlers import handlers
from aggregator.machine import Machine, open_machine
from aggregator.model import Alternate, Source
from aggregator.settings import Settings
from aggregator.sourcesfile import parse_sources
from aggregator.store.sources import Cursor
from aggregator.store.tables import item
from aggregator.work import Worker
from tests.builders import source as build_source
from tests.collectors.way_out import ids_gone, serving, way_out
from tests.collectors.wordpress_site import WordPressSite, Written
from tests.conftest import Clock


@pytest.fixture
async def wordpress() -> AsyncIterator[WordPressSite]:
    site = WordPressSite()
    async with serving(site.answer) as url:
        site.url = url
        yield site


@pytest.fixture
async def outside(wordpress: WordPressSite, clock: Clock) -> AsyncIterator[Outside]:
    async with way_out(wordpress.url, clock) as outside:
        yield outside


def source(site: WordPressSite, **values: Any) -> Source:
    return build_source(kind="wordpress", **{"url": f"{site.home}/", **values})


def titles(collected: Collected) -> list[str | None]:
    return sorted(entry.title or "" for entry in collected.document.entries) if collected.document else []


def fill(site: WordPressSite, clock: Clock, count: int) -> None:
    for number in range(1, count + 1):
        site.write(number, clock() - timedelta(days=count - number + 1))


async def test_the_first_look_brings_the_newest_posts_only(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 30)
    collected = await collect(source(wordpress), Cursor(), outside)
    assert collected.document
    assert [entry.title for entry in collected.document.entries] == [f"News {n}" for n in range(30, 20, -1)]
    assert collected.document.is_window
    newest = collected.document.entries[0]
    assert newest.entry_id == f"{wordpress.url}/?p=30"
    assert newest.url == f"{wordpress.url}/news-30/"
    assert newest.published_at == clock() - timedelta(days=1)


@pytest.mark.parametrize("offset", [-12, -5, 0, 2, 14])
@pytest.mark.parametrize("takes_times_for_utc", [False, True])
async def test_what_is_new_or_edited_comes_wherever_the_site_is(
    wordpress: WordPressSite, outside: Outside, clock: Clock, offset: int, takes_times_for_utc: bool
) -> None:
    wordpress.offset, wordpress.takes_times_for_utc = timedelta(hours=offset), takes_times_for_utc
    fill(wordpress, clock, 30)
    first = await collect(source(wordpress), Cursor(), outside)
    wordpress.write(31, clock.forward(minutes=10))
    wordpress.edit(22, clock.forward(minutes=1), title="News 22, put right")
    second = await collect(source(wordpress), first.cursor, outside)
    assert {"News 31", "News 22, put right"} <= set(titles(second))
    assert second.document
    assert not second.document.is_window
    wordpress.edit(25, clock.forward(minutes=1), title="News 25, put right")
    third = await collect(source(wordpress), second.cursor, outside)
    assert "News 25, put right" in titles(third)


async def test_old_posts_that_a_plug_in_touches_all_at_once_stay_where_they_are(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 60)
    first = await collect(source(wordpress), Cursor(), outside)
    touched = clock.forward(hours=1)
    for number in range(1, 61):
        wordpress.edit(number, touched)
    second = await collect(source(wordpress), first.cursor, outside)
    assert titles(second) == sorted(f"News {n}" for n in range(51, 61))


async def test_a_flood_of_edits_is_read_bit_by_bit_and_without_gaps(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    wordpress.write(1, clock())
    cursor = (await collect(source(wordpress), Cursor(), outside)).cursor
    count = PER_PAGE * MOST_PAGES * 2 + 7
    at = clock.forward(minutes=5)
    for number in range(2, count + 2):  # thirty to a second, so that pages end in mid-second
        wordpress.write(number, at + timedelta(seconds=number // 30))
    seen: list[str | None] = []
    looks = 0
    while len(set(seen)) < count + 1 and looks < 6:
        collected = await collect(source(wordpress), cursor, outside)
        cursor, looks = collected.cursor, looks + 1
        seen += titles(collected)
    assert set(seen) == {f"News {n}" for n in range(1, count + 2)}
    assert looks == 3
    assert "resume" not in cursor.place


async def test_a_slow_site_is_caught_up_with_by_shorter_looks(
    wordpress: WordPressSite, outside: Outside, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAGES_SECONDS", 0.0)
    wordpress.write(1, clock())
    cursor = (await collect(source(wordpress), Cursor(), outside)).cursor
    at = clock.forward(minutes=5)
    for number in range(2, 3 * PER_PAGE):
        wordpress.write(number, at + timedelta(seconds=number))
    seen: set[str | None] = set()
    for _ in range(4):
        collected = await collect(source(wordpress), cursor, outside)
        assert len(titles(collected)) <= PER_PAGE
        cursor, seen = collected.cursor, seen | set(titles(collected))
    assert seen == {f"News {n}" for n in range(1, 3 * PER_PAGE)}


async def test_posts_that_are_edited_and_deleted_between_pages_hide_no_other(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    wordpress.write(1, clock())
    cursor = (await collect(source(wordpress), Cursor(), outside)).cursor
    chance = random.Random(7)
    for number in range(2, 150):
        wordpress.write(number, clock.forward(seconds=chance.choice([0, 1, 60])))
    whole = wordpress.collection
    untouched = set(range(100, 150))

    def meanwhile(query: dict[str, str]) -> Any:
        answer = whole(query)
        for number in chance.sample(range(2, 100), 5):
            if number in wordpress.posts:
                wordpress.edit(number, clock.forward(seconds=1))
        wordpress.posts.pop(chance.randrange(2, 100), None)
        return answer

    wordpress.collection = meanwhile  # type: ignore[method-assign]
    seen: set[str | None] = set()
    for _ in range(3):
        collected = await collect(source(wordpress), cursor, outside)
        cursor = collected.cursor
        seen |= set(titles(collected))
    assert {f"News {n}" for n in untouched | set(wordpress.posts)} <= seen


async def test_a_site_that_is_older_than_modified_after_brings_its_edits_all_the_same(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    wordpress.is_old = True
    fill(wordpress, clock, 100)
    first = await collect(source(wordpress), Cursor(), outside)
    for number in (92, 95):
        wordpress.edit(number, clock.forward(minutes=1), title=f"News {number}, put right")
    second = await collect(source(wordpress), first.cursor, outside)
    assert {"News 92, put right", "News 95, put right"} <= set(titles(second))
    assert not any(f"News {n}" in titles(second) for n in range(1, 91))


@pytest.mark.parametrize(
    "ignored", [{"orderby", "order"}, {"exclude"}, {"modified_after", "exclude", "order", "orderby"}]
)
async def test_a_site_that_does_not_do_as_asked_is_read_page_by_page(
    wordpress: WordPressSite, outside: Outside, clock: Clock, ignored: set[str]
) -> None:
    fill(wordpress, clock, 8)
    first = await collect(source(wordpress), Cursor(), outside)
    whole = wordpress.collection
    as_ignored = lambda query: whole({name: value for name, value in query.items() if name not in ignored})  # noqa: E731
    wordpress.collection = as_ignored  # type: ignore[method-assign]
    for number in range(9, 70):
        wordpress.write(number, clock.forward(minutes=1))
    second = await collect(source(wordpress), first.cursor, outside)
    assert {f"News {n}" for n in range(9, 70)} <= set(titles(second))


async def test_an_edit_dated_in_the_future_hides_none_that_follow(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 3)
    wordpress.edit(1, clock() + timedelta(days=30_000))
    first = await collect(source(wordpress), Cursor(), outside)
    wordpress.edit(2, clock.forward(days=2), title="News 2, put right")
    second = await collect(source(wordpress), first.cursor, outside)
    assert "News 2, put right" in titles(second)


@pytest.mark.parametrize("folder", ["", "/blog"])
@pytest.mark.parametrize("in_page", [True, False])
@pytest.mark.parametrize("is_pretty", [True, False])
async def test_the_api_is_found_wherever_it_begins(
    wordpress: WordPressSite, outside: Outside, clock: Clock, folder: str, in_page: bool, is_pretty: bool
) -> None:
    wordpress.folder, wordpress.announces_in_page, wordpress.is_pretty = folder, in_page, is_pretty
    fill(wordpress, clock, 2)
    for url in (f"{wordpress.home}/", wordpress.home):
        collected = await collect(source(wordpress, url=url or wordpress.url), Cursor(), outside)
        assert titles(collected) == ["News 1", "News 2"]
        wordpress.paths.clear()
        await collect(source(wordpress, url=url), collected.cursor, outside)
        assert len(wordpress.paths) == 1  # where it begins is remembered


async def test_the_usual_places_are_tried_where_nothing_is_announced(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    wordpress.is_pretty, wordpress.announces = False, f"{wordpress.url}/gone/"
    fill(wordpress, clock, 1)
    assert titles(await collect(source(wordpress), Cursor(), outside)) == ["News 1"]


async def test_an_api_that_moves_is_found_again(wordpress: WordPressSite, outside: Outside, clock: Clock) -> None:
    fill(wordpress, clock, 2)
    first = await collect(source(wordpress), Cursor(), outside)
    wordpress.is_pretty = False
    wordpress.write(3, clock.forward(hours=1))
    second = await collect(source(wordpress), first.cursor, outside)
    assert "News 3" in titles(second)
    assert "rest_route" in second.cursor.place["root"]


@pytest.mark.parametrize("closed", [{"closed": 401}, {"closed": 403}, {"closed": 404}, {"says_html": True}])
async def test_a_closed_api_gives_way_to_the_feed_for_a_day(
    wordpress: WordPressSite, outside: Outside, clock: Clock, closed: dict[str, Any]
) -> None:
    fill(wordpress, clock, 12)
    before = await collect(source(wordpress), Cursor(), outside)
    for name, value in closed.items():
        setattr(wordpress, name, value)
    fed = await collect(source(wordpress), before.cursor, outside)
    assert fed.document
    assert fed.document.format.startswith("rss")
    assert {entry.entry_id for entry in fed.document.entries} == {f"{wordpress.url}/?p={n}" for n in range(3, 13)}
    assert "its feed is read instead" in fed.cursor.place["notice"]
    wordpress.paths.clear()
    again = await collect(source(wordpress), fed.cursor, outside)
    assert (again.document, wordpress.paths) == (None, ["/feed/"])
    wordpress.closed, wordpress.says_html = None, False
    wordpress.edit(5, clock.forward(hours=25), title="News 5, put right")
    reopened = await collect(source(wordpress), again.cursor, outside)
    assert "News 5, put right" in titles(reopened)
    assert "notice" not in reopened.cursor.place


async def test_neither_api_nor_feed_is_one_sentence_that_names_both(wordpress: WordPressSite, outside: Outside) -> None:
    wordpress.closed = 403
    wordpress.feed = lambda: "<html>"  # type: ignore[method-assign]
    with pytest.raises(CollectError, match=r"REST API is closed.*no feed was found"):
        await collect(source(wordpress), Cursor(), outside)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_fault_is_no_closed_api(
    wordpress: WordPressSite, outside: Outside, clock: Clock, status: int
) -> None:
    fill(wordpress, clock, 2)
    first = await collect(source(wordpress), Cursor(), outside)
    wordpress.closed = status
    with pytest.raises(FetchError) as raised:
        await collect(source(wordpress), first.cursor, outside)
    assert raised.value.status == status


async def test_translations_that_are_named_by_id_get_their_addresses(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 30)
    wordpress.write(31, clock(), more={"lang": "es", "translations": {"es": 31, "eu": 30, "en": 2}})
    collected = await collect(source(wordpress), Cursor(), outside)
    assert collected.document
    entry = collected.document.entries[0]
    assert entry.language == "es"
    assert entry.alternates == (
        Alternate(f"{wordpress.url}/news-30/", "eu"),
        Alternate(f"{wordpress.url}/news-2/", "en"),
    )


def shown(site: WordPressSite, *numbers: int) -> list[Shown]:
    return [Shown(site.posts[n].guid, site.link(site.posts[n])) for n in numbers]


async def test_deleted_and_unpublished_posts_are_gone_and_no_other(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 60)
    asked = shown(wordpress, *range(1, 61))
    wordpress.posts.pop(3)
    wordpress.edit(7, clock(), status="draft")
    wordpress.edit(9, clock(), slug="renamed")  # its old address leads to the new one
    assert ids_gone(await find_gone(source(wordpress), asked, outside)) == [f"{wordpress.url}/?p={n}" for n in (3, 7)]


async def test_a_post_that_was_moved_from_another_site_is_not_gone_for_its_old_id(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 5)
    wordpress.write(50, clock(), guid="http://old.example/?p=900")
    wordpress.write(51, clock(), guid="http://old.example/?p=4")
    asked = shown(wordpress, 50, 51)
    assert ids_gone(await find_gone(source(wordpress), asked, outside)) == []
    wordpress.posts.pop(51)  # there is a post 4, and it is another one
    assert ids_gone(await find_gone(source(wordpress), asked, outside)) == ["http://old.example/?p=4"]


@pytest.mark.parametrize(
    ("permalink", "is_told"), [("/?p={id}", True), ("/archives/{id}", False), ("/{slug}.html", False)]
)
async def test_addresses_without_slugs_tell_nothing_but_by_id(
    wordpress: WordPressSite, outside: Outside, clock: Clock, permalink: str, is_told: bool
) -> None:
    wordpress.permalink = permalink
    for number in range(1, 4):
        wordpress.write(number, clock(), guid=f"http://old.example/{number}")
    asked = shown(wordpress, 1, 2, 3)
    wordpress.posts.pop(2)
    assert ids_gone(await find_gone(source(wordpress), asked, outside)) == (["http://old.example/2"] if is_told else [])


async def test_a_site_that_tells_only_ids_tells_what_is_gone_by_them(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    fill(wordpress, clock, 5)
    asked = shown(wordpress, 1, 2, 3)
    wordpress.posts.pop(2)
    wordpress.json = lambda post, query: {"id": post.id}  # type: ignore[method-assign]
    assert ids_gone(await find_gone(source(wordpress), asked, outside)) == [f"{wordpress.url}/?p=2"]


async def test_an_answer_of_odd_things_raises_nothing_but_a_collect_error(
    wordpress: WordPressSite, outside: Outside, clock: Clock
) -> None:
    chance = random.Random(3)
    odd = [
        None,
        7,
        -1,
        "",
        "x",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00",
        "2026-11-20T10:00:00Z",
        [],
        {},
        [{}],
        True,
    ]
    names = ["id", "date", "modified", "modified_gmt", "link", "guid", "slug", "translations", "title", "content"]

    def oddly(post: Written, query: dict[str, str]) -> Any:
        whole = WordPressSite.json(wordpress, post, {})
        return {**whole, **{name: chance.choice(odd) for name in chance.sample(names, 3)}}

    fill(wordpress, clock, 50)
    wordpress.json = oddly  # type: ignore[method-assign]
    cursor = Cursor()
    for _ in range(60):
        with contextlib.suppress(CollectError):
            cursor = (await collect(source(wordpress), cursor, outside)).cursor
        place = {name: chance.choice(odd) for name in ("since", "from", "resume", "closed_until", "root")}
        with contextlib.suppress(CollectError):
            await collect(source(wordpress), Cursor(place=place), outside)
        with contextlib.suppress(CollectError):
            await find_gone(source(wordpress), [Shown(str(chance.choice(odd)), "http://[") for _ in range(3)], outside)


@pytest.mark.parametrize("closed", [{"closed": 401}, {"closed": 503}, {"says_html": True}, {"posts": {}}])
async def test_nothing_is_gone_where_the_api_cannot_tell(
    wordpress: WordPressSite, outside: Outside, clock: Clock, closed: dict[str, Any]
) -> None:
    fill(wordpress, clock, 3)
    asked = shown(wordpress, 1, 2, 3)
    for name, value in closed.items():
        setattr(wordpress, name, value)
    with pytest.raises(CollectError):
        await find_gone(source(wordpress), asked, outside)


SOURCES = """
[stream]
title = "Test stream"
languages = ["en"]
review = "auto"
[[partner]]
id = "city"
name = "City of Example"
[[source]]
id = "city"
partner = "city"
kind = "{kind}"
url = "{url}"
languages = ["en"]
"""


async def items(machine: Machine) -> list[Any]:
    async with machine.database.read() as connection:
        return list((await connection.execute(select(item).order_by(item.c.published_at))).all())


async def work_off(machine: Machine) -> None:
    await machine.tick()
    await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()


async def test_a_source_that_was_a_feed_brings_nothing_again_and_loses_what_gets_a_password(
    settings: Settings, wordpress: WordPressSite, clock: Clock
) -> None:
    fill(wordpress, clock, 30)
    settings = replace(settings, allow_private=wordpress.url.removeprefix("http://"))
    settings.sources.write_text(SOURCES.format(kind="feed", url=f"{wordpress.url}/feed/"))
    async with open_machine(settings, now=clock) as machine:
        await work_off(machine)
        before = await items(machine)
        settings.sources.write_text(SOURCES.format(kind="wordpress", url=f"{wordpress.url}/"))
        clock.forward(hours=1)
        await work_off(machine)
        after = await items(machine)
        assert [(row.id, row.title, row.state) for row in after] == [(row.id, row.title, row.state) for row in before]
        assert len(after) == 10
        wordpress.edit(30, clock(), password="open sesame")
        wordpress.edit(29, clock(), content="<p>Put right</p>")
        wordpress.write(31, clock())
        clock.forward(hours=1)
        await work_off(machine)
        rows = {row.title: row for row in await items(machine)}
    assert len(rows) == 11
    assert rows["News 30"].state == "withdrawn"
    assert (rows["News 29"].content_text, rows["News 29"].state) == ("Put right", "approved")
    assert rows["News 31"].state == "approved"


@pytest.mark.parametrize("address", ["https://city.example/feed/", "https://city.example/blog/feed"])
def test_the_address_of_a_feed_is_refused_with_the_cure(address: str) -> None:
    with pytest.raises(SettingsError, match='kind = "feed"'):
        parse_sources(SOURCES.format(kind="wordpress", url=address), name="sources.toml", kinds=RULES)
