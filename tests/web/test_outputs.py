"""What search engines, feed readers and other sites ask for besides the stream; and that what is withdrawn leaves all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from lxml import etree, html
from protego import Protego

from aggregator.documents.opml import read_opml
from aggregator.machine import Machine
from aggregator.model import Detection
from aggregator.store.changes import touch_stream
from aggregator.store.tables import item
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from tests.serving import asking, read, serving
from web.outputs import sitemap
from web.outputs.sourcelist import is_open

ROOT = "http://127.0.0.1:8000"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


@pytest.fixture
async def visitor(machine: Machine) -> AsyncIterator[ClientSession]:
    seen = [sighting(n) for n in range(5)]
    await keep(machine.database, source("trusted", AUTO, partner="tni"), seen, machine.now())
    async with serving(machine) as address, asking(address) as session:
        yield session


async def text_of(visitor: ClientSession, path: str) -> str:
    async with visitor.get(path) as answer:
        assert answer.status == 200, (path, await answer.text())
        return (await answer.read()).decode()


def find(document: str, path: str) -> list[Any]:
    return etree.fromstring(document.encode()).xpath(path, namespaces=NAMES)


async def test_what_is_withdrawn_leaves_every_output_at_once(visitor: ClientSession, machine: Machine) -> None:
    first = (await read(visitor, "/stream.json"))["items"][0]
    item_id, title = first["id"], first["title"]
    other = await keep(machine.database, source("more", AUTO), [sighting(9)], machine.now(), {"story_keys": (8,)})
    again = sighting(10, url="https://city.example/10")
    twin = await keep(
        machine.database, source("twin", AUTO), [again], machine.now(),
        {"story_keys": (8,), "detection": Detection("eu", 1.0, "test")},
    )  # fmt: skip
    paths = [
        "/", "/stream", "/embed", "/stream.json", "/stream.atom", "/stream.rss", "/sitemap.xml",
        "/stream.json?tag=solar", "/stream.atom?q=News", "/stream.rss?lang=en", f"/item/{other.item_ids[0]}",
    ]  # fmt: skip
    texts = {path: await text_of(visitor, path) for path in paths}
    for path in paths[:-1]:
        assert item_id in texts[path] or title in texts[path], path
    assert twin.item_ids[0] in texts[paths[-1]]
    url = quote(f"{ROOT}/item/{item_id}", safe="")
    assert (await read(visitor, f"/oembed?url={url}"))["title"] == title
    await decide(machine, item_id, action="reject", editor="ana")
    await decide(machine, twin.item_ids[0], action="reject", editor="ana")
    for path in paths:
        now = await text_of(visitor, path)
        assert item_id not in now, path
        # A story keeps its name, which may be that of an item.
        left = now.replace(f'data-story="{twin.item_ids[0]}"', "").replace(f'"story": "{twin.item_ids[0]}"', "")
        assert twin.item_ids[0] not in left, path
        assert f"{title}<" not in now, path
    for path, status in ((f"/item/{item_id}", 410), (f"/oembed?url={url}", 404)):
        async with visitor.get(path) as answer:
            assert answer.status == status


async def test_search_engines_find_every_page_with_its_languages(
    visitor: ClientSession, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    story: dict[str, Any] = {"story_keys": (8,)}
    ids = {}
    for number, language in ((20, "en"), (21, "eu")):
        told = story | {"detection": Detection(language, 1.0, "test")}
        kept = await keep(machine.database, source(f"in-{language}", AUTO), [sighting(number)], machine.now(), told)
        ids[language] = kept.item_ids[0]
    held = await keep(machine.database, source("held"), [sighting(30)], machine.now())
    text = await text_of(visitor, "/sitemap.xml")
    pages = find(text, "/s:urlset/s:url/s:loc/text()")
    assert pages[:2] == [f"{ROOT}/", f"{ROOT}/stream"]
    assert len(pages) == 2 + 7
    assert held.item_ids[0] not in text
    here = f"//s:url[s:loc='{ROOT}/item/{ids['en']}']"
    assert find(text, f"{here}/s:lastmod/text()") == ["2026-11-02T05:00:00Z"]
    links = {link.get("hreflang"): link.get("href") for link in find(text, f"{here}/x:link")}
    assert links == {language: f"{ROOT}/item/{item_id}" for language, item_id in ids.items()}
    # A long stream is told in parts, each page once.
    monkeypatch.setattr(sitemap, "MOST", 3)
    async with machine.database.write() as connection:
        await touch_stream(connection)  # what is kept of it goes
    await machine.bell.ring()
    parts = find(await text_of(visitor, "/sitemap.xml"), "/s:sitemapindex/s:sitemap/s:loc/text()")
    assert len(parts) == 3
    told = [find(await text_of(visitor, part.removeprefix(ROOT)), "//s:loc/text()") for part in parts]
    assert sorted(page for part in told for page in part) == sorted(pages)
    for part, status in (("0", 400), ("4", 404)):
        async with visitor.get(f"/sitemap.xml?part={part}") as answer:
            assert answer.status == status


async def test_robots_may_read_what_is_public_and_nothing_else(visitor: ClientSession) -> None:
    rules = Protego.parse(await text_of(visitor, "/robots.txt"))
    assert list(rules.sitemaps) == [f"{ROOT}/sitemap.xml"]
    for path in ("/", "/stream?lang=eu", "/item/x", "/stream.atom", "/media/x.webp", "/widget.js"):
        assert rules.can_fetch(f"{ROOT}{path}", "anybot"), path
    for path in ("/curation/", "/curation/api/items", "/push/hook/x", "/hub"):
        assert not rules.can_fetch(f"{ROOT}{path}", "anybot"), path


SECRETS = """
[[source]]
id = "letters"
partner = "city"
kind = "mail"
url = "imaps://mail.city.example"
user = "news"
token = "env:MAIL"

[[source]]
id = "posts"
partner = "city"
kind = "hook"
url = "https://inside.city.example/hidden"
token = "env:HOOK"

[[source]]
id = "mine"
partner = "city"
kind = "feed"
url = "https://news.example/rss?token=OPENSESAME"

[[source]]
id = "off"
partner = "city"
kind = "feed"
url = "https://off.example/feed"
enabled = false
"""


async def test_the_list_of_sources_tells_no_secret(visitor: ClientSession, machine: Machine) -> None:
    with machine.settings.sources.open("a") as file:
        file.write(SECRETS)
    assert machine.sources.reload_if_changed(), machine.sources.problem
    await machine.know_sources()
    async with visitor.get("/sources.opml") as answer:
        assert answer.content_type == "text/x-opml"
        text = await answer.text()
    feeds = {outline.url for outline in read_opml(text.encode())}
    assert feeds == {source.url for source in machine.configuration.sources if source.id in {"held", "trusted"}}
    assert find(text, "string(/opml/@version)") == "2.0"
    for hidden in ("OPENSESAME", "imaps:", "inside", "off.example"):
        assert hidden not in text, hidden


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://city.example/feed?page=2&lang=eu", True),
        ("https://www.reddit.com/r/trams/.rss?feed=abc&user=mila", False),
        ("https://city.example/feed?api_key=1", False),
        ("https://city.example/feed?X-Amz-Signature=1", False),
        ("https://mila:pw@city.example/feed", False),
        ("imaps://mail.city.example", False),
    ],
)
def test_an_address_with_a_key_is_nobodys_business(url: str, *, expected: bool) -> None:
    assert is_open(url) is expected


async def test_another_site_embeds_any_page_of_the_stream(visitor: ClientSession) -> None:
    url = quote(f"{ROOT}/stream?ui=eu&tag=solar&lang=en", safe="")
    said = await read(visitor, f"/oembed?url={url}&maxwidth=400&maxheight=500")
    assert (said["type"], said["version"], said["width"], said["height"]) == ("rich", "1.0", 400, 500)
    (frame,) = html.fragments_fromstring(said["html"])
    assert frame.get("src") == f"{ROOT}/embed?lang=en&tag=solar&ui=eu"
    assert (frame.get("width"), frame.get("height")) == ("400", "500")
    async with visitor.get(frame.get("src").removeprefix(ROOT)) as answer:
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    for page, src in (
        ("/", "/embed?ui=en"),
        ("/?lang=eu&partner=tni", "/embed?partner=tni&ui=eu"),
        ("", "/embed?ui=en"),
    ):
        said = await read(visitor, f"/oembed?url={quote(ROOT + page, safe='')}")
        assert html.fragments_fromstring(said["html"])[0].get("src") == ROOT + src
    async with visitor.get(f"/oembed?url={url}&format=xml") as answer:
        assert answer.content_type == "text/xml"
        assert find(await answer.text(), "string(/oembed/type)") == "rich"
    item_id = (await read(visitor, "/stream.json"))["items"][0]["id"]
    said = await read(visitor, f"/oembed?url={quote(f'{ROOT}/item/{item_id}?ui=eu', safe='')}")
    assert (said["type"], said["title"], said["author_name"]) == ("link", "News 4", "Transnational Institute")
    # What a page's head names leads there.
    page = html.fromstring(await text_of(visitor, "/stream?tag=solar&ui=hr"))
    (discovered,) = page.xpath("//link[@type='application/json+oembed']/@href")
    assert "tag=solar&amp;ui=hr" in (await read(visitor, discovered))["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        (f"url={ROOT}/stream&maxwidth=x", 400),
        (f"url={ROOT}/stream%3Flimit=0", 400),
        (f"url={ROOT}/stream&format=yaml", 501),
        ("url=https://elsewhere.example/stream", 404),
        ("url=http://127.0.0.1:80001/stream", 404),
        (f"url={ROOT}.evil.example/stream", 404),
        (f"url={ROOT}/curation/", 404),
        (f"url={ROOT}/item/unknown", 404),
        (f"url={ROOT}/item/x%2500y", 404),
    ],
)
async def test_what_cannot_be_embedded_is_said_so(visitor: ClientSession, query: str, status: int) -> None:
    async with visitor.get(f"/oembed?{query}") as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_a_waiting_item_is_in_no_output(visitor: ClientSession, machine: Machine) -> None:
    held = (await keep(machine.database, source("held"), [sighting(77)], machine.now())).item_ids[0]
    async with machine.database.read() as connection:
        assert (await connection.execute(item.select().where(item.c.id == held))).one().public_at is None
    for path in ("/stream.json", "/stream.atom", "/stream.rss", "/sitemap.xml", "/stream", "/"):
        text = await text_of(visitor, path)
        assert held not in text
        assert "News 77" not in text
    async with visitor.get(f"/oembed?url={quote(f'{ROOT}/item/{held}', safe='')}") as answer:
        assert answer.status == 404
