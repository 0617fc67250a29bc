"""Listening to sources that push: kept at once, connected anew, one connection in all processes."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator import collectors, listening
from aggregator.collectors.contract import Collected, Outside
from aggregator.errors import FetchError, StoreError
from aggregator.listening import LEASE, Listening
from aggregator.machine import Machine, open_machine
from aggregator.model import Document, Sensitive, Sighting, Source
from aggregator.store.listeners import give_up, note_push, take_place
from aggregator.store.sources import Cursor, read_states
from aggregator.store.tables import item
from curation.overview import SourceHealth, judge_sources
from tests.builders import sighting
from tests.partner import PartnerSite

PATIENCE = 30


def pushed(*entries: Sighting, place: dict | None = None, **values: object) -> Collected:
    return Collected(
        Document(entries, "push", is_window=False, **values), Cursor(place=place or {}), "https://city.example/"
    )


CONNECTED = Collected(None, Cursor(), "https://city.example/")


class Line:
    """A network that pushes what a test gives it. None hangs up."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[Collected | None] = asyncio.Queue()
        self.connections = 0
        self.places: list[dict] = []

    async def listen(self, source: Source, cursor: Cursor, outside: Outside) -> AsyncGenerator[Collected, None]:
        self.connections += 1
        self.places.append(dict(cursor.place))
        yield CONNECTED
        while (collected := await self.waiting.get()) is not None:
            yield collected
        raise FetchError("the network hung up")


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    line = Line()
    kinds = {**collectors.KINDS, "feed": replace(collectors.KINDS["feed"], listen=line.listen)}
    monkeypatch.setattr(listening, "KINDS", kinds)
    monkeypatch.setattr(listening, "SHORTEST_PAUSE", 0.0)
    monkeypatch.setattr(listening, "LONGEST_PAUSE", 0.0)
    return line


@asynccontextmanager
async def listens(machine: Machine, asked: list[str] | None = None):
    async def ask_for(source_id: str) -> None:
        if asked is not None:
            asked.append(source_id)

    running = asyncio.create_task(Listening(machine.shop, ask_for).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(holds: Callable) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.01)


async def titles(machine: Machine) -> list[tuple[str, str]]:
    async with machine.database.read() as connection:
        rows = await connection.execute(select(item.c.title, item.c.state).order_by(item.c.published_at))
        return [(row.title, row.state) for row in rows]


def only_one_source(machine: Machine) -> None:
    path = machine.settings.sources
    text = path.read_text()
    if "enabled" not in text:
        path.write_text(text.replace('id = "trusted"', 'id = "trusted"\nenabled = false'))
    machine.sources.reload_if_changed()


async def test_what_is_pushed_stands_in_the_queue_and_what_is_deleted_leaves_it(machine: Machine, line: Line) -> None:
    only_one_source(machine)
    asked: list[str] = []
    async with listens(machine, asked):
        await line.waiting.put(pushed(sighting(1), sighting(2)))

        async def both_are_there() -> bool:
            return len(await titles(machine)) == 2

        await until(both_are_there)
        await line.waiting.put(pushed(deleted=("tag:1",)))

        async def one_is_withdrawn() -> bool:
            return ("News 1", "withdrawn") in await titles(machine)

        await until(one_is_withdrawn)
    assert asked == ["held"]
    assert await titles(machine) == [("News 1", "withdrawn"), ("News 2", "waiting")]


async def test_a_broken_line_is_connected_anew_and_goes_on_from_its_place(machine: Machine, line: Line) -> None:
    only_one_source(machine)
    asked: list[str] = []
    async with listens(machine, asked):
        await line.waiting.put(pushed(sighting(1), place={"seen": 7}))
        await line.waiting.put(pushed(place={"other": 1}))
        await line.waiting.put(None)
        await line.waiting.put(pushed(sighting(1), sighting(2)))

        async def both_are_there() -> bool:
            return len(await titles(machine)) == 2

        await until(both_are_there)
    assert line.places == [{}, {"seen": 7, "other": 1}]
    assert asked == ["held", "held"]


async def test_a_line_that_breaks_is_shown_with_its_reason(machine: Machine, line: Line, monkeypatch) -> None:
    only_one_source(machine)
    monkeypatch.setattr(listening, "SHORTEST_PAUSE", 3600.0)
    monkeypatch.setattr(listening, "LONGEST_PAUSE", 3600.0)
    await line.waiting.put(None)
    async with listens(machine):

        async def is_shown() -> bool:
            async with machine.database.read() as connection:
                state = (await read_states(connection))["held"]
            return state.push_problem == "the network hung up" and state.live_at is None

        await until(is_shown)


async def test_what_was_pushed_and_could_not_be_kept_is_shown_with_its_reason(
    machine: Machine, line: Line, monkeypatch
) -> None:
    only_one_source(machine)
    monkeypatch.setattr(listening, "SHORTEST_PAUSE", 3600.0)
    monkeypatch.setattr(listening, "LONGEST_PAUSE", 3600.0)

    async def fails(_self, _source: Source, _collected: Collected) -> None:
        raise StoreError("the disk is full: make room")

    monkeypatch.setattr(type(machine.shop), "take", fails)
    await line.waiting.put(pushed(sighting(1)))
    async with listens(machine):

        async def is_shown() -> bool:
            async with machine.database.read() as connection:
                state = (await read_states(connection))["held"]
            return state.push_problem == "could not be kept: the disk is full: make room"

        await until(is_shown)


@pytest.mark.parametrize("problem", ["the network hung up", None], ids=["refused", "nothing to push any more"])
async def test_a_line_that_ends_is_no_longer_the_reason_to_ask_rarely(
    machine: Machine, site: PartnerSite, work_off, clock, problem: str | None
) -> None:
    site.publish([sighting(1)])
    site.publish([], "/trusted")
    source = machine.configuration.source("held")
    assert source
    lines = Listening(machine.shop, work_off)
    await lines._note(source, None, is_live=True)
    await work_off()

    async def health() -> SourceHealth:
        async with machine.database.read() as connection:
            judged = judge_sources(machine.configuration, await read_states(connection), now=clock())
        return next(one for one in judged if one.id == "held")

    pushes = await health()
    assert (pushes.why, pushes.is_live, pushes.push_problem) == ("its news come by themselves", True, None)
    assert pushes.due_at
    assert pushes.due_at - clock() > timedelta(hours=5)
    clock.forward(hours=1)
    await lines._note(source, problem)
    broken = await health()
    assert (broken.why, broken.is_live, broken.push_problem) == ("", False, problem)
    assert broken.due_at == clock() + source.every


async def test_an_account_that_is_gone_takes_all_its_items_with_it(machine: Machine) -> None:
    source = machine.configuration.source("trusted")
    assert source
    await machine.shop.take(source, pushed(sighting(1), sighting(2)))
    assert [state for _, state in await titles(machine)] == ["approved", "approved"]
    await machine.shop.take(source, pushed(is_gone=True))
    assert [state for _, state in await titles(machine)] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize(("name", "state"), [("trusted", "approved"), ("held", "waiting")])
async def test_the_items_of_an_account_that_was_gone_return_with_it(
    machine: Machine, site: PartnerSite, work_off, clock, name: str, state: str
) -> None:
    site.publish([], "/feed")
    site.publish([], "/trusted")
    path = {"held": "/feed", "trusted": "/trusted"}[name]
    site.publish([sighting(1), sighting(2)], path)
    await work_off()
    source = machine.configuration.source(name)
    assert source
    await machine.shop.take(source, pushed(is_gone=True))
    assert [of_each for _, of_each in await titles(machine)] == ["withdrawn", "withdrawn"]
    # Back before anybody has asked, with the same answer as before.
    clock.forward(hours=7)
    await work_off()
    assert [of_each for _, of_each in await titles(machine)] == [state, state]


async def test_the_same_push_from_many_at_once_is_kept_once(machine: Machine) -> None:
    source = machine.configuration.source("held")
    assert source
    outcomes = await asyncio.gather(*(machine.shop.take(source, pushed(sighting(1), sighting(2))) for _ in range(4)))
    assert len(await titles(machine)) == 2
    assert sum(outcome.new for outcome in outcomes) == 2


async def test_a_push_and_a_look_at_the_same_moment_keep_everything_once(
    machine: Machine, site: PartnerSite, work_off
) -> None:
    source = machine.configuration.source("held")
    assert source
    site.publish([sighting(1), sighting(2)])
    site.publish([], "/trusted")
    await asyncio.gather(work_off(), machine.shop.take(source, pushed(sighting(2), sighting(3))))
    await machine.ask_for("held")
    await work_off()
    assert [title for title, _ in await titles(machine)] == ["News 1", "News 2", "News 3"]


async def test_a_sensitive_post_of_a_trusted_source_waits_for_an_editor(machine: Machine) -> None:
    source = machine.configuration.source("trusted")
    assert source
    plain, marked = sighting(1), sighting(2, is_sensitive=True, warning="Pictures of a fire")
    await machine.shop.take(source, pushed(plain, marked))
    assert await titles(machine) == [("News 1", "approved"), ("News 2", "waiting")]
    async with machine.database.read() as connection:
        reasons = (await connection.execute(select(item.c.reason).where(item.c.title == "News 2"))).scalars().all()
    assert reasons == ["its author marked it as sensitive: Pictures of a fire"]


async def test_a_sensitive_post_is_let_in_or_left_out_where_the_source_says_so(machine: Machine) -> None:
    source = machine.configuration.source("trusted")
    assert source
    await machine.shop.take(replace(source, sensitive=Sensitive.DROP), pushed(sighting(1, is_sensitive=True)))
    await machine.shop.take(replace(source, sensitive=Sensitive.SHOW), pushed(sighting(2, is_sensitive=True)))
    assert await titles(machine) == [("News 2", "approved")]


async def test_an_item_whose_author_hides_it_is_withdrawn(machine: Machine) -> None:
    source = machine.configuration.source("trusted")
    assert source
    await machine.shop.take(source, pushed(sighting(1)))
    await machine.shop.take(source, pushed(sighting(1, hidden="its author wishes it")))
    assert await titles(machine) == [("News 1", "withdrawn")]


async def test_one_process_has_the_line_and_another_takes_it_when_it_dies(machine: Machine, clock) -> None:
    async def take(holder: str) -> set[str]:
        async with machine.database.write() as connection:
            return await take_place(connection, {"held", "trusted"}, holder=holder, now=clock(), until=clock() + LEASE)

    assert await take("first") == {"held", "trusted"}
    assert await take("second") == set()
    clock.forward(seconds=LEASE.total_seconds() / 2)
    assert await take("first") == {"held", "trusted"}
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert await take("second") == {"held", "trusted"}
    async with machine.database.write() as connection:
        await give_up(connection, "second")
    assert await take("first") == {"held", "trusted"}


async def test_two_processes_listen_once(settings, clock, line: Line) -> None:
    async with open_machine(settings, now=clock) as first, open_machine(settings, now=clock) as second:
        only_one_source(first)
        only_one_source(second)
        async with listens(first), listens(second):
            await line.waiting.put(pushed(sighting(1)))

            async def is_there() -> bool:
                return len(await titles(first)) == 1

            await until(is_there)
        assert line.connections == 1


async def test_a_fault_of_ours_ends_no_listening(machine: Machine, line: Line, monkeypatch, caplog) -> None:
    only_one_source(machine)
    monkeypatch.setattr(listening, "RENEW_SECONDS", 0.01)
    take = machine.shop.take

    async def breaks(_self, source: Source, collected: Collected) -> None:
        monkeypatch.setattr(type(machine.shop), "take", lambda _self, *given: take(*given))
        raise RuntimeError("anything")

    monkeypatch.setattr(type(machine.shop), "take", breaks)
    async with listens(machine):
        await line.waiting.put(pushed(sighting(1)))
        await line.waiting.put(pushed(sighting(2)))

        async def is_there() -> bool:
            return len(await titles(machine)) == 1

        await until(is_there)
    assert "listening to held broke off" in caplog.text


async def test_what_was_said_while_the_program_did_not_run_is_asked_for_at_its_start(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.publish([sighting(1)])
    site.publish([], "/trusted")
    await work_off()
    async with machine.database.write() as connection:
        await note_push(connection, "held", None, live_at=clock())
    site.publish([sighting(1), sighting(2)])
    await work_off()
    assert len(await titles(machine)) == 1
    await machine.make_up_for_silence()
    await work_off()
    assert len(await titles(machine)) == 2


async def test_a_source_of_another_kind_at_the_same_address_is_read_from_the_beginning(
    machine: Machine, site: PartnerSite, work_off
) -> None:
    site.publish([sighting(1)])
    site.publish([], "/trusted")
    await work_off()
    path = machine.settings.sources
    path.write_text(path.read_text().replace('kind = "feed"', 'kind = "discover"', 1))
    await machine.reload()
    async with machine.database.read() as connection:
        state = (await read_states(connection))["held"]
    assert (state.cursor, state.due_at <= machine.now()) == (Cursor(), True)
    await work_off()
    assert len(await titles(machine)) == 1


@asynccontextmanager
async def another_process():
    """A process that lives until it is killed, and its name."""
    script = "import sys; from aggregator.holders import *; print(name_of_this_process(), flush=True); sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdin=PIPE, stdout=PIPE)
    assert process.stdout
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_process_that_was_killed_leaves_its_line_to_the_next_at_once(machine: Machine, line: Line) -> None:
    only_one_source(machine)
    async with another_process() as (process, name):
        async with machine.database.write() as connection:
            until_then = machine.now() + timedelta(days=1)
            assert await take_place(connection, {"held"}, holder=name, now=machine.now(), until=until_then)
        process.kill()
        await process.wait()
        async with listens(machine):
            await line.waiting.put(pushed(sighting(1)))

            async def is_there() -> bool:
                return len(await titles(machine)) == 1

            await until(is_there)


async def test_a_process_that_lives_keeps_its_line(machine: Machine, line: Line, monkeypatch) -> None:
    only_one_source(machine)
    monkeypatch.setattr(listening, "RENEW_SECONDS", 0.01)
    looked = asyncio.Event()

    async def looks(connection, source_ids, **rest) -> set[str]:
        mine = await take_place(connection, source_ids, **rest)
        looked.set()
        return mine

    monkeypatch.setattr(listening, "take_place", looks)
    async with another_process() as (_, name):
        async with machine.database.write() as connection:
            until_then = machine.now() + timedelta(days=1)
            await take_place(connection, {"held"}, holder=name, now=machine.now(), until=until_then)
        async with listens(machine):
            for _ in range(3):
                looked.clear()
                await asyncio.wait_for(looked.wait(), PATIENCE)
        assert line.connections == 0
