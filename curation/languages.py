"""Languages in words: what a code is called, how sure the recognition is and what it went by. Values in, values out."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

UNSURE_BELOW = 0.6
UNKNOWN_LANGUAGE = "und"

# The codes in what the recognition says of itself: "letters and source; also es", "unclear, perhaps es".
_CODE = re.compile(r"\b(also|perhaps) ([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\b")


@lru_cache(maxsize=512)
def language_name(code: str, shown_in: str = "en") -> str:
    """A language's English name, or its own where `shown_in` is its code; the code where nobody has named it."""
    if code == UNKNOWN_LANGUAGE:
        return "Language unknown"
    try:
        return Locale.parse(code, sep="-").get_display_name(shown_in) or code
    except (UnknownLocaleError, ValueError):
        return code


def own_name(code: str) -> str:
    """What a language is called by those who speak it."""
    return language_name(code, code)


def language_label(code: str, confidence: float) -> str:
    """A language's English name and how sure the recognition is."""
    name = language_name(code)
    return name if code == UNKNOWN_LANGUAGE else f"{name} {confidence:.0%}"


def is_unsure(code: str, confidence: float) -> bool:
    """Whether an editor had better look at it."""
    return code == UNKNOWN_LANGUAGE or confidence < UNSURE_BELOW


def in_words(evidence: str) -> str:
    """What the recognition went by, with languages called by their names."""
    return _CODE.sub(lambda found: f"{found[1]} {language_name(found[2])}", evidence)
