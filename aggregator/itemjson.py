"""Writes an item as JSON Feed 1.1 has it (https://jsonfeed.org/version/1.1), for the public and for editors alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aggregator.model import Author
from aggregator.store.stream import StreamItem

Json = dict[str, Any]


def item_json(item: StreamItem, public_url: str, page: str | None = None) -> Json:
    """One item as the contract has it. What JSON Feed makes optional is left out where it is not known.

    `page` is the address of the item's own page here, where that is another than a running program's.
    """
    optional: Json = {
        "url": item.url,
        "title": item.title,
        # What a post points at: its own address is where it is talked about.
        "external_url": item.about.card.url if item.about.card else None,
        "image": _media(item.image, public_url) if item.image else None,
        "date_modified": timestamp(item.modified_at) if item.modified_at else None,
        "authors": [_author(author) for author in item.authors] or None,
    }
    return {
        "id": item.id,
        "summary": item.summary,
        "content_html": item.content_html,
        "content_text": item.content_text,
        "date_published": timestamp(item.published_at),
        "language": item.language,
        "tags": list(item.tags),
        **{name: value for name, value in optional.items() if value is not None},
        "_mpower": {**_extension(item, public_url), "page": page or item_page(item.id, public_url)},
    }


def item_page(item_id: str, public_url: str) -> str:
    """The address of the item's own page here."""
    return f"{public_url.rstrip('/')}/item/{item_id}"


def _media(name: str, public_url: str) -> str:
    return f"{public_url.rstrip('/')}/media/{name}"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _author(author: Author) -> Json:
    return {"name": author.name, "url": author.url} if author.url else {"name": author.name}


def _extension(item: StreamItem, public_url: str) -> Json:
    picture: Json = {
        "image_alt": item.image_alt,
        "image_width": item.image_width,
        "image_height": item.image_height,
        "image_colour": item.image_colour,
        "images": [
            {"url": _media(image.name, public_url), "width": image.width, "height": image.height}
            for image in item.images
        ],
    }
    return {
        "partner": item.partner,
        "source": item.source,
        "kind": item.kind,
        "pinned": item.pinned,
        "story": item.story,
        **(picture if item.image else {}),
        **_about(item),
        "also_on": [
            {"item": other.item, "partner": other.partner, "url": other.url, "language": other.language}
            for other in item.also_on
        ],
        "translations": {
            language: {"title": words.title, "summary": words.summary, "by": words.by}
            for language, words in item.translations.items()
        },
    }


def _about(item: StreamItem) -> Json:
    """What only posts and events say; left out where there is nothing."""
    about = item.about
    said: Json = {
        "card": about.card and {"url": about.card.url, "title": about.card.title, "text": about.card.text},
        "quote": about.quote and {"url": about.quote.url, "text": about.quote.text, **_by(about.quote.author)},
        "boosted_by": about.boosted_by and _author(about.boosted_by),
        "warning": about.warning,
        "sensitive": about.is_sensitive,
        "starts_at": item.starts_at and timestamp(item.starts_at),
        "ends_at": item.ends_at and timestamp(item.ends_at),
        "place": about.place,
    }
    return {name: value for name, value in said.items() if value}


def _by(author: Author | None) -> Json:
    return {"author": _author(author)} if author else {}
