"""One pass over many sources, now: each is looked at and kept, and one that fails stops no other."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Collection, Sequence

from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import AggregatorError, not_kept
from aggregator.handlers import Outcome
from aggregator.keeper import Keeper
from aggregator.machine import Machine
from aggregator.model import Source
from aggregator.sandbox import CROWD
from aggregator.store.engine import Database
from aggregator.store.sources import CollectedMeanwhileError, SourceState, read_states

# Most of them wait for the other side: hanging ones must not take the places of all.
AT_ONCE = 48
# So many begin together, unless that takes too long, since most hang: one by one, between all the other work, they take
# a tenth more of the event loop's time.
TOGETHER, LONGEST_PAUSE = 16, 0.25
# States hold what each source showed last: all of thousands at once would be most of the memory.
STATES_AT_ONCE = 100


async def collect_all(machine: Machine, sources: Sequence[Source]) -> AsyncIterator[Outcome]:
    """Collect every one of those sources and yield what came of each, as it comes."""
    keeper = Keeper(machine.database)
    looks: set[asyncio.Task[Outcome]] = set()
    finished: asyncio.Queue[asyncio.Task[Outcome]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def next_outcome(until: float | None = None) -> Outcome | None:
        try:
            async with asyncio.timeout_at(until):
                look = await finished.get()
        except TimeoutError:
            return None
        looks.discard(look)
        return look.result()

    getting_ready: set[asyncio.Task[None]] = set()
    unread = 0
    try:
        async for source, state in _with_states(machine.database, sources):
            unread += state is None or state.collected_at is None
            if unread > CROWD and not getting_ready:
                # All of these will have a document: there is time to get ready for them while their hosts take theirs.
                getting_ready.add(asyncio.create_task(machine.get_ready(unread)))
            if len(looks) == AT_ONCE:
                until = None
                while len(looks) > AT_ONCE - TOGETHER and (outcome := await next_outcome(until)):
                    yield outcome
                    until = until or loop.time() + LONGEST_PAUSE
            look = asyncio.create_task(_collect(machine, keeper, looks, source, state))
            look.add_done_callback(finished.put_nowait)
            looks.add(look)
        while looks and (outcome := await next_outcome()):
            yield outcome
    finally:
        for task in (*getting_ready, *looks):
            task.cancel()
        await asyncio.gather(*getting_ready, *looks, return_exceptions=True)
    await machine.bell.ring()


async def _with_states(
    database: Database, sources: Sequence[Source]
) -> AsyncIterator[tuple[Source, SourceState | None]]:
    for start in range(0, len(sources), STATES_AT_ONCE):
        some = sources[start : start + STATES_AT_ONCE]
        states = await database.look(functools.partial(read_states, ids=[source.id for source in some]))
        for source in some:
            yield source, states.pop(source.id, None)


async def _collect(
    machine: Machine, keeper: Keeper, looks: Collection[object], source: Source, state: SourceState | None
) -> Outcome:
    try:
        outcome, commit = await machine.shop.look(source, state)
        await keeper.keep(commit, is_one_of_many=len(looks) > 1)
    except CollectedMeanwhileError:
        return Outcome(source.id, was_same=True)
    except (SQLAlchemyError, OSError, AggregatorError) as error:
        return Outcome(source.id, problem=not_kept(error))
    return outcome
