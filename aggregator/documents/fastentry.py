"""What the elements of an entry mean, one small function each, exactly as feedparser takes them.

Each is given the place it stands in, itself, and how deep it is; it raises Odd where it is not sure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.fastnames import Odd
from aggregator.documents.fastplace import HTML, PLAIN, XHTML, Place
from aggregator.documents.fasttexts import joined, repaired

Handler = Callable[[Place, Element, int], None]

_ITUNES = "http://www.itunes.com/"
_PAGES = frozenset({"html", "xhtml", HTML, XHTML})
_REFERENCE = re.compile("&([A-Za-z0-9_]+);")
_IN_SOURCE = frozenset(
    "title id link updated published author subtitle rights category generator icon logo contributor".split()
)


def title(place: Place, element: Element, depth: int) -> None:
    """A title; one that is not empty wins over all further down, until a picture or a source begins."""
    content = place.content(element, PLAIN, depth)
    reading = place.reading
    if not -1 < reading.title_depth <= depth:
        place.put_content("title", content, depth)
    if content["value"]:
        reading.title_depth = depth


def link(place: Place, element: Element, depth: int) -> None:
    """A link: Atom's, whose address is an attribute, or RSS's, whose address is its text."""
    attributes = place.reading.names.attributes(element)
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
    raw = place.raw
    before = raw.get("link")
    address = repaired(joined(base, text)) if text else ""
    if "&" in address:
        address = _REFERENCE.sub(r"&\g<1>", address.replace("&amp;", "&") if place.is_entry else address)
    raw["link"] = address
    if address or not place.is_entry:
        attributes["href"] = address
    if is_blank and not address:
        raw["link"] = base
    # <link rel="enclosure">address</link> says nothing about the entry's own address.
    if attributes["rel"] != "alternate" and raw["link"] != before:
        if before is None:
            del raw["link"]
        else:
            raw["link"] = before


def guid(place: Place, element: Element, depth: int) -> None:
    """An id, which is the link too where there is none and it does not deny that."""
    attributes = place.reading.names.attributes(element)
    base = place.own_base(attributes, depth)
    is_link = attributes.get("ispermalink", "true") == "true"
    text = place.text(element)
    value = repaired(joined(base, text) if text and is_link else text)
    place.put("id", value, depth)
    place.raw.setdefault("guidislink", is_link and "link" not in place.raw)
    if is_link:
        place.raw.setdefault("link", value)


def author(place: Place, element: Element, depth: int) -> None:
    """An author: a text, or a person with a name and an address."""
    place.attributes(element)
    person: dict[str, str] = {}
    authors = place.raw.setdefault("authors", [])
    authors.append(person)
    pieces = [element.text or ""]
    for child in element:
        _of_person(place, child, person, depth + 1)
        pieces.append(child.tail or "")
    if person and "name" not in person and len(authors) > 1:
        # feedparser gives such a one the name of the author before.
        raise Odd("an author with an address and no name")
    text = repaired("".join(pieces).strip())
    if text and not person:
        person["name"] = text


def _of_person(place: Place, element: Element, person: dict[str, str], depth: int) -> None:
    name = place.reading.names.element(element.tag)
    if name in {"name", "email", "uri", "url", "homepage"}:
        place.pass_over(element)
        text = place.text(element)
        if name in {"name", "email"}:
            person[name] = text
        else:
            person["href"] = repaired(joined(place.reading.base, text) if text else text)
    elif element.keys() and (element.text or len(element)):
        raise Odd("an author with a text that is not a name")
    else:
        place.pass_over_unknown(element, name, depth)


def contributor(place: Place, element: Element, _depth: int) -> None:
    """Nobody asks for it, but what describes a person may mean something else elsewhere."""
    place.attributes(element)
    for child in element:
        if place.reading.names.element(child.tag) not in {"name", "email", "uri", "url", "homepage"}:
            raise Odd("a contributor that is more than a person")
        place.pass_over(child)


# Categories


def category(place: Place, element: Element, _depth: int) -> None:
    """A category, by attributes (Atom) or by its text (RSS)."""
    said = place.attributes(element)
    scheme = said.get("scheme", said.get("domain"))
    _tag_with_text(place, element, said.get("term"), scheme, said.get("label"))


def media_category(place: Place, element: Element, _depth: int) -> None:
    """The same, of Media RSS."""
    said = place.attributes(element)
    scheme = said.get("scheme", "http://search.yahoo.com/mrss/category_schema")
    _tag_with_text(place, element, said.get("term"), scheme, said.get("label"))


def itunes_category(place: Place, element: Element, _depth: int) -> None:
    """The same, of a podcast."""
    _tag_with_text(place, element, place.attributes(element).get("text"), _ITUNES, None)


def _tag_with_text(place: Place, element: Element, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = _add_tag(place, term, scheme, label)
    text = repaired(place.text(element))
    if text and tags and not tags[-1]["term"]:
        tags[-1]["term"] = text
    elif text:
        _add_tag(place, text, None, None)


def _add_tag(place: Place, term: str | None, scheme: str | None, label: str | None) -> list[dict[str, str | None]]:
    tags: list[dict[str, str | None]] = place.raw.setdefault("tags", [])
    if (term or scheme or label) and len(tags) < 2 * fields.MAX_CATEGORIES:
        tag = {"term": term, "scheme": scheme, "label": label}
        if tag not in tags:
            tags.append(tag)
    return tags


def _keywords_of(scheme: str | None) -> Handler:
    """Several categories in one text; feedparser leaves out those of an element that has attributes."""

    def handle(place: Place, element: Element, _depth: int) -> None:
        text = repaired(place.text(element))
        for term in () if place.attributes(element) else text.split(","):
            if term.strip():
                _add_tag(place, term.strip(), scheme, None)

    return handle


# Texts and dates


def description(place: Place, element: Element, depth: int) -> None:
    """RSS's text of an entry; a second one is its content."""
    _first_summary_then_content(place, element, HTML, depth)


def summary(place: Place, element: Element, depth: int) -> None:
    """Atom's summary; a second one is its content."""
    _first_summary_then_content(place, element, PLAIN, depth)


def _first_summary_then_content(place: Place, element: Element, type_: str, depth: int) -> None:
    if "summary" in place.raw and not place.has_content:
        content(place, element, depth)
    else:
        place.put_content("summary", place.content(element, type_, depth), depth)


def content(place: Place, element: Element, depth: int, otherwise: str = PLAIN) -> None:
    """The whole text of an entry, which is its summary too until that is said."""
    place.has_content = True
    found = place.content(element, otherwise, depth)
    place.raw.setdefault("content", []).append(found)
    place.raw.setdefault("summary", found["value"])


def content_encoded(place: Place, element: Element, depth: int) -> None:
    """The same, of RSS's content module."""
    content(place, element, depth, HTML)


def _text_of(key: str) -> Handler:
    def handle(place: Place, element: Element, depth: int) -> None:
        place.put_content(key, place.content(element, HTML, depth), depth)

    return handle


def _date_of(key: str) -> Handler:
    def handle(place: Place, element: Element, depth: int) -> None:
        place.attributes(element)
        text = repaired(place.text(element))
        if not text.isascii() and read_date(text) is None:
            # feedparser reads dates of three languages that we do not.
            raise Odd("a date in another script")
        place.put(key, text, depth)

    return handle


def language(place: Place, element: Element, depth: int) -> None:
    """The language, in words of its own."""
    place.attributes(element)
    place.put("language", repaired(place.text(element)), depth)


def original_link(place: Place, element: Element, depth: int) -> None:
    """The page that a feed service took the entry from."""
    if element.keys():
        raise Odd("an original link with attributes")
    place.put("feedburner_origlink", repaired(place.text(element)), depth)


def source(place: Place, element: Element, depth: int) -> None:
    """Where somebody else published the entry. Its title is nobody's, but ends the reign of the entry's own."""
    place.attributes(element)
    place.reading.title_depth = -1
    for child in element:
        name = place.reading.names.element(child.tag)
        if name not in _IN_SOURCE:
            raise Odd("a source that says more than is known")
        if name in {"author", "contributor"}:
            contributor(place, child, depth + 1)
            continue
        said = place.attributes(child)
        if name == "title" and place.text(child):
            if said.get("type", "text") not in {"text", "html"}:
                raise Odd("a text of another type")
            place.reading.title_depth = depth + 1
        place.text(child)


# Media


def media_content(place: Place, element: Element, depth: int) -> None:
    """A medium, with what is said of it inside."""
    place.medium = _note(place, "content", place.attributes(element))
    for child in element:
        name = place.reading.names.element(child.tag)
        handler = _OF_MEDIA.get(name)
        if handler:
            handler(place, child, depth + 1)
        else:
            place.pass_over_unknown(child, name, depth + 1)
    place.medium = None


def media_group(place: Place, element: Element, depth: int) -> None:
    """Several forms of one medium."""
    said = place.attributes(element)
    if "lang" in said or "xml:lang" in said:
        raise Odd("media with a language of their own")
    for child in element:
        name = place.reading.names.element(child.tag)
        handler = _IN_GROUP.get(name)
        if handler:
            handler(place, child, depth + 1)
        else:
            place.pass_over_unknown(child, name, depth + 1)


def media_thumbnail(place: Place, element: Element, _depth: int) -> None:
    """A small picture."""
    place.text(element)
    _note(place, "thumbnail", place.attributes(element))


def _note(place: Place, kind: str, attributes: dict[str, str]) -> dict[str, Any]:
    medium: dict[str, Any] = {**attributes, "kind": kind}
    found = place.raw.setdefault("found_media", [])
    if len(found) < 2 * fields.MAX_MEDIA:
        found.append(medium)
    return medium


def media_title(place: Place, element: Element, depth: int) -> None:
    """The title of one medium, or of the entry if nothing else is."""
    if place.medium is not None:
        place.pass_over(element)
        return
    kept = place.reading.title_depth
    title(place, element, depth)
    place.reading.title_depth = kept


def media_description(place: Place, element: Element, depth: int) -> None:
    """What one medium shows, or all of them."""
    text = place.content(element, HTML, depth)["value"]
    if text and place.medium is not None:
        place.medium.setdefault("alt", text)
    elif text:
        place.raw.setdefault("media_text", text)


def enclosure(place: Place, element: Element, _depth: int) -> None:
    """What is to be downloaded with the entry."""
    said = place.attributes(element)
    text = place.text(element)
    if said.get("url") or said.get("href"):
        if address := said.get("url", said.get("uri", said.get("href"))):
            said["href"] = address
        said["rel"] = "enclosure"
        place.raw.setdefault("links", []).append(said)
    elif text:
        place.raw.setdefault("links", []).append({"rel": "enclosure", "href": repaired(text)})


def image(place: Place, element: Element, _depth: int) -> None:
    """An RSS item's own picture: an address, or an element with one."""
    place.attributes(element)
    place.reading.title_depth = -1
    pieces = [element.text or ""]
    for child in element:
        name = place.reading.names.element(child.tag)
        if name not in {"url", "title", "link", "width", "height"} or child.keys():
            raise Odd("a picture that says more than is known")
        text = place.text(child)
        if name == "url":
            place.raw.setdefault("picture", repaired(joined(place.reading.base, text) if text else text))
        pieces.append(child.tail or "")
    if address := "".join(pieces).strip():
        place.raw.setdefault("picture", address)


def itunes_image(place: Place, element: Element, _depth: int) -> None:
    """A podcast's picture."""
    place.text(element)
    said = place.attributes(element)
    if address := said.get("href") or said.get("url"):
        place.raw["image"] = {"href": address}


def passed_over(place: Place, element: Element, _depth: int) -> None:
    """A text that nobody asks for."""
    place.pass_over(element)


_PUBLISHED, _UPDATED, _CREATED = _date_of("published"), _date_of("updated"), _date_of("created")
# What feedparser knows and nobody asks for.
PASSED_OVER: Mapping[str, Handler] = dict.fromkeys(
    """
    cc_license cloud copyright creativecommons_license dc_contributor dc_publisher dc_rights generator georss_box
    georss_line georss_point georss_polygon info itunes_block itunes_explicit itunes_subtitle media_credit media_license
    media_player media_rating media_restriction rights subtitle tagline webmaster
    """.split(),
    passed_over,
)
_OF_MEDIA: Mapping[str, Handler] = {
    **{name: passed_over for name in PASSED_OVER if name.startswith("media_")},
    "media_description": media_description,
    "media_thumbnail": media_thumbnail,
    "media_title": media_title,
}
_IN_GROUP: Mapping[str, Handler] = {
    **_OF_MEDIA,
    "media_category": media_category,
    "media_content": media_content,
    "media_keywords": _keywords_of(None),
}
IN_ENTRY: Mapping[str, Handler] = {
    **PASSED_OVER,
    **_IN_GROUP,
    **dict.fromkeys(("author", "dc_author", "dc_creator", "itunes_author", "managingeditor"), author),
    **dict.fromkeys(("category", "dc_subject", "keywords"), category),
    **dict.fromkeys(("content_encoded", "fullitem"), content_encoded),
    **dict.fromkeys(("created", "dcterms_created"), _CREATED),
    **dict.fromkeys(("dc_date", "dcterms_modified", "lastbuilddate", "modified", "updated"), _UPDATED),
    **dict.fromkeys(("dc_language", "language"), language),
    **dict.fromkeys(("dc_title", "title"), title),
    **dict.fromkeys(("dcterms_issued", "issued", "pubdate", "published"), _PUBLISHED),
    **dict.fromkeys(("guid", "id"), guid),
    **dict.fromkeys(("itunes_image", "itunes_link"), itunes_image),
    "content": content,
    "contributor": contributor,
    "dc_description": _text_of("dc_description"),
    "description": description,
    "enclosure": enclosure,
    "feedburner_origlink": original_link,
    "image": image,
    "itunes_category": itunes_category,
    "itunes_keywords": _keywords_of(_ITUNES),
    "itunes_summary": _text_of("itunes_summary"),
    "link": link,
    "media_group": media_group,
    "source": source,
    "summary": summary,
}
