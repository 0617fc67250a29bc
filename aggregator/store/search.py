"""How text is made searchable, the same for what is kept and what is asked."""

from __future__ import annotations

import unicodedata

LONGEST = 20_000
# Letters with a stroke are letters of their own to Unicode, but nobody types them on a foreign keyboard.
PLAIN = str.maketrans({"đ": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "\0": ""})


def fold(text: str) -> str:
    """Small letters without accents, so that "Energía" finds "energia". At most 20,000 characters."""
    decomposed = unicodedata.normalize("NFKD", text[:LONGEST].casefold().translate(PLAIN))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
