"""Which pages an export has and what stands on each. Values in, values out; knows neither markup nor files.

Pages are cut where the items themselves say so: an item begins a page where its digest is the smallest among its
neighbours', as backup programs cut files. So what is published, withdrawn, joined or pinned changes the page it stands
on and at most those beside it, and all others stay as they were, byte for byte. Numbered pages would not: counted from
the newest, each new item moves all others on; counted from the oldest, each withdrawn one does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aggregator.store.place import MOST_PINNED
from aggregator.store.versions import choose_version
from aggregator.store.whole import Outline
from web.export.names import file_name
from web.strings import primary_subtag

# Neighbours on either side that an item must come before to begin a page: pages have more items than that, about twice
# as many on average.
REACH: Final = 10
FIRST: Final = "index"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list: the version that stands for its story there, and whether the row is pinned."""

    id: str
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `next` is the name of the page that Load More leads to."""

    name: str
    entries: tuple[Entry, ...]
    next: str | None

    @property
    def is_first(self) -> bool:
        """True for the one with the newest."""
        return self.name == FIRST


@dataclass(frozen=True, slots=True)
class Listing:
    """A list and its pages, in the folder `path`. `kind` is `stream`, `language`, `tag` or `partner`, `of` which one.

    `language` is that of its words; stories stand there in it where they have such a version.
    """

    kind: str
    of: str
    path: str
    language: str
    pages: tuple[Page, ...]


def plan_listings(outlines: Sequence[Outline], language: str) -> list[Listing]:
    """The whole stream, then a list for each language, partner and tag there is. `language` is the stream's first."""
    listings = [_listing("stream", "", language, outlines)]
    found: dict[tuple[str, str], list[Outline]] = {}
    for outline in outlines:
        for place in _places(outline):
            found.setdefault(place, []).append(outline)
    for kind, of in sorted(found):
        listings.append(_listing(kind, of, of if kind == "language" else language, found[kind, of]))
    return listings


def _places(outline: Outline) -> Iterator[tuple[str, str]]:
    """The lists that it stands in beside the whole stream: their kind, and which of them."""
    if (code := primary_subtag(outline.language)) != "und":
        yield "language", code
    yield "partner", outline.partner
    for tag in outline.tags:
        yield "tag", tag


def _listing(kind: str, of: str, language: str, outlines: Sequence[Outline]) -> Listing:
    path = f"{kind}/{file_name(of)}" if of else kind
    return Listing(kind, of, path, language, cut_pages(*order_stories(outlines, (language,))))


def order_stories(outlines: Sequence[Outline], prefer: Sequence[str]) -> tuple[list[Entry], list[Entry]]:
    """The pinned rows and the others as `read_page` walks them: each story once, where its newest item stands."""
    stories: dict[str, list[Outline]] = {}
    for outline in outlines:
        stories.setdefault(outline.story, []).append(outline)
    by_pin = sorted((o for o in outlines if o.pinned_at), key=lambda o: o.id)
    by_pin.sort(key=lambda o: o.pinned_at or o.stream_at, reverse=True)
    pins: dict[str, Outline] = {}
    for pin in by_pin[:MOST_PINNED]:
        pins.setdefault(pin.story, pin)  # of a story that is pinned twice the later pin has the row
    heads = [max(its, key=lambda o: (o.stream_at, o.id)) for story, its in stories.items() if story not in pins]
    heads.sort(key=lambda o: (o.stream_at, o.id), reverse=True)

    def entry(row: Outline) -> Entry:
        versions: list[Any] = stories[row.story]
        version = choose_version(versions, prefer)
        return Entry(version.id, is_pinned=bool(row.pinned_at or version.pinned_at))

    return [entry(pin) for pin in pins.values()], [entry(head) for head in heads]


def cut_pages(pinned: Sequence[Entry], others: Sequence[Entry]) -> tuple[Page, ...]:
    """Pages of these rows, newest first. The first one has the pinned, too; every other has its first item's name."""
    starts = [0, *_beginnings([entry.id for entry in others])]
    names = [FIRST, *(file_name(others[start].id) for start in starts[1:])]
    parts = [tuple(others[start:end]) for start, end in zip(starts, [*starts[1:], len(others)], strict=True)]
    parts[0] = (*pinned, *parts[0])
    return tuple(
        Page(name, part, following) for name, part, following in zip(names, parts, [*names[1:], None], strict=True)
    )


def _beginnings(ids: Sequence[str]) -> list[int]:
    """Where pages begin but the first: at items that have REACH others on either side and the least digest of all.

    The newest ones begin none before as many came after them; from then on nothing that comes changes it.
    """
    marks = [hashlib.sha256(item_id.encode()).digest() for item_id in ids]
    inner = range(REACH, len(ids) - REACH)
    return [place for place in inner if min(marks[place - REACH : place + REACH + 1]) == marks[place]]
