"""Tells those who watch what changed: one reader of the change log a process, many queues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from aggregator.bell import Bell
from aggregator.store.changes import Change, read_all_changes, read_counter
from aggregator.store.engine import Database
from aggregator.streamversion import StreamVersion

LONGEST_QUEUE = 1000
# What was committed without a ring, by a pass under way or a process that was killed, is seen after so long.
LONGEST_SLEEP = 1.0
log = logging.getLogger(__name__)


class Watchers:
    """Everybody who watches the change log in this process. `version` is the public stream's, known in memory."""

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._bell = bell
        self.version = StreamVersion(database, bell)
        self._queues: set[asyncio.Queue[Change | None]] = set()

    async def run(self, seen: int) -> None:
        """Pass on what comes after that change, for ever."""
        with self._bell.listen() as ear:
            async with self.version.followed(ear):
                while True:
                    await ear.wait(min(self._bell.poll_seconds, LONGEST_SLEEP))
                    try:
                        seen = await self._pass_on(seen)
                        await self.version.look()
                    except (SQLAlchemyError, OSError) as error:
                        self.version.doubt()
                        log.warning("the change log cannot be read: %s", error)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[Change | None]]:
        """A queue of the changes from now on. None in it means that the watcher was too slow or the program stops."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(LONGEST_QUEUE)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        """Send every watcher home."""
        for queue in tuple(self._queues):
            self._drop(queue)

    async def last(self) -> int:
        """The number of the last change by now."""
        async with self._database.read() as connection:
            return await read_counter(connection, "changes")

    async def _pass_on(self, seen: int) -> int:
        async with self._database.read() as connection:
            changes = await read_all_changes(connection, after=seen)
        for change in changes:
            seen = change.seq
            for queue in tuple(self._queues):
                try:
                    queue.put_nowait(change)
                except asyncio.QueueFull:
                    self._drop(queue)
        return seen

    def _drop(self, queue: asyncio.Queue[Change | None]) -> None:
        self._queues.discard(queue)
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(None)
