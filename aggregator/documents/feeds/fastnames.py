"""Which name feedparser knows an element or attribute by, whatever prefix a document gives its name space.

Judges no contents. Where a name's meaning hangs on the order of declarations, it raises Odd.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents.feeds.guards import MAX_ATTRIBUTES, MAX_BASE

# Known name spaces in lower case, as feedparser compares them; those it reads as RSS or Atom itself have no prefix.
_KNOWN: dict[str, str] = {
    **dict.fromkeys(
        (
            "",
            "http://backend.userland.com/rss",
            "http://blogs.law.harvard.edu/tech/rss",
            "http://example.com/necho",
            "http://example.com/newformat#",
            "http://my.netscape.com/rdf/simple/0.9/",
            "http://purl.org/atom/ns#",
            "http://purl.org/echo/",
            "http://purl.org/pie/",
            "http://purl.org/rss/1.0/",
            "http://purl.org/rss/1.0/modules/rss091#",
            "http://www.w3.org/2005/atom",
            "uri/of/echo/namespace#",
        ),
        "",
    ),
    **{
        f"http://purl.org/rss/1.0/modules/{name}": prefix
        for name, prefix in {
            "aggregation/": "ag",
            "annotate/": "annotate",
            "company": "co",
            "content/": "content",
            "email/": "email",
            "event/": "ev",
            "image/": "image",
            "link/": "l",
            "reference/": "ref",
            "richequiv/": "reqv",
            "search/": "search",
            "servicestatus/": "ss",
            "slash/": "slash",
            "subscription/": "sub",
            "syndication/": "sy",
            "taxonomy/": "taxo",
            "textinput/": "ti",
            "threading/": "thr",
            "wiki/": "wiki",
        }.items()
    },
    "http://backend.userland.com/blogchannelmodule": "blogchannel",
    "http://backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "http://creativecommons.org/ns#license": "cc",
    "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://freshmeat.net/rss/fm/": "fm",
    "http://hacks.benhammersley.com/rss/streaming/": "str",
    "http://madskills.com/public/xml/rss/module/pingback/": "pingback",
    "http://madskills.com/public/xml/rss/module/trackback/": "trackback",
    "http://media.tangent.org/rss/1.0/": "audio",
    "http://my.theinfo.org/changed/1.0/rss/": "cp",
    "http://podlove.org/simple-chapters": "psc",
    "http://postneo.com/icbm/": "icbm",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://schemas.pocketsoap.com/rss/mydescmodule/": "szf",
    "http://schemas.xmlsoap.org/soap/envelope/": "soap",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://web.resource.org/cc/": "cc",
    "http://webns.net/mvcb/": "admin",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.georss.org/georss": "georss",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.opengis.net/gml": "gml",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://xmlns.com/foaf/0.1/": "foaf",
}
# Those of attributes that are asked for.
_ATTRIBUTE_PREFIXES = frozenset({"rdf", "xml"})


class Odd(Exception):  # noqa: N818 - not an error: the thorough reader reads what this one does not understand
    """The document holds something that only the thorough reader is sure about."""


class _Remembered(dict[str, str]):
    """Names that are found out when they are first asked for."""

    def __init__(self, find: Callable[[str], str]) -> None:
        self._find = find

    def __missing__(self, name: str) -> str:
        found = self[name] = self._find(name)
        return found


class Names:
    """The names of one document's elements and attributes, by what all of it declares.

    `elements` gives feedparser's name of each tag, with `_` between prefix and name: `dc_creator`, `pubdate`.
    """

    def __init__(self, declared: Iterable[tuple[str, str]]) -> None:
        """`declared` are prefix and name space in the document's order; "" is the prefix of the default one."""
        self._unknown: dict[str, str] = {}
        # Neither may hold this object: a ring of them would stay behind until garbage is looked for, which is seldom.
        self.elements = _Remembered(functools.partial(_element_name, self._unknown))
        self._attributes = _Remembered(_attribute_name)
        spaces: dict[str, str] = {}
        used, misused = set(), set()
        for prefix, space in dict.fromkeys((prefix.lower(), space) for prefix, space in declared if space):
            if not space.isascii() or " " in space or not prefix.isascii():
                raise Odd("a name space that the parsers do not agree upon")
            if prefix and spaces.setdefault(prefix, space) != space:
                raise Odd("a prefix with two meanings")
            known = _known(space)
            if known is None:
                self._learn(prefix, space)
            used.add(known)
            if prefix != known:
                misused.add(prefix)
        if used & misused - {""}:
            raise Odd("a known prefix that means something else")

    def attributes(self, element: Element) -> dict[str, str]:
        """An element's attributes by feedparser's names: `xml:lang`, `ispermalink`; `rel` and `type` in lower case."""
        items = element.items()
        if not items:
            return {}
        names = self._attributes
        found = {names[key]: value for key, value in items}
        if len(found) < len(items):
            raise Odd("an attribute that is said twice")
        if len(items) > MAX_ATTRIBUTES:
            raise Odd("more attributes than are read")
        if "rel" in found:
            found["rel"] = found["rel"].lower()
        if "type" in found:
            found["type"] = found["type"].lower()
        if "base" in found or "xml:base" in found:
            _judge_base(found)
        return found

    def _learn(self, prefix: str, space: str) -> None:
        """To feedparser, an unknown name space is the first prefix that it is given."""
        if "" in {prefix, self._unknown.setdefault(space, prefix)} and self._unknown[space] != prefix:
            raise Odd("an unknown name space with and without prefix")
        if prefix in _ATTRIBUTE_PREFIXES:
            raise Odd("a known prefix for an unknown name space")


def _element_name(unknown: Mapping[str, str], tag: str) -> str:
    if not tag.isascii():
        raise Odd("a name that is not plain ASCII")
    space, _, local = tag.rpartition("}")
    known = _known(space[1:])
    prefix = unknown[space[1:]] if known is None else known
    return f"{prefix}_{local.lower()}" if prefix else local.lower()


def _attribute_name(key: str) -> str:
    if not key.isascii():
        raise Odd("a name that is not plain ASCII")
    space, _, local = key.rpartition("}")
    # To feedparser an attribute of an unknown name space is one of none.
    prefix = _KNOWN.get(space[1:].lower())
    return f"{prefix}:{local.lower()}" if prefix else local.lower()


def _judge_base(attributes: Mapping[str, str]) -> None:
    if max(len(attributes.get("base", "")), len(attributes.get("xml:base", ""))) > MAX_BASE:
        raise Odd("a base address of absurd length")


def _known(space: str) -> str | None:
    """Feedparser's prefix of a name space it knows, which is empty for RSS and Atom themselves."""
    lower = space.lower()
    return "" if "backend.userland.com/rss" in lower else _KNOWN.get(lower)


def version_by_name_space(declared: Iterable[tuple[str, str]]) -> str:
    """The format that the first telling declaration stands for, or "" where none does."""
    for prefix, space in declared:
        lower = space.lower()
        if (prefix, lower) == ("", "http://my.netscape.com/rdf/simple/0.9/"):
            return "rss090"
        if version := _VERSIONS.get(lower):
            return version
    return ""


_VERSIONS: Mapping[str, str] = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}
