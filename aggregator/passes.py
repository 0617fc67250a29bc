"""One pass over many sources, now: each is looked at and kept, and one that fails stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import AggregatorError
from aggregator.handlers import Outcome
from aggregator.machine import Machine
from aggregator.model import Source
from aggregator.store.sources import CollectedMeanwhileError

AT_ONCE = 16


async def collect_all(machine: Machine, sources: Sequence[Source]) -> AsyncIterator[Outcome]:
    """Collect every one of those sources and yield what came of each, as it comes."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(source: Source) -> Outcome:
        async with places:
            return await _collect(machine, source)

    for finished in asyncio.as_completed([one(source) for source in sources]):
        yield await finished


async def _collect(machine: Machine, source: Source) -> Outcome:
    try:
        outcome, commit = await machine.shop.look(source)
        async with machine.database.write() as connection:
            await commit(connection)
    except CollectedMeanwhileError:
        return Outcome(source.id, was_same=True)
    except (SQLAlchemyError, OSError, AggregatorError) as error:
        return Outcome(source.id, problem=f"could not be kept: {type(error).__name__}")
    await machine.bell.ring()
    return outcome
