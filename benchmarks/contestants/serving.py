"""This program's public side with a stream of made-up items, and two others that serve the same page.

python -m benchmarks.contestants.serving DATABASE FOLDER ours | ordinary | each | bare

`ours` is as `mpower-stream web` serves, `ordinary` the same without the quick way, `each` asks the database and renders
at each request, `bare` is aiohttp with the finished bytes. Prints the port and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from aiohttp import web
from sqlalchemy import func, select

from aggregator.collectors.contract import Collected
from aggregator.machine import Machine, on_watch, open_machine
from aggregator.model import Document, Sighting
from aggregator.settings import Settings
from aggregator.store.sources import Cursor
from aggregator.store.tables import item
from curation.application import MACHINE
from web.application import build_application
from web.outputs.feeds import stream_feed
from web.serving.listening import listening

ITEMS = 60
SOURCES = """
[stream]
title = "Benchmark"
languages = ["en", "eu", "hr", "fr", "de", "es"]
review = "auto"

[[partner]]
id = "city"
name = "City"

[[source]]
id = "news"
partner = "city"
kind = "feed"
url = "https://news.example/feed"
languages = ["en"]
"""
WORDS = "The council has agreed to insulate three hundred homes before next winter, street by street. "


def settings(database: str, folder: Path) -> Settings:
    """A program of its own in that folder."""
    (folder / "sources.toml").write_text(SOURCES)
    return Settings(
        database_url=database,
        sources=folder / "sources.toml",
        secret_file=folder / "secret",
        media_dir=folder / "media",
        public_url="http://127.0.0.1:8000",
    )


async def fill(machine: Machine) -> None:
    """Have items whose ten newest make a page of 16 KB, unless they are there."""
    async with machine.database.read() as connection:
        if await connection.scalar(select(func.count()).select_from(item)):
            return
    start = datetime(2026, 11, 1, tzinfo=UTC)
    seen = tuple(
        Sighting(
            f"made-{number}",
            url=f"https://news.example/{number}",
            title=f"Street {number} is warm",
            body_html=f"<p>{number}. {WORDS * 4}</p>",
            published_at=start + timedelta(hours=number),
        )
        for number in range(ITEMS)
    )
    source = machine.configuration.sources[0]
    await machine.shop.take(source, Collected(Document(seen, "feed", is_window=False), Cursor(), source.url))


@asynccontextmanager
async def served(machine: Machine, mode: str) -> AsyncIterator[int]:
    """The port on which that one serves."""
    app = build_application(machine)
    if mode in {"each", "bare"}:
        app = web.Application()
        app[MACHINE] = machine
        body = b"x" * 16_000

        async def bare(_request: web.Request) -> web.Response:
            return web.Response(body=body)

        app.router.add_get("/stream.json", stream_feed if mode == "each" else bare)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
        await runner.cleanup()
        return
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    async with on_watch(machine), listening(app, listener, shutdown_seconds=1, is_quick=mode == "ours"):
        yield listener.getsockname()[1]


async def main() -> None:
    logging.disable(logging.CRITICAL)
    database, folder, mode = sys.argv[1:]
    async with open_machine(settings(database, Path(folder))) as machine:
        await fill(machine)
        gc.freeze()  # as the command line does it
        async with served(machine, mode) as port:
            sys.stdout.write(f"{port}\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
