"""What a source showed last and how it wishes to be asked, as it is kept between two looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Rhythm


@dataclass(frozen=True, slots=True)
class Habits:
    """`window` holds the keys of the entries that the last whole document showed, in its order, each with its date.

    `why` says in words why the next look is later than sources.toml says, `wait_until` is the moment before which the
    source has asked not to be asked.
    """

    window: tuple[tuple[str, str], ...] = ()
    rhythm: Rhythm | None = None
    why: str = ""
    wait_until: datetime | None = None


def write_habits(habits: Habits) -> dict[str, Any]:
    """The same as JSON has it."""
    rhythm = habits.rhythm
    return {
        "window": [list(entry) for entry in habits.window],
        "why": habits.why,
        "wait_until": habits.wait_until.isoformat() if habits.wait_until else None,
        "rhythm": rhythm
        and {
            "seconds": rhythm.at_most_every.total_seconds() if rhythm.at_most_every else None,
            "skip_hours": sorted(rhythm.skip_hours),
            "skip_days": sorted(rhythm.skip_days),
        },
    }


def read_habits(kept: Mapping[str, Any] | None) -> Habits:
    """What was kept; nothing where nothing was."""
    if not kept:
        return Habits()
    rhythm, wait_until = kept["rhythm"], kept["wait_until"]
    return Habits(
        window=tuple(map(tuple, kept["window"])),
        why=kept["why"],
        wait_until=datetime.fromisoformat(wait_until) if wait_until else None,
        rhythm=rhythm
        and Rhythm(
            timedelta(seconds=rhythm["seconds"]) if rhythm["seconds"] else None,
            frozenset(rhythm["skip_hours"]),
            frozenset(rhythm["skip_days"]),
        ),
    )
