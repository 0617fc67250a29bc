"""Reads the public stream whole, for those who write all of it down: outlines of everything first, then items by id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.store.engine import Database
from aggregator.store.pictures import files_of
from aggregator.store.stream import StreamItem, also_on, read_also_on, read_tags, stream_fields
from aggregator.store.tables import item, item_tag
from aggregator.store.walk import read_rows

BATCH = 500


@dataclass(frozen=True, slots=True)
class Outline:
    """Of a public item only what decides where it stands: at 100,000 items their texts would be too much at once.

    `pictures` are the file names of our copies of its picture, `translations` the languages an editor put it into.
    """

    id: str
    story: str
    stream_at: datetime
    published_at: datetime
    pinned_at: datetime | None
    kind: str
    language: str
    partner: str
    pictures: tuple[str, ...]
    translations: frozenset[str]
    tags: tuple[str, ...]


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that sees the same state however long it reads and whatever is decided meanwhile.

    On SQLite every transaction is so; PostgreSQL looks anew for each statement unless told otherwise.
    """
    async with database.read() as connection:
        if not database.is_sqlite:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


async def read_outlines(connection: AsyncConnection) -> list[Outline]:
    """Every public item, in the order of their ids."""
    tags: dict[str, list[str]] = {}
    public = select(item.c.id).where(item.c.state == State.APPROVED)
    tagged = select(item_tag.c.item_id, item_tag.c.tag).where(item_tag.c.item_id.in_(public))
    async for row in await connection.stream(tagged):
        tags.setdefault(row.item_id, []).append(row.tag)
    names = ("id", "story", "stream_at", "published_at", "pinned_at", "kind", "language")
    columns = (*(item.c[name] for name in names), item.c.partner_id, item.c.translations, item.c.image, item.c.images)
    outlines = [
        Outline(
            **{name: getattr(row, name) for name in names},
            partner=row.partner_id,
            pictures=files_of(row),
            translations=frozenset(row.translations),
            tags=tuple(sorted(tags.get(row.id, ()))),
        )
        async for row in await connection.stream(select(*columns).where(item.c.state == State.APPROVED))
    ]
    return sorted(outlines, key=lambda outline: outline.id)


async def read_items(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, StreamItem]:
    """Those of the items that are public, whole, by their id. `pinned` is the item's own.

    Both engines give the same: what has no order of its own comes in that of its letters.
    """
    found: dict[str, StreamItem] = {}
    for start in range(0, len(ids), BATCH):
        some = await read_rows(connection, ids[start : start + BATCH])
        rows = [row for row in some.values() if row.state == State.APPROVED]
        tags = await read_tags(connection, [row.id for row in rows])
        stories = await read_also_on(connection, sorted({row.story for row in rows}))
        found.update({row.id: _item(row, tags.get(row.id, ()), stories.get(row.story, ())) for row in rows})
    return found


def _item(row: Any, tags: Sequence[Any], story: Sequence[Any]) -> StreamItem:
    names = tuple(sorted(tag.tag for tag in tags))
    return StreamItem(**stream_fields(row), tags=names, also_on=also_on(row.id, story, row.language))
