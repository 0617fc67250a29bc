"""Collects a feed at a known address: RSS, Atom, RDF or JSON Feed. documents/feeds/ knows what the bytes mean."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.documents.feeds.pushlinks import offer_in, with_header
from aggregator.documents.feeds.reading import read_feed
from aggregator.model import Source
from aggregator.pace import fresh_for
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, */*;q=0.5"
)


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Ask for the source's feed unless it is the same as last time. Raises CollectError."""
    return await _collect(source.url, cursor, outside)


async def collect_at(url: str, cursor: Cursor, outside: Outside) -> Collected:
    """The same for any address. The validators of the cursor must be that address's own.

    That the feed moved is not passed on: it is not the source's address in sources.toml that did. The document is read
    and no more, so that the caller may make something else of its entries.
    """
    return replace(await _collect(url, cursor, replace(outside, considering=None)), moved_to=None)


async def _collect(url: str, cursor: Cursor, outside: Outside) -> Collected:
    answer = await outside.fetch.get(url, etag=cursor.etag, last_modified=cursor.last_modified, accept=ACCEPT)
    moved_to, holds_for = answer.permanent_url, fresh_for(answer.headers)
    links = answer.headers.get("link", "")
    if answer.not_modified:
        return Collected(None, cursor, url, moved_to, holds_for, offer=offer_in(links, url))
    digest = hashlib.sha256(answer.body).hexdigest()
    read = Cursor(answer.etag, answer.last_modified, digest, cursor.found_url, cursor.place)
    if digest == cursor.body_digest:
        return Collected(None, read, answer.url, moved_to, holds_for, offer=offer_in(links, answer.url))
    reading = functools.partial(read_feed, url=answer.url, content_type=answer.content_type)
    document = await outside.read(reading, answer.body, url=answer.url)
    pushed = with_header(document, links, answer.url)
    return Collected(pushed, read, answer.url, moved_to, holds_for)


def itself(url: str) -> str | None:
    """The address under which other feed readers find the same: a feed's is its own."""
    return url


KIND = SourceKind(collect, Rules(options=frozenset({"vanished", "push"})), feed_address=itself)
