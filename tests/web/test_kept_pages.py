"""Public pages from memory: rendered once for each version of the stream, never older than promised, bounded."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import brotli
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from yarl import URL

from aggregator.machine import Machine, on_watch, open_machine
from aggregator.settings import Settings
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from tests.conftest import Clock
from tests.serving import asking
from web import application
from web.outputs import sourcelist
from web.serving.answering import SHELF, good_until
from web.serving.encodings import choose
from web.serving.shelf import MOST_REPEATS_A_PAGE, Page, Shelf

SOON = 30.0


class Site:
    """The served program, its shelf, and how often each of its handlers was called."""

    def __init__(self, machine: Machine, app: web.Application, session: ClientSession) -> None:
        self.machine = machine
        self.shelf: Shelf = app[SHELF]
        self.session = session

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self.session.get(URL(path, encoded=True), headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def settle(self) -> None:
        """Wait until the version is known in memory."""
        async with asyncio.timeout(SOON):
            while self.machine.watchers.version.known is None:
                await self.machine.watchers.version.ask()
                await asyncio.sleep(0)


@contextmanager
def questions(machine: Machine) -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile, those of the watcher's round among them."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = machine.database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(name="served")
async def _served(machine: Machine) -> AsyncIterator[Site]:
    await keep(
        machine.database, source("trusted", AUTO, partner="tni"), [sighting(n) for n in range(25)], machine.now()
    )
    app = application.build_application(machine)
    async with on_watch(machine), TestServer(app) as server, asking(str(server.make_url("")).rstrip("/")) as session:
        site = Site(machine, app, session)
        await site.settle()
        yield site


async def test_a_page_is_rendered_once_and_then_told_to_be_unchanged_without_a_question(served: Site) -> None:
    _, body, headers = await served.get("/stream.json")
    renders = served.shelf.renders
    with questions(served.machine) as asked:
        assert (await served.get("/stream.json"))[:2] == (200, body)
        for tag in (headers["ETag"], f'"other", {headers["ETag"]}', headers["ETag"].removeprefix("W/"), "*"):
            status, nothing, told = await served.get("/stream.json", **{"If-None-Match": tag})
            assert (status, nothing, told["ETag"]) == (304, b"", headers["ETag"])
            assert (told["Cache-Control"], told["Vary"]) == (headers["Cache-Control"], headers["Vary"])
        assert (await served.get("/stream.json", **{"If-None-Match": '"other"'}))[0] == 200
    assert served.shelf.renders == renders
    assert [statement for statement in asked if "FROM item" in statement] == []


async def test_after_a_change_many_at_once_have_each_page_rendered_once(served: Site) -> None:
    paths = ("/stream.json", "/stream.json?tag=solar", "/stream?lang=en", "/stream?lang=eu")
    first = (await served.get("/stream.json"))[1]
    item_id = first.split(b'"id": "')[1].split(b'"')[0].decode()
    await decide(served.machine, item_id, action="reject", editor="ana")
    before = served.shelf.renders
    answers = await asyncio.gather(*(served.get(path) for path in paths * 50))
    assert {status for status, *_ in answers} == {200}
    assert all(item_id.encode() not in body for _, body, _ in answers)
    assert served.shelf.renders - before == len(paths)


async def test_who_decides_sees_it_at_once_at_the_next_request(served: Site) -> None:
    kept = await keep(served.machine.database, source("held"), [sighting(99)], served.machine.now())
    assert (await served.get("/stream.json"))[0] == 200
    for action, is_there in (("approve", True), ("reject", False)) * 5:
        await decide(served.machine, kept.item_ids[0], action=action, editor="ana")
        assert (kept.item_ids[0].encode() in (await served.get("/stream.json"))[1]) is is_there


async def test_a_decision_in_another_process_is_seen_here(served: Site, settings: Settings, clock: Clock) -> None:
    kept = await keep(served.machine.database, source("held"), [sighting(99)], served.machine.now())
    assert (await served.get("/stream.json"))[0] == 200
    async with open_machine(settings, now=clock) as other:  # it shares the database alone
        await decide(other, kept.item_ids[0], action="approve", editor="ana")
        async with asyncio.timeout(SOON):
            while kept.item_ids[0].encode() not in (await served.get("/stream.json"))[1]:
                await asyncio.sleep(0.01)


async def test_a_page_that_changed_while_it_was_rendered_is_not_kept_as_the_new_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate, said = asyncio.Event(), asyncio.Event(), ["old"]

    async def slow(_request: web.Request) -> web.Response:
        text = said[0]
        begun.set()
        await gate.wait()
        return web.Response(text=text)

    async with _serving(machine, monkeypatch, slow) as site:
        early = asyncio.create_task(site.get("/made"))
        await begun.wait()
        said[0] = "new"
        await _publish(machine, 1)
        late = asyncio.create_task(site.get("/made"))
        await asyncio.sleep(0)
        gate.set()
        assert (await early)[1] == b"old"
        assert (await late)[1] == b"new"
        assert (await site.get("/made"))[1] == b"new"


async def test_requests_that_mean_the_same_share_a_page(served: Site) -> None:
    for path, headers in (
        ("/stream.json?lang=en&lang=eu&tag=solar", {}),
        ("/stream?ui=fr", {}),
        ("/", {"Accept-Language": "eu-ES,eu;q=0.9,en;q=0.5"}),
    ):
        _, body, told = await served.get(path, **headers)
        before = served.shelf.renders
        sign = "&" if "?" in path else "?"
        for same in (f"{path}{sign}utm_source=x&fbclid=1", f"{path}{sign}limit=10", f"{path}{sign}partner="):
            assert (await served.get(same, **headers))[1] == body
        assert served.shelf.renders == before
        assert ("Accept-Language" in told["Vary"]) is (path == "/")
    before = served.shelf.renders
    for same in ("?tag=solar&lang=eu&lang=en", "?lang=eu&lang=en&lang=eu&tag=solar&q="):
        await served.get(f"/stream.json{same}")
    await served.get("/stream?ui=fr", **{"Accept-Language": "de"})
    await served.get("/", **{"Accept-Language": "eu;q=0.8, *;q=0.1"})
    assert served.shelf.renders == before


async def test_requests_that_mean_something_else_share_none(served: Site) -> None:
    pages = [
        await served.get(path, **{"Accept-Language": language})
        for path, language in (
            ("/", "en"), ("/", "eu"), ("/?lang=fr", "en"), ("/?lang=fr&lang=de", "en"), ("/?lang=de&lang=fr", "en"),
            ("/stream", "en"), ("/stream", "de"), ("/stream?limit=5", "en"), ("/embed", "en"),
            ("/embed?layout=cards", "en"), ("/stream.json", "en"), ("/stream.json?prefer=eu&prefer=en", "en"),
        )
    ]  # fmt: skip
    assert {status for status, *_ in pages} == {200}
    assert len({body for _, body, _ in pages}) == len(pages) - 1  # `prefer` finds one language here
    assert len({headers["ETag"] for *_, headers in pages}) == len(pages) - 1


async def test_a_page_comes_packed_as_the_client_likes_and_is_packed_once(served: Site) -> None:
    _, plain, _ = await served.get("/stream", **{"Accept-Encoding": "identity"})
    for accepted, encoding, unpack in (
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip;q=1.0, *;q=0", "gzip", gzip.decompress),
    ):
        async with ClientSession(auto_decompress=False) as raw:
            url = served.session._base_url.join(URL("/stream"))
            answers = []
            for _ in range(2):
                async with raw.get(url, headers={"Accept-Encoding": accepted}) as answer:
                    answers.append(await answer.read())
                    assert answer.headers["Content-Encoding"] == encoding
                    assert "Accept-Encoding" in answer.headers["Vary"]
            async with raw.head(url, headers={"Accept-Encoding": accepted}) as answer:
                assert int(answer.headers["Content-Length"]) == len(answers[0])
        assert answers[0] == answers[1]
        assert len(answers[0]) < len(plain) / 2
        assert unpack(answers[0]) == plain


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""), ("identity", ""), ("gzip", "gzip"), ("GZIP", "gzip"), ("br", "br"), ("gzip, br", "br"),
        ("br;q=0.5, gzip", "gzip"), ("br;q=0, gzip;q=0", ""), ("*", "br"), ("*;q=0", ""), ("br;q=0, *", "gzip"),
        ("zstd, deflate", ""), ("br;q=x, gzip", "gzip"), (",,;", ""),
    ],
)  # fmt: skip
def test_the_encoding_is_one_that_the_client_takes(accepted: str, encoding: str) -> None:
    assert choose(accepted) == encoding


async def test_what_is_no_page_is_asked_for_each_time(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        calls.append(request.query["what"])
        if request.query["what"] == "gone":
            raise web.HTTPGone(text="gone")
        headers = {"Cache-Control": "no-store"} if request.query["what"] == "private" else {}
        return web.Response(text="x", status=203 if request.query["what"] == "odd" else 200, headers=headers)

    async with _serving(machine, monkeypatch, handler) as site:
        for what, status, times in (("gone", 410, 20), ("odd", 203, 20), ("private", 200, 20), ("page", 200, 1)):
            answers = await asyncio.gather(*(site.get(f"/made?what={what}") for _ in range(20)))
            assert {answer[0] for answer in answers} == {status}
            assert calls.count(what) == times


async def test_a_page_that_depends_on_the_time_is_shown_until_then(
    machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(request: web.Request) -> web.Response:
        good_until(request, clock() + timedelta(hours=2))
        good_until(request, clock() + timedelta(hours=1))
        return web.Response(text=str(clock()))

    async with _serving(machine, monkeypatch, handler) as site:
        first = (await site.get("/made"))[1]
        clock.forward(minutes=59)
        assert (await site.get("/made"))[1] == first
        clock.forward(minutes=1)
        assert (await site.get("/made"))[1] != first


async def test_a_feed_that_is_found_elsewhere_is_in_the_list_of_sources_within_a_minute(
    machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"place": "https://news.example/old.xml"}
    monkeypatch.setattr(sourcelist, "found_addresses", lambda _states: {})
    monkeypatch.setattr(sourcelist, "source_list", lambda *_, **__: found["place"])
    async with _serving(machine, monkeypatch, sourcelist.sources_opml) as site:
        assert (await site.get("/made"))[1] == b"https://news.example/old.xml"
        found["place"] = "https://news.example/new.xml"
        clock.forward(minutes=1)
        assert (await site.get("/made"))[1] == b"https://news.example/new.xml"


async def test_who_makes_up_queries_keeps_nobody_else_from_the_quick_way() -> None:
    shelf = Shelf(lambda: (1, "x"), lambda: None)  # type: ignore[arg-type,return-value]
    shelf.turn_to((1, "x"))
    page = Page(("home",), (), "tag", b"y" * 500, is_packable=True, is_first=True, is_repeatable=True)
    shelf.keep(page, (1, "x"))
    for number in range(3 * MOST_REPEATS_A_PAGE):
        shelf.remember(b"GET /?made-up=%d" % number, page, b"head", b"body")
    size = shelf.bytes
    for _ in range(2):
        shelf.remember(b"GET /?made-up=0000", page, b"head", b"body")
    assert shelf.repeat(b"GET /?made-up=0000")
    assert len(shelf._repeats) == len(page.repeats) == MOST_REPEATS_A_PAGE
    assert abs(shelf.bytes - size) < 10
    shelf.turn_to((2, "x"))
    assert not shelf.repeat(b"GET /?made-up=0000")


async def test_a_new_sources_file_shows_at_once(served: Site) -> None:
    assert b"Test stream" in (await served.get("/"))[1]
    file = served.machine.settings.sources
    file.write_text(file.read_text().replace("Test stream", "Warm homes"))
    assert served.machine.sources.reload_if_changed()
    assert b"Warm homes" in (await served.get("/"))[1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_its_database_the_last_good_pages_are_shown_and_said_to_be_so(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, body, _ = await served.get("/stream.json")

    async def away(*_: Any, **__: Any) -> int:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr("aggregator.streamversion.read_counter", away)
    monkeypatch.setattr("aggregator.machine.read_counter", away)
    monkeypatch.setattr("web.outputs.feeds.read_page", away)
    await served.machine.bell.ring()
    status, shown, headers = await served.get("/stream.json")
    assert (status, shown) == (200, body)
    assert headers["Cache-Status"].startswith('"mpower-stream"; hit; ttl=-1')
    assert (await served.get("/stream.json?limit=3"))[0] == 503
    assert (await served.get("/widget.css"))[0] == 200
    assert (await served.get("/readyz"))[0] == 503
    monkeypatch.undo()
    async with asyncio.timeout(SOON):
        while "Cache-Status" in (await served.get("/stream.json"))[2]:
            await asyncio.sleep(0.05)
    assert (await served.get("/readyz"))[0] == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_process_that_hears_no_rings_asks_the_database_each_time(served: Site) -> None:
    served.machine.bell.hears_others = False
    assert (await served.get("/stream.json"))[0] == 200
    with questions(served.machine) as asked:
        assert (await served.get("/stream.json"))[0] == 200
    assert any("counter" in statement for statement in asked)


async def test_what_is_kept_is_bounded_and_first_pages_stay_longest() -> None:
    shelf = Shelf(lambda: (1, "x"), lambda: None, 100_000)  # type: ignore[arg-type,return-value]
    shelf.turn_to((1, "x"))

    def page(name: str, size: int, *, is_first: bool) -> Page:
        return Page((name,), (), name, b"y" * size, is_packable=True, is_first=is_first, is_repeatable=True)

    for number in range(100):
        for is_first, name in ((True, "home"), (False, f"deep {number}")):
            if not shelf.find((name,)):
                shelf.keep(page(name, 5_000, is_first=is_first), (1, "x"))
        found = shelf.find((f"deep {number}",))
        assert found
        await shelf.form(found, "br")
        shelf.remember(b"GET " * 200 + str(number).encode(), found, b"head", b"body")
        assert shelf.bytes <= 100_000
    assert shelf.find(("home",))
    assert not shelf.find(("deep 1",))
    assert len(shelf._repeats) == len(shelf._deep) < 20
    shelf.keep(page("huge", 50_000, is_first=True), (1, "x"))
    shelf.keep(page("late", 10, is_first=True), (0, "x"))
    assert not shelf.find(("huge",))
    assert not shelf.find(("late",))
    shelf.turn_to((2, "x"))
    assert (shelf.bytes, shelf.find(("home",)), shelf._repeats) == (0, None, {})


async def test_the_figures_tell_what_is_kept(served: Site) -> None:
    for _ in range(3):
        await served.get("/stream.json")
    text = (await served.get("/metrics"))[1].decode()
    assert f"mpower_pages_rendered_total {served.shelf.renders}.0" in text
    assert f"mpower_pages_from_memory_total {served.shelf.hits}.0" in text
    assert served.shelf.bytes > 5_000


class _serving:  # noqa: N801 - reads as the context manager that it is
    """The program with a page at /made that this handler makes."""

    def __init__(self, machine: Machine, monkeypatch: pytest.MonkeyPatch, handler: Any) -> None:
        monkeypatch.setattr(application, "KEPT", (*application.KEPT, ("/made", handler)))
        self._machine = machine
        self._server = TestServer(application.build_application(machine))

    async def __aenter__(self) -> Site:
        self._watching = on_watch(self._machine)
        await self._watching.__aenter__()
        await self._server.start_server()
        self._session = ClientSession(self._server.make_url(""))
        assert self._server.app
        site = Site(self._machine, self._server.app, self._session)
        await site.settle()
        return site

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._server.close()
        await self._watching.__aexit__(None, None, None)


async def _publish(machine: Machine, number: int) -> None:
    kept = await keep(machine.database, source("held"), [replace(sighting(number))], machine.now())
    await decide(machine, kept.item_ids[0], action="approve", editor="ana")
