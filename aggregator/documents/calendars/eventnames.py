"""Gives the events of a calendar the ids by which they are known again, whatever about them changes."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.documents.calendars import eventfields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import icalendar

    from aggregator.documents.calendars.calendarzones import Zones

LONGEST_UID = 400


@dataclass(frozen=True, slots=True)
class EventNames:
    """The entry ids of one UID's events: the UID itself, and for what recurs also the day that its rule gives it.

    The day and not the moment: so an evening that is moved by an hour for all weeks to come stays the same evenings.
    """

    uid: str
    is_series: bool
    zones: Zones
    core: icalendar.Component | None
    changed: frozenset[date]

    @classmethod
    def of(cls, components: Sequence[icalendar.Component], zones: Zones, *, is_uid_shared: bool) -> EventNames:
        """For those components of one UID; ValueError where there are none."""
        if not components:
            raise ValueError("nothing of the event can be read")
        core = next((one for one in components if "RECURRENCE-ID" not in one), None)
        recurs = core is None or any(name in one for one in components for name in ("RECURRENCE-ID", "RRULE", "RDATE"))
        changed = frozenset(_days(zones, core, (eventfields.day_or_moment(one, "RECURRENCE-ID") for one in components)))
        return cls(_uid(components[0]), recurs or is_uid_shared, zones, core, changed)

    def each(self, occurrences: Sequence[icalendar.Component]) -> list[tuple[str, icalendar.Component]]:
        """The occurrences with their ids."""
        if not self.is_series:
            return [(self.uid, occurrence) for occurrence in occurrences[:1]]
        moments = [eventfields.day_or_moment(occurrence, "RECURRENCE-ID") for occurrence in occurrences]
        named = [(moment, self._day(moment), one) for moment, one in zip(moments, occurrences, strict=True) if moment]
        days = Counter(day for _, day, _ in named)
        return [
            (f"{self.uid} {day}" + (f" {moment:%H:%M:%S}" if days[day] > 1 else ""), occurrence)
            for moment, day, occurrence in named
        ]

    def is_own(self, occurrence: icalendar.Component) -> bool:
        """Whether the occurrence was changed alone."""
        moment = eventfields.day_or_moment(occurrence, "RECURRENCE-ID")
        return moment is not None and self._day(moment) in self.changed

    def excepted(self, now: datetime) -> list[str]:
        """The ids of occurrences that the calendar takes out of its rule (EXDATE) from today on."""
        if not self.core or not self.is_series:
            return []
        days = _days(self.zones, self.core, eventfields.days_or_moments(self.core, "EXDATE"))
        return [f"{self.uid} {day}" for day in sorted(days) if day >= now.date()]

    def _day(self, moment: date) -> date:
        return _day(self.zones, self.core, moment)


def _days(zones: Zones, core: icalendar.Component | None, moments: Iterable[date | None]) -> set[date]:
    return {_day(zones, core, moment) for moment in moments if moment}


def _day(zones: Zones, core: icalendar.Component | None, moment: date) -> date:
    """The day, in the zone of the series."""
    if not isinstance(moment, datetime):
        return moment
    return moment.astimezone(zones.local(core)).date() if moment.tzinfo else moment.date()


def _uid(component: icalendar.Component) -> str:
    """The UID, shortened where it is absurdly long; where it is missing, what the event says."""
    uid = fields.clean(str(component.get("UID", "")), fields.MAX_ID)
    if uid and len(uid) <= LONGEST_UID:
        return uid
    said = uid or f"{eventfields.day_or_moment(component, 'DTSTART')} {component.get('SUMMARY', '')}"
    return "sha256:" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
