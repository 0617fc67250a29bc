"""Reads single items by their id, and all of them by their place: for their own pages and for lists of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.store.stream import StreamItem, also_on, read_also_on, read_tags, stream_fields
from aggregator.store.tables import item

_GONE = frozenset({State.REJECTED, State.WITHDRAWN})


class GoneError(Exception):
    """The item was public once and was taken out of the stream since."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A public item as lists of pages name it. `versions` are its story's pages in other languages, by language."""

    id: str
    language: str
    changed_at: datetime
    versions: Mapping[str, str]


async def read_single(connection: AsyncConnection, item_id: str) -> StreamItem | None:
    """The public item of that id. None where there is none, and for all that never was public: nobody learns of it.

    What editors look at once more after it was public is None, too, since it may be back. Raises GoneError for what is
    out for good.
    """
    if "\0" in item_id:  # of which PostgreSQL takes none
        return None
    row = (await connection.execute(select(item).where(item.c.id == item_id))).one_or_none()
    if row is None or row.public_at is None:
        return None
    if row.state in _GONE:
        raise GoneError
    if row.state != State.APPROVED:
        return None
    tags = await read_tags(connection, [row.id])
    story = (await read_also_on(connection, [row.story])).get(row.story, [])
    return StreamItem(
        **stream_fields(row),
        tags=tuple(tag.tag for tag in tags.get(row.id, [])),
        also_on=also_on(row.id, story, row.language),
    )


async def count_public(connection: AsyncConnection) -> int:
    """How many public items there are."""
    return await connection.scalar(select(func.count()).select_from(item).where(item.c.state == State.APPROVED)) or 0


async def read_listed(connection: AsyncConnection, *, skip: int, limit: int) -> tuple[Listed, ...]:
    """So many public items after so many others, oldest first: what is new changes the last part alone."""
    columns = (item.c.id, item.c.language, item.c.story, item.c.published_at, item.c.modified_at)
    public = select(*columns).where(item.c.state == State.APPROVED)
    rows = (await connection.execute(public.order_by(item.c.stream_at, item.c.id).offset(skip).limit(limit))).all()
    several = await _of_several(connection, [row.story for row in rows])
    return tuple(
        Listed(
            row.id,
            row.language,
            max(row.published_at, row.modified_at or row.published_at),
            {language: found for language, found in several.get(row.story, {}).items() if language != row.language},
        )
        for row in rows
    )


async def _of_several(connection: AsyncConnection, stories: Sequence[str]) -> dict[str, dict[str, str]]:
    """The pages of those of the stories that have more than one, by story and language: of each language the first."""
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(stories), _AT_ONCE):
        for story, rows in (await read_also_on(connection, stories[start : start + _AT_ONCE])).items():
            if len(rows) > 1:
                found[story] = {row.language: row.id for row in reversed(rows)}
    return found


# PostgreSQL's driver takes 32,767 values in a statement.
_AT_ONCE = 5000
