"""A Telegram channel's preview page as values: every part of a post, and whatever else may come."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.documents.networks.telegram import Preview, read_preview
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Card, Media, Quote, Sighting
from tests import telegram_pages as pages

URL = "https://t.me/s/CityOfExample"
CITY = Author("City of Example", "https://t.me/CityOfExample")


def read(page: str) -> Preview:
    return read_preview(page.encode(), url=URL, name="CityOfExample")


def only(inside: str, **values: object) -> Sighting:
    (post,) = read(pages.page([pages.message(7, inside, **values)])).posts  # type: ignore[arg-type]
    return post.sighting


def test_every_part_of_a_post_finds_its_place() -> None:
    inside = (
        pages.photo("https://cdn4.example/file/roof.jpg")
        + pages.text(
            'Roofs &amp; <b>heat</b> <i class="emoji" style="background-image:url(\'//telegram.example/e.png\')"><b>☀️</b>'
            '</i> next<br/><br/><a href="/s/else" onclick="x()">more</a> <a href="?q=%23solar">#solar</a> end'
        )
        + pages.preview("https://city.example/roofs", "Roofs for all", "What we plan", "https://cdn4.example/p.jpg")
    )
    assert only(inside, signature="Ane") == Sighting(
        entry_id="CityOfExample/7",
        url="https://t.me/CityOfExample/7",
        body_html='Roofs &amp; <b>heat</b> ☀️ next<br><br><a href="https://t.me/s/else">more</a> #solar end',
        authors=(CITY, Author("Ane")),
        media=(
            Media("https://cdn4.example/file/roof.jpg", "image/jpeg"),
            Media("https://cdn4.example/p.jpg", "image/jpeg"),
        ),
        published_at=datetime(2026, 11, 1, 16, tzinfo=UTC),
        hashtags=("solar",),
        card=Card("https://city.example/roofs", "Roofs for all", "What we plan"),
    )


def test_a_page_says_where_it_begins_and_whether_more_is_before_it() -> None:
    messages = [pages.message(n, pages.text(f"Post {n}")) for n in (21, 22, 25)]
    preview = read(pages.page([pages.message(20, "", service=True), *messages], before=20))
    assert [post.number for post in preview.posts] == [21, 22, 25]
    assert (preview.oldest, preview.newest, preview.has_older, preview.title) == (20, 25, True, "City of Example")
    assert not read(pages.page(messages)).has_older


def test_service_messages_and_what_only_the_app_shows_are_left_out() -> None:
    unseen = (
        '<div class="message_media_not_supported_wrap"><div class="message_media_not_supported_label">Open</div></div>'
    )
    messages = [
        pages.message(1, pages.text("Channel created"), service=True),
        pages.message(2, pages.sticker()),
        pages.message(3, unseen),
        pages.message(4, pages.text("Words")),
    ]
    assert [post.number for post in read(pages.page(messages)).posts] == [4]


def test_an_album_and_a_film_are_pictures_in_their_order() -> None:
    shown = only(pages.album("https://cdn.example/1.jpg", "//cdn.example/2") + pages.video("https://cdn.example/f.jpg"))
    assert [one.url for one in shown.media] == [
        "https://cdn.example/1.jpg",
        "https://cdn.example/2",
        "https://cdn.example/f.jpg",
    ]
    assert shown.published_at == datetime(2026, 11, 1, 16, tzinfo=UTC)


def test_what_the_channel_passes_on_is_its_authors() -> None:
    shown = only(pages.forwarded("The Cooperative", "https://t.me/coop/15", "Ivo") + pages.text("Heat"))
    assert shown.authors == (Author("The Cooperative", "https://t.me/coop"), Author("Ivo"))
    assert shown.boosted_by == CITY
    assert shown.alternates == (Alternate("https://t.me/coop/15"),)
    hidden = only(pages.forwarded("Somebody", None) + pages.text("Heat"))
    assert (hidden.authors, hidden.boosted_by) == ((Author("Somebody"),), CITY)


def test_an_answer_to_others_is_one_and_an_answer_to_itself_quotes() -> None:
    said = pages.text("Heat")
    other = only(pages.reply("https://t.me/coop/15", "The Cooperative", "Their words") + said)
    assert (other.reply_to, other.quote, other.body_html) == ("https://t.me/coop/15", None, "Heat")
    own = only(pages.reply("https://t.me/cityofexample/3", "City of Example", "Our &lt;words&gt;") + said)
    assert own.reply_to is None
    assert own.quote == Quote("https://t.me/cityofexample/3", Author("City of Example"), "Our &lt;words&gt;")
    assert own.media == ()


def test_a_poll_is_its_question_and_its_answers() -> None:
    shown = only(pages.poll("More &amp; more roofs?", "Yes", "Of course"))
    assert shown.body_html == "<p>More &amp; more roofs?</p><ul><li>Yes</li><li>Of course</li></ul>"


def test_a_file_is_named_and_leads_to_the_post() -> None:
    shown = only(pages.file("plan.pdf", "1.2 MB") + pages.text("The plan"))
    assert shown.body_html == 'The plan<p><a href="https://t.me/CityOfExample/7">plan.pdf</a> 1.2 MB</p>'


def test_spoilers_are_read_and_signs_of_ones_own_are_signs() -> None:
    words = 'So <tg-spoiler>it is</tg-spoiler> <tg-emoji emoji-id="5"><i class="emoji"><b>🚀</b></i></tg-emoji>!'
    assert only(pages.text(words)).body_html == "So it is 🚀!"


@pytest.mark.parametrize("views", ["3", "3.4M"])
def test_how_often_it_was_seen_changes_nothing(views: str) -> None:
    page = pages.page([pages.message(7, pages.text("Heat"))])
    assert read(page.replace("7.2K", views)).posts == read(page).posts


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a <!-- no --> b", "a  b"),
        ("a<script>no</script> b<style>no</style>", "a b"),
        ('a <table><b class="x" onclick="y">b</b></table> <u>c</u>', "a <b>b</b> <u>c</u>"),
        ('&lt;b&gt; <a href="javascript:x">no link</a> &amp;', "&lt;b&gt; no link &amp;"),
        (
            "<pre><code>x &lt; y</code></pre><blockquote>z</blockquote>",
            "<pre><code>x &lt; y</code></pre><blockquote>z</blockquote>",
        ),
    ],
)
def test_only_what_a_post_can_hold_is_kept(words: str, shown: str) -> None:
    assert only(pages.text(words)).body_html == shown


@pytest.mark.parametrize("part", ['<i class="emoji"><b>x</b></i>', '<a href="?q=%23a">#a</a>', "<b>", "<br>"])
def test_a_post_of_very_many_parts_is_read_in_one_walk(part: str) -> None:
    walked = only(pages.text(part * 50_000))
    assert len(walked.body_html) <= 1_000_000


def test_an_edited_post_says_so() -> None:
    messages = [pages.message(n, pages.text("Heat"), edited=n == 2) for n in (1, 2)]
    assert [post.is_edited for post in read(pages.page(messages)).posts] == [False, True]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (pages.without_preview(), "does not allow a preview"),
        ("<html>", "does not allow a preview"),
        (pages.page([]), "may have changed its pages"),
        (pages.page(['<div class="message" data-id="1">new markup</div>']), "may have changed its pages"),
        ("", "could not be read"),
    ],
)
def test_what_is_no_preview_is_said_so(page: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read(page)


def test_a_page_of_nothing_is_nothing() -> None:
    preview = read(pages.nothing_found())
    assert (preview.posts, preview.newest, preview.oldest) == ((), None, None)


@pytest.mark.parametrize(
    "inside",
    [
        pages.photo("javascript:alert(1)") + pages.text("x"),
        pages.preview("javascript:alert(1)", "T", "W", "data:image/png,x") + pages.text("x"),
        pages.text('<a href="javascript:alert(1)">x</a>'),
        pages.text("<div class='js-message_text'>" * 100 + "x"),
        pages.reply("javascript:alert(1)", "a", "b") + pages.text("x"),
    ],
)
def test_hostile_addresses_lead_nowhere(inside: str) -> None:
    shown = only(inside)
    assert (shown.media, shown.card) == ((), None)


classes = st.sampled_from(
    ["tgme_widget_message", "tgme_widget_message_wrap", "js-message_text", "emoji", "tgme_widget_message_reply", "service_message",
     "tgme_widget_message_photo_wrap", "tgme_widget_message_link_preview", "tgme_widget_message_forwarded_from_name",
     "tgme_widget_message_poll", "tgme_widget_message_document_wrap", "tgme_widget_message_date", "tme_messages_more"]
)  # fmt: skip
attributes = st.sampled_from(
    ['data-post="a/1"', 'data-post="a/²"', 'data-post="b/999999999999999999999"', 'href="?q=%23a"', 'href="//["', "href",
     "style=\"background-image:url('//[')\"", 'style="background-image:url(a.jpg"', 'datetime="2026-13-40"', 'data-before="x"']
)  # fmt: skip
tags = st.builds(
    lambda name, kind, attribute, text: f'<{name} class="{kind}" {attribute}>{text}',
    st.sampled_from(["div", "a", "i", "b", "time", "tg-emoji", "br", "table", "script"]), classes, attributes, st.text(max_size=9),
)  # fmt: skip


@example(['<br class="tgme_widget_message_reply" data-post="a/1">\x08'])
@given(st.lists(tags | st.sampled_from(["</div>", "</a>", "</i>", "<!--", "\0"]), max_size=30))
def test_no_page_raises_anything_but_a_document_error(parts: list[str]) -> None:
    body = f'<div class="tgme_widget_message" data-post="a/1">{"".join(parts)}'.encode("utf-8", "replace")
    with contextlib.suppress(DocumentError):
        for post in read_preview(body, url=URL, name="a").posts:
            f"{post.sighting.body_html}{post.sighting.authors}{post.sighting.media}".encode()


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_raise_anything_but_a_document_error(body: bytes) -> None:
    with contextlib.suppress(DocumentError):
        read_preview(body, url=URL, name="a")
