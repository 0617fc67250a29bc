"""What is public leaves when its source no longer has it, when it is over, and only then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from aggregator import rechecks
from aggregator.collectors import KINDS, contract, patience
from aggregator.collectors.contract import Collected, Outside, Shown
from aggregator.errors import CollectError, FetchError
from aggregator.handlers import handlers
from aggregator.machine import Machine
from aggregator.model import Document, Happening, Kind, Sighting, Source, State
from aggregator.store.changes import read_counter
from aggregator.store.moves import move
from aggregator.store.sources import Cursor, keep_success, read_state
from aggregator.store.tables import decision, item, revision, task
from aggregator.store.tables import sighting as sighting_table
from aggregator.work import Worker
from tests.builders import sighting
from tests.conftest import Clock
from tests.partner import PartnerSite


@pytest.fixture(autouse=True)
def quiet_sources(site: PartnerSite) -> None:
    site.publish([])
    site.publish([], "/trusted")


def entry(n: int, **values: object) -> Sighting:
    """One of yesterday's."""
    return sighting(n, **{"published_at": datetime(2026, 11, 22, 9, n, tzinfo=UTC), **values})


async def rows(machine: Machine) -> list:
    async with machine.database.read() as connection:
        return (await connection.execute(select(item).order_by(item.c.published_at))).all()


async def states(machine: Machine) -> dict[str, str]:
    return {row.title: row.state for row in await rows(machine)}


async def check_now(machine: Machine) -> None:
    """One round of checks, and nothing else."""
    await machine.put_rechecks()
    await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due(only=("recheck",))


async def change(machine: Machine, **values: object) -> None:
    async with machine.database.write() as connection:
        await connection.execute(update(item).values(**values))


def pages(site: PartnerSite, count: int) -> list[Sighting]:
    """Entries with pages of their own on the source's host."""
    for n in range(count):
        site.put(f"/news/{n}", f"<p>News {n}</p>" * 50, "text/html")
    return [entry(n, url=f"{site.url}/news/{n}") for n in range(count)]


# Pages


async def test_a_page_that_is_gone_twice_a_day_apart_is_withdrawn(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 2), "/trusted")
    await work_off()
    await check_now(machine)
    assert not any("/news/" in path for path, _ in site.asked), "what came just now is not checked"
    site.put("/news/1", "", status=404)
    clock.forward(days=1)
    await check_now(machine)
    assert await states(machine) == {"News 0": "approved", "News 1": "approved"}
    clock.forward(hours=2)
    await check_now(machine)
    assert sum("/news/" in path for path, _ in site.asked) == 2, "each at most once a day"
    async with machine.database.read() as connection:
        before = await read_counter(connection, "stream")
    clock.forward(hours=22)
    await check_now(machine)
    assert await states(machine) == {"News 0": "approved", "News 1": "withdrawn"}
    gone = (await rows(machine))[1]
    assert (gone.reason, gone.decided_by) == ("its page is gone (404)", "source")
    async with machine.database.read() as connection:
        assert await read_counter(connection, "stream") > before
        assert await connection.scalar(select(decision.c.action).order_by(decision.c.id.desc()).limit(1)) == "withdraw"


@pytest.mark.parametrize("status", [200, 206, 301, 302, 401, 403, 429, 500, 503])
async def test_no_other_answer_proves_anything(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, status: int
) -> None:
    site.publish(pages(site, 1), "/trusted")
    await work_off()
    site.put("/news/0", "x", status=status)
    site.put("/", "the front page", "text/html")
    site.headers["/news/0"] = {"Location": "/"} if status in (301, 302) else {}
    for _ in range(3):
        clock.forward(days=1, minutes=1)
        await check_now(machine)
    assert sum(path == "/news/0" for path, _ in site.asked) == 3
    assert await states(machine) == {"News 0": "approved"}


async def test_a_page_that_is_back_the_next_day_was_never_gone(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 1), "/trusted")
    await work_off()
    for status in (404, 200, 410, 200, 404):
        site.put("/news/0", "x", status=status)
        clock.forward(days=1, minutes=1)
        await check_now(machine)
        assert ((await rows(machine))[0].gone_at is not None) == (status != 200)
    assert await states(machine) == {"News 0": "approved"}


async def test_an_editor_who_publishes_what_is_gone_is_right(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 1), "/trusted")
    await work_off()
    site.put("/news/0", "", status=404)
    for _ in range(2):
        clock.forward(days=1)
        await check_now(machine)
    assert await states(machine) == {"News 0": "withdrawn"}
    (row,) = await rows(machine)
    async with machine.database.write() as connection:
        await move(
            connection, row.id, to=State.APPROVED, action="undo", by="ana", reason="", now=clock.forward(hours=1)
        )
    for _ in range(3):
        clock.forward(days=1)
        await check_now(machine)
    assert await states(machine) == {"News 0": "approved"}


async def test_few_are_asked_at_a_time_and_all_in_the_end(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 10), "/trusted")
    await work_off()
    clock.forward(days=1)
    asked = []
    for _ in range(4):
        site.asked.clear()
        await check_now(machine)
        asked.append(len(site.asked))
    assert asked == [4, 4, 2, 0]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("says", "waits"),
    [
        ({}, timedelta(minutes=15)),
        ({"Retry-After": "60"}, timedelta(minutes=15)),
        ({"Retry-After": "7200"}, timedelta(hours=2)),
        ({"Retry-After": "9999999"}, timedelta(days=1)),
    ],
)
async def test_a_host_that_asks_to_be_left_alone_is_and_what_was_not_asked_is_not_taken_for_checked(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, status: int, says: dict[str, str], waits: timedelta
) -> None:
    site.publish(pages(site, 6), "/trusted")
    await work_off()
    clock.forward(days=1)
    site.put("/news/1", "", status=status)
    site.headers["/news/1"] = says
    site.asked.clear()
    await check_now(machine)
    for _ in range(3):
        clock.forward(seconds=waits.total_seconds() / 4)
        await check_now(machine)
    assert [path for path, _ in site.asked] == ["/news/0", "/news/1"]
    assert [row.checked_at is not None for row in await rows(machine)] == [True, True, False, False, False, False]
    site.put("/news/1", "News 1")
    clock.forward(seconds=waits.total_seconds() / 4 + 1)
    for _ in range(3):
        await check_now(machine)
    assert {path for path, _ in site.asked[2:]} == {f"/news/{n}" for n in range(0 if waits.days else 2, 6)}


async def test_all_sources_of_a_host_wait_with_it(machine: Machine, site: PartnerSite, work_off, clock: Clock) -> None:
    site.publish(pages(site, 4), "/trusted")
    await work_off()
    for n in range(4):
        site.put(f"/news/{n}", "", status=429)
    clock.forward(days=1)
    await check_now(machine)
    path = machine.settings.sources
    path.write_text(path.read_text().replace('id = "trusted"', 'id = "renamed"'))
    await machine.reload()
    await check_now(machine)
    assert sum("/news/" in path for path, _ in site.asked) == 1


async def test_a_source_that_asked_to_wait_is_not_asked_for_its_pages_either(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 1), "/trusted")
    await work_off()
    clock.forward(days=1)
    async with machine.database.write() as connection:
        state = await read_state(connection, "trusted")
        assert state
        habits = replace(state.habits, wait_until=clock() + timedelta(hours=1))
        await keep_success(connection, state, state.cursor, now=clock(), due_at=clock(), has_news=False, habits=habits)
    await check_now(machine)
    assert not any("/news/" in path for path, _ in site.asked)
    clock.forward(hours=1)
    await check_now(machine)
    assert ("/news/0", 200) in site.asked


async def test_a_slow_host_is_asked_for_one_page_and_the_others_wait(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish(pages(site, 3), "/trusted")
    await work_off()
    clock.forward(days=1)
    monkeypatch.setattr(
        patience.Patience, "is_over", property(lambda _: any("/news/" in path for path, _ in site.asked))
    )
    site.asked.clear()
    await check_now(machine)
    assert [row.checked_at is not None for row in await rows(machine)] == [True, False, False]


async def test_only_what_is_public_and_on_its_sources_host_is_asked_for(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    away = "http://127.0.0.9/elsewhere"
    here, *others = pages(site, 3)
    site.publish([here, replace(others[0], url=away)], "/trusted")
    site.publish([others[1]])
    await work_off()
    site.asked.clear()
    clock.forward(days=1)
    for _ in range(2):
        await check_now(machine)
    assert [path for path, _ in site.asked] == ["/news/0"]


async def test_pages_of_a_source_that_has_failed_for_days_are_asked_for_all_the_same(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 2), "/trusted")
    await work_off()
    site.put("/trusted", "", status=500)
    site.put("/news/1", "", status=404)
    for _ in range(3):
        clock.forward(days=1)
        await work_off()
        await check_now(machine)
    assert not any("/news/" in path for path, _ in site.asked)
    for _ in range(2):
        clock.forward(days=1, minutes=1)
        await work_off()
        await check_now(machine)
    assert await states(machine) == {"News 0": "approved", "News 1": "withdrawn"}


async def test_a_host_that_does_not_answer_is_asked_for_one_page_and_left_alone(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish(pages(site, 3), "/trusted")
    await work_off()
    clock.forward(days=1)
    site.put("/news/0", "", status=302)
    site.headers["/news/0"] = {"Location": "/news/0"}
    for minutes in (0, 5):
        clock.forward(minutes=minutes)
        await check_now(machine)
        assert [path for path, _ in site.asked if "/news/" in path] == ["/news/0"]
    clock.forward(minutes=11)
    await check_now(machine)
    assert [path for path, _ in site.asked if "/news/" in path] == ["/news/0", "/news/1", "/news/2"]


async def test_old_items_are_checked_less_often_than_new_ones(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    old, young = pages(site, 2)
    site.publish([replace(old, published_at=clock() - timedelta(days=100)), young], "/trusted")
    await work_off()
    await change(machine, stream_at=clock())
    async with machine.database.write() as connection:
        values = {"stream_at": clock() - timedelta(days=100)}
        await connection.execute(update(item).where(item.c.title == "News 0").values(**values))
    site.asked.clear()
    for _ in range(6):
        clock.forward(days=1)
        await check_now(machine)
    assert {path for path, _ in site.asked} == {"/news/1"}
    clock.forward(days=8)
    await check_now(machine)
    assert ("/news/0", 200) in site.asked


async def test_pages_that_tell_a_program_nothing_are_not_asked_for(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not KINDS["x"].pages_tell
    monkeypatch.setitem(KINDS, "feed", replace(KINDS["feed"], pages_tell=False))
    site.publish(pages(site, 1), "/trusted")
    await work_off()
    clock.forward(days=1)
    await check_now(machine)
    assert not any("/news/" in path for path, _ in site.asked)


# By name


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The feed kind as a network that can be asked by name what is gone."""
    answers: dict[str, object] = {"gone": [], "asked": [], "most": 100}

    async def find_gone(_source: Source, shown: Sequence[Shown], _outside: Outside) -> Mapping[str, bool]:
        answers["asked"].append([one.entry_id for one in shown])  # type: ignore[attr-defined]
        gone = answers["gone"]
        if isinstance(gone, CollectError):
            raise gone
        return {one.entry_id: one.entry_id in gone for one in shown[: answers["most"]]}  # type: ignore[operator,misc]

    feed = KINDS["feed"]
    monkeypatch.setitem(KINDS, "feed", contract.SourceKind(feed.collect, feed.rules, find_gone=find_gone))  # type: ignore[arg-type]
    return answers


async def test_what_a_network_says_is_gone_is_withdrawn_at_once(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network
) -> None:
    site.publish([entry(n) for n in range(10)], "/trusted")
    await work_off()
    network["gone"] = ["tag:3", "tag:unknown"]
    clock.forward(days=1)
    await check_now(machine)
    assert [title for title, state in (await states(machine)).items() if state == "withdrawn"] == ["News 3"]
    assert [len(names) for names in network["asked"]] == [10]


async def test_a_network_that_takes_back_most_of_all_at_once_must_say_so_twice(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network
) -> None:
    site.publish([entry(n) for n in range(10)], "/trusted")
    await work_off()
    network["gone"] = [f"tag:{n}" for n in range(9)]
    clock.forward(days=1)
    await check_now(machine)
    assert set((await states(machine)).values()) == {"approved"}
    clock.forward(days=1)
    await check_now(machine)
    assert [title for title, state in (await states(machine)).items() if state == "approved"] == ["News 9"]


async def test_a_network_that_cannot_tell_proves_nothing(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network
) -> None:
    site.publish([entry(1)], "/trusted")
    await work_off()
    network["gone"] = CollectError("the network is down")
    clock.forward(days=1)
    await check_now(machine)
    await check_now(machine)
    assert await states(machine) == {"News 1": "approved"}
    assert len(network["asked"]) == 1, "it is asked again tomorrow, not at once"
    async with machine.database.read() as connection:
        assert (await connection.execute(select(task).where(task.c.handler == "recheck"))).all() == []


async def test_what_a_network_was_not_asked_for_is_not_taken_for_checked(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network
) -> None:
    site.publish([entry(n) for n in range(10)], "/trusted")
    await work_off()
    network["most"] = 4
    clock.forward(days=1)
    for _ in range(4):
        await check_now(machine)
    assert [len(names) for names in network["asked"]] == [10, 6, 2]


async def test_a_network_that_fails_is_asked_after_days_for_a_few_posts_and_believed_the_second_time(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network
) -> None:
    site.publish([entry(n) for n in range(9)], "/trusted")
    await work_off()
    site.put("/trusted", "", status=500)
    network["gone"] = ["tag:1"]

    async def look_and_check(**later: float) -> None:
        clock.forward(**later)
        await work_off()
        await check_now(machine)

    await look_and_check(days=2)
    assert network["asked"] == []
    await look_and_check(days=2)
    assert network["asked"] == [["tag:0", "tag:1", "tag:2", "tag:3"]]
    assert set((await states(machine)).values()) == {"approved"}
    for _ in range(4):
        await look_and_check(hours=12)
    assert [title for title, state in (await states(machine)).items() if state == "withdrawn"] == ["News 1"]
    assert max(map(len, network["asked"])) == 4


async def test_a_network_is_asked_at_once_for_what_its_list_lacks_all_of_a_sudden(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network
) -> None:
    nameless = entry(4, entry_id="", url="https://city.example/4")
    entries = [*(entry(n) for n in range(4)), nameless, *(entry(n) for n in range(5, 9))]
    site.publish(entries, "/trusted")
    await work_off()
    network["gone"] = ["tag:3", ""]
    del entries[2:5]
    for title in ("Anew", "And anew"):
        clock.forward(hours=2)
        site.publish(entries, "/trusted", title=title)
        await work_off()
        await check_now(machine)
        assert [title for title, state in (await states(machine)).items() if state == "withdrawn"] == ["News 3"]
    assert network["asked"] == [["tag:2", "tag:3"]]


@pytest.mark.parametrize("status", [429, 503, None])
async def test_a_network_that_asks_to_be_left_alone_or_does_not_answer_is_with_all_its_items(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, network, status: int
) -> None:
    site.publish([entry(n) for n in range(45)], "/trusted")
    await work_off()
    clock.forward(days=1)
    network["gone"] = FetchError("busy", status=status, retry_at=clock() + timedelta(hours=1))
    for minutes in (0, 30, 31):
        clock.forward(minutes=minutes)
        await check_now(machine)
        network["gone"] = ["tag:0", "tag:7"]
    assert [names[0] for names in network["asked"]] == ["tag:0", "tag:1"]
    assert [title for title, state in (await states(machine)).items() if state == "withdrawn"] == ["News 7"]


def test_a_source_that_is_off_or_was_never_read_is_not_checked(machine: Machine) -> None:
    assert rechecks.able_to_tell(machine.configuration, {}, (), now=machine.now()) == {}


# Events that are over


async def put_events(machine: Machine, clock: Clock, source: str = "trusted") -> None:
    """One event that is over in an hour, one that is not, and one that has no end."""

    def event(n: int, hours: int) -> Sighting:
        when = Happening(clock(), clock() + timedelta(hours=hours), "Town hall")
        return entry(n, kind=Kind.EVENT, happening=when)

    document = Document((event(1, 1), event(2, 48), entry(3)), "test", is_window=False)
    await push(machine, document, source)


async def push(machine: Machine, document: Document, source_id: str = "trusted") -> None:
    source = machine.configuration.source(source_id)
    assert source
    await machine.shop.take(source, Collected(document, Cursor(), source.url))


async def test_an_event_that_is_over_leaves_by_itself(machine: Machine, clock: Clock) -> None:
    await put_events(machine, clock)
    await machine.withdraw_over()
    assert set((await states(machine)).values()) == {"approved"}
    async with machine.database.read() as connection:
        before = await read_counter(connection, "stream")
    clock.forward(hours=1)
    await machine.withdraw_over()
    assert await states(machine) == {"News 1": "withdrawn", "News 2": "approved", "News 3": "approved"}
    assert (await rows(machine))[0].reason == "it is over"
    async with machine.database.read() as connection:
        assert await read_counter(connection, "stream") > before


async def test_an_event_that_nobody_decided_on_in_time_waits_no_longer(machine: Machine, clock: Clock) -> None:
    await put_events(machine, clock, "held")
    clock.forward(hours=2)
    await machine.withdraw_over()
    assert (await states(machine))["News 1"] == "withdrawn"


async def test_an_editor_who_publishes_what_is_over_is_right(machine: Machine, clock: Clock) -> None:
    await put_events(machine, clock)
    clock.forward(hours=2)
    await machine.withdraw_over()
    first = (await rows(machine))[0]
    async with machine.database.write() as connection:
        await move(connection, first.id, to=State.APPROVED, action="undo", by="ana", reason="", now=clock())
    clock.forward(hours=2)
    await machine.withdraw_over()
    assert (await states(machine))["News 1"] == "approved"


async def test_an_event_that_is_put_off_comes_back_to_the_queue(machine: Machine, clock: Clock) -> None:
    await put_events(machine, clock)
    clock.forward(hours=2)
    await machine.withdraw_over()
    await put_events(machine, clock)
    assert (await states(machine))["News 1"] == "waiting"
    assert (await rows(machine))[0].reason == "was put off to another date"


# Deleted, hidden, gone


async def test_a_deletion_that_was_pushed_stays_whatever_a_cached_page_shows(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    first = [entry(1), entry(2)]
    site.publish(first, "/trusted")
    await work_off()
    edited = replace(first[0], title="News 1, corrected")
    await push(machine, Document((edited,), "test", is_window=False))
    await push(machine, Document((), "test", deleted=("tag:1",), is_window=False))
    for old_page in ([edited, first[1]], first, [edited, first[1]], first):
        clock.forward(hours=2)
        site.publish(old_page, "/trusted", title=f"A page of {clock()}")
        await work_off()
        assert [row.state for row in await rows(machine)] == ["withdrawn", "approved"]
    clock.forward(hours=2)
    site.publish([replace(edited, title="News 1, written anew"), first[1]], "/trusted")
    await work_off()
    assert [row.state for row in await rows(machine)] == ["waiting", "approved"]


async def test_an_id_of_any_length_is_deleted(machine: Machine) -> None:
    long = "tag:" + "x" * 2000
    await push(machine, Document((entry(1, entry_id=long),), "test", is_window=False))
    await push(machine, Document((), "test", deleted=(long,), is_window=False))
    assert await states(machine) == {"News 1": "withdrawn"}


async def test_what_its_author_hides_leaves_and_comes_back_to_the_queue_when_shown_again(machine: Machine) -> None:
    await push(machine, Document((entry(1),), "test", is_window=False))
    hidden = replace(entry(1), hidden="not public any more")
    for _ in range(2):
        await push(machine, Document((hidden,), "test", is_window=False))
        (row,) = await rows(machine)
        assert (row.state, row.reason) == ("withdrawn", "its source no longer wants it shown")
    await push(machine, Document((entry(1),), "test", is_window=False))
    (row,) = await rows(machine)
    assert (row.state, row.reason) == ("waiting", "is back at its source")


async def test_a_hidden_entry_that_was_never_seen_makes_no_item(machine: Machine) -> None:
    await push(machine, Document((replace(entry(1), hidden="private"),), "test", is_window=False))
    assert await rows(machine) == []


@pytest.fixture
def shows(monkeypatch: pytest.MonkeyPatch, machine: Machine, clock: Clock) -> Callable[..., Awaitable[None]]:
    """Has the trusted source show something at its next look."""

    async def show(*entries: Sighting, **document: object) -> None:
        async def collect(source: Source, _cursor: Cursor, _outside: Outside) -> Collected:
            return Collected(Document(entries, "test", **document), Cursor("any", place={"read": True}), source.url)

        monkeypatch.setitem(KINDS, "feed", replace(KINDS["feed"], collect=collect))
        clock.forward(hours=1)
        source = machine.configuration.source("trusted")
        assert source
        _, commit = await machine.shop.look(source)
        async with machine.database.write() as connection:
            await commit(connection)

    return show


async def test_an_account_that_is_gone_takes_all_with_it_and_what_is_old_waits_when_it_returns(
    machine: Machine, shows, clock: Clock
) -> None:
    await shows(*(entry(n) for n in range(1, 5)))
    rejected = (await rows(machine))[0]
    async with machine.database.write() as connection:
        await move(connection, rejected.id, to=State.REJECTED, action="reject", by="ana", reason="", now=clock())
    await shows(is_gone=True, is_window=False)
    assert set((await states(machine)).values()) == {"rejected", "withdrawn"}
    await shows(*(entry(n) for n in range(3, 6)))
    old = {"News 1": "rejected", "News 2": "waiting"}
    assert await states(machine) == old | {f"News {n}": "approved" for n in range(3, 6)}
    assert (await rows(machine))[1].reason == "its account is back"
    async with machine.database.read() as connection:
        assert await connection.scalar(select(func.count(sighting_table.c.missing_at))) == 0


async def test_the_items_of_an_account_that_is_gone_do_not_return_with_another_one(machine: Machine, shows) -> None:
    await shows(entry(1))
    await shows(is_gone=True, is_window=False)
    path = machine.settings.sources
    path.write_text(path.read_text().replace("/trusted", "/another"))
    await machine.reload()
    await shows(entry(2))
    assert await states(machine) == {"News 1": "withdrawn", "News 2": "approved"}


async def test_what_its_author_hides_or_deletes_meanwhile_does_not_return_with_an_account(
    machine: Machine, shows
) -> None:
    entries = [entry(n) for n in range(1, 7)]
    hidden = replace(entries[3], hidden="not public any more")
    await shows(*entries)
    await shows(is_gone=True, is_window=False)
    await shows(is_gone=True, is_window=False)
    for _ in range(2):
        await shows(*entries[2:3], hidden, *entries[5:], deleted=("tag:1", "tag:5"))
        assert await states(machine) == {
            "News 1": "withdrawn", "News 2": "waiting", "News 3": "approved", "News 4": "withdrawn",
            "News 5": "withdrawn", "News 6": "approved",
        }  # fmt: skip
    async with machine.database.read() as connection:
        assert await connection.scalar(select(func.count()).where(decision.c.to_state == "withdrawn")) == 6 + 3
    await shows(*entries[2:])
    assert (await states(machine))["News 4"] == "waiting"


async def test_an_account_that_shows_nothing_is_not_taken_for_back(machine: Machine, shows) -> None:
    await shows(entry(1), entry(2))
    await shows(is_gone=True, is_window=False)
    await shows()
    assert await states(machine) == {"News 1": "withdrawn", "News 2": "withdrawn"}


async def test_what_was_missing_before_its_account_was_still_is_when_that_is_back(machine: Machine, shows) -> None:
    entries = [entry(n) for n in range(1, 7)]
    await shows(*entries)
    await shows(*entries[:2], *entries[3:])
    await shows(is_gone=True, is_window=False)
    await shows(*entries[:2], *entries[4:])
    assert (await states(machine))["News 3"] == (await states(machine))["News 4"] == "waiting"
    async with machine.database.read() as connection:
        missing = select(item.c.title).join(sighting_table).where(sighting_table.c.missing_at.is_not(None))
        assert sorted((await connection.execute(missing)).scalars()) == ["News 3", "News 4"]


async def test_what_is_marked_as_sensitive_later_waits_for_an_editor_even_where_the_source_is_trusted(
    machine: Machine,
) -> None:
    await push(machine, Document((entry(1),), "test", is_window=False))
    await push(machine, Document((replace(entry(1), is_sensitive=True),), "test", is_window=False))
    assert await states(machine) == {"News 1": "waiting"}
    async with machine.database.read() as connection:
        assert len((await connection.execute(select(revision))).all()) == 1
