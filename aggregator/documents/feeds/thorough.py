"""Feeds that want a thorough look: is it harmless, is it whole, mend it where it must be, and only then feedparser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.feeds.feedreaders import read
from aggregator.documents.feeds.guards import Survey, survey
from aggregator.documents.feeds.mending import whole_part, with_characters_mended, with_tags_mended
from aggregator.documents.feeds.xmlfeed import document
from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from aggregator.model import Document


def read_thoroughly(text: str, root: str, *, url: str) -> Document:
    """What a document says that begins with its first element, whose name is `root`.

    Raises DocumentError where it is cut short, is built to do harm, or cannot be mended.
    """
    seen = survey(text)
    if not seen.well_formed:
        seen = _mended(text, root, seen)
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
