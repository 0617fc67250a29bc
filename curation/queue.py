"""What editors read: items in any state, with all that helps to decide. Changes nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State, TagMatch
from aggregator.store.stream import (
    CursorError,
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
from curation.ranking import Order

NOT_OURS = "the cursor is not one that this queue gave; start again without it"
NO_FILTERS = StreamFilters()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem(StreamItem):
    """An item as editors see it. `reason` says why it waits or who decided; `original` what an editor changed.

    `companions` are the other items of its story, whatever their state.
    `missing_at` is since when its feed no longer shows it, `gone_at` since when its page is not there.
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
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue; `total` counts all that fit, on every page.

    `order` is the one that it is in, `likely` or `newest`, and `order_note` says why in words.
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
    order: Order | None = None,  # noqa: ARG001
) -> QueuePage:
    """Items in one state, those that came or were decided last first. Raises CursorError."""
    moment = item.c.collected_at if state is State.WAITING else func.coalesce(item.c.decided_at, item.c.collected_at)
    where = [item.c.state == state, *conditions(filters)]
    if min_confidence > 0:
        where.append(item.c.confidence >= min_confidence)
    total = await connection.scalar(select(func.count()).select_from(item).where(*where)) or 0
    if cursor:
        where.append(tuple_(moment, item.c.id) < tuple_(*_read_cursor(cursor)))
    statement = select(item, moment.label("moment")).where(*where).order_by(moment.desc(), item.c.id.desc())
    rows = (await connection.execute(statement.limit(limit + 1))).all()
    next_cursor = _write_cursor(rows[limit - 1].moment, rows[limit - 1].id) if len(rows) > limit else None
    return QueuePage(await _queue_items(connection, rows[:limit]), next_cursor, total)


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
    companions = await read_companions(connection, [row.story for row in rows])
    return tuple(
        replace(
            _queue_item(row, tags.get(row.id, []), stories.get(row.story, []), missing.get(row.id)),
            companions=tuple(other for other in companions.get(row.story, ()) if other.item != row.id),
        )
        for row in rows
    )


async def _read_missing(connection: AsyncConnection, item_ids: Sequence[str]) -> Mapping[str, datetime]:
    its = (sighting.c.item_id.in_(item_ids)) & sighting.c.missing_at.is_not(None)
    found = await connection.execute(select(sighting.c.item_id, sighting.c.missing_at).where(its))
    return {row.item_id: row.missing_at for row in found}


def _queue_item(
    row: Row[Any], tags: Sequence[Row[Any]], story: Sequence[Row[Any]], missing_at: datetime | None
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
    )


def _write_cursor(moment: datetime, item_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), item_id]).encode()).decode()


def _read_cursor(text: str) -> tuple[datetime, str]:
    try:
        moment, item_id = json.loads(base64.urlsafe_b64decode(text))
        given = datetime.fromisoformat(moment)
        at = given.astimezone(UTC)
        item_id.encode()
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error, RecursionError) as error:
        raise CursorError(NOT_OURS) from error
    if given.tzinfo is None or "\0" in item_id:
        raise CursorError(NOT_OURS)
    return at, item_id
