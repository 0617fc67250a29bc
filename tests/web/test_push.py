"""The doors through which others push: what they take, what they refuse, and how early."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from aggregator.machine import Machine, open_machine
from aggregator.settings import Settings
from aggregator.store.subscriptions import PushState, Subscription, put_subscription
from aggregator.store.tables import item
from tests.conftest import Clock
from tests.program import program
from tests.serving import asking, serving

TOKEN = "a token that only the partner knows"
HOOK = """
[[source]]
id = "shop"
partner = "city"
kind = "hook"
url = "https://city.example/"
token = "env:SHOP_TOKEN"
review = "auto"
"""
ITEM = {"id": "1", "title": "Market day", "content_text": "On Saturday, with music.", "url": "/market"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.sources.write_text(settings.sources.read_text() + HOOK)
    return replace(settings, environment={"SHOP_TOKEN": TOKEN})


@pytest.fixture
async def client(machine: Machine) -> AsyncIterator[ClientSession]:
    async with serving(machine) as address, asking(address) as client:
        yield client


def signed(body: bytes, token: str = TOKEN) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}


async def post(client: ClientSession, posted: Any, **headers: str) -> tuple[int, Any]:
    body = posted if isinstance(posted, bytes) else json.dumps(posted).encode()
    async with client.post("/push/hook/shop", data=body, headers={**signed(body), **headers}) as answer:
        return answer.status, await answer.json(content_type=None)


async def rows(machine: Machine) -> list[Any]:
    async with machine.database.read() as connection:
        return list((await connection.execute(select(item).order_by(item.c.id))).all())


@pytest.mark.parametrize(
    "posted",
    [
        ITEM,
        [ITEM],
        {"version": "https://jsonfeed.org/version/1.1", "title": "Shop", "language": "en", "items": [ITEM]},
        {"version": "https://jsonfeed.org/version/1", "title": "Shop", "items": [ITEM], "author": {"name": "Mila"}},
    ],
    ids=["item", "list", "1.1", "1.0"],
)
async def test_items_are_kept_when_they_are_answered(client: ClientSession, machine: Machine, posted: Any) -> None:
    assert await post(client, posted) == (200, {"new": 1, "changed": 0, "withdrawn": 0})
    (row,) = await rows(machine)
    assert (row.title, row.url, row.state) == ("Market day", "https://city.example/market", "approved")


async def test_an_item_changes_and_is_withdrawn_and_each_is_counted(client: ClientSession, machine: Machine) -> None:
    await post(client, ITEM)
    changed = {**ITEM, "content_text": "On Sunday, without music."}
    assert await post(client, changed) == (200, {"new": 0, "changed": 1, "withdrawn": 0})
    two = {"id": 2, "title": "Second", "content_html": "<p>Two</p>"}
    gone = {"id": "1", "_deleted": True}
    assert await post(client, [gone, two]) == (200, {"new": 1, "changed": 0, "withdrawn": 1})
    assert await post(client, [{"id": "no such", "_deleted": True}]) == (200, {"new": 0, "changed": 0, "withdrawn": 0})
    assert {(row.title, row.state) for row in await rows(machine)} == {
        ("Market day", "withdrawn"),
        ("Second", "approved"),
    }


async def test_the_same_words_under_another_id_are_another_item(client: ClientSession, machine: Machine) -> None:
    for name in ("market-1", "market-2"):
        assert await post(client, {**ITEM, "id": name}) == (200, {"new": 1, "changed": 0, "withdrawn": 0})
    async with machine.database.read() as connection:
        assert len((await connection.execute(select(item.c.id))).all()) == 2


async def test_what_was_posted_before_changes_nothing_when_it_is_sent_again(
    client: ClientSession, machine: Machine
) -> None:
    await post(client, ITEM)
    await post(client, {**ITEM, "content_text": "On Sunday, without music."})
    await post(client, {"id": "1", "_deleted": True})
    before = [tuple(row) for row in await rows(machine)]
    assert await post(client, ITEM) == (200, {"new": 0, "changed": 0, "withdrawn": 0})
    assert [tuple(row) for row in await rows(machine)] == before


async def test_the_same_post_many_times_at_once_makes_one_item(client: ClientSession, machine: Machine) -> None:
    answers = await asyncio.gather(*(post(client, ITEM) for _ in range(10)))
    assert sum(said["new"] for status, said in answers if status == 200) == 1
    assert len(await rows(machine)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=" + hmac.new(TOKEN.encode(), json.dumps(ITEM).encode(), "sha1").hexdigest()},
        signed(json.dumps(ITEM).encode(), "another"),
        signed(b"another body"),
    ],
)
async def test_an_unsigned_post_is_told_how_to_sign(
    client: ClientSession, machine: Machine, headers: dict[str, str]
) -> None:
    body = json.dumps(ITEM).encode()
    async with client.post("/push/hook/shop", data=body, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
        said = await answer.text()
    assert "X-Hub-Signature-256: sha256=HEX" in said
    assert TOKEN not in said
    assert await rows(machine) == []


async def test_a_wrong_signature_is_refused_before_anything_is_read(client: ClientSession) -> None:
    headers = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    async with client.post("/push/hook/shop", data=b"{" * 100_000, headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("name", ["nobody", "held", "SHOP", "%00", "../shop"])
async def test_a_source_that_is_no_hook_is_not_there(client: ClientSession, name: str) -> None:
    body = json.dumps(ITEM).encode()
    async with client.post(f"/push/hook/{name}", data=body, headers=signed(body)) as answer:
        assert answer.status in {400, 404}


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        (b"", "body"),
        (b"no JSON", "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 200_000, "body"),
        ("text", "body"),
        (7, "body"),
        (None, "body"),
        ({}, "body"),
        ([None, 1], "[0]"),
        (b'[{"id": NaN, "title": "x"}]', "[0].id"),
        (b'[{"id": 1e999, "title": "x"}]', "[0].id"),
        (b'[{"id": ' + b"9" * 5_000 + b', "title": "x"}]', "[0].id"),
        ([dict.fromkeys(ITEM)], "[0].id"),
        ({"version": "https://jsonfeed.org/version/1.1"}, "items"),
        ({"items": {}}, "items"),
        ({"items": [7]}, "items[0]"),
        ([{**ITEM, "id": ""}], "[0].id"),
        ([{**ITEM, "id": " \ud800 "}], "[0].id"),
        ([ITEM, {"title": "no id"}], "[1].id"),
        ({"items": [{**ITEM, "id": True}]}, "items[0].id"),
        ({"items": [{**ITEM, "id": None}]}, "items[0].id"),
        ({"items": [{**ITEM, "title": 7}]}, "items[0].title"),
        ({"items": [{**ITEM, "date_published": "yesterday"}]}, "items[0].date_published"),
        ({"items": [{**ITEM, "url": "javascript:alert(1)"}]}, "items[0].url"),
        ({"items": [{**ITEM, "tags": "music"}]}, "items[0].tags"),
        ({"items": [{**ITEM, "tags": ["music", 7]}]}, "items[0].tags[1]"),
        ({"items": [{**ITEM, "authors": [{"name": 7}]}]}, "items[0].authors[0].name"),
        ({"items": [{**ITEM, "_deleted": "yes"}]}, "items[0]._deleted"),
        ({"items": [{"id": "1"}]}, "items[0].content_html"),
        ({"items": [ITEM] * 1001}, "items"),
        ({**ITEM, "date_modified": 5}, "date_modified"),
    ],
)
async def test_what_does_not_fit_is_named_by_its_field(
    client: ClientSession, machine: Machine, posted: Any, field: str
) -> None:
    status, said = await post(client, posted)
    assert (status, said["field"]) == (400, field), said
    assert await rows(machine) == []


async def test_a_post_that_is_too_long_is_refused_by_its_length_and_by_its_count(client: ClientSession) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 50_000

    headers = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
    for body in (io.BytesIO(b"x" * 5_000_001), endless()):
        async with client.post("/push/hook/shop", data=body, headers=headers) as answer:
            assert answer.status == 413


async def test_a_source_whose_token_is_not_set_takes_nothing_and_says_so(settings: Settings, clock: Clock) -> None:
    async with open_machine(replace(settings, environment={}), now=clock) as machine:
        async with serving(machine) as address, asking(address) as client:
            status, _ = await post(client, ITEM, **signed(json.dumps(ITEM).encode(), ""))
        assert status == 503
        outcome, _ = await machine.shop.look(machine.configuration.source("shop"))
        assert "SHOP_TOKEN" in outcome.problem


async def test_a_browsers_session_and_csrf_have_no_say_here(client: ClientSession) -> None:
    assert (await post(client, ITEM, Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"}))[0] == 200
    async with client.get("/push/hook/shop") as answer:
        assert answer.status == 405


async def test_a_callback_that_was_guessed_is_not_there(client: ClientSession) -> None:
    query = {"hub.mode": "subscribe", "hub.topic": "x", "hub.challenge": "c"}
    for given in (query, {}, {"hub.mode": "denied", "hub.topic": "x"}):
        async with client.get("/push/websub/guess", params=given) as answer:
            assert answer.status == 404
    async with client.post("/push/websub/guess", data=io.BytesIO(b"x" * 20_000_000)) as answer:
        assert answer.status == 404


async def test_a_challenge_comes_back_as_plain_text(client: ClientSession, machine: Machine) -> None:
    topic = machine.configuration.sources[0].url
    pending = Subscription(
        "held", "callback", "https://hub.example/", topic, "secret", PushState.PENDING, machine.now()
    )
    async with machine.database.write() as connection:
        await put_subscription(connection, pending)
    query = {"hub.mode": "subscribe", "hub.topic": topic, "hub.challenge": "<script>alert(1)</script>"}
    async with client.get("/push/websub/callback", params=query) as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.text() == query["hub.challenge"]


async def test_a_packed_body_is_refused_unopened_by_the_real_program(settings: Settings, tmp_path) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    names = {"MPOWER_DATABASE_URL": settings.database_url, "MPOWER_ALLOW_PRIVATE": "127.0.0.1"}
    environment = {"SHOP_TOKEN": TOKEN, "MPOWER_PORT": "0", **names}
    async with program("web", folder=tmp_path, environment=environment) as running, asking(running.url) as client:
        # Whoever opened it would find that most of these labels are wrong, and say that instead.
        for packing in ("gzip", "deflate", "br", "zstd", "GZIP, gzip"):
            headers = {"Content-Encoding": packing, **signed(bomb)}
            async with client.post("/push/hook/shop", data=bomb, headers=headers) as answer:
                assert answer.status == 415
        before = peak_megabytes(running.process.pid)
        await asyncio.gather(*(packed(client, bomb) for _ in range(20)))
        assert peak_megabytes(running.process.pid) - before < 50


async def packed(client: ClientSession, bomb: bytes) -> None:
    async with client.post(
        "/push/hook/shop", data=bomb, headers={"Content-Encoding": "gzip", **signed(bomb)}
    ) as answer:
        assert answer.status == 415


def peak_megabytes(pid: int) -> float:
    with Path(f"/proc/{pid}/status").open() as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
