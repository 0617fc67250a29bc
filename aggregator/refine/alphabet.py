"""Text as bytes, one for each character: most texts have only letters and signs of some hundred.

What asks for one character at a time is then done at one go by `bytes.translate`, with a table made here.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

# Beside ASCII: what western and central Europe writes with, as long as it is no more than 128 characters.
_OTHERS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßŒœ"
    "ČčĆćĐđŠšŽžĄąĘęŁłŃńŚśŹźŻżďěňřťůľŐőŰűĂăȘșȚțĞğİıŞş"
    "\xa0’‘“”„‚–—…«»·•¿¡€°×®™"
)
ALPHABET = bytes(range(128)).decode() + _OTHERS
_CODES = codecs.charmap_build(ALPHABET)


def encoded(text: str) -> bytes | None:
    """`text` as bytes; those of ASCII are what they always are. None where it has other characters."""
    if text.isascii():
        return text.encode()
    codes, _ = codecs.charmap_encode(text, "ignore", _CODES)  # an error would cost more than all the rest
    return codes if len(codes) == len(text) else None


def decoded(codes: bytes) -> str:
    """The text of such bytes."""
    return codes.decode() if codes.isascii() else codecs.charmap_decode(codes, "strict", ALPHABET)[0]


def table(change: Callable[[str], str]) -> bytes:
    """A table for such bytes: each character becomes another one, or stays where it would be several."""
    changed = (change(character) for character in ALPHABET)
    return bytes(ALPHABET.index(new) if len(new) == 1 else old for old, new in enumerate(changed)).ljust(256)
