"""Wires it all, in one place: opens what the program needs, starts what runs by itself, and closes it in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from aggregator.addresses import Allowed
from aggregator.bell import Bell, open_bell
from aggregator.collectors import COLLECTORS
from aggregator.collectors.contract import Outside
from aggregator.errors import StoreError
from aggregator.events import SourceDue
from aggregator.fetch import open_fetch
from aggregator.handlers import FOLLOWS, Workshop, handlers
from aggregator.model import Configuration
from aggregator.sandbox import open_sandbox
from aggregator.settings import Settings, read_secret
from aggregator.sources import CurrentSources
from aggregator.store.changes import forget_changes, read_counter
from aggregator.store.engine import Database, open_database
from aggregator.store.sources import due_sources, know_sources
from aggregator.store.tables import task
from aggregator.watchers import Watchers
from aggregator.work import Worker, WorkList

TICK_SECONDS = 1
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def user_agent(contact: str) -> str:
    """Who we say we are: the service, its version and where its operator can be reached (RFC 9110, section 10.1.5)."""
    return f"mPOWER-Stream/{version('mpower-stream')} (+{contact})"


@dataclass(frozen=True, slots=True)
class Machine:
    """The whole aggregator, wired. Everything in it is open while its context lasts."""

    settings: Settings
    secret: bytes
    database: Database
    bell: Bell
    work: WorkList
    sources: CurrentSources
    outside: Outside
    shop: Workshop
    watchers: Watchers
    now: Callable[[], datetime]

    @property
    def configuration(self) -> Configuration:
        """The sources.toml that counts right now."""
        return self.sources.configuration

    async def ask_for(self, source_id: str) -> None:
        """Have a source collected now."""
        async with self.database.write() as connection:
            await self.work.put(connection, SourceDue(source_id), due_at=self.now(), key=f"source:{source_id}")
        await self.bell.ring()

    async def tick(self) -> None:
        """See which sources are due, and put the work. What is due is the database's to say."""
        try:
            if await asyncio.to_thread(self.sources.reload_if_changed):
                await self.know_sources()
            await self._put_due()
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("the tick could not look: %s", error)

    async def know_sources(self) -> None:
        """Give every source of the file a state."""
        async with self.database.write() as connection:
            await know_sources(connection, self.configuration.sources, now=self.now())

    async def _put_due(self) -> None:
        enabled = {source.id for source in self.configuration.sources if source.enabled}
        async with self.database.read() as connection:
            due = await due_sources(connection, enabled, now=self.now())
            if not due:
                return
            under_way = {row.key for row in await connection.execute(select(task.c.key).where(task.c.key.is_not(None)))}
        missing = [source_id for source_id in due if f"source:{source_id}:collect" not in under_way]
        if not missing:
            return
        async with self.database.write() as connection:
            for source_id in missing:
                await self.work.put(connection, SourceDue(source_id), due_at=self.now(), key=f"source:{source_id}")
        await self.bell.ring()

    async def sweep(self) -> None:
        """Forget what nobody can ask for any more."""
        async with self.database.write() as connection:
            await forget_changes(connection, now=self.now())

    async def stream_version(self) -> int:
        """The number that grows whenever the public stream looks different."""
        async with self.database.read() as connection:
            return await read_counter(connection, "stream")


@asynccontextmanager
async def open_machine(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> AsyncIterator[Machine]:
    """Open everything. Raises SettingsError or StoreError, with the cure, before anything runs."""
    allowed = Allowed.parse(settings.allow_private)
    sources = CurrentSources(settings.sources, kinds=COLLECTORS, allowed=allowed)
    secret = read_secret(settings.secret_file)
    contact = sources.configuration.stream.contact or settings.public_url
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_url))
        bell = await stack.enter_async_context(open_bell(database))
        reader = await stack.enter_async_context(open_sandbox())
        fetch = await stack.enter_async_context(open_fetch(allowed=allowed, user_agent=user_agent(contact), now=now))
        work = WorkList(FOLLOWS)
        outside = Outside(fetch, reader)
        shop = Workshop(database, outside, sources, work, settings.media_dir, now)
        watchers = Watchers(database, bell)
        machine = Machine(settings, secret, database, bell, work, sources, outside, shop, watchers, now)
        await machine.know_sources()
        yield machine


@asynccontextmanager
async def at_work(machine: Machine) -> AsyncIterator[None]:
    """Tick and work while the context lasts. On the way out, what is under way is given back."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(machine.tick, "interval", seconds=TICK_SECONDS, **once)
    scheduler.add_job(machine.sweep, "interval", hours=6, **once)
    worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now, lease=machine.settings.lease)
    async with running(worker.run()):
        scheduler.start()
        try:
            await machine.tick()
            yield
        finally:
            scheduler.shutdown(wait=False)


@asynccontextmanager
async def on_watch(machine: Machine) -> AsyncIterator[None]:
    """Pass changes on to those who watch while the context lasts."""
    async with running(machine.watchers.run()):
        try:
            yield
        finally:
            machine.watchers.close()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that runs beside the context's body and is cancelled with it."""
    beside = asyncio.create_task(work)
    try:
        yield
    finally:
        beside.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beside
