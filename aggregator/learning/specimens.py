"""What is learnt from: an item as a model sees it, and what an editor said of it. Plain values that pickle."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.errors import AggregatorError

FORMAT = 1  # of the weights: another one with every change of what `pupil.py` makes of an item
LONGEST_TEXT = 500
EARLIER = 200  # lessons that some are gone through again of


class WeightsError(AggregatorError):
    """These weights are not ours, or damaged: what they knew is learnt anew from the log of decisions."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """An item as a model sees it: title and beginning, and what is known of it. Its text is hostile.

    `tags` are those that it came with, before an editor laid a hand on it: later ones would give away what was decided.
    """

    text: str
    language: str
    source: str
    partner: str
    kind: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an editor said of an item: whether it is wanted, and which tags it was left with. None: nothing was said."""

    specimen: Specimen
    is_wanted: bool | None = None
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model makes of an item: how likely an editor says yes, and how surely tags belong to it."""

    likely: float
    tags: tuple[tuple[str, float], ...] = ()
