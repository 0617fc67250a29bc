"""Takes the text of an iCalendar file (RFC 5545) apart into components, small enough to be read one by one.

Knows no property's meaning. What no reader here needs is dropped: alarms, tasks, journals, inline attachments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.documents.encodings import decode
from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 2_000_000
# A description may be long, a list of exceptions, too; an attachment that is not an address is megabytes.
LONGEST_VALUE = 200_000
LONGEST_PARAMETERS = 2_000
DEEPEST = 20
# Without exceptions and added dates an event has some twenty lines.
MOST_LINES_OF_ONE = 2_000

_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(r"([A-Za-z0-9-]{1,60})((?:;[^\":]*(?:\"[^\"]*\"[^\":]*)*)?):(.*)", re.DOTALL)
_EVENT = frozenset(
    {
        *("UID", "SEQUENCE", "CREATED", "LAST-MODIFIED", "STATUS", "CLASS"),
        *("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
        *("SUMMARY", "DESCRIPTION", "STYLED-DESCRIPTION", "X-ALT-DESC", "LOCATION", "URL", "CATEGORIES"),
        *("ORGANIZER", "ATTACH", "IMAGE"),
    }
)


@dataclass(slots=True)
class Component:
    """A component's own lines, unfolded, and its first value of each property. `parts` are what it holds itself."""

    name: str
    lines: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    parts: list[Component] = field(default_factory=list)

    def text(self) -> str:
        """As it stands in a file."""
        inner = "".join(part.text() for part in self.parts)
        return f"BEGIN:{self.name}\r\n" + "".join(f"{line}\r\n" for line in self.lines) + f"{inner}END:{self.name}\r\n"


@dataclass(slots=True)
class CalendarText:
    """What a file holds: what its calendars say of themselves, their time zones, their events."""

    values: dict[str, str] = field(default_factory=dict)
    zones: list[Component] = field(default_factory=list)
    events: list[Component] = field(default_factory=list)


def take_apart(body: bytes, content_type: str | None = None) -> CalendarText:
    """The components of an iCalendar file. DocumentError for what is none, and for one that is cut short."""
    text = decode(body, content_type).replace("\r\n", "\n").replace("\r", "\n")
    if not re.search(r"^\s*BEGIN:VCALENDAR\s*$", text[:100_000], re.IGNORECASE | re.MULTILINE):
        kind = "a web page" if re.search(r"<html|<!doctype", text[:2_000], re.IGNORECASE) else "something else"
        raise DocumentError(
            f"this is no calendar but {kind}; give the address of the calendar's iCal file, which often ends in .ics"
        )
    found = CalendarText()
    open_: list[Component] = []
    for name, parameters, value, line in _lines(text):
        if name == "BEGIN":
            _open(open_, found, value.strip().upper())
        elif name == "END":
            _close(open_, found, value.strip().upper())
        elif open_ and _is_wanted(open_, name, parameters, value):
            _keep(open_[-1], found, name, value, line)
    if open_:
        raise DocumentError("the calendar is cut short: it does not end with END:VCALENDAR")
    return found


def _lines(text: str) -> Iterator[tuple[str, str, str, str]]:
    lines = _FOLD.sub("", text).split("\n")
    if len(lines) > MOST_LINES:
        raise DocumentError(f"the calendar has more than {MOST_LINES:,} lines")
    for line in lines:
        if parts := _LINE.fullmatch(line):
            yield parts[1].upper(), parts[2], parts[3], line


def _open(open_: list[Component], found: CalendarText, name: str) -> None:
    if len(open_) >= DEEPEST:
        raise DocumentError("the calendar is nested absurdly deep")
    # Events do not stand in events: the end of the one before was forgotten.
    if name == "VEVENT" and any(outer.name == name for outer in open_):
        _close(open_, found, name)
    open_.append(Component(name))


def _close(open_: list[Component], found: CalendarText, name: str) -> None:
    """Close the innermost component of that name, and with it what was left open inside."""
    if name not in {component.name for component in open_}:
        return
    while open_:
        component = open_.pop()
        if component.name == "VEVENT":
            found.events.append(component)
        elif component.name == "VTIMEZONE":
            found.zones.append(component)
        elif component.name in {"STANDARD", "DAYLIGHT"} and open_ and open_[-1].name == "VTIMEZONE":
            open_[-1].parts.append(component)
        if component.name == name:
            return


def _is_wanted(open_: list[Component], name: str, parameters: str, value: str) -> bool:
    here = open_[-1].name
    if len(value) > LONGEST_VALUE or len(parameters) > LONGEST_PARAMETERS:
        return False
    if here == "VEVENT":
        return name in _EVENT and not (name in {"ATTACH", "IMAGE"} and "BINARY" in parameters.upper())
    return here in {"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT"}


def _keep(component: Component, found: CalendarText, name: str, value: str, line: str) -> None:
    if component.name == "VCALENDAR":
        found.values.setdefault(name, value.strip())
    elif len(component.lines) < MOST_LINES_OF_ONE:
        component.values.setdefault(name, value.strip())
        component.lines.append(line)
