"""The stream as JSON Feed 1.1, field by field as the contract has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from aggregator.filters import Asked
from aggregator.itemjson import item_json, timestamp
from aggregator.model import Author, Card, Quote
from aggregator.store.about import About
from aggregator.store.stream import AlsoOn, Image, StreamFilters, StreamPage, Translation
from tests.web.samples import CONFIGURATION, stream_item, stream_page
from web.outputs.streamjson import feed_json

PUBLIC_URL = "https://stream.example"


def feed_of(page: StreamPage, asked: Asked | None = None) -> dict[str, Any]:
    asked = asked or Asked(StreamFilters())
    feed = feed_json(
        page,
        configuration=CONFIGURATION,
        public_url=PUBLIC_URL,
        filters=asked.filters,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    return json.loads(json.dumps(feed))


def test_an_item_has_every_field_of_the_contract() -> None:
    item = stream_item(
        3,
        image="abc.webp",
        image_alt="A warm street",
        image_width=960,
        image_height=640,
        image_colour="#0e5a45",
        images=(Image("def.webp", 320, 213), Image("abc.webp", 960, 640)),
        modified_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        also_on=(AlsoOn("01J9", "tni", "https://tni.example/es", "es"),),
        translations={"eu": Translation("Etxe epelak", "Kalea epel dago.", "editor")},
    )
    assert item_json(item, PUBLIC_URL) == {
        "id": "01J00003",
        "url": "https://partner.example/3",
        "title": "Warm homes 3",
        "summary": "The street at number 3 is warm for the winter.",
        "content_html": "<p>The street is warm.</p>",
        "content_text": "The street is warm.",
        "image": "https://stream.example/media/abc.webp",
        "date_published": "2026-11-23T06:00:00Z",
        "date_modified": "2026-11-23T09:30:00Z",
        "authors": [{"name": "Carbon Co-op", "url": "https://carbon.coop/"}],
        "language": "en",
        "tags": ["retrofit"],
        "_mpower": {
            "partner": "carbon-coop",
            "source": "carbon-coop-news",
            "kind": "article",
            "pinned": False,
            "story": "01J00003",
            "image_alt": "A warm street",
            "image_width": 960,
            "image_height": 640,
            "image_colour": "#0e5a45",
            "images": [
                {"url": "https://stream.example/media/def.webp", "width": 320, "height": 213},
                {"url": "https://stream.example/media/abc.webp", "width": 960, "height": 640},
            ],
            "also_on": [{"item": "01J9", "partner": "tni", "url": "https://tni.example/es", "language": "es"}],
            "translations": {"eu": {"title": "Etxe epelak", "summary": "Kalea epel dago.", "by": "editor"}},
            "page": "https://stream.example/item/01J00003",
        },
    }


def test_what_is_not_known_is_left_out_and_never_null() -> None:
    item = item_json(stream_item(url=None, title=None, authors=()), PUBLIC_URL)
    assert not {"url", "title", "image", "date_modified", "authors"} & set(item)


def test_an_author_without_an_address_has_a_name_alone() -> None:
    item = item_json(stream_item(authors=(Author("A co-op"),)), PUBLIC_URL)
    assert item["authors"] == [{"name": "A co-op"}]


def test_times_are_in_utc_whatever_zone_they_come_in() -> None:
    there = timezone(timedelta(hours=2))
    assert timestamp(datetime(2026, 7, 1, 1, 30, 15, 999999, tzinfo=there)) == "2026-06-30T23:30:15Z"


def test_a_feed_has_what_json_feed_asks_for() -> None:
    feed = feed_of(stream_page(stream_item()))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "mPOWER"
    assert feed["home_page_url"] == "https://stream.example/"
    assert feed["feed_url"] == "https://stream.example/stream.json"
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert "content_html" in item or "content_text" in item


def test_the_next_page_is_absent_at_the_end() -> None:
    assert "next_url" not in feed_of(stream_page(stream_item()))


def test_the_next_page_keeps_the_filters_and_the_limit() -> None:
    asked = Asked(StreamFilters(lang=("eu", "fr"), q="bero & hotz"), limit=5, cursor="here")
    feed = feed_of(stream_page(stream_item(), next_cursor="on-ward"), asked)
    query = "?lang=eu&lang=fr&q=bero+%26+hotz&limit=5&cursor="
    assert feed["feed_url"] == f"https://stream.example/stream.json{query}here"
    assert feed["next_url"] == f"https://stream.example/stream.json{query}on-ward"


def test_names_and_labels_are_there_for_what_occurs_and_for_nothing_else() -> None:
    item = stream_item(also_on=(AlsoOn("01J9", "tni", None, "es"),))
    extension = feed_of(stream_page(item))["_mpower"]
    assert extension == {
        "version": 7,
        "partners": {"carbon-coop": "Carbon Co-op", "tni": "Transnational Institute"},
        "tags": {"retrofit": {"en": "Retrofit", "eu": "Birgaitzea"}},
        "languages": {"es": "español"},
    }


def test_the_languages_preferred_stay_in_the_addresses() -> None:
    feed = feed_json(
        stream_page(stream_item(), next_cursor="on"),
        configuration=CONFIGURATION,
        public_url="https://h.example",
        filters=StreamFilters(tag=("solar",)),
        prefer=("eu", "es"),
    )
    assert feed["feed_url"] == "https://h.example/stream.json?tag=solar&prefer=eu&prefer=es"
    assert feed["next_url"] == f"{feed['feed_url']}&cursor=on"


def test_a_partner_or_tag_that_the_file_no_longer_names_breaks_nothing() -> None:
    feed = feed_of(stream_page(stream_item(partner="gone", tags=("gone-too",))))
    assert feed["items"][0]["_mpower"]["partner"] == "gone"
    assert feed["_mpower"]["partners"] == {}


def test_a_public_address_with_a_slash_at_its_end_is_the_same_address() -> None:
    feed = feed_json(
        stream_page(), configuration=CONFIGURATION, public_url="https://h.example/", filters=StreamFilters()
    )
    assert feed["feed_url"] == "https://h.example/stream.json"


def test_what_only_posts_and_events_say_is_there_where_they_say_it() -> None:
    moment = datetime(2026, 12, 4, 17, tzinfo=UTC)
    about = About(
        card=Card("https://tni.example/", "A report"),
        quote=Quote("https://social.example/9", Author("The neighbours"), "Come along!"),
        boosted_by=Author("Town hall", "https://town.example/"),
        warning="Fire",
        is_sensitive=True,
        place="Old hall",
    )
    said = item_json(stream_item(about=about, starts_at=moment, ends_at=moment), PUBLIC_URL)["_mpower"]
    assert {name: said[name] for name in ("card", "quote", "boosted_by", "warning", "sensitive", "place")} == {
        "card": {"url": "https://tni.example/", "title": "A report", "text": None},
        "quote": {"url": "https://social.example/9", "text": "Come along!", "author": {"name": "The neighbours"}},
        "boosted_by": {"name": "Town hall", "url": "https://town.example/"},
        "warning": "Fire",
        "sensitive": True,
        "place": "Old hall",
    }
    assert (said["starts_at"], said["ends_at"]) == ("2026-12-04T17:00:00Z", "2026-12-04T17:00:00Z")
    assert not {"card", "quote", "warning", "starts_at"} & set(item_json(stream_item(), PUBLIC_URL)["_mpower"])
