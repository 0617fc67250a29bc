"""Writes changes to a browser as they happen: server-sent events (HTML Standard, section 9.2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from aiohttp import web

from aggregator.machine import Machine
from aggregator.store.changes import Change, ChangeKind, read_changes

PING_SECONDS = 20.0
RETRY_MILLISECONDS = 2000
Tell = Callable[[Change], Awaitable[Mapping[str, Any]]]


class StreamOverError(Exception):
    """Raised by `tell` where nothing more is to be told to this reader."""


async def stream_events(
    request: web.Request, machine: Machine, kinds: Collection[ChangeKind], tell: Tell, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Answer with the changes of those kinds from now on, or from the `Last-Event-ID` that a browser had seen.

    Ends when the browser goes, the program stops, or the reader is too slow: it then comes back by itself.
    """
    response = web.StreamResponse(
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", **headers, "Content-Type": "text/event-stream"}
    )
    with machine.watchers.watch() as queue, contextlib.suppress(ConnectionResetError, StreamOverError):
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MILLISECONDS}\n\n".encode())
        after = await _catch_up(request, response, machine, kinds, tell)
        while change := await _next(queue, response):
            if change.seq > after:
                await _write(response, change, kinds, tell)
    return response


async def _catch_up(
    request: web.Request, response: web.StreamResponse, machine: Machine, kinds: Collection[ChangeKind], tell: Tell
) -> int:
    """Tell what came while the browser was away. Returns the last change that it knows then."""
    seen = _last_event_id(request)
    if seen is None:
        return 0
    # One from before the database was put back to an older copy would have the reader wait for years.
    seen = min(seen, await machine.watchers.last())
    # Some at a time, as fast as the reader takes them: any number may be asked for, and two days may hold many.
    while True:
        async with machine.database.read() as connection:
            missed = await read_changes(connection, after=seen)
        if not missed:
            return seen
        for change in missed:
            await _write(response, change, kinds, tell)
        seen = missed[-1].seq


async def _next(queue: asyncio.Queue[Change | None], response: web.StreamResponse) -> Change | None:
    """The next change; meanwhile a sign of life, so that nothing between us and the browser hangs up."""
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                return await queue.get()
        except TimeoutError:
            await response.write(b": still here\n\n")


async def _write(response: web.StreamResponse, change: Change, kinds: Collection[ChangeKind], tell: Tell) -> None:
    if change.kind in kinds:
        data = json.dumps(await tell(change))
        await response.write(f"id: {change.seq}\nevent: {change.kind.value}\ndata: {data}\n\n".encode())


def _last_event_id(request: web.Request) -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004
