"""Remembers for a day what was deleted before we had seen it: a look that was under way, or a cache, still shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import Document, Refined
from aggregator.refine.identity import Finding, Verdict, key_of
from aggregator.store.adding import insert_into
from aggregator.store.tables import deletion, sighting

KEPT_FOR = timedelta(days=1)
MOST_KEPT = 1_000  # a source; beyond that the oldest are forgotten


async def note_pushed(connection: AsyncConnection, source_id: str, document: Document, *, now: datetime) -> None:
    """Take note of what a push says is deleted and was never seen; what a push shows is not deleted (any more)."""
    if document.entries:
        await _forget(connection, source_id, {key_of(seen.entry_id) for seen in document.entries})
    keys = list(dict.fromkeys(key_of(entry_id) for entry_id in document.deleted))[-MOST_KEPT:]
    if not keys:
        return
    own = (sighting.c.source_id == source_id) & sighting.c.entry_key.in_(keys)
    known = set((await connection.execute(select(sighting.c.entry_key).where(own))).scalars())
    await _remember(connection, source_id, [key for key in keys if key not in known], now=now)


async def without_deleted(
    connection: AsyncConnection, source_id: str, entries: Sequence[tuple[Verdict, Refined]], *, now: datetime
) -> Sequence[tuple[Verdict, Refined]]:
    """The entries of a look, without new ones of whose deletion word has come already."""
    if not any(verdict.finding is Finding.NEW for verdict, _ in entries):
        return entries
    lately = (deletion.c.source_id == source_id) & (deletion.c.at > now - KEPT_FOR)
    deleted = set((await connection.execute(select(deletion.c.entry_key).where(lately))).scalars())
    return [
        (verdict, refined)
        for verdict, refined in entries
        if verdict.finding is not Finding.NEW or verdict.mark.entry_key not in deleted
    ]


async def _remember(connection: AsyncConnection, source_id: str, keys: Sequence[str], *, now: datetime) -> None:
    if not keys:
        return
    adding = insert_into(deletion, connection.dialect.name)
    adding = adding.on_conflict_do_update(index_elements=["source_id", "entry_key"], set_={"at": now})
    await connection.execute(adding, [{"source_id": source_id, "entry_key": key, "at": now} for key in keys])
    await connection.execute(delete(deletion).where(deletion.c.at <= now - KEPT_FOR))
    own = deletion.c.source_id == source_id
    newest = select(deletion.c.entry_key).where(own).order_by(deletion.c.at.desc(), deletion.c.entry_key)
    await connection.execute(delete(deletion).where(own, deletion.c.entry_key.not_in(newest.limit(MOST_KEPT))))


async def _forget(connection: AsyncConnection, source_id: str, keys: Iterable[str]) -> None:
    own = (deletion.c.source_id == source_id) & deletion.c.entry_key.in_(list(keys))
    await connection.execute(delete(deletion).where(own))
