"""Listens to Bluesky by Jetstream: what an account, or the members of a list, post, pass on and delete, as it happens.

The stream tells that something was written, not whether it may be shown: that the AppView says, so every post is
asked of it before it is passed on. What it does not show at once is asked for again while the stream goes on, and what
it does not show within seconds comes with the next collection.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aggregator.collectors.blueskyaddress import Form, Place, read_place
from aggregator.collectors.blueskypages import FORMAT, author_feed
from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.xrpc import Parameters, did_of, query
from aggregator.documents.networks.aturis import POST, REPOST
from aggregator.documents.networks.blueskyanswers import read_feed, read_members, read_version
from aggregator.documents.networks.jetstreamevents import FIRST_MICROSECOND, PROFILE, Event, What, read_event
from aggregator.errors import DocumentError, FetchError
from aggregator.model import Document, Sighting, Source
from aggregator.store.sources import Cursor

# Their DIDs stand in the address of the stream, and servers take 8 KB of it.
MOST_ACCOUNTS = 100
# The AppView shows a post about a second after the stream has told of it.
PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)
SURELY_SHOWN = timedelta(seconds=60)
# Whoever writes faster than the AppView shows it is not waited for.
MOST_WAITING = 100
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
        incoming = asyncio.create_task(_next(messages))
        try:
            while True:
                if (left := listener.seconds_left()) != 0:
                    await asyncio.wait({incoming}, timeout=left)
                if listener.seconds_left() == 0:
                    pushed = await listener.ask_again()
                elif not incoming.done():
                    continue
                elif (text := incoming.result()) is None:
                    return
                else:
                    incoming = asyncio.create_task(_next(messages))
                    pushed = await listener.take(text)
                if pushed:
                    yield pushed
        finally:
            incoming.cancel()
            await asyncio.gather(incoming, return_exceptions=True)


async def _next(messages: AsyncIterator[str]) -> str | None:
    return await anext(messages, None)


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
class _Waiting:
    """A post that the AppView did not show so far: how often it was asked, and when it is asked next."""

    event: Event
    pauses: Sequence[float]
    tried: int = 0
    due_at: float = 0.0  # by the event loop's clock


@dataclass(slots=True)
class _Listener:
    """One connection for one source, how far it has come, and the posts that are waited for, by their addresses."""

    source: Source
    place: Place
    accounts: frozenset[str]
    outside: Outside
    kept_at: datetime
    at: int | None = None
    events: int = 0
    waiting: dict[str, _Waiting] = field(default_factory=dict)

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
        # A server whose clock runs ahead must not make the next connection skip anything.
        if event.at and event.at <= _microseconds(self.outside.now()):
            self.at = max(event.at, self.at or 0)
        self.events += 1
        return self._collected(document)

    def seconds_left(self) -> float | None:
        """How long until `ask_again` has something to do; None where nothing is waited for."""
        if not self.waiting:
            return None
        due_at = min(one.due_at for one in self.waiting.values())
        return max(due_at - asyncio.get_running_loop().time(), 0.0)

    async def ask_again(self) -> Collected | None:
        """Ask for the post that has waited longest, like `take`."""
        seen = await self._look(min(self.waiting.values(), key=lambda one: one.due_at))
        return self._collected(_part(seen)) if seen else None

    def _collected(self, document: Document | None) -> Collected | None:
        now = self.outside.now()
        is_time = self.at and (self.events >= KEEP_EVENTS or now - self.kept_at >= KEEP_EVERY)
        if document is None and not is_time:
            return None
        self.events, self.kept_at = 0, now
        # What is still waited for is to be told of again after the next connection.
        waited_for = [one.event.at for one in self.waiting.values() if one.event.at]
        at = min([self.at, *waited_for]) if self.at else None
        return Collected(document, Cursor(place={"cursor": at} if at else {}), self.source.url)

    async def _document(self, event: Event) -> Document | None:
        match event.what:
            case What.DELETED:
                self.waiting.pop(event.uri, None)
                return _part(deleted=(event.uri,))
            case What.WITHDRAWN if self.place.form is Form.AUTHOR:
                self.waiting.clear()
                return _part(is_gone=True)
            case What.POSTED if not event.is_reply or self.source.replies:
                seen = await self._first_look(event)
            case What.REPOSTED if self.source.boosts and self.place.form is Form.AUTHOR:
                seen = await self._first_look(event)
            case _:
                return None
        return _part(seen) if seen else None

    async def _first_look(self, event: Event) -> Sighting | None:
        # What is replayed has had its time.
        is_old = event.at is not None and event.at < _microseconds(self.outside.now() - SURELY_SHOWN)
        self.waiting.pop(event.uri, None)  # an older version of it
        is_waited_for = not is_old and len(self.waiting) < MOST_WAITING
        return await self._look(_Waiting(event, PAUSES if is_waited_for else PAUSES[:1]))

    async def _look(self, wanted: _Waiting) -> Sighting | None:
        """The post as the AppView shows it by now. Where it does not, it is waited for as long as it is worth it."""
        event = wanted.event
        self.waiting.pop(event.uri, None)
        wanted.tried += 1
        is_last = wanted.tried == len(wanted.pauses)
        try:
            seen = await (
                self._repost(event) if event.what is What.REPOSTED else self._post(event, any_version=is_last)
            )
        except FetchError as error:
            if error.status != _BAD_REQUEST:
                raise
            return None  # to ask it again after each new connection would change nothing
        if seen is None and not is_last:
            wanted.due_at = asyncio.get_running_loop().time() + wanted.pauses[wanted.tried]
            self.waiting[event.uri] = wanted
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
