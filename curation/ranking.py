"""In which order items wait: the likeliest first, once enough was learnt for that, else the newest first.

A walk through the queue goes by what was likely when it began, of which each item keeps a history: so no item is lost
or doubled on the way, though the model learns meanwhile. What was not judged by then comes after, the newest first.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.learning.study import is_installed
from aggregator.store.learned import FEWEST_DECISIONS, Learned
from aggregator.store.stream import CursorError
from aggregator.store.tables import item, item_score

NOT_OURS = "the cursor is not one that this queue gave; start again without it"
LARGEST_VERSION = 2**53


class Order(StrEnum):
    """How the queue is ordered."""

    LIKELY = "likely"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands: after that item. `version` is what the model was when it began, None for the newest first.

    `likely` is what it was then, None among those that were not judged yet.
    """

    at: datetime
    id: str
    version: int | None = None
    likely: float | None = None

    @property
    def order(self) -> Order:
        """The order of the walk."""
        return Order.NEWEST if self.version is None else Order.LIKELY


def choose(asked: Order | None, learned: Learned, *, installed: bool | None = None) -> tuple[Order, str]:
    """The order that can be had, and why it is that one, in words."""
    installed = is_installed() if installed is None else installed
    if not installed:
        words = "Newest first: ordering by likeliness is not installed. To have it: pip install mpower-stream[learn]"
        return Order.NEWEST, words
    if not learned.is_awake:
        so_far = f"the ordering by likeliness begins after {FEWEST_DECISIONS} decisions ({learned.decisions} so far)"
        return Order.NEWEST, f"Newest first: {so_far}."
    if asked is Order.NEWEST:
        return Order.NEWEST, "Newest first, as you asked."
    return Order.LIKELY, f"Likeliest first, as learnt from {learned.decisions} decisions. It decides nothing."


async def ranked(
    connection: AsyncConnection,
    where: Sequence[ColumnElement[bool]],
    *,
    version: int,
    limit: int,
    after: Place | None = None,
) -> list[Place]:
    """The places of up to so many items, the likeliest first, as it was at that version of the model."""
    judged = await _judged(connection, where, version) if after is None or after.likely is not None else []
    if after is not None and after.likely is not None:
        judged = [place for place in judged if _key(place) > _key(after)]
    places = sorted(judged, key=_key)[:limit]
    if len(places) < limit:
        since = after if after is not None and after.likely is None else None
        places += await _unjudged(connection, where, version, limit - len(places), since)
    return places


async def _judged(connection: AsyncConnection, where: Sequence[ColumnElement[bool]], version: int) -> list[Place]:
    columns = (item.c.id, item.c.collected_at, item_score.c.history)
    joined = select(*columns).join(item_score, item_score.c.item_id == item.c.id)
    rows = await connection.execute(joined.where(*where, item_score.c.since <= version))
    return [Place(row.collected_at, row.id, version, _likely_at(row.history, version)) for row in rows]


async def _unjudged(
    connection: AsyncConnection, where: Sequence[ColumnElement[bool]], version: int, limit: int, after: Place | None
) -> list[Place]:
    fresh = or_(item_score.c.item_id.is_(None), item_score.c.since > version)
    statement = select(item.c.id, item.c.collected_at).outerjoin(item_score, item_score.c.item_id == item.c.id)
    statement = statement.where(*where, fresh).order_by(item.c.collected_at.desc(), item.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(item.c.collected_at, item.c.id) < tuple_(after.at, after.id))
    return [Place(row.collected_at, row.id, version) for row in await connection.execute(statement)]


def _likely_at(history: Sequence[tuple[int, float]], version: int) -> float:
    """What was likely at that version. Where it is forgotten, the oldest that is known."""
    return next((likely for since, likely in reversed(history) if since <= version), history[0][1])


def _key(place: Place) -> tuple[float, float, tuple[int, ...]]:
    # The newest and the largest id first, as the database has it elsewhere.
    return -(place.likely or 0.0), -place.at.timestamp(), tuple(-ord(character) for character in place.id)


def write_cursor(place: Place) -> str:
    """Where the next page begins, for whoever asks for it."""
    rest = [] if place.version is None else [place.version, place.likely]
    return base64.urlsafe_b64encode(json.dumps([place.at.isoformat(), place.id, *rest]).encode()).decode()


def read_cursor(text: str) -> Place:
    """The place that a cursor names. Raises CursorError."""
    try:
        moment, item_id, *rest = json.loads(base64.urlsafe_b64decode(text))
        given = datetime.fromisoformat(moment)
        at = given.astimezone(UTC)
        item_id.encode()
        version, likely = rest or (None, None)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error, RecursionError) as error:
        raise CursorError(NOT_OURS) from error
    if given.tzinfo is None or "\0" in item_id or not _fits(version, likely, is_walk=bool(rest)):
        raise CursorError(NOT_OURS)
    return Place(at, item_id, version, likely)


def _fits(version: Any, likely: Any, *, is_walk: bool) -> bool:
    if not is_walk:
        return True
    is_version = type(version) is int and 0 <= version <= LARGEST_VERSION
    return is_version and (likely is None or (type(likely) in {int, float} and 0 <= likely <= 1))
