"""Commits that wait together are kept together, and one that fails takes nobody with it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.keeper import Commit, Keeper
from aggregator.store.engine import Database, open_database
from aggregator.store.tables import counter


def note(name: str, *, fails: bool = False) -> Commit:
    async def commit(connection: AsyncConnection) -> None:
        await connection.execute(insert(counter).values(name=name, value=1))
        if fails:
            raise ValueError(name)

    return commit


async def kept(database: Database) -> set[str]:
    async with database.read() as connection:
        return set((await connection.execute(select(counter.c.name))).scalars())


async def test_all_that_come_at_once_are_kept(database_url: str) -> None:
    async with open_database(database_url) as database:
        keeper = Keeper(database)
        before = await kept(database)
        await asyncio.gather(*(keeper.keep(note(f"n{number}")) for number in range(50)))
        assert await kept(database) == before | {f"n{number}" for number in range(50)}


async def test_one_that_fails_is_told_and_takes_nobody_with_it(database_url: str) -> None:
    async with open_database(database_url) as database:
        keeper = Keeper(database)
        before = await kept(database)
        commits = [note("a"), note("b", fails=True), note("c"), note("d", fails=True), note("e")]
        answers = await asyncio.gather(*(keeper.keep(commit) for commit in commits), return_exceptions=True)
        assert [type(answer) for answer in answers] == [type(None), ValueError, type(None), ValueError, type(None)]
        assert await kept(database) == before | {"a", "c", "e"}


async def test_one_who_is_cancelled_leaves_the_others_theirs(database_url: str) -> None:
    async with open_database(database_url) as database:
        keeper = Keeper(database)
        begun = asyncio.Event()

        async def hang(_connection: AsyncConnection) -> None:
            begun.set()
            await asyncio.Event().wait()

        leader = asyncio.create_task(keeper.keep(hang))
        await begun.wait()
        others = [asyncio.create_task(keeper.keep(note(f"after {number}"))) for number in range(3)]
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        await asyncio.gather(*others)
        assert {f"after {number}" for number in range(3)} <= await kept(database)
