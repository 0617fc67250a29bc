"""Reads what a web page says of itself in its head, for an editor who adds it by its address. Fetches nothing."""

from __future__ import annotations

import html

import lxml.etree
import lxml.html

from aggregator.documents import fields
from aggregator.documents.encodings import decode
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Media, Sighting

HEAD_CHARACTERS = 300_000


def read_article(body: bytes, *, url: str, charset: str | None = None) -> Sighting:
    """The page as an entry: title, description, picture, language and versions in other languages.

    Open Graph goes before the plain tags (https://ogp.me). Raises DocumentError where the page has no title.
    """
    text = decode(body, f"charset={charset}" if charset else None)[:HEAD_CHARACTERS]
    try:
        page = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=_parser())
    except (lxml.etree.LxmlError, ValueError) as error:
        raise DocumentError(f"the page at {url} could not be read") from error
    said = {
        (tag.get("property") or tag.get("name") or "").lower(): tag.get("content") or ""
        for tag in reversed(list(page.iter("meta")))
    }
    title = said.get("og:title") or page.findtext(".//title") or ""
    if not title.strip():
        raise DocumentError(f"the page at {url} has no title; write the item whole instead")
    address = _link(page, "canonical", url) or url
    picture = fields.web_address(said.get("og:image"), url)
    description = said.get("og:description") or said.get("description") or ""
    return Sighting(
        entry_id=address,
        url=address,
        title=title,
        summary_html=html.escape(description),
        language=page.get("lang"),
        media=(Media(picture, "image/*", said.get("og:image:alt") or None),) if picture else (),
        alternates=tuple(_versions(page, url)),
    )


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", no_network=True)


def _link(page: lxml.html.HtmlElement, relation: str, base: str) -> str | None:
    for tag in page.iter("link"):
        if relation in (tag.get("rel") or "").lower().split():
            return fields.web_address(tag.get("href"), base)
    return None


def _versions(page: lxml.html.HtmlElement, base: str) -> list[Alternate]:
    found = []
    for tag in page.iter("link"):
        address = fields.web_address(tag.get("href"), base)
        if address and tag.get("hreflang") and "alternate" in (tag.get("rel") or "").lower().split():
            found.append(Alternate(address, tag.get("hreflang")))
    return found[:50]
