"""Which software of the fediverse runs at a host, as it says itself.

https://nodeinfo.diaspora.software/protocol.html
"""

from __future__ import annotations

import json

from aggregator.documents import fields


def find_nodeinfo(body: bytes, *, url: str) -> str | None:
    """The address of the document that /.well-known/nodeinfo leads to, the newest version of it."""
    found = _object(body).get("links")
    links = [link for link in found if isinstance(link, dict)] if isinstance(found, list) else []
    newest_first = sorted(links, key=lambda link: str(link.get("rel")), reverse=True)
    addresses = (fields.web_address(str(link.get("href") or ""), url) for link in newest_first)
    return next((address for address in addresses if address), None)


def read_software(body: bytes) -> str | None:
    """The software's name in lower case, such as `mastodon`."""
    software = _object(body).get("software")
    name = software.get("name") if isinstance(software, dict) else None
    return name.strip().lower()[:50] or None if isinstance(name, str) else None


def _object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
