"""A process beside this one that is talked to over one socket: started, asked, ended.

What asyncio offers for it holds the event loop up for 15 ms each time a process starts, where uvloop drives the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# So much of an answer may lie here before it is fetched.
BUFFERED = 1024 * 1024
SOONEST, LATEST = 0.001, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A process that was started, the way to it and the way back. Made by `start`."""

    process: subprocess.Popen[bytes]
    requests: asyncio.StreamWriter
    answers: asyncio.StreamReader

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once; it is `wait` that sees it go."""
        self.process.kill()

    async def wait(self) -> int:
        """How it ended, as `subprocess` says it. Waits until then."""
        pause = SOONEST
        while (status := self.process.poll()) is None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LATEST)
        return status

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.kill()
        with contextlib.suppress(ConnectionError):
            await self.answers.read()  # to its end, after which there is hardly anything to wait for
        await self.wait()
        self.requests.close()
        with contextlib.suppress(ConnectionError):
            await self.requests.wait_closed()


async def start(command: Sequence[str], environment: Mapping[str, str]) -> Child:
    """Start a process whose standard input and output are ours to write and read. Raises OSError where it cannot be.

    It gets a session of its own: Ctrl-C in a terminal is for us, and we end it. Its parent is the thread that runs the
    event loop.
    """
    # A pair is two ends of one pipe: neither has an address, and nobody else can be reached through them.
    ours, theirs = socket.socketpair()
    with theirs, contextlib.ExitStack() as on_failure:
        on_failure.callback(ours.close)
        answers, requests = await asyncio.open_unix_connection(sock=ours, limit=BUFFERED)
        on_failure.pop_all()
        on_failure.callback(requests.close)
        # It returns as soon as the program has taken over, within a millisecond. Nothing may be waited for from here
        # on: whoever is cancelled then would leave the process behind.
        process = subprocess.Popen(  # noqa: ASYNC220, S603
            command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=environment, start_new_session=True
        )
        on_failure.pop_all()
    return Child(process, requests, answers)
