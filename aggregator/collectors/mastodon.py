"""Collects posts from Mastodon, and from servers that speak as it does: an account's, a hashtag's or a list's.

What the answers mean is documents/mastodonposts.py's part, what is pushed is mastodonstream.py's.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from yarl import URL

from aggregator.collectors.contract import Collected, Outside, Shown, SourceKind
from aggregator.collectors.mastodonaddress import CURE, Form, Timeline, fits, read_timeline
from aggregator.collectors.mastodonapi import GONE, NOT_FOUND, access, ask, closed, hashtag_path, look_up
from aggregator.collectors.mastodonpages import read_pages
from aggregator.collectors.mastodonstream import listen
from aggregator.documents import fields
from aggregator.errors import CollectError, FetchError
from aggregator.model import Document, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

FORMAT = "mastodon"
ACCESS_HOLDS = timedelta(days=1)
log = logging.getLogger(__name__)


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read what is new, and the newest page again: what was edited or deleted shows there. Raises CollectError."""
    timeline = _timeline(source)
    if timeline.form is Form.ACCOUNT:
        return await _collect_account(source, timeline, cursor, outside)
    if timeline.form is Form.LIST:
        if source.token is None:
            raise CollectError("a list is shown only to whoever made it: give the token of that account")
        return await _collect(source, f"/api/v1/timelines/list/{timeline.name}", {}, cursor, outside)
    place, local_only = await _may_read_hashtags(source, cursor, outside)
    query = {"local": "true"} if local_only else {}
    return await _collect(source, hashtag_path(timeline.name), query, cursor, outside, place)


async def find_gone(source: Source, shown: Sequence[Shown], outside: Outside) -> Sequence[str]:
    """Which posts are deleted, or not public any more. Raises CollectError where the server does not say."""
    gone = []
    for one in shown:
        try:
            await ask(outside, source, f"/api/v1/statuses/{URL(one.entry_id).raw_path}")
        except FetchError as error:
            if error.status not in (NOT_FOUND, GONE):
                raise
            gone.append(one.entry_id)
    return gone


async def _collect_account(source: Source, timeline: Timeline, cursor: Cursor, outside: Outside) -> Collected:
    known = cursor.place.get("account")
    place = dict(cursor.place)
    if known is None:
        place["account"] = await _account(source, timeline, outside)
    query = {} if source.replies else {"exclude_replies": "true"}
    query |= {} if source.boosts else {"exclude_reblogs": "true"}
    path = f"/api/v1/accounts/{place['account']}/statuses"
    try:
        return await _collect(source, path, query, cursor, outside, place)
    except FetchError as error:
        if error.status == GONE:
            document = Document((), FORMAT, is_window=False, is_gone=True)
            return Collected(document, Cursor(place=place), source.url)
        if error.status != NOT_FOUND or known is None:
            raise
    # A server that was set up anew gives the account another id; one that is gone says so here.
    afresh = {"account": await _account(source, timeline, outside)}
    path = f"/api/v1/accounts/{afresh['account']}/statuses"
    return await _collect(source, path, query, Cursor(), outside, afresh)


async def _account(source: Source, timeline: Timeline, outside: Outside) -> str:
    account = await look_up(outside, source, timeline.name)
    if account.moved_to:
        log.warning("%s: the account has moved to %s; change its url", source.id, account.moved_to)
    return account.id


async def _may_read_hashtags(source: Source, cursor: Cursor, outside: Outside) -> tuple[Mapping[str, object], bool]:
    """What is known of the server, and whether only its own posts may be read.

    A closed timeline answers with 401, or with an empty list, which looks as if nobody had said anything.
    """
    place = dict(cursor.place)
    asked_at = place.get("access_at")
    if asked_at is None or outside.now() - datetime.fromisoformat(asked_at) > ACCESS_HOLDS:
        said = await access(outside, source)
        place |= {"local": said.local, "remote": said.remote, "access_at": outside.now().isoformat()}
    open_to_us = {"", "public", "authenticated"} if source.token else {"", "public"}
    local, remote = place["local"] in open_to_us, place["remote"] in open_to_us
    if not local and not remote:
        if "authenticated" in (place["local"], place["remote"]):
            raise closed(source)
        raise CollectError(f"{URL(source.url).host} shows nobody its hashtags: follow accounts, or ask another server")
    return place, not remote


async def _collect(
    source: Source,
    path: str,
    query: Mapping[str, str],
    cursor: Cursor,
    outside: Outside,
    place: Mapping[str, object] | None = None,
) -> Collected:
    place = dict(cursor.place if place is None else place)
    read_to = cursor.place.get("read_to")
    reading = await read_pages(source, path, query, read_to=read_to, etag=cursor.etag, outside=outside)
    if reading is None:
        return Collected(None, Cursor(cursor.etag, place=place), source.url)
    if reading.read_to:
        place["read_to"] = reading.read_to
    entries = fields.newest_sightings(reading.entries)
    # The validator counts only once nothing is left to be caught up with.
    read = Cursor(reading.etag if reading.is_whole else None, place=place)
    is_window = reading.is_whole and _timeline(source).form is Form.ACCOUNT
    document = Document(entries, FORMAT, left_out=len(reading.entries) - len(entries), is_window=is_window)
    return Collected(document, read, source.url, not_before=reading.pause_until)


def _timeline(source: Source) -> Timeline:
    timeline = read_timeline(source.url)
    if timeline is None:
        raise CollectError(f"url names no account, hashtag or list; {CURE}")
    return timeline


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"token", "replies", "boosts", "sensitive", "push"}), fits=fits),
    listen=listen,
    find_gone=find_gone,
)
