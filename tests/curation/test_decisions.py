"""Decisions: guarded, undoable, logged; and an editor's own words over the source's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aggregator.events import PublicationDue
from aggregator.handlers import handlers
from aggregator.machine import Machine
from aggregator.model import Review, ReviewMode, State
from aggregator.store.changes import ChangeKind, read_changes
from aggregator.store.moves import NotPossibleError, StaleVersionError, UnknownItemError
from aggregator.store.tables import decision, item, item_tag
from aggregator.work import Worker
from curation.decisions import WrongDecisionError, decide
from curation.edits import Edit, edit_item
from tests.builders import keep, sighting, source


@pytest.fixture
async def waiting(machine: Machine) -> str:
    return (await keep(machine.database, source("held"), [sighting(1)], machine.now())).item_ids[0]


async def row_of(machine: Machine, item_id: str):
    async with machine.database.read() as connection:
        return (await connection.execute(select(item).where(item.c.id == item_id))).one()


async def log(machine: Machine) -> list:
    async with machine.database.read() as connection:
        rows = await connection.execute(select(decision).order_by(decision.c.id))
        return [(row.editor, row.action, row.from_state, row.to_state) for row in rows]


async def test_approve_reject_and_undo_go_the_way_back(machine: Machine, waiting: str) -> None:
    assert (await decide(machine, waiting, action="approve", editor="ana")).state is State.APPROVED
    assert (await decide(machine, waiting, action="reject", editor="ana", reason="twice")).state is State.REJECTED
    assert (await decide(machine, waiting, action="undo", editor="ana")).state is State.APPROVED
    assert (await decide(machine, waiting, action="undo", editor="ana")).state is State.WAITING
    with pytest.raises(NotPossibleError, match="no decision to undo"):
        await decide(machine, waiting, action="undo", editor="ana")
    assert await log(machine) == [
        ("ana", "approve", "waiting", "approved"),
        ("ana", "reject", "approved", "rejected"),
        ("ana", "undo", "rejected", "approved"),
        ("ana", "undo", "approved", "waiting"),
    ]


async def test_of_two_editors_at_once_one_wins_and_the_other_is_told(machine: Machine, waiting: str) -> None:
    results = await asyncio.gather(
        decide(machine, waiting, action="approve", editor="ana", version=1),
        decide(machine, waiting, action="reject", editor="bea", version=1),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Decided", "StaleVersionError"]
    assert len(await log(machine)) == 1


async def test_a_stale_version_changes_nothing(machine: Machine, waiting: str) -> None:
    await edit_item(machine, waiting, Edit(title="Newer"), editor="ana")
    with pytest.raises(StaleVersionError) as caught:
        await decide(machine, waiting, action="approve", editor="bea", version=1)
    assert caught.value.current == 2
    assert (await row_of(machine, waiting)).state == State.WAITING


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"action": "publish"}, "action"),
        ({"action": "approve", "reason": "x" * 501}, "reason"),
        ({"action": "schedule"}, "publish_at"),
    ],
)
async def test_what_is_no_decision_names_its_field(machine: Machine, waiting: str, words: dict, field: str) -> None:
    with pytest.raises(WrongDecisionError) as caught:
        await decide(machine, waiting, editor="ana", **words)
    assert caught.value.field == field


async def test_an_unknown_item_is_said_so(machine: Machine) -> None:
    for action in ("approve", "undo", "pin"):
        with pytest.raises(UnknownItemError):
            await decide(machine, "nothing", action=action, editor="ana")


async def test_a_scheduled_item_is_published_when_its_time_comes(machine: Machine, waiting: str, clock) -> None:
    moment = clock() + timedelta(hours=2)
    await decide(machine, waiting, action="schedule", editor="ana", publish_at=moment)
    worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now)
    await worker.run_due()
    assert (await row_of(machine, waiting)).state == State.SCHEDULED
    clock.moment = moment
    await worker.run_due()
    assert (await row_of(machine, waiting)).state == State.APPROVED


async def test_a_scheduled_item_that_an_editor_rejects_stays_rejected(machine: Machine, waiting: str, clock) -> None:
    await decide(machine, waiting, action="schedule", editor="ana", publish_at=clock() + timedelta(hours=2))
    await decide(machine, waiting, action="reject", editor="bea")
    clock.forward(hours=3)
    await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()
    assert (await row_of(machine, waiting)).state == State.REJECTED


async def test_one_that_is_put_off_is_not_published_at_the_first_moment(machine: Machine, waiting: str, clock) -> None:
    await decide(machine, waiting, action="schedule", editor="ana", publish_at=clock() + timedelta(hours=1))
    await decide(machine, waiting, action="schedule", editor="ana", publish_at=clock() + timedelta(hours=9))
    worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now)
    clock.forward(hours=2)
    await worker.run_due()
    assert (await row_of(machine, waiting)).state == State.SCHEDULED
    clock.forward(hours=8)
    await worker.run_due()
    assert (await row_of(machine, waiting)).state == State.APPROVED


async def test_undo_of_a_rejection_puts_a_scheduled_item_back_on_its_way(machine: Machine, waiting: str, clock) -> None:
    await decide(machine, waiting, action="schedule", editor="ana", publish_at=clock() + timedelta(hours=2))
    await decide(machine, waiting, action="reject", editor="bea")
    assert (await decide(machine, waiting, action="undo", editor="bea")).state is State.SCHEDULED
    clock.forward(hours=3)
    await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()
    assert (await row_of(machine, waiting)).state == State.APPROVED


async def test_only_what_is_public_can_be_pinned(machine: Machine, waiting: str) -> None:
    with pytest.raises(NotPossibleError, match="only an approved item"):
        await decide(machine, waiting, action="pin", editor="ana")
    await decide(machine, waiting, action="approve", editor="ana")
    await decide(machine, waiting, action="pin", editor="ana")
    assert (await row_of(machine, waiting)).pinned_at
    await decide(machine, waiting, action="reject", editor="ana")
    assert (await row_of(machine, waiting)).pinned_at is None


async def test_an_edit_lies_over_the_source_and_can_be_given_back(machine: Machine) -> None:
    seen = [sighting(1, body_html="<p>Solar panels</p>")]
    waiting = (await keep(machine.database, source("held"), seen, machine.now())).item_ids[0]
    words = {"title": "Better", "language": "eu", "tags": ["solar", "wind"], "translations": {"es": {"title": "Mejor"}}}
    await edit_item(machine, waiting, Edit.model_validate(words), editor="ana")
    row = await row_of(machine, waiting)
    assert (row.title, row.language, row.original["title"]) == ("Better", "eu", "News 1")
    assert row.translations == {"es": {"title": "Mejor", "summary": None, "by": "editor"}}
    async with machine.database.read() as connection:
        tags = {r.tag: r.origin for r in await connection.execute(select(item_tag))}
    assert tags == {"solar": "word", "wind": "editor"}
    back = Edit.model_validate({"title": None, "tags": None, "translations": {"es": None}})
    await edit_item(machine, waiting, back, editor="ana")
    row = await row_of(machine, waiting)
    assert (row.title, row.language, row.overlay, row.translations) == ("News 1", "eu", {"language": "eu"}, {})
    async with machine.database.read() as connection:
        assert {r.tag: r.origin for r in await connection.execute(select(item_tag))} == {"solar": "word"}


async def test_an_edit_of_a_public_item_is_told_to_the_public(machine: Machine, waiting: str) -> None:
    await decide(machine, waiting, action="approve", editor="ana")
    await edit_item(machine, waiting, Edit(summary="Shorter"), editor="ana")
    async with machine.database.read() as connection:
        kinds = [change.kind for change in await read_changes(connection, after=0)]
    assert kinds[-2:] == [ChangeKind.CHANGED, ChangeKind.PUBLISHED]


async def test_an_item_is_placed_in_the_stream_when_it_first_becomes_public(machine: Machine, waiting: str) -> None:
    async with machine.database.write() as connection:
        await connection.execute(update(item).values(published_at=machine.now() + timedelta(days=3)))
    await decide(machine, waiting, action="approve", editor="ana")
    assert (await row_of(machine, waiting)).stream_at == machine.now()


async def test_undo_of_what_was_published_by_itself_takes_it_back_for_good(machine: Machine, clock) -> None:
    veto = source("veto", Review(ReviewMode.VETO, timedelta(hours=6)))
    kept = await keep(machine.database, veto, [sighting(1)], machine.now())
    clock.forward(hours=7)
    async with machine.database.write() as connection:
        await machine.work.put(connection, PublicationDue(kept.item_ids[0]), due_at=clock())
    worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now)
    await worker.run_due()
    assert (await row_of(machine, kept.item_ids[0])).state == State.APPROVED
    assert (await decide(machine, kept.item_ids[0], action="undo", editor="ana")).state is State.WAITING
    await worker.run_due()
    assert (await row_of(machine, kept.item_ids[0])).state == State.WAITING
