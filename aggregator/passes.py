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
from aggregator.store.engine import Database
from aggregator.store.sources import CollectedMeanwhileError, SourceState, read_states

# Most of them wait for the other side: hanging ones must not take the places of all.
AT_ONCE = 64
# States hold what each source showed last: all of thousands at once would be most of the memory.
STATES_AT_ONCE = 250


async def collect_all(machine: Machine, sources: Sequence[Source]) -> AsyncIterator[Outcome]:
    """Collect every one of those sources and yield what came of each, as it comes."""
    keeper = Keeper(machine.database)
    looks: set[asyncio.Task[Outcome]] = set()
    finished: asyncio.Queue[asyncio.Task[Outcome]] = asyncio.Queue()

    async def next_outcome() -> Outcome:
        look = await finished.get()
        looks.discard(look)
        return look.result()

    try:
        async for source, state in _with_states(machine.database, sources):
            if len(looks) == AT_ONCE:
                yield await next_outcome()
            look = asyncio.create_task(_collect(machine, keeper, looks, source, state))
            look.add_done_callback(finished.put_nowait)
            looks.add(look)
        while looks:
            yield await next_outcome()
    finally:
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
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
