"""Rings in every process that has the same SQLite database open, by the time on its lock file.

The kernel tells who watches the file (inotify); where it does not, the file is looked at now and then. A socket for
each process would have to be cleared away after one that was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aggregator.localbell import LocalBell

# A page is to be new 50 ms after a decision in another process. Each look takes 0.1 to 0.2 ms of a processor.
LOOK_SECONDS = 0.025
# Where the kernel tells: it cannot tell of another file that has come to stand in the place of the one it watches.
TOLD_LOOK_SECONDS = 1.0
ATTRIBUTES_CHANGED = 0x4  # IN_ATTRIB of inotify(7)


class FileBell(LocalBell):
    """Rings in this process at once, and in the others when they hear of it."""

    poll_seconds = 5.0

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._heard = 0
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
        with watching() as watch:
            while True:
                is_told = watch is not None and watch.add(self._file)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TOLD_LOOK_SECONDS if is_told else LOOK_SECONDS):
                        # Whoever rang between the last look and the watch is seen now.
                        while self._rung() == self._heard:
                            await (watch.stirred() if watch and is_told else asyncio.sleep(LOOK_SECONDS))
                if (rung := self._rung()) != self._heard:
                    self._heard = rung
                    await super().ring()

    def _rung(self) -> int:
        """When it rang last; where the file is gone, nobody has rung since."""
        with contextlib.suppress(OSError):
            return self._file.stat().st_mtime_ns
        return self._heard


class Watch:
    """What the kernel tells of files."""

    def __init__(self, library: Any, descriptor: int) -> None:
        self._library = library
        self._descriptor = descriptor
        self._stir = asyncio.Event()

    def add(self, file: Path) -> bool:
        """Watch that file, once however often this is said. False where it cannot be watched."""
        return bool(self._library.inotify_add_watch(self._descriptor, os.fsencode(file), ATTRIBUTES_CHANGED) >= 0)

    def note(self) -> None:
        """Something has happened: what, is of no interest."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, 65_536)
        self._stir.set()

    async def stirred(self) -> None:
        """Wait until something happens that nobody has waited for yet."""
        await self._stir.wait()
        self._stir.clear()


@contextmanager
def watching() -> Iterator[Watch | None]:
    """A watch, which tells of nothing yet; None on a machine that has none to give."""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(library, "inotify_init1") else -1
    if descriptor < 0:  # another system, or this user has as many as are allowed
        yield None
        return
    loop, watch = asyncio.get_running_loop(), Watch(library, descriptor)
    loop.add_reader(descriptor, watch.note)
    try:
        yield watch
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


@asynccontextmanager
async def open_file_bell(file: Path) -> AsyncIterator[FileBell]:
    """A bell that hears the other processes while the context lasts."""
    with contextlib.suppress(OSError):
        file.touch(0o600)  # nobody has written yet: whoever does rings here
    bell = FileBell(file)
    hearing = asyncio.create_task(bell.hear())
    try:
        yield bell
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing
