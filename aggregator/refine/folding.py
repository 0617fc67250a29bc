"""Folding: text as words are compared, without case and accents, the same for tags and for searching.

A text of the usual alphabet is folded as bytes, at one go; any other is decomposed as Unicode has it, which comes to
the same. No function raises, whatever the string.
"""

from __future__ import annotations

import re

from aggregator.refine.alphabet import ALPHABET, decoded, encoded, table
from aggregator.refine.characters import without_accents

# Letters with a stroke are letters of their own to Unicode, but nobody types them on a foreign keyboard.
_NOT_DECOMPOSED = {"đ": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
_SPACE = re.compile(r"\s")
_NO_WORD = re.compile(r"\W")


def _fold_any(text: str) -> str:
    plain = without_accents(text.casefold())
    for letter, replacement in _NOT_DECOMPOSED.items():  # a tenth of the time that `str.translate` takes
        if letter in plain:
            plain = plain.replace(letter, replacement)
    return _SPACE.sub(" ", plain)


def _part_any(folded: str) -> str:
    return _NO_WORD.sub(" ", folded)


_FOLDED, _PARTED = table(_fold_any), table(_part_any)
_LONGER = {
    bytes([code]): _fold_any(letter).encode() for code, letter in enumerate(ALPHABET) if len(_fold_any(letter)) > 1
}


def fold(text: str) -> str:
    """`text` without case and accents, each white space as a space: "Énergie" is "energie", "Đakovo" is "dakovo"."""
    codes = _folded_codes(text)
    return _fold_any(text) if codes is None else decoded(codes)


def fold_and_part(text: str) -> tuple[str, str]:
    """`text` folded, and the same with a space in place of each character that no word has: as long, quick to split."""
    codes = _folded_codes(text)
    if codes is None:
        folded = _fold_any(text)
        return folded, _part_any(folded)
    return decoded(codes), decoded(codes.translate(_PARTED))


def searchable(folded: str) -> str:
    """Folded text as it is searched in: each space is a single one."""
    while "  " in folded:
        folded = folded.replace("  ", " ")
    return folded.strip(" ")


def _folded_codes(text: str) -> bytes | None:
    """`text` folded, as bytes of the alphabet. None where it has other characters."""
    codes = encoded(text)
    if codes is None:
        return None
    folded = codes.translate(_FOLDED)
    if folded.isascii():
        return folded
    for code, plain in _LONGER.items():
        if code in folded:
            folded = folded.replace(code, plain)
    return folded
