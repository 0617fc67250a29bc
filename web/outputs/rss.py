"""Writes a page of the stream as RSS 2.0 (https://www.rssboard.org/rss-specification). Values in, bytes out."""

from __future__ import annotations

from email.utils import format_datetime
from html import escape
from typing import Final

from lxml import etree

from aggregator.store.stream import StreamItem
from web.outputs.atom import ATOM, MEDIA, add_media
from web.outputs.feed import PICTURE_TYPE, Feed, urn
from web.outputs.xmlwriting import add, element, written

PATH: Final = "/stream.rss"
TYPE: Final = "application/rss+xml"
DC: Final = "http://purl.org/dc/elements/1.1/"
CONTENT: Final = "http://purl.org/rss/1.0/modules/content/"
_ATOM, _DC, _CONTENT = f"{{{ATOM}}}", f"{{{DC}}}", f"{{{CONTENT}}}"


def write_rss(feed: Feed) -> bytes:
    """The answer of /stream.rss."""
    root = element("rss", {"atom": ATOM, "content": CONTENT, "dc": DC, "media": MEDIA}, version="2.0")
    channel = add(root, "channel")
    add(channel, "title", feed.configuration.stream.title)
    add(channel, "link", feed.html_url)
    add(channel, "description", feed.description)
    add(channel, "language", feed.language)
    if feed.page.items:
        add(channel, "lastBuildDate", format_datetime(feed.updated_at))
    add(channel, "generator", "mPOWER Stream")
    add(channel, f"{_ATOM}link", rel="self", type=TYPE, href=feed.self_url)
    add(channel, f"{_ATOM}link", rel="first", type=TYPE, href=feed.first_url)
    if feed.next_url:
        add(channel, f"{_ATOM}link", rel="next", type=TYPE, href=feed.next_url)
    for hub in feed.hubs:
        add(channel, f"{_ATOM}link", rel="hub", href=hub)
    for item in feed.page.items:
        _add_item(channel, item, feed)
    return written(root)


def _add_item(channel: etree._Element, item: StreamItem, feed: Feed) -> None:
    entry = add(channel, "item")
    if item.title:
        add(entry, "title", item.title)
    add(entry, "link", feed.leads_to(item))
    add(entry, "guid", urn(item.id), isPermaLink="false")
    add(entry, "pubDate", format_datetime(item.published_at))
    for author in feed.authors(item):
        add(entry, f"{_DC}creator", author.name)
    add(entry, f"{_DC}language", item.language)
    for tag in item.tags:
        add(entry, "category", feed.label(tag))
    # An item has a title or a description; the latter may be short where the whole text follows. It is HTML (RSS 2.0),
    # so what only looks like markup in a text has to stay a text.
    add(entry, "description", escape(item.summary or item.content_text, quote=False))
    if item.content_html:
        add(entry, f"{_CONTENT}encoded", item.content_html)
    if item.image:
        address, size = f"{feed.root}/media/{item.image}", feed.size_of(item.image)
        if size is not None:
            add(entry, "enclosure", url=address, length=str(size), type=PICTURE_TYPE)
        add_media(entry, item, address)
