"""Dates as feeds write them: equal to feedparser where it is right, and right where it is not."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from feedparser.datetimes import _parse_date
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.datestrings import read_date


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # RFC 822 and what is made of it
        ("Mon, 02 Nov 2026 10:00:00 +0000", at(2026, 11, 2, 10)),
        ("Mon, 2 Nov 2026 10:00 GMT", at(2026, 11, 2, 10)),
        ("02-Nov-2026 10:00:00", at(2026, 11, 2, 10)),
        ("Mon, 02 Nov 26 10:00:00 +0000", at(2026, 11, 2, 10)),
        ("Mon, 02 Nov 99 10:00:00 +0000", at(1999, 11, 2, 10)),
        ("Mon, 02 Nov 2026 10:00:00 +05:30", at(2026, 11, 2, 4, 30)),
        ("Mon, 02 Nov 2026 10:00:00 -0330", at(2026, 11, 2, 13, 30)),
        ("Mon, 02 Nov 2026 10:00:00 GMT+0200 (CEST)", at(2026, 11, 2, 8)),
        ("Mon, 02 Nov 2026 10:00:00 UTC+1", at(2026, 11, 2, 9)),
        ("Mon, 02 Nov 2026 10:00:00", at(2026, 11, 2, 10)),
        ("Mon, 02 Nov 2026", at(2026, 11, 2)),
        ("Fri, 02 Nov 2026 10:00:00 +0000", at(2026, 11, 2, 10)),
        ("Mon Nov  2 10:00:00 2026", at(2026, 11, 2, 10)),
        ("Mon Nov 2 10:00:00 CET 2026", at(2026, 11, 2, 9)),
        ("Mon, 02 Nov 2026 24:00:00 +0000", at(2026, 11, 3)),
        ("Mon, 02 Nov 2026 23:59:60 +0000", at(2026, 11, 3)),
        # zones with names
        ("Sun, 25 Oct 2026 02:30:00 CET", at(2026, 10, 25, 1, 30)),
        ("Sun, 25 Oct 2026 02:30:00 CEST", at(2026, 10, 25, 0, 30)),
        ("Mon, 06 Jul 2026 10:00:00 BST", at(2026, 7, 6, 9)),
        ("Mon, 06 Jul 2026 10:00:00 WEST", at(2026, 7, 6, 9)),
        ("Mon, 06 Jul 2026 10:00:00 MESZ", at(2026, 7, 6, 8)),
        ("Mon, 06 Jul 2026 10:00:00 EEST", at(2026, 7, 6, 7)),
        ("Mon, 06 Jul 2026 10:00:00 EDT", at(2026, 7, 6, 14)),
        ("Mon, 06 Jul 2026 10:00:00 XYZ", at(2026, 7, 6, 10)),
        # ISO 8601
        ("2026-11-02T10:00:00Z", at(2026, 11, 2, 10)),
        ("2026-11-02T10:00:00.123456789+01:00", at(2026, 11, 2, 9)),
        ("2026-11-02 10:00:00 UTC", at(2026, 11, 2, 10)),
        ("2026-11-02T10:00-0530", at(2026, 11, 2, 15, 30)),
        ("2026-11-02", at(2026, 11, 2)),
        ("2026-11", at(2026, 11, 1)),
        ("2026", at(2026, 1, 1)),
        ("2026-306", at(2026, 11, 2)),
        ("2026-W45-1", at(2026, 11, 2)),
        ("20261102", at(2026, 11, 2)),
        ("20261102T100000Z", at(2026, 11, 2, 10)),
        ("20261102T1000+0100", at(2026, 11, 2, 9)),
        # numbers
        ("1762077600", at(2025, 11, 2, 10)),
        ("1762077600000", at(2025, 11, 2, 10)),
        ("2020/1/10 14:33:00", at(2020, 1, 10, 14, 33)),
        ("22.11.2022 12:16:00", at(2022, 11, 22, 12, 16)),
        ("2. 11. 2026.", at(2026, 11, 2)),
        ("Fri, 05/03/2019 - 15:21", at(2019, 5, 3, 15, 21)),
        ("Sunday, 05/03/2017", at(2017, 3, 5)),
        ("dim. 05/03/2017", at(2017, 3, 5)),
        ("25/12/2026 10:00", at(2026, 12, 25, 10)),
        ("12/25/2026 1:05 PM", at(2026, 12, 25, 13, 5)),
        ("03/03/2026", at(2026, 3, 3)),
        # words
        ("Friday, January 29, 2021 04:42 PM", at(2021, 1, 29, 16, 42)),
        ("January 29th, 2021 12:05 a.m.", at(2021, 1, 29, 0, 5)),
        ("Seg, 24 Set 2018 19:42:40 -0300", at(2018, 9, 24, 22, 42, 40)),
        ("2 de novembro de 2026", at(2026, 11, 2)),
        ("lun, 02 nov 2026 10:00:00 +0100", at(2026, 11, 2, 9)),
        ("martes, 3 de marzo de 2026, 10:00 h", at(2026, 3, 3, 10)),
        ("mar. 03 févr. 2026 10h30", at(2026, 2, 3, 10, 30)),
        ("jeu., 03 sept. 2026 10:00:00 +0200", at(2026, 9, 3, 8)),
        ("1er août 2026", at(2026, 8, 1)),
        ("Mi, 04 Mär 2026 10:00:00 +0100", at(2026, 3, 4, 9)),
        ("24. Dezember 2022, 18:00 Uhr", at(2022, 12, 24, 18)),
        ("15. lipnja 2026.", at(2026, 6, 15)),
        ("čet, 1. listopada 2026. 8:05", at(2026, 10, 1, 8, 5)),
        ("2026ko ekainaren 15a", at(2026, 6, 15)),
        ("2026(e)ko urriaren 2a 10:00", at(2026, 10, 2, 10)),
        ("2026 aza. 2", at(2026, 11, 2)),
        ("lunedì 2 novembre 2026", at(2026, 11, 2)),
        ("2 d'octubre de 2026", at(2026, 10, 2)),
    ],
)
def test_a_date_is_read(text: str, moment: datetime) -> None:
    assert read_date(text) == moment
    assert read_date(f"  {text.upper()}\n") == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Sat, 30 Feb 2026 10:00:00 +0000",
        "2026-13-45T99:99:99Z",
        "2026-11-02T25:00:00Z",
        "0000-00-00T00:00:00+00:00",
        "-0001-01-01T00:00:00Z",
        "99999-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "2999-01-01",
        "9" * 10,
        "9" * 13,
        "9" * 100_000,
        "02/11/2026",
        "11/02/26",
        "31/31/2026",
        "2026-W60-1",
        "2026-999",
        "12:00",
        "x" * 1000 + " 2026-11-02",
    ],
)
def test_what_is_no_date_or_two_is_none(text: str) -> None:
    assert read_date(text) is None


MOMENTS = st.integers(-2_208_000_000, 7_258_000_000).map(lambda seconds: at(1970, 1, 1) + timedelta(seconds=seconds))
ZONES = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(MOMENTS, ZONES)
def test_what_programs_write_is_read_back(moment: datetime, zone: timezone) -> None:
    moment = moment.replace(tzinfo=zone)
    for text in (
        format_datetime(moment),
        moment.isoformat(),
        moment.isoformat(sep=" "),
        moment.strftime("%d %B %Y %H:%M:%S %z"),
    ):
        assert read_date(text) == moment


@given(MOMENTS, st.sampled_from(["GMT", "+0000", "Z", "EST", "PDT", "-0700", "+09:00"]))
def test_where_feedparser_is_right_we_are_equal(moment: datetime, zone: str) -> None:
    for text in (
        moment.strftime(f"%a, %d %b %Y %H:%M:%S {zone}"),
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        moment.strftime("%Y-%m-%d"),
    ):
        theirs = _parse_date(text)
        assert read_date(text) == datetime.fromtimestamp(calendar.timegm(theirs), UTC)


@given(
    st.text(max_size=60)
    | st.from_regex(r"[0-9]{1,4}[-/. ][a-z0-9]{1,9}[-/. ][0-9]{1,4}[ T]?([0-9:]{0,9})[+-]?[0-9]{0,4}", fullmatch=True)
)
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = read_date(text)
    assert moment is None or (moment.tzinfo is UTC and 1900 <= moment.year <= 2199)


@given(
    st.sampled_from(["Mon, {day} {name} {year} {clock} {zone}", "{year}-{month:02}-{day:02}T{clock}{zone}"]),
    st.integers(0, 32),
    st.integers(0, 13),
    st.sampled_from(["Jan", "May", "Dec", "Ene", "Xyz"]),
    st.sampled_from(["0000", "1899", "1900", "2024", "2026", "2199", "9999"]),
    st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 25), st.integers(0, 61), st.integers(0, 61)),
    st.sampled_from(["GMT", "Z", "+0100", "-03:30", "-2359", "+99:99"]),
)
def test_the_usual_dates_mean_what_they_mean_with_words_around_them(
    form: str, day: int, month: int, name: str, year: str, clock: str, zone: str
) -> None:
    usual = form.format(day=day, month=month, name=name, year=year, clock=clock, zone=zone)
    assert read_date(usual) == read_date(f"on {usual}")


@given(MOMENTS, ZONES)
def test_a_date_in_its_usual_form_is_read_as_in_any_other(moment: datetime, zone: timezone) -> None:
    local = moment.astimezone(zone)
    for text in (format_datetime(local), local.isoformat(timespec="seconds")):
        # In small letters it is read word by word.
        assert read_date(text) == read_date(text.lower())


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Nov 2026 10:00:00 +2400",
        "Mon, 02 Nov 2026 10:00:00 +1275",
        "Mon, 02 Nov 2026 24:00:00 GMT",
        "Mon, 02 Nov 2026 10:59:60 GMT",
        "Mon, 31 Feb 2026 10:00:00 GMT",
        "Mon, 02 Foo 2026 10:00:00 GMT",
        "2026-11-02T24:00:00Z",
        "2026-11-02T10:00:00+30:00",
        "2026-13-02T10:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:00:00-02:00",
    ],
)
def test_an_odd_date_in_its_usual_form_is_read_as_in_any_other(text: str) -> None:
    assert read_date(text) == read_date(text.lower())
