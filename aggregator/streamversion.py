"""The public stream's version, known in memory: a page may be shown again while it stands. Knows no pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aggregator.bell import Bell
from aggregator.localbell import Ear
from aggregator.store.changes import read_counter
from aggregator.store.engine import Database

LOOK_SECONDS = 1.0
REST_SECONDS = 1.0


class StreamVersion:
    """Where the stream's counter stands. What is known is forgotten at the moment when the bell rings.

    Every change rings after its commit and before its answer: whoever decides and then asks is never shown less.
    """

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._bell = bell
        self._ear: Ear | None = None
        self._value: int | None = None
        self._rings = 0  # what the ear had heard when the value was asked for
        self._look: asyncio.Task[int] | None = None
        self._look_rings = 0
        self._failed_at: float | None = None

    @property
    def known(self) -> int | None:
        """The version, if it is sure without a question to the database."""
        ear = self._ear
        is_sure = ear is not None and ear.rings == self._rings and self._bell.hears_others
        return self._value if is_sure else None

    async def ask(self) -> int:
        """The version as it was at this moment or later. Many who ask at once ask the database once.

        Raises what the database raises, and TimeoutError; then at once for a second, so that nobody waits in vain.
        """
        if (known := self.known) is not None:
            return known
        now = asyncio.get_running_loop().time()
        if self._failed_at is not None and now - self._failed_at < REST_SECONDS:
            raise TimeoutError("the database could not be asked just now")
        return await self.look()

    async def look(self) -> int:
        """The same, asked of the database whatever is known."""
        rings = self._ear.rings if self._ear else 0
        # One that began after the last ring sees all that was rung for; without an ear nothing is shared.
        if self._look is None or self._look.done() or self._look_rings != rings or self._ear is None:
            self._look, self._look_rings = asyncio.create_task(self._read(rings)), rings
            self._look.add_done_callback(_note)
        return await asyncio.shield(self._look)

    def doubt(self) -> None:
        """Forget what is known: the log can no longer be read."""
        self._value = None

    @asynccontextmanager
    async def followed(self, ear: Ear) -> AsyncIterator[None]:
        """Rely on this ear while the context lasts; before and after, every question goes to the database."""
        self._ear, self._value = ear, None
        try:
            yield
        finally:
            self._ear = None
            if self._look:
                await asyncio.wait({self._look})

    async def _read(self, rings: int) -> int:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._database.read() as connection:
                value = await read_counter(connection, "stream")
        except Exception:
            self._failed_at, self._value = loop.time(), None
            raise
        self._failed_at = None
        if rings >= self._rings or self._value is None:
            self._value, self._rings = value, rings
        return value


def _note(look: asyncio.Task[int]) -> None:
    """Its failure is told to those who asked; where they have gone meanwhile, it is not worth a warning."""
    if not look.cancelled():
        look.exception()
