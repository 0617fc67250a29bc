"""What editors decide is learnt, once, whatever becomes of the events; and nothing is decided by it."""

from __future__ import annotations

import asyncio
import os

import pytest
from sqlalchemy import delete, func, select, update

from aggregator.errors import MeetingError
from aggregator.events import QueueChanged
from aggregator.handlers import handlers
from aggregator.learning import study, training
from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.learned import keep_learned, read_weights
from aggregator.store.tables import decision, item_score, learned, task
from aggregator.work import LEASE, claim
from curation import ranking
from curation.decisions import decide
from curation.edits import Edit, edit_item
from curation.learning import reset
from curation.queue import read_queue
from curation.ranking import Order
from tests.conftest import Clock
from tests.learning.newsdesk import BAD, GOOD, Newsdesk


async def queue(desk: Newsdesk, **asked):
    async with desk.machine.database.read() as connection:
        return await read_queue(connection, state=State.WAITING, **asked)


async def weights(desk: Newsdesk) -> bytes | None:
    async with desk.machine.database.read() as connection:
        return await read_weights(connection)


async def last_decision(desk: Newsdesk) -> int:
    async with desk.machine.database.read() as connection:
        return await connection.scalar(select(func.max(decision.c.id))) or 0


async def in_one_part(desk: Newsdesk) -> None:
    """Learn everything once more, in one piece."""
    async with desk.machine.database.write() as connection:
        await connection.execute(update(learned).values(format=0))
        await connection.execute(delete(item_score))
        await desk.machine.work.put(connection, QueueChanged(), due_at=desk.clock())
    await desk.learn()


async def test_below_30_decisions_the_newest_come_first_and_nothing_is_learnt(desk: Newsdesk) -> None:
    await desk.decide_some(15, 14)
    waiting = await desk.receive(BAD, 2)
    assert await desk.learn() > 0
    assert desk.study.asked == 0
    page = await queue(desk, order=Order.LIKELY)
    assert [one.id for one in page.items] == waiting[::-1]
    assert (page.order, page.items[0].likely) == (Order.NEWEST, None)
    assert page.order_note == "Newest first: the ordering by likeliness begins after 30 decisions (29 so far)."


async def test_from_30_on_the_likeliest_come_first_with_the_reason_in_words(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    wanted = await desk.receive(GOOD, words="another solar roof")
    unwanted = await desk.receive(BAD, words="football again")
    await desk.learn()
    page = await queue(desk)
    assert [one.id for one in page.items] == [*wanted, *unwanted]
    assert page.items[0].likely > 0.5 > page.items[1].likely
    assert page.items[0].because == "like 15 approved from City of Example about solar"
    assert page.items[1].because == "like 15 rejected from Transnational Institute about solar"
    assert page.order_note == "Likeliest first, as learnt from 30 decisions. It decides nothing."
    assert (await desk.learned()).trained_through == await last_decision(desk)
    newest = await queue(desk, order=Order.NEWEST)
    assert [one.id for one in newest.items] == [*unwanted, *wanted]
    assert {await desk.state_of(item_id) for item_id in (*wanted, *unwanted)} == {State.WAITING}


async def test_what_rules_decide_teaches_nothing(desk: Newsdesk) -> None:
    await desk.decide_some(15, 14)
    item_id = (await desk.receive(GOOD))[0]
    await decide(desk.machine, item_id, action="approve", editor="rule")
    await desk.learn()
    assert (await desk.learned()).decisions == 29


async def test_items_that_come_later_are_judged_without_learning_anew(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    await desk.learn()
    before = await weights(desk)
    await desk.machine.put_judging()
    assert await desk.open_tasks() == []
    new = await desk.receive(GOOD)
    await desk.judge()
    assert list(await desk.scores()) == new
    assert await weights(desk) == before
    await edit_item(desk.machine, new[0], Edit(title="Football cup: the final score"), editor="ana")
    await desk.judge()
    assert (await desk.scores())[new[0]].item_version == 2


async def test_what_is_to_be_judged_is_put_once_however_often_that_fails(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    await desk.learn()
    await desk.receive(GOOD)
    for _ in range(3):
        await desk.machine.put_judging()
        desk.clock.forward(seconds=10)
    assert await desk.open_tasks() == ["learn"]


async def test_what_is_decided_has_no_score_and_what_comes_back_has_one_again(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    one, other = await desk.receive(GOOD, 2)
    await desk.learn()
    await decide(desk.machine, one, action="reject", editor="ana")
    assert list(await desk.scores()) == [other]
    await decide(desk.machine, one, action="undo", editor="ana")
    await desk.learn()
    assert sorted(await desk.scores()) == sorted([one, other])


async def test_an_event_that_comes_twice_or_not_at_all_changes_nothing(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    await desk.learn()
    first, kept = await desk.learned(), await weights(desk)
    async with desk.machine.database.write() as connection:
        for _ in range(3):
            await desk.machine.work.put(connection, QueueChanged(), due_at=desk.clock())
    assert await desk.learn() == 3
    assert (await desk.learned(), await weights(desk)) == (first, kept)
    await desk.decide_some(2, 2)
    async with desk.machine.database.write() as connection:
        await connection.execute(delete(task))
    await desk.decide_some(1, 0)
    await desk.learn()
    assert (await desk.learned()).decisions == 35


async def test_decisions_of_some_seconds_are_one_piece_of_work(desk: Newsdesk) -> None:
    for item_id in await desk.receive(GOOD, 10):
        await decide(desk.machine, item_id, action="approve", editor="ana")
    assert await desk.open_tasks() == ["learn"]


@pytest.mark.parametrize("parts", [(40,), (31, 9), (30, 1, 4, 5)], ids=str)
async def test_the_same_decisions_teach_the_same_in_any_parts(desk: Newsdesk, parts: tuple[int, ...]) -> None:
    good, bad = await desk.receive(GOOD, 20, words="solar roof"), await desk.receive(BAD, 20, words="football")
    ids = [item_id for pair in zip(good, bad, strict=True) for item_id in pair]
    for part in parts:
        for item_id in ids[:part]:
            await decide(desk.machine, item_id, action="approve" if item_id in good else "reject", editor="ana")
        ids = ids[part:]
        await desk.learn()
    waiting = await desk.receive(GOOD, words="solar roof"), await desk.receive(BAD, words="football")
    await desk.judge()
    now = await desk.learned()
    assert (now.trained_through, now.decisions) == (await last_decision(desk), 40)
    before = await desk.scores()
    assert before[waiting[0][0]].likely > 0.7
    assert before[waiting[1][0]].likely < 0.3
    await in_one_part(desk)
    assert {one.item_id: one.likely for one in (await desk.scores()).values()} == {
        one.item_id: pytest.approx(one.likely, abs=0.0002) for one in before.values()
    }


async def test_what_is_taken_back_is_as_if_it_had_never_been(desk: Newsdesk) -> None:
    await desk.decide_some(16, 16)
    await desk.learn()
    kept = await weights(desk)
    slip = await desk.receive(GOOD, 3)
    await desk.decide_on(slip, "reject")
    await desk.learn()
    assert await weights(desk) != kept
    await desk.decide_on(slip, "undo")
    await desk.learn()
    now = await desk.learned()
    assert (await weights(desk), now.decisions) == (kept, 32)
    assert now.trained_through == await last_decision(desk)


async def test_what_is_taken_back_before_it_is_learnt_teaches_nothing(desk: Newsdesk) -> None:
    await desk.decide_some(16, 16)
    slip = await desk.receive(GOOD, 3)
    await desk.decide_on(slip, "reject")
    await desk.decide_on(slip, "undo")
    await desk.learn()
    assert (await desk.learned()).decisions == 32


async def test_too_few_after_an_undo_put_it_to_sleep_again(desk: Newsdesk) -> None:
    await desk.decide_some(15, 14)
    last = await desk.receive(GOOD, 2)
    await decide(desk.machine, last[0], action="approve", editor="ana")
    await desk.learn()
    assert (await desk.learned()).is_awake
    await decide(desk.machine, last[0], action="undo", editor="ana")
    await desk.learn()
    now = await desk.learned()
    assert (now.is_awake, now.decisions, await weights(desk), await desk.scores()) == (False, 29, None, {})
    await decide(desk.machine, last[1], action="approve", editor="ana")
    await desk.learn()
    assert (await desk.learned()).is_awake


async def test_a_reset_forgets_all_and_counts_from_then_on(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    await desk.receive(GOOD)
    await desk.learn()
    async with desk.machine.database.write() as connection:
        await reset(connection, editor="root", now=desk.clock())
    assert (await weights(desk), await desk.scores()) == (None, {})
    before = await desk.learned()
    await desk.decide_some(15, 14)
    await desk.learn()
    now = await desk.learned()
    assert (now.is_awake, now.decisions, now.version > before.version) == (False, 29, True)
    await desk.decide_some(1, 0)
    await desk.learn()
    assert ((await desk.learned()).decisions, (await desk.learned()).is_awake) == (30, True)


@pytest.mark.parametrize("damage", [{"weights": b"PK\x03\x04 and no more"}, {"format": 0}], ids=["damaged", "older"])
async def test_weights_that_cannot_be_used_are_learnt_anew(desk: Newsdesk, damage: dict[str, object]) -> None:
    await desk.decide_some(15, 15)
    await desk.learn()
    kept = await weights(desk)
    async with desk.machine.database.write() as connection:
        await connection.execute(update(learned).values(**damage))
    await desk.receive(GOOD)
    for _ in range(2):
        await desk.judge()
    assert await weights(desk) == kept
    assert len(await desk.scores()) == 1


async def test_of_two_that_learn_at_once_the_second_does_it_again(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    desk.clock.forward(seconds=10)
    learn = handlers(desk.machine.shop)["learn"]
    one, other = await asyncio.gather(learn(QueueChanged()), learn(QueueChanged()))
    assert one
    assert other
    await desk.machine.database.keep([one])
    with pytest.raises(MeetingError):
        await desk.machine.database.keep([other])
    assert await learn(QueueChanged()) is None
    assert (await desk.learned()).decisions == 30


async def test_whoever_learnt_while_it_was_reset_has_done_so_in_vain(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    desk.clock.forward(seconds=10)
    commit = await handlers(desk.machine.shop)["learn"](QueueChanged())
    assert commit
    async with desk.machine.database.write() as connection:
        await reset(connection, editor="root", now=desk.clock())
    with pytest.raises(MeetingError):
        await desk.machine.database.keep([commit])
    assert (await desk.learned()).decisions == 0


async def test_what_is_decided_while_it_is_judged_gets_no_score(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    one, other = await desk.receive(GOOD, 2)
    desk.clock.forward(seconds=10)
    commit = await handlers(desk.machine.shop)["learn"](QueueChanged())
    assert commit
    await decide(desk.machine, one, action="approve", editor="ana")
    await desk.machine.database.keep([commit])
    assert list(await desk.scores()) == [other]


async def test_without_the_extra_the_newest_come_first_and_it_says_so(
    desk: Newsdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.decide_some(15, 15)
    waiting = await desk.receive(BAD, 2)
    for module in (training, ranking):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    await desk.learn()
    page = await queue(desk, order=Order.LIKELY)
    assert [one.id for one in page.items] == waiting[::-1]
    assert "pip install mpower-stream[learn]" in page.order_note
    assert await weights(desk) is None


async def test_a_suggested_tag_is_none_until_an_editor_takes_it(desk: Newsdesk) -> None:
    roofs = await desk.receive(GOOD, 25, words="eguzki plakak teilatuan auzokideentzat", tags=("solar",))
    others = await desk.receive(BAD, 25, words="final score of the football cup", tags=())
    for one, other in zip(roofs, others, strict=True):
        await desk.decide_on([one, other], "approve")
    missed = (await desk.receive(GOOD, words="eguzki plakak teilatuan auzokideentzat", tags=()))[0]
    await desk.learn()
    page = await queue(desk)
    assert [tag for tag, _ in page.items[0].suggested] == ["solar"]
    assert page.items[0].tags == ()
    await edit_item(desk.machine, missed, Edit(tags=["solar"]), editor="ana")
    taken = (await queue(desk)).items[0].tag_matches
    assert [(tag.tag, tag.origin, tag.evidence) for tag in taken] == [("solar", "model", "suggested, taken by ana")]
    await desk.learn()
    assert (await desk.scores())[missed].suggested == ()
    await edit_item(desk.machine, missed, Edit(tags=[]), editor="ana")
    await desk.learn()
    assert [match.tag for match in (await queue(desk)).items[0].tag_matches] == []


# What starts scikit-learn, which takes two seconds, does so on one engine: what the other would see, the tests above do.
ON_ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_ONE_ENGINE
async def test_it_learns_in_a_process_of_its_own(machine: Machine, clock: Clock) -> None:
    desk = Newsdesk(machine, clock, machine.shop.study)
    await desk.decide_some(15, 15)
    waiting = await desk.receive(GOOD)
    assert not desk.study.is_running
    await desk.learn()
    assert desk.study.is_running
    assert list(await desk.scores()) == waiting


def fall_over(*_: object) -> None:
    os.abort()


@ON_ONE_ENGINE
async def test_a_process_that_is_killed_while_it_learns_loses_nothing(
    machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Newsdesk(machine, clock, machine.shop.study)
    await desk.decide_some(15, 15)
    waiting = await desk.receive(GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(training.asking, "learn", fall_over)
        await desk.learn()
    assert not (await desk.learned()).is_awake
    assert await desk.open_tasks() != []
    await desk.learn()
    assert list(await desk.scores()) == waiting
    assert (await desk.learned()).decisions == 30


async def test_a_program_that_ends_before_it_keeps_what_it_learnt_learns_it_again(desk: Newsdesk) -> None:
    await desk.decide_some(15, 15)
    waiting = await desk.receive(GOOD)
    desk.clock.forward(seconds=10)
    async with desk.machine.database.write() as connection:
        (claimed,) = (await claim(connection, now=desk.clock(), limit=9, only=("learn",)))[:1]
    assert await handlers(desk.machine.shop)["learn"](claimed.event)  # and is killed before its commit
    again = Newsdesk(desk.machine, desk.clock)
    assert await again.learn() == 0
    desk.clock.forward(seconds=LEASE.total_seconds())
    await again.learn()
    assert list(await again.scores()) == waiting


async def test_the_process_that_learns_ends_when_nothing_is_asked_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(study, "PUPIL", "json")  # it is not to learn anything
    room = study.Study(idle_seconds=0.01)
    await room.run(len, b"abc")
    async with asyncio.timeout(60):
        while room.is_running:
            await asyncio.sleep(0.01)
    assert await room.run(len, b"abcd") == 4
    await room.close()
    assert not room.is_running


async def test_a_guard_that_does_not_hold_keeps_nothing(machine: Machine, clock: Clock) -> None:
    desk = Newsdesk(machine, clock)
    before = await desk.learned()
    async with machine.database.write() as connection:
        await keep_learned(connection, before, before, now=clock())
    with pytest.raises(MeetingError):
        async with machine.database.write() as connection:
            await keep_learned(connection, before, before, now=clock())
