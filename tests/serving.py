"""The whole application on a real server, asked as a program asks it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer

from aggregator.machine import Machine, on_watch, open_machine
from aggregator.settings import Settings
from curation.editors import Role, add_editor, make_token
from web.application import build_application


@asynccontextmanager
async def serving(machine: Machine) -> AsyncIterator[str]:
    """Its address, while it is served and watched."""
    async with on_watch(machine), TestServer(build_application(machine)) as server:
        yield str(server.make_url("")).rstrip("/")


@asynccontextmanager
async def open_to_the_public(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Machine]:
    """The whole program, served and watched at its `public_url`: so that a browser finds pictures, too, where it is."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with open_machine(replace(settings, public_url=address), now=now) as machine, on_watch(machine):
            runner = web.AppRunner(build_application(machine), shutdown_timeout=0)
            await runner.setup()
            try:
                await web.SockSite(runner, door).start()
                yield machine
            finally:
                await runner.cleanup()


@asynccontextmanager
async def asking(address: str, **headers: str) -> AsyncIterator[ClientSession]:
    """A client without cookies."""
    async with ClientSession(address, headers=headers, cookie_jar=DummyCookieJar()) as session:
        yield session


async def bearer(machine: Machine, name: str = "ana", role: Role = Role.EDITOR) -> dict[str, str]:
    """The headers of a program that works for an editor."""
    async with machine.database.write() as connection:
        await add_editor(connection, name, role=role, now=machine.now())
        return {"Authorization": f"Bearer {await make_token(connection, name, now=machine.now())}"}


async def read(session: ClientSession, path: str, **options: Any) -> Any:
    """The JSON of a path that must answer with 200."""
    async with session.get(path, **options) as answer:
        assert answer.status == 200, (answer.status, await answer.text())
        return await answer.json(content_type=None)
