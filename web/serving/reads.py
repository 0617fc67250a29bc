"""Notices what a page reads of its request: requests that are alike in that are one page, whatever else they say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import hdrs, web
from multidict import MultiMapping

from aggregator.filters import DEFAULT_LIMIT
from web.strings import choose_language

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Key = tuple[object, ...]
# What says in which form or whether at all an answer is sent is not the page's to read.
HIDDEN: Final = frozenset(
    name.lower()
    for name in (
        hdrs.ACCEPT_ENCODING, hdrs.IF_MATCH, hdrs.IF_MODIFIED_SINCE, hdrs.IF_NONE_MATCH, hdrs.IF_RANGE,
        hdrs.IF_UNMODIFIED_SINCE, hdrs.RANGE,
    )
)  # fmt: skip
LANGUAGE: Final = hdrs.ACCEPT_LANGUAGE.lower()
IN_THEIR_ORDER: Final = "prefer"
_MISSING: Final = object()


@dataclass(slots=True)
class Reads:
    """Names that were read: of the query as single values or as lists, and of headers. `whole` is the whole query."""

    singly: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    headers: set[str] = field(default_factory=set)
    whole: bool = False

    def add(self, other: Reads) -> None:
        """Read what the other has read, too."""
        self.singly |= other.singly
        self.listed |= other.listed
        self.headers |= other.headers
        self.whole |= other.whole


def key_of(request: web.Request, reads: Reads, default_language: str) -> Key:
    """What a page that reads this much of the request depends on. Equal keys are the same page."""
    query = request.query
    asked: list[object] = [request.path]
    if reads.whole:
        asked += query.items()
    else:
        names = sorted(reads.singly | reads.listed)
        given = ((name, _values(name, query.getall(name), reads)) for name in names if name in query)
        asked += [(name, values) for name, values in given if values]
    for name in sorted(reads.headers):
        value = request.headers.get(name, "")
        # Browsers say the same wish in hundreds of ways.
        asked.append((name, choose_language((), value, default_language) if name == LANGUAGE else value))
    return tuple(asked)


def _values(name: str, values: list[str], reads: Reads) -> tuple[str, ...]:
    """Values that are read as a list mean the same in any order, twice and beside empty ones: see `read_query`."""
    if name in reads.singly:
        return tuple(values)
    given = dict.fromkeys(value for value in values if value)
    if name == "limit" and [*given] == [str(DEFAULT_LIMIT)]:
        return ()
    return tuple(given if name == IN_THEIR_ORDER else sorted(given))


async def call_and_note(handler: Handler, request: web.Request) -> tuple[web.StreamResponse, Reads]:
    """The handler's answer, and what of the request it needed for that."""
    noted = request[_READS] = Reads()
    own = request.__class__
    request.__class__ = _Noting
    try:
        return await handler(request), noted
    finally:
        request.__class__ = own


class _Noting(web.Request):
    """A request that notes what is read of it. It has no more fields than any other, so that one can become it."""

    __slots__ = ()

    @property
    def query(self) -> MultiMapping[str]:
        return _Noted(self.rel_url.query, self[_READS], is_header=False)

    @property
    def headers(self) -> Any:
        return _Noted(self._headers, self[_READS], is_header=True)


class _Noted(MultiMapping[str]):
    """A view of the query or the headers that notes names as they are read."""

    def __init__(self, values: MultiMapping[str], noted: Reads, *, is_header: bool) -> None:
        self._values = values
        self._noted = noted
        self._is_header = is_header

    def _note(self, key: str, names: set[str]) -> bool:
        """False where the name is none of the page's business."""
        if not self._is_header:
            names.add(key)
            return True
        if key.lower() in HIDDEN:
            return False
        self._noted.headers.add(key.lower())
        return True

    def getall(self, key: str, default: Any = _MISSING) -> Any:
        found = self._values.getall(key, []) if self._note(key, self._noted.listed) else []
        if not found and default is _MISSING:
            raise KeyError(key)
        return found or default

    def getone(self, key: str, default: Any = _MISSING) -> Any:
        found = self._values.get(key, default) if self._note(key, self._noted.singly) else default
        if found is _MISSING:
            raise KeyError(key)
        return found

    def get(self, key: str, default: Any = None) -> Any:
        return self.getone(key, default)

    def __getitem__(self, key: str) -> str:
        return str(self.getone(key))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.getone(key, None) is not None

    def __iter__(self) -> Iterator[str]:
        self._note_all()
        return iter(self._values)

    def __len__(self) -> int:
        self._note_all()
        return len(self._values)

    def _note_all(self) -> None:
        if self._is_header:
            self._noted.headers |= {name.lower() for name in self._values} - HIDDEN
        else:
            self._noted.whole = True


_READS = web.RequestKey("reads", Reads)
