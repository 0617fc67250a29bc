"""A well-formed document as expat's tree, and the name spaces that it declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from xml.etree.ElementTree import Element, XMLParser, XMLPullParser

from aggregator.documents.feeds.fastnames import Odd
from aggregator.documents.feeds.guards import MAX_PREFIXES

_XLINK = "http://www.w3.org/1999/xlink"
_ATTRIBUTE = rb"""\s++([^\s<>"'=/]++)\s*+=\s*+(?:"([^"<]*+)"|'([^'<]*+)')"""
_FIRST_TAG = re.compile(rb"""<[^\s<>"'=/]++(?:%b)*+\s*+/?>""" % _ATTRIBUTE)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_DECLARATION = re.compile(rb"xmlns")
# A name space that is meant as it is written: no references, no white space that a parser would change.
_PLAIN = re.compile(rb"[!-%'-~]*")


@dataclass(frozen=True, slots=True)
class Declarations:
    """Prefixes and name spaces in the order of their declaration; "" is the prefix of the default one."""

    all: Sequence[tuple[str, str]]
    of_root: Sequence[tuple[str, str]]


def parsed(xml: bytes) -> tuple[Element, Declarations]:
    """The first element of a document that begins with it, and what is declared.

    Raises ParseError where the document is not well-formed, Odd where it declares too much.
    """
    of_root = _declared_by_root_alone(xml)
    if of_root is None:
        return _parsed_with_events(xml)
    if len(of_root) > MAX_PREFIXES:
        raise Odd("more name spaces than are read")
    parser = XMLParser()  # noqa: S314 - a document that declares entities does not come here
    parser.feed(xml)
    return parser.close(), Declarations(of_root, of_root)


def _declared_by_root_alone(xml: bytes) -> list[tuple[str, str]] | None:
    """What the first tag declares, where that is plain to see and nothing further on declares more."""
    tag = _FIRST_TAG.match(xml)
    if not tag or _DECLARATION.search(xml, tag.end()):
        return None
    declared: list[tuple[str, str]] = []
    for name, double, single in _ATTRIBUTES.findall(tag[0]):
        kind, _, prefix = name.partition(b":")
        if kind == b"xmlns":
            space = double or single
            if not prefix.isascii() or not _PLAIN.fullmatch(space):
                return None
            declared.append((prefix.decode(), space.decode()))
    return declared


def _parsed_with_events(xml: bytes) -> tuple[Element, Declarations]:
    parser: XMLPullParser[Element] = XMLPullParser(("start-ns", "start"))
    parser.feed(xml)
    parser.close()
    declared: list[tuple[str, str]] = []
    root: Element | None = None
    its_own = 0
    for _, value in cast("Iterator[tuple[str, Element | tuple[str, str]]]", parser.read_events()):
        if isinstance(value, tuple):
            declared.append(value)
            if root is not None and value[1] == _XLINK:
                raise Odd("a declaration that feedparser takes for an attribute")
        elif root is None:
            root, its_own = value, len(declared)
    if root is None:
        raise Odd("no element")
    if len(declared) > MAX_PREFIXES:
        raise Odd("more name spaces than are read")
    return root, Declarations(declared, declared[:its_own])
