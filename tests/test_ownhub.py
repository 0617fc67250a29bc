"""Our own hub against the W3C's WebSub, with subscribers that behave well or badly; and the ping to a hub of others."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, web
from sqlalchemy import select

from aggregator import ownhub
from aggregator.errors import FetchError
from aggregator.events import DeliveryDue, StreamChanged
from aggregator.handlers import handlers
from aggregator.machine import Machine, open_machine
from aggregator.settings import Settings
from aggregator.store.hubsubscriptions import (
    HubSubscription,
    put_hub_subscription,
    read_hub_subscription,
    read_live,
    subscription_id,
)
from aggregator.store.subscriptions import PushState, read_subscription
from aggregator.store.tables import hub_subscription, item, task
from aggregator.work import Worker, next_due
from curation.decisions import decide
from tests.builders import AUTO, keep, sighting, source
from tests.conftest import SOURCES, Clock
from tests.hub import open_hub
from tests.loopback import everywhere, on_loopback
from tests.serving import asking, serving
from web.hub import LONGEST_LEASE, SHORTEST_LEASE
from web.outputs.feeds import topic_content

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, allow_private="127.0.0.1")


@dataclass
class Subscriber:
    """A callback on loopback that answers as a test tells it, and keeps what it was asked and brought."""

    url: str = ""
    says_yes: bool = True
    status: int = 204
    asked: list[dict[str, str]] = field(default_factory=list)
    brought: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            self.brought.append((dict(request.headers), await request.read()))
            return web.Response(status=self.status)
        self.asked.append(dict(request.query))
        if request.path == "/elsewhere":
            raise web.HTTPFound("/cb?" + request.query_string)
        return web.Response(text=request.query.get("hub.challenge", "") if self.says_yes else "no")


@dataclass
class Hub:
    """A machine that is served at its public address, and one who asks it."""

    machine: Machine
    session: ClientSession
    subscriber: Subscriber
    root: str

    async def ask(self, **changes: str) -> tuple[int, str]:
        form = {"hub.mode": "subscribe", "hub.topic": f"{self.root}/stream.atom", "hub.callback": self.subscriber.url}
        form |= {f"hub.{name}": value for name, value in changes.items()}
        async with self.session.post("/hub", data=form, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def work(self) -> None:
        machine = self.machine
        await machine.put_announcing()
        await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()

    async def subscriptions(self) -> list[HubSubscription]:
        async with self.machine.database.read() as connection:
            rows = await connection.execute(select(hub_subscription).order_by(hub_subscription.c.topic))
            return [HubSubscription(**row._mapping) for row in rows]

    async def publish(self, number: int) -> str:
        kept = await keep(self.machine.database, source("trusted", AUTO), [sighting(number)], self.machine.now())
        return kept.item_ids[0]


@asynccontextmanager
async def hub_of(machine: Machine) -> AsyncIterator[Hub]:
    subscriber = Subscriber()
    async with (
        on_loopback(everywhere(subscriber.answer, "*")) as elsewhere,
        serving(machine) as address,
        asking(address) as session,
    ):
        subscriber.url = f"{elsewhere}/cb?who=me"
        # Where it is served is known only now.
        shop = replace(machine.shop, public_url=address, contents=topic_content)
        object.__setattr__(machine, "shop", shop)
        yield Hub(machine, session, subscriber, address)


@pytest.fixture
async def hub(machine: Machine) -> AsyncIterator[Hub]:
    async with hub_of(machine) as hub:
        await hub.publish(1)
        await hub.work()
        yield hub


async def test_whoever_confirms_is_told_and_can_tell_that_it_was_us(hub: Hub, clock: Clock) -> None:
    assert (await hub.ask(secret="s3cret", lease_seconds="86400"))[0] == 202
    assert await hub.subscriptions() == []  # not before it has confirmed
    await hub.work()
    (asked,) = hub.subscriber.asked
    assert asked.pop("hub.challenge")
    expected = {"hub.mode": "subscribe", "hub.topic": f"{hub.root}/stream.atom", "hub.lease_seconds": "86400"}
    assert asked == expected | {"who": "me"}
    (kept,) = await hub.subscriptions()
    assert kept.lease_until == clock() + timedelta(days=1)
    assert "s3cret" not in repr(kept)
    await hub.work()
    assert hub.subscriber.brought == []  # it has what there is
    await hub.publish(2)
    await hub.publish(3)
    await hub.work()
    ((headers, body),) = hub.subscriber.brought  # one for a burst
    async with hub.session.get("/stream.atom") as answer:
        assert (await answer.read(), answer.headers["Content-Type"]) == (body, headers["Content-Type"])
    assert f'<{hub.root}/stream.atom>; rel="self"' in headers["Link"]
    assert f'<{hub.root}/hub>; rel="hub"' in headers["Link"]
    assert headers["X-Hub-Signature"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    # What is withdrawn is told, too; asked again it is the same subscription; unsubscribed it is none.
    await hub.ask(secret="other")
    await hub.work()
    assert [known.secret for known in await hub.subscriptions()] == ["other"]
    assert (await hub.ask(mode="unsubscribe"))[0] == 202
    await hub.work()
    assert hub.subscriber.asked[-1]["hub.mode"] == "unsubscribe"
    assert "hub.lease_seconds" not in hub.subscriber.asked[-1]
    assert await hub.subscriptions() == []


async def test_a_filtered_topic_is_told_of_what_fits_alone_and_of_what_is_withdrawn(hub: Hub) -> None:
    await hub.ask(topic=f"{hub.root}/stream.json?lang=eu")
    await hub.ask(topic=f"{hub.root}/stream.rss?tag=solar")
    await hub.work()
    item_id = await hub.publish(2)
    await hub.work()
    assert [headers["Content-Type"] for headers, _ in hub.subscriber.brought] == ["application/rss+xml; charset=utf-8"]
    assert b"News 2" in hub.subscriber.brought[-1][1]
    await decide(hub.machine, item_id, action="reject", editor="ana")
    await hub.work()
    assert len(hub.subscriber.brought) == 2
    assert b"News 2" not in hub.subscriber.brought[-1][1]
    assert "X-Hub-Signature" not in hub.subscriber.brought[-1][0]


@pytest.mark.parametrize("how", ["no", "redirect", "unsubscribe"])
async def test_nothing_is_done_that_the_callback_does_not_confirm(hub: Hub, how: str) -> None:
    changes = {}
    if how == "unsubscribe":
        await hub.ask()
        await hub.work()
        changes = {"mode": "unsubscribe"}
    if how == "redirect":
        changes = {"callback": hub.subscriber.url.replace("/cb", "/elsewhere")}
    else:
        hub.subscriber.says_yes = False
    assert (await hub.ask(**changes))[0] == 202
    await hub.work()
    assert hub.subscriber.asked
    assert len(await hub.subscriptions()) == (1 if how == "unsubscribe" else 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "publish"}, "hub.mode"),
        ({"mode": ""}, "hub.mode"),
        ({"topic": "https://elsewhere.example/stream.atom"}, "hub.topic"),
        ({"topic": "{root}/stream"}, "hub.topic"),
        ({"topic": "{root}/stream.atom?limit=0"}, "limit"),
        ({"callback": ""}, "hub.callback"),
        ({"callback": "ftp://city.example/"}, "hub.callback"),
        ({"callback": "http://10.0.0.7/cb"}, "hub.callback"),
        ({"callback": "http://[::1]/cb"}, "hub.callback"),
        ({"callback": "https://me:pw@city.example/"}, "hub.callback"),
        ({"callback": "https://city.example/#part"}, "hub.callback"),
        ({"callback": "https://city.example/" + "x" * 2000}, "hub.callback"),
        ({"callback": "http://[::1"}, "hub.callback"),
        ({"topic": "http://["}, "hub.topic"),
        ({"topic": "{root}//["}, "hub.topic"),
        ({"secret": "x" * 200}, "hub.secret"),
        ({"secret": "of\0which PostgreSQL keeps none"}, "hub.secret"),
        ({f"made-up.{number}": "" for number in range(50)}, "form"),
        ({"lease_seconds": "soon"}, "hub.lease_seconds"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_cannot_be_meant_is_refused_in_plain_text(hub: Hub, changes: dict[str, str], field: str) -> None:
    status, said = await hub.ask(**{name: value.format(root=hub.root) for name, value in changes.items()})
    assert (status, said.partition(":")[0]) == (400, field)
    async with hub.machine.database.read() as connection:
        assert await next_due(connection, only=("verify",)) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_leases_have_bounds_and_end(hub: Hub, clock: Clock) -> None:
    for asked, granted in (("1", SHORTEST_LEASE), ("99999999", LONGEST_LEASE), ("", 864_000), ("4000", 4000)):
        await hub.ask(lease_seconds=asked)
        await hub.work()
        assert hub.subscriber.asked[-1]["hub.lease_seconds"] == str(granted)
        (kept,) = await hub.subscriptions()
        assert kept.lease_until == clock() + timedelta(seconds=granted)
    clock.forward(seconds=4001)
    await hub.publish(2)
    await hub.work()
    assert hub.subscriber.brought == []
    await hub.machine.sweep()
    assert await hub.subscriptions() == []


async def test_a_subscriber_that_is_away_is_told_later_and_one_that_is_gone_never_again(hub: Hub, clock: Clock) -> None:
    await hub.ask()
    await hub.work()
    hub.subscriber.status = 503
    await hub.publish(2)
    await hub.work()
    assert len(hub.subscriber.brought) == 1
    await hub.work()
    assert len(hub.subscriber.brought) == 1  # not at once
    clock.forward(seconds=6)
    await hub.publish(3)
    await hub.work()
    assert len(hub.subscriber.brought) == 2
    hub.subscriber.status = 204
    clock.forward(seconds=16)
    await hub.work()
    assert b"News 3" in hub.subscriber.brought[-1][1]
    assert len(hub.subscriber.brought) == 3
    hub.subscriber.status = 410
    await hub.publish(4)
    await hub.work()
    assert await hub.subscriptions() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_subscriber_that_stays_away_is_left_alone_until_something_changes(hub: Hub, clock: Clock) -> None:
    await hub.ask(lease_seconds=str(LONGEST_LEASE))
    await hub.work()
    hub.subscriber.status = 500
    await hub.publish(2)
    for _ in range(ownhub.MOST_TRIES + 3):
        await hub.work()
        clock.forward(hours=7)
    assert len(hub.subscriber.brought) == ownhub.MOST_TRIES + 1
    hub.subscriber.status = 200
    await hub.publish(3)
    await hub.work()
    assert len(hub.subscriber.brought) == ownhub.MOST_TRIES + 2


async def test_there_is_room_for_so_many_of_a_host(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.hub.MOST_A_HOST", 1)
    await hub.ask()
    await hub.work()
    status, said = await hub.ask(topic=f"{hub.root}/stream.rss")
    assert (status, said.strip()) == (429, f"{ownhub.NO_ROOM}.")
    assert (await hub.ask())[0] == 202  # to renew needs no more room
    await hub.work()
    # Where the room went between the asking and the verifying, it is told so.
    monkeypatch.setattr("web.hub.MOST_A_HOST", 9)
    monkeypatch.setattr(ownhub, "MOST_A_HOST", 1)
    assert (await hub.ask(topic=f"{hub.root}/stream.rss"))[0] == 202
    await hub.work()
    denied = hub.subscriber.asked[-1]
    assert (denied["hub.mode"], denied["hub.topic"]) == ("denied", f"{hub.root}/stream.rss")
    assert denied["hub.reason"] == ownhub.NO_ROOM
    assert len(await hub.subscriptions()) == 1
    monkeypatch.setattr("web.hub.MOST_ASKED", 0)
    assert (await hub.ask())[0] == 503


async def test_what_changes_while_it_is_brought_is_brought_next(hub: Hub) -> None:
    await hub.ask()
    await hub.work()
    await hub.publish(2)
    first = topic_content

    async def changes_meanwhile(shop: Any, topic: str) -> Any:
        content = await first(shop, topic)
        if not hub.subscriber.brought:
            await hub.publish(3)
            machine = hub.machine
            await machine.put_announcing()
            # The change is announced while this delivery holds the place of the one that it would put.
            await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due(("announce",))
        return content

    shop = replace(hub.machine.shop, contents=changes_meanwhile)
    object.__setattr__(hub.machine, "shop", shop)
    await hub.work()
    assert b"News 3" in hub.subscriber.brought[-1][1]


async def subscribed(machine: Machine, topic: str, *callbacks: str) -> None:
    """As if these callbacks had confirmed long ago, before what there is now."""
    until = machine.now() + timedelta(days=1)
    async with machine.database.write() as connection:
        for callback in callbacks:
            kept = HubSubscription(
                subscription_id(callback, topic), callback, ownhub.host_of(callback), topic, None, until, "old"
            )
            await put_hub_subscription(connection, kept)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_topic_is_written_once_for_all_that_have_subscribed_to_it(hub: Hub, clock: Clock) -> None:
    machine, written = hub.machine, []

    async def counted(shop: Any, topic: str) -> Any:
        written.append(topic)
        return await topic_content(shop, topic)

    shop = replace(machine.shop, contents=counted)
    object.__setattr__(machine, "shop", shop)
    await subscribed(machine, f"{hub.root}/stream.atom", *(f"{hub.subscriber.url}&{number}" for number in range(12)))
    worker = Worker(machine.database, machine.bell, handlers(shop), machine.now)

    async def work() -> None:
        await machine.put_announcing()
        await worker.run_due()
        for _ in range(3):  # of one host only some at once
            clock.forward(seconds=1)
            await worker.run_due()

    await hub.publish(2)
    await work()
    assert len(hub.subscriber.brought) == 12
    assert len({body for _, body in hub.subscriber.brought}) == 1
    assert written == [f"{hub.root}/stream.atom"]
    # What changes is written anew.
    await hub.publish(3)
    await work()
    assert len(written) == 2
    assert b"News 3" in hub.subscriber.brought[-1][1]
    assert len(hub.subscriber.brought) == 24


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_host_at_which_nobody_answers_is_in_nobodys_way(hub: Hub, clock: Clock) -> None:
    machine, asked = hub.machine, []

    async def silent(url: str, *_: Any, **__: Any) -> Any:
        asked.append(url)
        raise FetchError("nobody answers")

    topic = f"{hub.root}/stream.atom"
    away = [f"http://away.example/{number}" for number in range(20)]
    await subscribed(machine, topic, *away, *(f"http://there.example/{number}" for number in range(3)))
    async with machine.database.read() as connection:
        ids = await read_live(connection, now=clock())
        hosts = [(await read_hub_subscription(connection, one)).host for one in ids]  # type: ignore[union-attr]
    # One of each host after the other, so that those with few need not wait for those with many.
    assert [sorted(hosts[place : place + 2]) for place in (0, 2, 4)] == [["away.example", "there.example"]] * 3
    fetch = SimpleNamespace(post=silent)
    shop = replace(machine.shop, outside=replace(machine.shop.outside, fetch=fetch))  # type: ignore[arg-type]
    told = handlers(shop)["deliver"]
    waiting = [one for one, host in zip(ids, hosts, strict=True) if host == "away.example"]
    await told(DeliveryDue(waiting[0]))
    assert len(asked) == 1
    for one in waiting[1:]:
        assert await told(DeliveryDue(one)) is not None  # to be tried later
    assert len(asked) == 1
    # After a rest it is asked again.
    clock.forward(minutes=1)
    await told(DeliveryDue(waiting[1]))
    assert len(asked) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_of_one_host_only_some_are_told_at_once(hub: Hub, clock: Clock) -> None:
    machine, opened = hub.machine, asyncio.Event()
    asked: list[str] = []

    async def slow(url: str, *_: Any, **__: Any) -> Any:
        asked.append(url)
        await opened.wait()

    await subscribed(machine, f"{hub.root}/stream.atom", *(f"http://slow.example/{number}" for number in range(9)))
    fetch = SimpleNamespace(post=slow)
    shop = replace(machine.shop, outside=replace(machine.shop.outside, fetch=fetch))  # type: ignore[arg-type]
    told = handlers(shop)["deliver"]
    async with machine.database.read() as connection:
        ids = await read_live(connection, now=clock())
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(DeliveryDue(one))) for one in ids]
        async with asyncio.timeout(30):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            while len(asked) < ownhub.AT_ONCE_A_HOST:
                await asyncio.sleep(0)
        opened.set()
    assert len(asked) == ownhub.AT_ONCE_A_HOST
    async with machine.database.write() as connection:
        for task_ in tasks:
            await task_.result()(connection)
        due = (await connection.execute(select(task.c.due_at).where(task.c.handler == "deliver"))).scalars().all()
    assert list(due) == [clock() + ownhub.TURN_PAUSE] * (9 - ownhub.AT_ONCE_A_HOST)


def with_hub(machine: Machine, hub: str) -> None:
    file = machine.settings.sources
    text = file.read_text()
    lines = [line for line in text.splitlines() if not line.startswith("hub = ")]
    lines.insert(lines.index("[stream]") + 1, f'hub = "{hub}"')
    file.write_text("\n".join(lines))
    assert machine.sources.reload_if_changed(), machine.sources.problem


async def test_a_hub_that_is_named_is_told_once_a_burst_and_again_where_it_was_away(
    machine: Machine, clock: Clock
) -> None:
    async with open_hub() as other, hub_of(machine) as hub:
        other.asks_back = False
        with_hub(machine, other.url)
        await hub.publish(1)
        await hub.publish(2)
        await hub.work()
        root = hub.root
        assert [asked["hub.url"] for asked in other.asked] == [
            f"{root}/stream.json", f"{root}/stream.atom", f"{root}/stream.rss",
        ]  # fmt: skip
        assert {asked["hub.mode"] for asked in other.asked} == {"publish"}
        await hub.work()
        assert len(other.asked) == 3
        async with hub.session.get("/stream.atom?lang=eu") as answer:
            assert f'<{other.url}>; rel="hub"' in answer.headers["Link"]
        assert (await hub.ask())[0] == 404  # ours is shut
        other.status = 503
        await hub.publish(3)
        await hub.work()
        assert len(other.asked) == 4
        other.status = 202
        clock.forward(seconds=10)
        await hub.work()
        assert len(other.asked) == 7
        with_hub(machine, "none")
        await hub.publish(4)
        await hub.work()
        assert len(other.asked) == 7
        async with hub.session.get("/stream.atom") as answer:
            assert 'rel="hub"' not in answer.headers["Link"]
            assert b'rel="hub"' not in await answer.read()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_programs_own_subscriber_gets_what_is_published(hub: Hub, clock: Clock, tmp_path: Path) -> None:
    """A second machine that reads the first one's feed as a source has what is published at once."""
    folder = tmp_path / "second"
    folder.mkdir()
    first_source = SOURCES.format(url=hub.root).replace(f"{hub.root}/feed", f"{hub.root}/stream.atom?tag=solar")
    (folder / "sources.toml").write_text(first_source.replace(f"{hub.root}/trusted", f"{hub.root}/stream.rss"))
    settings = replace(
        hub.machine.settings,
        database_url=f"sqlite+aiosqlite:///{folder}/second.db",
        sources=folder / "sources.toml",
        media_dir=folder / "media",
    )
    async with open_machine(settings, now=clock) as opened, serving(opened) as address:
        second = replace(opened, shop=replace(opened.shop, public_url=address))

        async def work() -> None:
            await second.tick()
            await Worker(second.database, second.bell, handlers(second.shop), second.now).run_due()

        async def found() -> set[tuple[str, str]]:
            async with second.database.read() as connection:
                return {tuple(row) for row in await connection.execute(select(item.c.source_id, item.c.title))}

        await work()
        assert await found() == {("held", "News 1"), ("trusted", "News 1")}
        await hub.work()  # the hub asks back
        async with second.database.read() as connection:
            for wanted in ("held", "trusted"):
                known = await read_subscription(connection, wanted)
                assert known
                assert (known.state, known.hub) == (PushState.LIVE, f"{hub.root}/hub")
        await work()
        assert len(await hub.subscriptions()) == 2
        await hub.publish(2)
        await hub.work()
        async with asyncio.timeout(30):
            assert await found() >= {("held", "News 2"), ("trusted", "News 2")}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_working_machine_announces_by_itself(settings: Settings, clock: Clock) -> None:
    async with open_machine(settings, now=clock, contents=topic_content) as machine:
        await keep(machine.database, source("trusted", AUTO), [sighting(1)], machine.now())
        await machine.put_announcing()
        await machine.put_announcing()
        async with machine.database.read() as connection:
            waiting = [tuple(row) for row in await connection.execute(select(task.c.event, task.c.key))]
        assert waiting == [(StreamChanged.__name__, "announce:announce")]
