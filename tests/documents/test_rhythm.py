"""How often a feed wishes to be asked for, however it says it, and that nonsense is no wish."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.feeds.reading import read_feed
from aggregator.documents.feeds.rhythm import read_rhythm
from aggregator.model import Rhythm

URL = "https://partner.example/feed/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = ("ttl", "hour", "day", "sy_updateperiod", "sy_updatefrequency")


def rhythm_of(channel: str, item: str = "") -> Rhythm | None:
    body = (
        '<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>t</title>'
        f"{channel}<item><title>a</title>{item}</item></channel></rss>"
    )
    return read_feed(body.encode(), url=URL).rhythm


def sy(period: str | None, times: str | None) -> str:
    said = f"<sy:updatePeriod>{period}</sy:updatePeriod>" if period is not None else ""
    return said + (f"<sy:updateFrequency>{times}</sy:updateFrequency>" if times is not None else "")


def hours(*numbers: int) -> str:
    return "<skipHours>" + "".join(f"<hour>{number}</hour>" for number in numbers) + "</skipHours>"


def days(*names: str) -> str:
    return "<skipDays>" + "".join(f"<day>{name}</day>" for name in names) + "</skipDays>"


@pytest.mark.parametrize(
    ("channel", "every"),
    [
        ("<ttl>60</ttl>", HOUR),
        ("<ttl> 90\n</ttl>", 1.5 * HOUR),
        (sy("hourly", "1"), HOUR),
        (sy("daily", "2"), 12 * HOUR),
        (sy("\n\thourly\t", "\n1 "), HOUR),
        (sy("Weekly", None), 7 * DAY),
        (sy(None, "4"), 6 * HOUR),
        (sy("monthly", "0"), 30 * DAY),
        ("<ttl>60</ttl>" + sy("daily", "1"), DAY),
        ("<ttl>2880</ttl>" + sy("daily", "1"), 2 * DAY),
    ],
)
def test_the_longest_of_what_a_feed_says_counts(channel: str, every: timedelta) -> None:
    assert rhythm_of(channel) == Rhythm(at_most_every=every)


@pytest.mark.parametrize(
    "channel",
    [
        "",
        "<ttl>0</ttl>",
        "<ttl>-5</ttl>",
        "<ttl>soon</ttl>",
        "<ttl>٦</ttl>",
        "<ttl/>",
        f"<ttl>{'9' * 400}</ttl>",
        sy("fortnightly", "1"),
        sy(None, "0"),
        hours(25, 99),
        hours(*range(24)),
        hours(*range(1, 25)),
        days("Mondays", "lunes"),
        days("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ],
)
def test_nonsense_is_no_wish(channel: str) -> None:
    assert rhythm_of(channel) is None


def test_hours_and_days_are_numbers() -> None:
    assert rhythm_of(hours(1, 24, 23, 1) + days("Monday", "SUNDAY", "noday")) == Rhythm(
        skip_hours=frozenset({0, 1, 23}), skip_days=frozenset({0, 6})
    )


def test_what_an_entry_says_of_itself_is_no_wish_of_the_feed() -> None:
    assert rhythm_of("", "<ttl>60</ttl><day>Monday</day>") is None


def test_a_feed_that_is_not_quite_xml_has_its_rhythm_too() -> None:
    assert rhythm_of("<ttl>60</ttl>" + hours(3), "<description>a & b</description>") == Rhythm(HOUR, frozenset({3}))


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(max_size=8) | st.integers().map(str), max_size=30)))
def test_whatever_is_said_makes_a_rhythm_that_can_be_kept_to(said: dict[str, list[str]]) -> None:
    rhythm = read_rhythm(said)
    if rhythm is not None:
        assert rhythm.at_most_every is None or timedelta() < rhythm.at_most_every < timedelta(days=1_000_000)
        assert rhythm.skip_hours < frozenset(range(24))
        assert rhythm.skip_days < frozenset(range(7))
