"""Which process listens to which source: a lease a source, so that one connection is kept in all processes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.adding import insert_into
from aggregator.store.tables import listener, source_state


async def read_holders(connection: AsyncConnection, source_ids: Collection[str]) -> list[str]:
    """Who holds the leases on those sources."""
    holders = select(listener.c.holder).where(listener.c.source_id.in_(source_ids)).distinct()
    return list((await connection.execute(holders)).scalars())


async def take_place(
    connection: AsyncConnection,
    source_ids: Collection[str],
    *,
    holder: str,
    now: datetime,
    until: datetime,
    died: Collection[str] = (),
) -> set[str]:
    """Take or renew the leases on those sources; returns the ones that are the holder's now.

    A lease that has run out is free, and so is one whose holder is among those that are known to have died.
    """
    rows = [{"source_id": source_id, "holder": holder, "until": until} for source_id in sorted(source_ids)]
    await connection.execute(insert_into(listener, connection.dialect.name).on_conflict_do_nothing(), rows)
    free = (listener.c.holder == holder) | (listener.c.until < now) | listener.c.holder.in_(died)
    taking = update(listener).where(listener.c.source_id.in_(source_ids), free)
    await connection.execute(taking.values(holder=holder, until=until))
    mine = select(listener.c.source_id).where(listener.c.holder == holder, listener.c.source_id.in_(source_ids))
    return set((await connection.execute(mine)).scalars())


async def give_up(connection: AsyncConnection, holder: str) -> None:
    """Leave every lease of the holder to others."""
    await connection.execute(delete(listener).where(listener.c.holder == holder))


async def note_push(
    connection: AsyncConnection, source_id: str, problem: str | None, *, live_at: datetime | None
) -> None:
    """Note how the push of a source is: live since then, or why it is not."""
    values = {"push_problem": problem[:1000] if problem else None, "live_at": live_at}
    await connection.execute(update(source_state).where(source_state.c.source_id == source_id).values(**values))
