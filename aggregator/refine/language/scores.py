"""Languages by eldc's scores: the only file that knows of that library, and it does without where it is missing.

eldc (Efficient Language Detector, C) is built for the usual platforms; elsewhere `score` says None, and `letters.py`
answers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

try:
    import eldc
except ImportError:  # no wheel for this platform, and no compiler on it
    eldc = None

MOST_SCORES = 20


class _Result(Protocol):
    @property
    def scores(self) -> Mapping[str, float]: ...


def score(words: str) -> Mapping[str, float] | None:
    """How well cleaned words fit each language, 0.0 to 1.0, best first; None where eldc is not installed.

    Read are the first 1,000 bytes. Empty where the words are too few or in no language it knows.
    """
    return None if eldc is None else _detector()(words).scores


@cache
def _detector() -> Callable[[str], _Result]:
    eldc.init()
    detector = eldc.instance()
    detector.set_scores(MOST_SCORES)
    ask: Callable[[str], _Result] = detector.detect_details
    return ask
