"""The process in which is learnt: started when there is something to learn, ended when there was nothing for a while.

scikit-learn takes 100 MB and more than a second to import; so it is kept out of the program itself.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from aggregator.sandbox import Sandbox, open_sandbox

T = TypeVar("T")
PUPIL = "aggregator.learning.pupil"
IDLE_SECONDS = 120.0
LONGEST_SECONDS, MEGABYTES = 100.0, 2048


@functools.cache
def is_installed() -> bool:
    """Whether the extra `learn` is installed. Imports nothing of it."""
    return importlib.util.find_spec("sklearn") is not None


class Study:
    """Runs functions of `pupil.py`, one at a time. Close it at the end."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._turn = asyncio.Lock()
        self._open = AsyncExitStack()
        self._sandbox: Sandbox | None = None
        self._ending: asyncio.Task[None] | None = None

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """What `function` makes of `args`, see `Sandbox.run`. It imports what it needs itself, or `pupil.py`."""
        async with self._turn:
            self._stay()
            if self._sandbox is None:
                opening = open_sandbox(processes=1, seconds=LONGEST_SECONDS, megabytes=MEGABYTES, needs=(PUPIL,))
                self._sandbox = await self._open.enter_async_context(opening)
            try:
                return await self._sandbox.run(function, *args)
            finally:
                self._ending = asyncio.create_task(self._end_when_idle())

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._sandbox is not None

    async def close(self) -> None:
        """End the process, if there is one."""
        async with self._turn:
            self._stay()
            self._sandbox = None
            await self._open.aclose()

    def _stay(self) -> None:
        if self._ending:
            self._ending.cancel()
            self._ending = None

    async def _end_when_idle(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        async with self._turn:
            self._sandbox = None
            await self._open.aclose()
