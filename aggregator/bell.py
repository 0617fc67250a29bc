"""Wakes those who sleep, in all processes: by PostgreSQL's NOTIFY, or by a file beside an SQLite database.

A ring may be lost, so nobody waits for one without a limit; work may not be lost, so none is carried by it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Protocol

from aggregator.filebell import open_file_bell
from aggregator.localbell import Ear
from aggregator.store.engine import Database


class Bell(Protocol):
    """What a bell can do."""

    poll_seconds: float
    hears_others: bool
    """False while what other processes ring cannot reach this one."""

    async def ring(self) -> None:
        """Wake every sleeper. Call it after the commit."""

    def listen(self) -> AbstractContextManager[Ear]:
        """An ear that hears every ring while the context lasts."""


@asynccontextmanager
async def open_bell(database: Database) -> AsyncIterator[Bell]:
    """The bell that fits the database."""
    if database.lock_file:
        async with open_file_bell(database.lock_file) as file_bell:
            yield file_bell
        return
    # Only here: its driver is of no use to those who have SQLite.
    from aggregator.postgresbell import open_postgres_bell  # noqa: PLC0415

    async with open_postgres_bell(database) as bell:
        yield bell
