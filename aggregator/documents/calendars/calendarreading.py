"""Reads calendars (iCalendar, RFC 5545): the events to come, each occurrence of what recurs on its own.

The text is taken apart in icaltext.py, and each series of events is read alone: one that is broken, or built to keep
its reader busy, is left out, and the others come through.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import icalendar
import recurring_ical_events

from aggregator.documents import fields
from aggregator.documents.calendars import eventfields
from aggregator.documents.calendars.calendars import Calendar, Version
from aggregator.documents.calendars.calendarzones import Zones
from aggregator.documents.calendars.effort import at_most
from aggregator.documents.calendars.eventnames import EventNames
from aggregator.documents.calendars.icaltext import CalendarText, Component, take_apart
from aggregator.errors import DocumentError
from aggregator.model import Document, Rhythm, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HORIZON = timedelta(days=366)
# What comes every week or every day fills a stream: a quarter of a year of it is seen ahead.
OFTEN_HORIZON = timedelta(days=92)
MOST_OCCURRENCES = 31
MOST_EVENTS = 500
MOST_SERIES = 3_000
MOST_CALLS = 500_000
MOST_BOMBS = 20
_DAY = timedelta(days=1)

_DAYS = re.compile(r"(?<!\d)(\d{8})(?!\d)")
_OFTEN = re.compile(r"FREQ=(DAILY|WEEKLY)\b", re.IGNORECASE)
# No event that is worth announcing takes place every hour.
_ABSURD = re.compile(r"FREQ=(SECONDLY|MINUTELY|HOURLY)\b", re.IGNORECASE)
_UNTIL = re.compile(r"UNTIL=(\d{8})", re.IGNORECASE)
_SPAN = re.compile(r"P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d+S)?)?", re.IGNORECASE)
# What the libraries raise for what they cannot make sense of, as found by breaking calendars.
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class _Series:
    """The events of one UID."""

    events: tuple[Component, ...]
    is_uid_shared: bool = False


@dataclass(slots=True)
class _Found:
    """What is gathered while series after series is read."""

    entries: list[Sighting] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    versions: dict[str, Version] = field(default_factory=dict)
    left_out: int = 0
    unreadable: int = 0

    def add(self, other: _Found) -> None:
        """Take over what one series came to."""
        self.entries += other.entries
        self.deleted += other.deleted
        self.versions |= other.versions
        self.left_out += other.left_out


def read(body: bytes, url: str, now: datetime, content_type: str | None) -> Calendar:
    """See `calendars.read_calendar`."""
    parts = take_apart(body, content_type)
    page = eventfields.calendar_page(parts.values, url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # icalendar warns of what it can mend
        zones = Zones.of(parts)
        found = _read_all(parts, zones, page, now)
    if found.unreadable and not found.entries and not found.deleted:
        raise DocumentError(f"none of the calendar's events can be read: {found.unreadable} are broken or absurd")
    entries = sorted(found.entries, key=_start)
    left_out = found.left_out + max(len(entries) - MOST_EVENTS, 0)
    return Calendar(
        Document(
            entries=tuple(entries[:MOST_EVENTS]),
            format="ical",
            title=fields.plain_text(parts.values.get("X-WR-CALNAME", parts.values.get("NAME", "")), fields.MAX_TITLE)
            or None,
            home=page,
            deleted=tuple(dict.fromkeys(found.deleted))[: fields.MAX_DELETED],
            left_out=left_out,
            is_window=not left_out and not found.unreadable,
            rhythm=_rhythm(parts.values),
        ),
        found.versions,
        found.unreadable,
    )


def _start(entry: Sighting) -> datetime:
    return entry.happening.starts_at if entry.happening else datetime.max.replace(tzinfo=UTC)


def _rhythm(values: Mapping[str, str]) -> Rhythm | None:
    """REFRESH-INTERVAL (RFC 7986), or X-PUBLISHED-TTL, which Outlook and Google write."""
    found = _SPAN.fullmatch(values.get("REFRESH-INTERVAL") or values.get("X-PUBLISHED-TTL") or "-")
    if not found:
        return None
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    every = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    return Rhythm(at_most_every=min(every, _DAY)) if every else None


def _read_all(parts: CalendarText, zones: Zones, page: str | None, now: datetime) -> _Found:
    found = _Found()
    coming = sorted(_series(parts, now), key=lambda series: _soonest(series.events, now))
    found.left_out = max(len(coming) - MOST_SERIES, 0)
    bombs = 0
    for number, series in enumerate(coming[:MOST_SERIES], start=1):
        try:
            with at_most(MOST_CALLS):
                found.add(_read_series(series, zones, page, now))
        except DocumentError:
            found.unreadable += 1
            bombs += 1
        except _BROKEN:
            found.unreadable += 1
        if bombs > MOST_BOMBS:
            found.unreadable += min(len(coming), MOST_SERIES) - number
            break
    return found


def _series(parts: CalendarText, now: datetime) -> Iterator[_Series]:
    """The events that may be coming, by UID; one by one where a program gives the same UID to different events."""
    of_uid: dict[str, list[Component]] = defaultdict(list)
    for number, event in enumerate(parts.events):
        of_uid[event.values.get("UID") or f"\0{number}"].append(event)
    for events in of_uid.values():
        coming = tuple(event for event in events if _may_be_coming(event, now))
        if _share_uid(events):
            yield from (_Series((event,), is_uid_shared=True) for event in coming)
        elif coming:
            yield _Series(coming)


def _share_uid(events: Sequence[Component]) -> bool:
    is_plain = not any("RRULE" in event.values or "RECURRENCE-ID" in event.values for event in events)
    sequences = {event.values.get("SEQUENCE") for event in events}
    return is_plain and len(sequences) == 1 and len({event.values.get("DTSTART") for event in events}) > 1


def _may_be_coming(event: Component, now: datetime) -> bool:
    """Whether an event could end after now, judged by its text: most of a calendar is past, and costly to parse."""
    today = f"{now - 2 * _DAY:%Y%m%d}"
    values = event.values
    if "DTSTART" not in values:
        return False
    if "RDATE" in values or "RECURRENCE-ID" in values or "DURATION" in values:
        return True
    if "RRULE" in values:
        until = _UNTIL.search(values["RRULE"])
        return not until or until[1] >= today
    days = _DAYS.findall(f"{values['DTSTART'][:8]} {values.get('DTEND', '')[:8]}")
    return not days or max(days) >= today


def _soonest(events: Sequence[Component], now: datetime) -> str:
    return min(max(event.values["DTSTART"][:8], f"{now:%Y%m%d}") for event in events)


def _read_series(series: _Series, zones: Zones, page: str | None, now: datetime) -> _Found:
    """What one UID comes to: one event, or the occurrences of one that recurs."""
    rules = " ".join(event.values.get("RRULE", "") for event in series.events)
    if _ABSURD.search(rules):
        raise DocumentError("an event that takes place every hour or more often is not announced")
    parsed = [component for event in series.events if (component := _parsed(event))]
    parsed.sort(key=lambda component: astuple(_version(component)), reverse=True)
    names = EventNames.of(parsed, zones, is_uid_shared=series.is_uid_shared)
    until = now + (OFTEN_HORIZON if _OFTEN.search(rules) else HORIZON)
    named = names.each(_occurrences(parsed, zones, now, until))
    found = _Found()
    for name, occurrence in named:
        happening = eventfields.happening(occurrence, zones.home)
        if happening.ends_at <= now:
            continue
        found.versions[name] = replace(_version(occurrence), is_own=names.is_own(occurrence))
        if str(occurrence.get("STATUS", "")).strip().upper() == "CANCELLED":
            found.deleted.append(name)
        else:
            found.entries.append(eventfields.sighting(occurrence, name, happening, page, is_series=names.is_series))
    present = {name for name, _ in named}
    found.deleted += [name for name in names.excepted(now) if name not in present]
    found.left_out = max(len(found.entries) - MOST_OCCURRENCES, 0)
    found.entries = sorted(found.entries, key=_start)[:MOST_OCCURRENCES]
    return found


def _occurrences(
    components: Sequence[icalendar.Event], zones: Zones, now: datetime, until: datetime
) -> list[icalendar.Component]:
    """All that takes place from yesterday on, the past of today among it: so that each day is seen whole."""
    calendar = icalendar.Calendar()
    if zones.declared:
        calendar["X-WR-TIMEZONE"] = zones.declared
    for component in components:
        calendar.add_component(component)
    query = recurring_ical_events.of(calendar)
    return list(query.between((now - _DAY).astimezone(UTC), until.astimezone(UTC)))


def _parsed(event: Component) -> icalendar.Event | None:
    """The event without properties that make no sense; None where nothing of it does."""
    try:
        component = icalendar.Event.from_ical(event.text())
    except _BROKEN:
        return None
    if not isinstance(component, icalendar.Event):
        return None
    for name, _ in component.errors:
        component.pop(name or "", None)
    return component


def _version(component: icalendar.Component) -> Version:
    sequence = component.get("SEQUENCE", 0)
    modified = eventfields.moment_of(component, "LAST-MODIFIED")
    number = min(max(int(sequence), 0), 2**31) if isinstance(sequence, int) else 0
    return Version(number, modified.isoformat() if modified else "")
