"""Turns items of the stream into JSON Feed 1.1 (https://jsonfeed.org/version/1.1). Values in, values out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from aggregator.filters import DEFAULT_LIMIT, Asked
from aggregator.itemjson import Json, item_json
from aggregator.model import Configuration
from aggregator.store.stream import StreamFilters, StreamItem, StreamPage
from web.outputs.feed import Feed
from web.strings import own_name, primary_subtag

VERSION: Final = "https://jsonfeed.org/version/1.1"
PATH: Final = "/stream.json"
TYPE: Final = "application/feed+json"


def feed_json(
    page: StreamPage,
    *,
    configuration: Configuration,
    public_url: str,
    filters: StreamFilters,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    prefer: Sequence[str] = (),
    hub: str | None = None,
) -> Json:
    """The answer of /stream.json. `filters`, `limit`, `cursor` and `prefer` are what `page` was read with.

    Beyond JSON Feed, `_mpower` holds the stream's version and, for what occurs in these items, the partners' names by
    id, the tags' labels by id and language, and what the languages of `also_on` are called by those who speak them.
    """
    asked = Asked(filters, limit=limit, cursor=cursor, prefer=tuple(prefer))
    return json_of(Feed(page, asked, PATH, configuration, public_url, hub))


def json_of(feed: Feed) -> Json:
    """The same for a feed."""
    items, configuration = feed.page.items, feed.configuration
    said: Json = {
        "version": VERSION,
        "title": configuration.stream.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.self_url,
        "description": feed.description,
        "icon": f"{feed.root}/static/icon.svg",
        "favicon": f"{feed.root}/static/icon.svg",
        "authors": [{"name": configuration.stream.title, "url": feed.home_url}],
        "language": feed.language,
    }
    if feed.next_url:
        said["next_url"] = feed.next_url
    if feed.hubs:
        said["hubs"] = [{"type": "WebSub", "url": hub} for hub in feed.hubs]
    said["items"] = [item_json(item, feed.root, feed.page_of(item.id)) for item in items]
    said["_mpower"] = {
        "version": feed.page.version,
        "partners": partner_names(items, configuration),
        "tags": tag_labels(items, configuration),
        "languages": language_names(items),
    }
    return said


def write_json(feed: Feed) -> bytes:
    """The same as it is sent."""
    return json.dumps(json_of(feed)).encode()


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
