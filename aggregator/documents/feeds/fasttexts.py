"""What feedparser makes of a text once it has it: guesses and repairs that are ours to make in the same way.

Pure functions of strings and elements; which texts matter is `fastfields`' part.
"""

from __future__ import annotations

import re
from html.entities import entitydefs
from urllib.parse import urljoin
from xml.etree.ElementTree import Element  # Only the class: bytes are parsed in fastfeed.py.

from aggregator.documents.feeds.fastnames import Odd
from aggregator.documents.feeds.guards import MAX_ATTRIBUTES, MAX_DEPTH
from aggregator.documents.fields import is_plain_address

_XHTML = "{http://www.w3.org/1999/xhtml}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
# feedparser treats these in a way of its own inside a text.
_STRANGE = frozenset({"body", "svg", "math"})
_SLASHES = re.compile("^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
# To one of the characters from U+007F to U+00BF, and to some others.
_REFERENCE_TO_REPAIR = re.compile(rb"&#(?:0*1|[xX]0*(?:[89abAB]|7[fF]))")
_C1 = re.compile("[\x80-\x9f]")
# Windows-1252's characters where ISO 8859-1 has none; a byte that neither has stays.
_WINDOWS = {
    number: bytes([number]).decode("cp1252")
    for number in range(0x80, 0xA0)
    if number not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_CLOSING_TAG_OR_REFERENCE = re.compile(r"</(\w+)>|&#?\w+;")
_TAG_NAME = re.compile(r"</?(\w+)")
_REFERENCE = re.compile(r"&(\w+);")
_ELEMENTS_NAMES = """
    a abbr acronym address area article aside audio b big blockquote br button canvas caption center cite code
    col colgroup command datagrid datalist dd del details dfn dialog dir div dl dt em event-source fieldset
    figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hr i img input ins kbd keygen label legend li m
    map menu meter multicol nav nextid noscript ol optgroup option output p pre progress q s samp section select
    small sound source spacer span strike strong sub sup table tbody td textarea tfoot th thead time tr tt u ul
    var video
"""
# The elements of feedparser's sanitizer: where a text has others, it takes it for plain text.
ELEMENTS = frozenset(_ELEMENTS_NAMES.split())


def is_sound(xml: bytes) -> bool:
    """Whether no text of a UTF-8 document without entities of its own can be one that `repaired` or `storable` changes.

    expat lets pass no other character that cannot be stored than U+007F.
    """
    return b"\xc2" not in xml and b"\x7f" not in xml and _REFERENCE_TO_REPAIR.search(xml) is None


def repaired(text: str) -> str:
    """The text, read as UTF-8 where somebody took that for ISO 8859-1, with windows-1252's characters in place."""
    # Either needs one of the characters from U+0080 to U+00BF, which all begin with this byte in UTF-8.
    if text.isascii() or b"\xc2" not in text.encode("utf-8", "surrogatepass"):
        return text
    try:  # noqa: SIM105 - to suppress it takes longer than to read most texts
        text = text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        pass
    return text.translate(_WINDOWS) if _C1.search(text) else text


def looks_like_html(text: str) -> bool:
    """Whether what calls itself plain text is HTML: it has an end tag or a reference, and nothing HTML has not."""
    return (
        ("&" in text or "</" in text)
        and bool(_CLOSING_TAG_OR_REFERENCE.search(text))
        and all(name.lower() in ELEMENTS for name in _TAG_NAME.findall(text))
        and all(name in entitydefs for name in _REFERENCE.findall(text))
    )


def joined(base: str, address: str) -> str:
    """The address joined to the base, with only two slashes after its scheme; empty where that cannot be done."""
    if ":///" in address:
        address = _SLASHES.sub(r"\1\3", address)
    if not base:
        return address
    # A `;` would be lost where nothing follows it.
    if ";" not in address and is_plain_address(address) and is_plain_address(base):
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def markup(element: Element, *, depth: int, without_div: bool) -> str:
    """The XHTML inside an element, written anew; `without_div` leaves out a <div> that holds all of it.

    Raises Odd where that is not XHTML alone.
    """
    pieces: list[str] = []
    _write_inside(element, pieces, depth)
    if without_div:
        while len(pieces) > 1 and not pieces[-1].strip():
            del pieces[-1]
        while len(pieces) > 1 and not pieces[0].strip():
            del pieces[0]
        if pieces and (pieces[0] == "<div>" or pieces[0].startswith("<div ")) and _holds_all(pieces):
            pieces = pieces[1:-1]
    return "".join(pieces).strip()


def _holds_all(pieces: list[str]) -> bool:
    """Whether the element that begins with the first piece ends with the last."""
    if pieces[-1] != "</div>":
        return False
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return False
        elif piece.startswith("<"):
            depth += 1
    return True


def _write_inside(element: Element, pieces: list[str], depth: int) -> None:
    if element.text:
        pieces.append(_escaped(element.text))
    for child in element:
        if depth >= MAX_DEPTH:
            raise Odd("nested deeper than is read")
        name = child.tag.removeprefix(_XHTML)
        if name is child.tag or name == child.tag or not name.isascii() or name.lower() in _STRANGE:
            raise Odd("an element that is not XHTML")
        name = name.lower()
        pieces.append(f"<{name}{_written_attributes(child)}>")
        _write_inside(child, pieces, depth + 1)
        pieces.append(f"</{name}>")
        if child.tail:
            pieces.append(_escaped(child.tail))


def _written_attributes(element: Element) -> str:
    items = element.items()
    if not items:
        return ""
    if len(items) > MAX_ATTRIBUTES:
        raise Odd("more attributes than are read")
    written: dict[str, str] = {}
    for key, value in items:
        name = {_XML_LANG: "xml:lang", _XML_SPACE: "xml:space"}.get(key) or key.lower()
        if name in written or name == "base" or "{" in name or not name.isascii():
            raise Odd("an attribute that is not XHTML's")
        written[name] = value.lower() if name in {"rel", "type"} else value
    return "".join(f' {name}="{_escaped(value).replace(chr(34), "&quot;")}"' for name, value in written.items())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;")
