"""Reads the entries of a page without a feed by CSS selectors that an operator chose. Fetches nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import lxml.cssselect
import lxml.etree
import lxml.html

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.encodings import decode
from aggregator.documents.pages import listingpictures
from aggregator.errors import DocumentError
from aggregator.model import Document, Kind, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lxml.html import HtmlElement

    from aggregator.model import Selectors

MOST_CHARACTERS = 5_000_000
MOST_ITEMS = 300
# Attributes that say when, in the order in which they are to be trusted.
_DATE_ATTRIBUTES = ("datetime", "content", "data-date", "data-datetime", "data-time", "data-timestamp", "title")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# English is written with either first, everything else that partners write day first.
_DAY_FIRST_ENGLISH = frozenset({"GB", "IE", "AU", "NZ", "IN", "ZA"})
_SPACE = re.compile(r"\s+")


def read_listing(
    body: bytes, *, url: str, selectors: Selectors, charset: str | None = None, languages: Sequence[str] = ()
) -> Document:
    """The entries that the selectors find on the page; their ids are still empty.

    `languages` are those that the site usually writes, for dates such as 03/04/2026. DocumentError where nothing fits,
    since a page is redesigned more often than emptied.
    """
    page = _page(body, charset)
    base = next((fields.web_address(tag.get("href"), url) for tag in page.iter("base") if tag.get("href")), None) or url
    items = _found(page, selectors.item)
    if not items:
        raise DocumentError(_nothing("item", selectors.item, "on the page"))
    language = fields.language_tag(page.get("lang"))
    day_first = any(map(_is_day_first, (language, *languages) if language else languages))
    entries = [
        entry
        for item in items[:MOST_ITEMS]
        if (entry := _entry(item, selectors, base, day_first=day_first)) is not None
    ]
    if not entries:
        raise DocumentError(_nothing("link", selectors.link, f"in any of the {len(items)} items"))
    if selectors.title and not any(entry.title for entry in entries):
        raise DocumentError(_nothing("title", selectors.title, f"in any of the {len(items)} items"))
    return Document(
        entries=tuple(entries),
        format="page",
        title=fields.plain_text(page.findtext(".//title") or "", fields.MAX_TITLE) or None,
        home=url,
        language=language,
        left_out=max(len(items) - MOST_ITEMS, 0),
        is_window=_is_newest_first([entry.published_at for entry in entries]),
    )


def _nothing(key: str, selector: str, where: str) -> str:
    return (
        f"nothing {where} fits {key} = {selector!r}: the page was redesigned, or a script fills it in the browser; "
        "look at its source and mend [source.select]"
    )


def _is_newest_first(dates: Sequence[datetime | None]) -> bool:
    """Whether the page shows the newest of all: what is missing between two of such a list was taken away."""
    known = [moment for moment in dates if moment]
    return len(known) == len(dates) and known == sorted(known, reverse=True)


def _is_day_first(language: str) -> bool:
    primary, _, region = language.partition("-")
    return primary.lower() != "en" or region.upper() in _DAY_FIRST_ENGLISH


def _page(body: bytes, charset: str | None) -> HtmlElement:
    text = decode(body, f"charset={charset}" if charset else None, is_page=True)[:MOST_CHARACTERS]
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        return lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise DocumentError("the page cannot be read: it is empty or no HTML") from error


def _found(element: HtmlElement, selector: str) -> list[HtmlElement]:
    """What fits the selector in an element, and the element itself where it fits, in the page's order."""
    try:
        found = lxml.cssselect.CSSSelector(selector, translator="html")(element)
    except (lxml.etree.LxmlError, lxml.cssselect.SelectorError, ValueError) as error:
        raise DocumentError(f"the selector {selector!r} cannot be used: {error}") from error
    return [one for one in found if isinstance(one, lxml.html.HtmlElement)] if isinstance(found, list) else []


def _entry(item: HtmlElement, selectors: Selectors, base: str, *, day_first: bool) -> Sighting | None:
    links = _links(item, selectors.link, base)
    if not links:
        return None
    link, address = links[0]
    text = "".join(_markup(one) for one in _found(item, selectors.text)) if selectors.text else ""
    return Sighting(
        entry_id="",
        url=address,
        title=_title(item, [one for one, other in links if other == address], selectors.title),
        body_html=fields.with_absolute_links(fields.clean(text, fields.MAX_BODY), base),
        language=fields.language_tag(item.get("lang") or link.get("hreflang")),
        media=listingpictures.pictures(_found(item, selectors.picture) if selectors.picture else [item], base),
        published_at=_date(_found(item, selectors.date or "time"), day_first=day_first),
        kind=Kind.ARTICLE,
    )


def _markup(element: HtmlElement) -> str:
    return str(lxml.html.tostring(element, encoding="unicode", with_tail=False))


def _links(item: HtmlElement, selector: str, base: str) -> list[tuple[HtmlElement, str]]:
    """The links that fit, with where they lead; where what fits is no link, the one in it or around it."""
    found = []
    for fitting in _found(item, selector):
        for link in (fitting, *fitting.iter("a"), *fitting.iterancestors("a")):
            href = (link.get("href") or "").strip()
            if href and not href.startswith("#") and (address := fields.web_address(href, base)):
                found.append((link, address))
                break
    return found or [
        (link, address)
        for link in item.iterancestors("a")
        if selector == "a" and (address := fields.web_address(link.get("href"), base))
    ]


def _title(item: HtmlElement, links: Sequence[HtmlElement], selector: str | None) -> str | None:
    """The words of what the selector finds; else of the first heading, else of the link that has any."""
    named: Sequence[HtmlElement] = (
        _found(item, selector) if selector else [*(one for one in item.iter() if one.tag in _HEADINGS), *links]
    )
    said = (words for element in named for words in _words(element))
    return next((fields.clean(words, fields.MAX_TITLE) for words in said if words), None)


def _words(element: HtmlElement) -> Iterator[str]:
    yield _SPACE.sub(" ", str(element.text_content())).strip()
    for attribute in ("aria-label", "title", "content"):
        yield _SPACE.sub(" ", element.get(attribute) or "").strip()


def _date(elements: Sequence[HtmlElement], *, day_first: bool) -> datetime | None:
    for fitting in elements:
        for element in (fitting, *fitting.iter("time")):
            said = [element.get(attribute) or "" for attribute in _DATE_ATTRIBUTES]
            said.append(_SPACE.sub(" ", str(element.text_content())).strip())
            for text in said:
                if text and (moment := read_date(text, day_first=day_first)):
                    return moment
    return None
