"""The editors' room on a real server, with three people who may come in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from playwright.async_api import Browser
from sqlalchemy import select

from aggregator.addresses import Allowed
from aggregator.bell import open_bell
from aggregator.handlers import FOLLOWS
from aggregator.machine import Machine, on_watch
from aggregator.settings import Settings
from aggregator.sources import CurrentSources
from aggregator.sourcesfile import Rules
from aggregator.store.engine import Database
from aggregator.store.tables import metadata
from aggregator.watchers import Watchers
from aggregator.work import WorkList
from curation import access, api, live, pages
from curation.editors import Role, add_editor
from tests.conftest import Clock
from tests.curation.desk import PASSWORD, Desk

ROLES = {"vera": Role.VIEWER, "ana": Role.EDITOR, "root": Role.ADMIN}
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
SOURCES = """
[stream]
title = "A stream"
languages = ["en", "eu"]
review = "hold"

[[partner]]
id = "city"
name = "The City"

[[source]]
id = "city-news"
partner = "city"
kind = "feed"
url = "https://city.example/feed"
languages = ["en"]
every = "30m"

[[tag]]
id = "solar"
label = { en = "Solar power" }
words = { en = ["solar"] }

[[tag]]
id = "wind"
label = { en = "Wind power" }
words = { eu = ["haizea"] }
"""


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Made with less effort than real ones, so that signing in takes no time here."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def public_url() -> str:
    return "http://stream.example"


@pytest.fixture
async def room(
    database: Database, clock: Clock, tmp_path: Path, password_hash: str, public_url: str
) -> AsyncIterator[Machine]:
    """The machine without collectors and workers, which the editors' pages do not need: they take their time to open."""
    path = tmp_path / "sources.toml"
    path.write_text(SOURCES)
    async with open_bell(database) as bell:
        machine = Machine(
            settings=Settings(public_url=public_url, media_dir=tmp_path),
            secret=b"s" * 32,
            database=database,
            bell=bell,
            work=WorkList(FOLLOWS),
            sources=CurrentSources(path, kinds={"feed": Rules()}, allowed=Allowed.parse(""), environment={}),
            outside=None,  # type: ignore[arg-type]
            shop=None,  # type: ignore[arg-type]
            watchers=Watchers(database, bell),
            now=clock,
            sandbox=None,  # type: ignore[arg-type]
        )
        await machine.know_sources()
        async with database.write() as connection:
            for name, role in ROLES.items():
                await add_editor(connection, name, role=role, now=clock(), password_hash=password_hash)
        yield machine


def build_app(machine: Machine) -> web.Application:
    app = web.Application(client_max_size=100_000)
    app[pages.MACHINE] = machine
    pages.install(app)
    access.install(
        app,
        access.Access(machine.database, machine.secret, machine.settings.public_url, machine.now, pages.note_denied),
    )
    app.router.add_get("/curation/events", live.events)
    for method, path, handler in api.ROUTES:
        app.router.add_route(method, path, handler)
    return app


@dataclass
class Visitor:
    """A browser without script: keeps cookies, reads the CSRF token of the page that it was shown last."""

    client: TestClient[Any, Any]
    csrf: str = ""
    text: str = ""
    headers: dict[str, str] = field(default_factory=lambda: dict(BROWSER))

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self._ask("GET", path, **options)

    async def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> ClientResponse:
        return await self._ask("POST", path, data={"csrf": self.csrf} | (data or {}), **options)

    async def sign_in(self, name: str, password: str = PASSWORD, **options: Any) -> ClientResponse:
        await self.get("/curation/sign-in")
        answer = await self.post("/curation/sign-in", {"name": name, "password": password}, **options)
        if answer.status == 303:
            await self.get("/curation/")
        return answer

    def cookie(self, name: str) -> str | None:
        found = {cookie.key: cookie.value for cookie in self.client.session.cookie_jar}
        return found.get(name)

    async def _ask(self, method: str, path: str, **options: Any) -> ClientResponse:
        headers = self.headers | options.pop("headers", {})
        answer = await self.client.request(method, path, headers=headers, allow_redirects=False, **options)
        self.text = await answer.text(errors="replace")
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        self.csrf = found[1] if found else self.csrf
        return answer


@pytest.fixture
async def server(room: Machine) -> AsyncIterator[TestServer]:
    async with TestServer(build_app(room)) as server:
        yield server


@pytest.fixture
async def visitor(server: TestServer) -> AsyncIterator[Visitor]:
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
        yield Visitor(client)


@pytest.fixture
async def other(server: TestServer) -> AsyncIterator[Visitor]:
    """A second browser."""
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as client:
        yield Visitor(client)


@pytest.fixture
async def seat(room: Machine, clock: Clock, server: TestServer, browser: Browser) -> AsyncIterator[Callable[..., Any]]:
    """Makes desks, one a browser profile."""
    made: list[Desk] = []

    async def sit(**options: Any) -> Desk:
        context = await browser.new_context(base_url=str(server.make_url("/")), **options)
        context.set_default_timeout(10_000)
        made.append(Desk(room, clock, await context.new_page()))
        return made[-1]

    async with on_watch(room):
        yield sit
        for desk in made:
            await desk.page.unroute_all(behavior="wait")  # an answer that is being changed outlives no page
            await desk.page.context.close()
    assert [desk.troubles for desk in made if desk.troubles] == []


async def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    async with database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in await connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }
