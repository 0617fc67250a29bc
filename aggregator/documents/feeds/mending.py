"""Feeds that are not quite XML become XML where it is clear what was meant; those that were cut short are told apart.

Changes nothing in a well-formed document, because it is never asked to. feedparser has a parser for such documents too,
but that one loses the rest of a feed after an unclosed title, and can be kept busy by what is never closed.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from aggregator.documents.feeds.guards import MAX_DEPTH
from aggregator.errors import DocumentError

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Every section consumes what it begins: an unclosed one runs to the end.
_SECTION = re.compile(r"<!\[CDATA\[.*?(?P<closed>\]\]>|\Z)|<!--.*?(?P<ended>-->|\Z)", re.DOTALL)
_LAST_ENTRY = re.compile(r"<(?:[\w.-]{1,50}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_CHARACTERS_AND_REFERENCES = re.compile(
    r"(?P<kept><!\[CDATA\[.*?\]\]>)|(?P<dropped><!--.*?-->)|(?P<stray>\]\]>)"
    r"|&(?:#0{0,20}(?P<decimal>\d{1,7});|#[xX]0{0,20}(?P<hex>[0-9a-fA-F]{1,6});"
    r"|(?P<illegal>#[0-9a-zA-Z]*;)|(?P<name>\w{1,32});)?",
    re.DOTALL,
)
# A quotation that is not closed before the next tag makes no tag. None of the repetitions gives back what it took.
_TAGS = re.compile(
    rf"(?P<kept><!\[CDATA\[.*?\]\]>)|(?P<dropped><\?[^<>]*>|<![^<>]*>)"
    rf"|<(?P<closing>/)?(?P<name>{_NAME})(?=[\s/>])(?P<attributes>(?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+)>|(?P<less><)",
    re.DOTALL,
)
_FIRST_TAG = re.compile(rf"\A<({_NAME})[^>]*>")
_ATTRIBUTE = re.compile(
    rf"(?<![A-Za-z0-9_.:-])(?P<name>{_NAME})\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"']+))"
)
_ENTRIES = frozenset({"item", "entry"})
_HOLD_ENTRIES = frozenset({"rss", "channel", "feed", "rdf"})
# What HTML never closes, less what RSS has elements of the same name for.
_EMPTY = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "param", "wbr"})
# XML 1.0, production 2: what a document may hold.
_CHARACTERS = (range(0x9, 0xB), range(0xD, 0xE), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_KNOWN_PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}


def whole_part(text: str, root: str) -> str | None:
    """The document up to the end of its first element, whose name is `root`; None where that is never closed.

    A closing tag in a comment, in a CDATA section, or before the last entry closes nothing.
    """
    if any(not (section["closed"] or section["ended"]) for section in _SECTION.finditer(text)):
        return None
    visible = _SECTION.sub(lambda section: " " * len(section[0]), text)
    closing = list(re.finditer(rf"</{re.escape(root)}\s*>", visible, re.IGNORECASE))
    entries = [found.start() for found in _LAST_ENTRY.finditer(visible)]
    if not closing or (entries and entries[-1] > closing[-1].start()):
        return None
    return text[: closing[-1].end()]


def with_characters_mended(text: str) -> str:
    """A `whole_part` with `&` written out, HTML's named references as characters, and without comments.

    References to what XML cannot carry, and such characters themselves, go.
    """
    return _CHARACTERS_AND_REFERENCES.sub(_mend_reference, _UNFIT.sub("", text))


def with_tags_mended(text: str) -> str:
    """What `with_characters_mended` gave, with `<` written out, tags closed, attributes quoted, prefixes declared.

    An entry ends where the next begins, and an end tag that closes nothing goes. Raises DocumentError where too much
    is left open.
    """
    return _TagMender().mend(text)


def _mend_reference(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"]
    if found["dropped"] or found["illegal"]:
        return ""
    if found["decimal"] or found["hex"]:
        number = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
        return found[0] if any(number in fit for fit in _CHARACTERS) else ""
    return "]]&gt;" if found["stray"] else _mend_name(found[0], found["name"])


def _mend_name(reference: str, name: str | None) -> str:
    if name in _XML_NAMES:
        return reference
    characters = html5.get(f"{name};")
    return html.escape(characters) if characters else "&amp;" + reference[1:]


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


class _TagMender:
    """Writes tags anew, so that each is closed in its turn."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._used: set[str] = set()
        self._declared: set[str] = {"xml", "xmlns"}

    def mend(self, text: str) -> str:
        first = _TAGS.match(text)
        if first and first["less"]:
            # Where the first tag itself cannot be read, its name is enough.
            text = _FIRST_TAG.sub(r"<\1>", text)
        inside = _TAGS.sub(self._mend_tag, text) + self._close_from(1)
        # The first element is written last, when it is known which prefixes have to be declared in it.
        missing = sorted(self._used - self._declared)
        declarations = "".join(
            f' xmlns:{prefix}="{_KNOWN_PREFIXES.get(prefix, "urn:undeclared:" + prefix)}"' for prefix in missing
        )
        return re.sub(rf"\A<{_NAME}", lambda tag: tag[0] + declarations, inside) + self._close_from(0)

    def _mend_tag(self, found: re.Match[str]) -> str:
        if found["kept"]:
            return found["kept"]
        if found["dropped"]:
            return ""
        if found["less"]:
            return "&lt;"
        name: str = found["name"]
        if found["closing"]:
            # The first element's end is the document's: it is written there.
            if name not in self._open[1:]:
                return ""
            return self._close_from(len(self._open) - 1 - self._open[::-1].index(name))
        return self._begin(name, found["attributes"])

    def _begin(self, name: str, attributes: str) -> str:
        before, local = "", _local(name)
        if local in _ENTRIES:
            holders = (place for place, each in enumerate(self._open) if _local(each) in _HOLD_ENTRIES)
            before = self._close_from(max(holders, default=0) + 1)
        is_empty = attributes.endswith("/") or local in _EMPTY
        written = f"{before}<{name}{self._attributes(attributes.removesuffix('/'))}"
        self._use(name)
        if is_empty and self._open:
            return written + "/>"
        if len(self._open) > MAX_DEPTH:
            raise DocumentError(f"Elements are nested more than {MAX_DEPTH} deep; the document was not read.")
        self._open.append(name)
        return written + ">"

    def _attributes(self, text: str) -> str:
        values: dict[str, str] = {}
        for found in _ATTRIBUTE.finditer(text):
            name, value = found["name"], found["double"] or found["single"] or found["bare"] or ""
            if name.startswith("xmlns"):
                # Expat reads no name space with a space in it.
                value = "".join(value.split())
            if name.startswith("xmlns:"):
                if not value or name == "xmlns:xml":
                    continue
                # What is declared further in is out of sight elsewhere; to be declared twice does no harm.
                if not self._open:
                    self._declared.add(name.removeprefix("xmlns:"))
            self._use(name)
            values.setdefault(name, value)
        return "".join(f' {name}="{value.replace(chr(34), "&quot;")}"' for name, value in values.items())

    def _use(self, name: str) -> None:
        if ":" in name:
            self._used.add(name.partition(":")[0])

    def _close_from(self, place: int) -> str:
        closed, self._open[place:] = self._open[place:], []
        return "".join(f"</{name}>" for name in reversed(closed))
