"""Posts of WordPress's REST API as values: every field, plug-ins' fields, and whatever else may come."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.networks.wordpress import Post, named_root, read_names, read_posts, slug_of
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Media, Sighting

URL = "https://city.example/wp-json/"
RECORDED = Path(__file__).resolve().parents[2] / "../shared/corpus/social"
POST = {
    "id": 7,
    "date": "2026-11-20T12:30:00",
    "date_gmt": "2026-11-20T11:30:00",
    "guid": {"rendered": "https://city.example/?post_type=post&#038;p=7"},
    "modified": "2026-11-21T09:00:00",
    "modified_gmt": "2026-11-21T08:00:00",
    "slug": "roofs",
    "status": "publish",
    "link": "https://city.example/2026/11/roofs/",
    "title": {"rendered": "Roofs &amp; <em>heat</em> &#8211; a plan"},
    "content": {"rendered": '<p>Long <img src="/a.png"></p>', "protected": False},
    "excerpt": {"rendered": "<p>Short [&hellip;]</p>", "protected": False},
    "lang": "eu",
    "translations": {"eu": 7, "es": 8},
    "_embedded": {
        "author": [{"name": "Ane O&#8217;Neill", "link": "https://city.example/author/ane/"}],
        "wp:featuredmedia": [
            {
                "media_type": "image",
                "mime_type": "image/jpeg",
                "alt_text": "A roof &amp; the sky",
                "source_url": "https://city.example/up/roof.jpg",
                "media_details": {
                    "sizes": {
                        "medium": {"source_url": "https://city.example/up/roof-300.jpg", "width": 300, "height": 200},
                        "large": {"source_url": "https://city.example/up/roof-1024.jpg", "width": 1024, "height": 683},
                    }
                },
            }
        ],
        "wp:term": [
            [{"taxonomy": "category", "name": "Energy &amp; Homes", "slug": "energy"}],
            [{"taxonomy": "post_tag", "name": "roofs"}, {"taxonomy": "series", "name": "not this"}],
        ],
    },
}


def only(**values: Any) -> Sighting:
    (post,) = read_posts(json.dumps([{**POST, **values}]).encode(), url=URL)
    return post.sighting


def test_every_field_finds_its_place() -> None:
    (post,) = read_posts(json.dumps([POST]).encode(), url=URL)
    assert post == Post(
        id=7,
        link="https://city.example/2026/11/roofs/",
        date="2026-11-20T12:30:00",
        modified="2026-11-21T09:00:00",
        translations=(("es", 8),),
        sighting=Sighting(
            entry_id="https://city.example/?post_type=post&p=7",
            url="https://city.example/2026/11/roofs/",
            title="Roofs & heat – a plan",
            body_html='<p>Long <img src="https://city.example/a.png"></p>',
            summary_html="<p>Short [&hellip;]</p>",
            language="eu",
            authors=(Author("Ane O’Neill", "https://city.example/author/ane/"),),
            categories=("Energy & Homes", "roofs"),
            media=(Media("https://city.example/up/roof-1024.jpg", "image/jpeg", "A roof & the sky", 1024, 683),),
            published_at=datetime(2026, 11, 20, 11, 30, tzinfo=UTC),
            updated_at=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
        ),
    )


def test_what_a_password_protects_is_not_shown() -> None:
    sighting = only(content={"rendered": "<p>Secret</p>", "protected": True})
    assert sighting.hidden
    assert "Secret" not in repr(sighting)


def test_a_draft_that_a_plug_in_shows_is_no_post() -> None:
    assert read_posts(json.dumps([{**POST, "status": "draft"}]).encode(), url=URL) == ()


@pytest.mark.parametrize(
    ("values", "picture"),
    [
        ({"jetpack_featured_media_url": "/up/j.png"}, Media("https://city.example/up/j.png", "image/*")),
        (
            {"yoast_head_json": {"og_image": [{"url": "/up/y.png", "type": "image/png", "width": 9, "height": 8}]}},
            Media("https://city.example/up/y.png", "image/png", None, 9, 8),
        ),
        (
            {"_embedded": {"wp:featuredmedia": [{"source_url": "/up/v.mp4", "media_type": "file"}]}},
            None,
        ),
        ({"_embedded": {"wp:featuredmedia": [{"code": "rest_forbidden", "message": "No."}]}}, None),
        (
            {"_embedded": {"wp:featuredmedia": [{"source_url": "javascript:alert(1)"}]}},
            None,
        ),
    ],
)
def test_the_picture_is_found_where_plug_ins_name_it(values: dict[str, Any], picture: Media | None) -> None:
    assert only(**{"_embedded": {}, **values}).media == ((picture,) if picture else ())


def test_the_author_is_named_by_yoast_where_the_users_are_closed() -> None:
    closed = {"author": [{"code": "rest_user_cannot_view", "message": "No."}]}
    assert only(_embedded=closed, yoast_head_json={"author": "Ivo"}).authors == (Author("Ivo"),)


@pytest.mark.parametrize(
    ("values", "language"),
    [
        ({"lang": "hr"}, "hr"),
        ({"lang": None, "wpml_current_locale": "de_DE_formal"}, "de-DE"),
        ({"lang": "", "wpml_current_locale": "x" * 99}, None),
    ],
)
def test_the_language_is_the_plug_ins_word(values: dict[str, Any], language: str | None) -> None:
    assert only(**values).language == language


def test_translations_that_wpml_names_are_alternates() -> None:
    versions = [{"locale": "es_ES", "id": 8, "href": "https://city.example/es/techos/"}, {"locale": "fr", "href": "x:"}]
    assert only(wpml_translations=versions).alternates == (Alternate("https://city.example/es/techos/", "es-ES"),)


def test_a_post_without_a_title_stays_without_one() -> None:
    assert only(title={"rendered": ""}).title is None


def test_an_entry_without_guid_has_its_address_for_one() -> None:
    assert only(guid=None).entry_id == "https://city.example/2026/11/roofs/"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"code": "rest_no_route"}', b'"x"', b"[1, 2", b"[" * 100_000, b"\xff\xfe[", b"null"]
)
def test_what_is_no_list_of_posts_is_an_error(body: bytes) -> None:
    with pytest.raises(DocumentError):
        read_posts(body, url=URL)
    with pytest.raises(DocumentError):
        read_names(body)


@pytest.mark.parametrize(
    ("header", "root"),
    [
        ('<https://city.example/wp-json/>; rel="https://api.w.org/"', "https://city.example/wp-json/"),
        (
            '</x>; rel=shortlink, </blog/wp-json/>; title="a"; rel=https://api.w.org/',
            "https://city.example/blog/wp-json/",
        ),
        ("<https://city.example/?rest_route=/>; rel='https://api.w.org/'", None),
        ('<https://city.example/>; rel=shortlink, <javascript:x>; rel="https://api.w.org/"', None),
        ("<" * 50_000, None),
        ("", None),
    ],
)
def test_the_header_names_the_root(header: str, root: str | None) -> None:
    assert named_root(header, url="https://city.example/") == root


def test_slugs_are_compared_unescaped() -> None:
    assert slug_of("https://city.example/2026/%D0%B0%D0%91/?x=1#y") == slug_of("%d0%b0%d0%b1") == "аб"
    assert slug_of("https://city.example/") == slug_of("http://[") == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
keys = st.sampled_from(
    [*POST, "yoast_head_json", "wpml_translations", "wpml_current_locale", "jetpack_featured_media_url"]
)
embedded = st.dictionaries(st.sampled_from(["author", "wp:featuredmedia", "wp:term"]), json_values)


@given(
    st.lists(st.dictionaries(keys, json_values) | embedded.map(lambda inner: {**POST, "_embedded": inner}), max_size=4)
)
def test_no_json_raises_anything_but_a_document_error(posts: list[dict[str, Any]]) -> None:
    try:
        for post in read_posts(json.dumps(posts).encode(), url=URL):
            assert post.sighting.entry_id
            repr(post).encode()
        read_names(json.dumps(posts).encode())
    except DocumentError:
        pass


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_raise_anything_but_a_document_error(body: bytes) -> None:
    for read in (lambda: read_posts(body, url=URL), lambda: read_names(body)):
        with contextlib.suppress(DocumentError):
            read()


@given(st.text())
def test_no_header_raises(header: str) -> None:
    named_root(header, url=URL)
    slug_of(header)


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["mairie19.la27eregion.fr", "transitoargentina.com.ar"])
def test_recorded_answers_are_read_whole(name: str) -> None:
    path = RECORDED / f"wordpress__{name}-posts.json"
    if not path.exists():
        pytest.skip("needs the recordings in ../shared/corpus")
    said = json.loads(path.read_bytes())
    posts = read_posts(path.read_bytes(), url=f"https://{name}/wp-json/")
    assert [post.id for post in posts] == [each["id"] for each in said]
    assert [post.link for post in posts] == [each["link"] for each in said]
    for post, each in zip(posts, said, strict=True):
        assert post.sighting.entry_id == each["guid"]["rendered"]
        assert post.sighting.published_at == datetime.fromisoformat(each["date_gmt"]).replace(tzinfo=UTC)
        assert post.sighting.title
        assert "&#" not in post.sighting.title
