"""Refines entries of one source together, in this process or in one that is apart: all that goes in and out pickles."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from aggregator.model import Refined, Sighting, Source, Tag
from aggregator.refine import may_be_shown, refine_all, wanted
from aggregator.refine.tags import Tagger


class LeftOut(StrEnum):
    """Why an entry does not become an item."""

    HIDDEN = "hidden"  # nobody may be shown it
    UNWANTED = "unwanted"  # it has none of the words that its source asks for


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for all entries. `tags` are those of `pack_tags`; otherwise as `refine` has it."""

    source: Source
    base_url: str | None
    feed_language: str | None
    tags: bytes
    block: tuple[str, ...]
    now: datetime


def pack_tags(tags: Sequence[Tag]) -> bytes:
    """Tags as a process apart is given them: it knows at a glance whether they are those of last time."""
    return pickle.dumps(tuple(tags))


def refine_entries(frame: Frame, entries: Sequence[tuple[Sighting, bool]]) -> list[Refined | LeftOut]:
    """Each entry refined, or why it is left out. The flag says that it is kept already: then it is always wanted."""
    is_shown = [may_be_shown(sighting, frame.source, frame.block) for sighting, _ in entries]
    refined = iter(
        refine_all(
            [sighting for (sighting, _), shown in zip(entries, is_shown, strict=True) if shown],
            source=frame.source,
            base_url=frame.base_url,
            feed_language=frame.feed_language,
            tagger=_tagger(frame.tags),
            now=frame.now,
        )
    )
    return [
        _wanted(next(refined), frame.source, is_kept=is_kept) if shown else LeftOut.HIDDEN
        for (_, is_kept), shown in zip(entries, is_shown, strict=True)
    ]


def _wanted(refined: Refined, source: Source, *, is_kept: bool) -> Refined | LeftOut:
    return refined if is_kept or wanted(refined, source) else LeftOut.UNWANTED


@lru_cache(maxsize=4)
def _tagger(tags: bytes) -> Tagger:
    return Tagger(pickle.loads(tags))  # noqa: S301 - our own, see pack_tags
