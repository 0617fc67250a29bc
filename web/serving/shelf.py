"""The pages that are kept: within a bound of bytes, for one edition of the stream. Knows no handlers."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate

from web.serving.encodings import PACK
from web.serving.reads import Key

MOST_BYTES = 32_000_000
# One page that takes more than this part of it is not kept.
LARGEST_PART = 8
MOST_REPEATS_A_PAGE = 500
SMALL = 64_000
OVERHEAD = 1_500  # what Python takes for a page beside its bytes
# What a page depends on beside its request: the stream's version, and the digest of sources.toml.
Edition = tuple[int, str]


@dataclass(slots=True, eq=False)
class Page:
    """A page as it is sent. `body` is plain; `forms` are its packed bytes by encoding, made when first asked for."""

    key: Key
    headers: tuple[tuple[str, str], ...]
    tag: str
    body: bytes
    is_packable: bool
    is_first: bool  # of its stream: dearer than what is reached by following Load More or searching
    is_repeatable: bool  # it reads nothing that requests differ in besides address and language
    until: datetime | None = None
    forms: dict[str, asyncio.Task[bytes]] = field(default_factory=dict)
    repeats: deque[bytes] = field(default_factory=deque)
    size: int = 0


@dataclass(frozen=True, slots=True)
class Repeat:
    """What was answered to a request, all but the date."""

    page: Page
    head: bytes
    body: bytes


def _size(asked: bytes, repeat: Repeat) -> int:
    return len(asked) + len(repeat.head) + OVERHEAD // 4


class Shelf:
    """Pages of one edition by their keys. What was not asked for longest goes first, first pages last."""

    def __init__(
        self, sure_edition: Callable[[], Edition | None], now: Callable[[], datetime], most_bytes: int = MOST_BYTES
    ) -> None:
        """`sure_edition` is the edition of this very moment, or None where only the database can tell."""
        self._sure_edition = sure_edition
        self._now = now
        self._most = most_bytes
        self._first: OrderedDict[Key, Page] = OrderedDict()
        self._deep: OrderedDict[Key, Page] = OrderedDict()
        self._repeats: dict[bytes, Repeat] = {}
        self._date = (0, b"")
        self.edition: Edition | None = None
        self.bytes = self.hits = self.renders = self.dropped = 0

    def turn_to(self, edition: Edition) -> None:
        """Begin anew where this is another edition."""
        if edition != self.edition:
            self.edition = edition
            for kept in (self._first, self._deep, self._repeats):
                kept.clear()
            self.bytes = 0

    def find(self, key: Key) -> Page | None:
        """The page, where it is kept and still good."""
        pages = self._first if key in self._first else self._deep
        page = pages.get(key)
        if page is None:
            return None
        if page.until is not None and self._now() >= page.until:
            self._drop(page)
            return None
        pages.move_to_end(key)
        return page

    def keep(self, page: Page, edition: Edition) -> None:
        """Keep a page of that edition, if it is still the one that counts."""
        size = len(page.body) + OVERHEAD
        if edition != self.edition or size > self._most // LARGEST_PART:
            return
        if (before := self._find_any(page.key)) is not None:
            self._drop(before)
        (self._first if page.is_first else self._deep)[page.key] = page
        self._grow(page, size)

    async def form(self, page: Page, encoding: str) -> bytes:
        """The page packed in that way; packed once, however many ask."""
        if encoding not in page.forms:
            page.forms[encoding] = asyncio.create_task(self._pack(page, encoding))
        return await asyncio.shield(page.forms[encoding])

    async def _pack(self, page: Page, encoding: str) -> bytes:
        pack = PACK[encoding]
        packed = pack(page.body) if len(page.body) < SMALL else await asyncio.to_thread(pack, page.body)
        if self._find_any(page.key) is page:
            self._grow(page, len(packed))
        return packed

    def remember(self, asked: bytes, page: Page, head: bytes, body: bytes) -> None:
        """Answer a request of these bytes like this from now on, as long as the page is kept."""
        if not page.is_repeatable or self._find_any(page.key) is not page or asked in self._repeats:
            return
        if len(page.repeats) >= MOST_REPEATS_A_PAGE:
            # The oldest goes: otherwise whoever makes up so many queries would keep all others from the quick way.
            oldest = page.repeats.popleft()
            self._grow(page, -_size(oldest, self._repeats.pop(oldest)))
        page.repeats.append(asked)
        self._repeats[asked] = repeat = Repeat(page, head, body)
        self._grow(page, _size(asked, repeat))

    def repeat(self, asked: bytes) -> bytes | None:
        """The whole answer to a request of these bytes, where it is known and sure."""
        repeat = self._repeats.get(asked)
        if repeat is None or self._sure_edition() != self.edition or self.find(repeat.page.key) is not repeat.page:
            return None
        self.hits += 1
        second = int(time.time())
        if second != self._date[0]:
            self._date = (second, f"Date: {formatdate(second, usegmt=True)}\r\n\r\n".encode())
        return b"".join((repeat.head, self._date[1], repeat.body))

    def _find_any(self, key: Key) -> Page | None:
        return self._first.get(key) or self._deep.get(key)

    def _grow(self, page: Page, by: int) -> None:
        page.size += by
        self.bytes += by
        while self.bytes > self._most:
            pages = self._deep or self._first
            self._drop(pages[next(iter(pages))])

    def _drop(self, page: Page) -> None:
        (self._first if page.is_first else self._deep).pop(page.key)
        self.bytes -= page.size
        self.dropped += 1
        for asked in page.repeats:
            self._repeats.pop(asked, None)
