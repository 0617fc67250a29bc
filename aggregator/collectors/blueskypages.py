"""Reads the pages of a feed or a search on Bluesky, from the newest back to what was read last time."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.collectors.blueskyaddress import Form, Place
from aggregator.collectors.blueskysession import query_signed_in
from aggregator.collectors.contract import Answer, Outside
from aggregator.collectors.xrpc import query
from aggregator.documents.networks.blueskyanswers import FeedPage, read_feed, read_posts
from aggregator.model import Sighting, Source
from aggregator.store.sources import Cursor

PAGE = 100  # what one answer holds at most
MOST_PAGES = 10
FORMAT = "bluesky"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the pages of one look came to, newest first. `first` is the answer that the first page came with."""

    first: Answer
    entries: tuple[Sighting, ...] = ()
    name: str | None = None
    is_withheld: bool = False


def author_feed(source: Source, did: str) -> dict[str, str]:
    """What getAuthorFeed is asked: replies only where the source wants them. Reposts come with either."""
    return {"actor": did, "filter": "posts_with_replies" if source.replies else "posts_no_replies"}


async def read_pages(source: Source, place: Place, did: str | None, cursor: Cursor, outside: Outside) -> Reading | None:
    """The newest page and those before it back to what was read last time; None where nothing has changed."""
    until = _moment(cursor)
    is_followed = until is not None and place.form is not Form.FEED  # a custom feed has an order of its own
    entries: list[Sighting] = []
    first, page, name, is_withheld = None, FeedPage(()), None, False
    for _ in range(MOST_PAGES if is_followed else 1):
        asked = cursor.etag if first is None else None
        answer = await _page(source, place, did, page.cursor, asked, outside)
        if answer.not_modified:
            return None
        page = await outside.reader.run(_reader(place, did), answer.body)
        entries += page.entries
        if first is None:
            first, name, is_withheld = answer, page.name, page.is_withheld
        oldest = min((seen.published_at for seen in page.entries if seen.published_at), default=None)
        if page.cursor is None or (until and oldest and oldest <= until):
            break
    return Reading(first, tuple(entries), name, is_withheld) if first else None


def _reader(place: Place, did: str | None) -> functools.partial[FeedPage]:
    if place.form is Form.SEARCH:
        return functools.partial(read_posts)
    return functools.partial(read_feed, account=did if place.form is Form.AUTHOR else None)


async def _page(
    source: Source, place: Place, did: str | None, after: str | None, etag: str | None, outside: Outside
) -> Answer:
    wanted: dict[str, str | int | Sequence[str]] = {"limit": PAGE} | ({"cursor": after} if after else {})
    match place.form:
        case Form.SEARCH:
            wanted |= {"q": place.words, "sort": "latest"}
            return await query_signed_in(source, place.servers.session, "app.bsky.feed.searchPosts", wanted, outside)
        case Form.LIST:
            method, wanted["list"] = "app.bsky.feed.getListFeed", place.record(did or "")
        case Form.FEED:
            method, wanted["feed"] = "app.bsky.feed.getFeed", place.record(did or "")
        case Form.AUTHOR:
            method = "app.bsky.feed.getAuthorFeed"
            wanted |= author_feed(source, did or "")
    return await query(outside, place.servers.appview, method, wanted, etag=etag)


def _text(cursor: Cursor, key: str) -> str | None:
    value = cursor.place.get(key)
    return value if isinstance(value, str) else None


def _moment(cursor: Cursor) -> datetime | None:
    until = _text(cursor, "until")
    return datetime.fromisoformat(until) if until else None
