"""Joins items that tell the same story: those that share an address. Knows nothing else of an item."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.adding import insert_into
from aggregator.store.moves import NotPossibleError, UnknownItemError
from aggregator.store.rows import Rows
from aggregator.store.tables import item, story_key

MOST_ROWS = 5000  # PostgreSQL takes 32,767 values in one statement
_NEW_KEYS = Rows(story_key, lambda new: new.on_conflict_do_nothing(index_elements=["key"]))


@functools.cache
def _taking_keys(engine: str) -> Any:
    adding = insert_into(story_key, engine)
    adding = adding.on_conflict_do_update(index_elements=["key"], set_={"story": story_key.c.story})
    return adding.returning(story_key.c.key, story_key.c.story)


async def join_stories(connection: AsyncConnection, keys_of: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The story of each new item: that of any item which shares one of its keys, else a new one named after it."""
    stories = {item_id: item_id for item_id in keys_of}
    first = {key: item_id for item_id, keys in reversed(list(keys_of.items())) for key in keys}
    if not first:
        return stories
    known = await _take_keys(connection, first)
    if known == first and len(first) == sum(map(len, keys_of.values())):
        return stories  # nobody shares a key with anybody, as usual
    leads: dict[str, str] = {}

    def lead(story: str) -> str:
        while story in leads:
            story = leads[story]
        return story

    for item_id, keys in keys_of.items():
        joined = {lead(story) for story in (item_id, *(known[key] for key in keys))}
        oldest = min(joined)
        leads |= {story: oldest for story in joined if story != oldest}
    merged = {story: lead(story) for story in leads if story not in keys_of}
    for story, oldest in merged.items():
        await connection.execute(update(item).where(item.c.story == story).values(story=oldest))
    for story in leads:
        await connection.execute(update(story_key).where(story_key.c.story == story).values(story=lead(story)))
    return {item_id: lead(item_id) for item_id in keys_of}


async def _take_keys(connection: AsyncConnection, wished: Mapping[str, str]) -> dict[str, str]:
    """The story that each key belongs to: the wished one, where nobody had the key before."""
    # Sorted, so that two sources that share keys take them in the same order and never wait for each other.
    keys = sorted(wished)
    if connection.dialect.name == "sqlite":
        # Nobody else writes meanwhile. Most keys are new, and then nothing is to be read.
        columns = {"key": keys, "story": [wished[key] for key in keys]}
        if await _NEW_KEYS.insert_columns(connection, columns) == len(keys):
            return dict(wished)
    known: dict[str, str] = {}
    for start in range(0, len(keys), MOST_ROWS):
        some = keys[start : start + MOST_ROWS]
        if connection.dialect.name == "sqlite":
            owned = select(story_key.c.key, story_key.c.story).where(story_key.c.key.in_(some))
            taken = await connection.execute(owned)
        else:
            rows = [{"key": key, "story": wished[key]} for key in some]
            taken = await connection.execute(_taking_keys(connection.dialect.name), rows)
        known.update(taken.all())
    return known


class NothingToSplitError(NotPossibleError):
    """The item is a story of its own already."""


async def join_by_hand(
    connection: AsyncConnection,
    item_ids: Sequence[str],
    *,
    by: str,  # noqa: ARG001
    now: datetime,  # noqa: ARG001
) -> tuple[str, ...]:
    """Make the stories of those items one. Returns the ids of those whose story changed. Raises UnknownItemError."""
    stories = await _stories(connection, item_ids)
    oldest = min(stories.values())
    moving = item.c.story.in_({*stories.values()} - {oldest})
    moved = tuple((await connection.execute(select(item.c.id).where(moving))).scalars())
    await connection.execute(update(item).where(moving).values(story=oldest))
    return moved


async def split_by_hand(
    connection: AsyncConnection,
    item_id: str,
    *,
    by: str,  # noqa: ARG001
    now: datetime,  # noqa: ARG001
) -> tuple[str, ...]:
    """Take an item out of its story. Returns the ids of the items whose story changed.

    Raises UnknownItemError, and NothingToSplitError where the item is a story of its own.
    """
    story = (await _stories(connection, [item_id]))[item_id]
    its = select(item.c.id).where(item.c.story == story, item.c.id != item_id).order_by(item.c.id)
    others = tuple((await connection.execute(its)).scalars())
    if not others:
        raise NothingToSplitError(f"{item_id} is a story of its own already")
    moving = others if story == item_id else (item_id,)
    await connection.execute(update(item).where(item.c.id.in_(moving)).values(story=moving[0]))
    return moving


async def _stories(connection: AsyncConnection, item_ids: Sequence[str]) -> dict[str, str]:
    rows = await connection.execute(select(item.c.id, item.c.story).where(item.c.id.in_(item_ids)))
    stories = {row.id: row.story for row in rows}
    for item_id in item_ids:
        if item_id not in stories:
            raise UnknownItemError(f"there is no item {item_id}")
    return stories
