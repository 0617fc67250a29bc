"""An item's own page: what it shows, what it says to programs, and what nobody learns from it."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from lxml import html
from PIL import Image
from playwright.async_api import Page
from sqlalchemy import update

from aggregator.machine import Machine
from aggregator.model import Author, Detection, Kind
from aggregator.store.about import About
from aggregator.store.changes import touch_stream
from aggregator.store.tables import item
from curation.decisions import decide
from curation.edits import Edit, edit_item
from tests.builders import AUTO, keep, sighting, source
from tests.serving import asking, serving
from tests.web.samples import CONFIGURATION, stream_item
from web.outputs.structured import as_data, item_data
from web.strings import all_strings

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def keep_one(machine: Machine, number: int, language: str = "en", review: Any = AUTO, **about: Any) -> str:
    said = {"detection": Detection(language, 1.0, "test"), "story_keys": (8,), **about}
    seen = sighting(number, title=about.pop("title", f"In {language}"), url=f"https://tni.example/{number}")
    said.pop("title", None)
    kept = await keep(machine.database, source(f"in-{number}", review, partner="tni"), [seen], machine.now(), said)
    return kept.item_ids[0]


@pytest.fixture
async def visitor(machine: Machine) -> AsyncIterator[ClientSession]:
    async with serving(machine) as address, asking(address) as session:
        yield session


async def page_of(visitor: ClientSession, path: str) -> Any:
    async with visitor.get(path, headers=BROWSER) as answer:
        assert answer.status == 200, await answer.text()
        return html.fromstring((await answer.read()).decode())


async def test_an_item_has_a_page_in_the_visitors_language(visitor: ClientSession, machine: Machine) -> None:
    body = '<h2>What we did</h2><p>All of <a href="https://tni.example/more">it</a>.</p>'
    item_id = await keep_one(machine, 1, content_html=body, authors=(Author("Ana"),))
    other = await keep_one(machine, 2, "eu")
    page = await page_of(visitor, f"/item/{item_id}?ui=es")
    assert page.get("lang") == "es"
    article = page.xpath("//article")[0]
    assert article.get("lang") == "en"
    assert article.xpath("string(h1)") == "In en"
    assert article.xpath("string(.//div[@class='content'])") == "What we didAll of it."
    assert [link.get("href") for link in article.xpath(".//a[@class='button']")] == ["https://tni.example/1"]
    assert "/stream?tag=solar&ui=es" in article.xpath(".//a/@href")
    assert article.xpath(f".//a[@hreflang='eu' and @href='http://127.0.0.1:8000/item/{other}?ui=es']")
    # Partners keep their place in search engines: ours is a copy, and says so.
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://tni.example/1"]
    assert page.xpath("//meta[@name='robots']/@content") == ["index,follow"]
    alternates = {link.get("hreflang"): link.get("href") for link in page.xpath("//link[@hreflang]")}
    assert alternates == {lang: f"http://127.0.0.1:8000/item/{id_}" for lang, id_ in (("en", item_id), ("eu", other))}
    graph = {meta.get("property"): meta.get("content") for meta in page.xpath("//meta[@property]")}
    assert (graph["og:type"], graph["og:title"], graph["og:locale"]) == ("article", "In en", "es_ES")
    assert graph["og:url"] == f"http://127.0.0.1:8000/item/{item_id}"


async def test_what_has_no_picture_is_shared_with_one_of_ours(visitor: ClientSession, machine: Machine) -> None:
    item_id = await keep_one(machine, 1)
    for path in (f"/item/{item_id}", "/stream", "/"):
        page = await page_of(visitor, path)
        graph = {meta.get("property"): meta.get("content") for meta in page.xpath("//meta[@property]")}
        assert graph["og:image"] == "http://127.0.0.1:8000/static/share.png"
        assert page.xpath("//meta[@name='twitter:card']/@content") == ["summary_large_image"]
        async with visitor.get("/static/share.png") as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")
            drawn = Image.open(io.BytesIO(await answer.read()))
        size = (int(graph["og:image:width"]), int(graph["og:image:height"]))
        assert drawn.size == size == (1200, 630)
    async with machine.database.write() as connection:
        own = {"image": f"{'0' * 40}.webp", "image_width": 900, "image_height": 600}
        await connection.execute(update(item).values(**own))
        await touch_stream(connection)
    await machine.bell.ring()
    page = await page_of(visitor, f"/item/{item_id}")
    assert page.xpath("//meta[@property='og:image']/@content") == [f"http://127.0.0.1:8000/media/{'0' * 40}.webp"]
    assert page.xpath("//meta[@property='og:image:width']/@content") == ["900"]


async def test_a_translation_is_shown_as_one_with_the_original_at_hand(
    visitor: ClientSession, machine: Machine
) -> None:
    item_id = await keep_one(machine, 1)
    words = Edit.model_validate({"translations": {"eu": {"title": "Euskaraz", "summary": "Laburpena."}}, "version": 1})
    await edit_item(machine, item_id, words, editor="ana")
    page = await page_of(visitor, f"/item/{item_id}?ui=eu")
    (heading,) = page.xpath("//h1")
    assert (heading.get("lang"), heading.text) == ("eu", "Euskaraz")
    assert all_strings()["eu"].word("translated") in page.xpath("string(//p[@class='about'])")
    assert page.xpath("string(//details/summary)") == all_strings()["eu"].word("original")
    assert "In en" in page.xpath("string(//details)")
    assert page.xpath("string(//article/p[@lang='eu' and not(@class)])") == "Laburpena."


async def test_what_was_public_is_gone_and_of_what_never_was_nobody_learns(
    visitor: ClientSession, machine: Machine
) -> None:
    waiting = (await keep(machine.database, source("held"), [sighting(5)], machine.now())).item_ids[0]
    public = await keep_one(machine, 1)
    await decide(machine, waiting, action="reject", editor="ana")
    unknown = f"/item/{'0' * 26}"
    answers = []
    for path in (f"/item/{waiting}", unknown):
        async with visitor.get(path) as answer:
            answers.append((answer.status, await answer.read()))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    await decide(machine, public, action="reject", editor="ana")
    async with visitor.get(f"/item/{public}?ui=fr", headers=BROWSER) as answer:
        assert answer.status == 410
        assert all_strings()["fr"].text("problem_gone") in (await answer.read()).decode()
    async with visitor.get(f"/item/{public}") as answer:
        assert (answer.status, answer.content_type) == (410, "application/problem+json")
    # An editor who takes it back shows it again; one who looks again tells nothing.
    await decide(machine, public, action="undo", editor="ana")
    async with visitor.get(f"/item/{public}") as answer:
        assert answer.status == 200


HOSTILE = '</script><script>document.title="ran"</script><!--'


def test_nothing_in_an_item_ends_the_script_that_holds_it() -> None:
    item = stream_item(title=HOSTILE, summary=HOSTILE, authors=(Author(HOSTILE),))
    data = as_data(item_data(item, HOSTILE, CONFIGURATION, "https://stream.example"))
    assert "<" not in data
    assert json.loads(data)["headline"] == HOSTILE


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.ARTICLE, {"@type": "NewsArticle", "headline": "Warm", "datePublished": "2026-11-23T09:00:00Z"}),
        (Kind.POST, {"@type": "SocialMediaPosting", "headline": "Warm"}),
        (Kind.VIDEO, {"@type": "VideoObject", "name": "Warm", "thumbnailUrl": "https://s.example/media/a.webp"}),
        (Kind.EVENT, {"@type": "Event", "startDate": "2026-12-04T17:00:00Z", "location": {"@type": "Place", "name": "Hall"}}),
    ],
)  # fmt: skip
def test_programs_read_what_kind_of_thing_it_is(kind: Kind, expected: dict[str, Any]) -> None:
    moment = datetime(2026, 12, 4, 17, tzinfo=UTC)
    item = replace(
        stream_item(), kind=kind, image="a.webp", starts_at=moment, ends_at=moment, about=About(place="Hall")
    )
    said = item_data(item, "Warm", CONFIGURATION, "https://s.example")
    assert {name: said[name] for name in expected} == expected
    whose = said["organizer" if kind is Kind.EVENT else "publisher"]
    assert whose == {"@type": "Organization", "name": "Carbon Co-op", "url": "https://carbon.coop/"}


async def test_the_stream_says_the_same_to_programs_and_names_its_languages(
    visitor: ClientSession, machine: Machine
) -> None:
    item_id = await keep_one(machine, 1)
    page = await page_of(visitor, "/stream?ui=eu&tag=solar")
    (data,) = page.xpath("//script[@type='application/ld+json']/text()")
    said = json.loads(data)
    assert said["@type"] == "CollectionPage"
    assert said["mainEntity"]["itemListElement"][0]["url"] == f"http://127.0.0.1:8000/item/{item_id}"
    assert page.xpath("//meta[@property='og:title']/@content") == [
        f"{all_strings()['eu'].text('stream_title')} · Test stream"
    ]
    assert sorted(page.xpath("//link[@rel='alternate']/@hreflang")) == sorted(all_strings())
    for path, query in (
        ("/stream?ui=eu&tag=solar", "?tag=solar"),
        ("/embed?tag=solar", "?tag=solar"),
        ("/?lang=eu", ""),
    ):
        page = await page_of(visitor, path)
        for kind, name in (("feed+json", "json"), ("atom+xml", "atom"), ("rss+xml", "rss")):
            assert page.xpath(f"//link[@type='application/{kind}']/@href") == [f"/stream.{name}{query}"], path
    page = await page_of(visitor, "/?lang=eu")
    assert page.xpath("//link[@hreflang='x-default']/@href") == ["http://127.0.0.1:8000/"]
    assert page.xpath("//meta[@property='og:site_name']/@content") == ["Test stream"]


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_browser_runs_nothing_of_it_and_asks_nobody_else(machine: Machine, browser_page: Page) -> None:
    # Kept as no collector keeps it: the page cleans it once more, and its policy is the third lock.
    wide = f"<table><tr><td>{'word' * 200}</td></tr></table><p>{'letters' * 100}</p>"
    body = f"{wide}<img src=https://tracker.example/x.gif onerror=document.title='ran'>{HOSTILE}"
    item_id = await keep_one(machine, 1, title=HOSTILE, content_html=body)
    hosts: set[str] = set()
    said: list[str] = []
    browser_page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    browser_page.on("console", lambda message: said.append(message.text))
    async with serving(machine) as address:
        for width in (320, 1280):
            await browser_page.set_viewport_size({"width": width, "height": 900})
            await browser_page.goto(f"{address}/item/{item_id}?ui=en")
            assert await browser_page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        data = await browser_page.locator("script[type='application/ld+json']").text_content()
        assert json.loads(data or "")["headline"] == HOSTILE
        assert (await browser_page.title()).startswith(HOSTILE)
        await browser_page.goto(f"{address}/stream")
        assert (await browser_page.title()).endswith("Test stream")
        assert said == []  # no word of a policy that was broken
    assert hosts == {address.removeprefix("http://")}
