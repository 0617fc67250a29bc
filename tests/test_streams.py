"""What lasts, against real servers on loopback: streams of lines, WebSockets, bare connections, and what is posted.

127.0.0.2 plays the other side and is allowed; 127.0.0.1 plays the inside, is refused, and must see no connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientTimeout, WSMsgType, web

from aggregator import streams
from aggregator.addresses import Allowed
from aggregator.errors import FetchError, RefusedError
from aggregator.fetch import GuardedFetch
from tests.loopback import everywhere, on_loopback
from tests.test_fetch import CERTIFICATES, FEED, NOON, fetching, never, redirect, reply, serving, trusting

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


async def first_lines(fetch: GuardedFetch, url: str, count: int = 100, **options: Any) -> list[str]:
    lines: list[str] = []
    async with fetch.lines(url, **options) as coming:
        async for line in coming:
            lines.append(line)
            if len(lines) == count:
                break
    return lines


async def all_messages(fetch: GuardedFetch, url: str, **options: Any) -> list[str]:
    async with fetch.messages(url, **options) as coming:
        return [message async for message in coming]


@asynccontextmanager
async def talking(
    talk: Talk, *, host: str = "127.0.0.2", certificate: str | None = None
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A WebSocket server that says what `talk` says; its address without a scheme, and what it was asked."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        talker = web.WebSocketResponse()
        await talker.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            await talk(talker)
        return talker

    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATES / certificate)
    async with on_loopback(everywhere(answer), host, tls) as url:
        yield url.partition("://")[2], asked


async def say_three(talker: web.WebSocketResponse) -> None:
    await talker.send_str("one")
    await talker.send_bytes(b"not text")
    await talker.send_str("two \u00e9")
    await talker.close()


# --- Lines ---


async def test_lines_come_as_they_are_sent_whatever_they_end_in() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        for piece in (b"event: up", b"date\r\nda", b"ta: {}\n", b"\n", b"\xff\xfe\n", b"the rest without an end"):
            writer.write(piece)
            await writer.drain()

    async with serving(drip) as server, fetching() as fetch:
        lines = await first_lines(fetch, server.url("/stream"), headers={"Authorization": "Bearer x"})
    assert lines == ["event: update", "data: {}", "", "\ufffd\ufffd"]
    assert server.asked[0].headers["authorization"] == "Bearer x"
    assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_whoever_stops_listening_to_lines_hangs_up() -> None:
    gone = asyncio.Event()

    async def go_on(writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        try:
            while True:
                writer.write(b":thump\n")
                await writer.drain()
                await asyncio.sleep(0)
        finally:
            gone.set()

    async with serving(go_on) as server, fetching() as fetch:
        assert await first_lines(fetch, server.url(), 2) == [":thump", ":thump"]
        async with asyncio.timeout(30):
            await gone.wait()
        assert fetch._turns._hosts == {}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (reply(b"", "401 Unauthorized"), "asks for a sign-in"),
        (reply(b"", "503 Service Unavailable"), "out of service"),
        (redirect("http://127.0.0.2/elsewhere", "301 Moved"), "at another address"),
        (redirect("http://127.0.0.1/inside", "307 Temporary Redirect"), "at another address"),
        (reply(gzip.compress(b"data: x\n", mtime=0), Content_Encoding="gzip"), "packed its stream"),
        (STREAM + b"x" * (streams.MOST_LINE + 10), "a line without end"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata", "cut short"),
    ],
    ids=str,
)
async def test_a_stream_that_is_none_is_an_error(sent: bytes, words: str) -> None:
    async with serving(sent) as server, fetching() as fetch:
        with pytest.raises(FetchError, match=words):
            await first_lines(fetch, server.url())
        assert len(server.asked) <= 1
        assert fetch._turns._hosts == {}


async def test_a_stream_that_asks_for_patience_says_until_when() -> None:
    async with serving(reply(b"", "429 Too Many Requests", Retry_After="120")) as server, fetching() as fetch:
        with pytest.raises(FetchError) as caught:
            await first_lines(fetch, server.url())
    assert (caught.value.status, caught.value.retry_at) == (429, NOON + timedelta(seconds=120))


@pytest.mark.parametrize("what", ["lines", "messages"])
async def test_headers_that_drip_for_ever_meet_the_total_deadline(what: str) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with serving(drip) as server, fetching(total_seconds=0.1) as fetch:
        with pytest.raises(FetchError, match="took longer"):
            if what == "lines":
                await first_lines(fetch, server.url())
            else:
                await all_messages(fetch, server.url().replace("http", "ws"))
        assert fetch._turns._hosts == {}


async def test_a_stream_that_falls_silent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.fetch.PATIENT", ClientTimeout(total=None, sock_read=0.05))

    async def fall_silent(writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM + b"data: x\n")
        await writer.drain()
        await never(writer)

    async with serving(fall_silent) as server, fetching() as fetch:
        with pytest.raises(FetchError, match="sent nothing for"):
            await first_lines(fetch, server.url())


async def test_a_stream_takes_no_turn_from_other_requests() -> None:
    async def hold(writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM + b"hello\n")
        await writer.drain()
        await never(writer)

    async with (
        serving({"/stream": hold, "*": reply(FEED)}) as server,
        fetching(per_host=1) as fetch,
        fetch.lines(server.url("/stream")) as coming,
    ):
        assert await anext(coming) == "hello"
        assert (await fetch.get(server.url("/feed"))).body == FEED


# --- Messages ---


async def test_text_messages_come_and_others_are_passed_over() -> None:
    async with talking(say_three) as (place, asked), fetching() as fetch:
        assert await all_messages(fetch, f"ws://{place}/x", headers={"X-Key": "k"}) == ["one", "two \u00e9"]
        assert fetch._turns._hosts == {}
    assert asked[0].headers["X-Key"] == "k"
    assert asked[0].headers["User-Agent"] == "mpower-stream tests"


async def test_a_socket_may_be_silent_for_long_as_long_as_it_answers_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.fetch.PING_SECONDS", 0.02)
    pinged: list[bytes] = []

    async def quiet(talker: web.WebSocketResponse) -> None:
        talker._autoping = False  # aiohttp's, so that the test sees the pings
        while len(pinged) < 3:
            message = await talker.receive()
            assert message.type is WSMsgType.PING
            pinged.append(message.data)
            await talker.pong(message.data)
        await talker.send_str("at last")
        await talker.close()

    async with talking(quiet) as (place, _), fetching() as fetch:
        assert await all_messages(fetch, f"ws://{place}/") == ["at last"]


async def test_a_socket_that_answers_no_ping_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.fetch.PING_SECONDS", 0.02)

    async def dead(talker: web.WebSocketResponse) -> None:
        talker._autoping = False
        while (await talker.receive()).type is WSMsgType.PING:
            pass

    async with talking(dead) as (place, _), fetching() as fetch:
        with pytest.raises(FetchError, match="broke off"):
            await all_messages(fetch, f"ws://{place}/")


async def test_a_message_of_absurd_length_is_an_error() -> None:
    async def shout(talker: web.WebSocketResponse) -> None:
        await talker.send_str("x" * (streams.MOST_LINE + 1))
        await talker.receive()

    async with talking(shout) as (place, _), fetching() as fetch:
        with pytest.raises(FetchError, match="broke off"):
            await all_messages(fetch, f"ws://{place}/")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("200 OK", "does not speak WebSocket"),
        ("101 Switching Protocols", "does not speak WebSocket"),
        ("401 Unauthorized", "sign-in"),
        ("404 Not Found", "nothing at this address"),
        ("500 Internal Server Error", "fault of its own"),
    ],
)
async def test_a_server_that_opens_no_socket_is_an_error_with_its_reason(status: str, words: str) -> None:
    async with serving(reply(b"", status)) as server, fetching() as fetch:
        with pytest.raises(FetchError, match=words):
            await all_messages(fetch, server.url().replace("http", "ws"))


async def test_a_socket_that_asks_for_patience_says_until_when() -> None:
    async with serving(reply(b"", "429 Too Many Requests", Retry_After="60")) as server, fetching() as fetch:
        with pytest.raises(FetchError) as caught:
            await all_messages(fetch, server.url().replace("http", "ws"))
    assert caught.value.retry_at == NOON + timedelta(seconds=60)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("inside", [True, False], ids=["to the inside", "to another allowed port"])
async def test_a_socket_follows_no_redirect_and_takes_its_key_nowhere(status: str, inside: bool) -> None:
    async with (
        talking(say_three, host="127.0.0.1" if inside else "127.0.0.2") as (place, asked),
        serving(redirect(f"http://{place}/", status)) as server,
        fetching() as fetch,
    ):
        with pytest.raises(FetchError, match="at another address"):
            await all_messages(fetch, server.url().replace("http", "ws"), headers={"X-Key": "hush"})
    assert asked == []


# --- Certificates ---


async def test_a_socket_over_tls_is_taken_with_a_valid_certificate_alone() -> None:
    async with talking(say_three, certificate="good.pem") as (place, _), fetching(tls=trusting()) as fetch:
        assert await all_messages(fetch, f"wss://{place}/") == ["one", "two \u00e9"]
    for certificate in ("self_signed.pem", "expired.pem", "other_name.pem"):
        async with talking(say_three, certificate=certificate) as (place, asked), fetching(tls=trusting()) as fetch:
            with pytest.raises(FetchError, match=r"certificate of 127\.0\.0\.2"):
                await all_messages(fetch, f"wss://{place}/")
            with pytest.raises(FetchError, match=r"certificate of 127\.0\.0\.2"):
                await first_lines(fetch, f"https://{place}/")
            with pytest.raises(FetchError, match=r"certificate of 127\.0\.0\.2"):
                await fetch.post(f"https://{place}/", b"x", content_type="text/plain")
        assert asked == []


# --- What may be reached: all four ways out have the same gate ---


async def way_out(fetch: GuardedFetch, way: str, place: str) -> None:
    match way:
        case "lines":
            await first_lines(fetch, f"http://{place}/")
        case "messages":
            await all_messages(fetch, f"ws://{place}/")
        case "post":
            await fetch.post(f"http://{place}/", b"x", content_type="text/plain")
        case _:
            (await fetch.connect(f"imap://{place}")).close()


WAYS = ("lines", "messages", "post", "connect")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127\u30020\u30020\u30021", "u:p@127.0.0.2"]
)
async def test_the_inside_is_refused_by_every_way_out(way: str, address: str) -> None:
    async with serving(reply(b"secret"), host="127.0.0.1") as inside, fetching() as fetch:
        with pytest.raises(FetchError):
            await way_out(fetch, way, f"{address}:{inside.port}")
    assert inside.connections == 0


@pytest.mark.parametrize("way", WAYS)
async def test_a_name_that_turns_inside_after_it_was_looked_up_is_refused_by_every_way_out(way: str) -> None:
    looked_up = 0

    def two_faced(_host: str, _port: int) -> Sequence[str]:
        nonlocal looked_up
        looked_up += 1
        return ["127.0.0.2"] if looked_up == 1 else ["127.0.0.1"]

    async with (
        serving(reply(b"secret"), host="127.0.0.1") as inside,
        serving(reply(b"", "404 Not Found")) as outside,
        fetching(lookup=two_faced) as fetch,
    ):
        with contextlib.suppress(FetchError):
            await way_out(fetch, way, f"partner.example:{outside.port}")
        while not outside.connections:
            await asyncio.sleep(0)
        assert (outside.connections, looked_up) == (1, 1), "one look-up is one connection to what it gave"
        with pytest.raises(RefusedError, match=r"partner\.example \(127\.0\.0\.1:"):
            await way_out(fetch, way, f"partner.example:{inside.port}")
    assert inside.connections == 0


@pytest.mark.parametrize("way", ["lines", "messages", "post"])
async def test_what_slips_past_the_first_check_is_stopped_where_the_socket_is_made(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.fetch.check", lambda *_, **__: None)
    async with serving(reply(b"secret"), host="127.0.0.1") as inside, fetching() as fetch:
        with pytest.raises(RefusedError):
            await way_out(fetch, way, f"127.0.0.1:{inside.port}")
    assert inside.connections == 0


@pytest.mark.parametrize(
    ("way", "url"),
    [
        ("lines", "file:///etc/passwd"),
        ("lines", "ws://127.0.0.2/"),
        ("messages", "http://127.0.0.2/"),
        ("messages", "wss://93.184.216.34:25/"),
        ("post", "gopher://127.0.0.2/"),
        ("connect", "http://127.0.0.2/"),
        ("connect", "imaps://93.184.216.34:25"),
        ("connect", "imaps://user:hush@93.184.216.34"),
    ],
)
async def test_other_schemes_and_ports_are_refused(way: str, url: str) -> None:
    async with fetching() as fetch:
        with pytest.raises(RefusedError) as caught:
            match way:
                case "lines":
                    await first_lines(fetch, url)
                case "messages":
                    await all_messages(fetch, url)
                case "post":
                    await fetch.post(url, b"", content_type="text/plain")
                case _:
                    await fetch.connect(url)
    assert "hush" not in str(caught.value)


# --- Secrets ---


@pytest.mark.parametrize("way", WAYS[:3])
@pytest.mark.parametrize(
    "sent", [b"", b"noise\r\n\r\n", never, reply(b"hush", "403 Forbidden"), redirect("http://h/?hush")]
)
async def test_no_error_holds_a_token_even_in_its_traceback(way: str, sent: Any) -> None:
    async with serving(sent) as server, fetching(total_seconds=0.3) as fetch:
        place = f"127.0.0.2:{server.port}/hush?token=hush"
        headers = {"Authorization": "hush"}
        with pytest.raises(FetchError) as caught:
            match way:
                case "lines":
                    await first_lines(fetch, f"http://{place}", headers=headers)
                case "messages":
                    await all_messages(fetch, f"ws://{place}", headers=headers)
                case _:
                    await fetch.post(f"http://{place}", b"hush", content_type="text/plain", headers=headers)
    assert "hush" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# --- Posting ---


async def test_what_is_posted_arrives_and_the_answer_comes_back() -> None:
    async with serving(reply(b"{}", "202 Accepted")) as server, fetching() as fetch:
        answer = await fetch.post(server.url("/hub"), b"a=1", content_type="application/x-www-form-urlencoded")
    assert (answer.status, answer.body) == (202, b"{}")
    asked = server.asked[0].headers
    assert (asked["content-type"], asked["content-length"]) == ("application/x-www-form-urlencoded", "3")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other"])
async def test_a_post_is_never_turned_into_something_else_by_a_redirect(status: str) -> None:
    async with serving({"/": redirect("/there", status), "/there": reply(b"ok")}) as server, fetching() as fetch:
        with pytest.raises(FetchError, match="sent no document"):
            await fetch.post(server.url(), b"x", content_type="text/plain")
    assert server.paths == ["/"]


async def test_a_post_is_repeated_where_it_is_told_to_but_its_headers_stay_at_home() -> None:
    async with serving(reply(b"ok")) as other, serving({"/there": reply(b"ok")}) as server, fetching() as fetch:
        server.routes |= {"/": redirect("/there", "308 Permanent"), "/away": redirect(other.url(), "307 Temporary")}
        for path in ("/", "/away"):
            answer = await fetch.post(server.url(path), b"x", content_type="text/plain", headers={"X-Key": "hush"})
            assert answer.body == b"ok"
    assert [asked.headers.get("x-key") for asked in server.asked] == ["hush", "hush", "hush"]
    assert "x-key" not in other.asked[0].headers


async def test_a_post_is_not_repeated_inside_or_in_the_clear() -> None:
    async with (
        serving(reply(b"secret"), host="127.0.0.1") as inside,
        serving(reply(b"plain")) as plain,
        serving({"/in": redirect(inside.url(), "307 Temporary")}, certificate="good.pem") as server,
        fetching(tls=trusting()) as fetch,
    ):
        server.routes["/plain"] = redirect(plain.url(), "308 Permanent")
        with pytest.raises(RefusedError):
            await fetch.post(server.url("/in"), b"x", content_type="text/plain")
        with pytest.raises(FetchError, match="in the clear"):
            await fetch.post(server.url("/plain"), b"x", content_type="text/plain")
    assert (inside.connections, plain.connections) == (0, 0)


async def test_an_answer_to_a_post_is_cut_at_the_limit() -> None:
    async with serving(reply(b"x" * 101)) as server, fetching() as fetch:
        with pytest.raises(FetchError, match="longer than 100 bytes"):
            await fetch.post(server.url(), b"", content_type="text/plain", max_bytes=100)


# --- Bare connections ---


async def test_a_bare_connection_is_a_socket_of_ones_own() -> None:
    async with serving(b"* OK IMAP\r\n") as server, fetching() as fetch:
        with await fetch.connect(f"imap://127.0.0.2:{server.port}") as bare:
            bare.sendall(b"HELLO /\r\n\r\n")
            assert await asyncio.to_thread(bare.recv, 11) == b"* OK IMAP\r\n"


async def test_a_bare_connection_that_is_refused_is_named_and_the_next_address_is_tried() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    async with fetching() as fetch:
        with pytest.raises(FetchError, match="connection refused"):
            await fetch.connect(f"imap://127.0.0.2:{port}")
    addresses = ["127.0.0.1", "127.0.0.3", "127.0.0.2"]
    allowed = Allowed.parse("127.0.0.2,127.0.0.3")
    async with serving(b"") as server, fetching(lookup=lambda *_: addresses, allowed=allowed) as fetch:
        (await fetch.connect(f"imap://mail.example:{server.port}")).close()


@contextmanager
def silent_host() -> Iterator[int]:
    """A port of 127.0.0.2 at which no connection ever comes about."""
    with contextlib.ExitStack() as open_:
        listener = open_.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        for _ in range(2):  # what waits to be accepted fills its queue
            filling = open_.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def test_a_bare_connection_that_nobody_waits_for_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Noted(socket.socket):
        def __init__(self, *arguments: int) -> None:
            super().__init__(*arguments)
            made.append(self)

    with silent_host() as port:
        async with fetching() as fetch:
            monkeypatch.setattr("aggregator.streams.socket.socket", Noted)
            waiting = asyncio.create_task(fetch.connect(f"imap://127.0.0.2:{port}"))
            while not made:
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
    assert made[0].fileno() == -1


async def test_a_host_that_does_not_answer_meets_the_connect_deadline() -> None:
    with silent_host() as port:
        async with fetching(connect_seconds=0.1) as fetch:
            with pytest.raises(FetchError, match="no answer"):
                await fetch.connect(f"imap://127.0.0.2:{port}")


async def test_hosts_that_do_not_answer_take_no_threads_of_others() -> None:
    with silent_host() as port:
        async with fetching(per_host=100) as fetch:
            waiting = [asyncio.create_task(fetch.connect(f"imap://127.0.0.2:{port}")) for _ in range(50)]
            await asyncio.sleep(0.01)
            await asyncio.to_thread(int)
            assert not any(connecting.done() for connecting in waiting)
            for connecting in waiting:
                connecting.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
