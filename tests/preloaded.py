"""Starts `mpower-stream` as a process of its own that need not import it: forked from one that has imported it already.

Importing takes most of a start. Whatever runs is the program as ever, in a fresh process: nothing of it has begun where
it is forked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NUMBER = 8


class Preloaded:
    """What is needed of `asyncio.subprocess.Process`, for one that was forked elsewhere."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, told: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._told = told

    async def wait(self) -> int:
        if self.returncode is None:
            with contextlib.suppress(asyncio.IncompleteReadError):
                self.returncode = int(await self._told.readexactly(NUMBER))
        assert self.returncode is not None, "the process that forked it is gone"
        return self.returncode

    async def communicate(self) -> tuple[bytes, None]:
        out = await self.stdout.read()
        await self.wait()
        return out, None

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that has imported the program and forks whatever is asked for."""

    def __init__(self) -> None:
        self._asking, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)

    async def start(self, words: Sequence[str], folder: Path, environment: Mapping[str, str], errors: int) -> Preloaded:
        """Have it started there, with that environment and that open file for its errors."""
        stdout, theirs = os.pipe()
        told, tells = os.pipe()
        asked = json.dumps([[*words], str(folder), dict(environment)]).encode()
        try:
            socket.send_fds(self._asking, [len(asked).to_bytes(NUMBER, "big") + asked], [theirs, errors, tells])
        finally:
            os.close(theirs)
            os.close(tells)
        said, news = await _reader(stdout), await _reader(told)
        return Preloaded(int(await news.readexactly(NUMBER)), said, news)

    def close(self) -> None:
        """End it. What it has forked goes on."""
        self._asking.close()
        self._process.wait(30)


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0)
    )
    return reader


def serve(asked: socket.socket) -> None:
    """Fork what is asked for until nobody asks any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who wait for a program need not be waited for
    while True:
        head, files, *_ = socket.recv_fds(asked, NUMBER, 3)
        if not head:
            return
        length = int.from_bytes(head, "big")
        words, folder, environment = json.loads(asked.recv(length, socket.MSG_WAITALL))
        if not os.fork():
            asked.close()
            _wait_for(words, folder, environment, *files)
        for file in files:
            os.close(file)


def _wait_for(words: list[str], folder: str, environment: dict[str, str], out: int, errors: int, tells: int) -> Any:
    """Fork the program, and tell its number and at last how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        os.close(tells)
        os.dup2(out, 1)
        os.dup2(errors, 2)
        os.close(out)
        os.close(errors)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv[1:] = words
        main()
        return
    os.close(out)
    os.close(errors)
    os.write(tells, f"{pid:{NUMBER}}".encode())
    _, status = os.waitpid(pid, 0)
    os.write(tells, f"{os.waitstatus_to_exitcode(status):{NUMBER}}".encode())
    os._exit(0)


if __name__ == "__main__":
    from web.commands import main

    serve(socket.socket(fileno=int(sys.argv[1])))
