"""How text is made searchable, the same for what is kept and what is asked."""

from __future__ import annotations

from aggregator.refine.characters import without_accents

LONGEST = 20_000
# Letters with a stroke are letters of their own to Unicode, but nobody types them on a foreign keyboard.
PLAIN = {"đ": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "\0": ""}


def fold(text: str) -> str:
    """Small letters without accents, so that "Energía" finds "energia". At most 20,000 characters."""
    small = text[:LONGEST].casefold()
    for letter, plain in PLAIN.items():  # a tenth of the time that str.translate takes
        if letter in small:
            small = small.replace(letter, plain)
    return " ".join(without_accents(small).split())
