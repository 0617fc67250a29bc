"""Starts the real program as a process of its own and talks to it as a user would."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.preloaded import Nursery, Preloaded


@dataclass
class Program:
    """A running `mpower-stream`. `url` is where it serves, `link` the one-time sign-in link where it printed one."""

    process: asyncio.subprocess.Process | Preloaded
    log: Path
    url: str = ""
    link: str = ""
    said: list[str] = field(default_factory=list)

    async def wait_until_ready(self) -> None:
        """Read what it says until it has said all that it says at start."""
        assert self.process.stdout
        async with asyncio.timeout(90):
            while line := (await self.process.stdout.readline()).decode():
                self.said.append(line.rstrip())
                if match := re.match(r"Stream and host page\s+(\S+?)/$", line.rstrip()):
                    self.url = match[1]
                if match := re.match(r"Sign in once with\s+(\S+)", line):
                    self.link = match[1]
                if "Ctrl-C stops" in line:
                    return
        raise AssertionError(f"the program ended before it was ready:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """Kill -9."""
        self.process.send_signal(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def program(
    *words: str, folder: Path, environment: Mapping[str, str], ready: bool = True, nursery: Nursery | None = None
) -> AsyncIterator[Program]:
    """The program, started in that folder; killed on the way out if it still runs.

    Where many are started, a `nursery` saves each of them most of its start.
    """
    log = folder / "stderr.log"
    whole = {**os.environ, "MPOWER_PORT": "0", **environment}
    process: asyncio.subprocess.Process | Preloaded
    with log.open("ab") as errors:
        if nursery:
            process = await nursery.start(words, folder, whole, errors.fileno())
        else:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "from web.commands import main; main()", *words,
                cwd=folder, env=whole, stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip
    running = Program(process, log)
    try:
        if ready:
            await running.wait_until_ready()
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
