"""Reads the public stream: approved items only, pinned first, then newest first, page by page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Row, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import AggregatorError
from aggregator.model import Author, State
from aggregator.store.about import NOTHING, About, read_about
from aggregator.store.changes import read_counter
from aggregator.store.search import fold
from aggregator.store.tables import item, item_tag

MOST_PINNED = 20
LONGEST_CURSOR = 2000
NOT_OURS = "the cursor is not one that this stream gave; start again without it"


class CursorError(AggregatorError):
    """The cursor is not one that this program gave."""


@dataclass(frozen=True, slots=True)
class StreamFilters:
    """What a reader asks for. Several values of one name are alternatives; different names narrow."""

    lang: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    q: str | None = None


@dataclass(frozen=True, slots=True)
class AlsoOn:
    """The same story elsewhere in the stream."""

    item: str
    partner: str
    url: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Translation:
    """An item's words in another language, and who gave them."""

    title: str | None
    summary: str | None
    by: str


@dataclass(frozen=True, slots=True)
class StreamItem:
    """An item as the public sees it. `image` is a file's name under /media/; sizes are pixels."""

    id: str
    url: str | None
    title: str | None
    summary: str
    content_html: str
    content_text: str
    image: str | None
    image_alt: str | None
    image_width: int | None
    image_height: int | None
    image_colour: str | None
    published_at: datetime
    modified_at: datetime | None
    authors: tuple[Author, ...]
    language: str
    tags: tuple[str, ...]
    partner: str
    source: str
    kind: str
    pinned: bool
    story: str
    also_on: tuple[AlsoOn, ...]
    translations: Mapping[str, Translation]
    about: About = NOTHING
    starts_at: datetime | None = None  # an event's
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StreamPage:
    """One page. `next_cursor` is None at the end; `version` is the stream's when it was read."""

    items: tuple[StreamItem, ...]
    next_cursor: str | None
    version: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many public items there are, in all and by what can be filtered by."""

    total: int
    languages: Mapping[str, int]
    tags: Mapping[str, int]
    partners: Mapping[str, int]


class _Cursor(BaseModel):
    """Where a walk stands.

    The ids that were pinned when it began are shown first and never again on the way, so that pinning and unpinning
    meanwhile neither doubles nor hides an item.
    """

    model_config = ConfigDict(extra="forbid")
    pins: list[str]
    shown: int
    at: datetime | None = None
    id: str | None = None


async def read_page(
    connection: AsyncConnection, filters: StreamFilters, *, limit: int, cursor: str | None = None
) -> StreamPage:
    """A page of the public stream. Raises CursorError for a cursor that is not ours."""
    version = await read_counter(connection, "stream")
    public = and_(item.c.state == State.APPROVED, *conditions(filters))
    place = _read_cursor(cursor) if cursor else _Cursor(pins=await _pinned(connection, public), shown=0)
    pins = place.pins[place.shown : place.shown + limit]
    rows = await _rows_by_id(connection, public, pins)
    shown, at, last_id = place.shown + len(pins), place.at, place.id
    rest = public & item.c.id.not_in(place.pins)
    if at and last_id:
        rest &= tuple_(item.c.stream_at, item.c.id) < tuple_(at, last_id)
    order = (item.c.stream_at.desc(), item.c.id.desc())
    room = limit - len(pins)
    following = (await connection.execute(select(item).where(rest).order_by(*order).limit(room + 1))).all()
    if room and following:
        last = following[:room][-1]
        at, last_id = last.stream_at, last.id
    rows += following[:room]
    has_more = len(following) > room or shown < len(place.pins)
    next_cursor = _write_cursor(_Cursor(pins=place.pins, shown=shown, at=at, id=last_id)) if has_more else None
    return StreamPage(await _items(connection, rows), next_cursor, version)


async def read_counts(connection: AsyncConnection) -> Counts:
    """How many public items there are by language, tag and partner."""
    public = item.c.state == State.APPROVED

    async def count(column: Any, *joined: Any) -> dict[str, int]:
        statement = select(column, func.count()).where(public, *joined).group_by(column).order_by(column)
        return {name: number for name, number in (await connection.execute(statement)).all()}  # noqa: C416

    total = await connection.scalar(select(func.count()).select_from(item).where(public)) or 0
    return Counts(
        total=total,
        languages=await count(item.c.language),
        tags=await count(item_tag.c.tag, item_tag.c.item_id == item.c.id),
        partners=await count(item.c.partner_id),
    )


def conditions(filters: StreamFilters) -> list[ColumnElement[bool]]:
    """The filters as SQL, for the public and for editors alike."""
    found: list[ColumnElement[bool]] = []
    if filters.lang:
        exact = item.c.language.in_(filters.lang)
        found.append(or_(exact, *(item.c.language.startswith(f"{tag}-", autoescape=True) for tag in filters.lang)))
    if filters.tag:
        found.append(item.c.id.in_(select(item_tag.c.item_id).where(item_tag.c.tag.in_(filters.tag))))
    for column, values in (
        (item.c.partner_id, filters.partner),
        (item.c.source_id, filters.source),
        (item.c.kind, filters.kind),
    ):
        if values:
            found.append(column.in_(values))
    words = fold(filters.q or "").split()
    return found + [item.c.search_text.contains(word, autoescape=True) for word in words]


async def read_tags(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[Any]]:
    """Each item's tags with their origins."""
    found: dict[str, list[Any]] = {}
    rows = await connection.execute(select(item_tag).where(item_tag.c.item_id.in_(ids)).order_by(item_tag.c.tag))
    for row in rows.all():
        found.setdefault(row.item_id, []).append(row)
    return found


async def read_also_on(connection: AsyncConnection, stories: Sequence[str]) -> dict[str, list[Any]]:
    """Every public item of those stories."""
    columns = (item.c.id, item.c.partner_id, item.c.url, item.c.language, item.c.story)
    where = item.c.story.in_(stories) & (item.c.state == State.APPROVED)
    found: dict[str, list[Any]] = {}
    for row in await connection.execute(select(*columns).where(where).order_by(item.c.stream_at, item.c.id)):
        found.setdefault(row.story, []).append(row)
    return found


async def _pinned(connection: AsyncConnection, public: ColumnElement[bool]) -> list[str]:
    statement = select(item.c.id).where(public, item.c.pinned_at.is_not(None))
    rows = await connection.execute(statement.order_by(item.c.pinned_at.desc(), item.c.id).limit(MOST_PINNED))
    return [row.id for row in rows]


async def _rows_by_id(connection: AsyncConnection, public: ColumnElement[bool], ids: Sequence[str]) -> list[Row[Any]]:
    if not ids:
        return []
    rows = {row.id: row for row in await connection.execute(select(item).where(public, item.c.id.in_(ids)))}
    return [rows[item_id] for item_id in ids if item_id in rows]


async def _items(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[StreamItem, ...]:
    if not rows:
        return ()
    tags = await read_tags(connection, [row.id for row in rows])
    stories = await read_also_on(connection, [row.story for row in rows])
    return tuple(_item(row, tags.get(row.id, []), stories.get(row.story, [])) for row in rows)


def _item(row: Row[Any], tags: Sequence[Row[Any]], story: Sequence[Row[Any]]) -> StreamItem:
    return StreamItem(
        **stream_fields(row),
        tags=tuple(tag.tag for tag in tags),
        also_on=also_on(row.id, story),
    )


def also_on(item_id: str, story: Sequence[Row[Any]]) -> tuple[AlsoOn, ...]:
    """The story's other items."""
    return tuple(AlsoOn(r.id, r.partner_id, r.url, r.language) for r in story if r.id != item_id)


def stream_fields(row: Row[Any]) -> dict[str, Any]:
    """What a row alone says of an item, by StreamItem's names."""
    names = (
        "id", "url", "title", "summary", "content_html", "content_text", "image", "image_alt", "image_width",
        "image_height", "image_colour", "published_at", "modified_at", "language", "kind", "story",
        "starts_at", "ends_at",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "authors": tuple(Author(**author) for author in row.authors),
        "partner": row.partner_id,
        "source": row.source_id,
        "pinned": row.pinned_at is not None,
        "about": read_about(row.about),
        "translations": {language: Translation(**words) for language, words in row.translations.items()},
    }


def _write_cursor(cursor: _Cursor) -> str:
    text = cursor.model_dump_json(exclude_none=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> _Cursor:
    try:
        raw = base64.urlsafe_b64decode(text[:LONGEST_CURSOR] + "=" * (-len(text) % 4))
        cursor = _Cursor.model_validate(json.loads(raw))
        "".join((*cursor.pins, cursor.id or "")).encode()
        at = cursor.at.astimezone(UTC) if cursor.at else None
    except (ValueError, OverflowError, binascii.Error, RecursionError) as error:
        raise CursorError(NOT_OURS) from error
    has_nul = any("\0" in value for value in (*cursor.pins, cursor.id or ""))
    is_naive = cursor.at is not None and cursor.at.tzinfo is None
    if len(cursor.pins) > MOST_PINNED or cursor.shown < 0 or has_nul or is_naive:
        raise CursorError(NOT_OURS)
    return cursor.model_copy(update={"at": at})
