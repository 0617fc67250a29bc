"""Commits that wait together are kept together, and one that fails takes nobody with it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator import keeper as keeping
from aggregator.errors import StoreError
from aggregator.keeper import Keeper
from aggregator.store.engine import Commit, Database, open_database
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


@pytest.mark.parametrize(("longest", "transactions"), [(3600.0, 2), (0.0, 20)])
async def test_a_transaction_takes_what_fits_into_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longest: float, transactions: int
) -> None:
    monkeypatch.setattr(keeping, "LONGEST_TOGETHER", longest)
    monkeypatch.setattr(keeping, "MOST_TOGETHER", 19)
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        keeper, commits = Keeper(database), []
        for engine in database.writing_engines:
            event.listen(engine, "commit", commits.append)
        await asyncio.gather(*(keeper.keep(note(f"n{number}")) for number in range(20)))
        assert {f"n{number}" for number in range(20)} <= await kept(database)
    assert len(commits) == transactions


@pytest.mark.parametrize(("is_one_of_many", "transactions"), [(True, 1), (False, 3)])
async def test_one_of_many_waits_for_those_that_come_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_one_of_many: bool, transactions: int
) -> None:
    commits: list[object] = []

    async def wait(_seconds: float) -> None:
        """For as long as it takes the others to come."""
        await come.wait()

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        come, keeper = asyncio.Event(), Keeper(database)
        monkeypatch.setattr(keeping.asyncio, "sleep", wait)
        for engine in database.writing_engines:
            event.listen(engine, "commit", commits.append)
        waiting = []
        for number in range(3):
            one = asyncio.create_task(keeper.keep(note(f"n{number}"), is_one_of_many=is_one_of_many))
            waiting.append(one)
            done, _ = await asyncio.wait([one], timeout=0.1 if is_one_of_many else 30)
            assert bool(done) is not is_one_of_many
        come.set()
        await asyncio.gather(*waiting)
        monkeypatch.undo()
        assert {"n0", "n1", "n2"} <= await kept(database)
    assert len(commits) == transactions


async def test_one_who_is_cancelled_while_it_waits_for_others_leaves_them_theirs(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        keeper = Keeper(database)
        first, second = (asyncio.create_task(keeper.keep(note(name), is_one_of_many=True)) for name in "ab")
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert {"a", "b"} & await kept(database) == {"b"}
        with pytest.raises(asyncio.CancelledError):
            await first


# Far from the loop for as long as a test needs to cancel it, on each engine.
LONG = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n")


async def test_one_who_is_cancelled_leaves_the_others_theirs(database_url: str) -> None:
    async with open_database(database_url) as database:
        keeper = Keeper(database)
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        async def dawdle(connection: AsyncConnection) -> None:
            loop.call_soon_threadsafe(begun.set)
            await connection.execute(LONG)
            await connection.execute(insert(counter).values(name="cancelled", value=1))

        leader = asyncio.create_task(keeper.keep(dawdle))
        await begun.wait()
        others = [asyncio.create_task(keeper.keep(note(f"after {number}"))) for number in range(3)]
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        await asyncio.gather(*others)
        after = await kept(database)
        assert {f"after {number}" for number in range(3)} <= after
        assert "cancelled" not in after


async def test_a_transaction_is_one_way_to_the_thread_of_sqlite_and_back(tmp_path: Path) -> None:
    threads = []

    async def commit(connection: AsyncConnection) -> None:
        threads.append(threading.current_thread())
        await note("a")(connection)
        threads.append(threading.current_thread())

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        await database.keep([commit, commit_none, note("b")])
        assert {"a", "b"} <= await kept(database)
    assert len(set(threads)) == 1
    assert threading.current_thread() not in threads


async def commit_none(_connection: AsyncConnection) -> None:
    """Nothing to keep."""


async def test_a_commit_that_waits_for_something_else_is_refused_and_undone(tmp_path: Path) -> None:
    async def commit(connection: AsyncConnection) -> None:
        await note("waits")(connection)
        await asyncio.sleep(0)

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        with pytest.raises(StoreError, match="nothing but the database"):
            await Keeper(database).keep(commit)
        await Keeper(database).keep(note("next"))
        assert await kept(database) & {"waits", "next"} == {"next"}


async def test_one_who_is_cancelled_twice_leaves_the_connection_whole(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        begun, loop, go_on = asyncio.Event(), asyncio.get_running_loop(), threading.Event()

        async def stay(connection: AsyncConnection) -> None:
            await note("stays")(connection)
            loop.call_soon_threadsafe(begun.set)
            go_on.wait()
            await note("stays")(connection)  # fails: nobody is there to be told

        keeping = asyncio.create_task(database.keep([stay]))
        await begun.wait()
        for _ in range(3):
            keeping.cancel()
            await asyncio.sleep(0)
        assert not keeping.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await keeping
        await database.keep([note("next")])
        assert await kept(database) & {"stays", "next"} == {"next"}


async def test_who_looks_is_told_what_was_found_and_keeps_nothing(database_url: str) -> None:
    async def look(connection: AsyncConnection) -> list[str]:
        return sorted((await connection.execute(select(counter.c.name))).scalars())

    async with open_database(database_url) as database:
        await database.keep([note("a"), note("b")])
        assert {"a", "b"} <= set(await database.look(look))
        found = await asyncio.gather(*(database.look(look) for _ in range(20)))
        assert found == [found[0]] * 20


async def test_who_looks_may_not_write_on_sqlite_nor_wait_for_something_else(tmp_path: Path) -> None:
    async def wait(_connection: AsyncConnection) -> None:
        await asyncio.sleep(0)

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        with pytest.raises(OperationalError, match="readonly"):
            await database.look(note("a"))
        with pytest.raises(StoreError, match="nothing but the database"):
            await database.look(wait)


async def test_rows_that_are_read_may_be_changed_meanwhile(database_url: str) -> None:
    async def commit(connection: AsyncConnection) -> None:
        for row in await connection.execute(select(counter.c.name).where(counter.c.name.like("n%"))):
            await note(f"{row.name}n")(connection)

    async with open_database(database_url) as database:
        await database.keep([note("n1"), note("n2"), commit])
        assert {name for name in await kept(database) if name[0] == "n"} == {"n1", "n2", "n1n", "n2n"}


async def test_what_is_kept_is_in_the_one_file_afterwards(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/one.db"
    for name in ("a", "b"):  # the second time nothing is migrated, so that nobody else has written
        async with open_database(url) as database:
            await database.keep([note(name)])
            await database.look(commit_none)
        assert {path.name for path in tmp_path.iterdir()} <= {"one.db", "one.db.lock"}
