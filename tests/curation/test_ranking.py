"""The order of the queue: pages that lose and double nothing, whatever is learnt meanwhile."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.learned import (
    MOST_REMEMBERED,
    Learned,
    Score,
    keep_learned,
    keep_scores,
    read_learned,
    read_scores,
)
from aggregator.store.stream import CursorError
from aggregator.store.tables import item_score, learned
from curation.decisions import decide
from curation.queue import QueuePage, read_queue
from curation.ranking import Order, Place, choose, read_cursor, write_cursor
from tests.builders import START, keep, sighting, source
from tests.conftest import Clock

AWAKE = Learned(decisions=40, has_weights=True, format=1)


async def think(machine: Machine, likely: Mapping[str, float]) -> int:
    """Have the model think so of those items; its version then."""
    async with machine.database.write() as connection:
        before, known = await read_learned(connection), await read_scores(connection)
        after = await keep_learned(connection, before, AWAKE, now=machine.now(), weights=b"w")
        scores = [Score(item_id, how, f"because of {how}", (("solar", 0.95),), 1) for item_id, how in likely.items()]
        await keep_scores(connection, scores, known, after.version)
    return after.version


async def receive(machine: Machine, numbers: range) -> list[str]:
    return (await keep(machine.database, source("held"), [sighting(n) for n in numbers], machine.now())).item_ids


async def page_of(machine: Machine, **asked: Any) -> QueuePage:
    async with machine.database.read() as connection:
        return await read_queue(connection, state=State.WAITING, **asked)


async def test_the_likeliest_come_first_and_what_is_not_judged_last(machine: Machine, clock: Clock) -> None:
    a, b, c, d, e = await receive(machine, range(5))
    await think(machine, {a: 0.2, b: 0.9, c: 0.5, d: 0.5})
    page = await page_of(machine)
    assert [one.id for one in page.items] == [b, d, c, a, e]
    assert [one.likely for one in page.items] == [0.9, 0.5, 0.5, 0.2, None]
    assert (page.items[0].because, page.items[0].suggested) == ("because of 0.9", (("solar", 0.95),))
    assert (page.items[4].because, page.items[4].suggested, page.order, page.total) == ("", (), Order.LIKELY, 5)


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_a_walk_shows_each_item_once_though_all_is_thought_anew_on_the_way(
    machine: Machine, clock: Clock, limit: int
) -> None:
    ids = await receive(machine, range(12))
    await think(machine, {item_id: place / 20 for place, item_id in enumerate(ids[:9])})
    page, shown, turn = await page_of(machine, limit=limit), [], 0
    while True:
        shown += [one.id for one in page.items]
        if not page.next_cursor:
            break
        turn += 1
        clock.forward(seconds=1)
        new = await receive(machine, range(100 + turn, 101 + turn))
        thought = {item_id: (place * 7 * turn % 13) / 13 for place, item_id in enumerate([*ids, *new])}
        await think(machine, thought)
        page = await page_of(machine, limit=limit, cursor=page.next_cursor)
        assert page.order is Order.LIKELY
    assert [one for one in shown if one in ids] == [*reversed(ids[:9]), *reversed(ids[9:])]
    assert len(shown) == len(set(shown))


async def test_what_is_decided_on_the_way_is_not_shown_and_nothing_else_is_lost(machine: Machine) -> None:
    ids = await receive(machine, range(6))
    await think(machine, {item_id: place / 10 for place, item_id in enumerate(ids)})
    first = await page_of(machine, limit=2)
    await decide(machine, first.items[-1].id, action="approve", editor="ana")
    await decide(machine, ids[2], action="approve", editor="ana")
    rest = await page_of(machine, cursor=first.next_cursor)
    assert [one.id for one in rest.items] == [ids[3], ids[1], ids[0]]


async def test_a_walk_by_time_stays_one_when_the_model_wakes(machine: Machine) -> None:
    ids = await receive(machine, range(4))
    first = await page_of(machine, limit=2)
    await think(machine, {ids[0]: 0.1, ids[1]: 0.9})
    rest = await page_of(machine, cursor=first.next_cursor)
    assert ([one.id for one in rest.items], rest.order) == ([ids[1], ids[0]], Order.NEWEST)


async def test_a_walk_goes_on_when_all_is_forgotten(machine: Machine) -> None:
    ids = await receive(machine, range(4))
    await think(machine, dict.fromkeys(ids, 0.5))
    first = await page_of(machine, limit=2)
    async with machine.database.write() as connection:
        await connection.execute(delete(item_score))
        await connection.execute(delete(learned))
    rest = await page_of(machine, cursor=first.next_cursor)
    assert {one.id for one in (*first.items, *rest.items)} == set(ids)


async def test_an_item_keeps_some_of_what_was_thought_of_it(machine: Machine) -> None:
    (item_id,) = await receive(machine, range(1))
    for turn in range(MOST_REMEMBERED + 5):
        version = await think(machine, {item_id: turn / 100})
    await think(machine, {item_id: turn / 100})
    async with machine.database.read() as connection:
        history = await connection.scalar(select(item_score.c.history))
    assert (len(history), history[-1]) == (MOST_REMEMBERED, [version, turn / 100])


async def test_other_states_know_no_likeliness(machine: Machine) -> None:
    ids = await receive(machine, range(2))
    await think(machine, dict.fromkeys(ids, 0.5))
    await decide(machine, ids[0], action="reject", editor="ana")
    async with machine.database.read() as connection:
        page = await read_queue(connection, state=State.REJECTED, order=Order.LIKELY)
    assert [(one.id, one.likely) for one in page.items] == [(ids[0], None)]
    assert (page.order, page.order_note) == (Order.NEWEST, "")


@pytest.mark.parametrize(
    ("asked", "learned", "installed", "order", "words"),
    [
        (None, AWAKE, True, Order.LIKELY, "as learnt from 40 decisions"),
        (Order.NEWEST, AWAKE, True, Order.NEWEST, "as you asked"),
        (Order.LIKELY, Learned(decisions=12), True, Order.NEWEST, "begins after 30 decisions (12 so far)"),
        (Order.LIKELY, Learned(decisions=40), True, Order.NEWEST, "(40 so far)"),
        (Order.LIKELY, AWAKE, False, Order.NEWEST, "pip install mpower-stream[learn]"),
    ],
)
def test_the_order_is_named_with_its_reason(
    asked: Order | None, learned: Learned, installed: bool, order: Order, words: str
) -> None:
    chosen, note = choose(asked, learned, installed=installed)
    assert chosen is order
    assert words in note


places = st.builds(
    Place, st.just(START), st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30),
    st.none() | st.integers(0, 2**53), st.none(),
) | st.builds(Place, st.just(START), st.just("01"), st.integers(0, 9), st.floats(0, 1))  # fmt: skip


@given(places)
def test_a_cursor_comes_back_as_it_was_given(place: Place) -> None:
    assert read_cursor(write_cursor(place)) == place


@given(st.text(max_size=80) | st.lists(st.none() | st.text() | st.integers() | st.floats(), max_size=6))
def test_a_strange_cursor_is_refused(strange: object) -> None:
    for text in (str(strange), base64.urlsafe_b64encode(json.dumps(strange).encode()).decode()):
        try:
            found = read_cursor(text)
        except CursorError:
            continue
        assert found.at.tzinfo
