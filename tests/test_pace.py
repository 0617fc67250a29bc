"""When a source is asked next: tables of cases, and what holds for any source whatever it says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import pace
from aggregator.model import Rhythm
from aggregator.pace import Move, NextLook, Wish, address_to_ask, fresh_for, is_live, moved

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
HALF = timedelta(minutes=30)
OLD, NEW = "https://city.example/feed", "https://town.example/feed"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def looked(*, every: timedelta = HALF, quiet_for: timedelta = timedelta(0), live: bool = False, **wish) -> NextLook:
    return pace.after_success(NOW, every, quiet_for=quiet_for, is_live=live, chance=0.0, wish=Wish(**wish))


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ({}, HALF),
        ({"quiet_for": timedelta(hours=5)}, HALF),
        ({"quiet_for": timedelta(hours=20)}, timedelta(hours=1)),
        ({"quiet_for": timedelta(days=300)}, timedelta(hours=2)),
        ({"every": timedelta(hours=3), "quiet_for": timedelta(days=300)}, timedelta(hours=6)),
        ({"every": timedelta(days=7), "quiet_for": timedelta(days=300)}, timedelta(days=7)),
        ({"live": True}, timedelta(hours=6)),
        ({"live": True, "every": timedelta(hours=12)}, timedelta(hours=12)),
        ({"fresh_for": timedelta(seconds=5)}, HALF),
        ({"fresh_for": timedelta(hours=3)}, timedelta(hours=3)),
        ({"fresh_for": timedelta(days=365)}, timedelta(days=1)),
        ({"fresh_for": timedelta(days=365), "every": timedelta(days=2)}, timedelta(days=2)),
        ({"rhythm": Rhythm(timedelta(hours=1))}, timedelta(hours=1)),
        ({"rhythm": Rhythm(timedelta(days=30))}, timedelta(days=1)),
        ({"rhythm": Rhythm(timedelta(minutes=1))}, HALF),
        ({"rhythm": Rhythm(timedelta(hours=1)), "fresh_for": timedelta(hours=2)}, timedelta(hours=2)),
        ({"not_before": NOW + timedelta(hours=5)}, timedelta(hours=5)),
        ({"not_before": NOW - timedelta(hours=5)}, HALF),
        ({"not_before": NOW + timedelta(days=9)}, timedelta(days=1)),
        ({"rhythm": Rhythm(skip_hours=frozenset({9, 10}))}, timedelta(hours=2)),
        ({"rhythm": Rhythm(skip_days=frozenset({0, 1, 2}))}, timedelta(days=2, hours=15)),
        ({"rhythm": Rhythm(skip_hours=frozenset(range(24)))}, HALF),
        ({"rhythm": Rhythm(skip_days=frozenset(range(7)))}, HALF),
    ],
)
def test_a_source_that_was_read_is_asked_again(given: dict[str, object], span: timedelta) -> None:
    assert looked(**given).due_at - NOW == span


def test_why_a_look_is_late_is_said_in_words_and_nothing_where_it_is_not() -> None:
    assert looked().why == ""
    assert "no news" in looked(quiet_for=timedelta(days=9)).why
    assert "by themselves" in looked(live=True).why
    assert "less often" in looked(fresh_for=timedelta(hours=9)).why
    asked_to_wait = looked(not_before=NOW + timedelta(hours=9))
    assert (asked_to_wait.why, asked_to_wait.wait_until) == ("it asked to wait", NOW + timedelta(hours=9))


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ({"failures": 0}, minutes(30), minutes(33)),
        ({"failures": 2}, minutes(108), minutes(132)),
        ({"failures": 400}, timedelta(hours=21), timedelta(days=1)),
        ({"failures": 0, "retry_at": NOW + timedelta(hours=2)}, timedelta(hours=2), timedelta(hours=2, minutes=2)),
        ({"failures": 0, "retry_at": NOW + timedelta(days=9)}, timedelta(days=1), timedelta(days=1, minutes=2)),
        ({"failures": 0, "retry_at": NOW - timedelta(days=9)}, minutes(30), minutes(33)),
        ({"failures": 0, "every": timedelta(seconds=10), "asks_for_less": True}, minutes(13), minutes(17)),
    ],
)
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_a_source_that_failed_is_asked_again(given: dict, least: timedelta, most: timedelta, chance: float) -> None:
    every = given.get("every", HALF)
    rest = {name: value for name, value in given.items() if name != "every"}
    due_at = pace.after_failure(NOW, every, chance=chance, **rest).due_at
    assert least <= due_at - NOW <= most


spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000))
rhythms = st.builds(
    Rhythm,
    at_most_every=st.none() | spans,
    skip_hours=st.frozensets(st.integers(0, 23)),
    skip_days=st.frozensets(st.integers(0, 6)),
)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    every=st.timedeltas(timedelta(seconds=10), timedelta(days=30)),
    quiet_for=spans,
    live=st.booleans(),
    chance=st.floats(0, 1),
    fresh=st.none() | spans,
    rhythm=st.none() | rhythms,
    not_before=st.none() | moments,
)
def test_no_source_is_asked_before_its_time_or_silenced_by_what_it_says(
    every: timedelta, quiet_for: timedelta, live: bool, chance: float, fresh, rhythm, not_before
) -> None:
    wish = Wish(fresh, rhythm, not_before)
    look = pace.after_success(NOW, every, quiet_for=quiet_for, is_live=live, chance=chance, wish=wish)
    assert look.due_at >= NOW + every
    assert look.due_at >= NOW + min(not_before - NOW, timedelta(days=1)) if not_before else True
    longest = max(every, timedelta(days=1)) * 1.06
    if rhythm:  # the days that it names may be skipped, which are never all seven
        longest += timedelta(days=7)
    assert look.due_at <= NOW + longest


@given(
    every=st.timedeltas(timedelta(seconds=10), timedelta(days=30)),
    failures=st.integers(0, 10_000),
    chance=st.floats(0, 1),
    retry_at=st.none() | moments,
    asks_for_less=st.booleans(),
)
def test_no_failure_silences_a_source_for_longer_than_a_day(
    every: timedelta, failures: int, chance: float, retry_at, asks_for_less: bool
) -> None:
    look = pace.after_failure(
        NOW, every, failures=failures, chance=chance, retry_at=retry_at, asks_for_less=asks_for_less
    )
    assert NOW + min(every, timedelta(days=1)) <= look.due_at <= NOW + timedelta(days=1) + every * pace.JITTER
    if retry_at:
        assert look.due_at >= min(retry_at, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        ({}, None),
        ({"cache-control": "max-age=600"}, minutes(10)),
        ({"cache-control": "public, Max-Age=600, s-maxage=9"}, minutes(10)),
        ({"cache-control": 'max-age="600"'}, minutes(10)),
        ({"cache-control": "max-age=600", "age": "540"}, minutes(1)),
        ({"cache-control": "max-age=600", "age": "700"}, None),
        ({"cache-control": "max-age=600", "age": "soon"}, minutes(10)),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "max-age=600, no-store"}, None),
        ({"cache-control": 'no-cache="set-cookie", max-age=600'}, minutes(10)),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "max-age=0"}, None),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "max-age=99999999999999999999"}, timedelta(seconds=9_999_999_999)),
    ],
)
def test_how_long_an_answer_holds_is_read_from_its_headers(headers: dict[str, str], span: timedelta | None) -> None:
    assert fresh_for(headers) == span


@given(st.dictionaries(st.sampled_from(["cache-control", "age"]), st.text(max_size=60)))
def test_any_headers_give_a_span_or_none(headers: dict[str, str]) -> None:
    span = fresh_for(headers)
    assert span is None or span > timedelta(0)


@pytest.mark.parametrize(
    ("live_at", "problem", "live"),
    [
        (NOW, None, True),
        (NOW - timedelta(hours=23), None, True),
        (NOW - timedelta(hours=25), None, False),
        (NOW, "hung up", False),
        (None, None, False),
    ],
)
def test_news_come_by_themselves_while_something_pushes(live_at, problem, live: bool) -> None:
    assert is_live(live_at, problem, now=NOW) is live


def test_a_new_address_is_asked_only_after_a_week_of_the_same_word() -> None:
    move = moved(OLD, OLD, Move(), NEW, now=NOW)
    assert move == Move(NEW, NOW)
    assert address_to_ask(OLD, move, now=NOW + timedelta(days=6)) == OLD
    move = moved(OLD, OLD, move, NEW, now=NOW + timedelta(days=6))
    assert move.since == NOW
    assert address_to_ask(OLD, move, now=NOW + timedelta(days=7)) == NEW
    assert moved(OLD, NEW, move, None, now=NOW + timedelta(days=8)) == move


@pytest.mark.parametrize(
    ("asked", "moved_to", "after"),
    [
        (OLD, None, Move()),
        (OLD, "https://third.example/feed", Move("https://third.example/feed", NOW)),
        (OLD, OLD, Move()),
        (OLD, "http://town.example/feed", Move()),
        (NEW, "https://third.example/feed", Move("https://third.example/feed", NOW)),
        (NEW, OLD, Move()),
    ],
)
def test_another_word_or_none_begins_the_week_anew(asked: str, moved_to: str | None, after: Move) -> None:
    assert moved(OLD, asked, Move(NEW, NOW - timedelta(days=6)), moved_to, now=NOW) == after
