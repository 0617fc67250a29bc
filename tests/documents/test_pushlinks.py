"""Where feeds say that they can be had by push, in each format and in the headers of their answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.documents.feeds.pushlinks import header_links, with_header
from aggregator.documents.feeds.reading import read_feed
from aggregator.model import Document

URL = "https://city.example/feed"
LINKS = '<{0}link rel="hub" href="https://hub.example/"/><{0}link rel="self" href="/topic"/><{0}link rel="hub" href="ftp://x/"/>'
ENTRY = '<entry><id>1</id><title>One</title><link rel="hub" href="https://entry.example/"/></entry>'
ATOM = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>City</title>{LINKS.format("")}{ENTRY}</feed>'
RSS = (
    f'<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><title>City</title>{LINKS.format("a:")}'
    "<link>https://city.example/</link><item><title>One</title><guid>1</guid></item></channel></rss>"
)
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "City",
        "feed_url": "/topic",
        "hubs": [
            {"type": "rssCloud", "url": "https://cloud.example/"},
            {"type": "WebSub", "url": "https://hub.example/"},
            {"type": "WebSub", "url": 7},
            "nonsense",
        ],
        "items": [],
    }
)


@pytest.mark.parametrize("text", [ATOM, RSS, JSON], ids=["atom", "rss", "json"])
def test_a_feed_names_its_hubs_and_its_topic(text: str) -> None:
    document = read_feed(text.encode(), url=URL)
    assert document.hubs == ("https://hub.example/",)
    assert document.topic == "https://city.example/topic"


def test_a_feed_without_hubs_has_none() -> None:
    text = ATOM.replace("hub", "alternate").replace('rel="self"', 'rel="up"')
    assert (read_feed(text.encode(), url=URL).hubs, read_feed(text.encode(), url=URL).topic) == ((), None)


def test_no_more_than_a_few_hubs_are_kept() -> None:
    many = "".join(f'<link rel="hub" href="https://hub.example/{n}"/>' for n in range(50))
    assert len(read_feed(ATOM.replace(LINKS.format(""), many).encode(), url=URL).hubs) == 5


def test_what_the_header_says_goes_before_the_documents_own_word() -> None:
    document = Document((), "atom", hubs=("https://old.example/",), topic="https://old.example/topic")
    both = with_header(document, '<https://new.example/>; rel="hub", </topic>; rel=self', URL)
    assert (both.hubs, both.topic) == (("https://new.example/",), "https://city.example/topic")
    assert with_header(document, '</style.css>; rel="preload"', URL) == document
    assert with_header(document, "", URL) == document


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ('<https://h/>; rel="hub"', [("hub", "https://h/")]),
        ("<https://h/>;REL=hub", [("hub", "https://h/")]),
        ('<a>; rel="hub self"; title="x, <b>; rel=hub"', [("hub self", "a")]),
        ('<a>; title="rel=hub"; rel=next; rel=hub', [("next", "a")]),
        ('<a,b;c>; rel=hub,<d>;rel="self"', [("hub", "a,b;c"), ("self", "d")]),
        ("<a>; rel", []),
        ("<a", []),
        ("rel=hub", []),
    ],
)
def test_a_link_header_is_read_as_the_rfc_has_it(header: str, links: list[tuple[str, str]]) -> None:
    assert list(header_links(header)) == links


@given(st.text(alphabet='<>;,="\\ relhubself/:', max_size=2000))
def test_no_header_breaks_the_reader(header: str) -> None:
    document = with_header(Document((), "atom"), header, URL)
    assert all(hub.startswith(("http://", "https://")) for hub in document.hubs)
