"""Bluesky's rich text (lexicon app.bsky.richtext.facet) as HTML: ranges of UTF-8 bytes that are links.

A range that cannot be one (in the middle of a character, past the end, upside down, over another) stays plain text.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.documents import fields
from aggregator.documents.jsonparts import Object, object_at, objects_at, text_at, whole_at
from aggregator.documents.networks.aturis import hashtag_page, is_did, profile_page

MOST_TEXT = 50_000  # characters; the lexicon allows 3,000 bytes
MOST_LINKS = 500
MOST_FACETS = 10_000
MOST_FEATURES = 10

_FEATURE = "app.bsky.richtext.facet#"
_CONTINUES, _CONTINUED = 0b1100_0000, 0b1000_0000


@dataclass(frozen=True, slots=True)
class _Link:
    start: int
    end: int
    address: str


def rich_text(record: Object) -> str:
    """The text of a post's record as HTML: nothing in it is markup, a line end is `<br>`, its facets are links.

    Where two facets overlap, the one that begins first is taken.
    """
    encoded = text_at(record, "text")[:MOST_TEXT].encode("utf-8", "surrogatepass")
    parts: list[str] = []
    done = 0
    for link in _links(encoded, record):
        if link.start < done:
            continue
        words = _plain(encoded[link.start : link.end])
        parts += (_plain(encoded[done : link.start]), f'<a href="{html.escape(link.address)}">{words}</a>')
        done = link.end
        if len(parts) >= 2 * MOST_LINKS:
            break
    return "".join((*parts, _plain(encoded[done:])))


def hashtags(record: Object) -> tuple[str, ...]:
    """The hashtags of a post without their `#`: those in its text, then those that are only attached."""
    facets = objects_at(record, "facets", MOST_FACETS)
    in_text = (text_at(feature, "tag") for facet in facets for feature in _features(facet, "tag"))
    tags = record.get("tags")
    attached = tags[: fields.MAX_CATEGORIES] if isinstance(tags, list) else []
    return fields.distinct_names(tag.lstrip("#") for tag in (*in_text, *attached) if isinstance(tag, str))


def _plain(encoded: bytes) -> str:
    text = fields.storable(encoded.decode("utf-8", "surrogatepass"))
    return html.escape(text.replace("\r", "")).replace("\n", "<br>")


def _links(encoded: bytes, record: Object) -> list[_Link]:
    found = (link for facet in objects_at(record, "facets", MOST_FACETS) if (link := _link(encoded, facet)))
    return sorted(found, key=lambda link: link.start)


def _link(encoded: bytes, facet: Object) -> _Link | None:
    index = object_at(facet, "index")
    start, end = whole_at(index, "byteStart"), whole_at(index, "byteEnd")
    if start is None or end is None or not 0 <= start < end <= len(encoded):
        return None
    if _cuts(encoded, start) or _cuts(encoded, end):
        return None
    address = _address(facet)
    return _Link(start, end, address) if address else None


def _cuts(encoded: bytes, place: int) -> bool:
    """True in the middle of a character."""
    return place < len(encoded) and encoded[place] & _CONTINUES == _CONTINUED


def _address(facet: Object) -> str | None:
    for feature in _features(facet, "link"):
        if address := fields.web_address(text_at(feature, "uri")):
            return address
    for feature in _features(facet, "mention"):
        if is_did(did := text_at(feature, "did")):
            return profile_page(did)
    for feature in _features(facet, "tag"):
        if name := fields.clean(text_at(feature, "tag").lstrip("#"), fields.MAX_NAME):
            return hashtag_page(name)
    return None


def _features(facet: Object, kind: str) -> Iterator[Object]:
    features = objects_at(facet, "features", MOST_FEATURES)
    return (feature for feature in features if feature.get("$type") == f"{_FEATURE}{kind}")
