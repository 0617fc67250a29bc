"""A pass over many sources: each comes to an outcome, some at a time, with what is remembered of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import StoreError
from aggregator.handlers import Outcome, Workshop
from aggregator.machine import Machine
from aggregator.model import Source
from aggregator.passes import AT_ONCE, STATES_AT_ONCE, collect_all
from aggregator.sandbox import CROWD
from aggregator.store.engine import Commit
from aggregator.store.sources import SourceState, know_sources
from tests.builders import source

MANY = 2 * STATES_AT_ONCE + 7


async def nothing(_connection: AsyncConnection) -> None:
    pass


class FakeShop:
    """Looks at nothing; counts who looks at once."""

    def __init__(self) -> None:
        self.states: dict[str, SourceState | None] = {}
        self.looking = Counter[str]()
        self.most = 0
        self.hold: asyncio.Event | None = None
        self.hanging: set[str] = set()
        self.problems: dict[str, Exception] = {}

    async def look(self, looked_at: Source, state: SourceState | None = None) -> tuple[Outcome, Commit]:
        self.states[looked_at.id] = state
        self.looking[looked_at.id] += 1
        self.most = max(self.most, self.looking.total())
        try:
            await (self.hold.wait() if self.hold else asyncio.sleep(600 * (looked_at.id in self.hanging)))
        finally:
            self.looking[looked_at.id] -= 1
        if looked_at.id == "broken":
            raise ZeroDivisionError
        if looked_at.id in self.problems:
            raise self.problems[looked_at.id]
        return Outcome(looked_at.id), nothing


def with_shop(machine: Machine, shop: FakeShop) -> Machine:
    return replace(machine, shop=cast("Workshop", shop))


async def test_each_source_comes_to_one_outcome_with_its_own_state(machine: Machine, clock) -> None:
    sources = [source(f"s{number}") for number in range(MANY)]
    async with machine.database.write() as connection:
        await know_sources(connection, sources[1:], now=clock())
    shop = FakeShop()
    outcomes = [outcome.source_id async for outcome in collect_all(with_shop(machine, shop), sources)]
    assert sorted(outcomes) == sorted(one.id for one in sources)
    assert shop.states.pop("s0") is None
    assert {name: state and state.source_id for name, state in shop.states.items()} == {n: n for n in shop.states}
    assert shop.most == AT_ONCE


@pytest.mark.parametrize(("unread", "prepared"), [(CROWD, []), (3 * CROWD, [CROWD + 1])])
async def test_processes_get_ready_where_many_sources_were_never_read(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, unread: int, prepared: list[int]
) -> None:
    asked: list[int] = []

    async def get_ready(_machine: Machine, documents: int) -> None:
        asked.append(documents)

    monkeypatch.setattr(Machine, "get_ready", get_ready)
    async for _ in collect_all(with_shop(machine, FakeShop()), [source(f"s{number}") for number in range(unread)]):
        pass
    assert asked == prepared


async def test_few_that_do_not_hang_go_on_one_after_the_other(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.passes.LONGEST_PAUSE", 0.001)
    shop = FakeShop()
    shop.hanging = {f"s{number}" for number in range(AT_ONCE - 2)}
    sources = [source(f"s{number}") for number in range(2 * AT_ONCE)]
    healthy = {one.id for one in sources} - shop.hanging
    async with aclosing(collect_all(with_shop(machine, shop), sources)) as outcomes:
        assert {(await anext(outcomes)).source_id for _ in healthy} == healthy


async def test_a_fault_of_ours_is_not_hidden_and_leaves_nobody_looking(machine: Machine) -> None:
    shop = FakeShop()
    with pytest.raises(ZeroDivisionError):
        async for _ in collect_all(with_shop(machine, shop), [source("broken"), *map(source, "abc")]):
            pass
    assert not shop.looking.total()


async def test_what_could_not_be_kept_is_said_with_its_reason_and_stops_no_other(machine: Machine) -> None:
    shop = FakeShop()
    shop.problems = {"a": StoreError("the disk is full: make room"), "b": OSError("/secret/path")}
    outcomes = {
        outcome.source_id: outcome.problem
        async for outcome in collect_all(with_shop(machine, shop), [source(name) for name in "abc"])
    }
    assert outcomes == {
        "a": "could not be kept: the disk is full: make room", "b": "could not be kept: OSError", "c": None,
    }  # fmt: skip


async def test_who_stops_a_pass_leaves_nobody_looking(machine: Machine) -> None:
    shop = FakeShop()
    names = [f"s{number}" for number in range(10)]
    async with aclosing(collect_all(with_shop(machine, shop), [source(name) for name in names])) as outcomes:
        await anext(outcomes)
        shop.hold = asyncio.Event()
    assert not shop.looking.total()


async def test_a_pass_over_nothing_ends(machine: Machine) -> None:
    assert [outcome async for outcome in collect_all(machine, [])] == []
