"""A queue with items to decide on, and what makes the program learn from that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.handlers import handlers
from aggregator.learning.training import tell
from aggregator.machine import Machine
from aggregator.model import State, TagMatch
from aggregator.store.changes import record
from aggregator.store.learned import Learned, Score, read_learned, read_scores
from aggregator.store.moves import move
from aggregator.store.tables import item, task
from aggregator.work import Worker
from curation.decisions import decide
from tests.builders import keep, sighting, source
from tests.conftest import Clock

GOOD, BAD = "city", "tni"  # partners whose items are wanted, and not


class Here:
    """Learns in a thread of the tests' own process, which takes no time to start; counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def run(self, function: Callable[..., Any], *args: object) -> Any:
        self.asked += 1
        return await asyncio.to_thread(function, *args)


class Newsdesk:
    """Items of two partners come in, and an editor who wants those of one of them decides."""

    def __init__(self, machine: Machine, clock: Clock, study: Any = None) -> None:
        self.study = study or Here()
        self.machine = replace(machine, shop=replace(machine.shop, study=self.study))
        self.clock = clock
        self._number = 0

    async def receive(
        self, partner: str, count: int = 1, *, words: str = "", tags: Sequence[str] = ("solar",)
    ) -> list[str]:
        """So many items of that partner; their ids, the oldest first."""
        self._number += count
        self.clock.forward(seconds=1)
        seen = [
            sighting(n, title=f"News {n} {words}", body_html=f"<p>{words} told for the {n}th time.</p>")
            for n in range(self._number - count, self._number)
        ]
        its = source(f"{partner}-news", partner=partner)
        refine = {"tags": tuple(TagMatch(tag, "word", tag) for tag in tags)}
        return (await keep(self.machine.database, its, seen, self.clock(), refine)).item_ids

    async def decide_on(self, item_ids: Sequence[str], action: str) -> None:
        for item_id in item_ids:
            await decide(self.machine, item_id, action=action, editor="ana")

    async def decide_some(self, yes: int, no: int) -> None:
        """So many new items of each partner, decided."""
        approved = await self.receive(GOOD, yes, words="solar roof shared by neighbours")
        rejected = await self.receive(BAD, no, words="final score of the football cup")
        pairs = zip_longest(((one, True) for one in approved), ((one, False) for one in rejected))
        decided = [one for pair in pairs for one in pair if one]

        async def commit(connection: AsyncConnection) -> None:
            """As `decide` does it, but all in one transaction: most tests begin with it."""
            for item_id, is_wanted in decided:
                to, action = (State.APPROVED, "approve") if is_wanted else (State.REJECTED, "reject")
                now = self.clock()
                moved = await move(connection, item_id, to=to, action=action, by="ana", reason="", now=now)
                await tell(connection, self.machine.work, now=now)
                await record(connection, moved.changes, now=now)

        await self.machine.database.keep([commit])

    async def learn(self) -> int:
        """Have learnt what there is to learn, and return how many tasks that took."""
        self.clock.forward(seconds=10)
        worker = Worker(
            self.machine.database, self.machine.bell, handlers(self.machine.shop), self.clock, only=("learn",)
        )
        return await worker.run_due(only=("learn",))

    async def judge(self) -> None:
        """Have judged what came to wait."""
        await self.machine.put_judging()
        await self.learn()

    async def learned(self) -> Learned:
        async with self.machine.database.read() as connection:
            return await read_learned(connection)

    async def scores(self) -> dict[str, Score]:
        async with self.machine.database.read() as connection:
            return await read_scores(connection)

    async def open_tasks(self) -> list[str]:
        async with self.machine.database.read() as connection:
            return list((await connection.execute(select(task.c.handler).where(task.c.handler == "learn"))).scalars())

    async def state_of(self, item_id: str) -> str | None:
        async with self.machine.database.read() as connection:
            state: str | None = await connection.scalar(select(item.c.state).where(item.c.id == item_id))
            return state
