"""Calendars as values: times, recurrences and changes come out right, and what is hostile costs only itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.calendars.calendars import Calendar, Version, read_calendar
from aggregator.errors import DocumentError
from aggregator.model import Author, Kind, Sighting
from tests.documents.icals import GOOGLE, NEXTCLOUD, OUTLOOK, calendar, event

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
URL = "https://erreka.example/agenda.ics"
GOOD = event("good", ":20261201T180000Z", "SUMMARY:Good")


def read(body: bytes | str, url: str = URL, now: datetime = NOW) -> Calendar:
    return read_calendar(body if isinstance(body, bytes) else body.encode(), url=url, now=now)


def entries(*parts: str, head: str = "", now: datetime = NOW) -> tuple[Sighting, ...]:
    return read(calendar(*parts, head=head), now=now).document.entries


def times(entry: Sighting) -> tuple[str, str]:
    assert entry.happening
    return f"{entry.happening.starts_at:%Y-%m-%d %H:%M}", f"{entry.happening.ends_at:%Y-%m-%d %H:%M}"


def test_a_google_calendar_comes_out_whole() -> None:
    google = "https://calendar.google.com/calendar/ical/erreka%40group.calendar.google.com/public/basic.ics"
    document = read(GOOGLE.format(stamp="20261123T090000Z"), url=google).document
    assert document.title == "Energy agenda of Erreka"
    first, talk, fair, *rest = document.entries
    assert (first.title, times(first)) == ("Repair evening (on Wednesday)", ("2026-12-02 17:00", "2026-12-02 18:30"))
    assert first.happening
    assert first.happening.place == "Old school"
    assert (talk.entry_id, talk.kind) == ("0q1w2e3r4t@google.com", Kind.EVENT)
    assert times(talk) == ("2026-12-03 17:00", "2026-12-03 19:00")
    assert talk.happening
    assert talk.happening.place == "Kultur Etxea, Nagusia kalea 4, Erreka"
    assert '<a href="https://erreka.example/pv">solar roofs</a>' in talk.body_html
    assert talk.published_at == datetime(2026, 11, 1, 8, 30, 12, tzinfo=UTC)
    assert talk.url == "https://calendar.google.com/calendar/embed?src=erreka%40group.calendar.google.com"
    assert times(fair) == ("2026-12-04 23:00", "2026-12-06 23:00")
    assert [times(one)[0] for one in rest][:3] == ["2027-02-02 18:00", "2027-03-02 18:00", "2027-04-06 17:00"]
    assert document.deleted == ("repair@google.com 2027-01-05",)


def test_the_time_of_the_export_is_no_change_of_an_event() -> None:
    earlier, later = (read(GOOGLE.format(stamp=stamp)).document for stamp in ("20261123T080000Z", "20261123T090000Z"))
    assert earlier == later


def test_an_outlook_calendar_comes_out_whole() -> None:
    url = "https://outlook.office365.com/owa/calendar/a@b.example/123/calendar.ics"
    document = read(OUTLOOK, url=url).document
    assert [times(one)[0] for one in document.entries[:3]] == [
        "2026-11-23 15:00",
        "2026-11-30 15:00",
        "2026-12-07 15:00",
    ]
    advice, private = document.entries[0], document.entries[-1]
    assert (advice.title, advice.language) == ("Energieberatung", "de-DE")
    assert "<b>ohne Anmeldung</b>" in advice.body_html
    assert advice.url == "https://outlook.office365.com/owa/calendar/a@b.example/123/calendar.html"
    assert (private.title, bool(private.hidden)) == ("Dentist", True)
    assert document.rhythm
    assert document.rhythm.at_most_every == timedelta(hours=6)


def test_a_nextcloud_calendar_comes_out_whole() -> None:
    document = read(NEXTCLOUD, url="https://cloud.breg.example/remote.php/dav/public-calendars/AbC123?export").document
    breakfast, assembly = document.entries
    assert times(breakfast) == ("2026-12-01 08:00", "2026-12-01 09:00")
    assert breakfast.url == "https://cloud.breg.example/index.php/apps/calendar/p/AbC123"
    assert times(assembly) == ("2027-04-15 16:00", "2027-04-15 17:30")
    assert assembly.url == "https://breg.example/skupstina"
    assert assembly.authors == (Author("Zelena zadruga Breg"),)
    assert assembly.categories == ("zadruga", "energija")
    assert assembly.media[0].url == "https://cloud.breg.example/krov.jpg"
    assert "@" not in repr(assembly.authors)


ZAGREB = "X-WR-TIMEZONE:Europe/Zagreb\r\n"
TIMES = {
    "in UTC": (":20261201T180000Z", "", "2026-12-01 18:00"),
    "in a named zone": (";TZID=Europe/Lisbon:20260701T180000", "", None),
    "in summer": (";TZID=America/New_York:20270701T180000", "", "2027-07-01 22:00"),
    "by Windows' name": (";TZID=Romance Standard Time:20261201T180000", "", "2026-12-01 17:00"),
    "by a maker's name": (
        ";TZID=/freeassociation.sourceforge.net/Europe/Berlin:20261201T180000",
        "",
        "2026-12-01 17:00",
    ),
    "floating": (":20261201T180000", ZAGREB, "2026-12-01 17:00"),
    "floating, nowhere": (":20261201T180000", "", "2026-12-01 18:00"),
    "a zone nobody knows": (";TZID=Middle/Earth:20261201T180000", ZAGREB, "2026-12-01 17:00"),
    "a calendar's zone nobody knows": (":20261201T180000", "X-WR-TIMEZONE:Middle/Earth\r\n", "2026-12-01 18:00"),
    "a zone with a path in it": (";TZID=../../../etc/passwd:20261201T180000", "", "2026-12-01 18:00"),
    "a day": (";VALUE=DATE:20261201", ZAGREB, "2026-11-30 23:00"),
}


@pytest.mark.parametrize(("start", "head", "expected"), TIMES.values(), ids=TIMES)
def test_a_start_is_read_in_its_zone(start: str, head: str, expected: str | None) -> None:
    assert [times(one)[0] for one in entries(event("a", start), head=head)] == ([expected] if expected else [])


ENDS = {
    "an end": (":20261201T180000Z", ("DTEND:20261201T200000Z",), "2026-12-01 20:00"),
    "a duration": (":20261201T180000Z", ("DURATION:PT90M",), "2026-12-01 19:30"),
    "neither": (":20261201T180000Z", (), "2026-12-01 18:00"),
    "an end before the start": (":20261201T180000Z", ("DTEND:20261201T170000Z",), "2026-12-01 18:00"),
    "a day": (";VALUE=DATE:20261201", (), "2026-12-02 00:00"),
    "a day that ends on itself": (";VALUE=DATE:20261201", ("DTEND;VALUE=DATE:20261201",), "2026-12-02 00:00"),
    "two days": (";VALUE=DATE:20261201", ("DTEND;VALUE=DATE:20261203",), "2026-12-03 00:00"),
    "nonsense": (":20261201T180000Z", ("DTEND:soon",), "2026-12-01 18:00"),
}


@pytest.mark.parametrize(("start", "lines", "expected"), ENDS.values(), ids=ENDS)
def test_an_end_is_found(start: str, lines: tuple[str, ...], expected: str) -> None:
    (entry,) = entries(event("a", start, *lines))
    assert times(entry)[1] == expected


def test_what_is_over_is_left_out_and_what_goes_on_is_not() -> None:
    over = event("over", ":20261123T070000Z", "DTEND:20261123T090000Z")
    on = event("on", ":20261122T070000Z", "DTEND:20261123T090001Z")
    long = event("long", ":20260101T070000Z", "DTEND:20270101T000000Z")
    far = event("far", ":20280101T070000Z")
    assert [one.entry_id for one in entries(over, on, long, far)] == ["long", "on"]


def test_a_weekly_event_is_seen_a_quarter_ahead_by_the_clock_on_the_wall() -> None:
    evenings = entries(event("w", ";TZID=Europe/Berlin:20260302T190000", "RRULE:FREQ=WEEKLY"))
    assert len(evenings) == 14
    assert [one.entry_id for one in evenings[:2]] == ["w 2026-11-23", "w 2026-11-30"]
    spring = entries(
        event("w", ";TZID=Europe/Berlin:20260302T190000", "RRULE:FREQ=WEEKLY"), now=datetime(2027, 3, 20, tzinfo=UTC)
    )
    assert [times(one)[0] for one in spring[:2]] == ["2027-03-22 18:00", "2027-03-29 17:00"]


def test_a_series_that_moves_by_an_hour_keeps_its_ids() -> None:
    before = entries(event("w", ":20261130T180000Z", "RRULE:FREQ=WEEKLY"))
    after = entries(event("w", ":20261130T190000Z", "RRULE:FREQ=WEEKLY"))
    assert [one.entry_id for one in before] == [one.entry_id for one in after]
    assert times(before[0]) != times(after[0])


def test_an_occurrence_that_is_moved_alone_keeps_its_id() -> None:
    series = event("w", ":20261130T180000Z", "RRULE:FREQ=WEEKLY;COUNT=2")
    moved = event("w", ":20261202T120000Z", "RECURRENCE-ID:20261130T180000Z", "SUMMARY:Moved")
    assert [(one.entry_id, one.title) for one in entries(series, moved)] == [
        ("w 2026-11-30", "Moved"),
        ("w 2026-12-07", None),
    ]


def test_two_occurrences_on_one_day_are_two() -> None:
    twice = entries(event("w", ":20261130T100000Z", "RRULE:FREQ=DAILY;COUNT=1", "RDATE:20261130T180000Z"))
    assert [one.entry_id for one in twice] == ["w 2026-11-30 10:00:00", "w 2026-11-30 18:00:00"]


def test_what_is_cancelled_is_declared_gone() -> None:
    one = event("one", ":20261201T180000Z", "STATUS:CANCELLED")
    series = event("w", ":20261130T180000Z", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261207T180000Z")
    off = event("w", ":20261214T180000Z", "RECURRENCE-ID:20261214T180000Z", "STATUS:CANCELLED")
    document = read(calendar(GOOD, one, series, off)).document
    assert [entry.entry_id for entry in document.entries] == ["w 2026-11-30", "good"]
    assert set(document.deleted) == {"one", "w 2026-12-07", "w 2026-12-14"}


def test_of_two_versions_in_one_file_the_newer_counts() -> None:
    old = event("a", ":20261201T180000Z", "SEQUENCE:1", "SUMMARY:Old")
    new = event("a", ":20261202T180000Z", "SEQUENCE:2", "SUMMARY:New")
    for parts in ((old, new), (new, old)):
        found = read(calendar(*parts))
        assert [entry.title for entry in found.document.entries] == ["New"]
        assert found.versions == {"a": Version(2)}


def test_one_uid_for_different_events_loses_none() -> None:
    found = entries(event("same", ":20261201T180000Z"), event("same", ":20261202T180000Z"))
    assert [one.entry_id for one in found] == ["same 2026-12-01", "same 2026-12-02"]


def test_events_without_uid_are_told_apart() -> None:
    body = (
        calendar(GOOD, event("x", ":20261203T180000Z", "SUMMARY:X"))
        .replace(b"UID:x\r\n", b"")
        .replace(b"UID:good\r\n", b"")
    )
    ids = [one.entry_id for one in read(body).document.entries]
    assert len(set(ids)) == 2
    assert all(ids)
    assert [one.entry_id for one in read(body).document.entries] == ids


# --- Hostile ---

MINUTES = ",".join(map(str, range(60)))
BOMBS = {
    "every second": "FREQ=SECONDLY;COUNT=1000000000",
    "every minute for ever": "FREQ=MINUTELY",
    "a day that never comes": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "86,400 times a day": f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={MINUTES};BYSECOND={MINUTES}",
    "no step at all": "FREQ=WEEKLY;INTERVAL=0",
}


@pytest.mark.parametrize("rule", BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_only_itself(rule: str) -> None:
    bombs = [event(f"b{n}", f":{year}0101T000000Z", f"RRULE:{rule}") for n, year in enumerate((1970, 2026))]
    found = read(calendar(*bombs, GOOD, *bombs))
    assert [one.entry_id for one in found.document.entries] == ["good"]
    assert found.unreadable == 2
    assert not found.document.is_window


def test_a_daily_event_for_ever_is_bounded() -> None:
    document = read(calendar(event("d", ":20260101T120000Z", "RRULE:FREQ=DAILY;COUNT=1000000000"))).document
    assert len(document.entries) == 31
    assert document.left_out > 0
    assert not document.is_window


def test_ten_megabytes_of_the_past_are_read() -> None:
    past = [event(f"p{n}", f":20{n % 26:02}0101T180000Z", "DESCRIPTION:" + "x" * 200) for n in range(36_000)]
    body = calendar(*past, GOOD)
    assert len(body) > 9_500_000
    assert [one.entry_id for one in read(body).document.entries] == ["good"]


ODD_EVENTS = {
    "a giant list of parameters": event("p", ";A=B" * 500_000 + ":20261201T180000Z"),
    "a million lines": event("p", ":20200101T000000Z", *["X-A:1"] * 1_000_000),
    "a picture inside": event("p", ":20200101T000000Z", "ATTACH;VALUE=BINARY;ENCODING=BASE64:" + "A" * 5_000_000),
    "no start": "BEGIN:VEVENT\r\nUID:n\r\nSUMMARY:No start\r\nEND:VEVENT\r\n",
    "a start that is none": event("n", ":tomorrow"),
    "the year 9999": event("n", ":99991231T235959Z", "DTEND:99991231T235959Z"),
    "the year 1": event("n", ":00010101T000000Z", "RRULE:FREQ=YEARLY"),
    "a duration without end": event("n", ":20261201T180000Z", "DURATION:P99999999999D"),
    "its end is missing": "BEGIN:VEVENT\r\nUID:n\r\nDTSTART:20200101T000000Z\r\n",
}


@pytest.mark.parametrize("odd", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_an_odd_event_takes_no_other_along(odd: str) -> None:
    assert "good" in [one.entry_id for one in entries(odd, GOOD)]


ZONE = "BEGIN:VTIMEZONE\r\nTZID:Evil\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:{to}\r\nRRULE:{rule}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"


@pytest.mark.parametrize("to", ["+0200", "+9999", "what"])
@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYYEARDAY=366"])
def test_a_hostile_zone_costs_at_most_its_own_events(rule: str, to: str) -> None:
    evil = event("evil", ";TZID=Evil:20261210T180000")
    assert entries(evil, GOOD, head=ZONE.format(rule=rule, to=to))[0].entry_id == "good"


def test_a_zone_of_one_calendar_is_not_that_of_another() -> None:
    zone = ZONE.format(rule="FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", to="+0500")
    (first,) = entries(event("a", ";TZID=Evil:20261210T180000"), head=zone)
    (second,) = entries(event("a", ";TZID=Evil:20261210T180000"))
    assert (times(first)[0], times(second)[0]) == ("2026-12-10 13:00", "2026-12-10 18:00")


NO_CALENDARS = {
    "a page": (b"<!doctype html><html><body>Sign in</body></html>", "web page.*\\.ics"),
    "nothing": (b"", "no calendar"),
    "cut short": (calendar(GOOD)[:-30], "cut short"),
    "nested": (b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 100_000, "nested"),
    "only bombs": (calendar(event("b", ":20260101T000000Z", "RRULE:FREQ=SECONDLY")), "none of the calendar's events"),
}


@pytest.mark.parametrize(("body", "words"), NO_CALENDARS.values(), ids=NO_CALENDARS)
def test_what_is_no_calendar_is_said_so(body: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read(body)


def test_a_calendar_whose_events_are_all_over_is_a_good_one() -> None:
    document = read(calendar(event("old", ":20200101T000000Z"))).document
    assert (document.entries, document.is_window) == ((), True)


PIECES = (
    "UID:a", "UID:", "DTSTART:20261201T180000Z", "DTSTART;TZID=Europe/Berlin:20261201T180000", "DTSTART;VALUE=DATE:20261201", "DTEND:20261201T190000",
    "DURATION:-P1D", "RRULE:FREQ=WEEKLY", "RRULE:FREQ=YEARLY;BYEASTER=1", "RRULE:", "EXDATE:20261201T180000Z,x", "RDATE;VALUE=PERIOD:20261201T180000Z/PT1H",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20261208T180000Z", "RECURRENCE-ID:x", "SEQUENCE:99999999999999999999", "SEQUENCE:-1", 'SUMMARY;LANGUAGE="', "LAST-MODIFIED:0",
    "CATEGORIES:,,\\,", "ATTACH:javascript:x", "URL:http://[", "ORGANIZER;CN=\x00:x", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VCALENDAR", "BEGIN:VCALENDAR",
    "BEGIN:VTIMEZONE", "TZID:Mine", "END:VTIMEZONE", "X-WR-TIMEZONE:Europe/Zagreb", "X-WR-TIMEZONE:/", " folded", "STATUS:CANCELLED", "BEGIN:STANDARD", "TZOFFSETTO:+0100",
)  # fmt: skip


@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=30)))
def test_whatever_comes_is_a_calendar_or_a_document_error(said: bytes | list[str]) -> None:
    inner = said if isinstance(said, bytes) else "\r\n".join(said).encode("utf-8", "replace")
    for body in (inner, calendar(GOOD).replace(b"BEGIN:VEVENT", inner + b"\r\nBEGIN:VEVENT", 1)):
        try:
            found = read(body)
        except DocumentError:
            continue
        for entry in found.document.entries:
            assert entry.happening
            assert entry.happening.ends_at > NOW
            assert entry.entry_id
