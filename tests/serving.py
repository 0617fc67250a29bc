"""The whole application on a real server, asked as a program asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from aiohttp.test_utils import TestServer

from aggregator.machine import Machine, on_watch
from curation.editors import Role, add_editor, make_token
from web.application import build_application


@asynccontextmanager
async def serving(machine: Machine) -> AsyncIterator[str]:
    """Its address, while it is served and watched."""
    async with on_watch(machine), TestServer(build_application(machine)) as server:
        yield str(server.make_url("")).rstrip("/")


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
