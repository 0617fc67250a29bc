"""What editors look at besides the queue, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from aggregator.model import Configuration, Partner, Review, ReviewMode, Source, State, Stream
from aggregator.pace import Move
from aggregator.store.engine import Database
from aggregator.store.habits import Habits
from aggregator.store.sources import Cursor, SourceState
from aggregator.store.tables import decision, item
from curation.overview import Health, count_states, judge_sources, read_log
from tests.builders import keep, sighting, source
from tests.conftest import Clock

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GOOD = SourceState(
    "city-news", "https://city.example/feed", Cursor(), NOW, NOW, NOW, NOW - timedelta(days=20), 0, None, None
)


def configure(*sources: Source) -> Configuration:
    stream = Stream("A stream", ("en",), Review(ReviewMode.HOLD))
    return Configuration(stream, (Partner("city", "The City"),), sources, ())


@pytest.mark.parametrize(
    ("changes", "state", "health"),
    [
        ({}, GOOD, Health.GOOD),
        ({}, None, Health.UNTRIED),
        ({}, replace(GOOD, tried_at=None), Health.UNTRIED),
        ({}, replace(GOOD, failures=2), Health.FAILING),
        ({"expect_every": timedelta(days=14)}, GOOD, Health.QUIET),
        ({"expect_every": timedelta(days=14)}, replace(GOOD, failures=1), Health.FAILING),
        ({"expect_every": timedelta(days=21)}, GOOD, Health.GOOD),
        ({"expect_every": timedelta(days=1)}, replace(GOOD, arrived_at=None), Health.GOOD),
        ({}, replace(GOOD, failures=2, stopped=True), Health.STOPPED),
        ({"enabled": False}, replace(GOOD, failures=2, stopped=True), Health.OFF),
    ],
)
def test_a_source_is_judged_by_its_state(changes: dict[str, object], state: SourceState | None, health: Health) -> None:
    judged = judge_sources(configure(source(**changes)), {"city-news": state} if state else {}, now=NOW)
    assert [(one.id, one.partner_name, one.health) for one in judged] == [("city-news", "The City", health)]


def test_when_a_source_is_asked_next_and_why_is_told_while_it_holds() -> None:
    moved = Move("https://town.example/feed", NOW - timedelta(days=8))
    habits = Habits(why="it asked to wait", wait_until=NOW + timedelta(hours=1))
    state = replace(GOOD, move=moved, habits=habits, live_at=NOW - timedelta(hours=1))
    (told,) = judge_sources(configure(source()), {"city-news": state}, now=NOW)
    assert (told.why, told.wait_until, told.moved_to, told.is_followed, told.is_live) == (
        "it asked to wait", NOW + timedelta(hours=1), "https://town.example/feed", True, True,
    )  # fmt: skip
    (later,) = judge_sources(configure(source()), {"city-news": state}, now=NOW + timedelta(days=2))
    assert (later.wait_until, later.is_live) == (None, False)
    (stopped,) = judge_sources(configure(source()), {"city-news": replace(state, stopped=True)}, now=NOW)
    assert (stopped.due_at, stopped.why) == (None, "")


def test_sources_in_trouble_come_first_and_forgotten_ones_not_at_all() -> None:
    configuration = configure(source("a"), source("b", enabled=False), source("c"), source("d"))
    states = {"a": GOOD, "c": replace(GOOD, failures=1), "gone": replace(GOOD, failures=9)}
    assert [one.id for one in judge_sources(configuration, states, now=NOW)] == ["c", "d", "a", "b"]


async def test_items_are_counted_by_state(database: Database, clock: Clock) -> None:
    kept = await keep(database, source(), [sighting(n) for n in range(4)], clock())
    async with database.write() as connection:
        await connection.execute(update(item).where(item.c.id == kept.item_ids[0]).values(state=State.REJECTED))
    async with database.read() as connection:
        counts = await count_states(connection)
    assert counts == {**dict.fromkeys(State, 0), State.WAITING: 3, State.REJECTED: 1}


async def test_the_log_is_read_backwards_and_outlives_its_items(database: Database, clock: Clock) -> None:
    kept = await keep(database, source(), [sighting(1)], clock())
    rows = [
        {"at": clock(), "editor": "ana", "action": "approve", "item_id": item_id, "reason": ""}
        for item_id in (kept.item_ids[0], "gone", None)
    ]
    async with database.write() as connection:
        await connection.execute(insert(decision), rows)
    async with database.read() as connection:
        newest = await read_log(connection, before=None, limit=2)
        older = await read_log(connection, before=newest[-1].id, limit=2)
    assert [(one.item_id, one.title) for one in (*newest, *older)] == [
        (None, None),
        ("gone", None),
        (kept.item_ids[0], "News 1"),
    ]
