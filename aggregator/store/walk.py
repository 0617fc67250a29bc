"""Finds the rows that come next in a walk through the public stream, each story once, and what each row shows.

A story has its row where the newest of its items stands that fit what was asked. Rows are walked by (stream_at, id),
and an item is passed over where another of its story comes before it: one that is newer, or that has its row elsewhere
(`Place.taken`). As what comes before is asked anew for each page, a story whose newest item is withdrawn meanwhile is
shown at its next one, further on; what is let in meanwhile takes nobody's row away, as it may stand where the walk has
passed. Which of a story's versions a row shows is another question: see `choose_version`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.store.place import MOST_LENT, MOST_PINNED, Place
from aggregator.store.tables import decision, item
from aggregator.store.versions import choose_version

# What makes an item, or an alias of the table, one that is asked for.
Fits = Callable[[FromClause], Sequence[ColumnElement[bool]]]
_NOT_PUBLIC = tuple(state for state in State if state is not State.APPROVED)
_PUBLIC = item.c.state == State.APPROVED


def is_public_of_story(of: FromClause) -> ColumnElement[bool]:
    """Whether an item is public, said so that both engines look it up by its story, or as one of the few pinned.

    Said by its state alone, SQLite takes the index of states and reads nearly all there are: 400 ms of 100,000 items.
    """
    return of.c.state.not_in(_NOT_PUBLIC)


async def begin(connection: AsyncConnection, fits: Fits) -> Place:
    """The place before the first row."""
    pinned = select(item.c.id).where(is_public_of_story(item), *fits(item), item.c.pinned_at.is_not(None))
    pinned = pinned.order_by(item.c.pinned_at.desc(), item.c.id).limit(MOST_PINNED)
    last = await connection.scalar(select(func.max(decision.c.id)))
    return Place(pins=list((await connection.execute(pinned)).scalars()), shown=0, since=last or 0)


async def read_pinned(connection: AsyncConnection, fits: Fits, place: Place, until: int) -> list[Row[Any]]:
    """The rows of the pins from `place.shown` on; where a story was pinned twice, the later pin has none."""
    if place.shown >= until:
        return []
    columns = (item.c.id, item.c.story, _was_there(place, item).label("was_there"))
    found = await connection.execute(select(*columns).where(_PUBLIC, *fits(item), item.c.id.in_(place.taken)))
    public = {row.id: row for row in found}
    told = {row.story for row in public.values() if row.id in place.lent and row.was_there}
    wanted = []
    for number, item_id in enumerate(place.pins[:until]):
        row = public.get(item_id)
        if row is None or row.story in told:
            continue
        if number >= place.shown:
            wanted.append(item_id)
        if number >= place.shown or row.was_there:
            told.add(row.story)
    rows = await read_rows(connection, wanted)
    return [rows[item_id] for item_id in wanted if item_id in rows]


async def read_following(connection: AsyncConnection, fits: Fits, place: Place, limit: int) -> list[Row[Any]]:
    """The rows after the pins and after that place, newest first."""
    other = item.alias("other")
    is_before = tuple_(other.c.stream_at, other.c.id) > tuple_(item.c.stream_at, item.c.id)
    if place.taken:
        is_before |= other.c.id.in_(place.taken)
    told = select(other.c.id).where(
        other.c.story == item.c.story, is_public_of_story(other), *fits(other), is_before, _was_there(place, other)
    )
    wanted = select(item).where(_PUBLIC, *fits(item), ~told.correlate(item).exists())
    if place.taken:
        wanted = wanted.where(item.c.id.not_in(place.taken))
    if place.at and place.id:
        wanted = wanted.where(tuple_(item.c.stream_at, item.c.id) < tuple_(place.at, place.id))
    wanted = wanted.order_by(item.c.stream_at.desc(), item.c.id.desc()).limit(limit)
    return list((await connection.execute(wanted)).all())


async def read_rows(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Row[Any]]:
    """Whole items by their id."""
    if not ids:
        return {}
    return {row.id: row for row in await connection.execute(select(item).where(item.c.id.in_(ids)))}


async def choose_versions(
    connection: AsyncConnection,
    fits: Fits,
    place: Place,
    rows: Sequence[Row[Any]],
    *,
    several: Collection[str],
    prefer: Sequence[str],
) -> tuple[list[Row[Any]], list[str]]:
    """What each of these rows shows, and all that is lent now that the walk is at `place`, after them.

    `several` are the stories that have more than one item.
    """
    versions = await _read_versions(connection, fits, place, several)
    taken = {*place.pins[: place.shown], *place.lent, *(row.id for row in rows)}
    lent = await _still_ahead(connection, place)
    chosen = []
    for row in rows:
        others = [version for version in versions.get(row.story, ()) if version.id not in taken]
        version = choose_version([row, *others], prefer)
        if version is not row and _is_ahead(version, place):
            # Where the cursor carries no more, rather the row's own words than a version that comes twice.
            version = version if len(lent) < MOST_LENT else row
            lent += [version.id] if version is not row else []
        chosen.append(version)
    own = {row.id for row in rows}
    whole = await read_rows(connection, [version.id for version in chosen if version.id not in own])
    return [whole.get(version.id, row) for row, version in zip(rows, chosen, strict=True)], lent


def _was_there(place: Place, of: FromClause) -> ColumnElement[bool]:
    """Whether an item, if it is public now, was not let in only after the walk began."""
    let_in = select(decision.c.item_id).where(
        decision.c.id > (place.since or 0),
        decision.c.to_state == State.APPROVED,
        or_(decision.c.from_state.is_(None), decision.c.from_state != State.APPROVED),
        decision.c.item_id.is_not(None),
    )
    return of.c.id.not_in(let_in)


def _is_ahead(version: Row[Any], place: Place) -> bool:
    return place.at is None or place.id is None or (version.stream_at, version.id) < (place.at, place.id)


async def _still_ahead(connection: AsyncConnection, place: Place) -> list[str]:
    if not place.lent or not place.at or not place.id:
        return place.lent
    ahead = tuple_(item.c.stream_at, item.c.id) < tuple_(place.at, place.id)
    found = await connection.execute(select(item.c.id).where(item.c.id.in_(place.lent), ahead))
    return list(found.scalars())


async def _read_versions(
    connection: AsyncConnection, fits: Fits, place: Place, stories: Collection[str]
) -> Mapping[str, Sequence[Row[Any]]]:
    if not stories:
        return {}
    names = ("id", "story", "kind", "language", "translations", "published_at", "pinned_at", "stream_at")
    which = (item.c.story.in_(stories), is_public_of_story(item), *fits(item), _was_there(place, item))
    found: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(select(*(item.c[name] for name in names)).where(*which)):
        found.setdefault(row.story, []).append(row)
    return found
