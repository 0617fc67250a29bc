"""What the elements of an entry alone mean, and all that may stand in one, exactly as feedparser takes them."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents.datestrings import read_date
from aggregator.documents.feeds import fastelements, fastmedia
from aggregator.documents.feeds.fastnames import Odd
from aggregator.documents.feeds.fastplace import HTML, PLAIN, Handler, Place

_IN_SOURCE_NAMES = """
    title id link updated published author subtitle rights category generator icon logo contributor
"""
_IN_SOURCE = frozenset(_IN_SOURCE_NAMES.split())


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
        place.raw["summary_detail"] = found = place.content(element, type_, depth)
        place.raw["summary"] = found["value"]


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
        place.raw[f"{key}_detail"] = found = place.content(element, HTML, depth)
        place.raw[key] = found["value"]

    return handle


def _date_of(key: str) -> Handler:
    def handle(place: Place, element: Element, _depth: int) -> None:
        text = place.plain(element)
        if not text.isascii() and read_date(text) is None:
            # feedparser reads dates of three languages that we do not.
            raise Odd("a date in another script")
        place.raw[key] = text

    return handle


def original_link(place: Place, element: Element, _depth: int) -> None:
    """The page that a feed service took the entry from."""
    if element.keys():
        raise Odd("an original link with attributes")
    place.raw["feedburner_origlink"] = place.plain(element)


def source(place: Place, element: Element, depth: int) -> None:
    """Where somebody else published the entry. Its title is nobody's, but ends the reign of the entry's own."""
    place.attributes(element)
    place.reading.title_depth = -1
    for child in element:
        name = place.reading.names.elements[child.tag]
        if name not in _IN_SOURCE:
            raise Odd("a source that says more than is known")
        if name in {"author", "contributor"}:
            fastelements.contributor(place, child, depth + 1)
            continue
        said = place.attributes(child)
        if name == "title" and place.text(child):
            if said.get("type", "text") not in {"text", "html"}:
                raise Odd("a text of another type")
            place.reading.title_depth = depth + 1
        place.text(child)


_PUBLISHED, _UPDATED, _CREATED = _date_of("published"), _date_of("updated"), _date_of("created")
IN_ENTRY: Mapping[str, Handler] = {
    **fastelements.PASSED_OVER,
    **fastmedia.IN_GROUP,
    **dict.fromkeys(("author", "dc_author", "dc_creator", "itunes_author", "managingeditor"), fastelements.author),
    **dict.fromkeys(("category", "dc_subject", "keywords"), fastelements.category),
    **dict.fromkeys(("content_encoded", "fullitem"), content_encoded),
    **dict.fromkeys(("created", "dcterms_created"), _CREATED),
    **dict.fromkeys(("dc_date", "dcterms_modified", "lastbuilddate", "modified", "updated"), _UPDATED),
    **dict.fromkeys(("dc_language", "language"), fastelements.language),
    **dict.fromkeys(("dc_title", "title"), fastelements.title),
    **dict.fromkeys(("dcterms_issued", "issued", "pubdate", "published"), _PUBLISHED),
    **dict.fromkeys(("guid", "id"), fastelements.guid),
    **dict.fromkeys(("itunes_image", "itunes_link"), fastmedia.itunes_image),
    "content": content,
    "contributor": fastelements.contributor,
    "dc_description": _text_of("dc_description"),
    "description": description,
    "enclosure": fastmedia.enclosure,
    "feedburner_origlink": original_link,
    "image": fastmedia.image,
    "itunes_category": fastelements.itunes_category,
    "itunes_keywords": fastelements.itunes_keywords,
    "itunes_summary": _text_of("itunes_summary"),
    "link": fastelements.link,
    "media_group": fastmedia.media_group,
    "source": source,
    "summary": summary,
}
