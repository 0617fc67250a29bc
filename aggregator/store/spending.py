"""What was spent on sources that cost money, by month in UTC. It is counted before it is spent.

So a crash, a kill or a lost connection may count too much, never too little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.adding import insert_into
from aggregator.store.engine import Database
from aggregator.store.tables import spending

# Sums of binary fractions miss by far less, and no price is as small.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Spent:
    """What a source has cost in a month: things read, and US dollars."""

    reads: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True)
class Reserved:
    """Money that is counted as spent already, in the month in which it was."""

    source_id: str
    month: str
    reads: int
    dollars: float


class DatabasePurse:
    """The purse of all processes on one database; see `collectors.contract.Purse`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def reserve(self, source_id: str, *, reads: int, dollars: float, limit: float) -> Reserved | None:
        """Count it as spent, for good unless it is settled; None where the month's limit could then be crossed."""
        wanted = Reserved(source_id, month_of(self._now()), reads, dollars)
        async with self._database.write() as connection:
            return wanted if await _add(connection, wanted, limit) else None

    async def settle(self, reserved: Reserved, *, reads: int, dollars: float) -> None:
        """Count what it really came to instead."""
        columns = {"reads": spending.c.reads - reserved.reads + reads}
        columns["dollars"] = spending.c.dollars - reserved.dollars + dollars
        where = (spending.c.source_id == reserved.source_id) & (spending.c.month == reserved.month)
        async with self._database.write() as connection:
            await connection.execute(update(spending).where(where).values(**columns))

    async def spent(self, source_id: str) -> float:
        """This month's dollars so far."""
        async with self._database.read() as connection:
            return (await read_spending(connection, self._now())).get(source_id, Spent()).dollars


def month_of(moment: datetime) -> str:
    """The month in UTC, such as 2026-11."""
    return moment.astimezone(UTC).strftime("%Y-%m")


async def _add(connection: AsyncConnection, wanted: Reserved, limit: float) -> bool:
    """One guarded update, so that of two who ask at once the second sees what the first has taken."""
    await connection.execute(
        insert_into(spending, connection.dialect.name)
        .values(source_id=wanted.source_id, month=wanted.month, reads=0, dollars=0.0)
        .on_conflict_do_nothing()
    )
    done = await connection.execute(
        update(spending)
        .where(spending.c.source_id == wanted.source_id, spending.c.month == wanted.month)
        .where(spending.c.dollars + wanted.dollars <= limit + SLACK)
        .values(reads=spending.c.reads + wanted.reads, dollars=spending.c.dollars + wanted.dollars)
    )
    return done.rowcount == 1


async def read_spending(connection: AsyncConnection, now: datetime) -> Mapping[str, Spent]:
    """What each source has cost in the month of `now`, by its id."""
    rows = await connection.execute(select(spending).where(spending.c.month == month_of(now)))
    return {row.source_id: Spent(row.reads, max(round(row.dollars, 6), 0.0)) for row in rows}


async def move_spending(connection: AsyncConnection, old_id: str, new_id: str) -> None:
    """Let a source that got a new id go on with what it has spent: a new name is no new month."""
    rows = (await connection.execute(select(spending).where(spending.c.source_id == old_id))).all()
    for row in rows:
        adding = insert_into(spending, connection.dialect.name).values(
            source_id=new_id, month=row.month, reads=row.reads, dollars=row.dollars
        )
        together = {"reads": spending.c.reads + row.reads, "dollars": spending.c.dollars + row.dollars}
        await connection.execute(adding.on_conflict_do_update(index_elements=["source_id", "month"], set_=together))
    await connection.execute(delete(spending).where(spending.c.source_id == old_id))
