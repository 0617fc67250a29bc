"""Commands that serve: `run`, and its parts `web` and `worker`; and `demo`, the same program on sample sources."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click
from sqlalchemy import func, select

from aggregator.errors import SettingsError
from aggregator.machine import Machine, at_work, in_step, on_watch, open_machine, utc_now
from aggregator.settings import Settings, local_url
from aggregator.store.tables import editor as editors_table
from curation.editors import Role, make_link
from web.application import build_application
from web.commands.entry import say, shared
from web.outputs.feeds import topic_content
from web.serving.listening import BACKLOG, listening

DEMO_FOLDER = Path("var/demo")
SHUTDOWN_SECONDS = 5.0


@click.command()
@shared
async def run(settings: Settings) -> None:
    """Run everything in one process: collectors, editors' room and public stream.

    Example: MPOWER_PORT=8080 mpower-stream run --sources sources.toml
    """
    told = _told_to_stop()
    async with (
        _listening(settings) as (listener, placed),
        open_machine(placed, contents=topic_content) as machine,
        at_work(machine),
        _serving(machine, listener),
    ):
        await _greet(machine)
        await told.wait()


@click.command()
@shared
async def web(settings: Settings) -> None:
    """Serve pages only; a `worker` collects: on the same machine, or on another with PostgreSQL.

    Example: mpower-stream web --database postgresql+asyncpg://mpower@db/mpower
    """
    told = _told_to_stop()
    async with (
        _listening(settings) as (listener, placed),
        open_machine(placed, contents=topic_content) as machine,
        in_step(machine),
        _serving(machine, listener),
    ):
        await _greet(machine)
        await told.wait()


@click.command()
@shared
async def worker(settings: Settings) -> None:
    """Collect and work only; a `web` serves: on the same machine, or on another with PostgreSQL.

    Example: mpower-stream worker --database postgresql+asyncpg://mpower@db/mpower
    """
    told = _told_to_stop()
    async with open_machine(settings, contents=topic_content) as machine, at_work(machine):
        say("working; Ctrl-C stops")
        await told.wait()


@click.command()
@shared
async def demo(settings: Settings) -> None:
    """Run everything on sample sources that need no internet, with an empty database of its own under var/demo/PORT.

    Example: mpower-stream demo
    """
    told = _told_to_stop()
    async with AsyncExitStack() as stack:
        # Whoever holds the port owns the folder: only now is it sure that no other demo is at work there.
        listener, placed = await stack.enter_async_context(_listening(settings))
        folder = DEMO_FOLDER / str(placed.port)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # Only here: the sample sites take 5 MB and a tenth of a second of every command that imports them.
        from web.demo.site import serve_samples, write_samples  # noqa: PLC0415

        sites = await stack.enter_async_context(serve_samples(utc_now))
        file = write_samples(sites, folder)
        placed = replace(
            placed,
            sources=file,
            database_url=f"sqlite+aiosqlite:///{folder}/mpower.db",
            media_dir=folder / "media",
            secret_file=folder / "secret",
            allow_private=",".join(sorted({urlsplit(url).netloc for url in sites.addresses.values()})),
        )
        machine = await stack.enter_async_context(open_machine(placed, contents=topic_content))
        await stack.enter_async_context(at_work(machine))
        await stack.enter_async_context(_serving(machine, listener))
        say("Sample partner sites:")
        for partner, address in sites.addresses.items():
            say(f"  {partner:<28} {address}")
        await _greet(machine, advice="a password chosen there lasts until the demo stops")
        await told.wait()


@asynccontextmanager
async def _listening(settings: Settings) -> AsyncIterator[tuple[socket.socket, Settings]]:
    """A listening socket, taken before anything is opened, and the settings with its real port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    with contextlib.closing(listener):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            # Until it listens, another may bind the same port, too.
            listener.listen(BACKLOG)
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "set MPOWER_PORT to a free port, or to 0 for any"
            ) from error
        port = listener.getsockname()[1]
        given = local_url(settings.host, settings.port)
        public_url = local_url(settings.host, port) if settings.public_url == given else settings.public_url
        yield listener, replace(settings, port=port, public_url=public_url)


@asynccontextmanager
async def _serving(machine: Machine, listener: socket.socket) -> AsyncIterator[None]:
    app = build_application(machine)
    async with on_watch(machine), listening(app, listener, shutdown_seconds=SHUTDOWN_SECONDS):
        yield


async def _greet(machine: Machine, *, advice: str = "choose a password there to come back") -> None:
    """Say where everything is; on the very first start also the editor's one-time link."""
    url = machine.settings.public_url
    say(f"Stream and host page   {url}/")
    say(f"JSON Feed              {url}/stream.json")
    say(f"Editors' room          {url}/curation/")
    async with machine.database.read() as connection:
        editors = await connection.scalar(select(func.count()).select_from(editors_table))
    if not editors:
        async with machine.database.write() as connection:
            secret = await make_link(connection, "editor", role=Role.ADMIN, now=machine.now())
        say(f"Sign in once with      {url}/curation/sign-in/{secret}")
        say(f"                       (valid for a day; {advice})")
    say("Ctrl-C stops.")


def _told_to_stop() -> asyncio.Event:
    """Set by SIGINT or SIGTERM, from now on: also one that comes while the program starts. A second ends it at once."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        if told.is_set():
            os._exit(1)
        say("stopping …")
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return told
