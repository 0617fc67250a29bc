"""One feed document, of whatever format, from bytes to a Document. Pure; meant to run where it can be killed.

The order: text, what it is, a quick reading, and where that is not sure a thorough one.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from aggregator.documents.encodings import decode, is_utf8_if_valid
from aggregator.documents.feeds.fastfeed import read_quickly
from aggregator.documents.feeds.guards import find_root
from aggregator.documents.feeds.jsonfeed import read_json_feed
from aggregator.documents.feeds.xmlfeed import document
from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from aggregator.documents.feeds.xmlfeed import Found
    from aggregator.model import Document

_BEFORE = "\ufeff \t\r\n\x00"
_BEGINNING = 4_096


def read_feed(body: bytes, *, url: str, content_type: str | None = None) -> Document:
    """What a feed says: RSS 0.9x to 2.0, Atom 0.3 and 1.0, RDF, JSON Feed 1.0 and 1.1, decided by what it contains.

    `url` is where it was fetched from in the end and the base of relative addresses; `content_type` is the header that
    came with it. Raises DocumentError where it is no feed, is cut short, or is built to do harm. What is merely
    ill-formed is read. At most `fields.MAX_ENTRIES` entries are returned, the newest.
    """
    if found := _read_undecoded(body, content_type):
        return document(found, url)
    text = decode(body, content_type).lstrip(_BEFORE)
    if not text:
        raise DocumentError("The document is empty.")
    if text[0] in "{[":
        return read_json_feed(text, url=url)
    root = find_root(text)
    text = text[root.start :]
    found = read_quickly(text.encode("utf-8", "replace"))
    if found:
        return document(found, url)
    # Only here, because feedparser is a third of a reading process: most of them never see a feed that needs it.
    from aggregator.documents.feeds.thorough import read_thoroughly  # noqa: PLC0415

    return read_thoroughly(text, root.name, url=url)


def _read_undecoded(body: bytes, content_type: str | None) -> Found | None:
    """What an ordinary feed in UTF-8 says, without making a text of all of it first; None for every other document.

    That all of it is UTF-8 needs no look of its own: expat refuses what is not.
    """
    if not is_utf8_if_valid(body, content_type):
        return None
    xml = body.removeprefix(codecs.BOM_UTF8)
    # One character a byte, so that places in the one are places in the other.
    beginning = xml[:_BEGINNING].decode("iso-8859-1")
    if beginning.lstrip(_BEFORE)[:1] in {"", "{", "["}:
        return None
    try:
        root = find_root(beginning)
    except DocumentError:
        return None
    is_plain = beginning[: root.start].isascii() and root.name.isascii()
    return read_quickly(xml[root.start :]) if is_plain else None
