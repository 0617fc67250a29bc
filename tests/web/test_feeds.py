"""The stream as JSON Feed, Atom and RSS: read by parsers that others wrote, and held against what the texts prescribe."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import fastfeedparser
import feedparser
import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.filters import Asked, WrongValue
from aggregator.machine import Machine
from aggregator.model import Author, Card
from aggregator.store.about import About
from aggregator.store.stream import AlsoOn, StreamFilters
from tests.builders import AUTO, keep, sighting, source
from tests.serving import asking, serving
from tests.web.samples import CONFIGURATION, stream_item, stream_page
from web.outputs.atom import write_atom
from web.outputs.feed import Feed, urn
from web.outputs.feeds import read_topic
from web.outputs.rss import write_rss
from web.outputs.streamjson import write_json

ROOT = "https://stream.example"
HUB = f"{ROOT}/hub"
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
FULL = stream_item(
    3,
    title="Warm homes & <cold> nights",
    content_html='<p>Warm <a href="https://partner.example/?a=1&amp;b=2">homes</a>.</p>',
    image="abc.webp",
    image_alt="A warm street",
    image_width=960,
    image_height=640,
    modified_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    authors=(Author("Ana", "https://carbon.coop/ana"), Author("Bo")),
    tags=("retrofit", "solar"),
    also_on=(
        AlsoOn("01J8", "ehu", "https://ehu.example/eu", "eu"),
        AlsoOn("01J9", "tni", "https://tni.example/eu", "eu"),
        AlsoOn("01J7", "tni", "https://tni.example/en", "en"),
    ),
)
POST = stream_item(4, title=None, url=None, authors=(), language="eu", partner="ehu", kind="post", content_html="")


def feed_of(*items: Any, path: str, cursor: str | None = None, next_cursor: str | None = "on") -> Feed:
    asked = Asked(StreamFilters(lang=("en", "eu"), q="a & b"), limit=5, cursor=cursor, prefer=("eu",))
    page = stream_page(*items, next_cursor=next_cursor)
    return Feed(page, asked, path, CONFIGURATION, ROOT, HUB, {"abc.webp": 1234}.get)


def find(document: bytes, path: str) -> list[Any]:
    return etree.fromstring(document).xpath(path, namespaces=NAMES)


def test_atom_says_all_that_rfc_4287_asks_for_and_rfc_5005_s_pages() -> None:
    document = write_atom(feed_of(FULL, POST, path="/stream.atom"))
    query = "?lang=en&lang=eu&q=a+%26+b&prefer=eu&limit=5"
    for name in ("id", "title", "updated"):  # sections 4.1.1 and 4.1.2: exactly one of each
        for holder in find(document, "/a:feed | //a:entry"):
            assert len(holder.xpath(f"a:{name}", namespaces=NAMES)) == 1, name
    assert find(document, "string(/a:feed/a:id)") == f"{ROOT}/stream.atom{query}"
    links = {link.get("rel"): link.get("href") for link in find(document, "/a:feed/a:link")}
    assert links == {
        "self": f"{ROOT}/stream.atom{query}",
        "first": f"{ROOT}/stream.atom{query}",
        "next": f"{ROOT}/stream.atom{query}&cursor=on",
        "alternate": f"{ROOT}/stream{query}",
        "hub": HUB,
    }
    first, post = find(document, "//a:entry")
    assert first.get(f"{{{NAMES['xml']}}}lang") == "en"
    assert post.get(f"{{{NAMES['xml']}}}lang") == "eu"
    assert find(document, "string(//a:entry[1]/a:updated)") == "2026-11-23T09:30:00Z"
    assert find(document, "string(//a:entry[1]/a:published)") == "2026-11-23T06:00:00Z"
    assert find(document, "string(//a:entry[1]/a:content[@type='html'])") == FULL.content_html
    assert find(document, "//a:entry[1]/a:category/@label") == ["Retrofit", "Solar energy"]
    # Section 4.1.2: no two alternates of one type and language; an entry without content has an alternate.
    alternates = find(document, "//a:entry[1]/a:link[@rel='alternate']")
    assert [(link.get("hreflang"), link.get("href")) for link in alternates] == [
        ("en", FULL.url),
        ("eu", "https://ehu.example/eu"),
        (None, FULL.url),  # for readers that follow the last one
    ]
    assert len(find(document, "//a:entry[1]/a:link[@rel='related']")) == 2
    assert find(document, "//a:entry[1]/a:link[@rel='enclosure']/@length") == ["1234"]
    assert find(document, "//a:entry[1]/media:thumbnail/@url") == [f"{ROOT}/media/abc.webp"]
    assert find(document, "//a:entry[2]/a:link[@rel='alternate']/@href") == [f"{ROOT}/item/{POST.id}"]
    assert find(document, "string(//a:entry[2]/a:author/a:name)") == "University of the Basque Country"
    assert all(find(document, "//a:entry/a:author/a:name/text()"))


def test_rss_says_all_that_its_specification_asks_for() -> None:
    document = write_rss(feed_of(FULL, POST, path="/stream.rss"))
    for name in ("title", "link", "description"):
        assert len(find(document, f"/rss/channel/{name}/text()")) == 1, name
    assert find(document, "string(/rss/@version)") == "2.0"
    for rel in ("self", "first", "next", "hub"):
        assert len(find(document, f"/rss/channel/a:link[@rel='{rel}']")) == 1, rel
    assert find(document, "//item/guid/text()") == [urn(FULL.id), urn(POST.id)]
    assert set(find(document, "//item/guid/@isPermaLink")) == {"false"}
    assert parsedate_to_datetime(find(document, "string(//item[1]/pubDate)")) == FULL.published_at
    assert find(document, "//item[1]/dc:creator/text()") == ["Ana", "Bo"]
    assert find(document, "//item/dc:language/text()") == ["en", "eu"]
    assert find(document, "string(//item[1]/content:encoded)") == FULL.content_html
    (enclosure,) = find(document, "//enclosure")
    assert dict(enclosure.attrib) == {"url": f"{ROOT}/media/abc.webp", "length": "1234", "type": "image/webp"}
    # Each item has a title or a description.
    assert all(item.xpath("title/text() | description/text()") for item in find(document, "//item"))
    missing = write_rss(replace(feed_of(FULL, path="/stream.rss"), size_of=lambda _: None))
    assert find(missing, "//enclosure") == []


def test_json_feed_has_every_member_that_its_text_makes_a_must() -> None:
    post = replace(POST, about=About(card=Card("https://tni.example/report", "A report")))
    said = json.loads(write_json(feed_of(FULL, post, path="/stream.json")))
    assert said["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(said["title"], str)
    assert said["hubs"] == [{"type": "WebSub", "url": HUB}]
    assert (said["language"], said["authors"]) == ("en", [{"name": "mPOWER", "url": f"{ROOT}/"}])
    for item in said["items"]:
        assert isinstance(item["id"], str)
        assert {"content_html", "content_text"} & set(item)
        assert all(author.keys() & {"name", "url", "avatar"} for author in item.get("authors", []))
    assert [item.get("external_url") for item in said["items"]] == [None, "https://tni.example/report"]
    assert [item["_mpower"]["page"] for item in said["items"]] == [f"{ROOT}/item/{FULL.id}", f"{ROOT}/item/{POST.id}"]


def test_a_page_further_on_and_the_last_one_say_so() -> None:
    feed = feed_of(FULL, path="/stream.atom", cursor="here", next_cursor=None)
    document = write_atom(feed)
    assert find(document, "/a:feed/a:link[@rel='self']/@href")[0].endswith("&cursor=here")
    assert not find(document, "/a:feed/a:link[@rel='next' or @rel='hub']")
    assert find(document, "string(/a:feed/a:id)") == feed.first_url
    assert 'rel="next"' not in feed.links()
    assert 'rel="hub"' not in feed.links()


def test_a_text_that_looks_like_markup_stays_a_text_for_readers_of_rss() -> None:
    item = stream_item(5, summary="Use <b>less</b> & <script>run()</script>")
    entry = etree.fromstring(write_rss(feed_of(item, path="/stream.rss"))).find("channel/item")
    assert entry.findtext("description") == "Use &lt;b&gt;less&lt;/b&gt; &amp; &lt;script&gt;run()&lt;/script&gt;"


@pytest.mark.parametrize(("path", "write"), [("/stream.atom", write_atom), ("/stream.rss", write_rss)])
def test_readers_that_others_wrote_find_everything(path: str, write: Any) -> None:
    document = write(feed_of(FULL, POST, path=path))
    read = feedparser.parse(document)
    assert not read.bozo, read.get("bozo_exception")
    entry, post = read.entries
    assert (entry.id, entry.link) == (urn(FULL.id), FULL.url)
    assert entry.title == "Warm homes & <cold> nights"
    assert entry.summary == FULL.summary
    assert entry.content[0].value == FULL.content_html
    assert entry.published_parsed[:5] == (2026, 11, 23, 6, 0)
    assert [link.href for link in entry.enclosures] == [f"{ROOT}/media/abc.webp"]
    assert {author.name for author in entry.authors} == {"Ana", "Bo"}
    assert [tag.label or tag.term for tag in entry.tags] == ["Retrofit", "Solar energy"]
    assert {link.rel for link in read.feed.links} >= {"self", "next", "hub", "first"}
    assert post.link == f"{ROOT}/item/{POST.id}"
    second = fastfeedparser.parse(document)
    assert [entry["id"] for entry in second.entries] == [urn(FULL.id), urn(POST.id)]
    assert second.entries[0]["title"] == "Warm homes & <cold> nights"
    assert second.feed["title"] == "mPOWER"


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)


@given(ANY_TEXT)
def test_no_text_breaks_a_feed(text: str) -> None:
    author = Author(text or "x", f"https://a.example/{text}")
    item = replace(
        FULL,
        title=text,
        summary=text,
        content_html=text,
        image_alt=text,
        tags=(text,),
        authors=(author,),
        language="en",
    )
    for path, write in (("/stream.atom", write_atom), ("/stream.rss", write_rss)):
        document = write(feed_of(item, path=path))
        document.decode("utf-8")
        assert len(find(document, "//a:entry | //item")) == 1


def test_an_items_id_is_the_same_wherever_and_whenever_it_is_written() -> None:
    assert urn("01J00003") == "urn:uuid:f9f65c79-5dbc-59df-b4cc-199b0519fa90"


@pytest.fixture
async def visitor(machine: Machine) -> AsyncIterator[ClientSession]:
    seen = [sighting(n) for n in range(25)]
    await keep(machine.database, source("trusted", AUTO, partner="tni"), seen, machine.now())
    async with serving(machine) as address, asking(address) as session:
        yield session


@pytest.mark.parametrize("path", ["/stream.json", "/stream.atom", "/stream.rss"])
async def test_every_format_takes_every_filter_and_its_pages_show_each_item_once(
    visitor: ClientSession, path: str
) -> None:
    url: str | None = f"{path}?lang=en&tag=solar&partner=tni&source=trusted&kind=article&q=News&prefer=eu&limit=7"
    seen: list[str] = []
    while url:
        async with visitor.get(url) as answer:
            body = await answer.read()
            assert answer.status == 200, body
            links = answer.headers.getall("Link")
        if path == "/stream.json":
            said = json.loads(body)
            seen += [item["title"] for item in said["items"]]
            following, own = said.get("next_url"), said["feed_url"]
        else:
            seen += find(body, "//a:entry/a:title/text() | //item/title/text()")
            (own,) = find(body, "//a:link[@rel='self' and not(ancestor::a:entry)]/@href")
            following = next(iter(find(body, "//a:link[@rel='next']/@href")), None)
        assert f'<{own}>; rel="self"' in links[0]
        assert ('<http://127.0.0.1:8000/hub>; rel="hub"' in links[0]) == ("cursor=" not in own)
        url = following and following.removeprefix("http://127.0.0.1:8000")
    assert seen == [f"News {n}" for n in reversed(range(25))]
    async with visitor.get(f"{path}?tag=none") as answer:
        assert answer.status == 200
        assert b"News" not in await answer.read()
    for wrong in ("limit=0", "lang=x!", "cursor=AAAA", "tag=../x", "q=%0a", "prefer=x!"):
        async with visitor.get(f"{path}?{wrong}", headers={"Accept": "text/html"}) as answer:
            assert (answer.status, answer.content_type) == (400, "application/problem+json"), wrong
            assert (await answer.json(content_type=None))["field"] == wrong.partition("=")[0]


async def test_the_types_are_those_that_readers_know(visitor: ClientSession) -> None:
    for path, kind in (
        ("/stream.json", "application/feed+json"),
        ("/stream.atom", "application/atom+xml; charset=utf-8"),
        ("/stream.rss", "application/rss+xml; charset=utf-8"),
    ):
        async with visitor.get(path) as answer:
            assert answer.headers["Content-Type"].startswith(kind)


def test_a_topic_is_one_of_our_feeds_under_its_own_name() -> None:
    path, asked = read_topic(f"{ROOT}/stream.atom?lang=en&lang=eu&limit=5", ROOT)
    assert (path, asked.filters.lang, asked.limit) == ("/stream.atom", ("en", "eu"), 5)
    assert read_topic("https://h.example/s/stream.rss", "https://h.example/s")[0] == "/stream.rss"
    for wrong in (
        f"{ROOT}/stream",
        f"{ROOT}.evil.example/stream.atom",
        "https://elsewhere.example/stream.atom",
        f"{ROOT}/stream.atom?lang=eu&lang=en",  # the same, but not as it calls itself
        f"{ROOT}/stream.atom?cursor=abc",
        f"{ROOT}/stream.atom?limit=0",
        f"{ROOT}/stream.atom#x",
        f"{ROOT}/stream.atom?",
        "",
    ):
        with pytest.raises(WrongValue):
            read_topic(wrong, ROOT)
