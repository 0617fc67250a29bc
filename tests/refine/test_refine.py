"""An entry from what a source shows to what an item needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import (
    Alternate,
    Author,
    Card,
    Happening,
    Kind,
    Media,
    Quote,
    Refined,
    Review,
    ReviewMode,
    Sensitive,
    Sighting,
    Source,
    Tag,
)
from aggregator.refine import TAGGED_LENGTH, may_be_shown, refine, wanted
from aggregator.refine.evidence import Evidence, address_keys, key_of
from aggregator.refine.picture import choose_picture, first_picture
from aggregator.refine.tags import Tagger
from aggregator.store.search import fold
from tests.examples import examples
from tests.refine.strategies import any_html, any_text

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FEED = "https://city.example/feed/"
SOURCE = Source(
    id="city-news", partner="city", kind="feed", url=FEED, languages=("en", "eu"), every=timedelta(minutes=30),
    review=Review(ReviewMode.HOLD), tags=("city",),
)  # fmt: skip
TAGGER = Tagger([Tag("heat", {"en": "Heat"}, {"en": ("heat pump",)})])


def refined(source: Source = SOURCE, feed_language: str | None = None, **values: Any) -> Refined:
    sighting = Sighting(**{"entry_id": "1", **values})
    return refine(sighting, source=source, base_url=FEED, feed_language=feed_language, tagger=TAGGER, now=NOW)


def test_an_entry_becomes_clean_dated_recognised_and_tagged() -> None:
    item = refined(
        url="/news/1/?utm_source=rss#more",
        title="Heat pumps &amp; homes",
        body_html='<p>The council will fit <b>heat pumps</b>.</p><img src="/wp/pump.jpg" alt="A pump"><script>x</script>',
        summary_html="<p>The council decides. [&#8230;]</p>",
        authors=(
            Author(" <b>Ann</b> ", "javascript:x"),
            Author("ann@city.example (Ann Example)"),
            Author("x@city.example"),
        ),
        categories=("Heat",),
        published_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
        updated_at=datetime(2026, 11, 21, 8, tzinfo=UTC),
    )
    assert item.url == "https://city.example/news/1/"
    assert item.title == "Heat pumps & homes"
    assert item.content_html == "<p>The council will fit <b>heat pumps</b>.</p>"
    assert item.content_text == "The council will fit heat pumps."
    assert item.summary == "The council decides…"
    assert item.authors == (Author("Ann"), Author("Ann Example"))
    assert item.picture == Media("https://city.example/wp/pump.jpg", alt="A pump")
    assert (item.published_at.day, item.modified_at and item.modified_at.day) == (20, 21)
    assert item.detection.code == "en"
    assert [(match.tag, match.origin) for match in item.tags] == [("city", "source"), ("heat", "category")]
    assert item.story_keys == (
        key_of(Evidence.ADDRESS, "city.example/news/1"),
        key_of(Evidence.PICTURE, "city.example/wp/pump.jpg"),
    )


def searched(item: Refined) -> str:
    return fold(f"{item.title or ''} {item.content_text or item.summary}")


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("<p>Énergie  pour <b>Đakovo</b>\x00</p><p>https://a.example/ #Heat — Straße</p>", True),
        (f"<p>{'x' * (TAGGED_LENGTH - 7)}</p>", True),
        (f"<p>{'x' * (TAGGED_LENGTH - 6)}</p>", False),
        ("<p>東京 жар ½</p>", True),
        ("", True),
        ("<p>Heat for all.</p><p>The post Title appeared first on City.</p>", False),
    ],
)
def test_what_is_searched_in_is_told_where_it_is_known(body: str, is_told: bool) -> None:
    item = refined(title="Title", body_html=body, summary_html="<p>Summary</p>")
    assert item.search_text == (searched(item) if is_told else None)


@settings(deadline=None, max_examples=examples(200))
@given(any_text, st.one_of(any_text, any_html), any_html)
def test_what_is_searched_in_is_as_the_store_has_it(title: str, body: str, summary: str) -> None:
    item = refined(title=title, body_html=body, summary_html=summary)
    assert item.search_text in {None, searched(item)}


def test_an_entry_without_a_title_stays_without_one() -> None:
    toot = refined(body_html="<p>Gaur arratsaldean batzarra egingo dugu udaletxean, zatoz!</p>", title=None)
    assert toot.title is None
    assert toot.summary == "Gaur arratsaldean batzarra egingo dugu udaletxean, zatoz!"
    assert toot.detection.code == "eu"
    assert refined(title=" <img src=x> ").title is None


def test_an_entry_of_nothing_is_still_an_entry() -> None:
    empty = refined()
    assert (empty.url, empty.title, empty.summary, empty.content_html, empty.picture) == (None, None, "", "", None)
    assert empty.published_at == NOW
    assert empty.detection.code == "und"
    assert empty.story_keys == ()


@pytest.mark.parametrize(
    "boilerplate",
    [
        'The post <a href="https://x">A title</a> appeared first on <a href="https://y">City</a>.',
        "La entrada A title se publicó primero en City.",
        "L’article A title est apparu en premier sur City.",
        "Der Beitrag A title erschien zuerst auf City.",
        "Objava A title pojavila se prvi puta na City.",
    ],
)
def test_what_a_plug_in_adds_is_no_summary(boilerplate: str) -> None:
    item = refined(summary_html=f"<p>{boilerplate}</p>", body_html=f"<p>What it says.</p><p>{boilerplate}</p>")
    assert item.summary == "What it says."
    assert refined(summary_html=f"<p>Short.</p> <p>{boilerplate}</p>", body_html="<p>Long.</p>").summary == "Short."


@pytest.mark.parametrize(
    "ending", [" [&#8230;]", " [...]", "… Continue reading A title →", " Lire la suite", "... Leer más"]
)
def test_an_invitation_to_read_on_becomes_an_ellipsis(ending: str) -> None:
    assert refined(summary_html=f"<p>It begins so{ending}</p>").summary == "It begins so…"


def test_the_entry_says_its_language_before_the_feed_does() -> None:
    short = "Madrid informa"
    assert refined(title=short, language="es", feed_language="en").detection.evidence == "letters and declared"
    english = refined(title="The council has agreed to insulate three hundred homes", language="es", feed_language="es")
    assert english.detection.code == "en"


def test_a_story_is_known_by_the_addresses_of_its_versions() -> None:
    item = refined(
        url="https://city.example/one",
        alternates=(Alternate("https://city.example/eu/one", "eu"), Alternate("javascript:x"), Alternate("/")),
    )
    assert list(item.story_keys) == address_keys(("city.example/one", "city.example/eu/one"))
    assert refined(url=FEED).story_keys == ()


def test_a_date_in_the_future_is_now() -> None:
    assert refined(published_at=NOW + timedelta(days=400)).published_at == NOW


def test_lists_without_end_are_cut() -> None:
    item = refined(
        authors=tuple(Author(f"A {n}") for n in range(10_000)),
        categories=tuple(f"c{n}" for n in range(10_000)),
        media=tuple(Media(f"https://city.example/{n}.mp3", "audio/mpeg") for n in range(10_000)),
        alternates=tuple(Alternate(f"https://city.example/{n}") for n in range(10_000)),
    )
    assert len(item.authors) == 10
    assert len(item.story_keys) == 20


@pytest.mark.parametrize(
    ("words", "is_wanted"),
    [((), True), (("heat pump",), True), (("wind", "council"), True), (("wind",), False), (("Gemeinde",), False)],
)
def test_a_source_keeps_what_has_one_of_its_words(words: tuple[str, ...], is_wanted: bool) -> None:
    source = replace(SOURCE, match_any=words)
    assert wanted(refined(source, title="News", body_html="<p>Councils fit heat pumps</p>"), source) is is_wanted


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ('<img src="/a.jpg">', "https://city.example/a.jpg"),
        ('<img src="data:image/gif;base64,AA" data-src="/lazy.jpg">', "https://city.example/lazy.jpg"),
        ('<img src=/s.jpg srcset="/m.jpg 600w, /l.jpg 1200w, /xl.jpg 4000w">', "https://city.example/l.jpg"),
        ('<img src="/px.gif" width=1 height=1><img src="/b.png">', "https://city.example/b.png"),
        ('<img src="/i.png" width="64"><img src="/b.png" width="640px">', "https://city.example/b.png"),
        ('<img class="wp-smiley" src="/x.png"><img src="/b.png">', "https://city.example/b.png"),
        ('<img src="https://secure.gravatar.com/avatar/1"><img src="/b.png">', "https://city.example/b.png"),
        ('<img src="/a.svg"><img src="javascript:x"><img><img src="">', None),
        ("<p>no picture</p>", None),
        ('<script><img src="/a.jpg"></script>', None),
        ('<img alt="a > b" title=\'"\' src=/a.jpg>', "https://city.example/a.jpg"),
    ],
)
def test_the_first_picture_that_shows_something_is_taken(html: str, url: str | None) -> None:
    found = first_picture(html, FEED)
    assert (found.url if found else None) == url


def test_size_and_words_of_a_picture_are_kept() -> None:
    found = first_picture('<img src="/a.jpg" width=300 height=200 srcset="/b.jpg 900w" alt=" A &lt;b&gt;wall ">', FEED)
    assert found == Media("https://city.example/b.jpg", alt="A wall", width=900, height=600)


def test_a_declared_picture_goes_before_those_of_the_body() -> None:
    body = '<img src="/body.jpg" alt="Body"><img src="https://www.city.example/own.jpg?x=1" alt="Own">'
    own = Media("/own.jpg?x=1", "image/jpeg")
    assert choose_picture((Media("/talk.mp3", "audio/mpeg"), own), body, FEED) == Media(
        "https://city.example/own.jpg?x=1", "image/jpeg", alt="Own"
    )
    chosen = choose_picture(
        (Media("/s.jpg", width=150, height=150), Media("/l.jpg", width=1200, height=800)), body, FEED
    )
    assert chosen is not None
    assert chosen.url == "https://city.example/l.jpg"


@pytest.mark.parametrize(
    "media",
    [
        Media("javascript:alert(1)", "image/png"),
        Media("/x.svg", "image/svg+xml"),
        Media("/x.svg", "image/png"),
        Media("/thumb.jpg", width=72, height=72),
        Media("https://secure.gravatar.com/avatar/1", "image/png"),
        Media("/page"),
        Media("  ", ""),
    ],
)
def test_what_is_no_picture_gives_way_to_the_body(media: Media) -> None:
    chosen = choose_picture((media,), '<img src="/body.jpg">', FEED)
    assert chosen is not None
    assert chosen.url == "https://city.example/body.jpg"


_dates = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@settings(deadline=None, max_examples=examples(100))
@given(any_text, any_html, any_html, _dates)
def test_no_entry_is_too_strange(text: str, body: str, summary: str, moment: datetime | None) -> None:
    item = refined(
        url=text, title=summary, body_html=body, summary_html=summary, language=text, authors=(Author(text, text),),
        categories=(text,), media=(Media(text, "image/png", alt=body), Media(text, text)),
        alternates=(Alternate(text, text),), published_at=moment, updated_at=moment,
    )  # fmt: skip
    assert item.published_at <= NOW
    assert len(item.summary) <= 280
    assert item.url is None or item.url.startswith(("http://", "https://"))
    assert item.picture is None or item.picture.url.startswith(("http://", "https://"))
    repr(item).encode("utf-8")


@pytest.mark.parametrize(
    ("said", "options", "is_let_in"),
    [
        ({}, {}, True),
        ({"reply_to": "1"}, {}, False),
        ({"reply_to": "1"}, {"replies": True}, True),
        ({"boosted_by": Author("Us")}, {}, False),
        ({"boosted_by": Author("Us")}, {"boosts": True}, True),
        ({"hidden": "its author wishes it"}, {"replies": True, "boosts": True}, False),
        ({"is_sensitive": True}, {"sensitive": Sensitive.DROP}, False),
        ({"is_sensitive": True}, {}, True),
        ({"authors": (Author("Bad", "https://social.example/@bad"),)}, {}, False),
        ({"authors": (Author("@bad@social.example"),)}, {}, False),
        ({"authors": (Author("Bad", "https://other.example/@Worse"),)}, {}, False),
        ({"authors": (Author("Good", "https://social.example/@worse"),)}, {}, True),
        ({"authors": (Author("Good", "https://other.example/@worse/1234"),)}, {}, True),
        (
            {"authors": (Author("Bad", "https://social.example/@bad"),), "boosted_by": Author("Us")},
            {"boosts": True},
            False,
        ),
    ],
)
def test_what_a_source_lets_in(said: dict, options: dict, is_let_in: bool) -> None:
    block = ("https://social.example/@bad/", "bad@social.example", "@worse@other.example")
    seen = Sighting(**{"entry_id": "1", "authors": (Author("Good"),), **said})
    assert may_be_shown(seen, replace(SOURCE, **options), block) is is_let_in


def test_what_only_posts_say_comes_out_clean() -> None:
    clean = refined(
        card=Card("/story#top", "<b>A</b> card", "Its  text"),
        quote=Quote("https://social.example/9", Author("Quoted"), "<script>x</script><p>Words</p>"),
        boosted_by=Author(" Us\n", "javascript:alert(1)"),
        warning="Fire\u202e ",
    )
    assert clean.kind is Kind.POST
    assert clean.card == Card("https://city.example/story", "A card", "Its text")
    assert clean.quote == Quote("https://social.example/9", Author("Quoted"), "Words")
    assert clean.boosted_by == Author("Us")
    assert clean.warning == "Fire"
    assert clean.story_keys == (key_of(Evidence.ADDRESS, "city.example/story"),)


def test_an_events_place_comes_out_clean_and_each_evening_is_a_story_of_its_own() -> None:
    evenings = [Happening(NOW + timedelta(days=day), NOW + timedelta(days=day), " The  hall ") for day in (1, 8)]
    said = {"url": "https://city.example/choir", "body_html": f"<p>{'The choir sings in the old hall. ' * 9}</p>"}
    first, second = (refined(**said, happening=evening) for evening in evenings)
    assert first.happening == replace(evenings[0], place="The hall")
    assert len(first.story_keys) == len(second.story_keys) == 1
    assert first.story_keys != second.story_keys
    assert len(refined(**said).story_keys) > 1


def test_a_card_that_leads_nowhere_is_none() -> None:
    clean = refined(card=Card("javascript:alert(1)"), quote=Quote("data:x"), kind=Kind.VIDEO)
    assert (clean.card, clean.quote, clean.kind) == (None, None, Kind.VIDEO)
