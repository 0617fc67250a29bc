"""Where a feed says that it can be had by push (WebSub): its hubs and its topic, from its links and from its headers.

Contacts no hub, and does not know whether one is there. https://www.w3.org/TR/websub/#discovery
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER_CHARACTERS = 20_000
# RFC 8288, section 3: nothing that was taken is given back, so no header takes long.
_PARAMETER = r'\s*+;\s*+([^\s;,="]++)\s*+(?:=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s;,"]*+)))?+'
_LINK = re.compile(rf"<([^<>]*+)>((?:{_PARAMETER})*+)")
_PARAMETERS = re.compile(_PARAMETER)


def offered(links: Iterable[tuple[str, str]], base: str) -> tuple[tuple[str, ...], str | None]:
    """The hubs, and the topic where one is named, among links given as relation and address."""
    hubs: list[str] = []
    topic = None
    for relations, href in links:
        names = relations.lower().split()
        address = fields.web_address(href, base) if {"hub", "self"} & set(names) else None
        if address and "hub" in names:
            hubs.append(address)
        if address and "self" in names:
            topic = topic or address
    return fields.distinct_hubs(hubs), topic


def header_links(header: str) -> Iterator[tuple[str, str]]:
    """The relation and the address of each link in a `Link` header, which may be several joined by commas."""
    for link in _LINK.finditer(header[:_HEADER_CHARACTERS]):
        named = ((found[1].lower(), found[2] or found[3] or "") for found in _PARAMETERS.finditer(link[2]))
        relation = next((value for name, value in named if name == "rel"), None)  # the first counts
        if relation:
            yield relation, link[1].strip()


def with_header(document: Document, header: str, url: str) -> Document:
    """The document with what the `Link` header of its answer says of hubs and topic, which goes before its own word."""
    if not header:
        return document
    hubs, topic = offered(header_links(header), url)
    return replace(document, hubs=hubs or document.hubs, topic=topic or document.topic)


def offer_in(header: str, url: str) -> Document | None:
    """An empty document with the hubs that a `Link` header names, None where it names none.

    An answer that says only that nothing has changed need not name them once more.
    """
    offer = with_header(Document((), "unchanged", is_window=False), header, url)
    return offer if offer.hubs else None
