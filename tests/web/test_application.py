"""The public side on a real server: caching, openness, and answers to what nobody should ask."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession
from lxml import html
from yarl import URL

from aggregator.machine import Machine, on_watch, open_machine
from aggregator.model import Detection
from aggregator.settings import Settings
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from tests.conftest import Clock
from tests.serving import asking, read, serving
from web.application import build_application
from web.serving.listening import listening
from web.strings import all_strings

PUBLIC = ("/stream.json", "/stream", "/", "/embed", "/partners.json", "/tags.json", "/widget.js", "/widget-extras.js",
          "/widget.css")  # fmt: skip


@pytest.fixture
async def visitor(machine: Machine) -> AsyncIterator[ClientSession]:
    await keep(
        machine.database, source("trusted", AUTO, partner="tni"), [sighting(n) for n in range(25)], machine.now()
    )
    async with serving(machine) as address, asking(address) as session:
        yield session


@pytest.mark.parametrize("path", PUBLIC)
async def test_public_answers_are_open_cookie_free_and_cacheable(visitor: ClientSession, path: str) -> None:
    async with visitor.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Cache-Control"].startswith("public")
        etag, body = answer.headers["ETag"], await answer.read()
    async with visitor.get(path, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
        assert answer.headers["ETag"] == etag
    async with visitor.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    async with visitor.get(path, headers={"Accept-Encoding": "identity"}) as answer:
        assert await answer.read() == body


async def test_a_change_is_seen_at_once_by_who_has_the_old_page(visitor: ClientSession, machine: Machine) -> None:
    async with visitor.get("/stream.json") as answer:
        etag, first = answer.headers["ETag"], (await answer.json(content_type=None))["items"][0]
    await decide(machine, first["id"], action="reject", editor="ana")
    async with visitor.get("/stream.json", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200
        assert first["id"] not in await answer.text()


async def test_the_stream_is_walked_by_next_url(visitor: ClientSession) -> None:
    path, seen = "/stream.json?limit=7", []
    while path:
        feed = await read(visitor, path)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        seen += [item["title"] for item in feed["items"]]
        path = feed.get("next_url", "").removeprefix("http://127.0.0.1:8000")
    assert seen == [f"News {n}" for n in reversed(range(25))]


async def test_a_story_is_one_row_in_the_visitors_language_everywhere(visitor: ClientSession, machine: Machine) -> None:
    for number, language in enumerate(("en", "eu"), 30):
        about = {"detection": Detection(language, 1.0, "test"), "story_keys": (8,)}
        told = sighting(number, title=f"In {language}", url=f"https://city.example/{language}")
        await keep(machine.database, source(f"in-{language}", AUTO), [told], machine.now(), about)
    for path, title, other in (
        ("/stream.json", "In en", "eu"),
        ("/stream.json?prefer=eu", "In eu", "en"),
        ("/stream.json?prefer=fr&prefer=eu", "In eu", "en"),
        ("/stream.json?prefer=eu&lang=en", "In en", "eu"),
    ):
        first = (await read(visitor, path))["items"][0]
        assert (first["title"], [also["language"] for also in first["_mpower"]["also_on"]]) == (title, [other]), path
    for path in ("/stream?ui=eu", "/embed?ui=eu", "/?lang=eu", "/stream?ui=en&prefer=eu"):
        async with visitor.get(path) as answer:
            rows = html.fromstring(await answer.text()).xpath("//mpower-stream/ol/li")
        assert [row.xpath(".//h2|.//h3")[0].text_content() for row in rows[:2]] == ["In eu", "News 24"], path
        assert [link.get("hreflang") for link in rows[0].xpath('.//p[@class="mpower-also"]//a')] in (["en"], [None])
    async with visitor.get("/stream", headers={"Accept-Language": "eu"}) as answer:
        assert "In eu</a></h2>" in await answer.text()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("prefer=x!", "prefer"),
        ("limit=1000", "limit"),
        ("limit=-1", "limit"),
        ("cursor=AAAA", "cursor"),
        ("lang=" + "x" * 99, "lang"),
        ("q=%0a", "q"),
        ("tag=../x", "tag"),
    ],
)
async def test_a_wrong_query_is_a_400_that_names_the_field(visitor: ClientSession, query: str, field: str) -> None:
    async with visitor.get(f"/stream.json?{query}") as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"
        assert (await answer.json(content_type=None))["field"] == field


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/media/../secret",
        "/media/..%2fsecret",
        "/media/" + "0" * 40 + ".webp",
        "/media/" + "1" * 40 + ".svg",
        "/media/" + "1" * 40 + ".webp.part",
        "/media/notes.txt",
        "/logos/..%2fsources.toml",
        "/logos/city",
        "/nothing",
        "/static/",
        "/curation/nothing",
        "/strings/xx.json",
    ],
)
async def test_what_is_not_there_is_a_404(visitor: ClientSession, machine: Machine, path: str) -> None:
    for foreign in ("1" * 40 + ".svg", "1" * 40 + ".webp.part", "notes.txt"):
        (machine.settings.media_dir / foreign).write_text("not ours to show")
    async with visitor.get(path, allow_redirects=False) as answer:
        assert answer.status in {401, 403, 404}, path
        assert "Traceback" not in await answer.text()


async def test_a_picture_is_served_for_ever_whole_in_parts_and_to_other_sites(
    visitor: ClientSession, machine: Machine
) -> None:
    path, data = f"/media/{'0a' * 20}.webp", bytes(range(256)) * 4
    (machine.settings.media_dir / path.rpartition("/")[2]).write_bytes(data)
    async with visitor.get(path) as answer:
        assert (answer.status, await answer.read(), answer.content_type) == (200, data, "image/webp")
        headers = {name: answer.headers[name] for name in ("Cache-Control", "X-Content-Type-Options")}
        assert headers == {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Set-Cookie" not in answer.headers
        etag = answer.headers["ETag"]
    async with visitor.head(path) as answer:
        assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "1024", b"")
    async with visitor.get(path, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with visitor.get(path, headers={"Range": "bytes=256-511"}) as answer:
        assert (answer.status, await answer.read()) == (206, data[256:512])
    async with visitor.get(path, headers={"Range": "bytes=5000-"}) as answer:
        assert answer.status == 416


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nothing", 404, "That page is not here."),
        ("/static/", 404, "That page is not here."),
        ("/strings/xx.jsonl", 404, "That page is not here."),
        ("/stream?limit=0", 400, "That address cannot be read: limit: must be a whole number from 1 to 100."),
        (
            "/stream?cursor=zzz",
            400,
            "That address cannot be read: cursor: the cursor is not one that this stream gave; start again without it.",
        ),
        ("/embed?layout=foo", 400, "That address cannot be read: layout: must be one of list, cards, compact."),
    ],
)
async def test_people_read_what_is_wrong_and_find_their_way_on(
    visitor: ClientSession, path: str, status: int, said: str
) -> None:
    async with visitor.get(path, headers=BROWSER) as answer:
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        page = html.fromstring(await answer.text())
    assert page.xpath("string(//h1)") == said
    assert {"/stream?ui=en", "/?lang=en"} <= set(page.xpath("//main//a/@href"))


@pytest.mark.parametrize("language", sorted(all_strings()))
async def test_people_read_it_in_their_language(visitor: ClientSession, language: str) -> None:
    for path, said in (("/nothing", "problem_missing"), ("/stream?limit=0", "problem_unreadable")):
        async with visitor.get(path, headers={**BROWSER, "Accept-Language": language}) as answer:
            page = html.fromstring((await answer.read()).decode())
            assert "Accept-Language" in answer.headers["Vary"]
        assert page.get("lang") == language
        assert page.xpath("string(//h1)").startswith(all_strings()[language].text(said))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/nothing", {}),
        ("/stream?limit=0", {}),
        ("/stream.json?limit=0", BROWSER),
        ("/strings/xx.json", BROWSER),
        ("/static/" + "longer than a file's name can be" * 10, {}),
    ],
)
async def test_programs_get_the_problem_and_may_read_it_anywhere(
    visitor: ClientSession, path: str, headers: dict[str, str]
) -> None:
    async with visitor.get(path, headers=headers) as answer:
        assert answer.status >= 400
        assert answer.content_type == "application/problem+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_the_editors_room_stays_closed_to_other_sites(visitor: ClientSession) -> None:
    for headers in ({}, BROWSER):
        async with visitor.get("/curation/nothing", headers=headers) as answer:
            assert answer.status >= 400
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/stream/?lang=eu&q=a%20b", "/stream?lang=eu&q=a%20b"),
        ("/embed/", "/embed"),
        ("/favicon.ico", "/static/icon.svg"),
    ],
)
async def test_an_address_that_is_nearly_right_leads_on(visitor: ClientSession, path: str, target: str) -> None:
    async with visitor.get(URL(path, encoded=True), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, target)
    async with visitor.get(URL(path, encoded=True)) as answer:
        assert answer.status == 200


async def test_the_host_page_is_headed_by_the_streams_own_words(machine: Machine, visitor: ClientSession) -> None:
    async with visitor.get("/?lang=en") as answer:
        page = html.fromstring(await answer.text())
    assert page.xpath("//h1/text()") == ["Test stream"]
    assert page.xpath("//title/text()") == ["Test stream"]
    assert page.xpath('//div[@class="lead"] | //meta[@name="description"]') == []
    file = machine.settings.sources
    words = 'headline = { en = "Warm homes" }\nintro = { en = "Who we are." }\nreview'
    file.write_text(file.read_text().replace("review", words, 1))
    assert machine.sources.reload_if_changed()
    async with visitor.get("/?lang=en") as answer:
        page = html.fromstring(await answer.text())
    assert page.xpath("//h1/text()") == ["Warm homes"]
    assert page.xpath("//title/text()") == ["Warm homes · Test stream"]
    assert page.xpath('//div[@class="lead"]/p/text()') == ["Who we are."]
    assert page.xpath('//div[@class="lead"]/details') == []


async def test_a_method_that_does_not_fit_is_said_so(visitor: ClientSession) -> None:
    async with visitor.post("/stream.json") as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]


async def test_filters_say_what_there_is(visitor: ClientSession) -> None:
    partners = {p["id"]: p["count"] for p in (await read(visitor, "/partners.json"))["partners"]}
    assert partners == {"city": 0, "tni": 25}
    tags = await read(visitor, "/tags.json")
    assert [(t["id"], t["count"]) for t in tags["tags"]] == [("solar", 25)]
    assert tags["languages"]["en"] == 25


async def test_the_strip_shows_those_who_carry_the_stream_alone(machine: Machine, visitor: ClientSession) -> None:
    file = machine.settings.sources
    file.write_text(file.read_text().replace('id = "tni"\n', 'id = "tni"\nlisted = false\n', 1))
    assert machine.sources.reload_if_changed()
    async with visitor.get("/?lang=en") as answer:
        page = html.fromstring(await answer.text())
    names = [" ".join(entry.text_content().split()) for entry in page.xpath('//section[@class="partners"]//li')]
    partners = (await read(visitor, "/partners.json"))["partners"]
    assert names == [partner["name"] for partner in partners if partner["listed"]]
    assert [partner["listed"] for partner in partners if partner["id"] == "tni"] == [False]


async def test_open_widgets_hear_what_is_published_and_withdrawn(visitor: ClientSession, machine: Machine) -> None:
    kept = await keep(machine.database, source("held"), [sighting(99)], machine.now())
    async with visitor.get("/events") as stream:
        assert stream.headers["Access-Control-Allow-Origin"] == "*"
        await stream.content.readuntil(b"\n\n")
        for action, event in (("approve", b"event: item-published"), ("reject", b"event: item-withdrawn")):
            await decide(machine, kept.item_ids[0], action=action, editor="ana")
            async with asyncio.timeout(30):
                said = await stream.content.readuntil(b"\n\n")
            assert event in said
            last = said.split(b"\n")[0].removeprefix(b"id: ").decode()
    async with visitor.get("/events", headers={"Last-Event-ID": str(int(last) - 1)}) as stream:
        await stream.content.readuntil(b"\n\n")
        async with asyncio.timeout(30):
            assert b"item-withdrawn" in await stream.content.readuntil(b"\n\n")
    # A number from the time before the database was put back to an older copy.
    async with visitor.get("/events", headers={"Last-Event-ID": str(10**15)}) as stream:
        await stream.content.readuntil(b"\n\n")
        async with asyncio.timeout(30):
            said = asyncio.create_task(stream.content.readuntil(b"\n\n"))
            while not said.done():
                for action in ("approve", "reject"):
                    await decide(machine, kept.item_ids[0], action=action, editor="ana")
                await asyncio.sleep(0.05)
        assert b"event: item-" in said.result()


async def test_what_waits_is_not_told_on_the_public_line(visitor: ClientSession, machine: Machine) -> None:
    async with visitor.get("/events") as stream:
        await stream.content.readuntil(b"\n\n")
        kept = await keep(machine.database, source("held"), [sighting(99)], machine.now())
        await machine.bell.ring()
        trusted = await keep(machine.database, source("more", AUTO), [sighting(98)], machine.now())
        await machine.bell.ring()
        async with asyncio.timeout(30):
            said = (await stream.content.readuntil(b"\n\n")).decode()
    assert trusted.item_ids[0] in said
    assert kept.item_ids[0] not in said


async def test_the_program_tells_how_it_is_without_secrets(visitor: ClientSession, machine: Machine) -> None:
    assert await read(visitor, "/healthz") == {"status": "alive"}
    assert (await read(visitor, "/readyz"))["status"] == "ready"
    async with visitor.get("/metrics") as answer:
        text = await answer.text()
    assert 'mpower_items{state="approved"} 25.0' in text
    assert 'mpower_source_failures{source="held"} 0.0' in text
    assert "http://" not in text
    assert "dollars{" not in text  # nothing here costs money


PAID = """
[[source]]
id = "city-x"
partner = "city"
kind = "x"
url = "https://x.com/CityOfExample"
languages = ["en"]
token = "env:X_TOKEN"
monthly_limit = 5
"""


async def test_the_program_tells_what_a_paid_source_has_cost_this_month(settings: Settings, clock: Clock) -> None:
    with settings.sources.open("a") as file:
        file.write(PAID)
    paying = replace(settings, environment={"X_TOKEN": "secret"})
    async with open_machine(paying, now=clock) as machine, serving(machine) as address, asking(address) as session:
        for spent in (0.0, 0.25):
            if spent:
                assert await machine.outside.purse.reserve("city-x", reads=50, dollars=spent, limit=5.0)
            async with session.get("/metrics") as answer:
                text = await answer.text()
            assert f'mpower_source_month_dollars{{source="city-x"}} {spent}' in text
            assert 'mpower_source_month_limit_dollars{source="city-x"} 5.0' in text
            assert 'dollars{source="held"}' not in text
        clock.forward(days=31)
        async with session.get("/metrics") as answer:
            assert 'mpower_source_month_dollars{source="city-x"} 0.0' in await answer.text()


async def test_a_page_without_script_shows_the_same_items(visitor: ClientSession) -> None:
    async with visitor.get("/stream?limit=5") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert all(f"News {n}" in page for n in range(20, 25))
    assert "cursor=" in page


async def test_pages_speak_the_visitors_language(visitor: ClientSession) -> None:
    async with visitor.get("/", headers={"Accept-Language": "eu, en;q=0.5"}) as answer:
        assert '<html lang="eu"' in await answer.text()
        assert "Accept-Language" in answer.headers["Vary"]
    async with visitor.get("/?lang=hr", headers={"Accept-Language": "eu"}) as answer:
        assert '<html lang="hr"' in await answer.text()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_program_that_stops_ends_event_streams_whole_and_does_not_wait_for_them(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        async with asyncio.timeout(100), on_watch(machine), asking(f"http://127.0.0.1:{port}") as session:
            # Long enough that whoever waits for it is noticed.
            async with listening(build_application(machine), door, shutdown_seconds=1000):
                answer = await session.get("/events")
                assert await answer.content.readline() == b"retry: 2000\n"
            assert await answer.read() == b"\n"  # it raises where a stream is cut
