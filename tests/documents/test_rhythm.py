"""How often a feed wishes to be asked for, as feeds say it, and as nobody should."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.feeds import read_feed
from aggregator.documents.rhythm import MOST_READ, read_rhythm
from aggregator.model import Rhythm

HOUR = timedelta(hours=1)
ITEM = "<item><title>News</title><guid>1</guid><description>&lt;ttl&gt;9999&lt;/ttl&gt;</description></item>"
SY = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
WEEKEND = "<skipDays><day>Saturday</day><day>sunday</day><day>Someday</day></skipDays>"


@pytest.mark.parametrize(
    ("said", "rhythm"),
    [
        ("", None),
        ("<ttl>60</ttl>", Rhythm(HOUR)),
        ("<ttl> 90 </ttl>", Rhythm(1.5 * HOUR)),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>999999999</ttl>", Rhythm(timedelta(days=366))),
        ("<ttl>99999999999999999999</ttl>", None),
        ("<ttl><![CDATA[60]]></ttl>", Rhythm(HOUR)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", Rhythm(HOUR)),
        ("<sy:updatePeriod>\n\tdaily\t</sy:updatePeriod><sy:updateFrequency> 4 </sy:updateFrequency>", Rhythm(6 * HOUR)),
        ("<sy:updateFrequency>2</sy:updateFrequency>", Rhythm(12 * HOUR)),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", Rhythm(timedelta(weeks=1))),
        ("<sy:updatePeriod>now</sy:updatePeriod>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", Rhythm(HOUR)),
        ("<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", Rhythm(HOUR)),
        ("<skipHours><hour>0</hour><hour>23</hour><hour>24</hour><hour>77</hour></skipHours>", Rhythm(None, frozenset({0, 23}))),
        (WEEKEND, Rhythm(None, frozenset(), frozenset({5, 6}))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["before", "after", "alone"])
def test_a_feeds_wish_is_read_wherever_its_channel_says_it(said: str, rhythm: Rhythm | None, place: str) -> None:
    parts = {"before": said + ITEM + ITEM, "after": ITEM + ITEM + said, "alone": said}
    body = f"<rss version='2.0' {SY}><channel><title>City</title>{parts[place]}</channel></rss>"
    assert read_feed(body.encode(), url="https://city.example/feed").rhythm == rhythm


def test_what_an_entry_says_is_no_wish_of_the_feed() -> None:
    inside = ITEM.replace("</item>", "<ttl>600</ttl></item>")
    body = f"<rss version='2.0'><channel><title>City</title>{inside}</channel></rss>"
    assert read_feed(body.encode(), url="https://city.example/feed").rhythm is None


def test_a_feed_of_rdf_says_it_in_its_channel() -> None:
    body = (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
        f" {SY}><channel><title>City</title><sy:updatePeriod>daily</sy:updatePeriod></channel>"
        "<item><title>News</title><link>https://city.example/1</link></item></rdf:RDF>"
    )
    assert read_feed(body.encode(), url="https://city.example/feed").rhythm == Rhythm(timedelta(days=1))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_gives_a_wish_within_bounds_or_none(before: str, after: str) -> None:
    rhythm = read_rhythm(f"<ttl>{before}</ttl>", f"<hour>{after}</hour>")
    assert rhythm is None or rhythm.at_most_every is None or rhythm.at_most_every <= timedelta(days=366)


@pytest.mark.parametrize(
    "piece", ["<ttl>", "<skipHours><hour>", "<x:updatePeriod>", "<![CDATA[", "<a.b:updateFrequency> "]
)
def test_text_that_begins_a_wish_over_and_over_is_read_but_once(piece: str) -> None:
    """However long the text: only its beginning and its end are looked at."""
    assert read_rhythm(piece * (MOST_READ * 50)) is None
