"""Reads a well-formed feed quickly, exactly as feedparser's reader does, or leaves it to that one.

Of feedparser's 15 ms for a feed of thirty entries, most goes into being asked about every element and attribute. Here
expat builds the tree in C, and what is understood is taken from it; the rules are feedparser's own, odd ones included,
and the tests hold both against each other. Whatever could be read in another way (unknown uses of known names, markup
in texts, other types, hundreds of anything) makes the document odd: it is then read by `feedreaders`, and refused by
`guards` where it is built to do harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError  # Only the classes: bytes are parsed in fasttree.py.

from aggregator.documents import fields
from aggregator.documents.feeds import fastelements
from aggregator.documents.feeds.fastelements import PASSED_OVER, passed_over
from aggregator.documents.feeds.fastentry import IN_ENTRY
from aggregator.documents.feeds.fastnames import Names, Odd, version_by_name_space
from aggregator.documents.feeds.fastplace import Handler, Handlers, Place, Reading, base_within, language_within
from aggregator.documents.feeds.fasttexts import is_sound, repaired
from aggregator.documents.feeds.fasttree import parsed
from aggregator.documents.feeds.guards import MAX_CATEGORIES_OF_AN_ENTRY, MAX_INSTRUCTIONS
from aggregator.documents.feeds.xmlfeed import Found

# Larger ones are looked over by `guards` before anything is built from them.
MAX_BYTES = 4_000_000
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
_ENTRIES = frozenset({"item", "entry"})
_IN_IMAGE = frozenset({"title", "link", "url", "width", "height", "description"})
_IN_TEXTINPUT = frozenset({"title", "link", "name", "description"})
_IN_DELETED = frozenset({"comment", "by"})


def read_quickly(xml: bytes) -> Found | None:
    """What a UTF-8 document that begins with its first element says; None where it is not read here."""
    # Single characters are counted in a third of the time, and say enough of most documents.
    tags = xml.count(b"<")
    has_questions = tags > MAX_INSTRUCTIONS and xml.count(b"?") > MAX_INSTRUCTIONS
    if len(xml) > MAX_BYTES or (has_questions and xml.count(b"<?") > MAX_INSTRUCTIONS):
        return None
    try:
        root, declarations = parsed(xml)
        reading = Reading(Names(declarations.all), version_by_name_space(declarations.of_root), is_sound=is_sound(xml))
        return _Feed(root, reading, is_large=tags > MAX_CATEGORIES_OF_AN_ENTRY).read()
    except (Odd, ParseError):
        return None


class _Feed:
    """One document on its way to what it says."""

    def __init__(self, root: Element, reading: Reading, *, is_large: bool) -> None:
        self._root = root
        self._is_large = is_large
        self._reading = reading
        self._feed = Place(self._reading)
        self._entries: list[Place] = []
        self._deleted: list[str] = []
        self._rhythm: dict[str, list[str]] = {}
        self._in_entry = Handlers(self._reading.names, IN_ENTRY)

    def read(self) -> Found:
        name = self._reading.names.elements[self._root.tag]
        attributes = self._reading.names.attributes(self._root)
        self._enter(attributes)
        if name == "rss":
            self._read_rss(attributes)
        elif name == "feed":
            named = _ATOM_VERSIONS.get(attributes.get("version", ""), "atom")
            self._reading.settle(self._reading.version or named)
            self._note_language()
            self._read_feed(self._root, 1)
        elif name == "rdf_rdf" and self._reading.version:
            self._reading.settle(self._reading.version)
            self._read_rdf()
        else:
            raise Odd("a first element of another name")
        return Found(
            version=self._reading.version,
            feed=self._feed.raw,
            entries=[entry.raw for entry in self._entries],
            deleted=self._deleted[: fields.MAX_DELETED],
            rhythm=self._rhythm,
            is_sound=self._reading.is_sound,
        )

    def _enter(self, attributes: Mapping[str, str]) -> None:
        self._feed.language = language_within(self._feed.language, attributes)
        self._feed.base = self._reading.base = base_within(self._reading.base, attributes)

    def _note_language(self) -> None:
        if self._feed.language:
            self._feed.raw["language"] = self._feed.language

    def _read_rss(self, attributes: Mapping[str, str]) -> None:
        version = attributes.get("version", "")
        named = _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
        self._reading.settle(self._reading.version if self._reading.version.startswith("rss") else named)
        self._note_language()
        if len(self._root) != 1 or self._reading.names.elements[self._root[0].tag] != "channel":
            raise Odd("anything but one channel")
        self._read_channel(self._root[0])

    def _read_channel(self, channel: Element) -> None:
        attributes = self._reading.names.attributes(channel)
        if "lastmod" in attributes or "href" in attributes:
            raise Odd("a channel of Microsoft's channel format")
        before = self._feed.language, self._feed.base
        self._enter(attributes)
        self._feed.depth = 2
        self._read_feed(channel, 2)
        self._feed.depth = 1
        self._feed.language, self._feed.base = before
        self._reading.base = self._feed.base or self._reading.base

    def _read_rdf(self) -> None:
        channels = 0
        for child in self._root:
            name = self._reading.names.elements[child.tag]
            if name == "channel" and not channels:
                channels += 1
                self._read_channel(child)
            elif name in _ENTRIES:
                self._read_entry(child, 2)
            elif name in {"image", "textinput"}:
                _IN_FEED[name](self, child, 2)
            else:
                raise Odd("an element beside the channel")

    def _read_feed(self, element: Element, depth: int) -> None:
        names, place = self._reading.names, self._feed
        for child in element:
            name = names.elements[child.tag]
            if name in _ENTRIES:
                self._read_entry(child, depth + 1)
            elif handler := _AS_IN_ENTRY.get(name):
                handler(place, child, depth + 1)
            elif own := _IN_FEED.get(name):
                own(self, child, depth + 1)
            elif name.endswith("deleted-entry"):
                self.deletion(child, depth + 1)
            else:
                place.pass_over_unknown(child, name, depth + 1)

    def _read_entry(self, element: Element, depth: int) -> None:
        if len(self._entries) >= fields.MAX_ENTRIES:
            raise Odd("more entries than are read here")
        if self._is_large and len([*element.iter()]) > MAX_CATEGORIES_OF_AN_ENTRY:
            raise Odd("more elements than are read here")
        reading, feed = self._reading, self._feed
        reading.title_depth = -1
        place = Place(reading, depth, feed.language, reading.base, is_entry=True, has_content=feed.has_content)
        if element.keys():
            _note_entry(place, reading.names.attributes(element))
            reading.base = place.base
        self._entries.append(place)
        handlers = self._in_entry
        for child in element:
            handlers[child.tag](place, child, depth + 1)
        feed.has_content = False
        reading.base = feed.base or reading.base

    def deletion(self, element: Element, depth: int) -> None:
        """RFC 6721: an entry that is no more. What its link says, feedparser takes for the feed's own."""
        said = self._feed.attributes(element)
        if said.get("ref"):
            self._deleted.append(said["ref"])
        for child in element:
            name = self._reading.names.elements[child.tag]
            if name == "link":
                fastelements.link(self._feed, child, depth + 1)
            elif name.rpartition("_")[2] in _IN_DELETED and len(child):
                fastelements.contributor(self._feed, child, depth + 1)
            else:
                self._feed.pass_over_unknown(child, name, depth + 1)

    def about(self, element: Element, _depth: int) -> None:
        """What the feed is about, which nobody asks for."""
        if "content" in self._feed.raw and self._entries:
            raise Odd("a feed with content, and a description after its entries")
        self._feed.pass_over(element)

    def content(self, element: Element, _depth: int) -> None:
        """The feed's content, which nobody asks for; to feedparser the first entry has it too."""
        if self._entries:
            raise Odd("a feed with content after its entries")
        self._feed.pass_over(element)
        self._feed.raw["content"] = []
        self._feed.has_content = True

    def picture(self, element: Element, depth: int) -> None:
        """The feed's logo, which nobody asks for."""
        self._box(element, depth, _IN_IMAGE)

    def form(self, element: Element, depth: int) -> None:
        """A search form of 1999."""
        self._box(element, depth, _IN_TEXTINPUT)

    def _box(self, element: Element, depth: int, expected: frozenset[str]) -> None:
        """Something with a title of its own, which ends the reign of the feed's."""
        self._feed.attributes(element)
        self._reading.title_depth = -1
        for child in element:
            name = self._reading.names.elements[child.tag]
            if name not in expected or (self._feed.attributes(child) and name != "link"):
                raise Odd("a logo or form that says more than is known")
            if self._feed.text(child) and name == "title":
                self._reading.title_depth = depth + 1

    def nested(self, element: Element, depth: int) -> None:
        """What holds nothing but itself or the unknown: categories of categories, RDF's list of items."""
        self._feed.attributes(element)
        for child in element:
            name = self._reading.names.elements[child.tag]
            if name.endswith("category"):
                self.nested(child, depth + 1)
            else:
                self._feed.pass_over_unknown(child, name, depth + 1)

    def owner(self, element: Element, _depth: int) -> None:
        """A podcast's owner; feedparser mixes the name up with the last author's, whom only Atom asks for."""
        self._feed.attributes(element)
        for child in element:
            if self._reading.names.elements[child.tag] not in {"itunes_name", "itunes_email", "name", "email"}:
                raise Odd("an owner who is more than a person")
            self._feed.pass_over(child)
        if self._reading.version.startswith("atom"):
            raise Odd("a podcast's owner in Atom")

    def wish(self, element: Element, _depth: int) -> None:
        """How often the feed wishes to be asked for, in one word or number."""
        attributes, text = self._feed.attributes(element), self._feed.text(element)
        if text and not attributes:
            self._rhythm.setdefault(self._reading.names.elements[element.tag], []).append(repaired(text))

    def wishes(self, element: Element, depth: int) -> None:
        """The same, several times."""
        self._feed.attributes(element)
        for child in element:
            if self._reading.names.elements[child.tag] not in {"hour", "day"}:
                raise Odd("hours or days that say more than is known")
            self.wish(child, depth + 1)


def _note_entry(place: Place, attributes: Mapping[str, str]) -> None:
    """What an entry's own tag says."""
    if "lastmod" in attributes or "href" in attributes:
        raise Odd("an item of Microsoft's channel format")
    place.language = language_within(place.language, attributes)
    place.base = base_within(place.base, attributes)
    if declared := attributes.get("xml:lang") or attributes.get("lang"):
        place.raw["declared_language"] = declared
    if identifier := attributes.get("rdf:about"):
        place.raw["id"] = identifier


_PASSED_OVER_IN_FEED = """
    created dc_date dc_description dcterms_created dcterms_issued dcterms_modified feedburner_browserfriendly
    issued itunes_image itunes_keywords itunes_link itunes_summary keywords lastbuilddate media_keywords
    media_thumbnail modified pubdate published updated
"""
_SHARED = """
    author contributor dc_author dc_creator dc_language dc_title guid id itunes_author language link
    managingeditor title
"""
# What an element of the feed means as it would in an entry.
_AS_IN_ENTRY: Mapping[str, Handler] = {
    **PASSED_OVER,
    **dict.fromkeys(_PASSED_OVER_IN_FEED.split(), passed_over),
    **{name: IN_ENTRY[name] for name in _SHARED.split()},
}
_IN_FEED = {
    **dict.fromkeys(("category", "dc_subject", "items", "itunes_category", "media_category"), _Feed.nested),
    **dict.fromkeys(("skipdays", "skiphours"), _Feed.wishes),
    **dict.fromkeys(("sy_updatefrequency", "sy_updateperiod", "ttl"), _Feed.wish),
    "content_encoded": _Feed.content,
    "description": _Feed.about,
    "image": _Feed.picture,
    "itunes_owner": _Feed.owner,
    "textinput": _Feed.form,
}
