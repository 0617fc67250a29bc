"""The log of what changed for those who watch: editors' open queues, visitors' open widgets, cached pages.

Numbers are given under one row's lock, so they become visible in their order and none is skipped by a reader that
asks for what came after the last one it saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.adding import insert_into
from aggregator.store.rows import Prepared, Rows
from aggregator.store.tables import change, counter

KEPT = timedelta(days=2)
_CHANGES = Rows(change)
_COUNTING = Prepared(
    update(counter)
    .where(counter.c.name == bindparam("of"))
    .values(value=counter.c.value + bindparam("by"))
    .returning(counter.c.value)
)


class ChangeKind(StrEnum):
    """What happened to an item, as watchers tell it apart."""

    ARRIVED = "item-arrived"
    CHANGED = "item-changed"
    DECIDED = "item-decided"
    PUBLISHED = "item-published"
    WITHDRAWN = "item-withdrawn"

    @property
    def is_public(self) -> bool:
        """True where the public stream looks different afterwards."""
        return self in {ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Change:
    """One change; `seq` grows by one with each."""

    seq: int
    kind: ChangeKind
    item_id: str


async def record(connection: AsyncConnection, changes: Sequence[tuple[ChangeKind, str]], *, now: datetime) -> None:
    """Log changes as the last thing of the transaction that makes them: it holds the counter's row until the end."""
    if not changes:
        return
    last = await _advance(connection, "changes", len(changes))
    columns: dict[str, list[Any]] = {
        "seq": list(range(last - len(changes) + 1, last + 1)),
        "kind": [str(kind) for kind, _ in changes],
        "item_id": [item_id for _, item_id in changes],
    }
    await _CHANGES.insert_columns(connection, columns, at=now)
    if any(kind.is_public for kind in {kind for kind, _ in changes}):
        await _advance(connection, "stream", 1)


async def touch_stream(connection: AsyncConnection) -> None:
    """Say that public pages look different though no item came or went."""
    await _advance(connection, "stream", 1)


async def _advance(connection: AsyncConnection, name: str, by: int) -> int:
    asked = {"of": name, "by": by}
    counted = await _COUNTING.rows(connection, asked)
    if not counted:  # the first of all
        adding = insert_into(counter, connection.dialect.name)
        await connection.execute(adding.values(name=name, value=0).on_conflict_do_nothing())
        counted = await _COUNTING.rows(connection, asked)
    ((value,),) = counted
    return int(value)


async def read_counter(connection: AsyncConnection, name: str) -> int:
    """Where a counter stands: `changes` is the last change's number, `stream` the public stream's version."""
    return await connection.scalar(select(counter.c.value).where(counter.c.name == name)) or 0


async def note_counter(connection: AsyncConnection, *, name: str, value: int) -> None:
    """Bring a counter up to that value; one that is beyond it stays."""
    adding = insert_into(counter, connection.dialect.name)
    await connection.execute(adding.values(name=name, value=0).on_conflict_do_nothing())
    await connection.execute(update(counter).where(counter.c.name == name, counter.c.value < value).values(value=value))


async def read_changes(connection: AsyncConnection, *, after: int, limit: int = 500) -> list[Change]:
    """The changes that came after that number, oldest first."""
    statement = select(change.c.seq, change.c.kind, change.c.item_id).where(change.c.seq > after)
    rows = await connection.execute(statement.order_by(change.c.seq).limit(limit))
    return [Change(row.seq, ChangeKind(row.kind), row.item_id) for row in rows]


async def read_all_changes(connection: AsyncConnection, *, after: int) -> list[Change]:
    """The same without a limit: at the most what two days have brought."""
    changes: list[Change] = []
    while batch := await read_changes(connection, after=changes[-1].seq if changes else after):
        changes += batch
    return changes


async def forget_changes(connection: AsyncConnection, *, now: datetime) -> None:
    """Drop what no watcher can still ask for."""
    await connection.execute(delete(change).where(change.c.at < now - KEPT))
