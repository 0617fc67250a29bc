"""Runs all statements of one transaction of SQLite in one thread, in one go. Knows nothing of what they mean.

aiosqlite hands over every step of every statement alone, some thirty times for one feed, of which each costs more than
the step itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from aggregator.errors import StoreError

T = TypeVar("T")
Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]


class OneThread:
    """A thread with a connection, whose transactions run there whole. `likeness` is the same database's other way.

    `engine` is a synchronous one. What is begun is committed, unless something is raised or the caller is gone.
    """

    def __init__(self, engine: Engine, likeness: AsyncEngine) -> None:
        self.engine = engine
        self._likeness = likeness
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    async def perform(self, work: Work[T]) -> T:
        """Run a coroutine that awaits nothing but its connection as one transaction. Raises what it raises.

        It is not left before its end even where the caller is cancelled; then nothing is kept.
        """
        is_left = threading.Event()
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._run, work, is_left)
        try:
            return await asyncio.shield(running)
        finally:
            while not running.done():
                is_left.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # looked at, also where nobody waits for it any more

    def close(self) -> None:
        """Close the connection, once nothing runs any more."""
        self._thread.shutdown()
        self.engine.dispose()

    def _run(self, work: Work[T], is_left: threading.Event) -> T:
        with self.engine.begin() as connection:
            done = _finish(work(_AtOnce(self._likeness, connection)))
            if is_left.is_set():
                raise StoreError("nobody waits for the transaction any more")
            return done


class _AtOnce(AsyncConnection):
    """A connection whose statements are executed where they are asked for. What they find is read whole, as ever."""

    async def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """See AsyncConnection."""
        result = self._proxied.execute(statement, parameters, execution_options=execution_options)
        return result.freeze()() if result.returns_rows else result

    async def exec_driver_sql(self, statement: str, parameters: Any = None, execution_options: Any = None) -> Any:  # noqa: ARG002
        """See AsyncConnection, at the driver's own expense: what comes back is its cursor, with what both have."""
        driver: Any = self._proxied.connection.dbapi_connection
        try:
            if isinstance(parameters, list):
                return driver.executemany(statement, parameters)
            return driver.execute(statement, parameters or ())
        except sqlite3.Error as error:
            raise DBAPIError.instance(statement, None, error, sqlite3.Error, hide_parameters=True) from error

    async def scalar(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """See AsyncConnection."""
        return self._proxied.scalar(statement, parameters, execution_options=execution_options)


def _finish(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as end:
        done: T = end.value
        return done
    work.close()
    raise StoreError("a transaction may wait for nothing but the database")
