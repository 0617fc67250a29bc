"""One feed document, of whatever format, from bytes to a Document. Pure; meant to run where it can be killed.

The order: text, what it is, is it harmless, is it whole, mend it where it must be, and only then feedparser.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.encodings import decode
from aggregator.documents.fastfeed import read_quickly
from aggregator.documents.feedreaders import read
from aggregator.documents.guards import Survey, find_root, survey
from aggregator.documents.jsonfeed import read_json_feed
from aggregator.documents.mending import whole_part, with_characters_mended, with_tags_mended
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
    quickly = read_quickly(text.encode("utf-8", "replace"))
    if quickly:
        return document(quickly, url)
    seen = survey(text)
    if not seen.well_formed:
        seen = _mended(text, root.name, seen)
    left_out = max(len(seen.entries) - fields.MAX_ENTRIES, 0)
    return replace(document(read(_without_old_entries(seen)), url), left_out=left_out)


def _mended(text: str, root: str, seen: Survey) -> Survey:
    whole = None if seen.unfinished else whole_part(text, root)
    if whole is None:
        raise DocumentError("The feed ends too early: it was cut short on its way, and nothing of it was kept.")
    for mend in (with_characters_mended, with_tags_mended):
        whole = mend(whole)
        seen = survey(whole)
        if seen.well_formed:
            return seen
    raise DocumentError("The feed is not well-formed XML, and what it should be cannot be made out.")


def _without_old_entries(seen: Survey) -> bytes:
    """The document with only its newest entries; feedparser takes 15 s for 100 000 of them."""
    if len(seen.entries) <= fields.MAX_ENTRIES:
        return seen.xml
    kept = set(fields.newest(seen.entries, [read_date(entry.date) for entry in seen.entries]))
    pieces, position = [], 0
    for entry in seen.entries:
        pieces.append(seen.xml[position : entry.end if entry in kept else entry.start])
        position = entry.end
    return b"".join((*pieces, seen.xml[position:]))
