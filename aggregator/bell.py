"""Wakes those who sleep: in this process, or in all processes by PostgreSQL's NOTIFY.

A ring may be lost, so nobody waits for one without a limit; work may not be lost, so none is carried by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

import asyncpg

from aggregator.store.engine import Database

CHANNEL = "mpower_bell"
RECONNECT_SECONDS = 1.0
log = logging.getLogger(__name__)


class Ear:
    """One sleeper's ear: remembers a ring that came while it was busy."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def wake(self) -> None:
        """Let the sleeper go on."""
        self._heard.set()

    async def wait(self, seconds: float) -> bool:
        """Sleep until a ring or for so many seconds. True where it rang."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        rang = self._heard.is_set()
        self._heard.clear()
        return rang


class Bell(Protocol):
    """What a bell can do."""

    poll_seconds: float

    async def ring(self) -> None:
        """Wake every sleeper. Call it after the commit."""

    def listen(self) -> contextlib.AbstractContextManager[Ear]:
        """An ear that hears every ring while the context lasts."""


class LocalBell:
    """Rings within this process. Other processes find work when they next look."""

    poll_seconds = 1.0

    def __init__(self) -> None:
        self._ears: set[Ear] = set()

    async def ring(self) -> None:
        """Wake every sleeper of this process."""
        for ear in self._ears:
            ear.wake()

    @contextmanager
    def listen(self) -> Iterator[Ear]:
        """An ear that hears every ring while the context lasts."""
        ear = Ear()
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)


class PostgresBell(LocalBell):
    """Rings in every process that is connected to the same database."""

    poll_seconds = 5.0

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def ring(self) -> None:
        """Wake every sleeper of every process; a database that is away is no reason to fail what is committed."""
        await super().ring()
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with self._database.write() as connection:
                await connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    async def hear(self) -> None:
        """Pass on what other processes ring, for ever; connects anew where the link breaks."""
        dsn = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                connection = await asyncpg.connect(dsn, timeout=10)
                try:
                    await self._pass_on(connection)
                finally:
                    connection.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("the bell's link to the database is down: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _pass_on(self, connection: asyncpg.Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        await connection.add_listener(CHANNEL, lambda *_: self._wake_here())
        await lost.wait()

    def _wake_here(self) -> None:
        for ear in self._ears:
            ear.wake()


@asynccontextmanager
async def open_bell(database: Database) -> AsyncIterator[Bell]:
    """The bell that fits the database."""
    if database.is_sqlite:
        yield LocalBell()
        return
    bell = PostgresBell(database)
    hearing = asyncio.create_task(bell.hear())
    try:
        yield bell
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing
