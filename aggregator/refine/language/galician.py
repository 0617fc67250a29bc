"""Galician, which eldc does not know: told from Spanish and Portuguese by a table of words and parts of words.

Asked only where a source or entry says that Galician is to be expected; elsewhere such a text counts as Spanish or
Portuguese, as it does with most of what is written about languages. `tools/galician_table.py` made the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

GALICIAN = "gl"
OTHERS = ("es", "pt")
# Fitted on one half of the development data and tried on the other, both ways.
_WORD, _PART = 0.045, 0.012
_OWN_SCORE, _OTHERS_SCORE = 3.0, 4.7
_START = {"es": 0.1, "pt": -0.3}
# Spanish and Portuguese that are not expected need more for being believed.
_UNEXPECTED = 1.0
LONGEST_PART = 4

# «O territorio», «A delegación»: a sentence in Spanish seldom begins so.
_ARTICLE = re.compile(r"(?:\A|\n|[.:!?] )[OA] (?=\w)")
_ARTICLE_FIRST = 2.0

_WORDS = re.compile(r"[^\W\d_]+")


def sequences(text: str) -> set[str]:
    """Each word between spaces, and each two to four characters in a row of it and its spaces."""
    found = set[str]()
    for word in set(_WORDS.findall(text.lower())):
        spaced = f" {word} "
        found.add(spaced)
        for length in range(2, LONGEST_PART + 1):
            found.update(spaced[start : start + length] for start in range(len(spaced) - length + 1))
    return found


def is_galician(words: str, scores: Mapping[str, float], expected: frozenset[str]) -> bool:
    """Whether cleaned words that look Spanish or Portuguese are Galician.

    `scores` are those of eldc, which finds Galician about as Portuguese as Spanish; `expected` the languages that are.
    """
    found = sequences(words)
    spanish, portuguese = OTHERS
    article = _ARTICLE_FIRST if _ARTICLE.search(words) else 0.0
    return (
        _margin(found, scores, expected, over=spanish, beside=portuguese) + article > 0
        and _margin(found, scores, expected, over=portuguese, beside=spanish) > 0
    )


def _margin(found: set[str], scores: Mapping[str, float], expected: frozenset[str], *, over: str, beside: str) -> float:
    """How much more likely Galician is than another language."""
    table = _table()[over]
    margin = _START[over] if over in expected else _START[over] + _UNEXPECTED
    margin += _OTHERS_SCORE * scores.get(beside, 0.0) - _OWN_SCORE * scores.get(over, 0.0)
    for sequence in found & table.keys():
        margin += table[sequence] * (_WORD if sequence[0] == sequence[-1] == " " else _PART)
    return margin


@cache
def _table() -> Mapping[str, Mapping[str, int]]:
    """For each other language, the logarithm of how much more frequent each sequence is in Galician, in tenths."""
    text = (resources.files("aggregator.refine.language") / "profiles" / "galician.json").read_text("utf-8")
    found: Mapping[str, Mapping[str, int]] = json.loads(text)
    return found
