"""The [[call]] tables of sources.toml: what they may hold, and what makes no sense in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from aggregator.calls import USUAL_KEEP, Call, CallOption
from aggregator.tomllines import Place
from aggregator.tomltables import Table, several
from aggregator.tomlvalues import IDENTIFIER, SOME_WORDS, WORDS, duration, web_address

SHORTEST_KEEP, LONGEST_KEEP = timedelta(days=7), timedelta(days=3650)
FIRST_YEAR, LAST_YEAR = 2000, 2200
# What only our own form has a use for.
OF_FORM = ("options", "consent", "keep")


def _when(value: object) -> date:
    """A day, or a moment that means the same everywhere."""
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError("is no year that this is about; look for a slip")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("has no zone; write it as 2026-12-31T18:00:00+01:00, or the day alone")
        return value.astimezone(UTC)
    if isinstance(value, date):
        return value
    raise ValueError("write a date without quotes, such as 2026-12-31")


def _keep(value: object) -> timedelta:
    span = duration(value)
    if not SHORTEST_KEEP <= span <= LONGEST_KEEP:
        raise ValueError(f'must be from "{SHORTEST_KEEP.days}d" to "{LONGEST_KEEP.days}d"; "365d" is usual')
    return span


OPTION = Table({"id": IDENTIFIER, "label": SOME_WORDS}, needs=("id", "label"))
CALL = Table(
    {
        "id": IDENTIFIER,
        "title": SOME_WORDS,
        "text": WORDS,
        "button": SOME_WORDS,
        "url": web_address,
        "from": _when,
        "until": _when,
        "options": several(OPTION, least=1),
        "consent": SOME_WORDS,
        "keep": _keep,
    },
    needs=("id", "title", "button"),
)


def call_of(table: Mapping[str, Any]) -> Call:
    """The call that a checked table means. A day alone is the whole day in UTC."""
    return Call(
        id=table["id"],
        title=table["title"],
        text=table.get("text", {}),
        button=table["button"],
        url=table.get("url"),
        opens_at=_moment(table.get("from")),
        closes_at=_moment(table.get("until"), is_end=True),
        options=tuple(CallOption(**option) for option in table.get("options", ())),
        consent=table.get("consent", {}),
        keep=table.get("keep", USUAL_KEEP),
    )


def call_contradictions(tables: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Place, str]]:
    """What each key alone cannot show."""
    for index, table in enumerate(tables):
        call = call_of(table)
        if call.opens_at and call.closes_at and call.closes_at <= call.opens_at:
            yield ("call", index, "until"), "is over before the call begins; put it after `from`"
        if call.url:
            for key in OF_FORM:
                if key in table:
                    yield ("call", index, key), "belongs to our own form, but `url` leads elsewhere; leave one out"
        seen: set[str] = set()
        for number, option in enumerate(call.options):
            if option.id in seen:
                place = ("call", index, "options", number, "id")
                yield place, f"{option.id!r} is used twice; give each option an id of its own"
            seen.add(option.id)


def _moment(value: date | None, *, is_end: bool = False) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC) + timedelta(days=1 if is_end else 0)
