"""Mastodon's JSON becomes sightings: whatever it holds, without surprises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.networks.mastodonaccounts import (
    LIMITED,
    NOINDEX,
    SUSPENDED,
    Access,
    read_access,
    read_account,
    read_follows,
)
from aggregator.documents.networks.mastodonposts import read_status, read_statuses
from aggregator.errors import DocumentError
from aggregator.model import Author, Card, Kind, Media, Quote
from tests.collectors.mastodonserver import account, status

URL = "https://social.example/api/v1/timelines/home"
SOCIAL = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "social"


def read(**values: Any):
    seen = read_status(json.dumps(status(1, **values)), url=URL)
    assert seen
    return seen


def test_a_post_comes_out_whole() -> None:
    seen = read(
        content='<p>See <a href="/tags/energy">#energy</a></p>',
        language="eu",
        edited_at="2026-11-20T10:00:00.000Z",
        tags=[{"name": "EnergyPoverty"}, {"name": "energy"}],
        account=account("town", display_name="Town hall :verified:", emojis=[{"shortcode": "verified"}]),
        media_attachments=[
            {
                "type": "image", "url": "https://files.example/a.jpg", "description": "A roof",
                "meta": {"original": {"width": 800, "height": 600}},
            },
            {"type": "image", "url": "javascript:x"},
        ],
        card={"url": "https://tni.example/report", "title": "A report", "description": "On heat"},
    )  # fmt: skip
    assert seen.body_html == '<p>See <a href="https://social.example/tags/energy">#energy</a></p>'
    assert (seen.title, seen.kind, seen.language) == (None, None, "eu")
    assert seen.authors == (Author("Town hall", "https://social.example/@town"),)
    assert seen.hashtags == ("EnergyPoverty", "energy")
    assert seen.media == (Media("https://files.example/a.jpg", "image/jpeg", "A roof", 800, 600),)
    assert seen.card == Card("https://tni.example/report", "A report", "On heat")
    assert seen.published_at == datetime(2026, 11, 1, 0, 1, tzinfo=UTC)
    assert seen.updated_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (seen.hidden, seen.warning, seen.is_sensitive, seen.reply_to, seen.boosted_by) == (
        None,
        None,
        False,
        None,
        None,
    )


def test_a_post_without_a_picture_takes_that_of_the_page_it_leads_to() -> None:
    card = {"url": "https://tni.example/report", "title": "A report", "image": "https://files.example/c.png"}
    own = {"type": "image", "url": "https://files.example/a.jpg", "description": "A roof"}
    (taken,) = read(card={**card, "image_description": "A cover"}).media
    assert taken == Media("https://files.example/c.png", "image/png", "A cover")
    (first,) = read(card=card, media_attachments=[own]).media
    assert first.url == own["url"]
    for none in ({**card, "image": None}, {**card, "image": "javascript:x"}, {**card, "url": None}):
        assert read(card=none).media == ()


@pytest.mark.parametrize(
    ("values", "hidden"),
    [
        ({"visibility": "unlisted"}, None),
        ({"visibility": "private"}, "it is not public"),
        ({"visibility": "direct"}, "it is not public"),
        ({"visibility": None}, "it is not public"),
        ({"account": account(noindex=True)}, NOINDEX),
        ({"account": account(suspended=True)}, SUSPENDED),
        ({"account": account(limited=True)}, LIMITED),
        ({"reblog": status(2, account=account(noindex=True))}, NOINDEX),
        ({"reblog": status(2, visibility="private")}, "it is not public"),
    ],
)
def test_who_does_not_want_to_be_shown_is_not_shown(values: dict, hidden: str | None) -> None:
    assert read(**values).hidden == hidden


def test_a_warning_makes_a_post_sensitive_and_so_does_the_mark_alone() -> None:
    assert (read(spoiler_text="Fire").warning, read(spoiler_text="Fire").is_sensitive) == ("Fire", True)
    assert (read(sensitive=True).warning, read(sensitive=True).is_sensitive) == (None, True)


def test_a_film_is_shown_by_its_still_picture() -> None:
    film = {
        "type": "video",
        "url": "https://f.example/a.mp4",
        "preview_url": "https://f.example/a.png",
        "description": "Rain",
    }
    seen = read(media_attachments=[film, {"type": "audio", "url": "https://f.example/b.mp3", "preview_url": None}])
    assert seen.kind is Kind.VIDEO
    assert seen.media == (Media("https://f.example/a.png", "image/png", "Rain"),)


def test_a_poll_shows_what_can_be_chosen() -> None:
    assert read(poll={"options": [{"title": "Yes <b>"}, {"title": ""}, 7]}).body_html.endswith(
        "<ul><li>Yes &lt;b&gt;</li></ul>"
    )


def test_custom_emoji_are_taken_out_of_texts_and_nothing_else_is() -> None:
    link = '<a href="https://tni.example/:sun:/12:30:45">12:30:45</a>'
    seen = read(
        content=f"<p>Warm :sun: {link} :unknown: a:sun:b</p>",
        spoiler_text=":sun: Heat",
        emojis=[{"shortcode": "sun"}, {"shortcode": "a|b("}, {"shortcode": 7}, "text"],
        account=account(display_name="Radio 12:30:45 :sun:", emojis=[{"shortcode": "sun"}]),
    )
    assert seen.body_html == f"<p>Warm  {link} :unknown: a:sun:b</p>"
    assert (seen.warning, seen.authors[0].name) == ("Heat", "Radio 12:30:45")
    assert read(account=account(display_name=":sun:", emojis=[{"shortcode": "sun"}])).authors[0].name == "town"


INSTEAD = '<p class="quote-inline">RE: <a href="https://social.example/@town/2">social.example/@town/2</a></p>'


@pytest.mark.parametrize(
    ("quote", "body"),
    [
        ({"state": "accepted", "quoted_status": status(2)}, "<p>Indeed</p>"),
        ({"state": "revoked", "quoted_status": None}, "<p>Indeed</p>"),
        (None, f"{INSTEAD}<p>Indeed</p>"),
    ],
)
def test_what_stands_in_the_place_of_a_quote_goes_where_the_quote_is_known(quote: object, body: str) -> None:
    assert read(content=f"{INSTEAD}<p>Indeed</p>", quote=quote).body_html == body


def test_words_about_a_sound_are_none_about_the_picture_that_stands_for_it() -> None:
    sound = {"type": "audio", "url": "https://f.example/a.mp3", "preview_url": "https://f.example/a.png"}
    seen = read(media_attachments=[{**sound, "description": "A speech on heat"}])
    assert seen.media == (Media("https://f.example/a.png", "image/png"),)


@pytest.mark.parametrize("entry_id", ["", "..", "../7", "7/context", "7?x=y", "7 8", "é", True, None, {}, "7" * 101])
def test_a_post_whose_id_cannot_stand_in_an_address_is_none(entry_id: object) -> None:
    assert read_status(json.dumps({**status(1), "id": entry_id}), url=URL) is None


@pytest.mark.parametrize("entry_id", ["109348677773283527", "01HZX3PFN3V0ABCDEFGHJKMNPQ", "AbCd-9_x", 42])
def test_ids_of_servers_that_are_like_mastodon_are_taken(entry_id: object) -> None:
    seen = read_status(json.dumps({**status(1), "id": entry_id}), url=URL)
    assert seen is not None
    assert seen.entry_id == str(entry_id)


@pytest.mark.parametrize(
    ("relations", "is_followed"),
    [
        ([{"id": "7", "following": True}], True),
        ([{"id": "7", "following": False}], False),
        ([{"id": "8", "following": True}, 5], False),
        ([], False),
    ],
)
def test_a_server_says_whether_an_account_is_followed(relations: list, is_followed: bool) -> None:
    assert read_follows(json.dumps(relations).encode(), "7") is is_followed


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ({"state": "accepted", "quoted_status": status(2)}, Quote(status(2)["url"], Author("The town", "https://social.example/@town"), "<p>Post 2</p>")),
        ({"state": "accepted", "quoted_status": status(2, spoiler_text="Fire")}, Quote(status(2)["url"], Author("The town", "https://social.example/@town"), "")),
        ({"state": "pending", "quoted_status": status(2)}, None),
        ({"state": "accepted", "quoted_status": status(2, visibility="private")}, None),
        ({"state": "revoked"}, None),
        ("text", None),
    ],
)  # fmt: skip
def test_a_quote_is_shown_where_its_author_agreed(quote: object, expected: Quote | None) -> None:
    assert read(quote=quote).quote == expected


def test_a_server_says_who_may_read_hashtags_and_where_it_streams() -> None:
    said = {
        "configuration": {
            "urls": {"streaming": "wss://streaming.example"},
            "timelines_access": {"hashtag_feeds": {"local": "public", "remote": "authenticated"}},
        }
    }
    assert read_access(json.dumps(said).encode()) == Access("public", "authenticated", "https://streaming.example")
    assert read_access(b"{}") == Access("", "", None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = (*status(1), "quote", "tags", "media_attachments", "emojis")


@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_no_answer_breaks_its_reader(values: dict) -> None:
    broken = {**status(1), **values}
    text = json.dumps(broken)
    seen = read_status(text, url=URL)
    assert seen is None or seen.entry_id
    read_statuses(json.dumps([broken, {"reblog": broken, "id": "1"}, 7]).encode(), url=URL)
    assert read_status(text, url=URL, account="no such") is None


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_raise_anything_but_what_is_said(body: bytes) -> None:
    for reading in (
        lambda: read_statuses(body, url=URL),
        lambda: read_account(body, url=URL),
        lambda: read_access(body),
        lambda: read_follows(body, "7"),
        lambda: read_status(body.decode("utf-8", "replace"), url=URL),
    ):
        try:
            reading()
        except DocumentError as error:
            assert len(str(error)) < 200


def recorded() -> list[Path]:
    return sorted(SOCIAL.glob("mastodon__*.json"))


@pytest.mark.corpus
def test_every_recorded_answer_is_read() -> None:
    if not recorded():
        pytest.skip("the recordings in ../shared/corpus are not here")
    found = 0
    for path in recorded():
        answer = json.loads(path.read_text())["response"]["body"]
        statuses = [one for one in (answer if isinstance(answer, list) else [answer]) if "visibility" in one]
        seen = read_statuses(json.dumps(statuses).encode(), url=URL)
        assert [one.entry_id for one in seen] == [one["id"] for one in statuses], path.name
        for one, raw in zip(seen, statuses, strict=True):
            found += 1
            post = raw["reblog"] or raw
            assert one.url == post["url"], path.name
            assert one.published_at == datetime.fromisoformat(raw["created_at"]).replace(microsecond=0), path.name
            assert one.authors[0].url == post["account"]["url"], path.name
            assert one.is_sensitive is (post["sensitive"] or bool(post["spoiler_text"])), path.name
            described = [m["description"] for m in post["media_attachments"] if m["type"] == "image"]
            assert [medium.alt for medium in one.media][: len(described)] == described, path.name
        if isinstance(answer, dict) and "acct" in answer:
            known = read_account(json.dumps(answer).encode(), url=URL)
            assert (known.id, known.url) == (answer["id"], answer["url"]), path.name
    assert found > 50
