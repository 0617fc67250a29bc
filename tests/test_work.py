"""The work list: claimed once, retried, never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from aggregator.bell import open_bell
from aggregator.errors import MeetingError
from aggregator.events import ItemsArrived, SourceDue
from aggregator.localbell import LocalBell
from aggregator.store.engine import Database, open_database
from aggregator.store.tables import counter, task
from aggregator.work import LEASE, Commit, LeaseLostError, Worker, WorkList, claim, finish, waiting_tasks
from tests.conftest import Clock

FOLLOWS = {SourceDue: ("count",), ItemsArrived: ("first", "second")}


async def put(database: Database, clock: Clock, *names: str, key: bool = False) -> None:
    work = WorkList(FOLLOWS)
    async with database.write() as connection:
        for name in names:
            await work.put(connection, SourceDue(name), due_at=clock(), key=name if key else None)


def counting(name: str = "effects"):
    async def handler(event: SourceDue) -> Commit:
        async def commit(connection) -> None:
            await connection.execute(update(counter).where(counter.c.name == name).values(value=counter.c.value + 1))

        return commit

    return handler


async def effects(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(select(counter.c.value).where(counter.c.name == "effects"))


@pytest.fixture
async def counted(database: Database) -> Database:
    async with database.write() as connection:
        await connection.execute(insert(counter).values(name="effects", value=0))
    return database


async def test_several_workers_perform_each_task_once(counted: Database, clock: Clock) -> None:
    await put(counted, clock, *(f"source-{n}" for n in range(60)))
    url = counted.url.render_as_string(hide_password=False)
    async with open_database(url) as second, open_database(url) as third:
        workers = [Worker(db, LocalBell(), {"count": counting()}, clock, slots=7) for db in (counted, second, third)]
        performed = await asyncio.gather(*(worker.run_due() for worker in workers))
    assert sum(performed) == 60
    assert await effects(counted) == 60


async def test_what_takes_longer_than_its_lease_is_ended_and_says_so(
    database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def for_ever(_event: SourceDue) -> None:
        await asyncio.Event().wait()

    told: list[str] = []

    async def tell(_event: object, error: Exception, _connection: object) -> None:
        told.append(str(error))

    await put(database, clock, "slow")
    worker = Worker(database, LocalBell(), {"count": for_ever}, clock, lease=timedelta(seconds=0.05), on_failure=tell)
    await worker.run_due()
    assert told == ["count took longer than 0.05 s, for which work is leased (MPOWER_LEASE_SECONDS)"]
    assert [record.levelname for record in caplog.records if record.name == "aggregator.work"] == ["WARNING"]
    async with database.read() as connection:
        assert await waiting_tasks(connection) == 1


async def test_a_key_is_open_only_once(database: Database, clock: Clock) -> None:
    await put(database, clock, "same", "same", key=True)
    await put(database, clock, "same", key=True)
    async with database.read() as connection:
        assert await waiting_tasks(connection) == 1


async def test_each_handler_of_an_event_has_a_task_of_its_own(database: Database, clock: Clock) -> None:
    async with database.write() as connection:
        await WorkList(FOLLOWS).put(connection, ItemsArrived(("a", "b")), due_at=clock())
        tasks = await claim(connection, now=clock(), limit=10)
    assert {t.handler for t in tasks} == {"first", "second"}
    assert tasks[0].event == ItemsArrived(("a", "b"))


async def test_a_task_that_fails_is_tried_again_later_and_says_why(counted: Database, clock: Clock) -> None:
    await put(counted, clock, "x")

    async def breaks(_event: SourceDue) -> None:
        raise RuntimeError("the disk is full")

    await Worker(counted, LocalBell(), {"count": breaks}, clock).run_due()
    async with counted.read() as connection:
        row = (await connection.execute(select(task))).one()
    assert row.problem == "RuntimeError: the disk is full"
    assert row.due_at > clock()
    clock.forward(seconds=10)
    assert await Worker(counted, LocalBell(), {"count": counting()}, clock).run_due() == 1
    assert await effects(counted) == 1


async def test_a_dead_workers_task_goes_to_the_next_when_its_lease_is_over(counted: Database, clock: Clock) -> None:
    await put(counted, clock, "x")
    async with counted.write() as connection:
        assert len(await claim(connection, now=clock(), limit=10)) == 1
    living = Worker(counted, LocalBell(), {"count": counting()}, clock)
    assert await living.run_due() == 0
    clock.moment += LEASE
    assert await living.run_due() == 1
    assert await effects(counted) == 1


async def test_a_worker_that_lost_its_lease_writes_nothing(counted: Database, clock: Clock) -> None:
    await put(counted, clock, "x")

    async def outlives_its_lease(event: SourceDue) -> Commit:
        clock.moment += LEASE + timedelta(seconds=1)
        assert await Worker(counted, LocalBell(), {"count": counting()}, clock).run_due() == 1
        return await counting()(event)

    await Worker(counted, LocalBell(), {"count": outlives_its_lease}, clock).run_due()
    assert await effects(counted) == 1


async def test_a_task_is_finished_once(database: Database, clock: Clock) -> None:
    await put(database, clock, "x")
    async with database.write() as connection:
        (claimed,) = await claim(connection, now=clock(), limit=1)
        await finish(connection, claimed)
        with pytest.raises(LeaseLostError):
            await finish(connection, claimed)


async def test_a_running_worker_is_woken_by_the_bell_and_gives_back_what_it_had(
    database: Database, clock: Clock
) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def waits(_event: SourceDue) -> None:
        begun.set()
        await release.wait()

    async with open_bell(database) as bell:
        worker = asyncio.create_task(Worker(database, bell, {"count": waits}, clock).run())
        await put(database, clock, "x")
        await bell.ring()
        await asyncio.wait_for(begun.wait(), 30)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
    async with database.read() as connection:
        row = (await connection.execute(select(task))).one()
    assert row.lease is None
    assert row.due_at <= clock()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_ring_reaches_other_processes_on_postgresql(database: Database) -> None:
    async with open_bell(database) as here, open_bell(database) as there:
        with there.listen() as ear:
            for _ in range(100):
                await here.ring()
                if await ear.wait(0.3):
                    return
    pytest.fail("the other bell never rang")


async def test_two_who_meet_are_no_failure(database: Database, clock, caplog) -> None:
    told: list[Exception] = []

    async def meets(_event: object) -> None:
        raise MeetingError("it was collected meanwhile")

    async def note(_event: object, error: Exception, _connection: object) -> None:
        told.append(error)

    async with open_bell(database) as bell:
        async with database.write() as connection:
            await WorkList({SourceDue: ("collect",)}).put(connection, SourceDue("one"), due_at=clock())
        worker = Worker(database, bell, {"collect": meets}, clock, on_failure=note)
        assert await worker.run_due() == 1
        async with database.read() as connection:
            assert await waiting_tasks(connection) == 1
    assert (told, [record for record in caplog.records if record.levelname == "ERROR"]) == ([], [])
