"""Collects posts from Mastodon, and from servers that speak as it does: an account's, a hashtag's or a list's.

What the answers mean is documents/networks/mastodonposts.py's part, what is pushed is mastodonstream.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from yarl import URL

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.mastodonaddress import CURE, Form, Timeline, feed_address, fits, lacks, read_timeline
from aggregator.collectors.mastodonapi import (
    GONE,
    NOT_FOUND,
    access,
    closed,
    hashtag_path,
    look_up,
)
from aggregator.collectors.mastodongone import find_gone, missing_since
from aggregator.collectors.mastodonpages import read_pages
from aggregator.collectors.mastodonstream import listen
from aggregator.documents import fields
from aggregator.documents.networks.mastodonaccounts import LIMITED, NOINDEX, SUSPENDED, Account
from aggregator.errors import CollectError, FetchError
from aggregator.model import Document, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

FORMAT = "mastodon"
ACCESS_HOLDS = timedelta(days=1)
CURES = {
    NOINDEX: "its owner can allow it there under Preferences, Public profile, Privacy and reach",
    SUSPENDED: "if it does not come back, take it out of sources.toml",
    LIMITED: "ask its moderators, or take it out of sources.toml",
}


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read what is new, and the newest page again: what was edited or deleted shows there. Raises CollectError."""
    timeline = _timeline(source)
    if timeline.form is Form.ACCOUNT:
        return await _collect_account(source, timeline, cursor, outside)
    if timeline.form is Form.LIST:
        if source.token is None:
            raise CollectError("a list is shown only to whoever made it: give the token of that account")
        return await _collect(source, f"/api/v1/timelines/list/{timeline.name}", {}, cursor, outside)
    return await _collect_hashtag(source, timeline, cursor, outside)


async def _collect_account(source: Source, timeline: Timeline, cursor: Cursor, outside: Outside) -> Collected:
    place = dict(cursor.place)
    account = None
    if "account" not in place or _is_old(place.get("looked_up_at"), outside.now()):
        account = await _account(source, timeline, cursor, outside)
        if account.hidden:
            return _gone(place, account, source, outside)
        if account.id != place.get("account"):
            # New here, or on a server that was set up anew and has other ids.
            cursor, place = Cursor(), {"account": account.id}
    try:
        collected = await _collect(source, _statuses(place), _wanted(source), cursor, outside, place)
    except FetchError as error:
        if error.status == GONE:
            return _gone(place, None, source, outside)
        if error.status != NOT_FOUND or account is not None:
            raise
        account = await _account(source, timeline, cursor, outside)
        if account.hidden:
            return _gone(place, account, source, outside)
        cursor, place = Cursor(), {"account": account.id}
        return await _collect(source, _statuses(place), _wanted(source), cursor, outside, place)
    if account is None and collected.document and all(seen.hidden for seen in collected.document.entries):
        # A suspended account shows no posts, one that is limited or hides itself hidden ones: only itself says why.
        account = await _account(source, timeline, cursor, outside)
        if account.hidden:
            return _gone(place, account, source, outside)
    noted = _noted(collected.cursor.place, account, outside.now())
    etag = None if noted.get("is_closed") else collected.cursor.etag
    return replace(collected, cursor=replace(collected.cursor, etag=etag, place=noted))


def _gone(place: Mapping[str, object], account: Account | None, source: Source, outside: Outside) -> Collected:
    """All that was shown of an account that is gone or closed is to go; it comes back with the account."""
    document = Document((), FORMAT, is_window=False, is_gone=True)
    return Collected(document, Cursor(place=_noted(place, account, outside.now())), source.url)


def _statuses(place: Mapping[str, object]) -> str:
    return f"/api/v1/accounts/{place['account']}/statuses"


def _wanted(source: Source) -> Mapping[str, str]:
    query = {} if source.replies else {"exclude_replies": "true"}
    return query | ({} if source.boosts else {"exclude_reblogs": "true"})


async def _account(source: Source, timeline: Timeline, cursor: Cursor, outside: Outside) -> Account:
    """The account as it is now. Raises CollectError where nothing of it is shown, or is to come, with the cure.

    Once it is not raised: what was shown of an account that was open until now is withdrawn; from one that moved, those
    posts come in that it posted before. Its new home is not followed by itself: that would be given
    the token, and knows none of the posts that were read here.
    """
    account = await look_up(outside, source, timeline.name)
    said = cursor.place.get("is_closed")
    if account.hidden and (said == account.hidden or "read_to" not in cursor.place):
        raise CollectError(f"@{timeline.name} is not shown: {account.hidden}; {CURES[account.hidden]}")
    if account.moved_to and said:
        raise CollectError(f"@{timeline.name} has moved to {account.moved_to.partition('?')[0]}: write that as its url")
    return account


def _noted(place: Mapping[str, Any], account: Account | None, now: datetime) -> Mapping[str, Any]:
    """The place with what its account says of itself, if it was asked. A closed one is asked again at every look."""
    if account is None:
        return place
    is_closed = account.hidden or bool(account.moved_to)
    return {**place, "looked_up_at": None if is_closed else now.isoformat(), "is_closed": is_closed}


def _is_old(at: object, now: datetime) -> bool:
    """Whether what was asked then is to be asked again."""
    return not isinstance(at, str) or not timedelta(0) <= now - datetime.fromisoformat(at) < ACCESS_HOLDS


async def _collect_hashtag(source: Source, timeline: Timeline, cursor: Cursor, outside: Outside) -> Collected:
    place, local_only = await _may_read_hashtags(source, cursor.place, outside)
    query = {"local": "true"} if local_only else {}
    collected = await _collect(source, hashtag_path(timeline.name), query, cursor, outside, place)
    is_remembered = place["access_at"] == cursor.place.get("access_at")
    if collected.document and not collected.document.entries and is_remembered:
        # It may have been closed since it was asked: closed looks the same as empty.
        said, _ = await _may_read_hashtags(source, {}, outside)
        return replace(collected, cursor=replace(collected.cursor, place={**collected.cursor.place, **said}))
    return collected


async def _may_read_hashtags(
    source: Source, known: Mapping[str, object], outside: Outside
) -> tuple[dict[str, object], bool]:
    """What is known of the server, and whether only its own posts may be read.

    A closed timeline answers with 401, or with an empty list, which looks as if nobody had said anything.
    """
    place = dict(known)
    if _is_old(place.get("access_at"), outside.now()):
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
    place = dict(cursor.place) if place is None else dict(place)
    read_to = cursor.place.get("read_to")
    reading = await read_pages(source, path, query, read_to=read_to, etag=cursor.etag, outside=outside)
    if reading is None:
        return Collected(None, Cursor(cursor.etag, place=place), source.url)
    if reading.read_to:
        place["read_to"] = reading.read_to
    entries = fields.newest_sightings(reading.entries)
    # The validator counts only once nothing is left to be caught up with.
    read = Cursor(reading.etag if reading.is_whole else None, place=place)
    deleted, place["shown"] = await missing_since(cursor.place.get("shown"), reading, source, outside)
    # What a hashtag or a list no longer shows may still be there: taken off a list, or edited.
    is_window = reading.is_whole and _timeline(source).form is Form.ACCOUNT
    left_out = len(reading.entries) - len(entries)
    document = Document(entries, FORMAT, deleted=tuple(deleted), left_out=left_out, is_window=is_window)
    return Collected(document, read, source.url, not_before=reading.pause_until)


def _timeline(source: Source) -> Timeline:
    timeline = read_timeline(source.url)
    if timeline is None:
        raise CollectError(f"url names no account, hashtag or list; {CURE}")
    return timeline


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"token", "replies", "boosts", "sensitive", "vanished", "push"}), fits=fits, lacks=lacks),
    listen=listen,
    find_gone=find_gone,
    feed_address=feed_address,
)
