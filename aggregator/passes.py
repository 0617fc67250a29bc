"""One pass over many sources, now: each is looked at and kept, and one that fails stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import AggregatorError
from aggregator.handlers import Outcome
from aggregator.keeper import Keeper
from aggregator.machine import Machine
from aggregator.model import Source
from aggregator.store.sources import CollectedMeanwhileError, SourceState, read_states

# Most of them wait for the other side: hanging ones must not take the places of all.
AT_ONCE = 64


async def collect_all(machine: Machine, sources: Sequence[Source]) -> AsyncIterator[Outcome]:
    """Collect every one of those sources and yield what came of each, as it comes."""
    places = asyncio.Semaphore(AT_ONCE)
    keeper = Keeper(machine.database)
    async with machine.database.read() as connection:
        states = await read_states(connection)

    async def one(source: Source) -> Outcome:
        async with places:
            return await _collect(machine, keeper, source, states.get(source.id))

    looks = [asyncio.create_task(one(source)) for source in sources]
    try:
        for finished in asyncio.as_completed(looks):
            yield await finished
    finally:
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
    await machine.bell.ring()


async def _collect(machine: Machine, keeper: Keeper, source: Source, state: SourceState | None) -> Outcome:
    try:
        outcome, commit = await machine.shop.look(source, state)
        await keeper.keep(commit)
    except CollectedMeanwhileError:
        return Outcome(source.id, was_same=True)
    except (SQLAlchemyError, OSError, AggregatorError) as error:
        return Outcome(source.id, problem=f"could not be kept: {type(error).__name__}")
    return outcome
