"""Editors join items to one story and take them out of it, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from aggregator.machine import Machine
from aggregator.model import Alternate, Card, Media
from aggregator.refine.evidence import Evidence, key_of
from aggregator.store.changes import read_counter
from aggregator.store.tables import decision
from curation.editors import Role
from tests.builders import AUTO, keep, sighting, source
from tests.serving import asking, bearer, read, serving

ITEMS = "/curation/api/items"


@pytest.fixture
async def ana(machine: Machine) -> AsyncIterator[ClientSession]:
    await keep(machine.database, source("trusted", AUTO), [sighting(n) for n in range(3)], machine.now())
    await keep(machine.database, source("held", AUTO), [sighting(7, url="https://b.example/7")], machine.now())
    async with serving(machine) as address, asking(address, **await bearer(machine)) as session:
        yield session


async def ids(session: ClientSession) -> dict[str, str]:
    page = await read(session, f"{ITEMS}?state=approved")
    return {item["title"]: item["id"] for item in page["items"]}


async def post(session: ClientSession, item_id: str, body: object) -> tuple[int, dict]:
    async with session.post(f"{ITEMS}/{item_id}/story", json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_two_items_are_joined_and_parted_again(ana: ClientSession, machine: Machine) -> None:
    of = await ids(ana)
    before = (await read(ana, "/stream.json"))["_mpower"]["version"]
    status, item = await post(ana, of["News 7"], {"join": of["News 1"]})
    assert (status, item["id"], item["_mpower"]["version"]) == (200, of["News 7"], 1)
    assert [other["item"] for other in item["_mpower"]["also_on"]] == [of["News 1"]]
    assert item["_mpower"]["story_why"] == [{"item": of["News 1"], "why": "joined by ana"}]
    stream = await read(ana, "/stream.json")
    assert stream["_mpower"]["version"] > before
    assert len({one["_mpower"]["story"] for one in stream["items"]}) == 3
    status, item = await post(ana, of["News 7"], {"split": True})
    assert (status, item["_mpower"]["also_on"], "story_why" in item["_mpower"]) == (200, [], False)
    async with machine.database.read() as connection:
        rows = (await connection.execute(select(decision).where(decision.c.editor == "ana"))).all()
        assert await read_counter(connection, "stream") > stream["_mpower"]["version"]
    assert [(row.action, row.item_id, row.detail) for row in rows] == [
        ("join", of["News 7"], {"item": of["News 1"]}),
        ("split", of["News 7"], {"items": [of["News 1"]]}),
    ]


async def test_the_history_of_an_item_tells_of_its_story(ana: ClientSession) -> None:
    of = await ids(ana)
    await post(ana, of["News 7"], {"join": of["News 1"]})
    item = await read(ana, f"{ITEMS}/{of['News 7']}")
    assert [(each["editor"], each["action"]) for each in item["_mpower"]["decisions"]] == [
        ("rule", "approve"),
        ("ana", "join"),
    ]


WRONG = {
    "nothing": {},
    "both": {"join": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "split": True},
    "no id": {"join": "a/b"},
    "a nul": {"join": "a\0"},
    "not a split": {"split": False},
    "an unknown field": {"split": True, "version": 1},
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_refused_with_the_name_of_the_field(ana: ClientSession, body: dict) -> None:
    of = await ids(ana)
    status, problem = await post(ana, of["News 1"], body)
    assert (status, bool(problem["field"])) == (400, True)


async def test_what_cannot_be_done_is_refused_and_nothing_is_logged(ana: ClientSession, machine: Machine) -> None:
    of = await ids(ana)
    nobody = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert (await post(ana, nobody, {"split": True}))[0] == 404
    assert (await post(ana, of["News 1"], {"join": nobody}))[0] == 404
    assert (await post(ana, of["News 1"], {"split": True}))[0] == 409
    status, problem = await post(ana, of["News 1"], {"join": of["News 1"]})
    assert (status, problem["field"]) == (400, "join")
    async with machine.database.read() as connection:
        assert (await connection.execute(select(decision).where(decision.c.editor == "ana"))).all() == []


async def test_only_an_editor_may(ana: ClientSession, machine: Machine) -> None:
    of = await ids(ana)
    async with serving(machine) as address:
        async with asking(address) as nobody:
            assert (await post(nobody, of["News 1"], {"split": True}))[0] == 401
        async with asking(address, **await bearer(machine, "vera", Role.VIEWER)) as viewer:
            assert (await post(viewer, of["News 1"], {"split": True}))[0] == 403


async def test_an_item_says_why_it_is_one_story_with_each_of_the_others(machine: Machine, ana: ClientSession) -> None:
    of = await ids(ana)
    picture = Media("https://pictures.example/a.jpg")
    toot = sighting(20, url="https://social.example/20", card=Card("https://city.example/news/1"))
    keys = tuple(key_of(Evidence.ADDRESS, address) for address in ("social.example/20", "city.example/news/1"))
    more = {"story_keys": keys}
    await keep(machine.database, source("held"), [toot], machine.now(), more)
    page = await read(ana, ITEMS)
    (item,) = page["items"]
    assert item["_mpower"]["story_why"] == [{"item": of["News 1"], "why": "links to it"}]
    other = await read(ana, f"{ITEMS}/{of['News 1']}")
    assert other["_mpower"]["story_why"] == [{"item": item["id"], "why": "is linked from it"}]
    assert other["_mpower"]["also_on"] == []
    copy = sighting(1, entry_id="copy", media=(picture,), alternates=(Alternate("https://city.example/news/1"),))
    await keep(machine.database, source("third"), [copy], machine.now())
    other = await read(ana, f"{ITEMS}/{of['News 1']}")
    assert sorted([why["why"] for why in other["_mpower"]["story_why"]]) == ["is linked from it", "same address"]
