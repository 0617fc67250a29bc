"""The editors' JSON routes, on the whole program: what they answer, and what they refuse."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from aggregator.machine import Machine
from curation.editors import Role, disable
from tests.builders import AUTO, keep, sighting, source
from tests.partner import PartnerSite
from tests.serving import asking, bearer, read, serving

ITEMS = "/curation/api/items"


@pytest.fixture
async def ana(machine: Machine) -> AsyncIterator[ClientSession]:
    await keep(machine.database, source("held"), [sighting(n) for n in range(12)], machine.now())
    async with serving(machine) as address, asking(address, **await bearer(machine)) as session:
        yield session


async def first(session: ClientSession) -> dict:
    return (await read(session, f"{ITEMS}?limit=1"))["items"][0]


async def post(session: ClientSession, path: str, body: object) -> tuple[int, dict]:
    async with session.post(path, json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_the_queue_is_walked_page_by_page(ana: ClientSession) -> None:
    path, titles = f"{ITEMS}?limit=5", []
    while path:
        page = await read(ana, path)
        assert page["total"] == 12
        titles += [item["title"] for item in page["items"]]
        path = page.get("next")
    assert sorted(titles) == sorted(f"News {n}" for n in range(12))


async def test_an_item_tells_all_that_helps_to_decide(ana: ClientSession) -> None:
    item = await first(ana)
    more = item["_mpower"]
    assert more["state"] == "waiting"
    assert more["version"] == 1
    assert more["tag_origins"] == {"solar": "word"}
    assert more["reason"] == "this source's items wait for an editor"
    assert more["collected_at"] == "2026-11-23T09:00:00Z"
    assert (more["partner"], more["source"], more["confidence"]) == ("city", "held", 0.9)
    assert item["language"] == "en"


async def test_a_decision_is_made_once_and_stands_in_the_history(ana: ClientSession) -> None:
    item = await first(ana)
    path = f"{ITEMS}/{item['id']}/decision"
    assert await post(ana, path, {"action": "approve", "version": 1, "reason": "good"}) == (
        200,
        {"id": item["id"], "action": "approve", "state": "approved", "version": 2},
    )
    status, problem = await post(ana, path, {"action": "reject", "version": 1})
    assert (status, problem["current_version"]) == (409, 2)
    whole = await read(ana, f"{ITEMS}/{item['id']}")
    assert [(d["editor"], d["action"], d["reason"]) for d in whole["_mpower"]["decisions"]] == [
        ("ana", "approve", "good")
    ]
    assert (await read(ana, "/stream.json"))["items"][0]["id"] == item["id"]


WRONG = {
    "no action": ({}, "action"),
    "an unknown action": ({"action": "explode"}, "action"),
    "an unknown field": ({"action": "approve", "colour": "red"}, "colour"),
    "a version that is no number": ({"action": "approve", "version": "new"}, "version"),
    "a version below one": ({"action": "approve", "version": 0}, "version"),
    "a time without zone": ({"action": "schedule", "publish_at": "2026-12-01T10:00:00"}, "publish_at"),
    "a time that is past": ({"action": "schedule", "publish_at": "2020-12-01T10:00:00Z"}, "publish_at"),
    "a time beyond all time": ({"action": "schedule", "publish_at": "9999-12-31T23:59:59-12:00"}, "publish_at"),
    "a schedule without time": ({"action": "schedule"}, "publish_at"),
    "a reason of NUL": ({"action": "approve", "reason": "a\0b"}, "reason"),
    "half a surrogate pair": ({"action": "approve", "reason": "\ud800"}, "reason"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
async def test_a_wrong_decision_is_a_400_that_names_the_field(ana: ClientSession, body: dict, field: str) -> None:
    status, problem = await post(ana, f"{ITEMS}/{(await first(ana))['id']}/decision", body)
    assert (status, problem["field"]) == (400, field)
    assert problem["status"] == 400
    assert field in problem["detail"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"approve"', "[" * 100_000])
async def test_what_is_no_json_object_is_a_400(ana: ClientSession, body: str) -> None:
    path = f"{ITEMS}/{(await first(ana))['id']}/decision"
    async with ana.post(path, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        "state=gone",
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=%00",
        "cursor=nonsense",
        "lang=%27",
        "min_confidence=2",
        "min_confidence=nan",
        "tag=a%27b",
    ],
)
async def test_a_wrong_query_is_a_400_that_names_the_field(ana: ClientSession, query: str) -> None:
    async with ana.get(f"{ITEMS}?{query}") as answer:
        assert answer.status == 400
        if "%00" not in query:
            assert (await answer.json(content_type=None))["field"] == query.partition("=")[0]


@pytest.mark.parametrize("item_id", ["nothing", "01J", "' OR 1=1 --", "%00", "..%2f..", "%F0%9F%92%A9"])
async def test_an_unknown_item_is_a_404_in_every_way(ana: ClientSession, item_id: str) -> None:
    async with ana.get(f"{ITEMS}/{item_id}") as answer:
        assert answer.status in {400, 404}
    status, _ = await post(ana, f"{ITEMS}/{item_id}/decision", {"action": "approve"})
    assert status in {400, 404}
    async with ana.patch(f"{ITEMS}/{item_id}", json={"title": "x"}) as answer:
        assert answer.status in {400, 404}


async def test_a_patch_is_an_overlay_and_a_stale_one_is_refused(ana: ClientSession) -> None:
    path = f"{ITEMS}/{(await first(ana))['id']}"
    words = {"title": "Better", "tags": ["solar"], "translations": {"eu": {"title": "Hobea"}}, "version": 1}
    async with ana.patch(path, json=words) as answer:
        assert (answer.status, (await answer.json())["version"]) == (200, 2)
    async with ana.patch(path, json={"title": "Worse", "version": 1}) as answer:
        assert answer.status == 409
    item = await read(ana, path)
    assert item["title"] == "Better"
    assert item["_mpower"]["original"]["title"].startswith("News")
    assert item["_mpower"]["translations"]["eu"] == {"title": "Hobea", "summary": None, "by": "editor"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tags": ["no-such-tag"]}, "tags"),
        ({"title": " "}, "title"),
        ({"language": "Basque"}, "language"),
        ({"state": "approved"}, "state"),
    ],
)
async def test_a_wrong_patch_is_a_400_that_names_the_field(ana: ClientSession, body: dict, field: str) -> None:
    async with ana.patch(f"{ITEMS}/{(await first(ana))['id']}", json=body) as answer:
        assert (answer.status, (await answer.json(content_type=None))["field"]) == (400, field)


async def test_a_patch_that_changes_nothing_leaves_no_trace(ana: ClientSession) -> None:
    path = f"{ITEMS}/{(await first(ana))['id']}"
    async with ana.patch(path, json={"version": 1}) as answer:
        assert (answer.status, (await answer.json())["version"]) == (200, 1)
    assert [past["action"] for past in (await read(ana, path))["_mpower"]["decisions"]] == []


@pytest.mark.parametrize(("said", "kept"), [("EU", "eu"), ("pt-br", "pt-BR"), ("SR-latn-rs", "sr-Latn-RS")])
async def test_a_language_is_kept_in_its_own_letter_case(ana: ClientSession, said: str, kept: str) -> None:
    async with ana.patch(f"{ITEMS}/{(await first(ana))['id']}", json={"language": said}) as answer:
        assert (await answer.json())["item"]["language"] == kept


async def test_bulk_gives_a_result_for_each(ana: ClientSession) -> None:
    ids = [item["id"] for item in (await read(ana, ITEMS))["items"][:3]]
    status, answer = await post(ana, f"{ITEMS}/bulk", {"ids": [*ids, "nothing", ids[0]], "action": "approve"})
    assert status == 200
    assert [result["ok"] for result in answer["results"]] == [True, True, True, False]
    status, answer = await post(ana, f"{ITEMS}/bulk", {"ids": [], "action": "approve"})
    assert (status, answer["field"]) == (400, "ids")


async def test_an_editors_own_item_is_read_from_its_page(
    ana: ClientSession, machine: Machine, site: PartnerSite
) -> None:
    page = (
        "<html lang=eu><head><title>Eguzkia denontzat</title><meta name=description content='Auzo bat, teilatu bat.'>"
        "<meta property=og:title content='Eguzkia denontzat'></head><body>"
    )
    site.put("/own", page, "text/html")
    status, item = await post(ana, ITEMS, {"url": f"{site.url}/own", "partner": "city"})
    assert status == 201, item
    assert (item["title"], item["summary"], item["_mpower"]["state"]) == (
        "Eguzkia denontzat",
        "Auzo bat, teilatu bat.",
        "waiting",
    )
    assert (await post(ana, ITEMS, {"url": f"{site.url}/own", "partner": "city"}))[1]["id"] == item["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "http://169.254.169.254/latest", "partner": "city"}, "url"),
        ({"title": "Whole", "partner": "nobody"}, "partner"),
        ({"title": "Whole"}, "partner"),
        ({"title": "Whole", "partner": "city", "tags": ["none"]}, "tags"),
        ({"title": "Whole", "partner": "city", "image": "file:///etc/passwd"}, "image"),
    ],
)
async def test_an_own_item_that_cannot_be_is_a_400_that_names_the_field(
    ana: ClientSession, body: dict, field: str
) -> None:
    status, problem = await post(ana, ITEMS, body)
    assert (status, problem.get("field")) == (400, field), problem


async def test_sources_tell_their_health_and_can_be_collected_now(
    ana: ClientSession, machine: Machine, site: PartnerSite, work_off
) -> None:
    site.put("/feed", "", status=503)
    site.publish([], "/trusted")
    await work_off()
    health = {s["id"]: s for s in (await read(ana, "/curation/api/sources"))["sources"]}
    assert health["held"]["health"] == "failing"
    assert "503" in health["held"]["problem"]
    assert health["trusted"]["health"] == "good"
    asked = len(site.asked)
    async with ana.post("/curation/api/sources/trusted/collect") as answer:
        assert answer.status == 202
    await work_off()
    assert len(site.asked) == asked + 1
    async with ana.post("/curation/api/sources/nothing/collect") as answer:
        assert answer.status == 404


async def test_the_audit_log_is_whole_also_as_csv_that_no_spreadsheet_runs(ana: ClientSession) -> None:
    item = await first(ana)
    await post(ana, f"{ITEMS}/{item['id']}/decision", {"action": "reject", "reason": "=HYPERLINK(1)"})
    entries = (await read(ana, "/curation/api/audit"))["entries"]
    assert [(e["editor"], e["action"]) for e in entries] == [("ana", "reject")]
    async with ana.get("/curation/api/audit?format=csv") as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert rows[0]["reason"] == "'=HYPERLINK(1)"


async def test_a_viewer_may_look_and_not_decide(machine: Machine) -> None:
    await keep(machine.database, source("held"), [sighting(1)], machine.now())
    headers = await bearer(machine, "vera", Role.VIEWER)
    async with serving(machine) as address, asking(address, **headers) as vera:
        item = await first(vera)
        for method, path, body in (
            ("POST", f"{ITEMS}/{item['id']}/decision", {"action": "approve"}),
            ("PATCH", f"{ITEMS}/{item['id']}", {"title": "x"}),
            ("POST", ITEMS, {"title": "x"}),
            ("POST", f"{ITEMS}/bulk", {"ids": [item["id"]], "action": "approve"}),
            ("POST", "/curation/api/sources/held/collect", None),
        ):
            async with vera.request(method, path, json=body) as answer:
                assert answer.status == 403, path


async def test_without_a_token_nothing_is_told(machine: Machine) -> None:
    async with serving(machine) as address, asking(address) as nobody:
        for path in (ITEMS, f"{ITEMS}/x", "/curation/api/sources", "/curation/api/audit", "/curation/events"):
            async with nobody.get(path) as answer:
                assert answer.status == 401, path


async def test_open_queues_hear_what_arrives_and_what_is_decided(ana: ClientSession, machine: Machine) -> None:
    item = await first(ana)
    async with ana.get("/curation/events") as stream:
        await stream.content.readuntil(b"\n\n")
        await post(ana, f"{ITEMS}/{item['id']}/decision", {"action": "approve"})
        async with asyncio.timeout(30):
            said = (await stream.content.readuntil(b"\n\n")).decode()
        assert "event: item-decided" in said
        assert f'"id": "{item["id"]}", "state": "approved"' in said


async def test_a_scheduled_item_says_when(ana: ClientSession, machine: Machine) -> None:
    item = await first(ana)
    moment = (machine.now() + timedelta(days=1)).isoformat()
    await post(ana, f"{ITEMS}/{item['id']}/decision", {"action": "schedule", "publish_at": moment})
    (scheduled,) = (await read(ana, f"{ITEMS}?state=scheduled"))["items"]
    assert scheduled["_mpower"]["publish_at"] == "2026-11-24T09:00:00Z"


async def test_what_waits_is_on_no_public_path(ana: ClientSession, machine: Machine) -> None:
    await keep(machine.database, source("trusted", AUTO), [sighting(100)], machine.now())
    waiting = (await read(ana, ITEMS))["items"]
    for path in (
        "/stream.json?limit=100",
        "/stream?limit=100",
        "/",
        "/embed",
        "/tags.json",
        "/partners.json",
        "/stream.json?q=News",
    ):
        async with ana.get(path, headers={"Authorization": ""}) as answer:
            text = await answer.text()
        assert not [item["id"] for item in waiting if item["id"] in text or f">{item['title']}<" in text], path


async def test_an_open_stream_ends_when_its_editor_is_shut_out(ana: ClientSession, machine: Machine) -> None:
    async with ana.get("/curation/events") as stream:
        await stream.content.readuntil(b"\n\n")
        async with machine.database.write() as connection:
            await disable(connection, "ana")
        await keep(machine.database, source("held"), [sighting(77)], machine.now())
        await machine.bell.ring()
        async with asyncio.timeout(30):
            assert b"item-arrived" not in await stream.content.read()
