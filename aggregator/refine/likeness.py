"""Near-identical texts: how two are found to be worth comparing, and how alike they are.

The first is MinHash, by which alike texts are likely to share a key (https://en.wikipedia.org/wiki/MinHash); the second
is exact.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from aggregator.refine.boilerplate import without_boilerplate
from aggregator.refine.evidence import KIND_BITS, Evidence
from aggregator.refine.folding import fold_and_part

FEWEST_WORDS = 12
# Whoever takes over a text takes over its beginning.
COMPARED_LENGTH, FIRST_LENGTH = 4000, 500
# Rows of two are found by, for a word that was changed spoils fewer of them; those of three are compared.
WORDS_FOUND, WORDS_COMPARED = 2, 3
# Three rows go with each word that is another: about one of twelve may be.
ALIKE = 0.6
# Texts that share four fifths of their rows share a key at 95 in 100, nine tenths at 99; a tenth, at 3.
BANDS, ROWS = 3, 2
_SEED = 20_261_101
_NUMBERS, _KEYS = struct.Struct(f"<{BANDS * ROWS}I"), struct.Struct(f"<{BANDS}q")
_NO_KIND, _TEXT = ~KIND_BITS, int(Evidence.TEXT)


def text_keys(parted: str, language: str) -> list[int]:
    """The keys of a text that is folded and parted; none of a short one, which says what many say."""
    words = parted[:FIRST_LENGTH].split()
    if len(words) < FEWEST_WORDS or (minhash := _minhash()) is None:
        return []
    sketch = minhash(num_perm=BANDS * ROWS, seed=_SEED)
    sketch.update(rows_of(words, WORDS_FOUND))
    salt = _salt(language)
    # Two numbers of 32 bits are a key of 64.
    return [(key ^ salt) & _NO_KIND | _TEXT for key in _KEYS.unpack(_NUMBERS.pack(*sketch.digest()))]


@cache
def _minhash() -> Any:
    """The library's way, or None where no wheel for the machine is: all other evidence counts without it."""
    try:
        # Only the reading processes compare texts.
        from rensa import RMinHash  # noqa: PLC0415
    except ImportError:
        return None
    return RMinHash


def rows_of(words: list[str], length: int) -> list[str]:
    """Each so many words that follow each other."""
    return list(map(" ".join, zip(*(words[start:] for start in range(length)), strict=False))) or words


@lru_cache(maxsize=64)
def _salt(language: str) -> int:
    return int.from_bytes(blake2b(language.encode(), digest_size=8, person=b"text").digest(), "big", signed=True)


def rows_in(text: str) -> frozenset[str]:
    """The rows of words by which a text is compared. Empty where it is too short for that."""
    words = fold_and_part(without_boilerplate(text)[:COMPARED_LENGTH])[1].split()
    return frozenset(rows_of(words, WORDS_COMPARED)) if len(words) >= FEWEST_WORDS else frozenset()


def is_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two texts, as `rows_in` has them, say the same but for a few words, whichever comes first.

    Where one says another number than the other, they are two notices of one form: of two weeks, homes or hours.
    """
    ours, theirs = one - other, other - one
    if len(one & other) < ALIKE * (len(one | other) or 1):
        return False
    only_ours, only_theirs = _numbers(ours), _numbers(theirs)
    return not (only_ours - only_theirs and only_theirs - only_ours)


def _numbers(rows: frozenset[str]) -> set[str]:
    return {word for row in rows for word in row.split() if any(map(str.isdigit, word))}
