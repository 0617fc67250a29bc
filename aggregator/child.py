"""A process beside this one that is talked to over one socket: started, asked, ended.

What asyncio offers for it holds the event loop up for 15 ms each time a process starts, where uvloop drives the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# So much of an answer may lie here before it is fetched.
BUFFERED = 1024 * 1024
SOONEST, LATEST = 0.001, 0.1


class Adopted:
    """What is needed of `subprocess.Popen` for a process of ours that another one forked and left to us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """How it ended, or None. Its number is nobody else's until this has told."""
        if self._status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if ended else None
        return self._status

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A process that was started, the way to it and the way back. Made by `start`."""

    process: subprocess.Popen[bytes] | Adopted
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


@contextlib.contextmanager
def adopting() -> Iterator[bool]:
    """Meanwhile processes are left to us that a child of ours forks, once that ends. False elsewhere than on Linux."""
    become_their_parent = 36  # PR_SET_CHILD_SUBREAPER in linux/prctl.h
    if sys.platform != "linux" or ctypes.CDLL(None).prctl(become_their_parent, 1, 0, 0, 0):
        yield False
        return
    try:
        yield True
    finally:
        # Not for longer: orphans of others would be left to us, too, and stay as zombies.
        ctypes.CDLL(None).prctl(become_their_parent, 0, 0, 0, 0)


async def streams(way: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The way back and the way to whoever is at the other end."""
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(way.close)
        both = await asyncio.open_unix_connection(sock=way, limit=BUFFERED)
        on_failure.pop_all()
    return both


async def start(command: Sequence[str], environment: Mapping[str, str], *, passing: Sequence[int] = ()) -> Child:
    """Start a process whose standard input and output are ours to write and read. Raises OSError where it cannot be.

    It gets a session of its own: Ctrl-C in a terminal is for us, and we end it. Its parent is the thread that runs the
    event loop. `passing` are open files that it is given besides.
    """
    # A pair is two ends of one pipe: neither has an address, and nobody else can be reached through them.
    ours, theirs = socket.socketpair()
    with theirs, contextlib.ExitStack() as on_failure:
        answers, requests = await streams(ours)
        on_failure.callback(requests.close)
        # It returns as soon as the program has taken over, within a millisecond. Nothing may be waited for from here
        # on: whoever is cancelled then would leave the process behind.
        process = subprocess.Popen(  # noqa: ASYNC220, S603
            command,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            env=environment,
            start_new_session=True,
            pass_fds=passing,
        )
        on_failure.pop_all()
    return Child(process, requests, answers)
