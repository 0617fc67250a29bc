"""Commits what several tasks have ready in one transaction of SQLite, which has one writer. Knows nothing of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.engine import Commit, Database

# As many as one transaction takes, and how long it goes on taking them: whoever comes meanwhile, such as one with an
# item that was just pushed, waits for it.
MOST_TOGETHER = 16
LONGEST_TOGETHER = 0.05
# How long one of many waits for others first: a transaction of its own costs a feed a third more.
PATIENCE = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    commit: Commit
    done: asyncio.Future[None]


class Keeper:
    """Keeps commits of one process. Whoever comes while a transaction is under way goes into the next one together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def keep(self, commit: Commit, *, is_one_of_many: bool = False) -> None:
        """Run `commit` in a transaction, perhaps with others, and return when it is kept.

        Where it `is_one_of_many` that are under way, others are waited for a little.
        Raises what it raises; then it alone is undone. It may be run more than once, each time in a transaction of
        which nothing was kept.
        """
        if not self._database.is_sqlite:
            # PostgreSQL writes for many at once, and two that hold locks for several tasks each could lock up.
            await self._database.keep([commit])
            return
        mine = _Waiting(commit, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        try:
            async with self._turn:
                if not mine.done.done():
                    if is_one_of_many and len(self._waiting) < MOST_TOGETHER:
                        await asyncio.sleep(PATIENCE)
                    await self._write_with(mine)
        finally:
            with contextlib.suppress(ValueError):
                self._waiting.remove(mine)
        mine.done.result()

    async def _write_with(self, mine: _Waiting) -> None:
        together = [mine, *(one for one in self._waiting if one is not mine)][:MOST_TOGETHER]
        if len(together) > 1:
            try:
                await self._write(together)
            except Exception:  # noqa: BLE001 - one of them: each alone will say which
                await self._write_alone(mine)
        else:
            await self._write_alone(mine)

    async def _write_alone(self, one: _Waiting) -> None:
        try:
            await self._write([one])
        except Exception as error:  # noqa: BLE001 - its caller is told
            one.done.set_exception(error)

    async def _write(self, together: list[_Waiting]) -> None:
        kept: list[_Waiting] = []

        async def commit(connection: AsyncConnection) -> None:
            begun = time.monotonic()
            for one in together:
                await one.commit(connection)
                kept.append(one)
                if time.monotonic() - begun >= LONGEST_TOGETHER:
                    break

        await self._database.keep([commit])
        for one in kept:
            if not one.done.done():
                one.done.set_result(None)
            with contextlib.suppress(ValueError):
                self._waiting.remove(one)
