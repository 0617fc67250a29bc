"""Bluesky's rich text as HTML: whatever the byte ranges are, the words stay the same."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents import fields
from aggregator.documents.networks.richtext import MOST_LINKS, hashtags, rich_text
from aggregator.refine.text import clean_html, plain_text

LINK = {"$type": "app.bsky.richtext.facet#link", "uri": "https://coop.example/a?b=1&c=2"}
MENTION = {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:abcdefghijklmnopqrstuvwx"}
TAG = {"$type": "app.bsky.richtext.facet#tag", "tag": "Energía"}


def facet(start: Any, end: Any, *features: Any) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": list(features or (LINK,))}


class Words(HTMLParser):
    """What a browser shows, and where its links begin."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[tuple[str, str]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "br":
            self.text += "\n"
        if tag == "a":
            self.links.append((dict(attrs)["href"] or "", ""))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        self.tags.add(tag)


def words(html: str) -> Words:
    reader = Words()
    reader.feed(html)
    reader.close()
    return reader


def test_links_mentions_and_hashtags_stand_where_their_bytes_are() -> None:
    text = "Día ☀️ with @ana: #Energía at coop.example"
    encoded = text.encode()

    def over(part: str, feature: dict[str, Any]) -> dict[str, Any]:
        start = encoded.index(part.encode())
        return facet(start, start + len(part.encode()), feature)

    html = rich_text(
        {"text": text, "facets": [over("coop.example", LINK), over("@ana", MENTION), over("#Energía", TAG)]}
    )
    assert html == (
        'Día ☀️ with <a href="https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx">@ana</a>: '
        '<a href="https://bsky.app/hashtag/Energ%C3%ADa">#Energía</a> at '
        '<a href="https://coop.example/a?b=1&amp;c=2">coop.example</a>'
    )
    assert plain_text(clean_html(html, None)) == text


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1, 2),  # in the middle of é
        (0, 1),
        (2, 3),  # of €'s three bytes the first
        (3, 5),
        (-2, 2),
        (0, -1),
        (0, 99),
        (98, 99),
        (2, 2),
        (5, 2),
        (True, 5),
        ("0", 2),
        (0.0, 2.0),
        (None, 2),
        (0, 10**40),
        ({}, []),
    ],
)
def test_a_range_that_cannot_be_is_plain_text(start: Any, end: Any) -> None:
    assert rich_text({"text": "é€ <b>", "facets": [facet(start, end)]}) == "é€ &lt;b&gt;"


@pytest.mark.parametrize(
    "feature",
    [
        {"$type": "app.bsky.richtext.facet#link", "uri": "javascript:alert(1)"},
        {"$type": "app.bsky.richtext.facet#link", "uri": 7},
        {"$type": "app.bsky.richtext.facet#mention", "did": '"><script>'},
        {"$type": "app.bsky.richtext.facet#tag", "tag": "#"},
        {"$type": "a.kind.of.tomorrow"},
        None,
        [],
    ],
)
def test_a_feature_that_leads_nowhere_is_plain_text(feature: Any) -> None:
    assert rich_text({"text": "word", "facets": [facet(0, 4, feature)]}) == "word"


def test_of_two_that_overlap_the_first_is_taken_whatever_their_order() -> None:
    facets = [facet(4, 8), facet(0, 5, TAG), facet(1, 3), facet(8, 12, MENTION), facet(0, 2)]
    shown = words(rich_text({"text": "abcdefghijkl", "facets": facets}))
    assert shown.text == "abcdefghijkl"
    assert [address.rsplit("/", 2)[1] for address, _ in shown.links] == ["hashtag", "profile"]


def test_lines_are_kept_and_markup_is_text() -> None:
    assert rich_text({"text": 'One\r\n\nTwo <img src=x onerror="1"> & "3"'}) == (
        "One<br><br>Two &lt;img src=x onerror=&quot;1&quot;&gt; &amp; &quot;3&quot;"
    )


def test_ten_thousand_facets_and_a_huge_text_come_out_small() -> None:
    facets = [facet(n, n + 1, {**LINK, "uri": "https://coop.example/" + "x" * 3000}) for n in range(20_000)]
    html = rich_text({"text": "e" * 200_000, "facets": facets})
    assert html.count("<a ") == MOST_LINKS
    assert len(html) < 2_000_000


def test_hashtags_are_those_in_the_text_and_those_attached() -> None:
    record = {"text": "#Energía", "facets": [facet(0, 9, TAG)], "tags": ["solar", "#Energía", 5, "", "co-op"]}
    assert hashtags(record) == ("Energía", "solar", "co-op")


text = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["a\ud800b", "\x00é\r\n€", "👩‍👩‍👧 ☀️", "<a href=x>&amp;"]
)
place = st.integers(-3, 60) | st.integers() | st.none() | st.booleans()
features = st.lists(st.sampled_from([LINK, MENTION, TAG, {}, None]), max_size=3)
facets = st.lists(
    st.builds(
        lambda start, end, found: {"index": {"byteStart": start, "byteEnd": end}, "features": found},
        place,
        place,
        features,
    )
    | st.none()
    | st.just({"index": []}),
    max_size=12,
)


@given(text, facets)
def test_whatever_the_facets_are_the_words_are_the_posts(said: str, over: list[Any]) -> None:
    shown = words(rich_text({"text": said, "facets": over}))
    assert shown.text == fields.storable(said).replace("\r", "")
    assert shown.tags <= {"a", "br"}
    assert all(address.startswith(("https://coop.example/", "https://bsky.app/")) for address, _ in shown.links)
