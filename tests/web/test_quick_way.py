"""The quick way out: what it answers is what aiohttp answers, and it answers nothing that it should not."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.machine import Machine, on_watch
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from web.application import build_application
from web.serving import answering
from web.serving.answering import SHELF
from web.serving.listening import OPTIONS, listening
from web.serving.quick import LONGEST_HEAD, NEEDED, QuickHandler, essence, is_able
from web.serving.shelf import Shelf

SOON = 30.0


class Line:
    """One connection to a server, on which bytes are sent as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def read(self, *, is_head: bool = False) -> tuple[bytes, dict[str, str], bytes]:
        """The next answer: its first line, its headers less the date, its body."""
        async with asyncio.timeout(SOON):
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode().rstrip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers.pop("Date"))
            has_body = not is_head and " 304 " not in first
            length = int(headers.get("Content-Length", 0)) if has_body else 0
            return first.encode(), headers, await self._reader.readexactly(length)

    async def ask(self, data: bytes) -> tuple[bytes, dict[str, str], bytes]:
        await self.send(data)
        return await self.read(is_head=data.startswith(b"HEAD"))

    async def rest(self) -> bytes:
        """All that comes until the other side closes."""
        async with asyncio.timeout(SOON):
            return await self._reader.read()


class Server:
    def __init__(self, app: web.Application, port: int) -> None:
        self.shelf: Shelf = app[SHELF]
        self.port = port

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Line(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def server(machine: Machine, *, is_quick: bool = True) -> AsyncIterator[Server]:
    app = build_application(machine)
    listener = socket.create_server(("127.0.0.1", 0))
    async with listening(app, listener, shutdown_seconds=1, is_quick=is_quick):
        yield Server(app, listener.getsockname()[1])


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough here: nothing of it is looked at."""
    return sqlite_url


@pytest.fixture
async def served(machine: Machine) -> AsyncIterator[Machine]:
    await keep(
        machine.database, source("trusted", AUTO, partner="tni"), [sighting(n) for n in range(15)], machine.now()
    )
    async with on_watch(machine):
        async with asyncio.timeout(SOON):
            while machine.watchers.version.known is None:
                await machine.watchers.version.ask()  # else it would be a second before anybody does
                await asyncio.sleep(0.001)
        yield machine


def request(target: str = "/stream.json", *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: x.example", *lines, "", "")).encode()


LINES = st.lists(
    st.sampled_from(
        [
            "User-Agent: Mozilla/5.0 (X11)", "user-agent: other", "Accept: text/html", "Cookie: a=b", "Referer: http://x/",
            "Accept-Language: eu", "accept-language: fr;q=0.5, de", "Accept-Encoding: gzip", "Accept-Encoding: br, gzip",
            "Accept-Encoding: gzip;q=0", "If-None-Match: *", 'If-None-Match: W/"x", "y"', "Connection: keep-alive",
            "X-Forwarded-For: 1.2.3.4", "Sec-Fetch-Site: cross-site", "Origin: https://else.example", "X-Odd: ä",
            "Range: bytes=0-9", "Upgrade-Insecure-Requests: 1", "If-Modified-Since: Mon, 23 Nov 2026 09:00:00 GMT",
        ]
    ),
    max_size=5,
)  # fmt: skip
TARGETS = st.sampled_from(
    ["/stream.json", "/stream", "/", "/?lang=eu&utm_source=x", "/embed?ui=hr", "/widget.css", "/stream.json?limit=0",
     "/stream.json?tag=solar&limit=2", "/nothing", "/curation/", "/stream/", "/healthz", "/static/icon.svg"]
)  # fmt: skip


async def test_both_ways_answer_alike(served: Machine) -> None:
    async with server(served) as quick, server(served, is_quick=False) as ordinary:
        loop = asyncio.get_running_loop()

        async def compare(data: bytes) -> None:
            answers = []
            for one in (ordinary, quick, quick):
                async with one.line() as line:
                    answers.append(await line.ask(data))
            assert answers[0] == answers[1] == answers[2]

        @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(TARGETS, LINES, st.sampled_from(["GET", "HEAD"]))
        def check(target: str, lines: list[str], method: str) -> None:
            asyncio.run_coroutine_threadsafe(compare(request(target, *lines, method=method)), loop).result(SOON * 3)

        before = quick.shelf.hits
        await asyncio.to_thread(check)
        assert quick.shelf.hits > before


async def test_a_known_request_is_answered_without_aiohttp(served: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(served) as quick, quick.line() as line, quick.line() as another:
        answer = await line.ask(request("/stream", "User-Agent: one", "Accept-Language: eu"))
        monkeypatch.setattr("aiohttp.web_protocol.RequestHandler.data_received", None)
        for user_agent in ("two", "three (like one)"):
            again = request("/stream", f"User-Agent: {user_agent}", "Cookie: c=1", "Accept-Language: eu")
            assert await line.ask(again) == answer
            assert await another.ask(again) == answer


async def test_a_known_request_is_answered_anew_after_a_change(served: Machine) -> None:
    async with server(served) as quick, quick.line() as line:
        before = (await line.ask(request()))[2]
        assert (await line.ask(request()))[2] == before
        item_id = before.split(b'"id": "')[1].split(b'"')[0]
        await decide(served, item_id.decode(), action="reject", editor="ana")
        assert item_id not in (await line.ask(request()))[2]


ODD = {
    "two at once": request() + request("/nothing"),
    "a body that says another request": b"GET /stream.json HTTP/1.1\r\nHost: x.example\r\nContent-Length: "
    + f"{len(request())}\r\n\r\n".encode() + request(),
    "a chunked body": b"GET /stream.json HTTP/1.1\r\nHost: x.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "old": b"GET /stream.json HTTP/1.0\r\nHost: x.example\r\n\r\n",
    "the last": request("/stream.json", "Connection: close"),
    "a whole address": request("http://x.example/stream.json"),
    "an upgrade": request("/stream.json", "Connection: Upgrade", "Upgrade: websocket"),
    "it expects to be told": request("/stream.json", "Expect: 100-continue"),
    "a folded header": request("/stream.json", "User-Agent: a\r\n b"),
    "bare line ends": b"GET /stream.json HTTP/1.1\nHost: x.example\n\n",
    "many headers": request("/stream.json", *["DNT: 1"] * 200),
    "a long one": request("/stream.json?q=" + "x" * LONGEST_HEAD),
    "a post": b"POST /stream.json HTTP/1.1\r\nHost: x.example\r\nContent-Length: 0\r\n\r\n",
    "no host": b"GET /stream.json HTTP/1.1\r\n\r\n",
    "nonsense": b"\x16\x03\x01 GET /\r\n\r\n",
}  # fmt: skip


async def test_what_is_odd_is_answered_as_aiohttp_does_and_so_is_what_follows(served: Machine) -> None:
    async with server(served) as quick, server(served, is_quick=False) as ordinary:
        async with quick.line() as line:
            await line.ask(request())
        for name, data in ODD.items():
            answers = []
            for one in (quick, ordinary, quick):
                async with one.line() as line:
                    if one is quick:
                        await line.ask(request())
                    await line.send(data + request("/healthz", "Connection: close"))
                    said = re.sub(rb"Date: [^\r]+", b"", await line.rest())
                    answers.append(said)
            assert answers[0] == answers[1] == answers[2], name


async def test_a_request_within_another_is_none(served: Machine) -> None:
    """The parser is in the midst of a header: what looks like a known request there belongs to it."""
    async with server(served) as quick, quick.line() as line:
        await line.ask(request())
        await line.ask(request())
        await line.send(b"POST /push/hook/x HTTP/1.1\r\nHost: x.example\r\nContent-Length: 500\r\nX: ")
        await asyncio.sleep(0)
        hits = quick.shelf.hits
        await line.send(request())
        await line.send(b"x" * 500 + request("/healthz", "Connection: close"))
        said = await line.rest()
        assert quick.shelf.hits == hits
        assert b"application/feed+json" not in said


class Gate:
    """Holds handlers back, each for as many turns of the loop as the next number says, or until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = itertools.cycle([0])
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.read = self.came = 0  # how often aiohttp was handed something, and how many handlers came here
        send, receive = answering._send, RequestHandler.data_received

        async def send_later(request: web.Request, *words: Any, **options: Any) -> web.StreamResponse:
            self.came += 1
            await self.is_open.wait()
            for _ in range(next(self.turns)):
                await asyncio.sleep(0)
            return await send(request, *words, **options)

        def count(handler: RequestHandler, data: bytes) -> None:
            self.read += 1
            receive(handler, data)

        monkeypatch.setattr(answering, "_send", send_later)
        monkeypatch.setattr(RequestHandler, "data_received", count)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not is_so():
                await asyncio.sleep(0)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


async def test_a_request_that_comes_while_another_is_answered_leaves_the_quick_way_open(
    served: Machine, gate: Gate
) -> None:
    async with server(served) as quick, quick.line() as line, quick.line() as another:
        alone = [await another.ask(request(target)) for target in ("/stream", "/stream.json")]
        gate.is_open.clear()
        before = gate.read
        for n, target in enumerate(("/stream?lang=eu", "/stream", "/nothing", "/stream.json"), 1):
            await line.send(request(target))
            await gate.until(lambda expected=before + n: gate.read == expected)
        gate.is_open.set()
        said = [await line.read() for _ in range(4)]
        assert b" 404 " in said[2][0]
        assert [said[1], said[3]] == alone
        for target, answer in (("/stream?lang=eu", said[0]), ("/stream.json", said[3])):
            hits, read = quick.shelf.hits, gate.read
            for one in (line, another):
                assert await one.ask(request(target)) == answer
            assert (quick.shelf.hits, gate.read) == (hits + 2, read)


async def test_a_known_request_waits_for_those_before_it(served: Machine, gate: Gate) -> None:
    async with server(served) as quick, quick.line() as line:
        known = await line.ask(request())
        gate.is_open.clear()
        for n, language in enumerate(("eu", "hr"), 1):
            await line.send(request(f"/stream?lang={language}"))
            await gate.until(lambda expected=n + 1: gate.read == expected)
        await gate.until(lambda: gate.came == 2)
        # Whoever waits at it goes on, and it is shut again.
        gate.is_open.set()
        gate.is_open.clear()
        said = [await line.read()]
        await line.send(request())
        await gate.until(lambda: gate.read == 4)
        gate.is_open.set()
        said += [await line.read(), await line.read()]
        assert [headers.get("Content-Language") for _, headers, _ in said[:2]] == ["eu", "hr"]
        assert said[2] == known


async def test_a_request_that_comes_before_aiohttp_waits_again_is_answered_at_once(
    served: Machine, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is with uvloop, which reads before it goes on with what an answer's end has woken."""
    finish = QuickHandler.finish_response

    async def finish_and_read(handler: QuickHandler, *words: Any) -> Any:
        finished = await finish(handler, *words)
        if words[0].path == "/nothing":
            handler.data_received(request())
        return finished

    async with server(served) as quick, quick.line() as line:
        answer = await line.ask(request())
        monkeypatch.setattr(QuickHandler, "finish_response", finish_and_read)
        for _ in range(3):
            read = gate.read
            assert b" 404 " in (await line.ask(request("/nothing")))[0]
            assert await line.read() == answer
            assert gate.read == read + 1
        assert await line.ask(request()) == answer
        assert gate.read == read + 1


PIECES = st.sampled_from(
    [
        *[request(target) for target in ("/stream.json", "/stream", "/embed?ui=hr", "/stream.json?limit=2", "/nothing")],
        request("/stream", "Accept-Encoding: gzip", "User-Agent: Mozilla/5.0"), request("/stream", "If-None-Match: *"),
        request("/stream", method="HEAD"), request("/stream.json", "Accept-Language: eu"),
        *[ODD[name] for name in ("two at once", "a body that says another request", "a chunked body",
                                 "it expects to be told", "a whole address", "a post")],
    ]
)  # fmt: skip
CLOSE = request("/stream", "Connection: close")
# What aiohttp makes of what comes after an upgrade depends on when it comes: here it comes with it. Nonsense is not
# among them, as it takes with it whatever request was read in one with it.
LAST = st.sampled_from([CLOSE, ODD["an upgrade"] + CLOSE, ODD["old"]])


@st.composite
def conversations(draw: st.DrawFn) -> list[tuple[bytes, int]]:
    """What is sent at once, and for how many turns of the loop nothing comes after it."""
    sent = []
    for piece in draw(st.lists(PIECES, max_size=12)):
        cuts = draw(st.lists(st.integers(1, len(piece) - 1), max_size=2, unique=True)) if draw(st.booleans()) else []
        for start, end in itertools.pairwise([0, *sorted(cuts), len(piece)]):
            sent.append((piece[start:end], draw(st.integers(0, 9))))
    return [*sent, (draw(LAST), 0)]


async def test_however_requests_overlap_each_gets_its_own_answer_in_its_turn(served: Machine, gate: Gate) -> None:
    async with server(served) as quick, server(served, is_quick=False) as ordinary:
        loop = asyncio.get_running_loop()

        async def talk(one: Server, sent: list[tuple[bytes, int]]) -> bytes:
            async with one.line() as line:
                for data, pause in sent:
                    await line.send(data)
                    for _ in range(pause):
                        await asyncio.sleep(0)
                return re.sub(rb"Date: [^\r]+\r\n", b"", await line.rest())

        async def compare(sent: list[tuple[bytes, int]], turns: list[int]) -> None:
            gate.turns = itertools.cycle(turns)
            answers = [await talk(one, sent) for one in (ordinary, quick, quick)]
            assert answers[0] == answers[1] == answers[2]

        @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(conversations(), st.lists(st.integers(0, 9), min_size=1, max_size=5))
        def check(sent: list[tuple[bytes, int]], turns: list[int]) -> None:
            asyncio.run_coroutine_threadsafe(compare(sent, turns), loop).result(SOON * 3)

        await asyncio.to_thread(check)


async def test_a_reader_who_takes_nothing_is_not_answered_without_end(served: Machine) -> None:
    async with server(served) as quick, quick.line() as line:
        await line.ask(request("/stream.json?limit=100"))
        again = request("/stream.json?limit=100")
        line._reader._transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(20_000):
            hits = quick.shelf.hits
            await line.send(again)
            for _ in range(200):
                await asyncio.sleep(0)
                if quick.shelf.hits > hits:
                    break
            else:
                return  # no more is answered until it reads
        pytest.fail("answers pile up for one who reads none")


async def test_an_idle_connection_is_closed_after_its_last_answer(
    served: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPTIONS, "keepalive_timeout", 0.5)
    async with server(served) as quick, quick.line() as line:
        for _ in range(3):
            await line.ask(request())
        assert await line.rest() == b""


def test_idle_connections_are_kept_longer_than_nginx_keeps_its_own_and_not_for_an_hour() -> None:
    assert 60 < OPTIONS["keepalive_timeout"] < 120


async def test_a_server_that_stops_lets_go_of_those_it_answered(served: Machine) -> None:
    async with server(served) as quick:
        reader, writer = await asyncio.open_connection("127.0.0.1", quick.port)
        line = Line(reader, writer)
        for _ in range(2):
            await line.ask(request())
    assert await line.rest() == b""
    writer.close()


def test_this_aiohttp_is_one_that_the_quick_way_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_able(), f"aiohttp's RequestHandler is no longer as web/serving/quick.py needs it: {sorted(NEEDED)}"
    monkeypatch.setattr("web.serving.quick.NEEDED", NEEDED | {"_new_name"})
    assert not is_able()


@pytest.mark.parametrize("data", [b"", b"GET", request()[:-2], request() + b"x", request().replace(b"\r\n", b"\n")])
def test_what_is_not_one_whole_request_has_no_essence(data: bytes) -> None:
    assert essence(data) is None
