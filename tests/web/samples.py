"""Values of the public stream for tests: a configuration, items and pages of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.calls import Call
from aggregator.model import Author, Configuration, Partner, Review, ReviewMode, Stream, Tag
from aggregator.store.stream import StreamItem, StreamPage

NEWEST_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

CONFIGURATION = Configuration(
    stream=Stream("mPOWER", ("en", "eu", "hr", "fr", "de", "es"), Review(ReviewMode.HOLD)),
    partners=(
        Partner("carbon-coop", "Carbon Co-op", "GB", "https://carbon.coop/"),
        Partner("ehu", "University of the Basque Country", "ES", "https://www.ehu.eus/"),
        Partner("tni", "Transnational Institute", "NL", None),
    ),
    sources=(),
    tags=(
        Tag("retrofit", {"en": "Retrofit", "eu": "Birgaitzea"}, {}),
        Tag("solar", {"en": "Solar energy", "eu": "Eguzki-energia"}, {}),
    ),
    calls=(
        Call(
            "courses",
            {"en": "Three courses", "eu": "Hiru ikastaro"},
            {"en": "With colleagues from other towns."},
            {"en": "Express interest"},
            "https://municipalpower.org/courses",
        ),
    ),
)


def stream_item(number: int = 0, **changes: Any) -> StreamItem:
    """An item that is one hour older for each number, with everything that an item can have but what is changed.

    It is a story of its own, unless `story` is given.
    """
    item = StreamItem(
        id=f"01J{number:05}",
        url=f"https://partner.example/{number}",
        title=f"Warm homes {number}",
        summary=f"The street at number {number} is warm for the winter.",
        content_html="<p>The street is warm.</p>",
        content_text="The street is warm.",
        image=None,
        image_alt=None,
        image_width=None,
        image_height=None,
        image_colour=None,
        published_at=NEWEST_AT - timedelta(hours=number),
        modified_at=None,
        authors=(Author("Carbon Co-op", "https://carbon.coop/"),),
        language="en",
        tags=("retrofit",),
        partner="carbon-coop",
        source="carbon-coop-news",
        kind="article",
        pinned=False,
        story=f"01J{number:05}",
        also_on=(),
        translations={},
    )
    return replace(item, **{"story": changes.get("id", item.story), **changes})


def stream_page(*items: StreamItem, next_cursor: str | None = None) -> StreamPage:
    return StreamPage(items, next_cursor, 7)
