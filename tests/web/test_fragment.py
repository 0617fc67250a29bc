"""`/stream?fragment=1`: the element with its rows as a piece of HTML that other sites put into their pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession
from lxml import html
from lxml.etree import _Element

from aggregator.machine import Machine
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from tests.serving import asking, read, serving

PUBLIC = "http://127.0.0.1:8000"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def visitor(machine: Machine) -> AsyncIterator[ClientSession]:
    news = [sighting(n) for n in range(12)]
    await keep(machine.database, source("trusted", AUTO, partner="tni"), news, machine.now())
    async with serving(machine) as address, asking(address) as session:
        yield session


async def element(visitor: ClientSession, query: str = "") -> _Element:
    async with visitor.get(f"/stream?fragment=1{query}") as answer:
        text = await answer.text()
        assert answer.status == 200, text
    (only,) = html.fragments_fromstring(text)
    assert only.tag == "mpower-stream"
    return only


async def test_the_piece_is_the_element_alone_open_to_all_and_renewed_by_its_mark(visitor, machine) -> None:
    async with visitor.get("/stream?fragment=1&ui=eu") as answer:
        text, etag = await answer.text(), answer.headers["ETag"]
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Language"] == "eu"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"].startswith("public")
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in answer.headers
    assert text.startswith("<mpower-stream ")
    assert text.rstrip().endswith("</mpower-stream>")
    assert not {"script", "style", "link", "html", "body"} & {node.tag for node in html.fromstring(text).iter()}
    async with visitor.get("/stream?fragment=1&ui=eu", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    await decide(machine, html.fromstring(text).xpath("//li/@data-id")[0], action="reject", editor="ana")
    async with visitor.get("/stream?fragment=1&ui=eu", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200


async def test_every_address_in_it_is_absolute_and_load_more_leads_on_with_script_and_without(visitor, machine) -> None:
    async with machine.database.write() as connection:
        await connection.exec_driver_sql("UPDATE item SET image = 'aa.webp'")
    only = await element(visitor, "&ui=eu&limit=5&tag=solar&layout=cards")
    assert only.xpath("//img/@src") == [f"{PUBLIC}/media/aa.webp"] * 5
    (more,) = only.xpath('//a[@class="mpower-more"]')
    assert all(address.startswith("http") for address in only.xpath("//@href | //@src | //@data-next"))
    assert all(one.strip().startswith("http") for many in only.xpath("//@srcset") for one in many.split(", "))
    async with visitor.get(more.get("href").removeprefix(PUBLIC)) as answer:
        page = html.fromstring(await answer.text())
    feed = await read(visitor, more.get("data-next").removeprefix(PUBLIC))
    shown = [f"News {n}" for n in range(6, 1, -1)]
    assert [title.text_content() for title in page.xpath('//li//*[contains(@class,"mpower-title")]')] == shown
    assert [item["title"] for item in feed["items"]] == shown
    assert page.xpath("/html/@lang") == ["eu"]


async def test_its_attributes_are_what_was_asked_so_that_the_script_goes_on_with_it(visitor) -> None:
    plain = await element(visitor, "&ui=en")
    assert dict(plain.attrib) == {"src": PUBLIC, "lang": "en"}
    assert len(plain.xpath(".//li//h3")) == 10
    asked = "&ui=fr&prefer=eu&prefer=es&lang=en&tag=solar&partner=tni&source=trusted&kind=article&limit=3"
    only = await element(visitor, f"{asked}&layout=compact&images=off&live=1&heading-level=4")
    assert dict(only.attrib) == {
        "src": PUBLIC,
        "lang": "fr",
        "prefer": "eu es",
        "languages": "en",
        "tag": "solar",
        "partner": "tni",
        "source": "trusted",
        "kind": "article",
        "limit": "3",
        "layout": "compact",
        "images": "off",
        "live": "",
        "heading-level": "4",
    }
    assert len(only.xpath(".//li//h4")) == 3


@pytest.mark.parametrize("wrong", ["layout=wall", "images=some", "heading-level=1", "live=yes", "limit=0"])
async def test_what_the_element_does_not_know_is_a_400(visitor, wrong: str) -> None:
    async with visitor.get(f"/stream?fragment=1&{wrong}") as answer:
        assert answer.status == 400


async def test_pieces_that_stand_in_one_page_share_no_ids(visitor) -> None:
    queries = ("&ui=en", "&ui=eu", "&ui=en&limit=3", "&ui=en&layout=cards", "&ui=en&tag=solar", "&ui=en&prefer=eu")
    pieces = [set((await element(visitor, query)).xpath("//@id")) for query in queries]
    assert all(pieces)
    assert len(set.union(*pieces)) == sum(map(len, pieces))
    assert pieces[0] == set((await element(visitor, "&ui=en")).xpath("//@id"))


async def test_a_stream_below_a_path_sends_whole_addresses_too(machine, settings) -> None:
    below = replace(machine, settings=replace(settings, public_url="https://city.example/news/"))
    await keep(machine.database, source("trusted", AUTO, partner="tni"), [sighting(n) for n in range(12)])
    async with serving(below) as address, asking(address) as session:
        only = await element(session)
    assert only.get("src") == "https://city.example/news"
    (more,) = only.xpath('//a[@class="mpower-more"]')
    assert more.get("href").startswith("https://city.example/news/stream?")
    assert more.get("data-next").startswith("https://city.example/news/stream.json?")
