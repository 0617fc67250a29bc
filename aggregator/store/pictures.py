"""Which files of the folder of pictures items name, and which of them are wanted there."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.store.tables import item

# An item without a copy of its picture.
NO_IMAGE: Mapping[str, Any] = dict.fromkeys(("image", "image_width", "image_height", "image_colour", "images"))
# What was rejected or withdrawn so long ago keeps no picture. Whoever approves it after that has it fetched again.
KEPT_FOR = timedelta(days=30)
CHUNK = 1_000
_DONE_WITH = (State.REJECTED, State.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The names of wanted files, and the items that name one which is not there."""

    names: AbstractSet[str]
    lacking: tuple[str, ...]


def files_of(row: Any) -> tuple[str, ...]:
    """The names of an item's copies. Empty where it has none."""
    return tuple(image["name"] for image in row.images or ()) or ((row.image,) if row.image else ())


async def read_wanted(connection: AsyncConnection, there: AbstractSet[str], *, now: datetime) -> Wanted:
    """What items want of the folder, in which `there` stand. Reads every item that has a picture, some at a time."""
    names: set[str] = set()
    lacking: list[str] = []
    columns = (item.c.id, item.c.state, item.c.decided_at, item.c.image, item.c.images)
    statement = select(*columns).where(item.c.image.is_not(None)).order_by(item.c.id).limit(CHUNK)
    last = ""
    while rows := (await connection.execute(statement.where(item.c.id > last))).all():
        last = rows[-1].id
        for row in rows:
            if row.state in _DONE_WITH and row.decided_at and row.decided_at < now - KEPT_FOR:
                continue
            files = files_of(row)
            names.update(files)
            if row.state not in _DONE_WITH and not there >= set(files):
                lacking.append(row.id)
    return Wanted(names, tuple(lacking))
