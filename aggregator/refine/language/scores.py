"""Languages by the scores of a library: eldc where it is installed, elsewhere py3langid in the same frame.

This is the only file that knows which of them answers. eldc (Efficient Language Detector, C) is built for the usual
platforms. Where neither can be used `score` says None, and `letters.py` answers alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol

from aggregator.refine.language import langid

try:
    import eldc
except ImportError:  # no wheel for this platform, and no compiler on it
    eldc = None

MOST_SCORES = 20
NO_LANGUAGE = "und"


class _Result(Protocol):
    @property
    def scores(self) -> Mapping[str, float]: ...


class _Detector(Protocol):
    def detect(self, words: str, /) -> str: ...

    def detect_details(self, words: str, /) -> _Result: ...

    def set_scores(self, count: int, /) -> None: ...


def score(words: str) -> Mapping[str, float] | None:
    """How well cleaned words fit each language, 0.0 to 1.0, best first; None where neither library can be used.

    Read are the first 1,000 bytes. Empty where the words are too few or in no language it knows.
    """
    if eldc is not None:
        return _detector().detect_details(words).scores
    return langid.score(words)


def best_of_each(texts: Sequence[str]) -> list[str]:
    """The first language of `score` for each text, for half the time. Empty where there is none, or no library."""
    if eldc is None:
        return [next(iter(score(text) or {}), "") for text in texts]
    return ["" if code == NO_LANGUAGE else code for code in map(_detector().detect, texts)] if texts else []


@cache
def _detector() -> _Detector:
    eldc.init()
    detector: _Detector = eldc.instance()
    detector.set_scores(MOST_SCORES)
    return detector
