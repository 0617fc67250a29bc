"""A farm of feeds on loopback: a process of its own that answers with bytes made beforehand.

    python -m benchmarks.farm --feeds 1000 --most 50

prints its port when it is ready. Feed N is at `http://127.1.x.y:PORT/N` (see `address`): each has a host of its own, as
on the Web, so that politeness towards one host slows nobody down here. `/N/xml` is the same in a format that every
contestant reads. `/-/set?delay=0.05&version=1&every=20&faults=1` says how it answers from then on. It answers only
those who ask from this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import sys
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qsl

import uvloop

from benchmarks.feeds import MOST, TYPES, format_of, render

MODIFIED = "Sun, 01 Mar 2026 12:00:00 GMT"
# Feeds with a fault, where faults are on: one in twenty, of five kinds in turn.
FAULTY_EVERY, FAULTY_FIRST = 20, 3
FAULTS = ("error", "cut", "hang", "malformed", "hang")
CHANGED_FIRST = 7


def address(number: int) -> str:
    """The host of a feed."""
    return f"127.1.{number // 200 % 250}.{number % 200 + 1}"


def fault_of(number: int) -> str | None:
    """What goes wrong at a feed where faults are on, or None."""
    turn, place = divmod(number, FAULTY_EVERY)
    return FAULTS[turn % len(FAULTS)] if place == FAULTY_FIRST else None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer in its three forms."""

    plain: bytes
    packed: bytes
    unchanged: bytes
    etag: bytes


def _page(number: int, kind: str, version: int, most: int) -> Page:
    body = render(number, kind, version=version, most=most)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    common = f"ETag: {etag}\r\nLast-Modified: {MODIFIED}\r\nVary: Accept-Encoding\r\nConnection: close\r\n"
    ok = f"HTTP/1.1 200 OK\r\nContent-Type: {TYPES[kind]}\r\n{common}"
    packed = gzip.compress(body, 6, mtime=0)
    return Page(
        f"{ok}Content-Length: {len(body)}\r\n\r\n".encode() + body,
        f"{ok}Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed,
        f"HTTP/1.1 304 Not Modified\r\n{common}\r\n".encode(),
        etag.encode(),
    )


@dataclass(slots=True)
class Farm:
    """What is served, and how."""

    feeds: int
    most: int = MOST
    delay: float = 0.0
    version: int = 0
    every: int = FAULTY_EVERY
    faults: int = 0
    asked: int = 0
    pages: dict[tuple[int, str, int], Page] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the pages, so that no contestant waits for one."""
        for number in range(self.feeds):
            for kind in {format_of(number, for_all=False), format_of(number, for_all=True)}:
                self.pages[number, kind, 0] = _page(number, kind, 0, self.most)

    def page(self, number: int, *, for_all: bool) -> Page:
        """The page of a feed as it is now."""
        version = self.version if number % self.every == CHANGED_FIRST else 0
        key = (number, format_of(number, for_all=for_all), version)
        if key not in self.pages:
            self.pages[key] = _page(*key, self.most)
        return self.pages[key]

    def set(self, query: str) -> None:
        """Answer otherwise from now on; pages that are new are made at once."""
        for name, value in parse_qsl(query):
            setattr(self, name, float(value) if name == "delay" else int(value))
        for number in range(self.feeds):
            for for_all in (False, True):
                self.page(number, for_all=for_all)


class Answering(asyncio.Protocol):
    """One connection, one request."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not transport.get_extra_info("peername")[0].startswith("127."):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" not in self._received:
            return
        request, self._received = self._received, b""
        path = request.split(b" ", 2)[1].decode()
        if self._farm.delay and not path.startswith("/-/"):
            asyncio.get_running_loop().call_later(self._farm.delay, self._answer, path, request)
        else:
            self._answer(path, request)

    def _answer(self, path: str, request: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        answer = self._answer_to(path, request)
        if answer is not None:
            transport.write(answer)
            transport.close()

    def _answer_to(self, path: str, request: bytes) -> bytes | None:
        if path.startswith("/-/"):
            self._farm.set(path.partition("?")[2])
            return b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        self._farm.asked += 1
        name, _, form = path.strip("/").partition("/")
        if not name.isdigit() or int(name) >= self._farm.feeds:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        number = int(name)
        page = self._farm.page(number, for_all=form == "xml")
        fault = fault_of(number) if self._farm.faults else None
        if fault is not None:
            return _faulty(fault, page)
        if page.etag in request:
            return page.unchanged
        return page.packed if b"gzip" in request else page.plain


def _faulty(fault: str, page: Page) -> bytes | None:
    return {
        "hang": None,
        "error": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "cut": page.packed[: len(page.packed) * 2 // 3],
        "malformed": page.plain[: len(page.plain) // 2].replace(b"Content-Length", b"X-Was"),
    }[fault]


async def _serve(farm: Farm) -> None:
    loop = asyncio.get_running_loop()
    # All of 127.0.0.0/8 is this machine, so one listening socket has as many hosts as we like (on Linux).
    server = await loop.create_server(lambda: Answering(farm), "0.0.0.0", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started it goes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--feeds", type=int, required=True)
    parser.add_argument("--most", type=int, default=MOST, help="entries of a feed at most")
    farm = Farm(**vars(parser.parse_args()))
    farm.prepare()
    uvloop.run(_serve(farm))


if __name__ == "__main__":
    main()
