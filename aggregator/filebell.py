"""Rings in every process that has the same SQLite database open, by the time on its lock file.

To look at a file now and then costs microseconds. A socket for each process would wake it at once, and would have to be
cleared away after one that was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aggregator.localbell import LocalBell

# A page is to be new 50 ms after a decision in another process; forty looks a second are 0.2 % of a processor.
LOOK_SECONDS = 0.025


class FileBell(LocalBell):
    """Rings in this process at once, and in the others when they next look at the file."""

    poll_seconds = 5.0

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._heard = self._rung()

    async def ring(self) -> None:
        """Wake every sleeper of every process. A file that cannot be touched is no reason to fail what is committed."""
        with contextlib.suppress(OSError):
            # Exactly: the kernel's own time for a file stands still for milliseconds, and hides the second of two.
            now = time.time_ns()
            os.utime(self._file, ns=(now, now))
        # Another's ring that this one covers is heard all the same: what it tells of was committed before.
        self._heard = self._rung()
        await super().ring()

    async def hear(self) -> None:
        """Pass on what other processes ring, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if (rung := self._rung()) != self._heard:
                self._heard = rung
                await super().ring()

    def _rung(self) -> int:
        """When it rang last."""
        with contextlib.suppress(OSError):
            return self._file.stat().st_mtime_ns
        return 0


@asynccontextmanager
async def open_file_bell(file: Path) -> AsyncIterator[FileBell]:
    """A bell that hears the other processes while the context lasts."""
    bell = FileBell(file)
    hearing = asyncio.create_task(bell.hear())
    try:
        yield bell
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing
