"""Answers of X's API v2 as values: every field, what a post refers to, and whatever else may come."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.networks.xposts import Account, read_account, read_timeline
from aggregator.errors import DocumentError
from aggregator.model import Author, Card, Media, Quote, Sighting

CITY = Account("900", "CityOfExample", "City of Example")
BY = Author("City of Example", "https://x.com/CityOfExample")
POST: dict[str, Any] = {
    "id": "12",
    "text": "Roofs &amp; heat: #SolarForAll with @someone1 https://t.co/page https://t.co/picture",
    "author_id": "900",
    "created_at": "2026-11-20T10:00:00.000Z",
    "edit_history_tweet_ids": ["11", "12"],
    "lang": "en",
    "possibly_sensitive": False,
    "attachments": {"media_keys": ["3_1", "7_2", "3_missing"]},
    "entities": {
        "urls": [
            {
                "url": "https://t.co/page",
                "expanded_url": "https://short.example/p",
                "unwound_url": "https://city.example/roofs?a=1&b=2",
                "display_url": "city.example/roofs?a=1…",
                "title": "Roofs for all",
                "description": "What the city plans",
                "images": [{"url": "https://pbs.example/card.jpg", "width": 800, "height": 400}],
            },
            {
                "url": "https://t.co/picture",
                "expanded_url": "https://x.com/CityOfExample/status/12/photo/1",
                "display_url": "pic.x.com/picture",
                "media_key": "3_1",
            },
        ],
        "hashtags": [{"start": 0, "end": 99_999, "tag": "SolarForAll"}],
        "mentions": [{"start": -5, "end": 2, "username": "someone1"}],
    },
}
MEDIA = [
    {
        "media_key": "3_1",
        "type": "photo",
        "url": "https://pbs.example/a.jpg",
        "alt_text": "A roof",
        "width": 9,
        "height": 8,
    },
    {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.example/b.jpg", "alt_text": ""},
]
USERS = [{"id": "1", "name": "Some One", "username": "someone1"}]
OTHER = {
    "id": "5",
    "author_id": "1",
    "text": "A cooperative&#39;s word on heat &lt;3",
    "lang": "es",
    "attachments": {"media_keys": ["3_1"]},
    "entities": {"hashtags": [{"tag": "calor"}]},
}


def read(*posts: Any, **includes: Any) -> tuple[Sighting, ...]:
    return read_timeline(json.dumps({"data": posts, "includes": includes}).encode(), CITY).entries


def only(post: dict[str, Any], **includes: Any) -> Sighting:
    (entry,) = read({**POST, **post}, **includes)
    return entry


def test_every_field_finds_its_place() -> None:
    assert only({}, media=MEDIA) == Sighting(
        entry_id="11",
        url="https://x.com/CityOfExample/status/12",
        body_html="<p>Roofs &amp; heat: #SolarForAll with "
        '<a href="https://x.com/someone1">@someone1</a> '
        '<a href="https://city.example/roofs?a=1&amp;b=2">city.example/roofs?a=1…</a></p>',
        language="en",
        authors=(BY,),
        hashtags=("SolarForAll",),
        media=(
            Media("https://pbs.example/a.jpg", "image/jpeg", "A roof", 9, 8),
            Media("https://pbs.example/b.jpg", "image/jpeg"),
            Media("https://pbs.example/card.jpg", "image/*", None, 800, 400),
        ),
        published_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        card=Card("https://city.example/roofs?a=1&b=2", "Roofs for all", "What the city plans"),
    )


def test_an_edited_post_keeps_its_first_id() -> None:
    before, after = only({"id": "11", "edit_history_tweet_ids": ["11"]}), only({"id": "12"})
    assert before.entry_id == after.entry_id


def test_a_long_post_is_read_whole() -> None:
    note = {
        "text": "Long.\n\nVery long: https://t.co/note",
        "entities": {
            "urls": [
                {"url": "https://t.co/note", "expanded_url": "https://city.example/", "display_url": "city.example"}
            ],
            "hashtags": [{"tag": "late"}],
        },
    }
    entry = only({"text": "Long.\n\nVery lo… https://t.co/12", "note_tweet": note})
    assert entry.body_html == '<p>Long.</p><p>Very long: <a href="https://city.example/">city.example</a></p>'
    assert entry.hashtags == ("late",)


@pytest.mark.parametrize(
    ("code", "language"),
    [("eu", "eu"), ("und", None), ("zxx", None), ("qme", None), ("in", "id"), ("iw", "he"), ("?", None)],
)
def test_the_language_is_what_x_recognised(code: str, language: str | None) -> None:
    assert only({"lang": code}).language == language


def test_a_repost_is_the_others_post_passed_on() -> None:
    entry = only(
        {"text": "RT @someone1: A cooperative's wo…", "referenced_tweets": [{"type": "retweeted", "id": "5"}]},
        tweets=[OTHER], users=USERS, media=MEDIA,
    )  # fmt: skip
    assert entry == Sighting(
        entry_id="11",
        url="https://x.com/someone1/status/5",
        body_html="<p>A cooperative&#x27;s word on heat &lt;3</p>",
        language="es",
        authors=(Author("Some One", "https://x.com/someone1"),),
        hashtags=("calor",),
        media=(Media("https://pbs.example/a.jpg", "image/jpeg", "A roof", 9, 8),),
        published_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        boosted_by=BY,
    )


def test_a_repost_without_the_post_still_names_its_author() -> None:
    entry = only({"text": "RT @someone1: Heat", "referenced_tweets": [{"type": "retweeted", "id": "5"}]})
    assert (entry.authors, entry.boosted_by) == ((Author("someone1", "https://x.com/someone1"),), BY)


def test_a_quote_stands_apart_from_the_words_about_it() -> None:
    link = {
        "url": "https://t.co/quoted",
        "expanded_url": "https://twitter.com/someone1/status/5",
        "display_url": "twitter.com/some…",
    }
    post = {
        "text": "We agree https://t.co/quoted",
        "entities": {"urls": [link]},
        "referenced_tweets": [{"type": "quoted", "id": "5"}],
    }
    entry = only(post, tweets=[OTHER], users=USERS)
    assert entry.body_html == "<p>We agree</p>"
    assert entry.quote == Quote(
        "https://x.com/someone1/status/5",
        Author("Some One", "https://x.com/someone1"),
        "<p>A cooperative&#x27;s word on heat &lt;3</p>",
    )
    assert only(post).quote == Quote("https://x.com/i/status/5", None, "")


def test_an_answer_to_others_is_one_and_an_answer_to_oneself_goes_on() -> None:
    refers = [{"type": "replied_to", "id": "5"}]
    assert only({"referenced_tweets": refers, "in_reply_to_user_id": "1"}).reply_to == "https://x.com/i/status/5"
    assert only({"referenced_tweets": refers, "in_reply_to_user_id": "900"}).reply_to is None


def test_what_x_marks_as_sensitive_is_marked() -> None:
    assert only({"possibly_sensitive": True}).is_sensitive
    assert not only({}).is_sensitive


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("mail me@someone1.example", "<p>mail me@someone1.example</p>"),
        ("@stranger hello", "<p>@stranger hello</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("https://t.co/bad", "<p>https://t.co/bad</p>"),
        ("", ""),
    ],
)
def test_the_text_is_text(text: str, shown: str) -> None:
    urls = [{"url": "https://t.co/bad", "expanded_url": "javascript:alert(1)", "display_url": "x"}]
    assert only({"text": text, "entities": {"urls": urls, "mentions": [{"username": "someone1"}]}}).body_html == shown


def test_what_was_read_is_counted_and_where_it_goes_on_is_said() -> None:
    answer = {
        "data": [{**POST, "id": "99"}, {**POST, "id": "100"}],
        "includes": {"tweets": [OTHER], "users": USERS, "media": MEDIA},
        "meta": {"next_token": "7140"},
    }
    timeline = read_timeline(json.dumps(answer).encode(), CITY)
    assert (timeline.posts, timeline.users, timeline.media) == (3, 1, 2)
    assert (timeline.newest, timeline.oldest, timeline.next_token) == ("100", "99", "7140")


@pytest.mark.parametrize(
    ("title", "detail", "said"),
    [
        ("Not Found Error", "Could not find user with username: [x].", "its name of today"),
        ("Forbidden", "User has been suspended: [x].", "suspended"),
        ("Authorization Error", "Sorry, you are not authorized", "make it public"),
        ("<b>Odd</b>", "token=secret", "no reason"),
    ],
)
def test_what_is_wrong_is_said_in_our_words(title: str, detail: str, said: str) -> None:
    body = json.dumps({"errors": [{"title": title, "detail": detail}]}).encode()
    problems = [read_account(body), read_timeline(body, CITY).problem]
    assert all(isinstance(problem, str) and said in problem and "secret" not in problem for problem in problems)


def test_a_part_that_cannot_be_shown_hides_no_posts() -> None:
    answer = {"data": [POST], "errors": [{"title": "Not Found Error", "resource_type": "tweet"}]}
    assert read_timeline(json.dumps(answer).encode(), CITY).problem is None


def test_an_account_is_read() -> None:
    body = json.dumps({"data": {"id": "900", "name": "City of Example", "username": "CityOfExample"}}).encode()
    assert read_account(body) == CITY


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b'{"data": [', b"[" * 100_000, b"\xff", b"1" * 10_000])
def test_what_is_no_answer_of_x_is_an_error(body: bytes) -> None:
    for read_answer in (read_account, lambda said: read_timeline(said, CITY)):
        with pytest.raises(DocumentError):
            read_answer(body)


words = (
    st.sampled_from(
        ["quoted", "retweeted", "replied_to", "5", "12", "1", "3_1", "https://t.co/page", "RT @a:b", "\ud800", "²"]
    )
    | st.text()
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "text", "urls", "url", "tag", "username", "media_keys", "media_key"]), inner
        )
    ),
    max_leaves=12,
)
posts = st.fixed_dictionaries({}, optional=dict.fromkeys([*POST, "note_tweet", "referenced_tweets"], values)).map(
    lambda part: {**POST, **part}
)


@given(
    st.lists(posts | values, max_size=3),
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["tweets", "users", "media"], st.lists(posts | values, max_size=2))
    ),
)
def test_no_json_raises_anything_but_a_document_error(data: list[Any], includes: dict[str, Any]) -> None:
    body = json.dumps({"data": [*data, POST], "includes": includes, "meta": {}}).encode()
    timeline = read_timeline(body, CITY)
    for entry in timeline.entries:
        f"{entry.entry_id}{entry.url}{entry.body_html}{entry.authors}{entry.quote}{entry.reply_to}".encode()
    read_account(body)


@given(st.binary() | st.text().map(str.encode) | values.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_raise_anything_but_a_document_error(body: bytes) -> None:
    for read_answer in (read_account, lambda said: read_timeline(said, CITY)):
        try:
            read_answer(body)
        except DocumentError:
            continue
