"""What the elements mean that a feed and its entries share, one small function each, exactly as feedparser takes them.

Each is given the place it stands in, itself, and how deep it is; it raises Odd where it is not sure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents import fields
from aggregator.documents.feeds.fastnames import Odd
from aggregator.documents.feeds.fastplace import HTML, PLAIN, XHTML, Handler, Place
from aggregator.documents.feeds.fasttexts import joined, repaired

_ITUNES = "http://www.itunes.com/"
_PAGES = frozenset({"html", "xhtml", HTML, XHTML})
_REFERENCE = re.compile("&([A-Za-z0-9_]+);")
_PERSON = frozenset({"name", "email", "uri", "url", "homepage"})


def title(place: Place, element: Element, depth: int) -> None:
    """A title; one that is not empty wins over all further down, until a picture or a source begins."""
    content = place.content(element, PLAIN, depth)
    reading = place.reading
    if not -1 < reading.title_depth <= depth:
        place.put_title(content, depth)
    if content["value"]:
        reading.title_depth = depth


def link(place: Place, element: Element, depth: int) -> None:
    """A link: Atom's, whose address is an attribute, or RSS's, whose address is its text."""
    attributes = place.reading.names.attributes(element) if element.keys() else {}
    if "url" in attributes or "uri" in attributes:
        raise Odd("a link with an address of another name")
    base = place.own_base(attributes, depth)
    is_blank = "href" in attributes and not attributes["href"].strip()
    if is_blank:
        del attributes["href"]
    relation = attributes.setdefault("rel", "alternate")
    type_ = attributes.setdefault("type", "application/atom+xml" if relation == "self" else HTML)
    place.raw.setdefault("links", []).append(attributes)
    if "href" in attributes:
        place.text(element)
        attributes["href"] = joined(base, attributes["href"])
        if relation == "alternate" and type_ in _PAGES:
            place.raw["link"] = attributes["href"]
    else:
        _link_by_text(place, attributes, place.text(element), base, is_blank=is_blank)


def _link_by_text(place: Place, attributes: dict[str, str], text: str, base: str, *, is_blank: bool) -> None:
    address = joined(base, text) if text else ""
    if not address.isascii():
        address = repaired(address)
    if "&" in address:
        address = _REFERENCE.sub(r"&\g<1>", address.replace("&amp;", "&") if place.is_entry else address)
    if address or not place.is_entry:
        attributes["href"] = address
    # <link rel="enclosure">address</link> says nothing about the entry's own address.
    if attributes["rel"] == "alternate":
        place.raw["link"] = base if is_blank and not address else address


def guid(place: Place, element: Element, depth: int) -> None:
    """An id, which is the link too where there is none and it does not deny that."""
    raw, attributes = place.raw, place.reading.names.attributes(element) if element.keys() else {}
    base = place.own_base(attributes, depth)
    is_link = attributes.get("ispermalink", "true") == "true"
    text = place.text(element)
    if text and is_link:
        text = joined(base, text)
    raw["id"] = value = text if text.isascii() else repaired(text)
    raw.setdefault("guidislink", is_link and "link" not in raw)
    if is_link:
        raw.setdefault("link", value)


def author(place: Place, element: Element, depth: int) -> None:
    """An author: a text, or a person with a name and an address."""
    authors = place.raw.setdefault("authors", [])
    if not len(element):
        name = place.plain(element)
        authors.append({"name": name} if name else {})
        return
    place.attributes(element)
    person: dict[str, str] = {}
    authors.append(person)
    pieces = [element.text or ""]
    for child in element:
        _of_person(place, child, person, depth + 1)
        pieces.append(child.tail or "")
    if not person:
        if text := repaired("".join(pieces).strip()):
            person["name"] = text
    elif "name" not in person and len(authors) > 1:
        # feedparser gives such a one the name of the author before.
        raise Odd("an author with an address and no name")


def _of_person(place: Place, element: Element, person: dict[str, str], depth: int) -> None:
    name = place.reading.names.elements[element.tag]
    if name in {"name", "email"}:
        place.pass_over(element)
        person[name] = place.text(element)
    elif name in _PERSON:
        place.pass_over(element)
        text = place.text(element)
        person["href"] = repaired(joined(place.reading.base, text) if text else text)
    elif len(element) or (element.keys() and element.text):
        # feedparser may take a text inside it for the author's own.
        raise Odd("an author with a text that is not a name")
    else:
        place.pass_over_unknown(element, name, depth)


def contributor(place: Place, element: Element, _depth: int) -> None:
    """Nobody asks for it, but what describes a person may mean something else elsewhere."""
    place.attributes(element)
    for child in element:
        if place.reading.names.elements[child.tag] not in _PERSON:
            raise Odd("a contributor that is more than a person")
        place.pass_over(child)


def language(place: Place, element: Element, _depth: int) -> None:
    """The language, in words of its own."""
    place.raw["language"] = place.plain(element)


def passed_over(place: Place, element: Element, _depth: int) -> None:
    """A text that nobody asks for."""
    place.pass_over(element)


# Categories


def category(place: Place, element: Element, _depth: int) -> None:
    """A category, by attributes (Atom) or by its text (RSS)."""
    if element.keys():
        said = place.attributes(element)
        scheme = said.get("scheme", said.get("domain"))
        _tag_with_text(place, element, said.get("term"), scheme, said.get("label"))
    else:
        _tag_with_text(place, element, None, None, None)


def media_category(place: Place, element: Element, _depth: int) -> None:
    """The same, of Media RSS."""
    said = place.attributes(element)
    scheme = said.get("scheme", "http://search.yahoo.com/mrss/category_schema")
    _tag_with_text(place, element, said.get("term"), scheme, said.get("label"))


def itunes_category(place: Place, element: Element, _depth: int) -> None:
    """The same, of a podcast."""
    _tag_with_text(place, element, place.attributes(element).get("text"), _ITUNES, None)


def _tag_with_text(place: Place, element: Element, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = place.raw.setdefault("tags", [])
    if term or scheme or label:
        _add_tag(tags, term, scheme, label)
    text = place.plain(element)
    if text and tags and not tags[-1]["term"]:
        tags[-1]["term"] = text
    elif text:
        _add_tag(tags, text, None, None)


def _add_tag(tags: list[dict[str, str | None]], term: str | None, scheme: str | None, label: str | None) -> None:
    if len(tags) < 2 * fields.MAX_CATEGORIES:
        tag = {"term": term, "scheme": scheme, "label": label}
        if tag not in tags:
            tags.append(tag)


def keywords_of(scheme: str | None) -> Handler:
    """Several categories in one text; feedparser leaves out those of an element that has attributes."""

    def handle(place: Place, element: Element, _depth: int) -> None:
        text = place.plain(element)
        for term in () if element.keys() else text.split(","):
            if term.strip():
                _add_tag(place.raw.setdefault("tags", []), term.strip(), scheme, None)

    return handle


itunes_keywords = keywords_of(_ITUNES)
_PASSED_OVER = """
    cc_license cloud copyright creativecommons_license dc_contributor dc_publisher dc_rights generator
    georss_box georss_line georss_point georss_polygon info itunes_block itunes_explicit itunes_subtitle
    media_credit media_license media_player media_rating media_restriction rights subtitle tagline webmaster
"""
# What feedparser knows and nobody asks for.
PASSED_OVER: Mapping[str, Handler] = dict.fromkeys(_PASSED_OVER.split(), passed_over)
