"""Why an item stands where it stands, in words that anybody can check: counts of what editors decided before."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

FEWEST = 3  # so many of a kind are a reason
CLEAR = 0.1  # so far from the usual the model must be for its words alone to be a reason
Key = tuple[str, str, str]  # partner, source, tag; empty where it does not matter


@dataclass(slots=True)
class Tally:
    """What editors decided, counted by where an item comes from and what it is about.

    `kinds` has of each kind how many were approved and how many rejected; `tagged` how many items an editor approved,
    or tagged, that bear the tag.
    """

    approved: int = 0
    rejected: int = 0
    kinds: dict[Key, list[int]] = field(default_factory=dict)
    tagged: dict[str, int] = field(default_factory=dict)

    @property
    def usual(self) -> float:
        """The share of what was approved."""
        decided = self.approved + self.rejected
        return self.approved / decided if decided else 0.5

    def count(self, partner: str, source: str, tags: Collection[str], *, is_wanted: bool) -> None:
        """Add one decided item."""
        self.approved += is_wanted
        self.rejected += not is_wanted
        for key in _kinds(partner, source, tags):
            self.kinds.setdefault(key, [0, 0])[0 if is_wanted else 1] += 1

    def count_tags(self, tags: Collection[str]) -> None:
        """Add one item whose tags an editor has seen."""
        for tag in tags:
            self.tagged[tag] = self.tagged.get(tag, 0) + 1


@dataclass(frozen=True, slots=True)
class Names:
    """What partners and tags are called."""

    partners: Mapping[str, str]
    tags: Mapping[str, str]


def because(likely: float, tally: Tally, partner: str, source: str, tags: Collection[str], names: Names) -> str:
    """Why an item is so likely to be wanted: "like 14 approved from TNI about energy poverty".

    Only counts that speak for the same side as the model are named; empty where there is nothing to say.
    """
    is_likely = likely >= tally.usual
    usual = tally.usual if is_likely else 1 - tally.usual
    best, words = usual, ""
    for key in _kinds(partner, source, tags):
        yes, no = tally.kinds.get(key, (0, 0))
        agreeing, other = (yes, no) if is_likely else (no, yes)
        if agreeing >= FEWEST and agreeing / (agreeing + other) > usual:
            # The surest first: many of a kind tell more than few, and all of them more than most.
            surely = _at_least(agreeing, agreeing + other)
            if surely > best or not words:
                best, words = max(surely, best), _say(key, agreeing, other, names, is_likely=is_likely)
    alike = tally.approved if is_likely else tally.rejected
    if words or alike < FEWEST or abs(likely - tally.usual) < CLEAR:
        return words
    return f"worded like what was {'approved' if is_likely else 'rejected'}"


def _kinds(partner: str, source: str, tags: Collection[str]) -> Iterator[Key]:
    """The kinds that an item belongs to, the narrowest first."""
    named = sorted(tag for tag in tags if tag)
    for tag in named:
        yield partner, "", tag
    yield "", source, ""
    yield partner, "", ""
    for tag in named:
        yield "", "", tag


def _say(key: Key, agreeing: int, other: int, names: Names, *, is_likely: bool) -> str:
    partner, source, tag = key
    verdict, opposite = ("approved", "rejected") if is_likely else ("rejected", "approved")
    place = names.partners.get(partner, partner) or source
    origin = f" from {place}" if place else ""
    topic = f" about {_in_sentence(names.tags.get(tag, tag))}" if tag else ""
    against = f" ({other} {opposite})" if other else ""
    return f"like {agreeing} {verdict}{origin}{topic}{against}"


def _in_sentence(label: str) -> str:
    """A label as it stands within a sentence: "Energy poverty" with a small letter, "EU funds" as it is."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _at_least(hits: int, of: int) -> float:
    """The share that so many hits surely stand for: Wilson's lower bound, at one standard deviation."""
    share = hits / of
    spread = math.sqrt(share * (1 - share) / of + 1 / (4 * of * of))
    return (share + 1 / (2 * of) - spread) / (1 + 1 / of)
