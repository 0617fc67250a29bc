"""Rings in every process that is connected to the same PostgreSQL, by its NOTIFY."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from aggregator.localbell import LocalBell
from aggregator.store.engine import Database

CHANNEL = "mpower_bell"
RECONNECT_SECONDS = 1.0
log = logging.getLogger(__name__)


class PostgresBell(LocalBell):
    """Rings in every process that is connected to the same database."""

    poll_seconds = 5.0

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self.hears_others = False

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
                    self.hears_others = False
                    connection.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("the bell's link to the database is down: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _pass_on(self, connection: asyncpg.Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        await connection.add_listener(CHANNEL, lambda *_: self._wake_here())
        self._wake_here()  # what was rung while there was no link
        self.hears_others = True
        await lost.wait()

    def _wake_here(self) -> None:
        for ear in self._ears:
            ear.wake()


@asynccontextmanager
async def open_postgres_bell(database: Database) -> AsyncIterator[PostgresBell]:
    """A bell that hears the other processes while the context lasts."""
    bell = PostgresBell(database)
    hearing = asyncio.create_task(bell.hear())
    try:
        yield bell
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing
