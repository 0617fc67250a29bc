"""What was learnt, asked for and forgotten by the editors' routes."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestServer

from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.learned import read_learned
from curation.editors import make_token
from curation.queue import read_queue
from tests.builders import keep, sighting, source
from tests.curation.conftest import Visitor
from tests.curation.test_ranking import think


async def token(room: Machine, name: str) -> dict[str, str]:
    async with room.database.write() as connection:
        return {"Authorization": f"Bearer {await make_token(connection, name, now=room.now())}"}


async def test_the_queue_says_how_likely_each_item_is_and_why(room: Machine, visitor: Visitor) -> None:
    ids = (await keep(room.database, source("city-news"), [sighting(n) for n in range(3)], room.now())).item_ids
    await think(room, {ids[0]: 0.8, ids[1]: 0.3})
    headers = await token(room, "vera")
    answer = await (await visitor.get("/curation/api/items?limit=2", headers=headers)).json()
    assert [one["id"] for one in answer["items"]] == ids[:2]
    assert (answer["order"], answer["order_note"][:16]) == ("likely", "Likeliest first,")
    first = answer["items"][0]["_mpower"]
    assert (first["likely"], first["because"]) == (0.8, "because of 0.8")
    assert first["suggested_tags"] == [{"tag": "solar", "confidence": 0.95}]
    rest = await (await visitor.get(answer["next"], headers=headers)).json()
    assert [(one["id"], one["_mpower"]["likely"]) for one in rest["items"]] == [(ids[2], None)]
    newest = await (await visitor.get("/curation/api/items?order=newest", headers=headers)).json()
    assert ([one["id"] for one in newest["items"]], newest["order"]) == (ids[::-1], "newest")


@pytest.mark.parametrize("asked", ["order=best", "order=", "order=likely&cursor=abc"])
async def test_a_wrong_order_is_named(room: Machine, visitor: Visitor, asked: str) -> None:
    answer = await visitor.get(f"/curation/api/items?{asked}", headers=await token(room, "vera"))
    assert answer.status == 400


async def test_how_far_learning_is_can_be_asked(room: Machine, visitor: Visitor) -> None:
    answer = await visitor.get("/curation/api/model", headers=await token(room, "vera"))
    said = await answer.json()
    note = "Newest first: the ordering by likeliness begins after 30 decisions (0 so far)."
    assert said == {
        "installed": True, "awake": False, "version": 0, "decisions": 0, "needed": 30, "trained_through": 0,
        "changed_at": None, "note": note,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "status"), [("vera", 403), ("ana", 403), ("root", 200)])
async def test_an_admin_alone_has_it_forgotten(
    room: Machine, server: TestServer, visitor: Visitor, name: str, status: int
) -> None:
    ids = (await keep(room.database, source("city-news"), [sighting(1)], room.now())).item_ids
    await think(room, {ids[0]: 0.8})
    answer = await visitor.post("/curation/api/model/reset", headers=await token(room, name))
    assert answer.status == status
    async with room.database.read() as connection:
        page = await read_queue(connection, state=State.WAITING)
        is_awake = (await read_learned(connection)).is_awake
    is_forgotten = status == 200
    assert (page.items[0].likely is None, is_awake) == (is_forgotten, not is_forgotten)
    audit = await (await visitor.get("/curation/api/audit", headers=await token(room, "vera"))).json()
    assert [entry["action"] for entry in audit["entries"]] == (["forget"] if is_forgotten else ["denied"])
