"""What it costs to find the items that a new one is one story with, beside few and beside many that are kept."""

from __future__ import annotations

import asyncio
import functools
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import Detection, Kind, Refined, Review, ReviewMode, Source
from aggregator.refine.evidence import address_keys
from aggregator.refine.folding import fold_and_part
from aggregator.refine.grouping import Told
from aggregator.refine.identity import Finding, Mark, Verdict
from aggregator.refine.likeness import text_keys
from aggregator.store.engine import Database, open_database
from aggregator.store.evidence import delete_keys
from aggregator.store.items import keep_entries
from aggregator.store.stories import NewItem, join_stories
from benchmarks import prose
from benchmarks.feeds import NEWEST
from benchmarks.table import Line, Scale, at_most

TITLE = "Stories"
FEW, MANY, NEW = 10_000, 100_000, 300
SOURCES, AT_ONCE = 50, 500


def measure(_scale: Scale) -> list[Line]:
    """Milliseconds for one item, of which an address and a text are kept already, and how they grow."""
    few, many = (asyncio.run(_beside(count)) for count in (FEW, MANY))
    return [
        at_most(f"finding the neighbours of a new item beside {MANY:,}", many, 5, "ms"),
        at_most(f"the same, against beside {FEW:,}", many / few, 1.5, "×"),
    ]


async def _beside(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(f"sqlite+aiosqlite:///{folder}/one.db") as database:
            chance = random.Random(1)
            for start in range(0, count, AT_ONCE):
                await _keep(database, start // AT_ONCE % SOURCES, list(_entries(chance, start)))
            chance = random.Random(1)
            kept = [entry for start in range(0, count, AT_ONCE) for entry in _entries(chance, start)]
            return await _find(database, random.Random(2).sample(kept, NEW))


def _entries(chance: random.Random, start: int) -> Iterator[Refined]:
    for number in range(start, start + AT_ONCE):
        text = prose.paragraph("en", chance, 4)
        url = f"https://partner{number % SOURCES}.example/news/{number}"
        yield Refined(
            url, f"News {number}", text[:200], f"<p>{text}</p>", text, (), None, NEWEST - timedelta(minutes=5 * number),
            None, Detection("en", 0.9, ""), (), tuple(_keys(url, text)), Kind.ARTICLE, entry_id=f"{number}",
        )  # fmt: skip


def _keys(url: str, text: str) -> list[int]:
    return [*address_keys([url.removeprefix("https://")]), *text_keys(fold_and_part(text)[1], "en")]


async def _keep(database: Database, number: int, entries: list[Refined]) -> None:
    source = Source(
        f"source-{number}",
        "farm",
        "feed",
        "https://farm.example/",
        ("en",),
        timedelta(hours=1),
        Review(ReviewMode.HOLD),
    )
    marked = [
        (Verdict(Finding.NEW, place, Mark(one.entry_id, "d", one.url, one.entry_id, "t", "")), one)
        for place, one in enumerate(entries)
    ]
    async with database.write() as connection:
        await keep_entries(connection, source, marked, now=NEWEST)


async def _find(database: Database, known: list[Refined]) -> float:
    """The median of the time that it takes, one after the other."""
    took: list[float] = []

    async def join(new: NewItem, connection: AsyncConnection) -> None:
        begun = time.perf_counter()
        joined = await join_stories(connection, [new])
        took.append(time.perf_counter() - begun)
        assert joined.stories[new.told.id] != new.told.id
        # It is not kept itself: the next one is not to find it.
        await delete_keys(connection, new.told.id, new.keys)

    for number, one in enumerate(known):
        told = Told(f"new-{number}", "new", "en", one.published_at, f"{number}", one.content_text)
        await database.keep([functools.partial(join, NewItem(told, one.story_keys))])
    return statistics.median(took) * 1000
