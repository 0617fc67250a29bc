"""What editors read: items in any state, with all that helps to decide. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State, TagMatch
from aggregator.store.learned import Score, read_learned, read_scores
from aggregator.store.stories import Why, read_why
from aggregator.store.stream import (
    StreamFilters,
    StreamItem,
    also_on,
    conditions,
    read_also_on,
    read_tags,
    stream_fields,
)
from aggregator.store.tables import decision, item, revision, sighting
from curation.companions import Companion, read_companions
from curation.ranking import Order, Place, choose, ranked, read_cursor, write_cursor

NO_FILTERS = StreamFilters()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem(StreamItem):
    """An item as editors see it. `reason` says why it waits or who decided; `original` what an editor changed.

    `missing_at` is since when its feed no longer shows it, `gone_at` since when its page is not there. `likely` is how
    likely an editor says yes to it, None where nothing is known, `because` why, and `suggested` are tags that the words
    missed, each with how sure it is. `story_why` says why it is one story with each of
    the others, `companions`, whatever their state.
    """

    state: State
    version: int
    confidence: float
    language_evidence: str
    tag_matches: tuple[TagMatch, ...]
    reason: str
    entry_id: str
    collected_at: datetime
    publish_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    original: Mapping[str, Any]
    missing_at: datetime | None = None
    gone_at: datetime | None = None
    likely: float | None = None
    because: str = ""
    suggested: tuple[tuple[str, float], ...] = ()
    story_why: tuple[Why, ...] = ()
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue; `total` counts all that fit, on every page.

    `order_note` says of what waits why it is in that order.
    """

    items: tuple[QueueItem, ...]
    next_cursor: str | None
    total: int
    order: Order = Order.NEWEST
    order_note: str = ""


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One line of an item's history."""

    id: int
    at: datetime
    editor: str
    action: str
    reason: str
    from_state: str | None
    to_state: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class PastVersion:
    """What the source said before it changed its words."""

    at: datetime
    was: Mapping[str, Any]


async def read_queue(
    connection: AsyncConnection,
    *,
    state: State,
    filters: StreamFilters = NO_FILTERS,
    min_confidence: float = 0.0,
    limit: int = 30,
    cursor: str | None = None,
    order: Order | None = None,
) -> QueuePage:
    """Items in one state, those that came or were decided last first. Raises CursorError.

    What waits comes in that order, else the likeliest first as soon as that can be told; a cursor goes on in its own.
    """
    where = [item.c.state == state, *conditions(filters)]
    if min_confidence > 0:
        where.append(item.c.confidence >= min_confidence)
    total = await connection.scalar(select(func.count()).select_from(item).where(*where)) or 0
    after = read_cursor(cursor) if cursor else None
    note, version = "", None
    if state is State.WAITING:
        learned = await read_learned(connection)
        chosen, note = choose(after.order if after else order, learned)
        if chosen is Order.LIKELY or (after and after.order is Order.LIKELY):
            version = after.version if after else learned.version
    if version is None:
        places = await _newest(connection, state, where, limit=limit + 1, after=after)
    else:
        places = await ranked(connection, where, version=version, limit=limit + 1, after=after)
    next_cursor = write_cursor(places[limit - 1]) if len(places) > limit else None
    rows = await _rows([place.id for place in places[:limit]], connection)
    order = Order.NEWEST if version is None else Order.LIKELY
    return QueuePage(await _queue_items(connection, rows), next_cursor, total, order, note)


async def _newest(
    connection: AsyncConnection,
    state: State,
    where: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    after: Place | None,
) -> list[Place]:
    moment = item.c.collected_at if state is State.WAITING else func.coalesce(item.c.decided_at, item.c.collected_at)
    statement = select(item.c.id, moment.label("moment")).where(*where).order_by(moment.desc(), item.c.id.desc())
    if after:
        statement = statement.where(tuple_(moment, item.c.id) < tuple_(after.at, after.id))
    return [Place(row.moment, row.id) for row in await connection.execute(statement.limit(limit))]


async def _rows(item_ids: Sequence[str], connection: AsyncConnection) -> list[Row[Any]]:
    rows = {row.id: row for row in await connection.execute(select(item).where(item.c.id.in_(item_ids)))}
    return [rows[item_id] for item_id in item_ids if item_id in rows]


async def read_item(connection: AsyncConnection, item_id: str) -> QueueItem | None:
    """One item in whatever state, or None."""
    rows = (await connection.execute(select(item).where(item.c.id == item_id))).all()
    items = await _queue_items(connection, rows)
    return items[0] if items else None


async def read_history(
    connection: AsyncConnection, item_id: str
) -> tuple[tuple[PastDecision, ...], tuple[PastVersion, ...]]:
    """An item's decisions and its source's earlier words, oldest first."""
    names = ("id", "at", "editor", "action", "reason", "from_state", "to_state", "version")
    columns = [decision.c[name] for name in names]
    decided = await connection.execute(select(*columns).where(decision.c.item_id == item_id).order_by(decision.c.id))
    revised = await connection.execute(
        select(revision.c.at, revision.c.was).where(revision.c.item_id == item_id).order_by(revision.c.id)
    )
    return (
        tuple(PastDecision(**row) for row in decided.mappings()),
        tuple(PastVersion(**row) for row in revised.mappings()),
    )


async def _queue_items(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[QueueItem, ...]:
    if not rows:
        return ()
    tags = await read_tags(connection, [row.id for row in rows])
    stories = await read_also_on(connection, [row.story for row in rows])
    missing = await _read_missing(connection, [row.id for row in rows])
    scores = await read_scores(connection, [row.id for row in rows if row.state == State.WAITING])
    why = await read_why(connection, {row.story for row in rows})
    companions = await read_companions(connection, [row.story for row in rows])
    return tuple(
        replace(
            _queue_item(row, tags.get(row.id, []), stories.get(row.story, []), missing.get(row.id), scores.get(row.id)),
            story_why=tuple(why.get(row.id, ())),
            companions=tuple(other for other in companions.get(row.story, ()) if other.item != row.id),
        )
        for row in rows
    )


async def _read_missing(connection: AsyncConnection, item_ids: Sequence[str]) -> Mapping[str, datetime]:
    its = (sighting.c.item_id.in_(item_ids)) & sighting.c.missing_at.is_not(None)
    found = await connection.execute(select(sighting.c.item_id, sighting.c.missing_at).where(its))
    return {row.item_id: row.missing_at for row in found}


def _queue_item(
    row: Row[Any],
    tags: Sequence[Row[Any]],
    story: Sequence[Row[Any]],
    missing_at: datetime | None,
    score: Score | None,
) -> QueueItem:
    names = (
        "version", "confidence", "language_evidence", "reason", "entry_id", "collected_at", "publish_at",
        "decided_by", "decided_at", "original", "gone_at",
    )  # fmt: skip
    return QueueItem(
        **stream_fields(row),
        **{name: getattr(row, name) for name in names},
        state=State(row.state),
        missing_at=missing_at,
        tags=tuple(tag.tag for tag in tags),
        tag_matches=tuple(TagMatch(tag.tag, tag.origin, tag.evidence) for tag in tags),
        also_on=also_on(row.id, story),
        likely=score.likely if score else None,
        because=score.because if score else "",
        suggested=score.suggested if score else (),
    )
