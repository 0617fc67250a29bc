"""Writes a page of the stream as Atom (RFC 4287), paged as RFC 5005 has it. Values in, bytes out."""

from __future__ import annotations

from typing import Final

from lxml import etree

from aggregator.itemjson import timestamp
from aggregator.store.stream import StreamItem
from web.outputs.feed import PICTURE_TYPE, Feed, updated_at, urn
from web.outputs.xmlwriting import XML_LANG, add, element, written

PATH: Final = "/stream.atom"
TYPE: Final = "application/atom+xml"
ATOM: Final = "http://www.w3.org/2005/Atom"
MEDIA: Final = "http://search.yahoo.com/mrss/"
_MEDIA: Final = f"{{{MEDIA}}}"


def write_atom(feed: Feed) -> bytes:
    """The answer of /stream.atom."""
    root = element(f"{{{ATOM}}}feed", {None: ATOM, "media": MEDIA})
    root.set(XML_LANG, feed.language)
    add(root, "id", feed.id)
    add(root, "title", feed.configuration.stream.title)
    add(root, "subtitle", feed.description)
    add(root, "updated", timestamp(feed.updated_at))
    add(root, "generator", "mPOWER Stream")
    add(root, "icon", f"{feed.root}/static/icon.svg")
    add(root, "link", rel="self", type=TYPE, href=feed.self_url)
    add(root, "link", rel="alternate", type="text/html", href=feed.html_url)
    add(root, "link", rel="first", type=TYPE, href=feed.first_url)
    if feed.next_url:
        add(root, "link", rel="next", type=TYPE, href=feed.next_url)
    for hub in feed.hubs:
        add(root, "link", rel="hub", href=hub)
    for item in feed.page.items:
        _add_entry(root, item, feed)
    return written(root)


def _add_entry(root: etree._Element, item: StreamItem, feed: Feed) -> None:
    entry = add(root, "entry", lang=item.language)
    add(entry, "id", urn(item.id))
    # A title is prescribed; what has none, such as a post, has an empty one.
    add(entry, "title", item.title or "", type="text")
    add(entry, "published", timestamp(item.published_at))
    add(entry, "updated", timestamp(updated_at(item)))
    for author in feed.authors(item):
        person = add(entry, "author")
        add(person, "name", author.name)
        if author.url:
            add(person, "uri", author.url)
    _add_links(entry, item, feed)
    for tag in item.tags:
        add(entry, "category", term=tag, label=feed.label(tag))
    if item.summary:
        add(entry, "summary", item.summary, type="text")
    add(entry, "content", item.content_html or item.content_text, type="html" if item.content_html else "text")
    if item.image:
        _add_picture(entry, item, feed)


def _add_links(entry: etree._Element, item: StreamItem, feed: Feed) -> None:
    """The item at its source, and the story's other versions: as alternates, of which a language may have one alone."""
    add(entry, "link", rel="alternate", type="text/html", hreflang=item.language, href=feed.leads_to(item))
    told = {item.language}
    for other in item.also_on:
        if other.url:
            rel = "related" if other.language in told else "alternate"
            add(entry, "link", rel=rel, type="text/html", hreflang=other.language, href=other.url)
            told.add(other.language)
    if len(told) > 1:
        # Some readers follow the first alternate, some (feedparser) the last: both are to come to this item.
        add(entry, "link", rel="alternate", href=feed.leads_to(item))


def _add_picture(entry: etree._Element, item: StreamItem, feed: Feed) -> None:
    address, size = f"{feed.root}/media/{item.image}", feed.size_of(item.image or "")
    length = str(size) if size is not None else None
    add(entry, "link", rel="enclosure", type=PICTURE_TYPE, href=address, length=length)
    add_media(entry, item, address)


def add_media(parent: etree._Element, item: StreamItem, address: str) -> None:
    """The picture as Media RSS has it, for readers that show one beside the title."""
    sizes = {name: str(value) for name, value in _sizes(item).items() if value}
    content = add(parent, f"{_MEDIA}content", url=address, type=PICTURE_TYPE, medium="image", **sizes)
    if item.image_alt:
        add(content, f"{_MEDIA}description", item.image_alt, type="plain")
    add(parent, f"{_MEDIA}thumbnail", url=address, **sizes)


def _sizes(item: StreamItem) -> dict[str, int | None]:
    return {"width": item.image_width, "height": item.image_height}
