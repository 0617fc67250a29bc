"""Thinks about the entries of one document together, in a process that is apart: all that goes in and out pickles.

What can be told of entries by themselves is told as they are read, in the same process, so that nobody else has to
unpack them: their marks, and where all of them are sure to be new or they are few, what they are when refined.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from aggregator.model import Document, Refined, Sighting, Source, Tag
from aggregator.pickled import Packed, packed, quickly_made
from aggregator.refine import may_be_shown, refine_all, wanted
from aggregator.refine.identity import Finding, Mark, Verdict, marks
from aggregator.refine.tags import Tagger

# So few are refined before it is known which of them are new, since it is soon done.
FEW = 4
# So many entries and characters are refined at a time: more would take the other process and the time of others.
MOST, MOST_CHARACTERS = 60, 400_000


class LeftOut(StrEnum):
    """Why an entry does not become an item."""

    HIDDEN = "hidden"  # nobody may be shown it
    UNWANTED = "unwanted"  # it has none of the words that its source asks for


@quickly_made
@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for all entries. `tags` are those of `pack_tags`; otherwise as `refine` has it."""

    source: Source
    base_url: str | None
    feed_language: str | None
    tags: bytes
    block: tuple[str, ...]
    now: datetime


@quickly_made
@dataclass(frozen=True, slots=True)
class Considered:
    """What can be told of entries before it is known which are new: their marks, each with its place in the document.

    `answers` are by place, as `refine_entries` gives them for entries that are not kept yet. They hold where the
    document is in that language and was read from that address.
    """

    marked: Sequence[tuple[int, Mark]]
    answers: Mapping[int, Refined | LeftOut]
    base_url: str | None = None
    feed_language: str | None = None

    def answer(self, frame: Frame, verdict: Verdict) -> Refined | LeftOut | None:
        """What an entry is, if that is known already for such a frame and holds for what was found of the entry."""
        if (frame.base_url, frame.feed_language) != (self.base_url, self.feed_language):
            return None
        answer = self.answers.get(verdict.place)
        return None if answer is LeftOut.UNWANTED and verdict.finding is Finding.CHANGED else answer


class ReadEntries(Packed[Sighting]):
    """The entries of a document, packed, with what was told of them as they were read.

    Where that is all that can be asked of them they themselves stay behind and `pickled` is empty: then only how many
    they are is known, and who looks at one gets a LookupError.
    """

    __slots__ = ("considered",)

    def __init__(self, pickled: bytes, count: int, considered: Considered) -> None:
        super().__init__(pickled, count)
        self.considered = considered

    def themselves(self) -> Packed[Sighting]:
        """The entries alone."""
        if not self.pickled:
            raise LookupError("the entries stayed where they were read: all that they come to was told of them")
        return Packed(self.pickled, self._count)

    def _unpacked(self) -> tuple[Sighting, ...]:
        if self._values is None:
            self._values = tuple(self.themselves())
        return self._values

    def __repr__(self) -> str:
        return super().__repr__() if self.pickled else f"<{self._count} entries that stayed where they were read>"

    def __reduce__(self) -> tuple[Callable[..., Packed[Sighting]], tuple[object, ...]]:
        """Pickled like any other, and with what was told of them."""
        return ReadEntries, (self.pickled, self._count, self.considered)


def pack_tags(tags: Sequence[Tag]) -> bytes:
    """Tags as a process apart is given them: it knows at a glance whether they are those of last time."""
    return pickle.dumps(tuple(tags))


def read_and_consider(frame: Frame, is_first: bool, reading: Callable[[bytes], Document], body: bytes) -> Document:
    """What `reading` makes of `body`, with `ReadEntries` in it. Raises what that raises.

    The document says itself in which language it is.
    """
    document = reading(body)
    entries = document.entries
    considered = consider(replace(frame, feed_language=document.language), entries, is_first)
    # Of a first look all entries are new, so that what they are when refined is all that anybody needs of them.
    is_all = is_first and entries and len(considered.answers) == len(considered.marked)
    pickled = b"" if is_all else packed(entries).pickled
    return replace(document, entries=ReadEntries(pickled, len(entries), considered))


def consider(frame: Frame, entries: Sequence[Sighting], is_first: bool) -> Considered:
    """What can be told of those entries by themselves; `is_first` says that nothing is known of their source yet."""
    marked = marks(entries)
    characters = sum(len(sighting.body_html) + len(sighting.summary_html) for sighting in entries)
    if len(marked) > (MOST if is_first else FEW) or characters > MOST_CHARACTERS:
        return Considered(marked, {})
    answers = refine_entries(frame, entries, [(place, False) for place, _ in marked])
    by_place = {place: answer for (place, _), answer in zip(marked, answers, strict=True)}
    return Considered(marked, by_place, frame.base_url, frame.feed_language)


def refine_entries(
    frame: Frame, entries: Sequence[Sighting], asked: Sequence[tuple[int, bool]]
) -> list[Refined | LeftOut]:
    """Those entries refined of which the place is given, or why they are left out.

    The flag beside the place says that an entry is kept already: then it is always wanted.
    """
    shown = [place for place, _ in asked if may_be_shown(entries[place], frame.source, frame.block)]
    refined = dict(
        zip(
            shown,
            refine_all(
                [entries[place] for place in shown],
                source=frame.source,
                base_url=frame.base_url,
                feed_language=frame.feed_language,
                tagger=_tagger(frame.tags),
                now=frame.now,
            ),
            strict=True,
        )
    )
    return [_let_in(refined.get(place), frame.source, is_kept=is_kept) for place, is_kept in asked]


def _let_in(refined: Refined | None, source: Source, *, is_kept: bool) -> Refined | LeftOut:
    if refined is None:
        return LeftOut.HIDDEN
    return refined if is_kept or wanted(refined, source) else LeftOut.UNWANTED


@lru_cache(maxsize=4)
def _tagger(tags: bytes) -> Tagger:
    return Tagger(pickle.loads(tags))  # noqa: S301 - our own, see pack_tags
