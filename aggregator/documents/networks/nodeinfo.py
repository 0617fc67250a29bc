"""Which software of the fediverse runs at a host, as it says itself.

https://nodeinfo.diaspora.software/protocol.html
"""

from __future__ import annotations

from aggregator.documents import fields
from aggregator.documents.jsonparts import NOTHING, Object, object_at, objects_at, read_object, text_at
from aggregator.errors import DocumentError


def find_nodeinfo(body: bytes, *, url: str) -> str | None:
    """The address of the document that /.well-known/nodeinfo leads to, the newest version of it."""
    newest_first = sorted(objects_at(_object(body), "links"), key=lambda link: text_at(link, "rel"), reverse=True)
    addresses = (fields.web_address(text_at(link, "href"), url) for link in newest_first)
    return next((address for address in addresses if address), None)


def read_software(body: bytes) -> str | None:
    """The software's name in lower case, such as `mastodon`."""
    return text_at(object_at(_object(body), "software"), "name").strip().lower()[:50] or None


def _object(body: bytes) -> Object:
    try:
        return read_object(body, "The answer")
    except DocumentError:
        return NOTHING
