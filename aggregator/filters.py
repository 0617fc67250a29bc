"""Reads the query of a public address into filters, once, and writes it again. Knows no database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

from aggregator.store.stream import StreamFilters

DEFAULT_LIMIT: Final = 10
MOST_ITEMS: Final = 100
MOST_VALUES: Final = 50
MOST_PREFERRED: Final = 10
MOST_QUERY_LETTERS: Final = 200

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_CURSOR: Final = re.compile(r"[A-Za-z0-9._~=-]{1,2900}")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")


class WrongValue(Exception):  # noqa: N818 - it names what the caller sent, which is how callers read it
    """A query value that cannot be meant: a 400 that names the field."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class Query(Protocol):
    """A query with repeated names, as aiohttp and multidict have it."""

    def getall(self, key: str, default: list[str], /) -> list[str]:
        """Every value of that name, in order."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor asks of the stream. `prefer` are the languages to show a story in, the dearest first."""

    filters: StreamFilters
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    prefer: tuple[str, ...] = ()


def read_query(query: Query) -> Asked:
    """What a query asks for; empty values count as not given, other names are passed over.

    Values come out sorted and once each, so that the same wish is the same value; preferred languages stay in their
    order. Raises `WrongValue`.
    """
    return Asked(
        StreamFilters(
            lang=_several(query, "lang", _LANGUAGE, "a language tag such as eu or pt-BR"),
            tag=_several(query, "tag", _ID, "a tag's id"),
            partner=_several(query, "partner", _ID, "a partner's id"),
            source=_several(query, "source", _ID, "a source's id"),
            kind=_several(query, "kind", _ID, "a kind such as article"),
            q=_words(query),
        ),
        limit=_limit(query),
        cursor=_cursor(query),
        prefer=_preferred(query),
    )


def write_query(
    filters: StreamFilters,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    prefer: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> str:
    """The query that reads as these values, with its `?`, or nothing where all is as by default.

    `more` are further pairs, for the page alone.
    """
    pairs = [*_pairs(filters), *(("prefer", tag) for tag in prefer), *(more or {}).items()]
    if limit != DEFAULT_LIMIT:
        pairs.append(("limit", str(limit)))
    if cursor is not None:
        pairs.append(("cursor", cursor))
    return f"?{urlencode(pairs)}" if pairs else ""


def _pairs(filters: StreamFilters) -> Iterator[tuple[str, str]]:
    for name in ("lang", "tag", "partner", "source", "kind"):
        for value in getattr(filters, name):
            yield name, value
    if filters.q is not None:
        yield "q", filters.q


def canonical_language(tag: str) -> str:
    """A language tag in the letter case of BCP 47 (RFC 5646, 2.1.1): `pt-BR`, `sr-Latn`."""
    first, *others = tag.split("-")
    by_length = {2: str.upper, 4: str.title}  # a region, a script
    return "-".join((first.lower(), *(by_length.get(len(part), str.lower)(part) for part in others)))


def _several(query: Query, name: str, shape: re.Pattern[str], what: str) -> tuple[str, ...]:
    values = set(_checked(query, name, shape, what, MOST_VALUES))
    return tuple(sorted({canonical_language(value) for value in values} if name == "lang" else values))


def _preferred(query: Query) -> tuple[str, ...]:
    values = _checked(query, "prefer", _LANGUAGE, "a language tag such as eu or pt-BR", MOST_PREFERRED)
    return tuple(dict.fromkeys(canonical_language(value) for value in values))


def _checked(query: Query, name: str, shape: re.Pattern[str], what: str, most: int) -> list[str]:
    values = list(dict.fromkeys(value for value in query.getall(name, []) if value))
    if len(values) > most:
        raise WrongValue(name, f"at most {most} values")
    for value in values:
        if not shape.fullmatch(value):
            raise WrongValue(name, f"each value must be {what}; repeat the name for several")
    return values


def _once(query: Query, name: str) -> str | None:
    values = {value for value in query.getall(name, []) if value}
    if len(values) > 1:
        raise WrongValue(name, "must be given once")
    return values.pop() if values else None


def _words(query: Query) -> str | None:
    text = _once(query, "q")
    if text is None:
        return None
    if len(text) > MOST_QUERY_LETTERS:
        raise WrongValue("q", f"at most {MOST_QUERY_LETTERS} letters")
    if not text.isprintable():
        raise WrongValue("q", "must be plain text on one line")
    return " ".join(text.split()) or None


def _limit(query: Query) -> int:
    text = _once(query, "limit")
    if text is None:
        return DEFAULT_LIMIT
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_ITEMS:
        raise WrongValue("limit", f"must be a whole number from 1 to {MOST_ITEMS}")
    return int(text)


def _cursor(query: Query) -> str | None:
    text = _once(query, "cursor")
    if text is not None and not _CURSOR.fullmatch(text):
        raise WrongValue("cursor", "is not one that this stream gave")
    return text
