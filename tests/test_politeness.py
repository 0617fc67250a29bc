"""How sources are asked over days: they are waited for, followed when they move, left alone when they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aggregator.collectors import KINDS
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.documents.fields import MAX_ENTRIES
from aggregator.errors import CollectError
from aggregator.handlers import handlers
from aggregator.listening import Listening
from aggregator.machine import Machine
from aggregator.model import Document, Source, State
from aggregator.store.changes import read_counter
from aggregator.store.listeners import note_push
from aggregator.store.moves import move
from aggregator.store.sources import Cursor, SourceState, fall_back, read_states
from aggregator.store.tables import decision, item, sighting, source_state
from aggregator.work import Worker
from tests.builders import sighting as entry
from tests.conftest import Clock
from tests.partner import PartnerSite

HALF = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def other_source(site: PartnerSite) -> None:
    site.publish([], "/trusted")


async def state_of(machine: Machine, source_id: str = "held") -> SourceState:
    async with machine.database.read() as connection:
        return (await read_states(connection))[source_id]


async def rows(machine: Machine, source_id: str = "held") -> list:
    async with machine.database.read() as connection:
        statement = select(item).where(item.c.source_id == source_id).order_by(item.c.published_at)
        return (await connection.execute(statement)).all()


async def states(machine: Machine, source_id: str = "held") -> dict[str, str]:
    return {row.title: row.state for row in await rows(machine, source_id)}


async def missing(machine: Machine) -> dict[str, bool]:
    async with machine.database.read() as connection:
        found = await connection.execute(select(sighting.c.entry_key, sighting.c.missing_at))
        return {row.entry_key: row.missing_at is not None for row in found}


async def approve_all(machine: Machine) -> None:
    async with machine.database.write() as connection:
        for row in (await connection.execute(select(item.c.id).where(item.c.state == State.WAITING))).all():
            await move(connection, row.id, to=State.APPROVED, action="approve", by="ana", reason="", now=machine.now())


def configure(machine: Machine, **options: str) -> None:
    """Give the held source more lines in sources.toml."""
    path = machine.settings.sources
    lines = "".join(f"{name} = {value}\n" for name, value in options.items())
    path.write_text(path.read_text().replace('id = "held"\n', f'id = "held"\n{lines}'))
    machine.sources.reload_if_changed()


def times_asked(site: PartnerSite, path: str = "/feed") -> int:
    return sum(asked == path for asked, _ in site.asked)


# Waiting


@pytest.mark.parametrize("status", [429, 503])
async def test_who_asks_to_be_asked_later_is_asked_later(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, status: int
) -> None:
    site.put("/feed", "", status=status)
    site.headers["/feed"] = {"Retry-After": "7200"}
    await work_off()
    state = await state_of(machine)
    assert clock() + timedelta(hours=2) <= state.due_at <= clock() + timedelta(hours=2, minutes=2)
    assert (state.habits.why, state.habits.wait_until) == ("it asked to wait", clock() + timedelta(hours=2))
    clock.forward(minutes=119)
    await work_off()
    assert times_asked(site) == 1
    site.headers.clear()
    site.publish([entry(1)])
    clock.forward(minutes=3)
    await work_off()
    state = await state_of(machine)
    assert (state.failures, state.habits.why, state.habits.wait_until, times_asked(site)) == (0, "", None, 2)


@pytest.mark.parametrize(
    ("every", "says", "least", "most"),
    [
        ("1m", {"Retry-After": "120"}, 120, 126),
        ("1m", {"Retry-After": "1"}, 60, 66),
        ("1h", {"Retry-After": "120"}, 3600, 3960),
        ("1m", {}, 810, 990),
        ("1m", {"Retry-After": "soon"}, 810, 990),
        ("1h", {}, 3600, 3960),
    ],
)
async def test_a_429_is_waited_for_as_it_says_never_less_than_every_and_a_quarter_of_an_hour_where_it_says_nothing(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, every: str, says: dict[str, str], least: int, most: int
) -> None:
    configure(machine, every=f'"{every}"')
    site.put("/feed", "", status=429)
    site.headers["/feed"] = says
    await work_off()
    assert least <= ((await state_of(machine)).due_at - clock()).total_seconds() <= most


async def test_neither_a_broken_push_nor_a_connection_made_anew_shortens_what_was_asked_for(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.put("/feed", "", status=429)
    site.headers["/feed"] = {"Retry-After": "7200"}
    await work_off()
    clock.forward(minutes=5)
    await machine.catch_up("held")
    async with machine.database.write() as connection:
        await fall_back(connection, "held", at=clock() + HALF)
    await work_off()
    assert times_asked(site) == 1
    assert (await state_of(machine)).due_at >= clock() + timedelta(minutes=115)


async def test_a_catch_up_comes_soon_but_not_every_second(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(1)])
    await work_off()
    for _ in range(20):
        clock.forward(seconds=1)
        await machine.catch_up("held")
        await work_off()
    assert times_asked(site) == 1
    clock.forward(seconds=45)
    await work_off()
    assert times_asked(site) == 2


async def test_what_was_missed_between_two_connections_is_caught_up_with_at_once_however_much_is_pushed(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(1)])
    await work_off()
    clock.forward(minutes=5)
    pushed = Document((entry(2),), "test", is_window=False)
    await machine.shop.take(machine.configuration.source("held"), Collected(pushed, Cursor(), "https://city.example/"))
    clock.forward(seconds=1)
    await machine.catch_up("held")
    await work_off()
    assert times_asked(site) == 2


async def test_a_source_that_fails_is_caught_up_with_no_oftener(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.put("/feed", "", status=500)
    await work_off()
    for _ in range(20):
        clock.forward(seconds=1)
        await machine.catch_up("held")
        await work_off()
    assert times_asked(site) == 1


async def test_what_its_feed_and_its_answer_wish_for_is_granted_and_remembered_when_nothing_changes(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(1)])
    whole = site.pages["/feed"][2].replace(b"<language>", b"<ttl>120</ttl><language>")
    site.put("/feed", whole)
    for _ in range(2):
        await work_off()
        state = await state_of(machine)
        assert timedelta(hours=2) <= state.due_at - clock() <= timedelta(hours=2, minutes=7)
        clock.moment = state.due_at
    assert [status for path, status in site.asked if path == "/feed"] == [200, 304]
    site.headers["/feed"] = {"Cache-Control": "max-age=14400"}
    await work_off()
    assert (await state_of(machine)).due_at >= clock() + timedelta(hours=4)


async def test_a_quiet_source_is_asked_less_often_until_it_has_news(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(1)])
    spans = []
    for _ in range(60):
        await work_off()
        state = await state_of(machine)
        spans.append(state.due_at - clock())
        clock.moment = state.due_at
    assert HALF <= spans[0] <= HALF * 1.05
    assert 4 * HALF <= spans[-1] <= 4.2 * HALF
    site.publish([entry(1), entry(2)])
    await work_off()
    assert (await state_of(machine)).due_at - clock() <= HALF * 1.05


async def test_a_source_that_pushes_is_asked_rarely_and_as_any_other_when_its_push_breaks(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(1)])
    async with machine.database.write() as connection:
        await note_push(connection, "held", None, live_at=clock())
    await work_off()
    assert (await state_of(machine)).due_at >= clock() + timedelta(hours=6)
    async with machine.database.write() as connection:
        await note_push(connection, "held", "hung up", live_at=None)
        await fall_back(connection, "held", at=clock() + HALF)
    assert (await state_of(machine)).due_at == clock() + HALF


async def test_a_source_that_fails_every_other_time_loses_nothing_and_is_not_stormed(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    began = clock()
    for n in range(10):
        if n % 2:
            site.put("/feed", "", status=500)
        else:
            site.publish([entry(k) for k in range(n + 1)])
        await work_off()
        clock.moment = (await state_of(machine)).due_at
    assert len(await rows(machine)) == 9
    assert times_asked(site) == 10
    assert clock() - began >= 10 * HALF * 0.89


async def test_five_faults_and_then_an_answer_heal_by_themselves(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.put("/feed", "", status=500)
    for _ in range(5):
        await work_off()
        clock.moment = (await state_of(machine)).due_at
    assert (await state_of(machine)).failures == 5
    site.publish([entry(1)])
    await work_off()
    state = await state_of(machine)
    assert (state.failures, state.problem, state.stopped, len(await rows(machine))) == (0, None, False, 1)
    assert state.due_at - clock() <= HALF * 1.05


# Moving


@pytest.fixture
def moved_site(site: PartnerSite) -> PartnerSite:
    site.put("/feed", "", status=301)
    site.headers["/feed"] = {"Location": "/new-feed"}
    site.publish([entry(1)], "/new-feed")
    return site


async def pass_days(machine: Machine, work_off, clock: Clock, days: int) -> None:
    """Four times a day it is seen whether the source is due."""
    until = clock() + timedelta(days=days)
    while clock() < until:
        await work_off()
        clock.moment = max((await state_of(machine)).due_at, clock() + timedelta(hours=6))


async def test_a_permanent_move_is_followed_after_a_week_and_the_file_keeps_its_word(
    machine: Machine, moved_site: PartnerSite, work_off, clock: Clock
) -> None:
    await work_off()
    state = await state_of(machine)
    assert (state.move.to, state.move.since) == (f"{moved_site.url}/new-feed", clock())
    await pass_days(machine, work_off, clock, 8)
    moved_site.asked.clear()
    moved_site.publish([entry(1), entry(2)], "/new-feed")
    await work_off()
    assert {path for path, _ in moved_site.asked} & {"/feed", "/new-feed"} == {"/new-feed"}
    assert len(await rows(machine)) == 2
    assert (await state_of(machine)).url == f"{moved_site.url}/feed"


async def test_a_temporary_move_is_never_kept(machine: Machine, moved_site: PartnerSite, work_off, clock) -> None:
    moved_site.put("/feed", "", status=302)
    await pass_days(machine, work_off, clock, 8)
    assert (await state_of(machine)).move.to is None
    assert ("/feed", 302) in moved_site.asked[-4:]


async def test_a_move_that_is_taken_back_is_forgotten(
    machine: Machine, moved_site: PartnerSite, work_off, clock: Clock
) -> None:
    await pass_days(machine, work_off, clock, 3)
    del moved_site.headers["/feed"]
    moved_site.publish([entry(1)])
    await work_off()
    assert (await state_of(machine)).move.to is None


@pytest.mark.parametrize("status", [404, 410])
async def test_a_new_address_that_is_gone_makes_the_old_one_count_again(
    machine: Machine, moved_site: PartnerSite, work_off, clock: Clock, status: int
) -> None:
    await pass_days(machine, work_off, clock, 8)
    moved_site.put("/new-feed", "", status=status)
    del moved_site.headers["/feed"]
    moved_site.publish([entry(1), entry(2)])
    await work_off()
    state = await state_of(machine)
    assert (state.move.to, state.stopped, state.failures) == (None, False, 1)
    assert state.due_at - clock() <= HALF * 1.1
    clock.moment = state.due_at
    await work_off()
    assert len(await rows(machine)) == 2


async def test_a_new_address_that_only_fails_is_given_up_after_some_tries(
    machine: Machine, moved_site: PartnerSite, work_off, clock: Clock
) -> None:
    await pass_days(machine, work_off, clock, 8)
    moved_site.put("/new-feed", "", status=500)
    for _ in range(5):
        await work_off()
        clock.moment = (await state_of(machine)).due_at
    assert (await state_of(machine)).move.to is None


async def test_another_address_in_the_file_ends_what_was_known_of_the_old_one(
    machine: Machine, moved_site: PartnerSite, work_off, clock: Clock
) -> None:
    await work_off()
    path = machine.settings.sources
    path.write_text(path.read_text().replace("/feed", "/third"))
    await machine.tick()
    state = await state_of(machine)
    assert (state.move.to, state.habits.window) == (None, ())


# Gone for good


async def test_who_is_gone_for_good_is_not_asked_again_until_an_editor_or_the_file_says_so(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.put("/feed", "", status=410)
    await work_off()
    state = await state_of(machine)
    assert state.stopped
    assert "gone for good" in (state.problem or "")
    clock.forward(days=40)
    await work_off()
    assert times_asked(site) == 1
    await machine.ask_for("held")
    await work_off()
    assert times_asked(site) == 2
    assert (await state_of(machine)).stopped
    site.publish([entry(1)], "/moved")
    path = machine.settings.sources
    path.write_text(path.read_text().replace(f"{site.url}/feed", f"{site.url}/moved"))
    await work_off()
    state = await state_of(machine)
    assert (state.stopped, state.problem, len(await rows(machine))) == (False, None, 1)


async def test_an_editor_who_collects_what_was_gone_starts_it_again(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.put("/feed", "", status=410)
    await work_off()
    site.publish([entry(1)])
    await machine.ask_for("held")
    await work_off()
    assert not (await state_of(machine)).stopped


# Vanishing


async def test_what_is_missing_from_the_middle_is_flagged_and_what_slid_off_is_not(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(n) for n in (5, 4, 3, 2, 1)])
    await work_off()
    await approve_all(machine)
    site.publish([entry(n) for n in (6, 5, 4, 2)])
    clock.forward(hours=1)
    await work_off()
    assert {key for key, is_missing in (await missing(machine)).items() if is_missing} == {"tag:3"}
    clock.forward(hours=1)
    await work_off()
    assert (await states(machine))["News 3"] == "approved", "an editor is told, nothing more"
    site.publish([entry(n) for n in (6, 5, 4, 3, 2)])
    clock.forward(hours=1)
    await work_off()
    assert not any((await missing(machine)).values())


async def test_what_vanishes_is_withdrawn_where_the_source_is_followed_in_that(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    configure(machine, vanished='"withdraw"')
    site.publish([entry(n) for n in (5, 4, 3, 2, 1)])
    await work_off()
    await approve_all(machine)
    async with machine.database.read() as connection:
        before = await read_counter(connection, "stream")
    site.publish([entry(n) for n in (5, 4, 2, 1)])
    clock.forward(hours=1)
    await work_off()
    assert (await states(machine))["News 3"] == "approved", "one look proves nothing"
    clock.forward(hours=1)
    await work_off()
    assert (await states(machine))["News 3"] == "withdrawn"
    (gone,) = [row for row in await rows(machine) if row.title == "News 3"]
    assert (gone.reason, gone.decided_by) == ("no longer in its feed", "source")
    async with machine.database.read() as connection:
        assert await read_counter(connection, "stream") > before
        logged = await connection.scalar(select(decision.c.reason).where(decision.c.action == "withdraw"))
    assert logged == "no longer in its feed"
    site.publish([entry(n) for n in (5, 4, 3, 2, 1)])
    clock.forward(hours=1)
    await work_off()
    assert (await states(machine))["News 3"] == "waiting"


async def test_what_an_editor_keeps_although_it_vanished_stays(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    configure(machine, vanished='"withdraw"')
    site.publish([entry(n) for n in (5, 4, 3, 2, 1)])
    await work_off()
    site.publish([entry(n) for n in (5, 4, 2, 1)])
    clock.forward(hours=1)
    await work_off()
    clock.forward(minutes=1)
    await approve_all(machine)
    clock.forward(hours=1)
    await work_off()
    assert (await states(machine))["News 3"] == "approved"


@pytest.mark.parametrize("kept", [(), (1,), (5, 1)], ids=["empty", "one left", "two left"])
async def test_a_feed_that_breaks_takes_nothing_with_it(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, kept: tuple[int, ...]
) -> None:
    configure(machine, vanished='"withdraw"')
    site.publish([entry(n) for n in (5, 4, 3, 2, 1)])
    await work_off()
    await approve_all(machine)
    for hour in range(5):
        site.publish([entry(n) for n in kept], title=f"City {hour}")
        clock.forward(hours=1)
        await work_off()
    assert set((await states(machine)).values()) == {"approved"}
    assert not any((await missing(machine)).values())
    site.publish([entry(n) for n in (5, 4, 2, 1)])
    for _ in range(2):
        clock.forward(hours=1)
        await work_off()
    assert (await states(machine))["News 3"] == "withdrawn", "what was there before it broke is remembered"


@pytest.mark.parametrize(
    ("status", "body"), [(200, b""), (200, b"<html><form>Sign in"), (204, b""), (500, b""), (403, b""), (404, b"")]
)
async def test_what_is_no_feed_makes_nothing_vanish(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, status: int, body: bytes
) -> None:
    configure(machine, vanished='"withdraw"')
    site.publish([entry(n) for n in (5, 4, 3, 2, 1)])
    await work_off()
    await approve_all(machine)
    site.put("/feed", body, "text/html", status)
    for _ in range(3):
        clock.forward(days=1)
        await work_off()
    assert (await state_of(machine)).problem
    assert set((await states(machine)).values()) == {"approved"}
    assert not any((await missing(machine)).values())


async def test_a_feed_that_renews_its_ids_makes_nothing_vanish(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    configure(machine, vanished='"withdraw"')
    entries = [entry(n) for n in (5, 4, 3, 2, 1)]
    site.publish(entries)
    await work_off()
    await approve_all(machine)
    site.publish([replace(e, entry_id=f"new:{n}") for n, e in enumerate(entries)])
    for _ in range(2):
        clock.forward(hours=1)
        await work_off()
    assert set((await states(machine)).values()) == {"approved"}
    site.publish([replace(e, entry_id=f"new:{n}") for n, e in enumerate(entries) if n != 2])
    for _ in range(2):
        clock.forward(hours=1)
        await work_off()
    assert (await states(machine))["News 3"] == "withdrawn"


async def test_a_state_that_an_older_version_kept_is_read(machine: Machine, site: PartnerSite, work_off) -> None:
    async with machine.database.write() as connection:
        await connection.execute(update(source_state).values(shown=None))
    site.publish([entry(1)])
    await work_off()
    assert len((await state_of(machine)).habits.window) == 1


# Listening


async def test_a_connection_that_breaks_at_once_neither_storms_its_source_nor_silences_it(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listen(_source: Source, _cursor: Cursor, _outside: Outside) -> AsyncGenerator[Collected, None]:
        yield Collected(None, Cursor(), "")
        raise CollectError("the stream hung up")

    feed = KINDS["feed"]
    monkeypatch.setitem(KINDS, "feed", SourceKind(feed.collect, feed.rules, listen=listen))  # type: ignore[arg-type]
    pauses: list[float] = []
    sleep, mine = asyncio.sleep, asyncio.current_task()
    is_asleep = False

    async def pause(seconds: float) -> None:
        nonlocal is_asleep
        if is_asleep or asyncio.current_task() is not mine:  # others sleep as they always do
            await sleep(seconds)
            return
        is_asleep = True
        pauses.append(seconds)
        clock.forward(seconds=seconds)
        await machine.tick()
        await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due(only=("collect",))
        if len(pauses) == 6:
            raise asyncio.CancelledError
        is_asleep = False

    site.publish([entry(1)])
    await work_off()
    listening = Listening(machine.shop, machine.catch_up)
    source = machine.configuration.source("held")
    assert source
    monkeypatch.setattr("aggregator.listening.asyncio.sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await listening._listen(source)
    assert pauses == sorted(pauses)
    assert pauses[-1] > 16
    state = await state_of(machine)
    assert (state.live_at, state.push_problem) == (None, "the stream hung up")
    assert state.due_at <= clock() + source.every * 1.05
    assert times_asked(site) == 1 + sum(pauses) // 60


async def test_a_connection_that_stands_for_long_keeps_its_source_live(
    machine: Machine, site: PartnerSite, work_off, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = asyncio.Event()

    async def listen(source: Source, _cursor: Cursor, _outside: Outside) -> AsyncGenerator[Collected, None]:
        yield Collected(None, Cursor(), "")
        if source.id == "held":
            connected.set()
        await asyncio.Event().wait()

    feed = KINDS["feed"]
    monkeypatch.setitem(KINDS, "feed", SourceKind(feed.collect, feed.rules, listen=listen))  # type: ignore[arg-type]
    listening = Listening(machine.shop, machine.catch_up)
    await work_off()
    await listening._follow()
    try:
        await connected.wait()
        for _ in range(30):
            clock.forward(hours=1)
            await listening._follow()
        assert (await state_of(machine)).live_at == clock()
    finally:
        await listening._stop(list(listening._running))


# What a server says of its documents


async def test_a_mark_that_changes_while_nothing_else_does_brings_nothing_twice(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.publish([entry(1)])
    for n in range(3):
        site.headers["/feed"] = {"ETag": f'"{n}"'}
        await work_off()
        clock.forward(hours=3)
    assert [status for path, status in site.asked if path == "/feed"] == [200, 200, 200]
    assert [row.version for row in await rows(machine)] == [1]


async def test_a_mark_that_stays_while_the_document_changes_loses_nothing_that_is_sent(
    machine: Machine, site: PartnerSite, work_off, clock: Clock
) -> None:
    site.headers["/feed"] = {"ETag": '"always"'}
    for n in range(1, 4):
        site.publish([entry(k) for k in range(n)])
        await work_off()
        clock.forward(hours=3)
    assert len(await rows(machine)) == 3


async def test_a_feed_of_more_entries_than_are_kept_is_named_in_the_log(
    machine: Machine, site: PartnerSite, work_off, caplog: pytest.LogCaptureFixture
) -> None:
    site.publish([entry(n, published_at=entry(0).published_at + timedelta(minutes=n)) for n in range(MAX_ENTRIES + 7)])
    await work_off()
    assert "held: 7 older entries are left out" in caplog.text
    kept = await rows(machine)
    assert (len(kept), kept[0].title) == (MAX_ENTRIES, "News 7")
