"""JSON Feed 1.0 and 1.1 (https://jsonfeed.org/version/1.1) as values, tolerant field by field: feedparser reads none.

Extensions (names that begin with `_`) are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Document, Media, Sighting

_Object = Mapping[str, object]
# Where what an item carries may stand.
_CARRIERS = frozenset({"attachments", "banner_image", "image"})


def read_json_feed(text: str, *, url: str) -> Document:
    """What a JSON Feed says; `url` is the base of relative addresses.

    Raises DocumentError where it is not JSON, is cut short, is nested absurdly deep, or is not a JSON Feed.
    """
    try:
        feed = json.loads(text)
    except RecursionError as error:
        raise DocumentError("The JSON document is nested too deep; it was not read.") from error
    except ValueError as error:
        raise DocumentError(f"The JSON document is broken or cut short: {error}.") from error
    version = _text(feed, "version") if isinstance(feed, dict) else ""
    if "jsonfeed.org/version/" not in version or not isinstance(feed, dict):
        raise DocumentError("This is JSON, but not a JSON Feed: its `version` does not say so.")
    items = feed.get("items")
    if not isinstance(items, list):
        raise DocumentError("This JSON Feed has no list of items.")
    authors = read_authors(feed, url)
    return Document(
        left_out=max(len(items) - fields.MAX_ENTRIES, 0),
        entries=fields.newest_sightings([read_item(item, url, authors) for item in items if isinstance(item, dict)]),
        format="json" + ("11" if version.rstrip("/").endswith("1.1") else "10"),
        title=fields.clean(_text(feed, "title"), fields.MAX_TITLE) or None,
        home=fields.web_address(_text(feed, "home_page_url"), url),
        language=fields.language_tag(_text(feed, "language")),
        hubs=fields.distinct_hubs(_hubs(feed, url)),
        topic=fields.web_address(_text(feed, "feed_url"), url),
    )


def _hubs(feed: _Object, base: str) -> Iterator[str]:
    """Hubs of WebSub; rssCloud has its own protocol, which is not spoken here."""
    for hub in _list(feed, "hubs"):
        if isinstance(hub, dict) and _text(hub, "type").lower() != "rsscloud":
            yield from filter(None, [fields.web_address(_text(hub, "url"), base)])


def read_item(item: _Object, base: str, inherited: tuple[Author, ...]) -> Sighting:
    """One item of a JSON Feed; `inherited` are the feed's authors."""
    entry_id = _identifier(item.get("id"))
    external = fields.web_address(_text(item, "external_url"), base)
    url = fields.web_address(_text(item, "url"), base) or fields.web_address(entry_id)
    text = fields.paragraphs(_text(item, "content_text"))
    html = fields.with_absolute_links(fields.clean(_text(item, "content_html"), fields.MAX_BODY), url or base)
    summary = fields.paragraphs(_text(item, "summary"))
    return Sighting(
        entry_id=entry_id,
        url=url or external,
        title=fields.clean(_text(item, "title"), fields.MAX_TITLE) or None,
        body_html=html or text or summary,
        summary_html=summary if html or text else "",
        language=fields.language_tag(_text(item, "language")),
        authors=read_authors(item, base) or inherited,
        categories=fields.distinct_names([tag for tag in _list(item, "tags") if isinstance(tag, str)]),
        media=fields.distinct_media(_media(item, base)) if not item.keys().isdisjoint(_CARRIERS) else (),
        alternates=(Alternate(external),) if external and url and external != url else (),
        published_at=read_date(_text(item, "date_published")),
        updated_at=read_date(_text(item, "date_modified")),
    )


def _text(thing: _Object, key: str) -> str:
    value = thing.get(key)
    return value if isinstance(value, str) else ""


def _list(thing: _Object, key: str) -> list[object]:
    value = thing.get(key)
    return value if isinstance(value, list) else []


def _identifier(value: object) -> str:
    """The id as text: version 1.0 says that a number, or anything else but text, is to be read as text."""
    if isinstance(value, str):
        return fields.identifier(value)
    return fields.identifier(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def read_authors(thing: _Object, base: str) -> tuple[Author, ...]:
    """1.1's `authors`, else 1.0's `author`."""
    found = [author for author in (_list(thing, "authors") or [thing.get("author")]) if isinstance(author, dict)]
    return fields.distinct_authors(
        Author(fields.clean(_text(author, "name"), fields.MAX_NAME), fields.web_address(_text(author, "url"), base))
        for author in found
    )


def _media(item: _Object, base: str) -> Iterator[Media]:
    for key in ("image", "banner_image"):
        if address := fields.web_address(_text(item, key), base):
            yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE))
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and (address := fields.web_address(_text(attachment, "url"), base)):
            yield Media(address, fields.media_type(_text(attachment, "mime_type"), address))
