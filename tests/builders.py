"""Makes sources, entries and items for tests: plausible, short, and each different."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import Detection, Kind, Refined, Review, ReviewMode, Sighting, Source, TagMatch
from aggregator.refine.evidence import address_keys
from aggregator.refine.identity import judge, marks
from aggregator.refine.links import url_key
from aggregator.store.changes import record
from aggregator.store.engine import Database
from aggregator.store.items import Kept, keep_entries, keep_renamed, read_known

HOLD, AUTO = Review(ReviewMode.HOLD), Review(ReviewMode.AUTO)
TAG = re.compile(r"<[^>]*>")
START = datetime(2026, 11, 1, 9, tzinfo=UTC)


def source(source_id: str = "city-news", review: Review = HOLD, **values: Any) -> Source:
    defaults = {
        "id": source_id,
        "partner": "city",
        "kind": "feed",
        "url": "https://city.example/feed",
        "languages": ("en",),
        "every": timedelta(minutes=30),
        "review": review,
    }
    return Source(**{**defaults, **values})


def sighting(n: int, **values: Any) -> Sighting:
    defaults = {
        "entry_id": f"tag:{n}",
        "url": f"https://city.example/news/{n}",
        "title": f"News {n}",
        "body_html": f"<p>Body of {n}</p>",
        "published_at": START + timedelta(hours=n),
    }
    return Sighting(**{**defaults, **values})


def refined(seen: Sighting, now: datetime = START, **values: Any) -> Refined:
    defaults = {
        "url": seen.url,
        "title": seen.title,
        "summary": TAG.sub("", seen.body_html),
        "content_html": seen.body_html,
        "content_text": TAG.sub("", seen.body_html),
        "authors": seen.authors,
        "picture": seen.media[0] if seen.media else None,
        "published_at": seen.published_at or now,
        "modified_at": seen.updated_at,
        "detection": Detection("en", 0.9, "test"),
        "tags": (TagMatch("solar", "word", "solar"),),
        "story_keys": tuple(
            address_keys(key for url in (seen.url, *(other.url for other in seen.alternates)) if (key := url_key(url)))
        ),
        "kind": seen.kind or (Kind.ARTICLE if seen.title else Kind.POST),
        **{
            name: getattr(seen, name)
            for name in ("card", "quote", "boosted_by", "warning", "is_sensitive", "happening", "entry_id")
        },
        "is_dated": seen.published_at is not None,
    }
    return Refined(**{**defaults, **values})


async def keep_in(
    connection: AsyncConnection, src: Source, seen: Sequence[Sighting], now: datetime, **values: Any
) -> Kept:
    """One pass over a document with those entries, without fetching. `values` are those of every refined one."""
    marked = marks(seen)
    verdicts = judge(marked, await read_known(connection, src.id, [mark for _, mark in marked]))
    fresh = [(v, refined(seen[v.place], now, **values)) for v in verdicts if v.finding != "known"]
    kept = await keep_entries(connection, src, fresh, now=now)
    await keep_renamed(connection, src, [v for v in verdicts if v.finding == "known" and v.was_key], now=now)
    await record(connection, kept.changes, now=now)
    return kept


async def keep(
    database: Database,
    src: Source,
    seen: Sequence[Sighting],
    now: datetime = START,
    refine: dict[str, Any] | None = None,
) -> Kept:
    """The same as the program does it, which on SQLite takes half the time that other transactions take."""
    kept: list[Kept] = []

    async def commit(connection: AsyncConnection) -> None:
        kept.append(await keep_in(connection, src, seen, now, **(refine or {})))

    await database.keep([commit])
    return kept[0]
