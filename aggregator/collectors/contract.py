"""What every collector is: a function from a source, how far it was read, and a way out, to what it found."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from aggregator.errors import UncountedError
from aggregator.model import Document, Source
from aggregator.outgoing import Answer, Fetch
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor
from aggregator.store.spending import Reserved

T = TypeVar("T")
Reading = Callable[[bytes], Document]


@dataclass(frozen=True, slots=True)
class Collected:
    """What one look at a source gave. `document` is None where nothing has changed since the cursor.

    `url` is the address that the document was read from: relative links in it are relative to that. `moved_to` is
    where the source says that it lives for good from now on; `fresh_for` is how long it says that its answer holds;
    `not_before` is the moment before which it does not want to be asked again. `offer` is an empty document with the
    hubs that an answer without news names.
    """

    document: Document | None
    cursor: Cursor
    url: str
    moved_to: str | None = None
    fresh_for: timedelta | None = None
    not_before: datetime | None = None
    offer: Document | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that is public, as its source knows it: the entry's own id and its address."""

    entry_id: str
    url: str | None


class Reader(Protocol):
    """Runs a pure function on hostile bytes where it can do no harm. Raises DocumentError."""

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """The function's result."""
        ...


class Purse(Protocol):
    """Keeps count of the money that asking costs, across restarts and processes, so that no limit is ever crossed.

    Whoever asks for money reserves the most that the request can cost, asks, and settles what it did cost. What is
    never settled, because the program died or the answer was lost, stays counted as spent.
    """

    async def reserve(self, source_id: str, *, reads: int, dollars: float, limit: float) -> Reserved | None:
        """Count it as spent in this month (UTC), or None, and nothing, where that would cross `limit` dollars."""
        ...

    async def settle(self, reserved: Reserved, *, reads: int, dollars: float) -> None:
        """Count instead what it came to."""
        ...

    async def spent(self, source_id: str) -> float:
        """The dollars of this month so far, with what is reserved."""
        ...


class ClosedPurse:
    """A purse for those who keep nothing, and so may spend nothing."""

    async def reserve(self, source_id: str, *, reads: int, dollars: float, limit: float) -> Reserved | None:
        """Refuse. Raises UncountedError."""
        raise UncountedError(
            f"to ask it costs money (up to ${dollars:.2f} of ${limit:.2f} a month, for {reads} things read), so it is "
            f"asked only where that is counted: by the running program, or by `mpower-stream collect {source_id}`"
        )

    async def settle(self, reserved: Reserved, *, reads: int, dollars: float) -> None:
        """Do nothing: nothing was reserved."""

    async def spent(self, source_id: str) -> float:
        """Nothing."""
        _ = source_id
        return 0.0


@dataclass(frozen=True, slots=True)
class Outside:
    """The way out: `fetch` opens sockets, `reader` reads what came, `now` tells the time, `purse` counts money.

    `quick` is a reader for those who have no time to wait. `considering` gives what `read` has run, with a reading and
    its bytes, on a document of that address: the reading, and more that can be done in the same process.
    """

    fetch: Fetch
    reader: Reader
    now: Callable[[], datetime]
    purse: Purse = field(default_factory=ClosedPurse)
    quick: Reader | None = None
    considering: Callable[[str], Callable[[Reading, bytes], Document]] | None = None

    def at_once(self) -> Outside:
        """The same for what is pushed, which is to be read before what was asked for."""
        return replace(self, reader=self.quick or self.reader)

    async def read(self, reading: Reading, body: bytes, *, url: str) -> Document:
        """Have `reader` read a document that is kept as it is read.

        Its entries are not touched, and `url`, where it came from, is what is told of it as `Collected`.
        """
        if self.considering:
            return await self.reader.run(self.considering(url), reading, body)
        return await self.reader.run(reading, body)


Collect = Callable[[Source, Cursor, Outside], Awaitable[Collected]]
# Yields what is pushed, as it comes. The first that it yields says that the connection stands, and is empty: neither
# document nor place. Each `cursor.place` holds only what is new in it; documents are parts, never windows. It raises
# CollectError where the connection breaks, and ends without having yielded where this source has nothing to push.
Listen = Callable[[Source, Cursor, Outside], AsyncGenerator[Collected, None]]
# Whether each of the entries is no longer public at the source, by id; those that were not asked for this time are left
# out, and those that cannot be asked for never are. Raises CollectError where it cannot be told.
FindGone = Callable[[Source, Sequence[Shown], Outside], Awaitable[Mapping[str, bool]]]


def _as_it_is(document: Document) -> Document:
    return document


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source: how it is asked, and where the other side can do so, how it pushes and tells what is gone.

    Where it cannot tell, items' own pages are asked for, unless these tell nothing to a program (`pages_tell`).
    Of what a hub delivers (WebSub), `shape` makes what `collect` would make of the same feed; where it `delivers_thin`,
    a delivery says less than the feed and is taken for new entries alone. `feed_address` gives the feed that other feed
    readers could read instead, where its address follows from the source's.
    """

    collect: Collect
    rules: Rules = field(default_factory=Rules)
    listen: Listen | None = None
    find_gone: FindGone | None = None
    pages_tell: bool = True
    shape: Callable[[Document], Document] = _as_it_is
    delivers_thin: bool = False
    feed_address: Callable[[str], str | None] = lambda _url: None

    @property
    def shapes(self) -> bool:
        """Whether its entries are other than the feed has them."""
        return self.shape is not _as_it_is


__all__ = [
    "Answer", "Collect", "Collected", "FindGone", "Listen", "Outside", "Purse", "Reader", "Reserved", "Shown",
    "SourceKind",
]  # fmt: skip
