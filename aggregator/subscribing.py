"""Asks hubs to push (WebSub), renews in time, and answers when they ask back whether we meant it.

A source is asked on schedule all the same, so whatever goes wrong here costs time and no item. What a hub delivers is
deliveries.py's part.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.collectors import KINDS
from aggregator.errors import FetchError
from aggregator.events import PushOffered, SourceDue
from aggregator.model import Configuration, Document, Source
from aggregator.outgoing import Fetch
from aggregator.sources import CurrentSources
from aggregator.store.engine import Commit, Database
from aggregator.store.listeners import note_push
from aggregator.store.sources import fall_back, read_state
from aggregator.store.subscriptions import (
    ASKED,
    PushState,
    Subscription,
    change_subscription,
    find_subscription,
    forget_subscription,
    put_subscription,
    read_agreed,
    read_push_states,
    read_subscription,
)
from aggregator.websub import FORM, asking, can_call, is_same_topic, read_lease
from aggregator.work import WorkList, drop, hurry

# How soon a hub is asked once more, whatever it grants: a lease of a second is no reason to ask every second.
SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(days=1)
# How long a hub may take to ask back.
CONFIRMED_WITHIN = timedelta(minutes=5)
RENEW_AT = 0.8  # of the lease
NOT_CONFIRMED = "its hub took the request but never asked back to confirm it; can it reach MPOWER_PUBLIC_URL?"
log = logging.getLogger(__name__)


def can_be_pushed(source: Source | None) -> bool:
    """Whether a source is to be subscribed to where it names a hub."""
    return source is not None and source.enabled and source.push and KINDS[source.kind].listen is None


async def note_offer(
    connection: AsyncConnection, work: WorkList, source: Source, offer: Offer, *, now: datetime
) -> None:
    """See to it that the hubs that a whole document names are subscribed to, and no others. Part of keeping it."""
    known = await read_agreed(connection, source.id)
    hubs = offer.hubs if can_be_pushed(source) else ()
    if known is None and not hubs:
        return
    if known is not None and known[0] in hubs and known[1] == offer.topic:
        return  # and a task waits until it is time to renew it
    await drop(connection, _key(source.id))
    event = PushOffered(source.id, hubs, offer.topic)
    await work.put(connection, event, due_at=now, key=_key(source.id))


@dataclass(frozen=True, slots=True)
class Offer:
    """The hubs that a document names, of those that could reach us, and its topic; why none of them could."""

    hubs: tuple[str, ...]
    topic: str
    problem: str | None = None


def read_offer(document: Document, url: str, public_url: str) -> Offer:
    """What a document that was read from `url` offers by way of push."""
    hubs = tuple(hub for hub in document.hubs if can_call(hub, public_url))
    unreachable = "its hub cannot reach this program: set MPOWER_PUBLIC_URL to an address of the public internet"
    return Offer(hubs, document.topic or url, unreachable if document.hubs and not hubs else None)


async def wake_changed(connection: AsyncConnection, configuration: Configuration, *, now: datetime) -> None:
    """Have subscriptions ended soon whose source has left the file or does not want push any more.

    One that ends and is wanted again is begun anew.
    """
    for source_id, state in (await read_push_states(connection)).items():
        if can_be_pushed(configuration.source(source_id)) == (state is PushState.ENDING):
            await hurry(connection, _key(source_id), now=now)


def pushed_again(before: Configuration, now: Configuration) -> frozenset[str]:
    """The sources that want push by now and did not before."""
    wanted = {source.id for source in now.sources if can_be_pushed(source)}
    known = {source.id: can_be_pushed(source) for source in before.sources}
    return frozenset(source_id for source_id in wanted if known.get(source_id) is False)


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The one handler of `PushOffered`. `public_url` is where the hubs are to call us."""

    database: Database
    fetch: Fetch
    sources: CurrentSources
    work: WorkList
    public_url: str
    now: Callable[[], datetime]

    async def subscribe(self, event: PushOffered) -> Commit | None:
        """Ask the hub where it is time to; in any case come back when it will be."""
        async with self.database.read() as connection:
            known = await read_subscription(connection, event.source_id)
        if not event.hubs or not can_be_pushed(self.sources.configuration.source(event.source_id)):
            return await self._end(event, known)
        fits = known is not None and known.hub in event.hubs and known.topic == event.topic
        if known is None or not fits or known.state is PushState.ENDING:
            return await self._ask(event, _fresh(event, self.now()))
        if self.now() < _ask_again_at(known, event.tries):
            return functools.partial(self._come_back, event, None, None)
        if known.state is PushState.LIVE:
            return await self._ask(event, replace(known, state=PushState.RENEWING, asked_at=self.now()))
        earlier = known.problem or NOT_CONFIRMED
        log.info("%s: %s", event.source_id, earlier)
        event = replace(event, tries=event.tries + 1)
        if known.is_live(self.now()):
            return await self._ask(event, replace(known, asked_at=self.now(), problem=None), earlier)
        return await self._ask(event, _fresh(event, self.now()), earlier)

    async def _ask(self, event: PushOffered, wanted: Subscription, earlier: str | None = None) -> Commit:
        """Keep what is asked for, then ask: the hub may ask back before it has answered.

        `earlier` is what went wrong before, and is shown until it goes well.
        """
        async with self.database.write() as connection:
            await put_subscription(connection, wanted)
        form = asking("subscribe", topic=wanted.topic, callback=self._address(wanted), secret=wanted.secret)
        try:
            await self.fetch.post(wanted.hub, form, content_type=FORM)
        except FetchError as error:
            log.info("%s: its hub could not be asked: %s", event.source_id, error)
            return functools.partial(self._come_back, event, f"its hub could not be asked: {error}", earlier)
        return functools.partial(self._come_back, event, None, earlier)

    async def _come_back(
        self, event: PushOffered, problem: str | None, earlier: str | None, connection: AsyncConnection
    ) -> None:
        """Note how things stand by now, and put the next look: when to ask again, or when the lease is over."""
        now = self.now()
        known = await read_subscription(connection, event.source_id)
        if known is None:
            return
        if problem and known.state in ASKED:
            await change_subscription(connection, known, only_from=ASKED, problem=problem)
            known = replace(known, problem=problem)
        due_at = _ask_again_at(known, event.tries)
        if known.is_live(now) and known.lease_until:
            due_at = min(due_at, known.lease_until)
            if problem:
                await note_push(connection, event.source_id, problem, live_at=now)
        elif known.state is not PushState.DENIED:
            lapsed = "the lease of its hub is over" if known.lease_until else None
            await _note_silence(connection, event.source_id, known.problem or earlier or lapsed, now=now)
        tries = 0 if known.state is PushState.LIVE else event.tries
        event = replace(event, tries=tries)
        await self._wait(event, max(due_at, now), connection)

    async def _end(self, event: PushOffered, known: Subscription | None) -> Commit | None:
        """Tell the hub to stop; drop the row once it had the time to ask back."""
        if known is None:
            return None
        if known.state is PushState.ENDING:
            until = known.asked_at + CONFIRMED_WITHIN
            return (
                functools.partial(self._wait, event, until) if self.now() < until else functools.partial(_forget, known)
            )
        async with self.database.write() as connection:
            states = frozenset(PushState) - {PushState.ENDING}
            ending = {"state": PushState.ENDING, "asked_at": self.now()}
            await change_subscription(connection, known, only_from=states, **ending)
        try:
            form = asking("unsubscribe", topic=known.topic, callback=self._address(known))
            await self.fetch.post(known.hub, form, content_type=FORM)
        except FetchError as error:
            log.info("%s: its hub was not told to stop, the lease will end by itself: %s", event.source_id, error)

        async def come_back(connection: AsyncConnection) -> None:
            await _note_silence(connection, event.source_id, None, now=self.now())
            await self._wait(event, self.now() + CONFIRMED_WITHIN, connection)

        return come_back

    async def _wait(self, event: PushOffered, until: datetime, connection: AsyncConnection) -> None:
        await self.work.put(connection, event, due_at=until, key=_key(event.source_id))

    def _address(self, known: Subscription) -> str:
        return f"{self.public_url}/push/websub/{known.callback}"


async def confirm(
    database: Database, work: WorkList, callback: str, mode: str, topic: str, lease: str | None, *, now: datetime
) -> bool:
    """Whether we meant what a hub asks back about (section 5.3); what we did mean holds from now on."""
    async with database.write() as connection:
        known = await find_subscription(connection, callback)
        if known is None or known.topic != topic:
            return False
        if mode == "unsubscribe":
            return known.state is PushState.ENDING
        lease_until = now + read_lease(lease)
        granted = {"state": PushState.LIVE, "lease_until": lease_until, "problem": None}
        if mode != "subscribe" or not await change_subscription(connection, known, only_from=ASKED, **granted):
            return False
        await note_push(connection, known.source_id, None, live_at=now)
        await hurry(connection, _key(known.source_id), now=now)
        if known.state is PushState.PENDING:
            # What came between the last look and this moment.
            key = f"source:{known.source_id}"
            await work.put(connection, SourceDue(known.source_id), due_at=now, key=key)
            await hurry(connection, key, now=now)
    return True


async def deny(database: Database, callback: str, topic: str, reason: str, *, now: datetime) -> bool:
    """Take note that a hub will not push (section 5.2), with its reason; says whether it concerns us."""
    async with database.write() as connection:
        known = await find_subscription(connection, callback)
        if known is None or not is_same_topic(known.topic, topic):
            return False
        said = " ".join(reason.split())[:300]
        problem = f"its hub refused to push{f': {said}' if said else ''}"
        states = frozenset(PushState) - {PushState.ENDING}
        denied = {"state": PushState.DENIED, "asked_at": now, "lease_until": None, "problem": problem}
        if await change_subscription(connection, known, only_from=states, **denied):
            await _note_silence(connection, known.source_id, problem, now=now)
            await hurry(connection, _key(known.source_id), now=now)
    log.info("%s: %s", known.source_id, problem)
    return True


async def _note_silence(connection: AsyncConnection, source_id: str, problem: str | None, *, now: datetime) -> None:
    """Note that nothing is pushed (any more). A source that was asked rarely because it pushed is asked again now."""
    state = await read_state(connection, source_id)
    await note_push(connection, source_id, problem, live_at=None)
    if state and state.live_at:
        await fall_back(connection, source_id, at=now)


async def _forget(known: Subscription, connection: AsyncConnection) -> None:
    await forget_subscription(connection, known)


def _fresh(event: PushOffered, now: datetime) -> Subscription:
    """A subscription under a new callback and secret: whoever knew former ones knows nothing of this."""
    return Subscription(
        source_id=event.source_id,
        callback=secrets.token_urlsafe(24),
        hub=event.hubs[event.tries % len(event.hubs)],
        topic=event.topic,
        secret=secrets.token_urlsafe(32),
        state=PushState.PENDING,
        asked_at=now,
    )


def _ask_again_at(known: Subscription, tries: int) -> datetime:
    """The moment to ask a hub (once more)."""
    if known.state is PushState.DENIED:
        return known.asked_at + LONGEST_PAUSE
    if known.state is PushState.LIVE and known.lease_until:
        return known.asked_at + max((known.lease_until - known.asked_at) * RENEW_AT, SHORTEST_PAUSE)
    first = SHORTEST_PAUSE if known.problem else CONFIRMED_WITHIN
    return known.asked_at + min(first * (1 << min(tries, 12)), LONGEST_PAUSE)


def _key(source_id: str) -> str:
    return f"push:{source_id}"
