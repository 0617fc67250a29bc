"""Reads the public stream: approved items only, pinned first, then newest first, each story once, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import AggregatorError
from aggregator.model import Author, State
from aggregator.store.about import NOTHING, About, read_about
from aggregator.store.changes import read_counter
from aggregator.store.place import Place, read_place, write_place
from aggregator.store.search import fold
from aggregator.store.tables import item, item_tag
from aggregator.store.walk import begin, choose_versions, is_public_of_story, read_following, read_pinned

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
class Image:
    """One of our copies of a picture: a file's name under /media/, and its size in pixels."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class StreamItem:
    """An item as the public sees it. `image` is the widest of `images`, which stand in ascending order."""

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
    images: tuple[Image, ...] = ()


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


async def read_page(
    connection: AsyncConnection,
    filters: StreamFilters,
    *,
    limit: int,
    cursor: str | None = None,
    prefer: Sequence[str] = (),
) -> StreamPage:
    """A page of the public stream, a row for each story. Raises CursorError for a cursor that is not ours.

    Following the cursors shows each story once of which an item was public all the while, and no item twice, whatever
    is published, withdrawn, pinned or joined meanwhile. `prefer` are the visitor's languages, the dearest first: a row
    shows its story in the first of them in which an item fits the filters; its place is the same without.
    """
    version = await read_counter(connection, "stream")

    def fits(of: FromClause) -> list[ColumnElement[bool]]:
        return conditions(filters, of)

    place = _read_cursor(cursor) if cursor else await begin(connection, fits)
    shown = min(place.shown + limit, len(place.pins))
    room = limit - (shown - place.shown)
    pinned = await read_pinned(connection, fits, place, shown)
    following = await read_following(connection, fits, place, room + 1)
    has_more = len(following) > room or shown < len(place.pins)
    rows = pinned + following[:room]
    if following[:room]:
        place = place.model_copy(update={"at": rows[-1].stream_at, "id": rows[-1].id})
    stories = await read_also_on(connection, [row.story for row in rows]) if rows else {}
    several = [story for story, its in stories.items() if len(its) > 1]
    versions, lent = await choose_versions(connection, fits, place, rows, several=several, prefer=prefer)
    items = await _items(connection, rows, versions, stories)
    next_place = place.model_copy(update={"shown": shown, "lent": lent})
    return StreamPage(items, write_place(next_place) if has_more else None, version)


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


def conditions(filters: StreamFilters, of: FromClause = item) -> list[ColumnElement[bool]]:
    """The filters as SQL, for the public and for editors alike; `of` is the item table, or an alias of it."""
    found: list[ColumnElement[bool]] = []
    if filters.lang:
        exact = of.c.language.in_(filters.lang)
        found.append(or_(exact, *(of.c.language.startswith(f"{tag}-", autoescape=True) for tag in filters.lang)))
    if filters.tag:
        found.append(of.c.id.in_(select(item_tag.c.item_id).where(item_tag.c.tag.in_(filters.tag))))
    for column, values in (
        (of.c.partner_id, filters.partner),
        (of.c.source_id, filters.source),
        (of.c.kind, filters.kind),
    ):
        if values:
            found.append(column.in_(values))
    words = fold(filters.q or "").split()
    return found + [of.c.search_text.contains(word, autoescape=True) for word in words]


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
    where = item.c.story.in_(stories) & is_public_of_story(item)
    found: dict[str, list[Any]] = {}
    for row in await connection.execute(select(*columns).where(where).order_by(item.c.stream_at, item.c.id)):
        found.setdefault(row.story, []).append(row)
    return found


async def _items(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],
    versions: Sequence[Row[Any]],
    stories: Mapping[str, Sequence[Row[Any]]],
) -> tuple[StreamItem, ...]:
    tags = await read_tags(connection, [version.id for version in versions]) if versions else {}
    return tuple(
        StreamItem(
            **{**stream_fields(version), "pinned": bool(row.pinned_at or version.pinned_at)},
            tags=tuple(tag.tag for tag in tags.get(version.id, [])),
            also_on=also_on(version.id, stories.get(version.story, []), version.language),
        )
        for row, version in zip(rows, versions, strict=True)
    )


def also_on(item_id: str, story: Sequence[Row[Any]], language: str | None = None) -> tuple[AlsoOn, ...]:
    """The story's other items: those in that language first, the others by theirs; of one language as they came."""
    others = [row for row in story if row.id != item_id]
    others.sort(key=lambda row: (row.language != language, row.language))
    return tuple(AlsoOn(row.id, row.partner_id, row.url, row.language) for row in others)


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


def _read_cursor(text: str) -> Place:
    try:
        return read_place(text)
    except ValueError as error:
        raise CursorError(NOT_OURS) from error
