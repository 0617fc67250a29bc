"""What networks may answer instead of what they should: refused by name, or read around, and never taken for silence."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.collectors import KINDS
from aggregator.collectors.contract import Outside, Shown
from aggregator.errors import CollectError
from aggregator.machine import Machine
from aggregator.model import Secret
from aggregator.settings import Settings
from aggregator.store.sources import Cursor, read_state
from aggregator.store.tables import item, sighting
from tests.builders import source
from tests.collectors.mastodonserver import account, status
from tests.collectors.test_x import PurseHere
from tests.collectors.way_out import ids_gone, way_out
from tests.partner import PartnerSite

DID = "did:plc:abcdefghijklmnopqrstuvwx"
DEEP = 100_000
# What no JSON writer makes: it is put into the text afterwards.
HUGE, DEEPEST = "@huge@", "@deep@"


@dataclass(frozen=True)
class Network:
    """One kind of source: where a server of its own has its list, how one thing in it looks, and what stands around."""

    kind: str
    path: str
    listed_at: str
    thing: Callable[[int], dict[str, Any]]
    around: Callable[[Any], Any] = lambda things: things
    besides: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    toml: str = ""


def skeet(number: int) -> dict[str, Any]:
    record = {"text": f"Post {number}", "createdAt": f"2026-11-20T09:{number:02}:00Z", "langs": ["en"]}
    author = {"did": DID, "handle": "town.example", "displayName": "Town"}
    uri = f"at://{DID}/app.bsky.feed.post/3k{number}"
    post = {"uri": uri, "cid": "b", "author": author, "record": record, "indexedAt": record["createdAt"]}
    return {"post": post}


def blog_post(number: int) -> dict[str, Any]:
    at = f"2026-11-20T09:{number:02}:00"
    return {
        "id": number, "guid": {"rendered": f"https://town.example/?p={number}"}, "status": "publish", "date": at,
        "date_gmt": at, "modified": at, "modified_gmt": at, "link": f"https://town.example/{number}/",
        "slug": f"post-{number}", "title": {"rendered": f"Post {number}"}, "content": {"rendered": f"<p>{number}</p>"},
    }  # fmt: skip


def tweet(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "text": f"Post {number}",
        "author_id": "9",
        "created_at": f"2026-11-20T09:{number:02}:00Z",
    }


def feed_item(number: int) -> dict[str, Any]:
    return {"id": f"post-{number}", "title": f"Post {number}", "date_published": f"2026-11-20T09:{number:02}:00Z"}


JSON_FEED = {"version": "https://jsonfeed.org/version/1.1", "title": "Town"}
SPENT = {"token": Secret("env:T", "good"), "monthly_limit": 5.0}
NETWORKS = [
    Network(
        "mastodon", "/@town", "/api/v1/accounts/7/statuses", status,
        besides={"/api/v1/accounts/lookup": account()},
    ),
    Network(
        "bluesky", f"/profile/{DID}", "/xrpc/app.bsky.feed.getAuthorFeed", skeet, lambda things: {"feed": things},
    ),
    Network("wordpress", "/", "/wp-json/wp/v2/posts", blog_post),
    Network(
        "x", "/town", "/2/users/9/tweets", tweet, lambda things: {"data": things, "meta": {"result_count": 1}},
        {"/2/users/by/username/town": {"data": {"id": "9", "username": "town", "name": "Town"}}}, SPENT,
        'token = "env:X_TOKEN"\nmonthly_limit = 5\n',
    ),
    Network("feed", "/feed.json", "/feed.json", feed_item, lambda things: {**JSON_FEED, "items": things}),
]  # fmt: skip


def written(value: Any) -> bytes:
    text = json.dumps(value).replace(f'"{HUGE}"', "9" * 5_000)
    return text.replace(f'"{DEEPEST}"', "[" * DEEP + "]" * DEEP).encode()


def filled(thing: Any, value: Any) -> Any:
    """The thing with that value in the place of every other one."""
    if isinstance(thing, dict):
        return {key: filled(inner, value) for key, inner in thing.items()}
    return value


def show(site: PartnerSite, network: Network, things: Any) -> None:
    for path, answer in network.besides.items():
        site.put(path, json.dumps(answer), "application/json")
    site.put(network.listed_at, written(network.around(things)), "application/json")


@pytest.fixture(params=NETWORKS, ids=lambda network: network.kind)
def network(request: pytest.FixtureRequest) -> Network:
    found: Network = request.param
    return found


@pytest.fixture
async def outside(site: PartnerSite, clock) -> AsyncIterator[Outside]:
    async with way_out(site.url, clock, purse=PurseHere()) as outside:
        yield outside


async def collected(network: Network, site: PartnerSite, outside: Outside) -> list[str]:
    """The ids of what a look brings. The account on X is known: what was paid for is kept, whatever follows."""
    known = {"account": {"id": "9", "username": "town", "name": "Town"}} if network.kind == "x" else {}
    asked = source(network.kind, kind=network.kind, url=site.url + network.path, **network.options)
    found = await KINDS[network.kind].collect(asked, Cursor(place=known), outside)
    return [seen.entry_id for seen in found.document.entries] if found.document else []


@pytest.mark.parametrize(
    "things",
    [
        [None, 1],
        [None] * 500,
        [{}, {}],
        [[], [[]]],
        ["a text", True, 1.5],
        [float("nan"), float("inf"), -float("inf")],
        [HUGE, {"id": HUGE}],
        [DEEPEST],
        {"0": {"id": "1"}},
        "a text",
        7,
        {},
    ],
    ids=[
        "null and a number", "nulls", "empty objects", "lists", "texts", "no numbers", "huge numbers", "brackets",
        "an object", "a text", "a number", "an empty object",
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_used_is_refused_and_not_taken_for_nothing_new(
    network: Network, site: PartnerSite, outside: Outside, things: Any
) -> None:
    show(site, network, things)
    with pytest.raises(CollectError):
        await collected(network, site, outside)


@pytest.mark.parametrize("value", [None, [], {}, float("nan"), "\ud800", HUGE], ids=repr)
async def test_a_list_of_things_that_say_nothing_is_refused(
    network: Network, site: PartnerSite, outside: Outside, value: Any
) -> None:
    show(site, network, [filled(network.thing(n), value) for n in (1, 2)])
    if (network.kind, value) == ("feed", "\ud800"):
        assert await collected(network, site, outside) == ["", ""]  # feeds need no ids
        return
    with pytest.raises(CollectError):
        await collected(network, site, outside)


@pytest.mark.parametrize("body", [b"", b"null", b"[" * DEEP, b'{"a":' * DEEP, b"\xff\xfe\xff", b'[{"id": "1"'])
async def test_an_answer_that_is_no_json_is_refused(
    network: Network, site: PartnerSite, outside: Outside, body: bytes
) -> None:
    show(site, network, [])
    site.put(network.listed_at, body, "application/json")
    with pytest.raises(CollectError):
        await collected(network, site, outside)


@pytest.mark.parametrize(
    "value", [None, 7, HUGE, float("nan"), True, "\ud800", "", [], [[1]], {}, {"a": "b"}], ids=repr
)
async def test_what_is_good_is_kept_beside_what_is_not(
    network: Network, site: PartnerSite, outside: Outside, value: Any
) -> None:
    show(site, network, [network.thing(1)])
    good = await collected(network, site, outside)
    show(site, network, [value, filled(network.thing(2), value), network.thing(1), network.thing(1)])
    found = await collected(network, site, outside)
    assert len(good) == 1
    assert set(good) <= set(found)
    assert all(isinstance(entry_id, str) and entry_id.isprintable() for entry_id in found)


async def test_an_empty_list_says_that_nothing_is_new(network: Network, site: PartnerSite, outside: Outside) -> None:
    show(site, network, [])
    assert await collected(network, site, outside) == []


SOURCES = """
[stream]
title = "Town"
languages = ["en"]
review = "auto"

[[partner]]
id = "town"
name = "Town"

[[source]]
id = "listened"
partner = "town"
kind = "{kind}"
url = "{url}"
vanished = "withdraw"
"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def settings(settings: Settings, network: Network, site: PartnerSite) -> Settings:
    text = SOURCES.format(kind=network.kind, url=site.url + network.path) + network.toml
    if network.kind in {"bluesky", "x"}:
        text = text.replace('vanished = "withdraw"\n', "")
    settings.sources.write_text(text)
    return replace(settings, environment={"X_TOKEN": "good"})


async def test_a_broken_answer_moves_no_cursor_and_withdraws_nothing(
    network: Network, machine: Machine, site: PartnerSite, clock, work_off
) -> None:
    async def kept() -> tuple[Any, ...]:
        async with machine.database.read() as connection:
            state = await read_state(connection, "listened")
            rows = (await connection.execute(select(item.c.id, item.c.state).order_by(item.c.id))).all()
            missing = (await connection.execute(select(sighting.c.missing_at))).scalars().all()
        assert state
        return state.cursor, rows, missing, state.failures

    show(site, network, [network.thing(n) for n in range(1, 5)])
    await work_off()
    cursor, rows, missing, failures = await kept()
    assert (len(rows), failures) == (4, 0)
    for things in ([None, 1], [{}], "a text"):
        clock.forward(days=1, minutes=10)
        show(site, network, things)
        await work_off()
        now = await kept()
        if network.kind != "wordpress":  # it notes that its API is to be tried again after a day
            assert now[0] == cursor
        assert (now[0].place.get("since"), now[1], now[2]) == (cursor.place.get("since"), rows, missing)
        assert now[3] > failures
        failures = now[3]


@pytest.mark.parametrize("kind", ["bluesky", "wordpress", "mastodon"])
@pytest.mark.parametrize("answer", [[None, 1], [{}], {}, None])
async def test_a_broken_answer_says_of_no_post_that_it_is_gone(
    kind: str, site: PartnerSite, outside: Outside, answer: Any
) -> None:
    network = next(one for one in NETWORKS if one.kind == kind)
    shown = {
        "bluesky": Shown(f"at://{DID}/app.bsky.feed.post/3k1", None),
        "wordpress": Shown("https://127.0.0.1/?p=1", site.url + "/?p=1"),
        "mastodon": Shown("111000000000000001", None),
    }[kind]
    site.put("/xrpc/app.bsky.feed.getPosts", json.dumps({"posts": answer}), "application/json")
    site.put("/wp-json/wp/v2/posts", json.dumps(answer), "application/json")
    site.put("/api/v1/statuses/111000000000000001", json.dumps(answer), "application/json")
    asked = source(kind, kind=kind, url=site.url + network.path)
    find_gone = KINDS[kind].find_gone
    assert find_gone
    try:
        gone = await find_gone(asked, [shown], outside)
    except CollectError:
        return
    assert ids_gone(gone) == []
