"""The fields of one event of a calendar (RFC 5545, 3.8; RFC 7986), each where it belongs in an entry."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from aggregator.documents import fields
from aggregator.model import Author, Happening, Kind, Media, Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import icalendar

MAX_PLACE = 500

_MARKUP = re.compile(
    r"</?(?:a|p|br|b|i|u|ul|ol|li|span|div|strong|em|h[1-6]|html|table)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_ESCAPED = re.compile(r"\\([\\;,nN])")
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)
_HIDDEN = frozenset({"PRIVATE", "CONFIDENTIAL"})
# Where the services that publish calendars show them to people: by the address of the file.
_PAGES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"https?://(?:www|calendar)\.google\.com/calendar/ical/([^/]+)/public/[^/]+\.ics"),
        lambda found: f"https://calendar.google.com/calendar/embed?src={quote(unquote(found[1]), safe='')}",
    ),
    (
        re.compile(
            r"(https?://outlook\.(?:office365|office|live)\.com/owa/calendar/.+/)(?:reachcalendar|calendar)\.ics"
        ),
        lambda found: f"{found[1]}calendar.html",
    ),
    (
        re.compile(r"(https?://.+)/remote\.php/dav/public-calendars/([A-Za-z0-9]+)/?\?export"),
        lambda found: f"{found[1]}/index.php/apps/calendar/p/{found[2]}",
    ),
)


def calendar_page(values: Mapping[str, str], url: str) -> str | None:
    """The calendar's page for people: as it says itself (URL of RFC 7986), else by the ways of who publishes it."""
    said = fields.web_address(values.get("URL")) or fields.web_address(values.get("X-ORIGINAL-URL"))
    known = (make(found) for pattern, make in _PAGES if (found := pattern.match(url)))
    return said or next(known, None)


def sighting(
    event: icalendar.Component, entry_id: str, happening_: Happening, page: str | None, *, is_series: bool
) -> Sighting:
    """One event, or one occurrence of what recurs.

    DTSTAMP is no date of the entry: most programs write the moment of the export there. An occurrence is new when it
    comes into view, whenever its series was written.
    """
    return Sighting(
        entry_id=entry_id,
        url=fields.web_address(_text(event, "URL")) or page,
        title=fields.plain_text(_text(event, "SUMMARY"), fields.MAX_TITLE) or None,
        body_html=_body(event),
        language=fields.language_tag(_parameter(event.get("SUMMARY"), "LANGUAGE")),
        authors=_organiser(event),
        categories=fields.distinct_names(_categories(event)),
        media=fields.distinct_media(_media(event)),
        published_at=None if is_series else moment_of(event, "CREATED"),
        updated_at=None if is_series else moment_of(event, "LAST-MODIFIED"),
        kind=Kind.EVENT,
        hidden="its calendar says that it is private" if _text(event, "CLASS").strip().upper() in _HIDDEN else None,
        happening=happening_,
    )


def happening(event: icalendar.Component, home: tzinfo) -> Happening:
    """When and where; a day without time is from midnight to midnight at `home`. Raises where it has no start."""
    start, end = day_or_moment(event, "DTSTART"), day_or_moment(event, "DTEND")
    if start is None:
        raise ValueError("an event without a start")
    if end is None or _instant(end, home) < _instant(start, home):
        end = start
    if not isinstance(end, datetime) and not isinstance(start, datetime) and end <= start:
        end = start + timedelta(days=1)
    place = fields.plain_text(" · ".join(_text(event, "LOCATION").split("\n")), MAX_PLACE)
    return Happening(_instant(start, home), _instant(end, home), place or None)


def day_or_moment(event: icalendar.Component, name: str) -> date | None:
    """A property that is a day or a moment (a `datetime` is a `date`); None where it is missing or neither."""
    value = getattr(event.get(name), "dt", None)
    return value if isinstance(value, date) else None


def days_or_moments(event: icalendar.Component, name: str) -> list[date]:
    """All days and moments of a property that lists them, such as EXDATE."""
    found = [getattr(one, "dt", None) for each in _each(event, name) for one in getattr(each, "dts", ())]
    return [moment for moment in found if isinstance(moment, date)]


def moment_of(event: icalendar.Component, name: str) -> datetime | None:
    """The same in UTC."""
    value = day_or_moment(event, name)
    try:
        return _instant(value, UTC) if value else None
    except (ValueError, ArithmeticError):
        return None


def _instant(value: date, home: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=home)
    return (value if value.tzinfo else value.replace(tzinfo=home)).astimezone(UTC)


def _each(event: icalendar.Component, name: str) -> list[object]:
    value = event.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _parameter(value: object, name: str) -> str:
    return str(getattr(value, "params", {}).get(name, ""))


def _text(event: icalendar.Component, name: str) -> str:
    return next((str(value) for value in _each(event, name)), "")


def _body(event: icalendar.Component) -> str:
    """The description as HTML: its styled version, where there is one; Google writes HTML into the plain one."""
    for name in ("STYLED-DESCRIPTION", "X-ALT-DESC"):
        text = _text(event, name)
        if _MARKUP.search(text):
            whole = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)
            return fields.clean(whole, fields.MAX_BODY)
    text = _text(event, "DESCRIPTION")
    return fields.clean(text, fields.MAX_BODY) if _MARKUP.search(text) else fields.paragraphs(text)


def _organiser(event: icalendar.Component) -> tuple[Author, ...]:
    """Who invites, by name; a mail address is nobody's name and not passed on."""
    return fields.distinct_authors(
        Author(name, fields.web_address(str(value)))
        for value in _each(event, "ORGANIZER")
        if "@" not in (name := fields.plain_text(_parameter(value, "CN"), fields.MAX_NAME))
    )


def _categories(event: icalendar.Component) -> Iterator[str]:
    for value in _each(event, "CATEGORIES"):
        for name in getattr(value, "cats", ()):
            yield fields.plain_text(str(name), fields.MAX_NAME)


def _media(event: icalendar.Component) -> Iterator[Media]:
    for property_, is_picture in (("IMAGE", True), ("ATTACH", False)):
        for value in _each(event, property_):
            address = fields.web_address(str(value))
            type_ = _parameter(value, "FMTTYPE")
            if address and (is_picture or type_.lower().startswith("image/") or _PICTURE.search(address)):
                yield Media(address, fields.media_type(type_, address, otherwise=fields.ANY_PICTURE))
