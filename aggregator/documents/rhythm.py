"""How often a feed wishes to be asked for: `ttl`, `skipHours` and `skipDays` (RSS 2.0), `sy:` (RSS 1.0 Syndication).

Read from the text around the entries, so it is the same whatever reads the entries themselves. Pure, linear in the
text, and silent where the text says nothing or nonsense.
"""

from __future__ import annotations

import re
from datetime import timedelta

from aggregator.model import Rhythm

# A channel's own elements stand before its entries, rarely after them.
MOST_READ = 20_000
LONGEST = timedelta(days=366)
PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_TTL = re.compile(r"<ttl>\s*(\d{1,9})\s*</ttl", re.IGNORECASE)
_PERIOD = re.compile(r"<[\w.-]{1,20}:updatePeriod>\s*([a-z]{1,10})\s*</", re.IGNORECASE)
_FREQUENCY = re.compile(r"<[\w.-]{1,20}:updateFrequency>\s*(\d{1,9})\s*</", re.IGNORECASE)
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour", re.IGNORECASE)
_DAY = re.compile(r"<day>\s*([a-z]{6,9})\s*</day", re.IGNORECASE)


def read_rhythm(before: str, after: str = "") -> Rhythm | None:
    """What a feed says, `before` being its text up to the first entry and `after` that behind the last one."""
    text = _CDATA.sub("", f"{before[:MOST_READ]}\n{after[-MOST_READ:]}")
    hours = frozenset(int(hour) % 24 for hour in _HOUR.findall(_part(text, "skipHours")) if int(hour) <= 24)  # noqa: PLR2004
    named = (day.lower() for day in _DAY.findall(_part(text, "skipDays")))
    days = frozenset(DAYS.index(day) for day in named if day in DAYS)
    at_most_every = max(filter(None, (_ttl(text), _syndication(text))), default=None)
    found = Rhythm(at_most_every, hours, days)
    return None if found == Rhythm() else found


def _part(text: str, name: str) -> str:
    """What stands inside the element of that name."""
    _, _, inside = text.partition(f"<{name}>")
    return inside.partition(f"</{name}>")[0]


def _ttl(text: str) -> timedelta | None:
    found = _TTL.search(text)
    return min(timedelta(minutes=int(found[1])), LONGEST) if found and int(found[1]) else None


def _syndication(text: str) -> timedelta | None:
    """The period divided by how often in it the feed is renewed; one of both alone stands with the other's default."""
    period, frequency = _PERIOD.search(text), _FREQUENCY.search(text)
    if not period and not frequency:
        return None
    span = PERIODS.get(period[1].lower()) if period else PERIODS["daily"]
    return span / max(int(frequency[1]) if frequency else 1, 1) if span else None
