"""Runs all statements of one transaction in the thread of its SQLite connection, in one go. Knows nothing of SQL.

aiosqlite has a thread a connection, and hands it every step of every statement alone: some thirty times for one feed,
of which each costs more than the step itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, TypeVar

import aiosqlite

from aggregator.errors import StoreError

T = TypeVar("T")
P = ParamSpec("P")


class OneThread(aiosqlite.Connection):
    """A connection whose steps are taken at once where one is in its thread already."""

    # aiosqlite and SQLAlchemy's adapter for it take every step by this method.
    async def _execute(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if threading.current_thread() is self._thread:
            return fn(*args, **kwargs)
        taken: T = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return taken

    async def perform(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that awaits nothing but this connection in its thread. Raises what it raises.

        It is not left before its end even where the caller is cancelled: nobody else may touch the transaction so long.
        """
        running = asyncio.ensure_future(self._execute(_run, work))
        try:
            await asyncio.shield(running)
        finally:
            while not running.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # looked at, also where nobody waits for it any more
                work.close()  # where the connection was closed before it could begin


def open_one_thread(path: str, **words: Any) -> OneThread:
    """A connection that is yet to be awaited, with sqlite3's own words."""
    connection = OneThread(partial(sqlite3.connect, path, **words), iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does it to those that it makes
    return connection


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise StoreError("a transaction may wait for nothing but the database")
