"""Turns items of the stream into JSON Feed 1.1 (https://jsonfeed.org/version/1.1). Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from aggregator.filters import DEFAULT_LIMIT, write_query
from aggregator.itemjson import Json, item_json
from aggregator.model import Configuration
from aggregator.store.stream import StreamFilters, StreamItem, StreamPage
from web.strings import own_name, primary_subtag

VERSION: Final = "https://jsonfeed.org/version/1.1"
PATH: Final = "/stream.json"


def feed_json(
    page: StreamPage,
    *,
    configuration: Configuration,
    public_url: str,
    filters: StreamFilters,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    prefer: Sequence[str] = (),
) -> Json:
    """The answer of /stream.json. `filters`, `limit`, `cursor` and `prefer` are what `page` was read with.

    Beyond JSON Feed, `_mpower` holds the stream's version and, for what occurs in these items, the partners' names by
    id, the tags' labels by id and language, and what the languages of `also_on` are called by those who speak them.
    """
    root = public_url.rstrip("/")

    def address(place: str | None) -> str:
        return f"{root}{PATH}{write_query(filters, limit=limit, cursor=place, prefer=prefer)}"

    feed: Json = {
        "version": VERSION,
        "title": configuration.stream.title,
        "home_page_url": f"{root}/",
        "feed_url": address(cursor),
    }
    if page.next_cursor is not None:
        feed["next_url"] = address(page.next_cursor)
    feed["items"] = [item_json(item, root) for item in page.items]
    feed["_mpower"] = {
        "version": page.version,
        "partners": partner_names(page.items, configuration),
        "tags": tag_labels(page.items, configuration),
        "languages": language_names(page.items),
    }
    return feed


def partner_names(items: Iterable[StreamItem], configuration: Configuration) -> dict[str, str]:
    """The names of the partners that these items speak of, by id."""
    items = tuple(items)
    ids = {item.partner for item in items} | {other.partner for item in items for other in item.also_on}
    return {partner.id: partner.name for partner in configuration.partners if partner.id in ids}


def tag_labels(items: Iterable[StreamItem], configuration: Configuration) -> dict[str, dict[str, str]]:
    """The labels of the tags that these items have, by id and language."""
    ids = {tag for item in items for tag in item.tags}
    return {tag.id: dict(tag.label) for tag in configuration.tags if tag.id in ids}


def language_names(items: Iterable[StreamItem]) -> dict[str, str]:
    """What the languages in which these items stand elsewhere call themselves, by their primary subtag."""
    codes = sorted({primary_subtag(other.language) for item in items for other in item.also_on})
    return {code: name for code in codes if (name := own_name(code))}
