"""Where a page says its feeds are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.documents.pages.pages import USUAL_PATHS, FoundFeed, find_feeds
from aggregator.errors import DocumentError

URL = "https://partner.example/news/page"


def page(head: str) -> bytes:
    return f'<!doctype html><html><head><meta charset="utf-8">{head}</head><body><p>Text</p></body></html>'.encode()


def link(href: str, type_: str = "application/rss+xml", title: str = "", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{type_}" title="{title}" href="{href}">'


def urls(body: bytes) -> list[str]:
    return [found.url for found in find_feeds(body, url=URL)]


def test_a_linked_feed_is_found_with_its_title_and_type() -> None:
    assert find_feeds(page(link("/feed/", title="Coop &raquo; Feed")), url=URL) == (
        FoundFeed("https://partner.example/feed/", "Coop » Feed", "application/rss+xml"),
    )


def test_the_main_feed_comes_first_and_comments_last() -> None:
    body = page(
        link("/comments/feed/", title="Coop &raquo; Feed di aktualitate")
        + link("/post/feed/", title="Azken iruzkinak")
        + link("/feed.json", "application/feed+json")
        + link("/feed/", title="Coop")
        + link("/hr/feed/", title="Komentari")
        + link("/topic/feed/")
        + link("/atom", "application/atom+xml")
    )
    assert urls(body) == [
        f"https://partner.example{path}"
        for path in ("/atom", "/feed/", "/topic/feed/", "/feed.json", "/comments/feed/", "/post/feed/", "/hr/feed/")
    ]


def test_addresses_are_absolute_by_the_pages_base() -> None:
    assert urls(page(link("feed"))) == ["https://partner.example/news/feed"]
    assert urls(page('<base target="_top"><base href="/other/">' + link("feed"))) == [
        "https://partner.example/other/feed"
    ]
    assert urls(page('<base href="javascript:x">' + link("feed"))) == ["https://partner.example/news/feed"]
    assert urls(page(link("//else.example/feed"))) == ["https://else.example/feed"]


@pytest.mark.parametrize(
    "head",
    [
        link("javascript:alert(1)"),
        link("file:///etc/passwd"),
        link(""),
        link("/style.css", "text/css", rel="alternate stylesheet"),
        link("/eu/", "text/html"),
        link("/wp-json/wp/v2/posts/12", "application/json"),
        link("/wp-json/oembed/1.0/embed", "application/json+oembed"),
        link("/xmlrpc.php", "application/rsd+xml", rel="EditURI"),
        link("/feed/", rel="next"),
        '<link rel="alternate" href="/feed/">',
        "<!-- " + link("/old/") + " -->",
        "<script>document.write('" + link("/js/") + "')</script>",
        "<style>" + link("/css/") + "</style>",
        "",
    ],
)
def test_what_is_no_feed_is_not_found(head: str) -> None:
    assert urls(page(head)) == []


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (link("/feed.json", "application/json"), "https://partner.example/feed.json"),
        (link("/rss.xml", "text/xml"), "https://partner.example/rss.xml"),
        (link("/feed/", rel="Alternate home"), "https://partner.example/feed/"),
        (link("/feed/", "application/rss+xml; charset=UTF-8"), "https://partner.example/feed/"),
        (link("/feed/", title="Site > News"), "https://partner.example/feed/"),
        ("<LINK REL=alternate TYPE=application/rss+xml HREF=/feed/>", "https://partner.example/feed/"),
        (link("/feed/") + link("/feed/"), "https://partner.example/feed/"),
        (link("/feed/?a=1&amp;b=2"), "https://partner.example/feed/?a=1&b=2"),
    ],
)
def test_a_feed_is_found_however_it_is_written(head: str, url: str) -> None:
    assert urls(page(head)) == [url]


def test_titles_are_in_the_pages_own_encoding() -> None:
    head = link("/feed/", title="Energetsko siromaštvo: čišćenje")
    text = f"<html><head>{head}</head></html>"
    (declared,) = find_feeds(text.encode("cp1250"), url=URL, charset="windows-1250")
    (in_page,) = find_feeds(('<meta charset="windows-1250">' + text).encode("cp1250"), url=URL)
    (utf8,) = find_feeds(text.encode(), url=URL, charset="iso-8859-1")
    assert declared.title == in_page.title == utf8.title == "Energetsko siromaštvo: čišćenje"


def test_a_page_that_names_a_thousand_feeds_names_fifty() -> None:
    assert len(urls(page("".join(link(f"/{number}") for number in range(1_000))))) == 50


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 300_000,
        b'<link "' * 200_000,
        b"<link a='" * 200_000,
        b"<link " * 200_000,
        b"<script " * 200_000,
        b"<!--" * 200_000,
        ("<link " + " ".join(f"a{number}=1" for number in range(100_000)) + ">").encode(),
        ("<link " + " ".join(f"a{number}" for number in range(500)) + ">").encode() * 1_000,
    ],
)
def test_a_page_cannot_keep_the_reader_busy(body: bytes) -> None:
    started = time.process_time()
    assert urls(body) == []
    assert time.process_time() - started < 30  # a hang, not a speed


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_a_page(body: bytes, attribute: bytes) -> None:
    for text in (body, b'<link rel=alternate type=application/rss+xml href="' + attribute + b'">' + body):
        try:
            found = urls(text)
        except DocumentError:
            continue
        assert all(url.startswith(("http://", "https://")) for url in found)


def test_the_usual_paths_are_distinct_and_relative() -> None:
    assert len(set(USUAL_PATHS)) == len(USUAL_PATHS)
    assert not [path for path in USUAL_PATHS if path.startswith("/")]
