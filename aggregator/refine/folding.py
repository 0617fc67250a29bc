"""Folding: text as words are compared, without case and accents, the same for tags and for searching.

Most texts have only letters and signs of some hundred. Those are folded as bytes, one for each, at one go; any other
text is decomposed as Unicode has it, which comes to the same. No function raises, whatever the string.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

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


# Beside ASCII: what western and central Europe writes with, as long as it is no more than 128 characters.
_OTHERS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßŒœ"
    "ČčĆćĐđŠšŽžĄąĘęŁłŃńŚśŹźŻżďěňřťůľŐőŰűĂăȘșȚțĞğİıŞş"
    "\xa0’‘“”„‚–—…«»·•¿¡€°×®™"
)
_ALPHABET = bytes(range(128)).decode() + _OTHERS
_CODES = codecs.charmap_build(_ALPHABET)


def _each(change: Callable[[str], str]) -> bytes:
    """A table for the bytes of the alphabet: each character becomes another one, or stays where it would be several."""
    changed = (change(character) for character in _ALPHABET)
    return bytes(_ALPHABET.index(new) if len(new) == 1 else old for old, new in enumerate(changed)).ljust(256)


_FOLDED, _PARTED = _each(_fold_any), _each(_part_any)
_LONGER = {
    bytes([code]): _fold_any(letter).encode() for code, letter in enumerate(_ALPHABET) if len(_fold_any(letter)) > 1
}


def fold(text: str) -> str:
    """`text` without case and accents, each white space as a space: "Énergie" is "energie", "Đakovo" is "dakovo"."""
    codes = _folded_codes(text)
    return _fold_any(text) if codes is None else _text(codes)


def fold_and_part(text: str) -> tuple[str, str]:
    """`text` folded, and the same with a space in place of each character that no word has: as long, quick to split."""
    codes = _folded_codes(text)
    if codes is None:
        folded = _fold_any(text)
        return folded, _part_any(folded)
    return _text(codes), _text(codes.translate(_PARTED))


def _folded_codes(text: str) -> bytes | None:
    """`text` folded, as bytes of the alphabet. None where it has other characters."""
    try:
        codes = text.encode() if text.isascii() else codecs.charmap_encode(text, "strict", _CODES)[0]
    except UnicodeEncodeError:
        return None
    folded = codes.translate(_FOLDED)
    for code, plain in _LONGER.items():
        if code in folded:
            folded = folded.replace(code, plain)
    return folded


def _text(codes: bytes) -> str:
    return codes.decode() if codes.isascii() else codecs.charmap_decode(codes, "strict", _ALPHABET)[0]
