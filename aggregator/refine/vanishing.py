"""Tells what was taken out of a feed from what merely slid off its end. Thinks only, on keys and dates.

A feed shows its newest entries. One that it no longer shows was taken away only if older ones are still there. That is
told by dates, and by the order in which they stood, since a pinned entry is old and stays. What cannot be told, is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

# More entries than these are not watched over: a feed that shows all it ever had.
MOST_WATCHED = 300
ENOUGH = 2

Window = tuple[tuple[str, str], ...]  # keys in a document's order, each with its date (ISO 8601, UTC) or ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a new look at a feed tells. `window` is what the next look is to be held against.

    `too_many` is true where so much is missing at once that it is the feed that broke: then nothing counts as missing.
    """

    window: Window
    missing: tuple[str, ...] = ()
    too_many: bool = False


def watched(entries: Sequence[tuple[str, str]]) -> Window:
    """The part of a document that is watched over: its newest entries, in its order."""
    if len(entries) <= MOST_WATCHED:
        return tuple(entries)
    newest = sorted(range(len(entries)), key=lambda place: entries[place][1], reverse=True)[:MOST_WATCHED]
    return tuple(entries[place] for place in sorted(newest))


def look_for_missing(before: Window, now: Window, renamed: Mapping[str, str]) -> Looked:
    """Hold a document against the one before; `renamed` has the new keys of entries whose key changed."""
    if not now:
        # A feed that is empty all of a sudden says nothing: what it showed before is remembered.
        return Looked(before, too_many=bool(before))
    before = tuple((renamed.get(key, key), dated) for key, dated in before)
    present = dict(now)
    kept_on = [key in present for key, _ in before]
    # By the document's new dates, so that an old post with a new date is not taken for a new one.
    still_there = [present[key] for key, _ in before if key in present]
    pushed_out = _pushed_out(before, present)
    missing = [
        key
        for place, (key, dated) in enumerate(before)
        if key not in present
        and _stood_inside(before, kept_on, place)
        and (not dated or _older(still_there, dated) >= (ENOUGH if key in pushed_out else 1))
    ]
    if 2 * len(missing) > len(missing) + sum(kept_on):
        return Looked(before, too_many=True)
    return Looked(now, tuple(missing))


def _pushed_out(before: Window, present: Mapping[str, str]) -> set[str]:
    """Those that new entries may have pushed out: as many of the oldest that are gone as new ones came.

    A single older one that is still there may be pinned, so it proves nothing for them.
    """
    were = {key for key, _ in before}
    oldest = min((dated for _, dated in before), default="")
    came = sum(1 for key, dated in present.items() if key not in were and (not dated or dated >= oldest))
    gone = sorted((dated, key) for key, dated in before if key not in present)
    return {key for _, key in gone[:came]}


def _older(dates: Sequence[str], dated: str) -> int:
    return sum(1 for other in dates if other and other < dated)


def _stood_inside(before: Window, kept_on: Sequence[bool], place: int) -> bool:
    """Whether an entry still stands where older ones do; of one without a date, on both sides."""
    earlier, later = any(kept_on[:place]), any(kept_on[place + 1 :])
    if not before[place][1]:
        return earlier and later
    return later if _is_newest_first(before) else earlier


def _is_newest_first(window: Window) -> bool:
    dates = [dated for _, dated in window if dated]
    return sum((a > b) - (a < b) for a, b in pairwise(dates)) >= 0
