"""How often a feed wishes to be asked for, from the words that feeds say it in. Decides nothing about when that is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from aggregator.model import Rhythm

# http://web.resource.org/rss/1.0/modules/syndication/
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = 24
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)


def read_rhythm(said: Mapping[str, Sequence[str]]) -> Rhythm | None:
    """What `ttl` (minutes), `hour`, `day`, `sy_updateperiod` and `sy_updatefrequency` say; None where that is nothing.

    A feed that forbids every hour, or every day, forbids none.
    """
    if not said:
        return None
    rhythm = Rhythm(
        at_most_every=max((*_time_to_live(said), *_syndication(said)), default=None),
        skip_hours=_unless_all({hour % _HOURS for hour in _numbers(said, "hour") if hour <= _HOURS}, _HOURS),
        skip_days=_unless_all(_days(said.get("day", ())), len(_DAYS)),
    )
    return None if rhythm == Rhythm() else rhythm


def _numbers(said: Mapping[str, Sequence[str]], name: str) -> list[int]:
    return [int(text) for text in said.get(name, ()) if _NUMBER.fullmatch(text)]


def _time_to_live(said: Mapping[str, Sequence[str]]) -> Iterator[timedelta]:
    for minutes in _numbers(said, "ttl"):
        if minutes:
            yield timedelta(minutes=minutes)


def _syndication(said: Mapping[str, Sequence[str]]) -> Iterator[timedelta]:
    words = [text.lower() for text in said.get("sy_updateperiod", ())]
    times = next(iter(_numbers(said, "sy_updatefrequency")), None)
    period = _PERIODS.get(words[0]) if words else _PERIODS["daily"] if times else None
    if period:
        yield period / (times or 1)


def _days(names: Iterable[str]) -> set[int]:
    return {_DAYS.index(name.lower()) for name in names if name.lower() in _DAYS}


def _unless_all(numbers: set[int], how_many: int) -> frozenset[int]:
    return frozenset(numbers) if len(numbers) < how_many else frozenset()
