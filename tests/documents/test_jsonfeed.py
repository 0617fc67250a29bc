"""JSON Feed 1.0 and 1.1, as written and as miswritten."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.documents import fields
from aggregator.documents.feeds.reading import read_feed
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Document, Media, Sighting
from tests.examples import examples

URL = "https://partner.example/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def read(*items: Any, **feed: Any) -> Document:
    return read_feed(json.dumps({"version": VERSION, "items": items, **feed}).encode(), url=URL)


def only(item: Any, **feed: Any) -> Sighting:
    (entry,) = read(item, **feed).entries
    return entry


def test_every_field_finds_its_place() -> None:
    document = read(
        {
            "id": "1",
            "url": "https://partner.example/1",
            "external_url": "https://else.example/1",
            "title": "Tom & <Ane>",
            "content_html": '<p>Long <img src="/a.png"></p>',
            "content_text": "Long",
            "summary": "Short & <sweet>",
            "image": "https://partner.example/1.jpg",
            "banner_image": "/banner",
            "date_published": "2026-11-02T11:00:00+01:00",
            "date_modified": "2026-11-02T10:30:00Z",
            "authors": [{"name": "Ane", "url": "https://ane.example/", "avatar": "x"}, {"name": "Ivo"}],
            "tags": ["heat", "wind", "heat"],
            "language": "eu",
            "attachments": [{"url": "talk.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9}],
            "_extension": {"id": "not this"},
        },
        title="Energia",
        home_page_url="https://partner.example/",
        language="es",
        _extension={},
    )
    assert (document.format, document.title, document.home, document.language) == (
        "json11",
        "Energia",
        "https://partner.example/",
        "es",
    )
    assert document.entries == (
        Sighting(
            entry_id="1",
            url="https://partner.example/1",
            title="Tom & <Ane>",
            body_html='<p>Long <img src="https://partner.example/a.png"></p>',
            summary_html="<p>Short &amp; &lt;sweet&gt;</p>",
            language="eu",
            authors=(Author("Ane", "https://ane.example/"), Author("Ivo")),
            categories=("heat", "wind"),
            media=(
                Media("https://partner.example/1.jpg", "image/jpeg"),
                Media("https://partner.example/banner", "image/*"),
                Media("https://partner.example/talk.mp3", "audio/mpeg"),
            ),
            alternates=(Alternate("https://else.example/1"),),
            published_at=datetime(2026, 11, 2, 10, tzinfo=UTC),
            updated_at=datetime(2026, 11, 2, 10, 30, tzinfo=UTC),
        ),
    )


def test_plain_text_becomes_paragraphs_in_which_nothing_is_markup() -> None:
    entry = only({"id": "1", "content_text": "<b>One</b>\nand & on\r\n\r\n\nTwo  "})
    assert entry.body_html == "<p>&lt;b&gt;One&lt;/b&gt;<br>and &amp; on</p><p>Two</p>"
    assert entry.summary_html == ""
    assert only({"id": "1", "summary": "All there is"}).body_html == "<p>All there is</p>"


@pytest.mark.parametrize(
    ("id_", "entry_id"),
    [(7, "7"), (1.5, "1.5"), ("", ""), (" a ", "a"), (None, ""), (True, ""), ([], ""), ({"a": 1}, "")],
)
def test_an_id_is_text_whatever_it_was(id_: object, entry_id: str) -> None:
    assert only({"id": id_, "content_text": "x"}).entry_id == entry_id


@pytest.mark.parametrize(
    ("item", "url", "alternates"),
    [
        ({"id": "https://partner.example/a"}, "https://partner.example/a", ()),
        ({"id": "a"}, None, ()),
        ({"url": "/a"}, "https://partner.example/a", ()),
        ({"id": "a", "url": "javascript:alert(1)"}, None, ()),
        ({"external_url": "https://else.example/"}, "https://else.example/", ()),
        ({"url": "/a", "external_url": "https://partner.example/a"}, "https://partner.example/a", ()),
    ],
)
def test_the_address_is_the_items_own_where_it_has_one(
    item: dict[str, str], url: str | None, alternates: tuple[Alternate, ...]
) -> None:
    entry = only(item)
    assert (entry.url, entry.alternates) == (url, alternates)


def test_an_item_without_authors_has_the_feeds_of_either_version() -> None:
    ours = {"name": "Carbon Club"}
    assert only({"id": "1"}, authors=[ours]).authors == (Author("Carbon Club"),)
    assert only({"id": "1"}, author=ours).authors == (Author("Carbon Club"),)
    assert only({"id": "1", "author": {"name": "Ane"}}, author=ours).authors == (Author("Ane"),)


def test_wrong_types_cost_the_field_and_not_the_item() -> None:
    wrong: list[Any] = [7, None, [], {}, [[]], [{}], "", {"name": 7}, [7], True]
    keys = [
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "banner_image",
        "date_published",
        "date_modified",
    ]
    keys += ["authors", "author", "tags", "language", "attachments"]
    items: list[Any] = [{"id": str(number), **dict.fromkeys(keys, value)} for number, value in enumerate(wrong)]
    document = read(*items, "no object", None, 7, [], title=7, home_page_url=[], language={}, authors="x")
    assert [entry.entry_id for entry in document.entries] == [str(number) for number in range(len(wrong))]
    assert {(entry.title, entry.body_html, entry.url, entry.authors, entry.media) for entry in document.entries} == {
        (None, "", None, (), ())
    }


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\udfff\ufffe"])
def test_what_json_can_say_and_utf8_cannot_is_left_out(text: str) -> None:
    entry = only(
        {
            "id": text,
            "title": text,
            "content_html": text,
            "content_text": text,
            "tags": [text],
            "url": "https://a.example/" + text,
        }
    )
    repr(entry).encode("utf-8")
    assert "\x00" not in entry.entry_id + entry.body_html


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "not found"}',
        b'{"version": 1, "items": []}',
        b'{"version": "2.0", "items": []}',
        b'{"version": "https://jsonfeed.org/version/1.1"}',
        b'{"version": "https://jsonfeed.org/version/1.1", "items": {}}',
        b'[{"version": "https://jsonfeed.org/version/1.1", "items": []}]',
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [',
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_json_feed_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentError):
        read_feed(body, url=URL)


def test_a_number_of_thousands_of_digits_is_no_id_and_spoils_no_other_item() -> None:
    items = b'[{"title": "one", "id": ' + b"9" * 5_000 + b'}, {"title": "two", "id": 1e999}, {"id": 3}]'
    document = read_feed(b'{"version": "' + VERSION.encode() + b'", "items": ' + items + b"}", url=URL)
    assert [entry.entry_id for entry in document.entries] == ["", "", "3"]


def test_of_too_many_items_the_newest_are_kept() -> None:
    items = [{"id": str(n), "date_published": f"{1900 + n // 10}-01-0{n % 9 + 1}T00:00:00Z"} for n in range(1500)]
    document = read(*items)
    assert [entry.entry_id for entry in document.entries] == [str(n) for n in range(500, 1500)]


def test_no_field_is_longer_than_it_may_be() -> None:
    entry = only(
        {
            "id": "i" * 5_000,
            "title": "t" * 20_000,
            "content_text": "c" * 2_000_000,
            "tags": [str(n) for n in range(500)],
            "authors": [{"name": str(n)} for n in range(500)],
            "attachments": [{"url": f"/{n}"} for n in range(500)],
        }
    )
    assert entry.entry_id.startswith("sha256:")
    assert len(entry.title or "") == fields.MAX_TITLE
    assert len(entry.body_html) <= fields.MAX_BODY + len("<p></p>")
    assert (len(entry.categories), len(entry.authors), len(entry.media)) == (
        fields.MAX_CATEGORIES,
        fields.MAX_AUTHORS,
        fields.MAX_MEDIA,
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "url", "id", "title", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "tags",
        "authors",
        "author",
        "language",
        "attachments",
        "date_published",
    ]
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6) | VALUES, max_size=4))
def test_any_json_in_any_field_is_read(items: list[Any]) -> None:
    document = read(*items, {"id": "good"})
    objects = sum(1 for item in items if isinstance(item, dict))
    assert "good" in [entry.entry_id for entry in document.entries]
    assert len(document.entries) <= objects + 1
    repr(document).encode("utf-8")


def test_a_feed_says_where_it_can_be_had_by_push() -> None:
    hubs = [
        {"type": "WebSub", "url": "https://hub.example/"},
        {"type": "rssCloud", "url": "https://cloud.example/"},
        {"url": "/hub"},
        {"type": 1, "url": "https://hub.example/"},
        {"type": "WebSub"},
        "https://hub.example/not",
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [], "hubs": hubs, "feed_url": "feed.json"}
    document = read_feed(json.dumps(feed).encode(), url="https://partner.example/a/")
    assert document.hubs == ("https://hub.example/", "https://partner.example/hub")
    assert document.topic == "https://partner.example/a/feed.json"
    del feed["hubs"], feed["feed_url"]
    document = read_feed(json.dumps(feed).encode(), url="https://partner.example/a/")
    assert (document.hubs, document.topic, document.rhythm) == ((), None, None)
