"""Asks sources once each and says what they show. Keeps nothing."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence

from aggregator.collectors import KINDS
from aggregator.collectors.contract import Outside
from aggregator.errors import CollectError, UncountedError
from aggregator.model import Source
from aggregator.store.rechecks import bare_host
from aggregator.store.sources import Cursor

AT_ONCE = 16
# More would only wait for each other, and the time of a look is limited.
AT_ONCE_A_HOST = 2


async def try_all(sources: Sequence[Source], outside: Outside) -> AsyncGenerator[dict[str, object]]:
    """What each source shows, in their order; several are asked at a time."""
    places = asyncio.Semaphore(AT_ONCE)
    hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_A_HOST))

    async def in_turn(source: Source) -> dict[str, object]:
        # The host first: who waits for it takes no place of others.
        async with hosts[bare_host(source.url)], places:
            return await _try(source, outside)

    tries = [asyncio.create_task(in_turn(source)) for source in sources]
    try:
        for one in tries:
            yield await one
    finally:
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)


async def _try(source: Source, outside: Outside) -> dict[str, object]:
    try:
        collected = await KINDS[source.kind].collect(source, Cursor(), outside)
    except UncountedError as error:
        return {"id": source.id, "problem": None, "found": f"not asked: {error}", "entries": 0}
    except CollectError as error:
        return {"id": source.id, "problem": str(error), "found": None, "entries": 0}
    document = collected.document
    entries = len(document.entries) if document else 0
    newest = max((e.published_at for e in document.entries if e.published_at), default=None) if document else None
    found = f"{document.format}, {entries} entries" if document else "nothing is there to be asked: it is pushed"
    found += f", newest {newest:%Y-%m-%d}" if newest else ""
    if collected.url != source.url:
        found += f", at {collected.url}"
    return {"id": source.id, "problem": None, "found": found, "entries": entries, "url": collected.url}
