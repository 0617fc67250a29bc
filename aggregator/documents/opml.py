"""OPML 2.0, the lists of feeds that feed readers pass on to each other: read from hostile bytes, and written.

http://opml.org/spec2.opml. No document type is taken: it is for bombs and for reading files, and no list needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from aggregator.documents import fields
from aggregator.documents.encodings import decode
from aggregator.errors import DocumentError

MAX_OUTLINES = 10_000
MAX_DEPTH = 100
MAX_ATTRIBUTES = 200


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list. `url` is where the feed is, or None where it can only be visited at `home`.

    `unreadable` says of what type it is, where that is none that a feed reader could read.
    """

    title: str
    url: str | None
    home: str | None = None
    language: str | None = None
    unreadable: str | None = None


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """Every feed of the list, in its order, however deep it stands. DocumentError where it is no OPML."""
    reading = _Reading()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reading.refuse_doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(decode(body).lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise DocumentError(f"The list is not well-formed XML: {error}.") from error
    if not reading.is_opml:
        raise DocumentError("This is not OPML: it does not begin with <opml>.")
    return tuple(reading.outlines)


class _Reading:
    """Expat's handlers and what they have to remember."""

    def __init__(self) -> None:
        self.outlines: list[Outline] = []
        self.is_opml = False
        self._depth = 0

    def refuse_doctype(self, *_declaration: object) -> None:
        raise DocumentError("The list has a document type (<!DOCTYPE), which no OPML needs; it was not read.")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.is_opml = name.lower() == "opml"
        if self._depth > MAX_DEPTH:
            raise DocumentError(f"The list is nested more than {MAX_DEPTH} deep; it was not read.")
        if len(attributes) > MAX_ATTRIBUTES:
            raise DocumentError(f"An outline has more than {MAX_ATTRIBUTES} attributes; the list was not read.")
        if not self.is_opml or name.lower() != "outline":
            return
        # Readers write xmlUrl, xmlurl and XMLURL.
        named = {key.lower(): value for key, value in attributes.items()}
        if "xmlurl" in named:
            self.outlines.append(_outline(named))
        if len(self.outlines) > MAX_OUTLINES:
            raise DocumentError(f"The list has more than {MAX_OUTLINES:,} feeds; split it up.")

    def end(self, _name: str) -> None:
        self._depth -= 1


def _outline(named: Mapping[str, str]) -> Outline:
    type_ = named.get("type", "")
    url = fields.web_address(named["xmlurl"])
    title = fields.clean(" ".join((named.get("title") or named.get("text") or "").split()), fields.MAX_NAME)
    return Outline(
        title=title or fields.clean(named["xmlurl"], fields.MAX_NAME),
        url=url,
        home=fields.web_address(named.get("htmlurl")),
        language=fields.language_tag(named.get("language")),
        # FreshRSS also exports pages that it takes apart itself, as `HTML+XPath` and the like.
        unreadable=fields.clean(type_, 50) if "+" in type_ else None,
    )


def write_opml(title: str, groups: Iterable[tuple[str, Sequence[Outline]]]) -> str:
    """A list of feeds in groups. What has no feed stands there as a link."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head>"]
    lines += [f"    <title>{escape(title)}</title>", "  </head>", "  <body>"]
    for group, outlines in groups:
        lines.append(f"    <outline text={quoteattr(group)} title={quoteattr(group)}>")
        lines += [f"      <outline {_attributes(outline)}/>" for outline in outlines]
        lines.append("    </outline>")
    return "\n".join([*lines, "  </body>", "</opml>"])


def _attributes(outline: Outline) -> str:
    if outline.url is None:
        named = {"type": "link", "text": outline.title, "url": outline.home}
    else:
        named = {"type": "rss", "text": outline.title, "title": outline.title, "xmlUrl": outline.url}
        named |= {"htmlUrl": outline.home, "language": outline.language}
    return " ".join(f"{name}={quoteattr(value)}" for name, value in named.items() if value)
