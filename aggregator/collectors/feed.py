"""Collects a feed at a known address: RSS, Atom, RDF or JSON Feed. documents/feeds/ knows what the bytes mean."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

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
# In the cursor's place: when it was last seen that a feed names no hub.
HUBLESS_AT = "hubless_at"
# How long that holds, and for how many looks at least.
HOLDS, HOLDS_LOOKS = timedelta(days=1), 7


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Ask for the source's feed unless it is the same as last time. Raises CollectError.

    A hub that a feed names from now on is not seen where its server still says that nothing has changed. So at times
    one without a hub is asked for without validators; as long as it is the same, it is not read either.
    """
    now = outside.now()
    is_whole = source.push and _is_to_be_whole(source, cursor, now)
    asked = replace(cursor, etag=None, last_modified=None) if is_whole else cursor
    collected = await _collect(source.url, asked, outside)
    named = collected.document or collected.offer
    place = cursor.place
    if named and named.hubs:
        place = {}
    elif collected.document or is_whole:
        place = {HUBLESS_AT: now.isoformat()}
    return replace(collected, cursor=replace(collected.cursor, place=place))


def _is_to_be_whole(source: Source, cursor: Cursor, now: datetime) -> bool:
    since = cursor.place.get(HUBLESS_AT)
    holds = max(HOLDS, HOLDS_LOOKS * source.every)
    return isinstance(since, str) and now - datetime.fromisoformat(since) >= holds


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
