"""What every collector is: a function from a source, how far it was read, and a way out, to what it found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from aggregator.fetch import Answer, Fetch
from aggregator.model import Document, Source
from aggregator.store.sources import Cursor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collected:
    """What one look at a source gave. `document` is None where nothing has changed since the cursor.

    `url` is the address that the document was read from: relative links in it are relative to that.
    """

    document: Document | None
    cursor: Cursor
    url: str


class Reader(Protocol):
    """Runs a pure function on hostile bytes where it can do no harm. Raises DocumentError."""

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """The function's result."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """The way out: `fetch` opens sockets, `reader` reads what came."""

    fetch: Fetch
    reader: Reader


Collect = Callable[[Source, Cursor, Outside], Awaitable[Collected]]

__all__ = ["Answer", "Collect", "Collected", "Outside", "Reader"]
