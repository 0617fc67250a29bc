"""The public stream: filters, pages, and a walk that shows each item once whatever happens meanwhile."""

from __future__ import annotations

import base64
import json
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from aggregator.model import State
from aggregator.store.engine import Database
from aggregator.store.moves import StaleVersionError, move
from aggregator.store.stream import CursorError, StreamFilters, read_counts, read_page
from aggregator.store.tables import item, item_tag
from curation.queue import read_queue
from tests.builders import AUTO, START, keep, sighting, source
from tests.examples import examples

ALL = StreamFilters()


async def titles(database: Database, filters: StreamFilters = ALL, limit: int = 100) -> list[str]:
    async with database.read() as connection:
        return [i.title for i in (await read_page(connection, filters, limit=limit)).items]


async def set_state(database: Database, title: str, state: State) -> None:
    async with database.write() as connection:
        item_id = await connection.scalar(select(item.c.id).where(item.c.title == title))
        await move(connection, item_id, to=state, action="test", by="ana", reason="", now=START + timedelta(days=9))


async def test_only_approved_items_are_public_newest_first(database: Database) -> None:
    await keep(database, source("held"), [sighting(n) for n in range(3)])
    await keep(database, source("trusted", AUTO), [sighting(n) for n in (12, 10, 11)])
    assert await titles(database) == ["News 12", "News 11", "News 10"]


async def test_filters_narrow_and_several_values_widen(database: Database) -> None:
    await keep(database, source("one", AUTO, partner="city"), [sighting(1, title="Grožđe i Sunčana energija")])
    await keep(database, source("two", AUTO, partner="town"), [sighting(2, title="Eguzkia")])
    async with database.write() as connection:
        await connection.execute(update(item).where(item.c.partner_id == "town").values(language="pt-BR"))
        town = await connection.scalar(select(item.c.id).where(item.c.partner_id == "town"))
        await connection.execute(insert(item_tag).values(item_id=town, tag="wind", origin="editor"))
    for filters, expected in (
        (StreamFilters(partner=("city",)), 1),
        (StreamFilters(partner=("city", "town")), 2),
        (StreamFilters(partner=("city",), lang=("pt",)), 0),
        (StreamFilters(lang=("pt",)), 1),
        (StreamFilters(lang=("en", "pt")), 2),
        (StreamFilters(tag=("wind",)), 1),
        (StreamFilters(tag=("solar",)), 2),
        (StreamFilters(source=("one",)), 1),
        (StreamFilters(kind=("article",)), 2),
        (StreamFilters(q="suncana GROZDE"), 1),
        (StreamFilters(q="100%_"), 0),
    ):
        assert len(await titles(database, filters)) == expected, filters


async def test_counts_tell_what_can_be_filtered_by(database: Database) -> None:
    await keep(database, source("one", AUTO), [sighting(1), sighting(2)])
    await keep(database, source("held"), [sighting(3)])
    async with database.read() as connection:
        counts = await read_counts(connection)
    assert (counts.total, counts.languages, counts.tags, counts.partners) == (2, {"en": 2}, {"solar": 2}, {"city": 2})


async def test_pinned_items_come_first_and_only_once(database: Database) -> None:
    await keep(database, source(review=AUTO), [sighting(n) for n in range(8)])
    async with database.write() as connection:
        await connection.execute(update(item).where(item.c.title.in_(["News 2", "News 5"])).values(pinned_at=START))
    seen, cursor = [], None
    while True:
        async with database.read() as connection:
            page = await read_page(connection, ALL, limit=1, cursor=cursor)
        seen += [i.title for i in page.items]
        if not (cursor := page.next_cursor):
            break
    assert set(seen[:2]) == {"News 2", "News 5"}
    assert sorted(seen) == [f"News {n}" for n in range(8)]


@pytest.mark.parametrize("seed", range(6))
async def test_a_walk_shows_what_was_public_all_the_while_exactly_once(database: Database, seed: int) -> None:
    """Whatever is published, withdrawn, pinned and unpinned between two pages."""
    chance = random.Random(seed)
    await keep(database, source(review=AUTO), [sighting(n) for n in range(40)])
    await keep(database, source("held"), [sighting(n, title=f"Late {n}") for n in range(100, 120)])
    untouched = {f"News {n}" for n in range(40)}
    late = [f"Late {n}" for n in range(100, 120)]
    seen, cursor = [], None
    while True:
        async with database.read() as connection:
            page = await read_page(connection, ALL, limit=chance.randint(1, 7), cursor=cursor)
        seen += [i.title for i in page.items]
        if not (cursor := page.next_cursor):
            break
        gone = chance.choice(sorted(untouched))
        untouched.discard(gone)
        await set_state(database, gone, State.REJECTED)
        if late:
            await set_state(database, late.pop(), State.APPROVED)
        async with database.write() as connection:
            pinned = chance.choice(sorted(untouched))
            await connection.execute(update(item).where(item.c.title == pinned).values(pinned_at=START))
    assert len(seen) == len(set(seen))
    assert untouched <= set(seen)


async def test_items_of_one_moment_are_all_shown(database: Database) -> None:
    await keep(database, source(review=AUTO), [sighting(n, published_at=START) for n in range(9)])
    seen, cursor = [], None
    for _ in range(5):
        async with database.read() as connection:
            page = await read_page(connection, ALL, limit=2, cursor=cursor)
        seen += [i.title for i in page.items]
        cursor = page.next_cursor
    assert cursor is None
    assert len(set(seen)) == 9


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(60), deadline=None)
@given(st.text(max_size=60) | st.builds(lambda v: base64.urlsafe_b64encode(json.dumps(v).encode()).decode(),
       st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=3) | st.dictionaries(
           st.sampled_from(["pins", "shown", "at", "id", "since", "lent"]), c, max_size=4), max_leaves=6)))  # fmt: skip
async def test_a_cursor_that_is_not_ours_is_refused_and_never_breaks(database: Database, cursor: str) -> None:
    async with database.read() as connection:
        try:
            await read_page(connection, ALL, limit=10, cursor=cursor)
        except CursorError as error:
            assert "start again without it" in str(error)


async def test_of_two_who_decide_at_once_one_wins(database: Database) -> None:
    kept = await keep(database, source(), [sighting(1)])
    async with database.write() as connection:
        await move(
            connection, kept.item_ids[0], to=State.APPROVED, action="approve", by="a", reason="", now=START, version=1
        )
    with pytest.raises(StaleVersionError) as caught:
        async with database.write() as connection:
            await move(
                connection,
                kept.item_ids[0],
                to=State.REJECTED,
                action="reject",
                by="b",
                reason="",
                now=START,
                version=1,
            )
    assert caught.value.current == 2


@pytest.mark.parametrize(
    "words",
    [
        {"pins": ["\ud800"], "shown": 0},
        {"pins": [], "shown": 0, "at": "9999-12-31T23:59:59-12:00", "id": "x"},
        {"pins": [], "shown": 0, "at": "0001-01-01T00:00:00+12:00", "id": "x"},
        {"pins": [], "shown": 0, "at": "2026-01-01T00:00:00", "id": "x"},
        {"pins": [], "shown": 0, "at": "2026-01-01T00:00:00Z", "id": "\0"},
        {"pins": ["x"] * 21, "shown": 0},
        {"pins": [], "shown": -1},
        {"pins": [], "shown": 0, "since": 2**63},
        {"pins": [], "shown": 0, "since": -1},
        {"pins": [], "shown": 0, "lent": ["\0"]},
        {"pins": [], "shown": 0, "lent": ["\ud800"]},
        {"pins": [], "shown": 0, "lent": ["x"] * 46},
    ],
)
async def test_a_cursor_of_strange_values_is_refused(database: Database, words: dict) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(words).encode()).decode()
    async with database.read() as connection:
        with pytest.raises(CursorError):
            await read_page(connection, ALL, limit=10, cursor=cursor)
        with pytest.raises(CursorError):
            strange = base64.urlsafe_b64encode(json.dumps([words.get("at", ""), words.get("id", "\ud800")]).encode())
            await read_queue(connection, state=State.WAITING, cursor=strange.decode())
