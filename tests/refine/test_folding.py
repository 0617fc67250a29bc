"""Folding: the quick way comes to the same as the long one, whatever the string."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine.folding import fold, fold_and_part
from aggregator.store import search
from tests.examples import examples
from tests.refine.strategies import any_text

STROKES = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
# Beside what hypothesis thinks of: what has more than one letter or case, and signs of every kind.
_usual = st.text("aBéÑčŽßẞÆœĳﬃ½…™℃ŉİıǅ’–«·€²ªЖж東 \n\t\xa0\u2028\u0301_-.#", max_size=40)


def by_the_book(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter) and letter != "\u034f")
    return re.sub(r"\s", " ", plain.translate(STROKES))


@settings(deadline=None, max_examples=examples(300))
@given(st.one_of(_usual, any_text))
def test_text_is_folded_as_unicode_has_it(text: str) -> None:
    assert fold(text) == by_the_book(text)
    assert fold_and_part(text) == (by_the_book(text), re.sub(r"\W", " ", by_the_book(text)))


def test_each_character_is_folded_as_unicode_has_it() -> None:
    for letter in map(chr, (*range(0x3000), *range(0xFE00, 0x11000), *range(0x1D400, 0x1F700))):
        assert fold(letter) == by_the_book(letter), letter


@settings(deadline=None, max_examples=examples(200))
@given(st.one_of(_usual, any_text))
def test_what_is_searched_has_single_spaces(text: str) -> None:
    assert search.fold(text) == " ".join(fold(text.replace("\0", "")).split())
