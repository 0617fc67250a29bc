"""What the stream can be filtered by, as JSON: partners, tags, languages, with counts. Values in, values out."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.itemjson import Json
from aggregator.model import Configuration, Partner
from aggregator.store.stream import Counts


def partners_json(configuration: Configuration, counts: Counts, logo: Callable[[Partner], str | None]) -> Json:
    """The answer of /partners.json. `logo` says where a partner's logo is, or None where it has none."""
    return {
        "partners": [
            {
                "id": partner.id,
                "name": partner.name,
                "country": partner.country,
                "url": partner.url,
                "logo": logo(partner),
                "listed": partner.listed,
                "count": counts.partners.get(partner.id, 0),
            }
            for partner in configuration.partners
        ]
    }


def tags_json(configuration: Configuration, counts: Counts) -> Json:
    """The answer of /tags.json."""
    languages = {code: counts.languages.get(code, 0) for code in (*configuration.stream.languages, *counts.languages)}
    return {
        "tags": [
            {"id": tag.id, "label": dict(tag.label), "count": counts.tags.get(tag.id, 0)} for tag in configuration.tags
        ],
        "languages": languages,
    }
