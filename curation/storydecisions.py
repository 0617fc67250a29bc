"""An editor's word on stories: these items tell one, that one tells another. Logged like any other decision."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.changes import ChangeKind, record
from aggregator.store.stories import join_by_hand, split_by_hand
from aggregator.store.tables import item
from curation.decisions import log_action


async def join_items(machine: Machine, item_id: str, other_id: str, *, editor: str) -> None:
    """Make the stories of two items one. Raises UnknownItemError."""
    now = machine.now()
    async with machine.database.write() as connection:
        moved = await join_by_hand(connection, [item_id, other_id], by=editor, now=now)
        await log_action(connection, item_id, "join", editor, now=now, detail={"item": other_id})
        await _tell(connection, moved, now=now)
    await machine.bell.ring()


async def split_item(machine: Machine, item_id: str, *, editor: str) -> None:
    """Take an item out of its story. Raises UnknownItemError, and NothingToSplitError where it is alone."""
    now = machine.now()
    async with machine.database.write() as connection:
        moved = await split_by_hand(connection, item_id, by=editor, now=now)
        await log_action(connection, item_id, "split", editor, now=now)
        await _tell(connection, moved, now=now)
    await machine.bell.ring()


async def _tell(connection: AsyncConnection, moved: Collection[str], *, now: datetime) -> None:
    states = await connection.execute(select(item.c.id, item.c.state).where(item.c.id.in_(moved)))
    public = [(ChangeKind.PUBLISHED, row.id) for row in states if row.state == State.APPROVED]
    await record(connection, [*((ChangeKind.CHANGED, one) for one in moved), *public], now=now)
