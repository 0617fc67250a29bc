"""Wakes those who sleep in this process; a ring that comes while they are busy is remembered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager


class Ear:
    """One sleeper's ear: remembers a ring that came while it was busy."""

    def __init__(self) -> None:
        self.rings = 0  # how often it rang since the ear was there: for those who look and do not sleep
        self._heard = asyncio.Event()

    def wake(self) -> None:
        """Let the sleeper go on."""
        self.rings += 1
        self._heard.set()

    async def wait(self, seconds: float) -> bool:
        """Sleep until a ring or for so many seconds. True where it rang."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        rang = self._heard.is_set()
        self._heard.clear()
        return rang


class LocalBell:
    """Rings within this process; what others are told by is its children's part."""

    poll_seconds = 1.0
    hears_others = True

    def __init__(self) -> None:
        self._ears: set[Ear] = set()

    async def ring(self) -> None:
        """Wake every sleeper of this process."""
        for ear in self._ears:
            ear.wake()

    @contextmanager
    def listen(self) -> Iterator[Ear]:
        """An ear that hears every ring while the context lasts."""
        ear = Ear()
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)
