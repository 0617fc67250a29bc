"""Collects a channel, an account or a whole site of PeerTube from its feed.

https://docs.joinpeertube.org/api-rest-reference.html#tag/Video-Feeds
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote, unquote, urlsplit

from aggregator.collectors import feed
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.model import Document, Kind, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

_CHANNEL = re.compile(r"/(?:c|video-channels)/([^/]+)(?:/|$)")
_ACCOUNT = re.compile(r"/(?:a|accounts)/([^/]+)(?:/|$)")
_SITE = frozenset({"", "/videos", "/videos/local", "/videos/browse", "/videos/recently-added", "/home"})


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the feed that belongs to the address. Raises CollectError."""
    collected = await feed.collect_at(feed_address(source.url) or source.url, cursor, outside)
    document = as_videos(collected.document) if collected.document else None
    return replace(collected, document=document)


def feed_address(url: str) -> str | None:
    """The address of the feed: of a channel, an account, everything that was published at the site, or itself."""
    parts = urlsplit(url)
    site = f"{parts.scheme}://{parts.netloc}/feeds/videos.xml"
    if parts.path.startswith("/feeds/"):
        return url
    if channel := _CHANNEL.match(parts.path):
        return f"{site}?videoChannelName={_parameter(channel[1])}"
    if account := _ACCOUNT.match(parts.path):
        return f"{site}?accountName={_parameter(account[1])}"
    return f"{site}?isLocal=true" if parts.path.rstrip("/") in _SITE else None


def _parameter(name: str) -> str:
    return quote(unquote(name), safe="@")


def fits(url: str) -> str | None:
    """What is wrong with an address for this kind."""
    if feed_address(url):
        return None
    return "names neither a channel nor an account; write https://SITE/c/CHANNEL, /a/ACCOUNT, or the site alone"


def as_videos(document: Document) -> Document:
    """The document with its entries as videos."""
    return replace(document, entries=tuple(replace(entry, kind=Kind.VIDEO) for entry in document.entries))


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"vanished", "push"}), fits=fits),
    shape=as_videos,
    feed_address=feed_address,
)
