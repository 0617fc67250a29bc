"""One feed document, of whatever format, from bytes to a Document. Pure; meant to run where it can be killed.

The order: text, what it is, a quick reading, and where that is not sure a thorough one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.documents.encodings import decode
from aggregator.documents.fastfeed import read_quickly
from aggregator.documents.guards import find_root
from aggregator.documents.jsonfeed import read_json_feed
from aggregator.documents.xmlfeed import document
from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from aggregator.model import Document


def read_feed(body: bytes, *, url: str, content_type: str | None = None) -> Document:
    """What a feed says: RSS 0.9x to 2.0, Atom 0.3 and 1.0, RDF, JSON Feed 1.0 and 1.1, decided by what it contains.

    `url` is where it was fetched from in the end and the base of relative addresses; `content_type` is the header that
    came with it. Raises DocumentError where it is no feed, is cut short, or is built to do harm. What is merely
    ill-formed is read. At most `fields.MAX_ENTRIES` entries are returned, the newest.
    """
    text = decode(body, content_type).lstrip("\ufeff \t\r\n\x00")
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
    from aggregator.documents.thorough import read_thoroughly  # noqa: PLC0415

    return read_thoroughly(text, root.name, url=url)
