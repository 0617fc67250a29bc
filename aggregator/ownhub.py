"""Our own hub (https://www.w3.org/TR/websub/): asks subscribers whether they meant it, and brings them what is new.

It pushes our own feeds alone, and calls addresses of the public internet alone: every call goes through the guarded
fetch. What is asked of it at our door is web/hub.py's part.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import hmac
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.addresses import web_address
from aggregator.errors import FetchError, RefusedError
from aggregator.events import DeliveryDue, HubAsked
from aggregator.outgoing import Fetch
from aggregator.publishing import OWN, delivery_key
from aggregator.sources import CurrentSources
from aggregator.store.changes import read_counter
from aggregator.store.engine import Commit, Database
from aggregator.store.hubsubscriptions import (
    HubSubscription,
    forget_hub_subscription,
    has_room,
    note_delivered,
    put_hub_subscription,
    read_hub_subscription,
    subscription_id,
)
from aggregator.work import WorkList

MOST, MOST_A_HOST = 1000, 50
# Topics that are kept as they were written last: whoever has subscribed to the same gets the same bytes.
MOST_AT_HAND = 64
# As many of one host as are begun within a second: more would only wait for their turn, in others' places.
AT_ONCE_A_HOST, TURN_PAUSE = 4, timedelta(seconds=1)
# A host at which nobody answered takes half a minute of a place: the others of that host are not tried meanwhile.
REST = timedelta(minutes=1)
LONGEST_ANSWER = 10_000
FIRST_PAUSE, LONGEST_PAUSE, MOST_TRIES = timedelta(seconds=5), timedelta(hours=6), 9
SUCCESS = range(200, 300)
GONE = 410
NO_ROOM = "this hub has no room for more subscriptions of this host"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Content:
    """A topic as it is now, with the headers that say what it is.

    `version` is the stream's that it shows, `digest` differs where it says something else: not by the version alone.
    """

    body: bytes
    content_type: str
    links: str
    version: int
    digest: str


# What a topic looks like depends on: the stream's version, and the digest of sources.toml.
Edition = tuple[int, str]
# The topic's current content, or None where it is (no longer) one of ours.
Contents = Callable[[str], Awaitable[Content | None]]


def host_of(callback: str) -> str:
    """By which subscriptions are counted."""
    return web_address(callback).raw_host or ""


@dataclass(frozen=True, slots=True)
class OwnHub:
    """The handlers of `HubAsked` and `DeliveryDue`.

    What it keeps in memory is how topics were `written` last, how many deliveries are `under_way` to which host, and
    until when hosts are `resting` at which nobody answered. Another process has its own.
    """

    database: Database
    fetch: Fetch
    sources: CurrentSources
    work: WorkList
    contents: Contents
    now: Callable[[], datetime]
    written: OrderedDict[str, tuple[Edition, Content]] = field(default_factory=OrderedDict)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    under_way: Counter[str] = field(default_factory=Counter)
    resting: dict[str, datetime] = field(default_factory=dict)

    async def verify(self, event: HubAsked) -> Commit | None:
        """Ask the callback whether it meant what was asked in its name (section 5.3), and do it if so."""
        wanted = subscription_id(event.callback, event.topic)
        content = await self._content(event.topic)
        if event.mode == "subscribe" and (reason := await self._why_not(event, wanted, content)):
            await self._deny(event, reason)
            return None
        challenge = secrets.token_urlsafe(32)
        asked = {"hub.mode": event.mode, "hub.topic": event.topic, "hub.challenge": challenge}
        if event.mode == "subscribe":
            asked["hub.lease_seconds"] = str(event.lease_seconds)
        if not await self._is_echoed(with_query(event.callback, asked), challenge):
            log.info("%s did not confirm that it wants to %s", host_of(event.callback), event.mode)
            return None
        if event.mode == "unsubscribe":
            return functools.partial(forget_hub_subscription, wanted=wanted)
        lease_until = self.now() + timedelta(seconds=event.lease_seconds)
        digest = content.digest if content else None
        kept = HubSubscription(
            wanted, event.callback, host_of(event.callback), event.topic, event.secret, lease_until, digest
        )
        return functools.partial(put_hub_subscription, wanted=kept)

    async def deliver(self, event: DeliveryDue) -> Commit | None:
        """Bring a subscriber the topic as it is now, unless it has that already (section 7)."""
        known = await self.database.look(functools.partial(read_hub_subscription, wanted=event.subscription_id))
        if known is None:
            return None
        if self._is_resting(known.host):
            return functools.partial(self._try_again, event, None)
        if self.under_way[known.host] >= AT_ONCE_A_HOST:
            return functools.partial(self._put_off, event)
        self.under_way[known.host] += 1
        try:
            return await self._deliver(event, known)
        finally:
            self.under_way[known.host] -= 1
            if not self.under_way[known.host]:
                del self.under_way[known.host]

    def _is_resting(self, host: str) -> bool:
        for over in [name for name, until in self.resting.items() if until <= self.now()]:
            del self.resting[over]
        return host in self.resting

    async def _deliver(self, event: DeliveryDue, known: HubSubscription) -> Commit:
        content = await self._content(known.topic)
        if known.lease_until <= self.now() or content is None or self.sources.configuration.stream.hub != OWN:
            return functools.partial(forget_hub_subscription, wanted=known.id)
        if content.digest == known.digest:
            return functools.partial(self._settle, known, content)
        try:
            await self._post(known, content)
        except FetchError as error:
            return self._after(error, event, known, content)
        self.resting.pop(known.host, None)
        return functools.partial(self._settle, known, content)

    async def _content(self, topic: str) -> Content | None:
        """The topic as it is now, written once for all that have subscribed to it."""
        async with self.writing:
            version = await self.database.look(functools.partial(read_counter, name="stream"))
            digest = self.sources.digest
            edition, content = self.written.get(topic, (None, None))
            if content is None or edition != (version, digest):
                content = await self.contents(topic)
            if content is None:
                return None
            self.written[topic] = (content.version, digest), content
            self.written.move_to_end(topic)
            while len(self.written) > MOST_AT_HAND:
                self.written.popitem(last=False)
            return content

    def _after(self, error: FetchError, event: DeliveryDue, known: HubSubscription, content: Content) -> Commit:
        """What follows where the fetch is not content: a success that says too much is one all the same."""
        if error.status in SUCCESS:
            return functools.partial(self._settle, known, content)
        log.info("a subscriber could not be told: %s", error)
        if error.status is None and not isinstance(error, RefusedError):
            self.resting[known.host] = self.now() + REST
        if error.status == GONE or isinstance(error, RefusedError):
            return functools.partial(forget_hub_subscription, wanted=known.id)
        return functools.partial(self._try_again, event, error.retry_at)

    async def _post(self, known: HubSubscription, content: Content) -> None:
        headers = {"Link": content.links}
        if known.secret:
            signature = hmac.new(known.secret.encode(), content.body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={signature}"
        await self.fetch.post(
            known.callback, content.body, content_type=content.content_type, headers=headers, max_bytes=LONGEST_ANSWER
        )

    async def _settle(self, known: HubSubscription, content: Content, connection: AsyncConnection) -> None:
        await note_delivered(connection, known.id, content.digest)
        if await read_counter(connection, "stream") > content.version:
            # It changed while this was on its way, when the work that was put for it was still this one.
            await self.work.put(connection, DeliveryDue(known.id), due_at=self.now(), key=delivery_key(known.id))

    async def _put_off(self, event: DeliveryDue, connection: AsyncConnection) -> None:
        """Let others go first: its host has enough to do."""
        due_at = self.now() + TURN_PAUSE
        await self.work.put(connection, event, due_at=due_at, key=delivery_key(event.subscription_id))

    async def _try_again(self, event: DeliveryDue, at: datetime | None, connection: AsyncConnection) -> None:
        """Later, each time longer; after some hours the next change is the next try."""
        if event.tries >= MOST_TRIES:
            return
        due_at = max(at or self.now(), self.now() + min(FIRST_PAUSE * 3**event.tries, LONGEST_PAUSE))
        again = replace(event, tries=event.tries + 1)
        await self.work.put(connection, again, due_at=due_at, key=delivery_key(event.subscription_id))

    async def _why_not(self, event: HubAsked, wanted: str, content: Content | None) -> str | None:
        if content is None or self.sources.configuration.stream.hub != OWN:
            return "this hub does not push that topic"
        async with self.database.read() as connection:
            there_is = await has_room(
                connection, host_of(event.callback), wanted, most=MOST, most_a_host=MOST_A_HOST, now=self.now()
            )
        return None if there_is else NO_ROOM

    async def _deny(self, event: HubAsked, reason: str) -> None:
        """Say no (section 5.2). Whether anybody listens is all the same."""
        said = {"hub.mode": "denied", "hub.topic": event.topic, "hub.reason": reason}
        try:
            await self.fetch.get(with_query(event.callback, said), accept="*/*", max_bytes=LONGEST_ANSWER)
        except FetchError as error:
            log.info("a subscriber was not told that it was denied: %s", error)

    async def _is_echoed(self, url: str, challenge: str) -> bool:
        try:
            answer = await self.fetch.get(url, accept="*/*", max_bytes=LONGEST_ANSWER, only_once=True)
        except FetchError as error:  # the fetch calls everything but 200 an error
            return error.status in SUCCESS and error.said.strip() == challenge
        # A redirect is a no: whoever stands at the callback itself is to answer.
        return answer.url == str(web_address(url)) and answer.body.strip() == challenge.encode()


def with_query(callback: str, query: dict[str, str]) -> str:
    """The callback with these names appended to the query that it has."""
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(query)}"
