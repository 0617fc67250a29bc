"""Answers requests that were answered before, byte for byte alike, without reading them again.

Nothing is parsed here. A request that aiohttp has read as a whole and alone, and that a kept page answered, is
remembered by its bytes, less the headers that no such page reads; the next one of the same bytes gets the same answer
while that page is kept. Everything else, and every connection on which anything else was ever sent, goes aiohttp's way.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler

from web.serving.answering import KEPT
from web.serving.shelf import Shelf

LONGEST_HEAD: Final = 4_000
MOST_LINES: Final = 60
# Who asks again sends the same bytes again: to look them up takes a fifth of a microsecond, to read them three where
# they are few and nineteen where a browser sent them. As many of the longest would take 4 MB.
MOST_ESSENCES: Final = 500
# What differs from visitor to visitor and changes nothing in a page that reads no headers but Accept-Language. A value
# that is anything but plain ASCII on one line stays, and with it the request is another one.
PASSED_OVER: Final = re.compile(
    rb"\r\n(user-agent|referer|accept|cookie|dnt|priority|pragma|cache-control|save-data|sec-[a-z-]+"
    rb"|upgrade-insecure-requests|x-forwarded-[a-z]+|x-real-ip|forwarded|via): ?[ -~]*(?=\r\n)",
    re.IGNORECASE,
)
# aiohttp's own names for the state of a connection, as they are in its version 3.
NEEDED: Final = frozenset(
    {
        "_close", "_force_close", "_keepalive_timeout", "_loop", "_manager", "_messages", "_next_keepalive_close_time",
        "_paused", "_payload_parser", "_request_count", "_upgraded", "transport",
    }
)  # fmt: skip


def is_able() -> bool:
    """True where aiohttp is as it was when this was written; else everything goes its way."""
    names = {name for kind in RequestHandler.__mro__ for name in getattr(kind, "__slots__", ())}
    methods = ("data_received", "finish_response", "start")
    return (
        version("aiohttp").startswith("3.")
        and names >= NEEDED
        and all(callable(getattr(RequestHandler, name, None)) for name in methods)
    )


@lru_cache(MOST_ESSENCES)
def essence(data: bytes) -> bytes | None:
    """What counts in the bytes of one plain request without a body; None where they are anything else."""
    if not data.startswith((b"GET /", b"HEAD /")) or len(data) > LONGEST_HEAD:
        return None
    lines = data.count(b"\r\n")
    is_whole = data.endswith(b"\r\n\r\n") and data.find(b"\r\n\r\n") == len(data) - 4
    is_plain = data.count(b"\n") == lines and b"\r\n " not in data and b"\r\n\t" not in data and b"\0" not in data
    if not (is_whole and is_plain and lines <= MOST_LINES):
        return None
    # Of some headers aiohttp takes no second one.
    names = PASSED_OVER.findall(data)
    is_doubled = len(names) > 1 and len({name.lower() for name in names}) < len(names)
    return None if is_doubled else PASSED_OVER.sub(b"", data)


class QuickHandler(RequestHandler):
    """aiohttp's side of a connection, with a quick way out for what is known."""

    __slots__ = ("_asked", "_is_answered", "_is_plain", "_shelf")

    def __init__(self, shelf: Shelf, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self._shelf = shelf
        self._is_plain = True  # nothing but whole requests without bodies has come: the parser is between two
        self._is_answered = True  # aiohttp has sent the answers to all that it was handed
        self._asked: bytes | None = None  # the essence of what is being answered, where it came alone

    def data_received(self, data: bytes) -> None:
        """Answer at once, or do as aiohttp does."""
        if not self._is_plain:
            super().data_received(data)
            return
        asked, is_idle = essence(data), self._is_idle()
        if is_idle and asked is not None and (answer := self._shelf.repeat(asked)) is not None:
            self.transport.write(answer)  # type: ignore[union-attr]  # it is open: see `_is_idle`
            self._request_count += 1
            self._manager.requests_count += 1  # type: ignore[union-attr]  # as long as it is open
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
            return
        waiting = len(self._messages)
        self._is_answered = False
        super().data_received(data)
        self._is_plain = asked is not None and self._has_read_one_more_than(waiting)
        if is_idle or not self._is_plain:
            self._asked = asked if self._is_plain else None

    def _is_idle(self) -> bool:
        """True between two requests, while all that was answered can be sent."""
        return (
            self._is_answered
            and not (self._paused or self._force_close or self._close or self._upgraded)
            and self._payload_parser is None
            and self.transport is not None
            and not self.transport.is_closing()
        )

    def _has_read_one_more_than(self, waiting: int) -> bool:
        """True where aiohttp took what has just come for one request, and waits for nothing more of it."""
        if len(self._messages) != waiting + 1 or self._upgraded:
            return False
        message, payload = self._messages[-1]
        return (
            payload is EMPTY_PAYLOAD
            and getattr(message, "version", None) == HttpVersion11
            and not getattr(message, "should_close", True)
            and hdrs.EXPECT not in getattr(message, "headers", {hdrs.EXPECT})
        )

    async def finish_response(self, request: Any, resp: web.StreamResponse, start_time: float | None) -> Any:
        """Send the answer, and remember it where it may be given again."""
        finished = await super().finish_response(request, resp, start_time)
        sent, is_lost = finished
        # aiohttp goes on to wait only later, in another task. A client that is quicker need not wait for that: all of
        # this answer was written, so the next one comes after it.
        self._is_answered = not self._messages and bool(sent.keep_alive) and not is_lost
        asked, self._asked = self._asked, None
        page = request.get(KEPT)
        if asked is not None and page is not None and isinstance(resp, web.Response) and resp.keep_alive:
            lines = [f"HTTP/1.1 {resp.status} {resp.reason}"]
            lines += [f"{name}: {value}" for name, value in resp.headers.items() if name != hdrs.DATE]
            body = resp.body if request.method != hdrs.METH_HEAD and isinstance(resp.body, bytes) else b""
            self._shelf.remember(asked, page, ("\r\n".join(lines) + "\r\n").encode(), body)
        return finished
