"""WebSub from a feed that names a hub to an item in the queue, against a hub that can be told to misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator.handlers import handlers
from aggregator.machine import Machine
from aggregator.settings import Settings
from aggregator.store.listeners import note_push
from aggregator.store.sources import SourceState, read_states
from aggregator.store.subscriptions import PushState, Subscription, read_subscription
from aggregator.store.tables import item
from aggregator.work import Worker
from tests.conftest import Clock
from tests.hub import Hub, open_hub
from tests.partner import PartnerSite
from tests.serving import serving


def atom(site: PartnerSite, *titles: str, hubs: tuple[str, ...] = (), topic: str | None = None) -> bytes:
    links = "".join(f'<link rel="hub" href="{hub}"/>' for hub in hubs)
    entries = "".join(
        f"<entry><id>tag:{title}</id><title>{title}</title><link href='https://city.example/{title}'/>"
        f"<updated>2026-11-20T09:00:00Z</updated><content>About {title}</content></entry>"
        for title in titles
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>City</title><id>urn:city</id>{links}'
        f'<link rel="self" href="{topic or site.url + "/feed"}"/>{entries}</feed>'
    ).encode()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, allow_private="127.0.0.1")


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with open_hub() as hub:
        yield hub


@dataclass
class Pushed:
    """A machine that is served where hubs can call it."""

    machine: Machine
    site: PartnerSite
    hub: Hub

    def publish(self, *titles: str, hubs: tuple[str, ...] | None = None) -> None:
        body = atom(self.site, *titles, hubs=(self.hub.url,) if hubs is None else hubs)
        self.site.put("/feed", body, "application/atom+xml")

    async def work(self) -> None:
        await self.machine.tick()
        machine = self.machine
        await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()

    async def subscription(self) -> Subscription | None:
        async with self.machine.database.read() as connection:
            return await read_subscription(connection, "held")

    async def state(self) -> SourceState:
        async with self.machine.database.read() as connection:
            return (await read_states(connection))["held"]

    async def titles(self) -> list[str]:
        async with self.machine.database.read() as connection:
            return list((await connection.execute(select(item.c.title).order_by(item.c.title))).scalars())


@pytest.fixture
async def pushed(machine: Machine, site: PartnerSite, hub: Hub) -> AsyncIterator[Pushed]:
    site.publish([], "/trusted")
    async with serving(machine) as address:
        yield Pushed(replace(machine, shop=replace(machine.shop, public_url=address)), site, hub)


async def test_a_source_that_names_a_hub_is_subscribed_to_and_what_is_pushed_waits_in_the_queue(
    pushed: Pushed, clock: Clock
) -> None:
    pushed.publish("one")
    await pushed.work()
    (asked,) = pushed.hub.asked
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", f"{pushed.site.url}/feed")
    assert asked["type"] == "application/x-www-form-urlencoded"
    assert len(asked["hub.callback"].rpartition("/")[2]) * 6 >= 128
    assert pushed.hub.confirmed == [(200, "a challenge")]
    known = await pushed.subscription()
    assert (known.state, known.lease_until) == (PushState.LIVE, clock() + timedelta(days=10))
    assert (await pushed.state()).live_at == clock()
    assert await pushed.hub.deliver(atom(pushed.site, "two")) == 204
    assert await pushed.titles() == ["one", "two"]
    assert await pushed.hub.deliver(atom(pushed.site, "two")) == 204
    assert await pushed.titles() == ["one", "two"]


async def test_the_secret_and_the_callback_are_in_no_repr(pushed: Pushed) -> None:
    pushed.publish("one")
    await pushed.work()
    known = await pushed.subscription()
    assert known.secret not in repr(known)
    assert known.callback not in repr(known)


async def test_the_header_of_the_answer_names_the_hub_too(pushed: Pushed, site: PartnerSite) -> None:
    site.put("/feed", atom(site, "one", hubs=("https://elsewhere.example/",)), "application/atom+xml")
    site.headers["/feed"] = {"Link": f'<{pushed.hub.url}>; rel="hub", <{site.url}/topic>; rel=self'}
    await pushed.work()
    assert [asked["hub.topic"] for asked in pushed.hub.asked] == [f"{site.url}/topic"]


async def test_a_hub_that_is_named_where_the_server_goes_on_to_say_304_is_found_within_a_day(
    pushed: Pushed, site: PartnerSite, clock: Clock
) -> None:
    site.is_stuck = True
    pushed.publish("one", hubs=())

    async def look(times: int) -> list[int]:
        site.asked.clear()
        for _ in range(times):
            await pushed.work()
            clock.forward(hours=7)
        return [status for path, status in site.asked if path == "/feed"]

    assert await look(8) == [200, 304, 304, 304, 200, 304, 304, 304]
    pushed.publish("one")
    assert (await look(1))[0] == 200
    assert await pushed.subscription()
    assert set(await look(6)) == {304}, "it names one now"


async def test_where_no_hub_is_wanted_none_is_looked_for(pushed: Pushed, site: PartnerSite, clock: Clock) -> None:
    path = pushed.machine.settings.sources
    path.write_text(path.read_text().replace('id = "held"', 'id = "held"\npush = false'))
    await pushed.machine.reload()
    pushed.publish("one", hubs=())
    for _ in range(6):
        await pushed.work()
        clock.forward(hours=7)
    assert [status for path, status in site.asked if path == "/feed"] == [200, 304, 304, 304, 304, 304]


async def test_a_hub_that_is_named_where_nothing_has_changed_is_subscribed_to(
    pushed: Pushed, site: PartnerSite, clock: Clock
) -> None:
    pushed.publish("one", hubs=())
    await pushed.work()
    assert await pushed.subscription() is None
    site.headers["/feed"] = {"Link": f'<{pushed.hub.url}>; rel="hub", <{site.url}/feed>; rel="self"'}
    clock.forward(hours=7)
    await pushed.work()
    assert ("/feed", 304) in site.asked
    known = await pushed.subscription()
    assert known
    assert (known.hub, known.topic) == (pushed.hub.url, f"{site.url}/feed")
    # An answer that does not name it once more takes nothing back.
    site.headers["/feed"] = {}
    clock.forward(hours=7)
    await pushed.work()
    assert await pushed.subscription()
    assert (await pushed.state()).push_problem is None


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"X-Hub-Signature": ""}, "unsigned"),
        ({"X-Hub-Signature": "sha256=" + "0" * 64}, "wrongly signed"),
        ({"Link": '<https://other.example/feed>; rel="self"'}, "for another topic"),
    ],
)
async def test_a_delivery_that_is_not_the_hubs_own_is_ignored_with_a_2xx(
    pushed: Pushed, headers: dict[str, str], why: str, caplog
) -> None:
    pushed.publish("one")
    await pushed.work()
    assert await pushed.hub.deliver(atom(pushed.site, "two"), **headers) == 202
    assert await pushed.titles() == ["one"], why
    assert "ignored" in caplog.text


async def test_a_delivery_by_the_oldest_method_is_taken(pushed: Pushed) -> None:
    pushed.publish("one")
    await pushed.work()
    assert (
        await pushed.hub.deliver(atom(pushed.site, "two"), method="sha1", Link=f"<{pushed.site.url}/feed>; rel=self")
        == 204
    )
    assert await pushed.titles() == ["one", "two"]


async def test_a_delivery_that_is_no_feed_has_the_source_asked_at_once(pushed: Pushed) -> None:
    pushed.publish("one")
    await pushed.work()
    pushed.publish("one", "two")
    assert await pushed.hub.deliver(b"something is new") == 204
    await pushed.work()
    assert await pushed.titles() == ["one", "two"]


async def test_nobody_confirms_what_we_did_not_ask_for(pushed: Pushed) -> None:
    pushed.publish("one")
    await pushed.work()
    asked = pushed.hub.asked[0]
    guess = asked["hub.callback"][:-1] + ("A" if asked["hub.callback"][-1] != "A" else "B")
    assert (await pushed.hub.ask_back(asked))[0] == 404  # it is live: nothing is pending
    assert (await pushed.hub.ask_back(asked, **{"hub.mode": "unsubscribe"}))[0] == 404
    assert (await pushed.hub.ask_back({**asked, "hub.callback": guess}))[0] == 404
    assert (await pushed.subscription()).state is PushState.LIVE


async def test_another_topic_or_mode_is_not_confirmed_and_a_hub_may_ask_late(pushed: Pushed) -> None:
    pushed.hub.asks_back = False
    pushed.publish("one")
    await pushed.work()
    asked = pushed.hub.asked[0]
    for wrong in ({"hub.topic": "https://other.example/"}, {"hub.mode": "publish"}, {"hub.challenge": ""}):
        assert (await pushed.hub.ask_back(asked, **wrong))[0] == 404
    assert (await pushed.subscription()).state is PushState.PENDING
    assert await pushed.hub.ask_back(asked) == (200, "a challenge")
    assert (await pushed.subscription()).state is PushState.LIVE


async def test_a_lease_is_renewed_before_it_ends_and_stays_live_meanwhile(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one")
    await pushed.work()
    first = pushed.hub.asked[0]
    pushed.hub.asks_back = False
    clock.forward(days=8, minutes=1)
    await pushed.work()
    second = pushed.hub.asked[-1]
    assert second is not first
    assert {key: second[key] for key in ("hub.callback", "hub.secret")} == {
        key: first[key] for key in ("hub.callback", "hub.secret")
    }
    assert (await pushed.subscription()).is_live(clock())
    assert await pushed.hub.deliver(atom(pushed.site, "two")) == 204
    assert (await pushed.hub.ask_back(second))[0] == 200
    known = await pushed.subscription()
    assert (known.state, known.lease_until) == (PushState.LIVE, clock.forward(days=10))


async def test_a_lease_that_lapses_is_said_and_asked_for_anew(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one")
    await pushed.work()
    pushed.hub.status = 503
    clock.forward(days=8, minutes=1)
    await pushed.work()
    state = await pushed.state()
    assert "503" in state.push_problem
    assert state.live_at == clock()
    clock.forward(days=2)
    await pushed.work()
    assert (await pushed.state()).live_at is None
    pushed.hub.status = 202
    clock.forward(days=1, minutes=1)
    await pushed.work()
    await pushed.work()
    state = await pushed.state()
    assert (state.push_problem, state.live_at) == (None, clock())


async def test_a_lease_of_a_second_is_not_asked_for_every_second(pushed: Pushed, clock: Clock) -> None:
    pushed.hub.lease = "1"
    pushed.publish("one")
    await pushed.work()
    for _ in range(50):
        clock.forward(seconds=1)
        await pushed.work()
    assert len(pushed.hub.asked) == 1
    assert (await pushed.state()).live_at is None
    clock.forward(seconds=30)
    await pushed.work()
    assert len(pushed.hub.asked) == 2


async def test_a_hub_that_refuses_is_heard_and_its_reason_shown(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one")
    await pushed.work()
    asked = pushed.hub.asked[0]
    denial = {"hub.mode": "denied", "hub.reason": "we know you <b>not</b>"}
    assert (await pushed.hub.ask_back({**asked, "hub.topic": "https://other.example/"}, **denial))[0] == 404
    assert (await pushed.hub.ask_back(asked, **denial))[0] == 204
    state = await pushed.state()
    assert state.push_problem == "its hub refused to push: we know you <b>not</b>"
    assert state.live_at is None
    assert await pushed.hub.ask_back(asked) == (404, pushed.hub.confirmed[-1][1])
    pushed.publish("one", "two")
    clock.forward(hours=1)
    await pushed.work()
    assert await pushed.titles() == ["one", "two"]
    assert len(pushed.hub.asked) == 1
    clock.forward(days=1)
    await pushed.work()
    assert len(pushed.hub.asked) == 2


# Four days of it: long enough on one engine.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_hub_that_is_down_for_ever_costs_no_item_and_is_asked_less_and_less(
    pushed: Pushed, clock: Clock
) -> None:
    pushed.hub.status = 500
    gaps, last, count = [], clock(), 0
    for hour in range(100):
        pushed.publish(*(f"n{n:03}" for n in range(max(0, hour - 9), hour + 1)))
        await pushed.work()
        if len(pushed.hub.asked) > count:
            count = len(pushed.hub.asked)
            gaps.append(clock() - last)
            last = clock()
        clock.forward(hours=1)
    assert len(await pushed.titles()) == 100
    assert count < 20
    assert gaps[1:] == sorted(gaps[1:])
    assert "500" in (await pushed.state()).push_problem


async def test_another_hub_is_tried_where_one_does_not_answer(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one", hubs=("http://127.0.0.1:9/hub", pushed.hub.url))
    await pushed.work()
    assert "could not be asked" in (await pushed.state()).push_problem
    clock.forward(minutes=3)
    await pushed.work()
    assert (await pushed.subscription()).hub == pushed.hub.url
    assert (await pushed.state()).push_problem is None


async def test_a_hub_that_has_moved_is_followed_with_the_form(pushed: Pushed) -> None:
    async with open_hub() as new_place:
        pushed.hub.status, pushed.hub.headers = 308, {"Location": new_place.url}
        pushed.publish("one")
        await pushed.work()
        assert new_place.asked[0]["hub.mode"] == "subscribe"
        assert new_place.asked[0]["type"] == "application/x-www-form-urlencoded"
    assert (await pushed.subscription()).state is PushState.LIVE


async def test_a_source_that_leaves_or_wants_no_push_is_unsubscribed(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one")
    await pushed.work()
    path = pushed.machine.settings.sources
    before = path.read_text()
    path.write_text(before.replace('/feed"\n', '/feed"\npush = false\n'))
    await pushed.work()
    asked = pushed.hub.asked[-1]
    assert (asked["hub.mode"], pushed.hub.confirmed[-1]) == ("unsubscribe", (200, "a challenge"))
    assert (await pushed.state()).live_at is None
    pushed.hub.asked.pop()
    assert await pushed.hub.deliver(atom(pushed.site, "two")) == 410
    clock.forward(minutes=6)
    await pushed.work()
    assert await pushed.subscription() is None
    path.write_text(before)
    clock.forward(hours=1)
    await pushed.work()
    assert (await pushed.subscription()).state is PushState.LIVE


async def test_a_hub_may_ask_back_about_an_end_in_its_own_time_whatever_else_is_done_to_the_file(
    pushed: Pushed, clock: Clock
) -> None:
    pushed.publish("one")
    await pushed.work()
    pushed.hub.asks_back = False
    path = pushed.machine.settings.sources
    unwanted = path.read_text().replace('/feed"\n', '/feed"\npush = false\n')
    path.write_text(unwanted)
    await pushed.work()
    for again in range(3):  # each process that follows the file does this for itself
        clock.forward(seconds=1)
        path.write_text(unwanted.replace("Test stream", f"Stream {again}"))
        await pushed.work()
    assert [asked["hub.mode"] for asked in pushed.hub.asked] == ["subscribe", "unsubscribe"]
    assert await pushed.hub.ask_back(pushed.hub.asked[-1]) == (200, "a challenge")


async def test_a_source_that_is_wanted_again_is_subscribed_to_anew_at_once(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one")
    await pushed.work()
    path = pushed.machine.settings.sources
    before = path.read_text()
    path.write_text(before.replace('/feed"\n', '/feed"\npush = false\n'))
    await pushed.work()
    pushed.hub.asks_back = False
    path.write_text(before)
    clock.forward(seconds=20)
    await pushed.work()
    first, ended, second = pushed.hub.asked
    assert (ended["hub.mode"], second["hub.mode"]) == ("unsubscribe", "subscribe")
    assert second["hub.callback"] != first["hub.callback"]
    assert (await pushed.state()).push_problem is None
    assert (await pushed.hub.ask_back(second))[0] == 200
    assert (await pushed.subscription()).state is PushState.LIVE


async def test_a_feed_that_names_another_hub_or_none_is_followed(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one")
    await pushed.work()
    async with open_hub() as other:
        pushed.publish("one", "two", hubs=(other.url,))
        clock.forward(hours=7)
        await pushed.work()
        assert (await pushed.subscription()).hub == other.url
        assert await pushed.hub.deliver(atom(pushed.site, "three")) == 404
        pushed.publish("one", "two", "three", hubs=())
        clock.forward(hours=7)
        await pushed.work()
        assert other.asked[-1]["hub.mode"] == "unsubscribe"


async def test_a_hub_at_a_private_address_is_not_contacted(pushed: Pushed) -> None:
    async with open_hub("127.0.0.2") as inside:
        pushed.publish("one", hubs=(inside.url,))
        await pushed.work()
        assert inside.asked == []
    assert "not on the public internet" in (await pushed.state()).push_problem
    assert await pushed.titles() == ["one"]


async def test_a_program_that_no_hub_can_reach_says_so_and_asks_none(
    machine: Machine, site: PartnerSite, work_off: Callable[[], Awaitable[int]]
) -> None:
    site.publish([], "/trusted")
    site.put("/feed", atom(site, "one", hubs=("https://hub.city.org/",)), "application/atom+xml")
    await work_off()
    async with machine.database.read() as connection:
        state = (await read_states(connection))["held"]
        assert await read_subscription(connection, "held") is None
    assert "MPOWER_PUBLIC_URL" in state.push_problem


CHANNEL = "UCaB3dEfGhIjKlMnOpQrStUv"


def videos(hub: str, titles: dict[str, str], *, text: str = "", gone: str = "") -> bytes:
    entries = "".join(
        f"<entry><id>yt:video:{name}</id><title>{title}</title><published>2026-11-20T09:00:00Z</published>"
        f"<link rel='alternate' href='https://www.youtube.com/watch?v={name}'/>"
        + (f"<media:group><media:description>{text}</media:description></media:group>" if text else "")
        + "</entry>"
        for name, title in titles.items()
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'
        f' xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>City</title><link rel="hub" href="{hub}"/>'
        + (f'<at:deleted-entry ref="yt:video:{gone}" when="2026-11-22T09:00:00Z"/>' if gone else "")
        + f"{entries}</feed>"
    ).encode()


async def test_what_youtubes_hub_delivers_adds_videos_and_takes_no_text_away(pushed: Pushed) -> None:
    path, hub, site = pushed.machine.settings.sources, pushed.hub, pushed.site
    kept = path.read_text()
    path.write_text(
        kept.replace(
            f'kind = "feed"\nurl = "{site.url}/feed"', f'kind = "youtube"\nurl = "{site.url}/channel/{CHANNEL}"'
        )
    )
    site.put("/feeds/videos.xml", videos(hub.url, {"one": "One"}, text="All about one"), "application/atom+xml")
    await pushed.work()
    assert hub.asked[-1]["hub.topic"] == f"{site.url}/feeds/videos.xml?channel_id={CHANNEL}"
    assert await hub.deliver(videos(hub.url, {"one": "One, renamed", "two": "Two"})) == 204
    async with pushed.machine.database.read() as connection:
        rows = (await connection.execute(select(item).order_by(item.c.entry_id))).all()
    assert [(row.title, row.content_text, row.kind) for row in rows] == [
        ("One", "All about one", "video"),
        ("Two", "", "video"),
    ]
    assert await hub.deliver(videos(hub.url, {}, gone="two")) == 204
    async with pushed.machine.database.read() as connection:
        rows = (await connection.execute(select(item.c.title, item.c.state))).all()
    assert {row.title: row.state for row in rows} == {"One": "waiting", "Two": "withdrawn"}


async def test_many_deliveries_at_once_are_all_kept(pushed: Pushed) -> None:
    pushed.publish("one")
    await pushed.work()
    names = [f"n{n:02}" for n in range(30)]
    answers = await asyncio.gather(*(pushed.hub.deliver(atom(pushed.site, name)) for name in [*names, *names]))
    assert set(answers) == {204}
    assert await pushed.titles() == [*names, "one"]


async def test_a_hub_that_denied_delivers_no_more(pushed: Pushed) -> None:
    pushed.publish("one")
    await pushed.work()
    await pushed.hub.ask_back(pushed.hub.asked[0], **{"hub.mode": "denied"})
    assert await pushed.hub.deliver(atom(pushed.site, "two")) == 410
    assert (await pushed.state()).live_at is None


async def test_a_problem_with_push_is_forgotten_when_the_feed_names_no_hub_any_more(
    pushed: Pushed, clock: Clock
) -> None:
    nowhere = replace(
        pushed, machine=replace(pushed.machine, shop=replace(pushed.machine.shop, public_url="http://nas"))
    )
    nowhere.publish("one", hubs=("https://hub.city.org/",))
    await nowhere.work()
    assert "MPOWER_PUBLIC_URL" in (await nowhere.state()).push_problem
    nowhere.publish("one", "two", hubs=())
    clock.forward(hours=1)
    await nowhere.work()
    assert (await nowhere.state()).push_problem is None


async def test_a_hub_that_can_reach_us_no_more_is_no_reason_to_ask_rarely(pushed: Pushed, clock: Clock) -> None:
    pushed.publish("one", hubs=())
    async with pushed.machine.database.write() as connection:
        await note_push(connection, "held", None, live_at=clock())
    await pushed.work()
    before = await pushed.state()
    assert (before.habits.why, before.push_problem) == ("its news come by themselves", None)
    clock.moment = before.due_at
    nowhere = replace(
        pushed, machine=replace(pushed.machine, shop=replace(pushed.machine.shop, public_url="http://nas"))
    )
    nowhere.publish("one", "two", hubs=("https://hub.city.org/",))
    await nowhere.work()
    state = await nowhere.state()
    assert "MPOWER_PUBLIC_URL" in (state.push_problem or "")
    assert state.habits.why == ""
    assert state.due_at - clock() < timedelta(hours=1)
