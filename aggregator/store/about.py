"""What only some kinds of source say of an item, to and from its JSON column. Nothing is asked for by it in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aggregator.model import Author, Card, Quote, Refined


@dataclass(frozen=True, slots=True)
class About:
    """What a post or an event says beyond words and pictures. See `Sighting` for the meaning of each."""

    card: Card | None = None
    quote: Quote | None = None
    boosted_by: Author | None = None
    warning: str | None = None
    is_sensitive: bool = False
    place: str | None = None


NOTHING = About()


def write_about(refined: Refined) -> dict[str, Any] | None:
    """The column of an entry; None where it says nothing of the kind."""
    place = refined.happening.place if refined.happening else None
    said = (refined.card, refined.quote, refined.boosted_by, refined.warning, refined.is_sensitive, place)
    if not any(said):
        return None
    return {name: value for name, value in asdict(About(*said)).items() if value}


def read_about(column: Mapping[str, Any] | None) -> About:
    """What `write_about` wrote."""
    said = dict(column or {})
    quote = said.get("quote")
    return About(
        card=Card(**said["card"]) if "card" in said else None,
        quote=Quote(quote["url"], _author(quote["author"]), quote["text"]) if quote else None,
        boosted_by=_author(said.get("boosted_by")),
        warning=said.get("warning"),
        is_sensitive=said.get("is_sensitive", False),
        place=said.get("place"),
    )


def _author(said: Mapping[str, Any] | None) -> Author | None:
    return Author(**said) if said else None
