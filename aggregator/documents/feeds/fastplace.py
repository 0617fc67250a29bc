"""One feed or entry while it is read quickly: what was found so far, and what feedparser would remember meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents.feeds.fastnames import Names, Odd
from aggregator.documents.feeds.fasttexts import joined, looks_like_html, markup, repaired

XHTML, HTML, PLAIN = "application/xhtml+xml", "text/html", "text/plain"
_TYPES = {"text": PLAIN, "plain": PLAIN, "html": HTML, "xhtml": XHTML, PLAIN: PLAIN, HTML: HTML, XHTML: XHTML}
_MEANT_NAMES = """
    abstract author author_detail authors body category cc_license channel cloud content content_encoded
    contributor contributors copyright created creativecommons_license date day dc_author dc_contributor
    dc_creator dc_date dc_description dc_language dc_publisher dc_rights dc_subject dc_title dcterms_created
    dcterms_issued dcterms_modified dcterms_valid declared_language description email enclosure entries entry
    expirationdate feed feedburner_browserfriendly feedburner_origlink found_media fullitem generator geom
    georss_box georss_line georss_point georss_polygon georss_where georssgeom gml_exterior gml_linearring
    gml_linestring gml_point gml_polygon gml_pos gml_poslist guid guidislink height homepage hour href id image
    info issued item items itunes_author itunes_block itunes_category itunes_email itunes_explicit itunes_image
    itunes_keywords itunes_link itunes_name itunes_owner itunes_subtitle itunes_summary keywords language
    lastbuilddate link links managingeditor media_category media_content media_credit media_description
    media_group media_keywords media_license media_player media_rating media_restriction media_text
    media_thumbnail media_title modified name newlocation picture psc_chapter psc_chapters pubdate published
    publishers rdf rights rss source subtitle summary svg sy_updatefrequency sy_updateperiod tagline tags
    textinput time title ttl updated uri url webmaster where width xhtml_body
"""
# Names with a meaning of their own, to feedparser or to `xmlfeed`, or looked for by `guards`: an element that has one
# is read where it is expected, and makes the document odd elsewhere. The tests compare these with feedparser's.
MEANT = frozenset(_MEANT_NAMES.split())
_MEANT_ENDINGS = ("_detail", "_parsed", "deleted-entry", "_item", "_entry", "_svg")


@dataclass(slots=True)
class Reading:
    """What holds for the whole document.

    `title_depth` is how deep the last title stood that counts, or -1. `base` is the base address at this moment.
    `is_sound` says that no text has anything to be repaired.
    """

    names: Names
    version: str
    is_atom: bool = False
    base: str = ""
    title_depth: int = -1
    is_sound: bool = False

    def settle(self, version: str) -> None:
        """Note the format, as soon as that is known and before any text is read."""
        self.version, self.is_atom = version, version.startswith("atom")


@dataclass(slots=True)
class Place:
    """The feed or an entry, `depth` deep, with the language and base address inside it.

    `title_at` says how deep the title of an entry has stood; a feed's later element always wins.
    """

    reading: Reading
    depth: int = 1
    language: str | None = None
    base: str = ""
    is_entry: bool = False
    has_content: bool = False
    raw: dict[str, Any] = field(default_factory=dict)
    title_at: int | None = None
    medium: dict[str, Any] | None = None

    def attributes(self, element: Element) -> dict[str, str]:
        """The attributes of an element that may not say a base address, by feedparser's names."""
        if not element.keys():
            return {}
        found = self.reading.names.attributes(element)
        if "base" in found or "xml:base" in found:
            raise Odd("a base address where none is expected")
        return found

    def own_base(self, attributes: Mapping[str, str], depth: int) -> str:
        """The base address inside an element with these attributes.

        Where what is around it has none, feedparser goes on with it after the element.
        """
        reading, around = self.reading, self.reading.base
        if "base" in attributes or "xml:base" in attributes:
            if depth != self.depth + 1:
                raise Odd("a base address where none is expected")
            base = base_within(around, attributes)
            reading.base = self.base or base
            return base
        if self.base and depth == self.depth + 1:
            reading.base = self.base
        return around

    def text(self, element: Element) -> str:
        """The text of an element without children."""
        if len(element):
            raise Odd("an element inside a text")
        text = element.text
        return text.strip() if text else ""

    def plain(self, element: Element) -> str:
        """The same, repaired, of an element whose attributes say nothing that matters."""
        if len(element):
            raise Odd("an element inside a text")
        if element.keys():
            self.attributes(element)
        text = element.text
        if not text:
            return ""
        text = text.strip()
        return text if self.reading.is_sound or text.isascii() else repaired(text)

    def content(self, element: Element, otherwise: str, depth: int) -> dict[str, Any]:
        """A text with its type, language and base address, as feedparser details it."""
        reading = self.reading
        base, type_, language = reading.base, otherwise, self.language
        if element.keys():
            attributes = reading.names.attributes(element)
            base = self.own_base(attributes, depth)
            type_ = _TYPES.get(attributes.get("type", otherwise), "")
            language = language_within(language, attributes)
            if not type_ or attributes.get("mode") == "base64":
                raise Odd("a text of another type")
        if type_ == XHTML:
            text = markup(element, depth=depth, without_div=reading.version == "atom10")
        elif len(element):
            raise Odd("an element inside a text")
        else:
            text = (element.text or "").strip()
            if type_ == PLAIN and not reading.is_atom and looks_like_html(text):
                type_ = HTML
        value = text if reading.is_sound or text.isascii() else repaired(text)
        return {"type": type_, "language": language, "base": base, "value": value}

    def put_title(self, content: dict[str, Any], depth: int) -> None:
        """Keep a title, unless an entry has one already that stands less deep; of its details, the last always win."""
        if not self.is_entry or self.title_at is None or depth <= self.title_at:
            self.title_at = depth
            self.raw["title"] = content["value"]
        self.raw["title_detail"] = content

    def pass_over(self, element: Element) -> None:
        """Leave out a text that nobody asks for."""
        if len(element):
            raise Odd("an element inside a text")
        if element.keys():
            self.attributes(element)

    def pass_over_unknown(self, element: Element, name: str, depth: int) -> None:
        """Leave out an element that means nothing to feedparser, and all within it, if that means nothing either."""
        if name in MEANT or name.endswith(_MEANT_ENDINGS) or depth > _DEEPEST_UNKNOWN:
            raise Odd("an element that has a meaning elsewhere")
        if element.keys():
            self.attributes(element)
        for child in element:
            self.pass_over_unknown(child, self.reading.names.elements[child.tag], depth + 1)


Handler = Callable[[Place, Element, int], None]
_DEEPEST_UNKNOWN = 50


class Handlers(dict[str, Handler]):
    """What the elements of one document mean in one kind of place: by tag, found out when one first comes up."""

    def __init__(self, names: Names, known: Mapping[str, Handler]) -> None:
        self._names, self._known = names, known

    def __missing__(self, tag: str) -> Handler:
        handler = self[tag] = self._known.get(self._names.elements[tag], _unknown)
        return handler


def _unknown(place: Place, element: Element, depth: int) -> None:
    place.pass_over_unknown(element, place.reading.names.elements[element.tag], depth)


def language_within(language: str | None, attributes: Mapping[str, str]) -> str | None:
    """The language inside an element with these attributes, in one of the given language."""
    return attributes.get("xml:lang", attributes.get("lang", language)) or None


def base_within(base: str, attributes: Mapping[str, str]) -> str:
    """The base address inside an element with these attributes, in one of the given base."""
    said = attributes.get("xml:base", attributes.get("base"))
    if not said:
        return base
    address = joined(base, said)
    if address.startswith(("http://", "https://")) and joined(address, address) == address:
        return address
    if ":" in address or not address:
        raise Odd("a base that is no web address")
    # Only the first base can be a relative one: to feedparser its beginning names a scheme, and none that it accepts.
    return base or address
