"""Calendars (iCalendar, RFC 5545) as values. How they are read stands in calendarreading.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aggregator.model import Document


@dataclass(frozen=True, slots=True)
class Version:
    """How new what a calendar says of an event is: SEQUENCE, and LAST-MODIFIED in ISO 8601 or empty.

    `is_own` tells an occurrence that was changed alone (RECURRENCE-ID): it is numbered apart from its series.
    """

    sequence: int = 0
    modified: str = ""
    is_own: bool = False

    def is_older(self, than: Version) -> bool:
        """Whether this was surely said before the other."""
        if self.is_own is not than.is_own:
            return False
        if self.sequence != than.sequence:
            return self.sequence < than.sequence
        return bool(self.modified) and self.modified < than.modified


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a calendar says now. `versions` are by entry id, of those in `document.deleted`, too.

    Cancelled events are in `document.deleted`. `unreadable` counts the events that were left out as broken.
    """

    document: Document
    versions: Mapping[str, Version] = field(default_factory=dict)
    unreadable: int = 0


def read_calendar(body: bytes, *, url: str, now: datetime, content_type: str | None = None) -> Calendar:
    """The events that are not over at `now` and begin within a year, the soonest first.

    `url` is where the calendar was read from. Times without a zone are the calendar's own (X-WR-TIMEZONE, or its only
    VTIMEZONE), else UTC. Raises DocumentError where this is no calendar, is cut short, or none of it can be read.
    """
    # Only here: icalendar takes 4 MB and 50 ms of every process that imports it.
    from aggregator.documents.calendars.calendarreading import read  # noqa: PLC0415

    return read(body, url, now, content_type)
