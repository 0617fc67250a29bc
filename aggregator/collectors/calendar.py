"""Collects the coming events of a calendar (iCalendar, RFC 5545). documents/calendars/ knows what the bytes mean.

An event is known by its UID, and an older version of it never takes the place of a newer one: a cache on the way, or
one server of several, may show yesterday's file.
"""

from __future__ import annotations

import functools
import logging
import re
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.documents.calendars.calendars import Calendar, Version, read_calendar
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Document, Source

ACCEPT = "text/calendar, */*;q=0.5"
MOST_VERSIONS = 1_000
log = logging.getLogger(__name__)

_GOOGLE_PAGE = re.compile(r"https?://(?:calendar|www)\.google\.com/calendar/(?!ical/)")
_OUTLOOK_PAGE = re.compile(r"https?://outlook\.(?:office365|office|live)\.com/.*/calendar\.html")


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the calendar unless it was read today and is the same. Raises CollectError.

    A calendar that has not changed is read once a day all the same: the year ahead begins anew each day.
    """
    today = f"{outside.now():%Y-%m-%d}"
    is_read = cursor.place.get("read_on") == today
    asked = cursor if is_read else Cursor()
    answer = await outside.fetch.get(
        _web(source.url), etag=asked.etag, last_modified=asked.last_modified, accept=ACCEPT
    )
    if answer.not_modified:
        return Collected(None, cursor, answer.url, moved_to=answer.permanent_url)
    content_type = f"charset={answer.charset}" if answer.charset else None
    reading = functools.partial(read_calendar, url=answer.url, now=outside.now(), content_type=content_type)
    calendar = await outside.reader.run(reading, answer.body)
    if calendar.unreadable:
        log.warning("%s: %d events are left out: they are broken or recur absurdly", source.id, calendar.unreadable)
    known = {name: Version(*version) for name, version in cursor.place.get("versions", {}).items()}
    document = _without_older(calendar, known)
    place = {"read_on": today, "versions": _newest(calendar, known)}
    read = Cursor(answer.etag, answer.last_modified, place=place)
    return Collected(document, read, answer.url, moved_to=answer.permanent_url)


def _web(url: str) -> str:
    """`webcal:` does not say how to get there; it is never tried in the clear, where a failed https could be forced."""
    scheme, _, rest = url.partition("://")
    return f"https://{rest}" if scheme.lower() == "webcal" else url


def _without_older(calendar: Calendar, known: Mapping[str, Version]) -> Document:
    """What the calendar says, without what it is behind with. Then it is no window: what it lacks may be there."""
    older = {
        name for name, version in calendar.versions.items() if name in known and version.is_older(than=known[name])
    }
    document = calendar.document
    if not older:
        return document
    entries = tuple(entry for entry in document.entries if entry.entry_id not in older)
    deleted = tuple(name for name in document.deleted if name not in older)
    return replace(document, entries=entries, deleted=deleted, is_window=False)


def _newest(calendar: Calendar, known: Mapping[str, Version]) -> dict[str, tuple[int, str, bool]]:
    """What is remembered of the versions, as JSON has it: of the events to come, and of some that were."""
    newest = {
        name: known[name] if name in known and version.is_older(than=known[name]) else version
        for name, version in calendar.versions.items()
    }
    told = {name: version for name, version in {**newest, **known}.items() if version != Version()}
    return {name: astuple({**known, **newest}[name]) for name in list(told)[:MOST_VERSIONS]}


def _fits(url: str) -> str | None:
    if _GOOGLE_PAGE.match(url):
        return (
            "is Google's page of a calendar; take the “Public address in iCal format” from the calendar's settings, "
            "under “Integrate calendar”"
        )
    if _OUTLOOK_PAGE.match(url):
        return "is Outlook's page of a calendar; take the address beside it that ends in .ics"
    return None


KIND = SourceKind(collect, Rules(options=frozenset({"vanished"}), schemes=("https", "http", "webcal"), fits=_fits))
