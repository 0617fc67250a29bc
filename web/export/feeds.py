"""The stream for programs, as files: JSON Feed, what can be filtered by, and Atom. Values in, values out."""

from __future__ import annotations

import json
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from posixpath import dirname, relpath
from typing import Final

from aggregator.itemjson import Json, timestamp
from aggregator.model import Configuration
from aggregator.store.stream import StreamFilters, StreamItem, StreamPage
from web.export.plan import Page
from web.streamjson import feed_json

ATOM: Final = "http://www.w3.org/2005/Atom"
XML: Final = "http://www.w3.org/XML/1998/namespace"


def feed_path(name: str, ending: str) -> str:
    """The file of a page of the whole stream: `stream.json`, and those that follow in a folder."""
    return f"stream.{ending}" if name == "index" else f"stream/{name}.{ending}"


def lead(origin: str, target: str, base_url: str = "") -> str:
    """How the file `origin` names the file `target`: from where it lies itself, else below `base_url`."""
    return base_url + target if base_url else relpath(target, dirname(origin) or ".")


def root_of(origin: str) -> str:
    """What in the file `origin` stands before a path of the export."""
    return "/".join([".."] * origin.count("/")) or "."


def as_file(value: Json) -> bytes:
    """JSON, the same for the same value."""
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


def json_feed(page: Page, items: Sequence[StreamItem], configuration: Configuration, base_url: str) -> bytes:
    """A page of the stream as JSON Feed 1.1. `base_url` ends in a slash or is empty.

    JSON Feed wants whole addresses. Where no host is known yet they are relative to the file that they stand in, as in
    HTML. `_mpower.static` says that no program answers here: whoever reads it filters by itself.
    """
    path = feed_path(page.name, "json")
    root = base_url.rstrip("/") or root_of(path)
    feed = feed_json(
        StreamPage(tuple(items), None, 0), configuration=configuration, public_url=root, filters=StreamFilters()
    )
    feed["home_page_url"] = lead(path, "index.html", base_url)
    feed["feed_url"] = lead(path, path, base_url)
    if page.next:
        feed["next_url"] = lead(path, feed_path(page.next, "json"), base_url)
    # The stream's version counts changes; two databases that hold the same may have counted differently.
    feed["_mpower"] = {"static": True, **{name: value for name, value in feed["_mpower"].items() if name != "version"}}
    return as_file(feed)


def atom_page(page: Page, items: Sequence[StreamItem], configuration: Configuration, base_url: str) -> bytes:
    """A page of the stream as Atom."""
    path = feed_path(page.name, "atom")
    following = lead(path, feed_path(page.next, "atom"), base_url) if page.next else None
    return atom_feed(
        items,
        title=configuration.stream.title,
        authors={partner.id: partner.name for partner in configuration.partners},
        self_url=lead(path, path, base_url),
        home_url=lead(path, "index.html", base_url),
        next_url=following,
    )


def atom_feed(
    items: Sequence[StreamItem],
    *,
    title: str,
    authors: dict[str, str],
    self_url: str,
    home_url: str,
    next_url: str | None,
) -> bytes:
    """An Atom feed (RFC 4287) of these items, one page of a paged feed (RFC 5005).

    `updated` is that of the newest item; an id is the same wherever the files are put.
    """
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", uuid.uuid5(uuid.NAMESPACE_URL, f"mpower-stream {title}").urn)
    _add(feed, "title", title)
    moments = [timestamp(item.modified_at or item.published_at) for item in items]
    _add(feed, "updated", max(moments, default="1970-01-01T00:00:00Z"))
    _add(feed, "link", rel="self", href=self_url, type="application/atom+xml")
    _add(feed, "link", rel="alternate", href=home_url, type="text/html")
    if next_url:
        _add(feed, "link", rel="next", href=next_url, type="application/atom+xml")
    for item, moment in zip(items, moments, strict=True):
        entry = _add(feed, "entry")
        if item.language != "und":
            entry.set(f"{{{XML}}}lang", item.language)
        _add(entry, "id", uuid.uuid5(uuid.NAMESPACE_URL, f"mpower-stream {item.id}").urn)
        _add(entry, "title", item.title or item.summary)
        _add(entry, "updated", moment)
        _add(entry, "published", timestamp(item.published_at))
        for name in [author.name for author in item.authors] or [authors.get(item.partner, item.partner)]:
            _add(_add(entry, "author"), "name", name)
        if item.url:
            _add(entry, "link", rel="alternate", href=item.url)
        for tag in item.tags:
            _add(entry, "category", term=tag)
        _add(entry, "summary", item.summary)
        _add(entry, "content", item.content_html, type="html")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'.encode(
        "utf-8", "replace"
    )


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text
    return child
