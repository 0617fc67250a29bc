"""Reads and writes the evidence that items are one story. What follows from it is the part of stories.py."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, bindparam, column, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.refine.grouping import ByHand, Tie, Told, most_owners, ties_of
from aggregator.refine.likeness import COMPARED_LENGTH
from aggregator.store.rows import Prepared, Rows
from aggregator.store.tables import item, story_hand, story_key

MOST_VALUES = 5000  # PostgreSQL takes 32,767 values in one statement
_KEYS = Rows(story_key)
_given: Select[Any] = select(column("value")).select_from(func.json_each(bindparam("given")))
_OWNERS_ON_SQLITE = Prepared(select(story_key.c.key, story_key.c.item_id).where(story_key.c.key.in_(_given)))
# A text is compared by its beginning; what a program added to its end, is left off before.
_FACTS: Select[Any] = select(
    *(item.c[name] for name in ("id", "source_id", "language", "published_at", "entry_id", "url", "story", "state")),
    item.c.original,
    item.c.starts_at.is_not(None).label("is_event"),
    func.substr(item.c.content_text, 1, 2 * COMPARED_LENGTH).label("text"),
)


async def insert_keys(connection: AsyncConnection, rows: Sequence[tuple[int, str]]) -> None:
    """Keep those keys, each with the item that has it. In their order the tree is written page by page."""
    rows = sorted(rows)
    await _KEYS.insert_columns(
        connection, {"key": [key for key, _ in rows], "item_id": [item_id for _, item_id in rows]}
    )


async def delete_keys(connection: AsyncConnection, item_id: str, keys: Collection[int]) -> None:
    """Forget that the item has those keys."""
    for some in _portions(keys):
        await connection.execute(delete(story_key).where(story_key.c.item_id == item_id, story_key.c.key.in_(some)))


async def read_owners(connection: AsyncConnection, keys: Collection[int]) -> dict[int, list[str]]:
    """The items that have each of those keys; never many more than are of use."""
    found: dict[int, list[str]] = {}
    for some in _portions(keys):
        rows: Iterable[Sequence[Any]]
        if connection.dialect.name == "sqlite":
            rows = await _OWNERS_ON_SQLITE.rows(connection, {"given": json.dumps(some)})
        else:
            owned = select(story_key.c.key, story_key.c.item_id).where(story_key.c.key.in_(some))
            rows = (await connection.execute(owned)).all()
        for key, item_id in rows:
            found.setdefault(key, []).append(item_id)
    return found


async def read_keys(connection: AsyncConnection, item_ids: Collection[str]) -> dict[str, list[int]]:
    """The keys that each of those items has."""
    found: dict[str, list[int]] = {}
    for some in _portions(item_ids):
        owned = select(story_key.c.item_id, story_key.c.key).where(story_key.c.item_id.in_(some))
        for item_id, key in await connection.execute(owned):
            found.setdefault(item_id, []).append(key)
    return found


async def read_facts(connection: AsyncConnection, item_ids: Collection[str]) -> list[Row[Any]]:
    """Those items, as `told_of` takes them, with their `story` and `state`."""
    rows: list[Row[Any]] = []
    for some in _portions(item_ids):
        rows.extend(await connection.execute(_FACTS.where(item.c.id.in_(some))))
    return rows


def told_of(row: Row[Any]) -> Told:
    """What a row tells that bears on its story: the source's words, whatever an editor laid over them."""
    language = row.original.get("language", row.language)
    name = row.entry_id or row.url or ""
    return Told(row.id, row.source_id, language, row.published_at, name, row.text, row.url, bool(row.is_event))


async def read_by_hand(connection: AsyncConnection, item_ids: Collection[str]) -> list[Row[Any]]:
    """What editors decided of those items and any others."""
    rows: dict[tuple[str, str], Row[Any]] = {}
    for some in _portions(item_ids):
        about = or_(story_hand.c.one.in_(some), story_hand.c.other.in_(some))
        for row in await connection.execute(select(story_hand).where(about)):
            rows[row.one, row.other] = row
    return [rows[pair] for pair in sorted(rows)]


def _portions(values: Collection[Any]) -> list[list[Any]]:
    every = sorted(values)
    return [every[start : start + MOST_VALUES] for start in range(0, len(every), MOST_VALUES)]


@dataclass(slots=True)
class Cluster:
    """Items that hang together, directly or by others, with all that decides which of them are one story.

    `told` and `stories` also know items that only stand beside: they share a key that is no evidence. `stories` and
    `states` are of those that are kept already.
    """

    inside: set[str] = field(default_factory=set)
    told: dict[str, Told] = field(default_factory=dict)
    stories: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    ties: list[Tie] = field(default_factory=list)
    keys: dict[int, list[str]] = field(default_factory=dict)
    by_hand: list[Row[Any]] = field(default_factory=list)

    @property
    def decisions(self) -> list[ByHand]:
        """What editors decided, as `stories_of` takes it."""
        return [ByHand(row.one, row.other, row.is_same) for row in self.by_hand]


async def read_cluster(
    connection: AsyncConnection, seeds: Iterable[str], new: Mapping[str, Told] | None = None
) -> Cluster:
    """All that hangs together with those items. `new` are items whose keys are kept while they themselves are not."""
    cluster = Cluster(told=dict(new or {}))
    ties: dict[str, set[str]] = {}
    waiting = set(seeds)
    while waiting:
        await _look_at(connection, cluster, waiting, ties)
        cluster.inside |= waiting
        reached = {other for item_id in waiting for other in ties.get(item_id, ())}
        for row in cluster.by_hand:
            if row.is_same and not cluster.inside.isdisjoint((row.one, row.other)):
                reached |= {row.one, row.other}
        waiting = reached - cluster.inside
    return cluster


async def _look_at(
    connection: AsyncConnection, cluster: Cluster, waiting: Collection[str], ties: dict[str, set[str]]
) -> None:
    keys = {key for own in (await read_keys(connection, waiting)).values() for key in own} - cluster.keys.keys()
    owners = await read_owners(connection, keys)
    cluster.keys |= owners
    evident = {key: ids for key, ids in owners.items() if 1 < len(ids) <= most_owners(key)}
    missing = {item_id for ids in (waiting, *evident.values()) for item_id in ids} - cluster.told.keys()
    for row in await read_facts(connection, missing):
        cluster.told[row.id] = told_of(row)
        cluster.stories[row.id], cluster.states[row.id] = row.story, row.state
    for key, ids in evident.items():
        for tie in ties_of(key, [cluster.told[item_id] for item_id in ids]):
            cluster.ties.append(tie)
            ties.setdefault(tie.one.id, set()).add(tie.other.id)
            ties.setdefault(tie.other.id, set()).add(tie.one.id)
    seen = {(row.one, row.other) for row in cluster.by_hand}
    cluster.by_hand += [row for row in await read_by_hand(connection, waiting) if (row.one, row.other) not in seen]
