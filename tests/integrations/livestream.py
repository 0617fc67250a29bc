"""The whole application on its public address, as other sites' servers and their visitors' browsers meet it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from aggregator.machine import Machine, on_watch, open_machine, utc_now
from aggregator.model import Sighting
from aggregator.settings import Settings
from tests.builders import AUTO, keep, sighting, source
from tests.conftest import SOURCES
from web.application import build_application


@dataclass
class LiveStream:
    """A running stream. `asked` is what it was asked and how it answered; `answer` stands in for the application."""

    url: str
    machine: Machine
    asked: list[tuple[str, int]] = field(default_factory=list)
    marks: list[str | None] = field(default_factory=list)
    answer: web.Response | None = None
    gate: asyncio.Event | None = None  # while set and unset, pieces wait
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, *news: Sighting) -> None:
        """Visible to whoever asks after this, as what is published by the program itself."""
        await keep(self.machine.database, source("trusted", AUTO, partner="tni"), news, self.machine.now())
        await self.machine.bell.ring()

    @property
    def pieces(self) -> list[int]:
        """The status of every answer to who asked for a piece of HTML."""
        return [status for path, status in self.asked if "fragment=1" in path]

    @web.middleware
    async def _watch(self, request: web.Request, handler) -> web.StreamResponse:
        if self.gate and "fragment" in request.query:
            self.waiting.set()
            await self.gate.wait()
        response = await self._answer(request, handler)
        self.asked.append((request.path_qs, response.status))
        self.marks.append(request.headers.get("If-None-Match"))
        return response

    async def _answer(self, request: web.Request, handler) -> web.StreamResponse:
        if self.answer is None:
            return await handler(request)
        said = self.answer
        return web.Response(status=said.status, text=said.text, content_type=said.content_type)


@asynccontextmanager
async def live_stream(folder: Path, news: Sequence[Sighting] = ()) -> AsyncIterator[LiveStream]:
    """A stream that holds these items, else 25, and runs until the end of the block."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}"
        (folder / "sources.toml").write_text(SOURCES.format(url="https://city.example"))
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{folder}/mpower.db", sources=folder / "sources.toml",
            secret_file=folder / "secret", media_dir=folder / "media", public_url=url,
        )  # fmt: skip
        async with open_machine(settings, now=utc_now) as machine, on_watch(machine):
            stream = LiveStream(url, machine)
            await stream.publish(*(news or [sighting(n) for n in range(25)]))
            application = build_application(machine)
            application.middlewares.insert(0, stream._watch)
            runner = web.AppRunner(application, shutdown_timeout=0)
            await runner.setup()
            await web.SockSite(runner, place).start()
            try:
                yield stream
            finally:
                await runner.cleanup()
