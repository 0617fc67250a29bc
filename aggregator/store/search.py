"""How text is made searchable, the same for what is kept and what is asked."""

from __future__ import annotations

from aggregator.refine import folding

LONGEST = 20_000


def fold(text: str) -> str:
    """Small letters without accents, so that "Energía" finds "energia". At most 20,000 characters."""
    return folding.searchable(folding.fold(text[:LONGEST].replace("\0", "")))
