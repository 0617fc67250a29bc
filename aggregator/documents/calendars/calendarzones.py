"""Which time zones a calendar means: those of the IANA by their names, Outlook's, and the ones it brings along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import icalendar
from icalendar.timezone import tzp

from aggregator.documents.calendars.effort import at_most
from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from aggregator.documents.calendars.icaltext import CalendarText

MOST_ZONES = 50
MOST_CALLS = 100_000
# A year has two changes of time; what says more often is built to keep its reader busy.
_PROBES = tuple(datetime(2026, month, 15) for month in (1, 4, 7, 10))  # noqa: DTZ001 - read in the zone that is tried
_FARTHEST = timedelta(hours=26)
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Zones:
    """The zone that times without one are in, and that by which the calendar wants its times in UTC to recur."""

    home: tzinfo = UTC
    declared: str | None = None

    @classmethod
    def of(cls, parts: CalendarText) -> Zones:
        """The zones of a calendar; those that it brings along are known to icalendar from now on.

        What an earlier calendar brought along is forgotten.
        """
        tzp.use_zoneinfo()
        brought = [zone for zone in parts.zones[:MOST_ZONES] if zone.values.get("TZID")]
        for zone in brought:
            if known(zone.values["TZID"]) is None:
                _learn(zone.text())
        declared = parts.values.get("X-WR-TIMEZONE") or parts.values.get("TIMEZONE-ID") or ""
        named = known(declared)
        if named:
            # x-wr-timezone takes IANA names alone; Outlook's own ones are its Windows names.
            key = getattr(named, "key", None)
            return cls(named, key if isinstance(key, str) else None)
        if len({zone.values["TZID"] for zone in brought}) == 1:
            return cls(known(brought[0].values["TZID"]) or UTC)
        return cls()

    def local(self, core: icalendar.Component | None) -> tzinfo:
        """The zone in which an event's days are counted."""
        start = getattr(core.get("DTSTART"), "dt", None) if core else None
        own = start.tzinfo if isinstance(start, datetime) else None
        return self.home if own is None or own.utcoffset(start) == timedelta() else own


def known(name: str) -> tzinfo | None:
    """The zone of that name, where anybody knows it."""
    try:
        return tzp.timezone(name) if name and len(name) <= 200 else None  # noqa: PLR2004
    except _BROKEN:
        return None


def _learn(text: str) -> None:
    """Make a zone that the calendar defines itself known, if it is one that can be reckoned with."""
    if any(absurd in text.upper() for absurd in ("=SECONDLY", "=MINUTELY", "=HOURLY", "=DAILY", "=WEEKLY")):
        return
    try:
        with at_most(MOST_CALLS):
            component = icalendar.Timezone.from_ical(text)
            if not isinstance(component, icalendar.Timezone):
                return
            zone = component.to_tz(tzp, lookup_tzid=False)
            if all(abs(zone.utcoffset(probe) or timedelta()) < _FARTHEST for probe in _PROBES):
                tzp.cache_timezone_component(component)
    except (DocumentError, *_BROKEN):
        return
