"""Writes a sample site's feed as RSS 2.0, Atom (RFC 4287), RDF (RSS 1.0) or JSON Feed 1.1. Reads none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from lxml import etree

from web.demo.canvas import SIZE
from web.demo.items import SampleSite

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS1 = "http://purl.org/rss/1.0/"
XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, slots=True)
class Translation:
    """Where the original of a translated entry stands, and in which language."""

    url: str
    language: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An entry's picture: its address, media type and alternative text."""

    url: str
    type: str
    alt: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A post as a feed shows it: every address is whole, except in the body, which may hold relative links."""

    id: str
    url: str
    language: str
    title: str | None
    body: str
    categories: tuple[str, ...]
    published_at: datetime
    picture: Picture | None = None
    original: Translation | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A feed format: its media type and how it is written, from a site, its address and its entries."""

    type: str
    write: Callable[[SampleSite, str, Sequence[Entry]], bytes]


def _default(namespace: str) -> dict[str, str]:
    return {None: namespace}  # type: ignore[dict-item]  # lxml takes None, its stubs do not


def _element(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, name, attributes)
    element.text = text
    return element


def _serialised(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _html(parent: etree._Element, name: str, body: str) -> None:
    etree.SubElement(parent, name).text = etree.CDATA(body)


def _body_with_picture(entry: Entry) -> str:
    if entry.picture is None:
        return entry.body
    image = f'<img src="{escape(entry.picture.url)}" alt="{escape(entry.picture.alt)}" loading="lazy">'
    return f"<figure>{image}</figure>\n{entry.body}"


def _media_content(parent: etree._Element, picture: Picture) -> None:
    width, height = map(str, SIZE)
    media = _element(
        parent, f"{{{MEDIA}}}content", url=picture.url, type=picture.type, medium="image", width=width, height=height
    )
    _element(media, f"{{{MEDIA}}}description", picture.alt, type="plain")


def _hreflang(parent: etree._Element, entry: Entry) -> None:
    # Before the entry's own link: several readers take the last one that they meet as the entry's address.
    if entry.original:
        link = {"rel": "alternate", "hreflang": entry.original.language, "type": "text/html"}
        _element(parent, f"{{{ATOM}}}link", href=entry.original.url, **link)


def _rss(site: SampleSite, base: str, entries: Sequence[Entry]) -> bytes:
    root = etree.Element("rss", version="2.0", nsmap={"atom": ATOM, "content": CONTENT, "media": MEDIA})
    channel = _element(root, "channel")
    _element(channel, "title", site.title)
    _element(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=base + site.feed)
    _element(channel, "link", base + "/")
    _element(channel, "description", site.tagline)
    if site.language:
        _element(channel, "language", site.language)
    for entry in entries:
        item = _element(channel, "item")
        if entry.title:
            _element(item, "title", entry.title)
        _hreflang(item, entry)
        _element(item, "link", entry.url)
        _element(item, "guid", entry.id, isPermaLink="false")
        _element(item, "pubDate", format_datetime(entry.published_at, usegmt=True))
        for category in entry.categories:
            _element(item, "category", category)
        if entry.title is None:
            # As Mastodon writes it: no title, the text as description, the picture beside it with its alt text.
            _html(item, "description", entry.body)
        else:
            _html(item, f"{{{CONTENT}}}encoded", entry.body)
        if entry.picture:
            _media_content(item, entry.picture)
    return _serialised(root)


def _atom(site: SampleSite, base: str, entries: Sequence[Entry]) -> bytes:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_default(ATOM) | {"media": MEDIA})
    if site.language:
        root.set(f"{{{XML}}}lang", site.language)
    _element(root, f"{{{ATOM}}}id", f"tag:mpower-stream.example,2026:{site.id}")
    _element(root, f"{{{ATOM}}}title", site.title)
    _element(root, f"{{{ATOM}}}subtitle", site.tagline)
    _element(root, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=base + site.feed)
    _element(root, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=base + "/")
    _element(root, f"{{{ATOM}}}updated", entries[0].published_at.isoformat())
    author = _element(root, f"{{{ATOM}}}author")
    _element(author, f"{{{ATOM}}}name", site.name)
    _element(author, f"{{{ATOM}}}uri", base + "/")
    for entry in entries:
        node = _element(root, f"{{{ATOM}}}entry")
        node.set(f"{{{XML}}}lang", entry.language)
        node.set(f"{{{XML}}}base", base + "/")
        _element(node, f"{{{ATOM}}}id", entry.id)
        # RFC 4287 asks every entry for a title, if need be an empty one.
        _element(node, f"{{{ATOM}}}title", entry.title or "")
        _hreflang(node, entry)
        _element(node, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=entry.url)
        _element(node, f"{{{ATOM}}}published", entry.published_at.isoformat())
        _element(node, f"{{{ATOM}}}updated", entry.published_at.isoformat())
        for category in entry.categories:
            _element(node, f"{{{ATOM}}}category", term=category)
        if entry.picture:
            _media_content(node, entry.picture)
        _element(node, f"{{{ATOM}}}content", entry.body, type="html")
    return _serialised(root)


def _rdf(site: SampleSite, base: str, entries: Sequence[Entry]) -> bytes:
    others = {"rdf": RDF, "dc": DC, "content": CONTENT, "atom": ATOM}
    root = etree.Element(f"{{{RDF}}}RDF", nsmap=_default(RSS1) | others)
    channel = _element(root, f"{{{RSS1}}}channel")
    channel.set(f"{{{RDF}}}about", base + site.feed)
    _element(channel, f"{{{RSS1}}}title", site.title)
    _element(channel, f"{{{RSS1}}}link", base + "/")
    _element(channel, f"{{{RSS1}}}description", site.tagline)
    order = _element(_element(channel, f"{{{RSS1}}}items"), f"{{{RDF}}}Seq")
    for entry in entries:
        _element(order, f"{{{RDF}}}li").set(f"{{{RDF}}}resource", entry.id)
        item = _element(root, f"{{{RSS1}}}item")
        item.set(f"{{{RDF}}}about", entry.id)
        _element(item, f"{{{RSS1}}}title", entry.title or "")
        _hreflang(item, entry)
        _element(item, f"{{{RSS1}}}link", entry.url)
        _element(item, f"{{{DC}}}date", entry.published_at.isoformat())
        for category in entry.categories:
            _element(item, f"{{{DC}}}subject", category)
        _html(item, f"{{{CONTENT}}}encoded", _body_with_picture(entry))
    return _serialised(root)


def _json(site: SampleSite, base: str, entries: Sequence[Entry]) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.title,
        "description": site.tagline,
        "home_page_url": base + "/",
        "feed_url": base + site.feed,
        "authors": [{"name": site.name, "url": base + "/"}],
        "items": [_json_item(entry) for entry in entries],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _json_item(entry: Entry) -> Mapping[str, object]:
    item: dict[str, object] = {
        "id": entry.id,
        "url": entry.url,
        "language": entry.language,
        "content_html": _body_with_picture(entry),
        "date_published": entry.published_at.isoformat(),
        "tags": list(entry.categories),
    }
    if entry.title:
        item["title"] = entry.title
    if entry.picture:
        item["image"] = entry.picture.url
    if entry.original:
        item["external_url"] = entry.original.url
    return item


FORMATS: Mapping[str, Format] = {
    "rss": Format("application/rss+xml", _rss),
    "atom": Format("application/atom+xml", _atom),
    "rdf": Format("application/rdf+xml", _rdf),
    "json": Format("application/feed+json", _json),
}
