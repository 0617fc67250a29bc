"""The guarded GET against real servers on loopback, most of them broken or hostile.

127.0.0.2 plays the partner's server and is allowed; 127.0.0.1 plays the inside, is refused, and must see no request.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import socket
import ssl
import struct
import threading
import traceback
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.addresses import Allowed
from aggregator.errors import FetchError, RefusedError
from aggregator.fetch import GuardedFetch, open_fetch
from aggregator.outgoing import Answer
from aggregator.unpack import MAX_GZIP_MEMBERS, unpacker

CERTIFICATES = Path(__file__).parent / "certificates"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FEED = b"<rss version='2.0'><channel><title>Energy for all</title></channel></rss>" * 20


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]


Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """Answers a path with the bytes, or by the function, that stands for it in `routes`; `*` is any other path."""

    routes: dict[str, bytes | Reply]
    host: str = "127.0.0.2"
    port: int = 0
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        try:
            first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
            path = first.split(" ")[1]
            self.asked.append(Asked(path, {k.lower(): v for k, _, v in (line.partition(": ") for line in rest)}))
            reply = self.routes.get(path) or self.routes["*"]
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.tasks.discard(task)
            writer.close()


@asynccontextmanager
async def serving(
    routes: bytes | Reply | dict[str, bytes | Reply], *, host: str = "127.0.0.2", certificate: str | None = None
) -> AsyncIterator[Server]:
    server = Server(routes if isinstance(routes, dict) else {"*": routes}, host)
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CERTIFICATES / certificate)
        server.scheme = "https"
    listening = await asyncio.start_server(server.serve, host, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        tasks = list(server.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()


def fetching(**options: Any) -> AbstractAsyncContextManager[GuardedFetch]:
    """A fetch that may go to 127.0.0.2 and has all the time in the world, save where a test says otherwise."""
    given: dict[str, Any] = {
        "allowed": Allowed.parse("127.0.0.2"),
        "user_agent": "mpower-stream tests",
        "now": lambda: NOON,
        "total_seconds": 60,
        "connect_seconds": 60,
        "read_seconds": 60,
        "gap_seconds": 0,
    }
    return open_fetch(**(given | options))


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    given = {"Content-Length": str(len(body)), "Connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    return reply(b"", status, Location=to)


async def get(server: Server, path: str = "/", **options: Any) -> Answer:
    async with fetching() as fetch:
        return await fetch.get(server.url(path), **options)


async def failure(server: Server, path: str = "/", **options: Any) -> FetchError:
    async with fetching(**options) as fetch:
        with pytest.raises(FetchError) as caught:
            await fetch.get(server.url(path))
    return caught.value


async def never(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


# --- What comes back ---


async def test_a_document_comes_back_with_what_it_says_of_itself() -> None:
    headers = {
        "Content_Type": 'Application/RSS+xml; charset="UTF-8"',
        "ETag": 'W/"7"',
        "Last_Modified": "Mon, 23 Nov 2026 09:00:00 GMT",
    }
    async with serving(reply(FEED, Set_Cookie="id=1", X_Twice="a\r\nX-Twice: b", **headers)) as server:
        answer = await get(server, "/feed#part")
    assert answer == Answer(
        status=200,
        url=server.url("/feed"),
        body=FEED,
        content_type="application/rss+xml",
        charset="utf-8",
        etag='W/"7"',
        last_modified="Mon, 23 Nov 2026 09:00:00 GMT",
        headers=answer.headers,
    )
    assert answer.headers["x-twice"] == "a, b"
    assert "set-cookie" not in answer.headers


async def test_a_document_that_says_nothing_of_itself_comes_back_all_the_same() -> None:
    async with serving(b"HTTP/1.0 200 OK\r\n\r\n" + FEED) as server:
        answer = await get(server)
    assert (answer.body, answer.content_type, answer.charset, answer.etag) == (FEED, None, None, None)


async def test_the_request_says_who_asks_for_what_and_nothing_more() -> None:
    async with serving(reply(FEED)) as server:
        await get(server, "/feed", accept="application/json", headers={"X-Own": "1"})
    asked = server.asked[0].headers
    assert asked == {
        "host": f"127.0.0.2:{server.port}",
        "user-agent": "mpower-stream tests",
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "x-own": "1",
    }


async def test_cookies_are_neither_kept_nor_sent() -> None:
    async with serving(reply(FEED, Set_Cookie="id=1; Path=/")) as server, fetching() as fetch:
        await fetch.get(server.url())
        await fetch.get(server.url())
    assert all("cookie" not in asked.headers for asked in server.asked)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(reply(b"proxied"), host="127.0.0.1") as proxy, serving(reply(FEED)) as server:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        assert (await get(server)).body == FEED
    assert proxy.connections == 0


async def test_a_conditional_request_sends_both_validators_and_takes_a_304() -> None:
    async with serving(reply(b"", "304 Not Modified", ETag='"8"')) as server:
        answer = await get(server, etag='W/"7"', last_modified="Mon, 23 Nov 2026 09:00:00 GMT")
    assert server.asked[0].headers["if-none-match"] == 'W/"7"'
    assert server.asked[0].headers["if-modified-since"] == "Mon, 23 Nov 2026 09:00:00 GMT"
    assert answer.not_modified
    assert (answer.status, answer.body, answer.etag) == (304, b"", '"8"')
    assert answer.last_modified == "Mon, 23 Nov 2026 09:00:00 GMT"


async def test_a_body_that_comes_although_the_validator_is_the_same_is_given_as_new() -> None:
    async with serving(reply(FEED, ETag='"7"')) as server:
        answer = await get(server, etag='"7"')
    assert (answer.not_modified, answer.body) == (False, FEED)


@pytest.mark.parametrize("etag", ['"\u00e9"', '"a\r\nX-Evil: 1"', '"\udc80"', ""])
async def test_a_validator_that_cannot_be_sent_is_not_sent(etag: str) -> None:
    async with serving(reply(FEED)) as server:
        await get(server, etag=etag)
    assert not server.asked[0].headers.keys() & {"if-none-match", "x-evil"}


async def test_a_validator_that_could_not_be_sent_back_is_not_kept() -> None:
    async with serving(reply(FEED, ETag='"\u00e9"')) as server:
        assert (await get(server)).etag is None


# --- Statuses ---


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("201 Created", "201"),
        ("203 Non-Authoritative", "203"),
        ("204 No Content", "nothing to say"),
        ("206 Partial Content", "only a part"),
        ("300 Multiple Choices", "300"),
        ("304 Not Modified", "without having been asked"),
        ("400 Bad Request", "400"),
        ("401 Unauthorized", "sign-in"),
        ("403 Forbidden", "refuses this program"),
        ("404 Not Found", "nothing at this address"),
        ("410 Gone", "gone for good"),
        ("429 Too Many Requests", "less often"),
        ("500 Internal Server Error", "fault of its own (500)"),
        ("503 Service Unavailable", "out of service"),
        ("599 Whatever", "fault of its own (599)"),
    ],
)
async def test_every_status_without_a_whole_document_is_an_error(status: str, words: str) -> None:
    body = b"" if status[:3] in ("204", "304") else FEED
    async with serving(reply(body, status)) as server:
        error = await failure(server)
    assert words in str(error)
    assert error.status == int(status[:3])
    assert error.retry_at is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("120", NOON + timedelta(seconds=120)),
        ("0", NOON),
        ("Mon, 23 Nov 2026 13:00:00 GMT", NOON + timedelta(hours=1)),
        ("Mon, 23 Nov 2026 13:00:00 -0000", NOON + timedelta(hours=1)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", None),
        ("86401", NOON + timedelta(days=1)),
        ("9" * 5000, NOON + timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", NOON + timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        ("\u00b2", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_retry_after_is_read_as_seconds_or_as_a_date_and_never_beyond_a_day(
    text: str, moment: datetime | None, status: str
) -> None:
    async with serving(reply(b"", status, Retry_After=text)) as server:
        error = await failure(server)
    assert error.retry_at == moment


# --- Slow and broken servers ---


async def test_a_server_that_never_answers_meets_the_total_deadline_and_frees_its_place() -> None:
    async with serving(never) as server, fetching(total_seconds=0.1, per_host=1) as fetch:
        for _ in range(3):
            with pytest.raises(FetchError, match=r"took longer than 0\.1 s"):
                await fetch.get(server.url())


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["headers", "body"])
async def test_a_drip_of_single_bytes_does_not_escape_the_total_deadline(start: bytes) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for byte in reply(FEED):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip) as server:
        error = await failure(server, total_seconds=0.3)
    assert "took longer than 0.3 s" in str(error)


async def test_silence_in_the_middle_of_an_answer_meets_the_read_deadline() -> None:
    async def stop(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(FEED)[:-10])
        await never(writer)

    async with serving(stop) as server:
        error = await failure(server, read_seconds=0.1)
    assert "sent nothing for 0.1 s" in str(error)


async def test_a_tls_server_that_never_shakes_hands_meets_the_connect_deadline() -> None:
    # Nobody accepts: the connection waits in the queue of the listening socket.
    with socket.create_server(("127.0.0.2", 0)) as listening:
        async with fetching(connect_seconds=0.1) as fetch:
            with pytest.raises(FetchError, match=r"could not be reached within 0\.1 s"):
                await fetch.get(f"https://127.0.0.2:{listening.getsockname()[1]}/")


@pytest.mark.parametrize(
    "head",
    ["", "Content-Length: 999999999999\r\n", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n"],
    ids=["until it ends", "declared", "chunked", "bomb"],
)
async def test_a_body_without_end_is_cut_at_the_limit(head: str) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())
        piece = b"x" * 65_536
        if "chunked" in head:
            piece = b"10000\r\n" + piece + b"\r\n"
        if "gzip" in head:
            pack = zlib.compressobj(wbits=31)
            piece = pack.compress(piece * 100) + pack.flush(zlib.Z_SYNC_FLUSH)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
            sent += len(piece)

    async with serving(endless) as server, fetching() as fetch:
        with pytest.raises(FetchError, match="longer than 300,000 bytes"):
            await fetch.get(server.url(), max_bytes=300_000)
    assert sent < 50_000_000


async def test_a_body_of_just_the_limit_is_taken() -> None:
    async with serving(reply(FEED)) as server, fetching() as fetch:
        assert (await fetch.get(server.url(), max_bytes=len(FEED))).body == FEED
        with pytest.raises(FetchError, match="longer than"):
            await fetch.get(server.url(), max_bytes=len(FEED) - 1)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.write(reply(FEED)[:-10])
    await writer.drain()
    # Linger of zero seconds: closing sends RST instead of FIN.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(reply(FEED)[:-10], id="shorter than declared"),
        pytest.param(CHUNKED + b"ff\r\n<rss>", id="chunk cut"),
        pytest.param(CHUNKED + b"5\r\n<rss>\r\n", id="last chunk missing"),
        pytest.param(CHUNKED + b"5\r\n<rss>\r\n0\r\n", id="end of chunks cut"),
        pytest.param(CHUNKED + b"zz\r\n<rss>\r\n0\r\n\r\n", id="chunk size is no number"),
        pytest.param(reset, id="reset"),
        pytest.param(b"", id="hung up at once"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="headers cut"),
    ],
)
async def test_what_is_cut_short_is_an_error(sent: bytes | Reply) -> None:
    async with serving(sent) as server:
        error = await failure(server)
    assert "127.0.0.2" in str(error)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"220 mail.example ESMTP ready\r\n\r\n", id="mail"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="ssh"),
        pytest.param(b"\x00\xff" * 5000, id="noise"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="status is no number"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", id="header without a colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n", id="NUL in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", id="a long header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5000 + b"\r\n", id="many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", id="negative length"),
    ],
)
async def test_what_is_not_proper_http_is_an_error(sent: bytes) -> None:
    async with serving(sent) as server:
        error = await failure(server)
    assert "127.0.0.2" in str(error)


async def test_a_header_without_end_is_an_error() -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nA: ")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with serving(flood) as server:
        await failure(server)


async def test_a_refused_connection_is_named() -> None:
    async with serving(b"") as server:
        pass
    assert "connection refused" in str(await failure(server))


# --- Packing ---


def bare_deflate(data: bytes) -> bytes:
    pack = zlib.compressobj(wbits=-15)
    return pack.compress(data) + pack.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        pytest.param("gzip", gzip.compress(FEED), id="gzip"),
        pytest.param("X-GZip", gzip.compress(FEED), id="x-gzip"),
        pytest.param("gzip", gzip.compress(FEED[:100]) + gzip.compress(FEED[100:]), id="two members"),
        pytest.param("gzip", gzip.compress(FEED) + b"\0" * 100, id="padded"),
        pytest.param("gzip", gzip.compress(FEED) + b"\x1f", id="one odd byte behind it"),
        pytest.param("deflate", zlib.compress(FEED), id="deflate"),
        pytest.param("deflate", bare_deflate(FEED), id="bare deflate"),
        pytest.param("identity", FEED, id="identity"),
    ],
)
async def test_a_packed_body_is_unpacked_however_it_is_cut_into_pieces(encoding: str, packed: bytes) -> None:
    async def byte_by_byte(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for byte in packed:
            writer.write(b"1\r\n" + bytes([byte]) + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with serving({"/whole": reply(packed, Content_Encoding=encoding), "/bytes": byte_by_byte}) as server:
        assert (await get(server, "/whole")).body == FEED
        assert (await get(server, "/bytes")).body == FEED


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        pytest.param("gzip", gzip.compress(FEED)[:-12], "cut short", id="gzip cut in its data"),
        pytest.param("gzip", gzip.compress(FEED)[:-1], "cut short", id="gzip cut in its trailer"),
        pytest.param("gzip", gzip.compress(FEED) + gzip.compress(FEED)[:-1], "cut short", id="second member cut"),
        pytest.param("gzip", gzip.compress(FEED)[:1], "cut short", id="one byte"),
        pytest.param("gzip", b"", "cut short", id="nothing"),
        pytest.param("deflate", zlib.compress(FEED)[:-1], "cut short", id="deflate cut"),
        pytest.param("deflate", bare_deflate(FEED)[:-1], "cut short", id="bare deflate cut"),
        pytest.param("gzip", FEED, "calls its answer gzip, but it is not", id="gzip label on plain text"),
        pytest.param("deflate", FEED, "calls its answer deflate, but it is not", id="deflate label on plain text"),
        pytest.param("gzip", zlib.compress(FEED), "but it is not", id="gzip label on deflate"),
        pytest.param("gzip", gzip.compress(FEED)[:-8] + b"\0" * 8, "but it is not", id="wrong checksum"),
        pytest.param("br", FEED, "“br”, which it was not asked for", id="brotli"),
        pytest.param("zstd", FEED, "“zstd”", id="zstd"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(FEED)), "“gzip, gzip”", id="twice"),
        pytest.param("gzip", gzip.compress(b"") * (MAX_GZIP_MEMBERS + 1), "pieces", id="very many members"),
    ],
)
async def test_a_body_that_is_not_packed_as_it_says_is_an_error(encoding: str, body: bytes, words: str) -> None:
    async with serving(reply(body, Content_Encoding=encoding)) as server:
        assert words in str(await failure(server))


@given(data=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 2100)), name=st.sampled_from(["gzip", "deflate"]))
def test_unpacking_gives_the_same_for_any_cut_and_no_proper_start_is_whole(
    data: bytes, cuts: Sequence[int], name: str
) -> None:
    packed = gzip.compress(data) if name == "gzip" else zlib.compress(data)
    edges = sorted({0, len(packed), *(cut for cut in cuts if cut < len(packed))})
    unpack = unpacker("host", name)
    out = b"".join(unpack.more(packed[start:end], len(data) + 1) for start, end in itertools.pairwise(edges))
    unpack.end()
    assert out == data
    for end in edges[:-1]:
        cut = unpacker("host", name)
        cut.more(packed[:end], len(data) + 1)
        with pytest.raises(FetchError):
            cut.end()


@given(noise=st.binary(max_size=500), name=st.sampled_from(["gzip", "deflate", ""]))
def test_unpacking_noise_gives_an_error_or_bytes_and_nothing_else(noise: bytes, name: str) -> None:
    unpack = unpacker("host", name)
    try:
        assert len(unpack.more(noise, 100)) <= 100
        unpack.end()
    except FetchError:
        pass


# --- Redirects ---


@pytest.mark.parametrize(
    ("statuses", "is_permanent"),
    [
        (["301 Moved"], True),
        (["308 Permanent Redirect"], True),
        (["301 Moved", "308 Permanent Redirect"], True),
        (["302 Found"], False),
        (["303 See Other"], False),
        (["307 Temporary Redirect"], False),
        (["301 Moved", "302 Found"], False),
        (["302 Found", "301 Moved"], False),
    ],
)
async def test_an_address_is_permanent_only_where_every_redirect_to_it_is(
    statuses: list[str], is_permanent: bool
) -> None:
    routes: dict[str, bytes | Reply] = {f"/{at}": redirect(f"/{at + 1}", status) for at, status in enumerate(statuses)}
    async with serving(routes | {"*": reply(FEED)}) as server:
        answer = await get(server, "/0")
    assert answer.body == FEED
    assert answer.url == server.url(f"/{len(statuses)}")
    assert answer.permanent_url == (answer.url if is_permanent else None)


async def test_an_address_that_does_not_redirect_has_no_permanent_other() -> None:
    async with serving(reply(FEED)) as server:
        assert (await get(server)).permanent_url is None


async def test_a_permanent_redirect_to_a_failure_gives_no_address() -> None:
    async with serving({"/old": redirect("/new", "301 Moved"), "/new": reply(b"", "404 Not Found")}) as server:
        assert (await failure(server, "/old")).status == 404


@pytest.mark.parametrize("location", ["/there?a=1", "there?a=1", "//127.0.0.2:{port}/there?a=1", " /there?a=1#frag"])
async def test_relative_redirects_are_followed(location: str) -> None:
    async with serving({"*": reply(FEED)}) as server:
        server.routes["/here"] = redirect(location.format(port=server.port))
        assert (await get(server, "/here")).url == server.url("/there?a=1")


async def test_five_redirects_are_followed_and_no_more() -> None:
    routes: dict[str, bytes | Reply] = {f"/{at}": redirect(f"/{at + 1}") for at in range(30)}
    async with serving(routes | {"/5": reply(FEED)}) as server:
        assert (await get(server, "/0")).body == FEED
    async with serving(routes) as server:
        assert "more than 5 times" in str(await failure(server, "/0"))
    assert len(server.asked) == 6


@pytest.mark.parametrize("location", ["/", "/other"])
async def test_a_redirect_in_a_circle_is_an_error(location: str) -> None:
    async with serving({"/": redirect(location), "/other": redirect("/")}) as server:
        assert "circle" in str(await failure(server))
    assert len(server.asked) <= 2


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "without saying where"),
        ("   ", "without saying where"),
        ("http://", "circle"),
        ("http://a b/", "not an address"),
        ("http://%31%32%37.0.0.1/", "not an address"),
        ("http://[::1/", "not an address"),
        ("http://127.0.0.2:99999/", "not an address"),
        ("http://good\\@127.0.0.1/", "not an address"),
        ("/a\tb", "not an address"),
        ("\u00ff\u0000", "HTTP"),
    ],
)
async def test_a_redirect_to_no_address_is_an_error(location: str, words: str) -> None:
    async with serving({"/": redirect(location)}) as server:
        assert words in str(await failure(server))
    assert len(server.asked) == 1


@pytest.mark.parametrize("location", ["/a\r\nX-Evil: 1", "/a\rX-Evil: 1", "/a\nX-Evil: 1", "/a%0d%0aX-Evil:%201"])
async def test_line_breaks_in_a_redirect_put_no_header_into_the_next_request(location: str) -> None:
    async with serving({"/": redirect(location), "*": reply(FEED)}) as server:
        try:
            await get(server)
        except FetchError:
            assert len(server.asked) == 1
    assert all("x-evil" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "data:text/xml,<rss/>",
        "ftp://127.0.0.2/feed",
        "gopher://127.0.0.2/1",
        "javascript:alert(1)",
        "ws://127.0.0.2/",
        "unix:/run/docker.sock",
    ],
)
async def test_redirects_to_other_schemes_are_refused(location: str) -> None:
    async with serving({"/": redirect(location)}) as server:
        error = await failure(server)
    assert isinstance(error, RefusedError)
    scheme = location.partition(":")[0]
    assert str(error) == (
        f"127.0.0.2:{server.port} redirects to an address that begins with “{scheme}:”, which is not fetched: "
        "only http and https are"
    )


@pytest.mark.parametrize(
    ("location", "where", "why"),
    [
        ("http://10.0.0.1/", "10.0.0.1:80", "it is not on the public internet"),
        ("http://inside.example/", "inside.example (10.0.0.1:80)", "it is not on the public internet"),
        ("http://93.184.216.34:25/", "93.184.216.34:25", "its port is none of 80, 443, 8080, 8443"),
        (
            "http://user:hush@93.184.216.34/",
            "an address with a user name or a password in it (93.184.216.34)",
            "an address is shown to editors",
        ),
    ],
)
@pytest.mark.parametrize("hops", [1, 2])
async def test_who_redirects_to_a_refused_place_is_named_and_nobody_is_told_to_allow_it(
    location: str, where: str, why: str, hops: int
) -> None:
    routes: dict[str, bytes | Reply] = {"/": redirect(location if hops == 1 else "/on"), "/on": redirect(location)}
    async with serving(routes) as server, fetching(lookup=lambda _host, _port: ["10.0.0.1"]) as fetch:
        with pytest.raises(RefusedError) as caught:
            await fetch.get(server.url())
    assert str(caught.value) == f"127.0.0.2:{server.port} redirects to {where}, which is not fetched: {why}"


async def test_the_callers_headers_stay_with_the_origin_and_validators_go_along() -> None:
    async with serving(reply(FEED)) as other, serving({"/here": redirect("/there")}) as server:
        server.routes["/there"] = redirect(other.url("/elsewhere"))
        await get(server, "/here", headers={"Authorization": "Bearer hush", "X-Key": "hush"}, etag='"7"')
    for asked in server.asked:
        assert (asked.headers["authorization"], asked.headers["x-key"]) == ("Bearer hush", "hush")
    assert not other.asked[0].headers.keys() & {"authorization", "x-key"}
    assert other.asked[0].headers["if-none-match"] == '"7"'


# --- Where this program does not go ---

INSIDE = [
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://017700000001:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://\u24dbocalhost:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://good@127.0.0.1:{port}/",
    "http://good:pass@127.0.0.2:{port}/",
    "http://@127.0.0.1:{port}/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.0.1/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://224.0.0.1/",
]


@pytest.mark.parametrize("address", [*INSIDE, "//127.0.0.1:{port}/"])
async def test_the_inside_sees_no_request_by_a_redirect(address: str) -> None:
    async with serving(reply(b"secret"), host="127.0.0.1") as inside, serving({}) as server:
        to = address.format(port=inside.port)
        server.routes["/"] = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
        error = await failure(server)
    assert inside.connections == 0
    assert isinstance(error, RefusedError) or "not an address" in str(error) or "no host" in str(error)


@pytest.mark.parametrize("address", INSIDE)
async def test_the_inside_sees_no_request_by_an_address_of_ones_own(address: str) -> None:
    async with serving(reply(b"secret"), host="127.0.0.1") as inside, fetching() as fetch:
        with pytest.raises(FetchError):
            await fetch.get(address.format(port=inside.port))
    assert inside.connections == 0


async def test_a_refusal_names_the_address_and_the_setting_that_would_allow_it() -> None:
    async with fetching() as fetch:
        with pytest.raises(RefusedError, match=r"127\.0\.0\.1:9000 is not fetched") as caught:
            await fetch.get("http://127.0.0.1:9000/feed?token=hush")
        assert "MPOWER_ALLOW_PRIVATE=127.0.0.1:9000" in str(caught.value)
        with pytest.raises(RefusedError, match=r"\[::1\]:80 is not fetched"):
            await fetch.get("http://[::1]/")
        with pytest.raises(RefusedError, match="its port is none of 80, 443, 8080, 8443"):
            await fetch.get("http://93.184.216.34:25/")


async def test_an_entry_with_a_port_opens_that_port_alone() -> None:
    async with (
        serving(reply(FEED)) as server,
        serving(reply(FEED)) as other,
        fetching(allowed=Allowed.parse(f"127.0.0.2:{server.port}")) as fetch,
    ):
        assert (await fetch.get(server.url())).body == FEED
        with pytest.raises(RefusedError):
            await fetch.get(other.url())
    assert other.connections == 0


async def test_a_name_is_looked_up_once_and_only_its_permitted_addresses_are_used() -> None:
    looked_up: list[str] = []

    def two_faced(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1", "127.0.0.2"] if len(looked_up) == 1 else ["127.0.0.1"]

    async with (
        serving(reply(FEED)) as server,
        serving(reply(b"secret"), host="127.0.0.1") as inside,
        fetching(lookup=two_faced) as fetch,
    ):
        assert (await fetch.get(f"http://partner.example:{server.port}/feed")).body == FEED
        assert looked_up == ["partner.example"]
        for port in (server.port, inside.port):
            with pytest.raises(RefusedError, match=r"partner\.example \(127\.0\.0\.1:"):
                await fetch.get(f"http://partner.example:{port}/feed")
    assert server.asked[0].headers["host"] == f"partner.example:{server.port}"
    assert inside.connections == 0


async def test_what_slips_past_the_first_check_is_stopped_where_the_socket_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aggregator.fetch.check", lambda *_: None)
    async with serving(reply(b"secret"), host="127.0.0.1") as inside, fetching() as fetch:
        with pytest.raises(RefusedError):
            await fetch.get(inside.url())
    assert inside.connections == 0


async def test_a_name_that_leads_inside_is_refused_after_a_redirect_too() -> None:
    async with serving(reply(b"secret"), host="127.0.0.1") as inside, serving({}) as server:
        server.routes["/"] = redirect(f"http://inside.example:{inside.port}/")
        async with fetching(lookup=lambda _host, _port: ["::ffff:127.0.0.1", "127.0.0.1"]) as fetch:
            with pytest.raises(RefusedError):
                await fetch.get(server.url())
    assert inside.connections == 0


async def test_a_name_that_nobody_has_is_named() -> None:
    def unknown(*_: object) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def unspeakable(*_: object) -> list[str]:
        return [host.encode("idna").decode() for host in ["a" * 70]]

    def forgotten(*_: object) -> list[str]:
        return []

    for lookup in (unknown, unspeakable, forgotten):
        async with fetching(lookup=lookup) as fetch:
            with pytest.raises(FetchError, match=r"no host of the name nobody\.example"):
                await fetch.get("http://nobody.example/")


async def test_a_lookup_that_never_ends_meets_the_connect_deadline() -> None:
    given_up = threading.Event()

    def hang(*_: object) -> list[str]:
        given_up.wait()
        return []

    try:
        async with fetching(lookup=hang, connect_seconds=0.1) as fetch:
            with pytest.raises(FetchError, match="could not be looked up within"):
                await fetch.get("http://nobody.example/")
    finally:
        given_up.set()


async def test_names_that_nobody_answers_for_keep_no_other_waiting() -> None:
    given_up = threading.Event()

    def some_hang(host: str, _port: int) -> list[str]:
        if host.startswith("dead"):
            given_up.wait()
        return ["127.0.0.2"]

    try:
        async with serving(reply(b"here")) as server, fetching(lookup=some_hang) as fetch:
            dead = [asyncio.create_task(fetch.get(f"http://dead{n}.example:{server.port}/")) for n in range(30)]
            await asyncio.sleep(0.01)
            assert (await fetch.get(f"http://alive.example:{server.port}/")).body == b"here"
            assert not any(waiting.done() for waiting in dead)
            given_up.set()
            assert {answer.body for answer in await asyncio.gather(*dead)} == {b"here"}
    finally:
        given_up.set()


@pytest.mark.parametrize(
    "url", ["", "feed.xml", "/feed", "http://", "http:///feed", "http://h\x00st/", "http://\udc80/"]
)
async def test_what_is_no_address_is_an_error(url: str) -> None:
    async with fetching() as fetch:
        with pytest.raises(FetchError):
            await fetch.get(url)


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda rest: f"http://{rest}"))
def test_any_text_for_an_address_gives_a_fetch_error_and_nothing_else(text: str) -> None:
    def nobody(*_: object) -> list[str]:
        return []

    async def ask() -> None:
        async with fetching(allowed=Allowed(), lookup=nobody, total_seconds=0.001) as fetch:
            with pytest.raises(FetchError):
                await fetch.get(text)

    asyncio.run(ask())


# --- TLS ---


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")


async def test_a_valid_certificate_is_taken_by_address_and_by_name() -> None:
    async with (
        serving(reply(FEED), certificate="good.pem") as server,
        fetching(tls=trusting(), lookup=lambda *_: ["127.0.0.2"]) as fetch,
    ):
        assert (await fetch.get(server.url())).body == FEED
        assert (await fetch.get(f"https://partner.example:{server.port}/")).body == FEED


@pytest.mark.parametrize(
    ("certificate", "words"),
    [("self_signed.pem", "self-signed"), ("expired.pem", "expired"), ("other_name.pem", "mismatch")],
)
async def test_a_certificate_that_is_not_valid_is_an_error_and_nothing_is_asked(certificate: str, words: str) -> None:
    async with serving(reply(FEED), certificate=certificate) as server:
        error = await failure(server, tls=trusting())
    assert "certificate of 127.0.0.2" in str(error)
    assert words in str(error)
    assert server.asked == []


async def test_the_systems_authorities_count_where_no_others_are_named() -> None:
    async with serving(reply(FEED), certificate="good.pem") as server:
        assert "certificate" in str(await failure(server))


async def test_a_server_without_tls_behind_https_is_an_error() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(FEED, "400 Bad Request"))
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.2", 0) as listening, fetching() as fetch:
        with pytest.raises(FetchError, match="no secure connection"):
            await fetch.get(f"https://127.0.0.2:{listening.sockets[0].getsockname()[1]}/")


async def test_a_redirect_from_https_to_http_is_followed_but_never_permanent() -> None:
    async with serving(reply(FEED)) as plain, serving({}, certificate="good.pem") as server:
        server.routes["/"] = redirect(plain.url("/feed"), "301 Moved")
        async with fetching(tls=trusting()) as fetch:
            answer = await fetch.get(server.url(), headers={"Authorization": "hush"})
    assert answer.url == plain.url("/feed")
    assert answer.permanent_url is None
    assert "authorization" not in plain.asked[0].headers


# --- Secrets, turns, cancelling ---


@pytest.mark.parametrize(
    "sent",
    [b"", b"noise\r\n\r\n", never, reply(FEED)[:-1], reply(b"", "404 Not Found"), redirect("http://u:hush@h/?hush")],
)
async def test_no_error_holds_a_token_or_a_password_even_in_its_traceback(sent: bytes | Reply) -> None:
    async with serving(sent) as server, fetching(total_seconds=0.5) as fetch:
        with pytest.raises(FetchError) as caught:
            await fetch.get(server.url("/hush/feed?token=hush"), headers={"Authorization": "hush"})
    assert "hush" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_an_address_with_credentials_is_refused_without_showing_them() -> None:
    async with fetching() as fetch:
        with pytest.raises(RefusedError) as caught:
            await fetch.get("http://user:hush@127.0.0.2/")
    assert "hush" not in str(caught.value)


async def test_a_host_is_asked_only_so_many_things_at_once_and_is_then_forgotten() -> None:
    at_once: list[int] = []
    asking = 0
    go_on = asyncio.Event()

    async def busy(writer: asyncio.StreamWriter) -> None:
        nonlocal asking
        asking += 1
        at_once.append(asking)
        await go_on.wait()
        asking -= 1
        writer.write(reply(FEED))

    async with serving(busy) as server, serving(reply(b"free")) as other:
        async with fetching(per_host=3, lookup=lambda *_: ["127.0.0.2"]) as fetch, asyncio.TaskGroup() as tasks:
            gets = [tasks.create_task(fetch.get(f"http://busy.example:{server.port}/{at}")) for at in range(20)]
            while len(at_once) < 3:
                await asyncio.sleep(0)
            # Another host is not kept waiting by the busy one.
            assert (await fetch.get(f"http://free.example:{other.port}/")).body == b"free"
            assert len(server.asked) == 3
            go_on.set()
        assert [task.result().body for task in gets] == [FEED] * 20
        assert max(at_once) <= 3
        assert fetch._turns._hosts == {}


async def test_requests_to_a_host_begin_one_gap_after_another_however_many_may_run_at_once() -> None:
    began: list[float] = []

    async def note(writer: asyncio.StreamWriter) -> None:
        began.append(asyncio.get_running_loop().time())
        writer.write(reply(FEED))

    async with serving(note) as server, fetching(gap_seconds=0.05, lookup=lambda *_: ["127.0.0.2"]) as fetch:
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(fetch.get(f"http://partner.example:{server.port}/{at}") for at in range(3)))
        assert max(began) - start >= 0.1
        # Another host, and a machine of the operator's own, are asked meanwhile.
        turns = fetch._turns
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fetch.get(f"http://other.example:{server.port}/"))
            tasks.create_task(fetch.get(server.url()))
        assert "127.0.0.2" not in turns._hosts


async def test_an_operators_own_machine_is_asked_without_a_gap() -> None:
    async with serving(reply(FEED)) as server, fetching(gap_seconds=3600) as fetch:
        for _ in range(3):
            assert (await fetch.get(server.url())).body == FEED


async def test_two_hosts_that_redirect_to_each_other_do_not_lock_up() -> None:
    async with serving({"/end": reply(FEED)}) as server:
        one, two = (f"http://{name}.example:{server.port}" for name in ("one", "two"))
        server.routes |= {"/to-two": redirect(f"{two}/end"), "/to-one": redirect(f"{one}/end")}
        async with fetching(per_host=1, lookup=lambda *_: ["127.0.0.2"]) as fetch, asyncio.TaskGroup() as tasks:
            for _ in range(5):
                tasks.create_task(fetch.get(f"{one}/to-two"))
                tasks.create_task(fetch.get(f"{two}/to-one"))
        assert fetch._turns._hosts == {}


async def test_whoever_is_cancelled_is_cancelled_and_frees_the_place() -> None:
    arrived = asyncio.Event()

    async def hang(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await never(writer)

    async with serving({"/hang": hang, "*": reply(FEED)}) as server, fetching(per_host=1) as fetch:
        asking = asyncio.ensure_future(fetch.get(server.url("/hang")))
        await arrived.wait()
        waiting = asyncio.ensure_future(fetch.get(server.url()))
        next_one = asyncio.ensure_future(fetch.get(server.url()))
        await asyncio.sleep(0)
        waiting.cancel()
        asking.cancel()
        for cancelled in (asking, waiting):
            with pytest.raises(asyncio.CancelledError):
                await cancelled
        assert (await next_one).body == FEED
        assert fetch._turns._hosts == {}


async def test_one_connection_serves_page_after_page() -> None:
    connections = 0

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(FEED), FEED))
        writer.close()

    async with await asyncio.start_server(keep_alive, "127.0.0.2", 0) as listening, fetching() as fetch:
        port = listening.sockets[0].getsockname()[1]
        for page in range(5):
            assert (await fetch.get(f"http://127.0.0.2:{port}/{page}")).body == FEED
    assert connections == 1


async def test_a_connection_that_nobody_needs_any_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.fetch.KEPT_SECONDS", 0.05)
    closed = asyncio.Event()

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(FEED), FEED))
        assert await reader.read() == b""
        closed.set()
        writer.close()

    async with await asyncio.start_server(keep_alive, "127.0.0.2", 0) as listening, fetching() as fetch:
        await fetch.get(f"http://127.0.0.2:{listening.sockets[0].getsockname()[1]}/")
        async with asyncio.timeout(20):
            await closed.wait()
