"""Dates as feeds really write them, in the languages that the partners write: text in, an instant in UTC out.

Guesses nothing: `03/04/2026` could be March or April, so it is no date at all, unless the caller knows whose it is.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta

FIRST_YEAR = 1900
LAST_YEAR = 2199
_MONTHS_OF_A_YEAR = 12
_DAY, _LEAP_MINUTE = timedelta(days=1), timedelta(minutes=1)
_FULL_YEAR_DIGITS, _LAST_CENTURY_FROM = 4, 90
_LONGEST = 120

# Beginnings of month names without accents: English, German, French, Spanish, Portuguese, Italian, Catalan, Galician,
# Croatian (both cases) and Basque. No beginning starts another month's name in any of them.
_MONTHS: dict[str, int] = {
    stem: number
    for number, stems in enumerate(
        (
            "jan jaen gen ene xan sij urt",
            "feb fev feu vel ots",
            "mar maer mrz ozu",
            "apr abr avr tra api",
            "may mai mag maj svi",
            "jun juin juny giu lip eka xun",
            "jul juil lug srp uzt xul",
            "aug ago aou kol abu",
            "sep set ruj ira",
            "oct okt out ott lis urr",
            "nov stu aza",
            "dec dez dic des pro abe",
        ),
        start=1,
    )
    for stem in stems.split()
}
_WEEKDAYS: dict[str, int] = {
    stem: number
    for number, stems in enumerate(
        (
            "mon lun mo seg pon astelehen",
            "tue mar di ter uto astearte",
            "wed mer mie mi qua sri asteazken",
            "thu jeu jue do qui cet gio osteg",
            "fri ven vie fr sex pet ostiral",
            "sat sam sab sa sub larunbat",
            "sun dim dom so ned igande",
        )
    )
    for stem in stems.split()
}
_WEEKDAY = re.compile("|".join(sorted(_WEEKDAYS, key=len, reverse=True)))
# What zone names mean in hours; feedparser knows the American ones and reads every other as UTC.
_ZONES: dict[str, float] = {
    **dict.fromkeys(("z", "ut", "utc", "gmt", "wet"), 0),
    **dict.fromkeys(("bst", "west", "cet", "met", "mez"), 1),
    **dict.fromkeys(("cest", "mest", "mesz", "eet", "sast"), 2),
    **dict.fromkeys(("eest", "msk", "trt"), 3),
    "jst": 9,
    "kst": 9,
    "aest": 10,
    "aedt": 11,
    "nzst": 12,
    "nzdt": 13,
    "art": -3,
    "brt": -3,
    "clt": -4,
    "adt": -3,
    "ast": -4,
    "at": -4,
    "edt": -4,
    "est": -5,
    "et": -5,
    "cdt": -5,
    "cst": -6,
    "ct": -6,
    "mdt": -6,
    "mst": -7,
    "mt": -7,
    "pdt": -7,
    "pst": -8,
    "pt": -8,
}

_TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})\s?[:h]\s?(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?!\d)"
    r"\s*(?P<half>[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"\s*\(?(?P<name>[A-Za-z]{1,5}(?![\w/]))?\)?\s*(?P<sign>[+-])?(?(sign)(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d))"
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:T(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?(?P<rest>.*)",
    re.IGNORECASE,
)
_WEEK = re.compile(r"(\d{4})-?W(\d\d)(?:-?([1-7]))?", re.IGNORECASE)
_ORDINAL = re.compile(r"(\d{4})-(\d{3})")
_YEAR_MONTH = re.compile(r"(\d{4})(?:-(\d{1,2}))?")
_YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<mark>[-/.])\s?(?P<month>\d{1,2})(?P=mark)\s?(?P<day>\d{1,2})(?!\d)"
)
_DAY_FIRST_DOTS = re.compile(r"(?<!\d)(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d\d)(?!\d)")
_EITHER_FIRST = re.compile(r"(?<!\d)(?P<one>\d{1,2})[/-](?P<two>\d{1,2})[/-](?P<year>\d{4}|\d\d)(?!\d)")
_DAY_NAME_YEAR = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|er|[.ºª°a])?[\s,-]*(?:d[eo]\s+|d')?(?P<month>[a-z]{3,})\.?"
    r"[\s,'-]*(?:del?\s+)?(?P<year>\d{4}|\d\d)(?!\d)"
)
_NAME_DAY_YEAR = re.compile(
    r"(?P<month>[a-z]{3,})\.?[\s-]+(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s,-]+(?P<year>\d{4})(?!\d)"
)
_YEAR_NAME_DAY = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?:\.?\(?e?\)?ko|\.)?[\s,-]+(?P<month>[a-z]{3,})\.?[\s-]+(?P<day>\d{1,2})(?!\d)"
)
# How nearly all feeds write: RFC 822 and RFC 3339, without anything that would have to be judged.
_MOST = re.compile(
    r"[A-Z][a-z]{2}, (?P<day>\d\d) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) (?P<clock>\d\d:\d\d:\d\d) "
    r"(?P<zone>GMT|[+-]\d{4})|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_MONTH_DIGITS = {name.capitalize(): f"{number:02}" for name, number in _MONTHS.items()}
_WITH_MONTH_NAMES = (_DAY_NAME_YEAR, _NAME_DAY_YEAR, _YEAR_NAME_DAY)


def read_date(text: str, *, day_first: bool = False) -> datetime | None:
    """The instant that a date string names, in UTC; None where it names none, several, or a year out of 1900–2199.

    Without a zone it is UTC, without a time it is midnight. `24:00` and a leap second are the next day and second.
    `day_first` is for texts of people who write `03/04/2026` for the third of April.
    """
    if not text:
        return None
    try:
        if usual := _MOST.fullmatch(text):
            moment = _read_usual(usual)
            return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None
    except (LookupError, ValueError, OverflowError):
        pass  # what stands there is no such time of day, or no English month
    plain = _without_accents(text)[:_LONGEST]
    if plain.isdecimal() and len(plain) in {10, 13}:
        return _in_range(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(plain[:10])))
    compact = _COMPACT.fullmatch(plain)
    try:
        return _in_range(_read_compact(compact) if compact else _read_spoken(plain, day_first))
    except (ValueError, OverflowError):
        return None


def _read_usual(found: re.Match[str]) -> datetime:
    day, month, year, clock, zone = found.groups()
    if day:
        zone = "Z" if zone == "GMT" else zone
        return datetime.fromisoformat(f"{year}-{_MONTH_DIGITS[month]}-{day}T{clock}{zone}").astimezone(UTC)
    return datetime.fromisoformat(found[0]).astimezone(UTC)


def _without_accents(text: str) -> str:
    plain = text[: 2 * _LONGEST].casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain.replace("−", "-").replace("’", "'"))
        plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return " ".join(plain.split())


def _in_range(moment: datetime | None) -> datetime | None:
    return moment if moment and FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _read_compact(found: re.Match[str]) -> datetime | None:
    offset, rest = _read_zone(found["rest"])
    if rest:
        return None
    day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    return _moment(day, _clock(found["hour"], found["minute"], found["second"], None), offset)


def _read_spoken(plain: str, day_first: bool) -> datetime | None:
    time = _TIME.search(plain)
    if not time:
        day = _read_day(plain, day_first)
        return _moment(day, timedelta(), timedelta()) if day else None
    offset, rest = _read_zone(plain[time.end() :])
    head = plain[: time.start()].removesuffix("t")
    # `Mon Nov 2 10:00:00 CET 2026` has its year after the time; `10:00, 2 November 2026` has all of its date there.
    day = _read_day(head, day_first) or _read_day(f"{head} {rest}", day_first)
    if not day:
        return None
    return _moment(day, _clock(time["hour"], time["minute"], time["second"], time["half"]), offset)


def _clock(hour: str | None, minute: str | None, second: str | None, half: str | None) -> timedelta:
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.startswith("p") else 0)
    minutes, seconds = timedelta(minutes=int(minute or 0)), timedelta(seconds=int(second or 0))
    clock = timedelta(hours=hours) + minutes + seconds
    if minutes >= timedelta(hours=1) or seconds > _LEAP_MINUTE or clock > _DAY:
        raise ValueError("no such time of day")
    return clock


def _moment(day: date, clock: timedelta, offset: timedelta) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + clock - offset


def _read_zone(tail: str) -> tuple[timedelta, str]:
    """How far ahead of UTC the text after a time says it is, and what follows that."""
    found = _ZONE.match(tail)
    if not found or not (found["name"] or found["sign"]):
        return timedelta(), tail.strip()
    named = timedelta(hours=_ZONES.get(found["name"] or "z", 0))
    if found["name"] and found["name"] not in _ZONES and not found["sign"]:
        return timedelta(), tail.strip()
    if found["sign"]:
        ahead = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        named = ahead if found["sign"] == "+" else -ahead
    return named, tail[found.end() :].strip()


def _read_day(text: str, day_first: bool) -> date | None:
    """The one calendar day that the text names; raises ValueError where there is no such day."""
    for pattern in (_YEAR_FIRST, _DAY_FIRST_DOTS):
        if found := pattern.search(text):
            return date(_year(found["year"]), int(found["month"]), int(found["day"]))
    if found := _EITHER_FIRST.search(text):
        one, two, year = int(found["one"]), int(found["two"]), _year(found["year"])
        return date(year, two, one) if day_first else _day_or_month_first(text, one, two, year)
    for pattern in _WITH_MONTH_NAMES:
        for found in pattern.finditer(text):
            if month := _month(found["month"]):
                return date(_year(found["year"]), month, int(found["day"]))
    return _read_short_iso(text.strip())


def _read_short_iso(text: str) -> date | None:
    if found := _WEEK.fullmatch(text):
        return date.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _ORDINAL.fullmatch(text):
        return datetime.strptime(found[0], "%Y-%j").date()  # noqa: DTZ007 - a day has no zone
    if found := _YEAR_MONTH.fullmatch(text):
        return date(int(found[1]), int(found[2] or 1), 1)
    return None


def _day_or_month_first(text: str, one: int, two: int, year: int) -> date | None:
    """The reading that can be a date; where both can, the one that falls on the weekday that is named with it."""
    readings = {date(year, month, day) for day, month in ((one, two), (two, one)) if month <= _MONTHS_OF_A_YEAR}
    if len(readings) > 1:
        word = re.search(r"[a-z]+", text)
        stem = _WEEKDAY.match(word[0]) if word else None
        weekday = _WEEKDAYS[stem[0]] if stem else None
        readings = {reading for reading in readings if reading.weekday() == weekday}
    return readings.pop() if len(readings) == 1 else None


def _month(word: str) -> int | None:
    return next((_MONTHS[stem] for stem in (word[:4], word[:3]) if stem in _MONTHS), None)


def _year(digits: str) -> int:
    # Two digits as feedparser reads them.
    year = int(digits)
    if len(digits) == _FULL_YEAR_DIGITS:
        return year
    return year + (2000 if year < _LAST_CENTURY_FROM else 1900)
