"""The work list: rows that are put with the fact they follow from, claimed, performed, and postponed where they fail.

`due_at` is schedule, lease and retry time at once: whoever claims a row moves it into the future, and a worker that
dies leaves it to the next. A handler looks and thinks first, with no connection open, and returns a short commit that
runs in the transaction in which the row goes; a worker that lost its lease by then writes nothing.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.bell import Bell
from aggregator.errors import AggregatorError, MeetingError, StoreError
from aggregator.events import EVENTS, Event
from aggregator.keeper import Keeper
from aggregator.store.engine import Commit, Database
from aggregator.store.rows import Rows
from aggregator.store.tables import task

LEASE = timedelta(seconds=120)
LONGEST_WAIT = timedelta(days=1)
_TASKS = Rows(task, lambda new: new.on_conflict_do_nothing(index_elements=["key"]))
log = logging.getLogger(__name__)

Handler = Callable[[Any], Awaitable[Commit | None]]
OnFailure = Callable[[Event, Exception, AsyncConnection], Awaitable[None]]


class LeaseLostError(AggregatorError):
    """Another worker has the task by now: this one's result is dropped."""


class LeaseOverError(AggregatorError):
    """A task took longer than it is leased for, so that another worker may have it by now: it was ended."""


@dataclass(frozen=True, slots=True)
class Task:
    """One claimed row. `attempts` counts this one."""

    id: int
    handler: str
    event: Event
    attempts: int
    lease: str


class WorkList:
    """What can be asked of the work list. `follows` says which handlers an event has."""

    def __init__(self, follows: Mapping[type[Event], Sequence[str]]) -> None:
        self._follows = follows

    async def put(self, connection: AsyncConnection, event: Event, *, due_at: datetime, key: str | None = None) -> None:
        """Note the work that follows from the event, in the caller's transaction.

        A key makes it one of its kind: where a task of that key is open already, nothing is put.
        """
        await self.put_all(connection, [(key, event)], due_at=due_at)

    async def put_all(
        self, connection: AsyncConnection, events: Iterable[tuple[str | None, Event]], *, due_at: datetime
    ) -> None:
        """The same for many events, each with its key or None."""
        rows = [
            {
                "key": f"{key}:{handler}" if key else None,
                "handler": handler,
                "event": type(event).__name__,
                "payload": asdict(event),
            }
            for key, event in events
            for handler in self._follows[type(event)]
        ]
        await _TASKS.insert(connection, rows, due_at=due_at)


async def claim(
    connection: AsyncConnection,
    *,
    now: datetime,
    limit: int,
    lease: timedelta = LEASE,
    only: Collection[str] = (),
    worker: str = "",
) -> list[Task]:
    """Take up to so many due tasks; nobody else gets them before the lease is over. `only` names handlers."""
    due = (
        select(task.c.id)
        .where(task.c.due_at <= now, *([task.c.handler.in_(only)] if only else []))
        .order_by(task.c.due_at, task.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    token = f"{worker}:{uuid.uuid4().hex}"
    statement = (
        update(task)
        .where(task.c.id.in_(due.scalar_subquery()))
        .values(lease=token, attempts=task.c.attempts + 1, due_at=now + lease)
        .returning(task.c.id, task.c.handler, task.c.event, task.c.payload, task.c.attempts)
    )
    rows = (await connection.execute(statement)).all()
    return [Task(row.id, row.handler, _event(row.event, row.payload), row.attempts, token) for row in rows]


async def finish(connection: AsyncConnection, done: Task) -> None:
    """Take the task off the list. Raises LeaseLostError where somebody else has it by now."""
    gone = await connection.execute(delete(task).where(task.c.id == done.id, task.c.lease == done.lease))
    if gone.rowcount != 1:
        raise LeaseLostError(f"task {done.id} ({done.handler}) is another worker's by now")


async def postpone(connection: AsyncConnection, failed: Task, *, due_at: datetime, problem: str) -> None:
    """Give the task back, to be tried again then. Does nothing where the lease is lost."""
    await connection.execute(
        update(task)
        .where(task.c.id == failed.id, task.c.lease == failed.lease)
        .values(due_at=due_at, lease=None, problem=problem[:1000])
    )


async def next_due(connection: AsyncConnection, *, only: Collection[str] = ()) -> datetime | None:
    """When the next task is due, or None where the list is empty. `only` names handlers."""
    wanted = [task.c.handler.in_(only)] if only else []
    moment: datetime | None = await connection.scalar(select(func.min(task.c.due_at)).where(*wanted))
    return moment


async def hurry(connection: AsyncConnection, key: str, *, now: datetime) -> None:
    """Make open tasks of that key due now, unless somebody is at them."""
    waits = task.c.key.startswith(f"{key}:", autoescape=True) & task.c.lease.is_(None)
    await connection.execute(update(task).where(waits, task.c.due_at > now).values(due_at=now))


async def keys_not_due(connection: AsyncConnection, beginning: str, *, now: datetime) -> set[str]:
    """The keys that begin so, of tasks that are put off or that somebody is at."""
    found = select(task.c.key).where(task.c.key.startswith(beginning, autoescape=True), task.c.due_at > now)
    return {key.rpartition(":")[0] for key in (await connection.execute(found)).scalars()}


async def drop(connection: AsyncConnection, key: str) -> None:
    """Take the open tasks of that key off the list; whoever is at one has lost it."""
    await connection.execute(delete(task).where(task.c.key.startswith(f"{key}:", autoescape=True)))


async def waiting_tasks(connection: AsyncConnection) -> int:
    """How long the list is."""
    return await connection.scalar(select(func.count()).select_from(task)) or 0


def _event(name: str, payload: Mapping[str, Any]) -> Event:
    # JSON knows no tuples; events hold nothing else that it changes.
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in payload.items()}
    return EVENTS[name](**values)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 2 s, 4 s, … a day, give or take a quarter."""
    seconds = min(2.0 ** min(attempts, 20), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311


async def _finish_with(claimed: Task, commit: Commit | None, connection: AsyncConnection) -> None:
    await finish(connection, claimed)
    if commit:
        await commit(connection)


class Worker:
    """Performs tasks, many at a time, until it is cancelled.

    `only` names the handlers it works for, so that one kind of work never takes the places of another; `on_failure`
    is told of a failure in the transaction that postpones the task.
    """

    def __init__(
        self,
        database: Database,
        bell: Bell,
        handlers: Mapping[str, Handler],
        now: Callable[[], datetime],
        *,
        slots: int = 32,
        lease: timedelta = LEASE,
        only: Collection[str] = (),
        on_failure: OnFailure | None = None,
    ) -> None:
        self._only = only
        self._on_failure = on_failure
        self._database = database
        self._keeper = Keeper(database)
        self._bell = bell
        self._handlers = handlers
        self._now = now
        self._slots = slots
        self._lease = lease
        self._name = uuid.uuid4().hex
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work for ever. On the way out, what was under way is given back at once."""
        try:
            with self._bell.listen() as ear:
                while True:
                    pause = await self._step(ear.wake)
                    await ear.wait(pause)
        finally:
            await self._give_back()

    async def run_due(self, only: Collection[str] = ()) -> int:
        """Perform what is due, and what follows from it, until nothing is. Returns how many tasks were performed.

        `only` names handlers; without it all are meant.
        """
        performed = 0
        while tasks := await self._claim(self._slots, only):
            await asyncio.gather(*(self._perform(claimed) for claimed in tasks))
            performed += len(tasks)
        return performed

    async def _step(self, wake: Callable[[], None]) -> float:
        """Start what is due and say how long to sleep, in seconds."""
        free = self._slots - len(self._running)
        if not free:
            return self._bell.poll_seconds
        try:
            async with self._database.read() as connection:
                due = await next_due(connection, only=self._only)
            if due is None or due > self._now():
                until = (due - self._now()).total_seconds() if due else self._bell.poll_seconds
                return min(max(until, 0.01), self._bell.poll_seconds)
            for claimed in await self._claim(free, self._only):
                running = asyncio.create_task(self._perform(claimed))
                self._running.add(running)
                running.add_done_callback(self._running.discard)
                running.add_done_callback(lambda _: wake())
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("the database does not answer: %s", error)
            return self._bell.poll_seconds
        return 0.0

    async def _claim(self, limit: int, only: Collection[str] = ()) -> list[Task]:
        async with self._database.write() as connection:
            return await claim(
                connection, now=self._now(), limit=limit, lease=self._lease, only=only, worker=self._name
            )

    async def _perform(self, claimed: Task) -> None:
        try:
            commit = await self._look(claimed)
            finishing = functools.partial(_finish_with, claimed, commit)
            await self._keeper.keep(finishing, is_one_of_many=len(self._running) > 1)
        except LeaseLostError as lost:
            log.warning("%s", lost)
        except MeetingError as met:
            log.info("%s", met)
            await self._retry_later(claimed, met)
        except LeaseOverError as over:
            log.warning("%s", over)
            await self._retry_later(claimed, over)
        except Exception as error:  # a task that fails is tried again, whatever the reason
            log.exception("%s failed at attempt %d", claimed.handler, claimed.attempts)
            await self._retry_later(claimed, error)
        else:
            await self._bell.ring()

    async def _look(self, claimed: Task) -> Commit | None:
        limit = asyncio.timeout(self._lease.total_seconds())
        try:
            async with limit:
                return await self._handlers[claimed.handler](claimed.event)
        except TimeoutError as error:
            if not limit.expired():
                raise
            seconds = self._lease.total_seconds()
            raise LeaseOverError(
                f"{claimed.handler} took longer than {seconds:g} s, for which work is leased (MPOWER_LEASE_SECONDS)"
            ) from error

    async def _retry_later(self, failed: Task, error: Exception) -> None:
        due_at = self._now() + retry_after(failed.attempts)
        try:
            async with self._database.write() as connection:
                await postpone(connection, failed, due_at=due_at, problem=f"{type(error).__name__}: {error}")
                if self._on_failure and not isinstance(error, MeetingError):
                    await self._on_failure(failed.event, error, connection)
        except (SQLAlchemyError, OSError, StoreError) as reason:
            log.warning("could not postpone %s, its lease will end by itself: %s", failed.handler, reason)

    async def _give_back(self) -> None:
        """End what is under way and put it back on the list, also what was claimed and not yet begun."""
        unfinished = tuple(self._running)
        for running in unfinished:
            running.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        mine = task.c.lease.startswith(f"{self._name}:", autoescape=True)
        try:
            async with self._database.write() as connection:
                await connection.execute(update(task).where(mine).values(due_at=self._now(), lease=None))
        except (SQLAlchemyError, OSError, StoreError) as reason:
            log.warning("could not give back what was under way, its lease will end by itself: %s", reason)
