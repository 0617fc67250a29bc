"""Collects the public photos of a person or a group at Flickr from its feed; no key is needed.

https://www.flickr.com/services/feeds/docs/photos_public/
"""

from __future__ import annotations

import functools
import re
from urllib.parse import quote, unquote, urlsplit

from aggregator.collectors import feed
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.hosts import is_at, origin
from aggregator.documents.pages.landmarks import first_match
from aggregator.errors import DocumentError
from aggregator.model import Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

SITE = "https://www.flickr.com"
PAGE_BYTES = 5_000_000
_PATH = re.compile(r"/(photos|people|groups)/([^/]+)(?:/|$)")
_ID = re.compile(r"\d{1,12}@N\d{2}", re.ASCII)
# In a page the id of whom it shows comes first where the page names its feed, then in the data of its script.
_ID_IN_PAGE = {
    False: (r"photos_public\.gne\?id=(\d{1,12}(?:@|%40)N\d{2})", r'"(?:nsid|ownerNsid)":"(\d{1,12}@N\d{2})"'),
    True: (r"groups_pool\.gne\?id=(\d{1,12}(?:@|%40)N\d{2})", r'"(?:group_?nsid|groupId)":"(\d{1,12}@N\d{2})"'),
}


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the feed; the id behind a name is looked up once. Raises CollectError."""
    address = feed_address(source.url) or cursor.found_url
    if address is None:
        address = await _look_up(source.url, outside)
        cursor = Cursor(found_url=address)
    return await feed.collect_at(address, cursor, outside)


async def _look_up(url: str, outside: Outside) -> str:
    answer = await outside.fetch.get(url, accept="text/html", max_bytes=PAGE_BYTES)
    is_group = "/groups/" in urlsplit(url).path
    searching = functools.partial(first_match, patterns=_ID_IN_PAGE[is_group], charset=answer.charset)
    found = await outside.reader.run(searching, answer.body)
    if found is None:
        raise DocumentError(
            "the page does not say which id stands behind its name; give the address with the id, "
            f"such as {SITE}/photos/12345678@N00"
        )
    return _feed(url, unquote(found), is_group=is_group)


def feed_address(url: str) -> str | None:
    """The address of the feed, where the given one holds the id, or is the feed itself."""
    parts = urlsplit(url)
    if parts.path.startswith("/services/feeds/"):
        return url
    path = _PATH.match(parts.path)
    named = unquote(path[2]) if path else ""
    return _feed(url, named, is_group=bool(path and path[1] == "groups")) if _ID.fullmatch(named) else None


def _feed(url: str, flickr_id: str, *, is_group: bool) -> str:
    name = "groups_pool" if is_group else "photos_public"
    return f"{origin(url, SITE)}/services/feeds/{name}.gne?id={quote(flickr_id, safe='@')}&format=atom"


def fits(url: str) -> str | None:
    """What is wrong with an address for this kind."""
    if not is_at(url, "flickr.com"):
        return f"is not at flickr.com; write {SITE}/photos/NAME"
    if feed_address(url) or _PATH.match(urlsplit(url).path):
        return None
    return f"names neither a person nor a group; write {SITE}/photos/NAME or {SITE}/groups/NAME"


KIND = SourceKind(
    collect, Rules(options=frozenset({"vanished", "push"}), fits=fits), feed_address=feed_address
)  # fmt: skip
