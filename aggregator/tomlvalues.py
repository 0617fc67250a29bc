"""The values that more than one table of sources.toml has: spans of time, addresses, ids, words by language."""

from __future__ import annotations

import re
from datetime import timedelta

from yarl import URL

from aggregator.tomltables import by, fitting, plain, text

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DURATION = re.compile(r"(\d{1,6})\s*([smhdw])")


def duration(value: object) -> timedelta:
    """A number and a unit."""
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError('write a number and a unit, such as "30m", "6h" or "14d"')
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def web_address(value: object) -> str:
    """An address that a browser opens."""
    checked = address(value)
    if URL(checked).scheme not in {"http", "https"}:
        raise ValueError("is no web address; it begins with https:// or http:// and names a host")
    return checked


def address(value: object) -> str:
    """An address of any scheme: which ones a kind of source takes stands in its rules."""
    said = plain(value)
    try:
        url = URL(said)
    except ValueError as error:
        raise ValueError(f"is no web address ({error})") from error
    if not url.scheme or not url.host:
        raise ValueError("is no web address; it begins with https:// or http:// and names a host")
    if url.user or url.password:
        raise ValueError("holds a user name or password; an address is shown to editors, so leave them out")
    return said


IDENTIFIER = fitting(r"[a-z0-9][a-z0-9-]{0,62}", "use lower-case letters, digits and dashes")
LANGUAGE = fitting(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", 'write a language tag (BCP 47), such as "eu" or "pt-BR"')
COUNTRY = fitting(r"[A-Z]{2}", 'write the two capital letters of ISO 3166, such as "ES"')
WORDS = by(LANGUAGE, text)
SOME_WORDS = by(LANGUAGE, text, least=1)
