"""Listens to Bluesky by Jetstream: what an account, or the members of a list, post, pass on and delete, as it happens.

The stream tells that something was written, not whether it may be shown: that the AppView says, so every post is
asked of it before it is passed on. What it does not show within seconds comes with the next collection.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aggregator.collectors.blueskyaddress import Form, Place, read_place
from aggregator.collectors.blueskypages import FORMAT, author_feed
from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.xrpc import Parameters, did_of, query
from aggregator.documents.aturis import POST, REPOST
from aggregator.documents.blueskyanswers import read_feed, read_members, read_version
from aggregator.documents.jetstreamevents import FIRST_MICROSECOND, PROFILE, Event, What, read_event
from aggregator.errors import DocumentError, FetchError
from aggregator.model import Document, Sighting, Source
from aggregator.store.sources import Cursor

# Their DIDs stand in the address of the stream, and servers take 8 KB of it.
MOST_ACCOUNTS = 100
# The AppView shows a post about a second after the stream has told of it.
PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)
SURELY_SHOWN = timedelta(seconds=60)
REWIND = timedelta(seconds=5)
# How often the place in the stream is kept while nothing is new.
KEEP_EVERY = timedelta(seconds=60)
KEEP_EVENTS = 500
NEWEST = 30
_BAD_REQUEST = 400


async def listen(source: Source, cursor: Cursor, outside: Outside) -> AsyncGenerator[Collected, None]:
    """What is pushed. Ends at once for a search, a custom feed, and a list of more than `MOST_ACCOUNTS` accounts."""
    place = read_place(source.url)
    accounts = await _accounts(place, cursor, outside)
    if not accounts:
        return
    listener = _Listener(source, place, frozenset(accounts), outside, outside.now())
    async with AsyncExitStack() as stack:
        messages = await listener.connect(stack, cursor)
        yield Collected(None, Cursor(), source.url)
        async for text in messages:
            if pushed := await listener.take(text):
                yield pushed


async def _accounts(place: Place, cursor: Cursor, outside: Outside) -> Sequence[str]:
    if place.form not in {Form.AUTHOR, Form.LIST}:
        return ()
    known = cursor.place.get("did")
    did = known if isinstance(known, str) else await did_of(place.actor, place.servers.appview, outside)
    if place.form is Form.AUTHOR:
        return (did,)
    wanted: Parameters = {"list": place.record(did), "limit": MOST_ACCOUNTS}
    answer = await query(outside, place.servers.appview, "app.bsky.graph.getList", wanted)
    return await outside.reader.run(functools.partial(read_members, most=MOST_ACCOUNTS), answer.body) or ()


@dataclass(slots=True)
class _Listener:
    """One connection for one source, and how far it has come."""

    source: Source
    place: Place
    accounts: frozenset[str]
    outside: Outside
    kept_at: datetime
    at: int | None = None
    events: int = 0

    async def connect(self, stack: AsyncExitStack, cursor: Cursor) -> AsyncIterator[str]:
        """Connect to the first server that answers. Raises FetchError with what the last one said."""
        since = _since(cursor, self.kept_at)
        failed: FetchError | None = None
        for address, is_new in self.place.servers.streams:
            # A server that no longer goes back that far refuses the cursor: what was missed is collected anyway.
            for start in dict.fromkeys((since, None)):
                try:
                    messages = self.outside.fetch.messages(f"{address}?{self._parameters(start, is_new=is_new)}")
                    return await stack.enter_async_context(messages)
                except FetchError as error:
                    failed = error
                    if error.status != _BAD_REQUEST:
                        break
        raise failed or FetchError("there is no stream to listen to")

    def _parameters(self, start: int | None, *, is_new: bool) -> str:
        collections = [POST, PROFILE, *([REPOST] if self.source.boosts else [])]
        wanted: dict[str, str | int | Sequence[str]]
        if is_new:
            kinds = ["commit", "account"]
            wanted = {"kinds": kinds, "collections": collections, "dids": sorted(self.accounts)}
        else:
            wanted = {"wantedCollections": collections, "wantedDids": sorted(self.accounts)}
        return urlencode(wanted | ({"cursor": start} if start else {}), doseq=True, safe=":")

    async def take(self, text: str) -> Collected | None:
        """What a message comes to: something to keep, at times only the place, or nothing."""
        try:
            event = await self.outside.reader.run(read_event, text)
        except DocumentError:
            return None
        if event.what is What.STOPPED:
            raise FetchError("Jetstream has ended the stream; it is connected anew")
        document = await self._document(event) if event.did in self.accounts else None
        now = self.outside.now()
        # A server whose clock runs ahead must not make the next connection skip anything.
        if event.at and event.at <= _microseconds(now):
            self.at = max(event.at, self.at or 0)
        self.events += 1
        is_time = self.at and (self.events >= KEEP_EVENTS or now - self.kept_at >= KEEP_EVERY)
        if document is None and not is_time:
            return None
        self.events, self.kept_at = 0, now
        return Collected(document, Cursor(place={"cursor": self.at} if self.at else {}), self.source.url)

    async def _document(self, event: Event) -> Document | None:
        match event.what:
            case What.DELETED:
                return _part(deleted=(event.uri,))
            case What.WITHDRAWN if self.place.form is Form.AUTHOR:
                return _part(is_gone=True)
            case What.POSTED if not event.is_reply or self.source.replies:
                seen = await self._shown(event)
            case What.REPOSTED if self.source.boosts and self.place.form is Form.AUTHOR:
                seen = await self._shown(event)
            case _:
                return None
        return _part(seen) if seen else None

    async def _shown(self, event: Event) -> Sighting | None:
        """The post as the AppView shows it, as soon as it does; None where it does not."""
        seen = None
        # What is replayed has had its time.
        is_old = event.at is not None and event.at < _microseconds(self.outside.now() - SURELY_SHOWN)
        pauses = PAUSES[:1] if is_old else PAUSES
        for tried, pause in enumerate(pauses, start=1):
            await asyncio.sleep(pause)
            is_last = tried == len(pauses)
            try:
                seen = await (
                    self._repost(event) if event.what is What.REPOSTED else self._post(event, any_version=is_last)
                )
            except FetchError as error:
                if error.status != _BAD_REQUEST:
                    raise
                return None  # to ask it again after each new connection would change nothing
            if seen:
                break
        return seen

    async def _post(self, event: Event, *, any_version: bool) -> Sighting | None:
        answer = await query(self.outside, self._appview, "app.bsky.feed.getPosts", {"uris": [event.uri]})
        reading = functools.partial(read_version, uri=event.uri, cid=None if any_version else event.cid)
        return await self.outside.reader.run(reading, answer.body)

    async def _repost(self, event: Event) -> Sighting | None:
        wanted: Parameters = {**author_feed(self.source, event.did), "limit": NEWEST}
        answer = await query(self.outside, self._appview, "app.bsky.feed.getAuthorFeed", wanted)
        page = await self.outside.reader.run(read_feed, answer.body)
        return next((seen for seen in page.entries if seen.entry_id == event.uri), None)

    @property
    def _appview(self) -> str:
        return self.place.servers.appview


def _part(*entries: Sighting, deleted: tuple[str, ...] = (), is_gone: bool = False) -> Document:
    return Document(entries, FORMAT, deleted=deleted, is_window=False, is_gone=is_gone)


def _since(cursor: Cursor, now: datetime) -> int | None:
    """Where to begin: a little before the place that was reached. One that is absurd counts as none."""
    at = cursor.place.get("cursor")
    if not isinstance(at, int) or not FIRST_MICROSECOND <= at <= _microseconds(now):
        return None
    return at - REWIND // timedelta(microseconds=1)


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
