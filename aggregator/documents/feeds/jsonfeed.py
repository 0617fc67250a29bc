"""JSON Feed 1.0 and 1.1 (https://jsonfeed.org/version/1.1) as values, tolerant field by field: feedparser reads none.

Extensions (names that begin with `_`) are not read.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.jsonparts import Object, objects_at, objects_of, read_object, text_at, texts_at, usable
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Document, Media, Sighting

# Where what an item carries may stand.
_CARRIERS = frozenset({"attachments", "banner_image", "image"})
_SAYING = ("url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image")


def read_json_feed(text: str, *, url: str) -> Document:
    """What a JSON Feed says; `url` is the base of relative addresses.

    Raises DocumentError where it is not JSON, is cut short, is nested absurdly deep, or is not a JSON Feed.
    """
    feed = read_object(text, "The document")
    version = text_at(feed, "version")
    if "jsonfeed.org/version/" not in version:
        raise DocumentError("This is JSON, but not a JSON Feed: its `version` does not say so.")
    items = feed.get("items")
    if not isinstance(items, list):
        raise DocumentError("This JSON Feed has no list of items.")
    authors = read_authors(feed, url)
    return Document(
        left_out=max(len(items) - fields.MAX_ENTRIES, 0),
        entries=fields.newest_sightings(
            usable(items, functools.partial(_item, base=url, inherited=authors), "This JSON Feed")
        ),
        format="json" + ("11" if version.rstrip("/").endswith("1.1") else "10"),
        title=fields.clean(text_at(feed, "title"), fields.MAX_TITLE) or None,
        home=fields.web_address(text_at(feed, "home_page_url"), url),
        language=fields.language_tag(text_at(feed, "language")),
        hubs=fields.distinct_hubs(_hubs(feed, url)),
        topic=fields.web_address(text_at(feed, "feed_url"), url),
    )


def _hubs(feed: Object, base: str) -> Iterator[str]:
    """Hubs of WebSub; rssCloud has its own protocol, which is not spoken here."""
    for hub in objects_at(feed, "hubs"):
        if text_at(hub, "type").lower() != "rsscloud":
            yield from filter(None, [fields.web_address(text_at(hub, "url"), base)])


def _item(item: Object, base: str, inherited: tuple[Author, ...]) -> Sighting | None:
    """The item; None for one that neither has a name nor says anything."""
    says = _identifier(item.get("id")) or any(text_at(item, key) for key in _SAYING) or objects_at(item, "attachments")
    return read_item(item, base, inherited) if says else None


def read_item(item: Object, base: str, inherited: tuple[Author, ...]) -> Sighting:
    """One item of a JSON Feed; `inherited` are the feed's authors."""
    entry_id = _identifier(item.get("id"))
    external = fields.web_address(text_at(item, "external_url"), base)
    url = fields.web_address(text_at(item, "url"), base) or fields.web_address(entry_id)
    text = fields.paragraphs(text_at(item, "content_text"))
    html = fields.with_absolute_links(fields.clean(text_at(item, "content_html"), fields.MAX_BODY), url or base)
    summary = fields.paragraphs(text_at(item, "summary"))
    return Sighting(
        entry_id=entry_id,
        url=url or external,
        title=fields.clean(text_at(item, "title"), fields.MAX_TITLE) or None,
        body_html=html or text or summary,
        summary_html=summary if html or text else "",
        language=fields.language_tag(text_at(item, "language")),
        authors=read_authors(item, base) or inherited,
        categories=fields.distinct_names(texts_at(item, "tags")),
        media=fields.distinct_media(_media(item, base)) if not item.keys().isdisjoint(_CARRIERS) else (),
        alternates=(Alternate(external),) if external and url and external != url else (),
        published_at=read_date(text_at(item, "date_published")),
        updated_at=read_date(text_at(item, "date_modified")),
    )


def _identifier(value: object) -> str:
    """The id as text: version 1.0 says that a number, or anything else but text, is to be read as text."""
    if isinstance(value, str):
        return fields.identifier(value)
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return fields.identifier(str(value)) if is_number and not isinstance(value, bool) else ""


def read_authors(thing: Object, base: str) -> tuple[Author, ...]:
    """1.1's `authors`, else 1.0's `author`."""
    found = objects_at(thing, "authors") or objects_of([thing.get("author")])
    return fields.distinct_authors(
        Author(fields.clean(text_at(author, "name"), fields.MAX_NAME), fields.web_address(text_at(author, "url"), base))
        for author in found
    )


def _media(item: Object, base: str) -> Iterator[Media]:
    for key in ("image", "banner_image"):
        if address := fields.web_address(text_at(item, key), base):
            yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE))
    for attachment in objects_at(item, "attachments"):
        if address := fields.web_address(text_at(attachment, "url"), base):
            yield Media(address, fields.media_type(text_at(attachment, "mime_type"), address))
