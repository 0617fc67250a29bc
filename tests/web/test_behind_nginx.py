"""The shipped configuration on a real nginx: what it keeps, for how long, and what it passes on at once."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from aggregator.machine import Machine, on_watch
from benchmarks.nginx import free_port, nginx, shipped
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from tests.serving import asking
from web.application import build_application
from web.serving.answering import SHELF

SOON = 30.0
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough here: nothing of it is looked at."""
    return sqlite_url


@pytest.fixture
async def behind(machine: Machine, tmp_path: Path) -> AsyncIterator[tuple[ClientSession, TestServer]]:
    """A client of nginx, and the program behind it."""
    await keep(
        machine.database, source("trusted", AUTO, partner="tni"), [sighting(n) for n in range(15)], machine.now()
    )
    folder = tmp_path / "nginx"
    folder.mkdir()
    async with on_watch(machine), TestServer(build_application(machine)) as server:
        port = free_port()
        inside = shipped(folder, port=port, upstream=server.port or 0)
        with nginx(folder, inside, port):
            async with asking(f"http://127.0.0.1:{port}") as session:
                yield session, server


@pytest.mark.skipif(NGINX is None, reason="not required: there is no nginx here (apt-get install nginx)")
async def test_nginx_keeps_pages_a_second_and_the_rest_not_at_all(
    behind: tuple[ClientSession, TestServer], machine: Machine
) -> None:
    session, server = behind
    assert server.app
    shelf = server.app[SHELF]

    async def get(path: str, **headers: str) -> tuple[int, bytes, Mapping[str, str]]:
        async with session.get(path, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    # Many who come first are one question; others with the same wish in other words share the page.
    answers = await asyncio.gather(*(get("/stream", **{"Accept-Language": f"eu-ES, en;q=0.{n}"}) for n in range(10)))
    assert len({body for _, body, _ in answers}) == 1
    assert b'<html lang="eu"' in answers[0][1]
    assert shelf.renders == 1
    assert b'<html lang="fr"' in (await get("/stream", **{"Accept-Language": "fr"}))[1]
    # Packed as the client likes, and a 304 for who has it.
    for accepted, encoding in (("gzip, deflate, br", "br"), ("gzip;q=0.5", "gzip"), ("br;q=0, deflate", None)):
        status, _, headers = await get("/stream.json", **{"Accept-Encoding": accepted})
        assert (status, headers.get("Content-Encoding")) == (200, encoding), accepted
        assert headers["Cache-Control"].startswith("public, max-age=0")
        again = {"Accept-Encoding": accepted, "If-None-Match": headers["ETag"]}
        assert (await get("/stream.json", **again))[0] == 304
    # The editors' room is not kept, and stays closed.
    status, _, headers = await get("/curation/api/items")
    assert (status, headers.get("X-Cache-Status"), headers["Cache-Control"]) == (401, None, "no-store")
    # Events are passed on at once, and a page that was kept is new soon after.
    item_id = (await get("/stream.json"))[1].split(b'"id": "')[1].split(b'"')[0].decode()
    async with session.get("/events") as events, asyncio.timeout(SOON):
        await events.content.readuntil(b"\n\n")
        await decide(machine, item_id, action="reject", editor="ana")
        assert item_id in (await events.content.readuntil(b"\n\n")).decode()
        while item_id.encode() in (await get("/stream.json"))[1]:
            await asyncio.sleep(0.05)
    # While the program is away the last good page is shown, and what was never asked for is not.
    await server.close()
    async with asyncio.timeout(SOON):
        while (await get("/stream.json"))[2]["X-Cache-Status"] != "STALE":
            await asyncio.sleep(0.05)
    assert (await get("/stream.json"))[0] == 200
    assert (await get("/tags.json"))[0] == 502


def test_every_path_that_is_not_for_caches_is_named_in_the_shipped_configuration(tmp_path: Path) -> None:
    text = shipped(tmp_path, port=1, upstream=2)
    for path in ("curation", "interest", "push", "hub", "metrics", "readyz", "healthz", "events", "media"):
        assert path in text
