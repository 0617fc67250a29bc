"""How long a look may take, however slow the other side is."""

from __future__ import annotations

import asyncio
import functools

from aggregator.collectors.contract import Collect, Collected, Outside
from aggregator.errors import CollectError
from aggregator.model import Source
from aggregator.store.sources import Cursor

# A look that takes longer than its work is leased for (two minutes) is lost as a whole, and would be at every next try.
MOST_SECONDS = 100.0
# So long one goes on that asks for page after page.
PAGES_SECONDS = 30.0


class Patience:
    """With page after page, from the moment when it is made: what is left when it is over comes at the next look."""

    def __init__(self) -> None:
        self._until = asyncio.get_running_loop().time() + PAGES_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether no more pages are to be asked for."""
        return asyncio.get_running_loop().time() >= self._until


def in_time(collect: Collect) -> Collect:
    """The same, with a CollectError for editors where it takes too long."""

    @functools.wraps(collect)
    async def collect_in_time(source: Source, cursor: Cursor, outside: Outside) -> Collected:
        limit = asyncio.timeout(MOST_SECONDS)
        try:
            async with limit:
                return await collect(source, cursor, outside)
        except TimeoutError:
            if not limit.expired():
                raise
            raise CollectError(
                f"it could not be read within {MOST_SECONDS:g} s: its server is slow, or too many sources are there"
            ) from None

    return collect_in_time
