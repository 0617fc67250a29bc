"""Which items are one story: a function of the items, their evidence and what editors decided, and of nothing else.

Neither the order in which items came nor their ids count: the same set gives the same stories. It is computed for items
that hang together by evidence; what does not hang together is never one story, unless an editor says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import combinations

from aggregator.refine.evidence import Evidence, key_of, kind_of
from aggregator.refine.likeness import is_alike, rows_in
from aggregator.refine.links import url_key

# What more items than that share tells of a site or a campaign, not of a story.
MOST_OWNERS, MOST_SHARERS = 50, 8
TEXT_WINDOW, SHARED_WINDOW = timedelta(days=14), timedelta(days=3)
# Posts that lead to a page which is no item of ours are one story only for so long: many are of a standing page.
PAGE_WINDOW = timedelta(days=14)

_SHARED = (Evidence.PICTURE, Evidence.LINK)


@dataclass(frozen=True)
class Told:
    """What is told of an item that bears on its story. `text` is the beginning of what it says."""

    id: str
    source_id: str
    language: str
    published_at: datetime
    name: str  # its own id, else its address: what sorts those of one source and moment
    text: str = ""
    url: str | None = None
    is_event: bool = False

    @cached_property
    def address(self) -> int:
        """The key of its own address."""
        return key_of(Evidence.ADDRESS, url_key(self.url) or "")

    @cached_property
    def rows(self) -> frozenset[str]:
        """What its text is compared by."""
        return rows_in(self.text)

    @property
    def place(self) -> tuple[datetime, str, str, str]:
        """Where it stands among others, whatever came first."""
        return self.published_at, self.source_id, self.name, self.id


@dataclass(frozen=True, slots=True)
class Tie:
    """Two items that a key which both have makes one story."""

    key: int
    one: Told
    other: Told

    @property
    def kind(self) -> Evidence:
        """What the key is of."""
        return kind_of(self.key)


@dataclass(frozen=True, slots=True)
class ByHand:
    """What an editor decided of two items."""

    one: str
    other: str
    is_same: bool


def most_owners(key: int) -> int:
    """So many items may have a key that is evidence."""
    return MOST_SHARERS if kind_of(key) in _SHARED else MOST_OWNERS


def ties_of(key: int, owners: Collection[Told]) -> list[Tie]:
    """Which of the owners of a key it makes one story. `owners` are all there are, or more than `most_owners`."""
    if not 1 < len(owners) <= most_owners(key) or _is_of_a_list(key, owners):
        return []
    in_order = sorted(owners, key=lambda told: told.place)
    if kind_of(key) is Evidence.ADDRESS:
        return [Tie(key, one, other) for one, other in combinations(in_order, 2) if _is_one_address(key, one, other)]
    return [Tie(key, one, other) for one, other in _PAIRS[kind_of(key)](in_order)]


def _is_of_a_list(key: int, owners: Collection[Told]) -> bool:
    """Whether it is the address of a page under which a source lists several entries: it is none of a story."""
    own = [(told.source_id, told.language) for told in owners if told.address == key]
    return len(set(own)) < len(own)


def _is_one_address(key: int, one: Told, other: Told) -> bool:
    """Whether it is the own address of either, or both lead to it at about one time. An event's key has its evening."""
    is_own = key in {one.address, other.address}
    return is_own or (one.is_event and other.is_event) or other.published_at - one.published_at <= PAGE_WINDOW


def _alike(owners: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    """Two alike notices of one source are two things; a text that comes again after weeks is one, too."""
    for one, other in combinations(owners, 2):
        is_near = other.published_at - one.published_at <= TEXT_WINDOW
        if is_near and one.source_id != other.source_id and is_alike(one.rows, other.rows):
            yield one, other


def _once_in_each_language(sharers: Sequence[Told]) -> bool:
    return len({told.language for told in sharers}) == len(sharers)


def _pictured(owners: Sequence[Told]) -> Iterable[tuple[Told, Told]]:
    """A site's usual picture would join whatever it stands beside: one that is ever used twice in a language is one."""
    return _near(owners) if _once_in_each_language(owners) else ()


def _linking(owners: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    """What two items of one language refer to at a time is a common reference."""
    for one, other in _near(owners):
        both = (_around(told, owners) for told in (one, other))
        if all(_once_in_each_language(sharers) for sharers in both):
            yield one, other


def _around(told: Told, owners: Sequence[Told]) -> list[Told]:
    return [other for other in owners if abs(other.published_at - told.published_at) <= SHARED_WINDOW]


def _near(owners: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    for one, other in combinations(owners, 2):
        is_known = "und" not in {one.language, other.language}
        if is_known and one.language != other.language and other.published_at - one.published_at <= SHARED_WINDOW:
            yield one, other


def _every(owners: Sequence[Told]) -> Iterable[tuple[Told, Told]]:
    return combinations(owners, 2)


_PAIRS: Mapping[Evidence, Callable[[Sequence[Told]], Iterable[tuple[Told, Told]]]] = {
    Evidence.BEFORE: _every,
    Evidence.PICTURE: _pictured,
    Evidence.LINK: _linking,
    Evidence.TEXT: _alike,
}


def stories_of(items: Collection[Told], ties: Iterable[Tie], by_hand: Iterable[ByHand]) -> list[list[Told]]:
    """The stories of items that hang together; `by_hand` are all decisions about any of them.

    Editors' decisions count first; then ties in one order, of which those are left out that would bring together what
    was parted, or by its text alone one source's two alike notices.
    """
    decided = list(by_hand)
    # Also from what stands elsewhere: else an item would count otherwise beside others than among all.
    parted = {frozenset((each.one, each.other)) for each in decided if not each.is_same}
    times_parted = Counter(item_id for pair in parted for item_id in pair)
    groups = {told.id: [told] for told in items}

    def unite(one: str, other: str) -> None:
        into, gone = groups[one], groups[other]
        if into is not gone:
            into += gone
            groups.update((told.id, into) for told in gone)

    def may_unite(tie: Tie) -> bool:
        pairs = [(one, other) for one in groups[tie.one.id] for other in groups[tie.other.id]]
        if any(frozenset((one.id, other.id)) in parted for one, other in pairs):
            return False
        own = ((one.source_id, one.language) == (other.source_id, other.language) for one, other in pairs)
        return tie.kind is not Evidence.TEXT or not any(own)

    for each in decided:
        if each.is_same and each.one in groups and each.other in groups:
            unite(each.one, each.other)

    def rank(tie: Tie) -> tuple[object, ...]:
        # What was taken out of a story stands back behind what stayed in it.
        stands_back = max(times_parted[tie.one.id], times_parted[tie.other.id])
        apart = tie.other.published_at - tie.one.published_at if tie.kind is Evidence.TEXT else timedelta()
        return tie.kind, stands_back, apart, tie.one.place, tie.other.place

    for tie in sorted(ties, key=rank):
        if groups[tie.one.id] is not groups[tie.other.id] and may_unite(tie):
            unite(tie.one.id, tie.other.id)
    return list({id(group): group for group in groups.values()}.values())
