"""What follows from what. Each handler looks and thinks first, then returns a short commit."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator import outlook, rechecks
from aggregator.bell import Bell
from aggregator.collectors import KINDS
from aggregator.collectors.contract import Collected, Outside
from aggregator.errors import CollectError, StoreError, not_kept
from aggregator.events import (
    DeliveryDue,
    Event,
    HubAsked,
    ItemsArrived,
    PublicationDue,
    PushOffered,
    QueueChanged,
    RecheckDue,
    SourceDue,
    StreamChanged,
)
from aggregator.learning.study import Study
from aggregator.learning.training import Training
from aggregator.model import Document, Source, State
from aggregator.ownhub import Content, OwnHub
from aggregator.pace import address_to_ask
from aggregator.picturekeeping import PictureKeeping
from aggregator.publishing import Publishing
from aggregator.refine.identity import Finding
from aggregator.refine.vanishing import Looked
from aggregator.sources import CurrentSources
from aggregator.store.changes import record
from aggregator.store.deletions import note_pushed, without_deleted
from aggregator.store.engine import Commit, Database
from aggregator.store.items import (
    Kept,
    keep_entries,
    keep_renamed,
    withdraw_deleted,
    withdraw_hidden,
)
from aggregator.store.listeners import note_push
from aggregator.store.moves import RULE, NotPossibleError, StaleVersionError, UnknownItemError, move
from aggregator.store.rechecks import keep_findings, read_public
from aggregator.store.sources import (
    CollectedMeanwhileError,
    SourceState,
    keep_failure,
    keep_push,
    keep_success,
    read_state,
)
from aggregator.store.subscriptions import forget_validators
from aggregator.store.tables import item, source_state
from aggregator.store.vanished import bring_back, note_missing, note_present, withdraw_account, withdraw_missing
from aggregator.subscribing import Subscribing, can_be_pushed, note_offer, read_offer
from aggregator.thinking import Thinker, Thoughts
from aggregator.work import Handler, WorkList

FEW = 4
MOST_MEETINGS = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look at a source came to. `problem` is None where it went well."""

    source_id: str
    new: int = 0
    changed: int = 0
    problem: str | None = None
    was_same: bool = False
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Workshop:
    """What handlers work with."""

    database: Database
    bell: Bell
    outside: Outside
    sources: CurrentSources
    work: WorkList
    media_dir: Path
    now: Callable[[], datetime]
    public_url: str = ""  # where hubs are to call
    turns: dict[str, asyncio.Lock] = field(default_factory=dict)  # one push at a time to a source
    study: Study = field(default_factory=Study)
    contents: ReadContent | None = None  # how topics of our hub are read

    @property
    def thinker(self) -> Thinker:
        """Who thinks about what was asked for."""
        return Thinker(self.database, self.outside, self.sources, self.now)

    @property
    def quick_thinker(self) -> Thinker:
        """Who thinks about what is pushed."""
        return Thinker(self.database, self.outside.at_once(), self.sources, self.now)

    async def content(self, topic: str) -> Content | None:
        """What a topic of our hub shows now; None where it is none of ours, or nobody here can write it."""
        return await self.contents(self, topic) if self.contents else None

    async def collect(self, event: SourceDue) -> Commit | None:
        """Look at a source, think about what it shows, and keep what is new."""
        source = self.sources.configuration.source(event.source_id)
        if source is None or not source.enabled:
            return None
        _, commit = await self.look(source)
        return commit

    async def look(self, source: Source, state: SourceState | None = None) -> tuple[Outcome, Commit]:
        """The same, with what came of it, for those who watch. `state` spares one who has read it already."""
        if state is None:
            state = await self.database.look(functools.partial(read_state, source_id=source.id))
        if state is None:
            raise CollectError(f"{source.id} has no state yet")
        url = address_to_ask(source.url, state.move, now=self.now())
        asked = source if url == source.url else replace(source, url=url)
        try:
            is_first = state.collected_at is None and state.arrived_at is None
            way_out = self.thinker.way_out(source, is_first=is_first)
            collected = await KINDS[source.kind].collect(asked, state.cursor, way_out)
            thoughts = await self.thinker.think(source, collected, is_first=is_first)
        except CollectError as error:
            log.info("%s: %s", source.id, error)
            failed = functools.partial(self._keep_failure, source, state, asked.url, error)
            return Outcome(source.id, problem=str(error)), failed
        outcome = _outcome(source.id, thoughts, was_same=collected.document is None)
        return outcome, functools.partial(self._keep, source, state, asked.url, collected, thoughts)

    async def take(self, source: Source, collected: Collected) -> Outcome:
        """Keep what a source has pushed, at once. Raises StoreError where it cannot be kept now, and DocumentError."""
        async with self.turns.setdefault(source.id, asyncio.Lock()):
            return await self._take(source, collected)

    async def _take(self, source: Source, collected: Collected) -> Outcome:
        for _ in range(MOST_MEETINGS):
            state = await self.database.look(functools.partial(read_state, source_id=source.id))
            if state is None:
                raise StoreError(f"{source.id} has no state yet")
            thoughts = await self.quick_thinker.think(source, collected)
            try:
                async with self.database.write() as connection:
                    kept = await self._keep_pushed(source, state, collected, thoughts, connection)
            except CollectedMeanwhileError:
                continue  # it was asked at the same moment: what is new is judged again
            await self.bell.ring()
            return replace(_outcome(source.id, thoughts), withdrawn=kept.withdrawn)
        raise StoreError(f"{source.id} is being collected over and over; what was pushed comes in with that")

    async def _keep(
        self,
        source: Source,
        state: SourceState,
        asked: str,
        collected: Collected,
        thoughts: Thoughts,
        connection: AsyncConnection,
    ) -> None:
        now, has_news = self.now(), bool(thoughts.entries)
        if named := collected.document or collected.offer:
            # First, since whoever deals with the hub takes the rows of its work and of the source in this order.
            state = await self._note_offer(source, state, named, collected.url, connection)
        following = outlook.after_success(
            source, state, asked, collected, window=thoughts.window, renamed=thoughts.new_keys, has_news=has_news,
            now=now, chance=random.random(),  # noqa: S311
        )  # fmt: skip
        await keep_success(
            connection, state, collected.cursor, now=now, due_at=following.due_at, has_news=has_news,
            move=following.move, habits=following.habits,
        )  # fmt: skip
        # They are forgotten when an account goes; without a place, too, it is the first look at this address.
        may_be_back = bool(state.cursor.place) and not state.cursor.has_validators
        await self._keep_document(
            source, collected.document, thoughts, connection, following.looked, may_be_back=may_be_back
        )

    async def _note_offer(
        self, source: Source, state: SourceState, document: Document, url: str, connection: AsyncConnection
    ) -> SourceState:
        """See to it that a hub which the document names is subscribed to, or say why it cannot be; the state after."""
        offer = read_offer(document, url, self.public_url)
        if can_be_pushed(source) and not offer.hubs and offer.problem != state.push_problem:
            await note_push(connection, source.id, offer.problem, live_at=None)
            state = replace(state, live_at=None, push_problem=offer.problem)
        await note_offer(connection, self.work, source, offer, now=self.now())
        return state

    async def _keep_pushed(
        self,
        source: Source,
        state: SourceState,
        collected: Collected,
        thoughts: Thoughts,
        connection: AsyncConnection,
    ) -> Kept:
        has_news = bool(thoughts.entries)
        await keep_push(connection, state, collected.cursor.place, now=self.now(), has_news=has_news)
        return await self._keep_document(source, collected.document, thoughts, connection)

    async def _keep_document(
        self,
        source: Source,
        document: Document | None,
        thoughts: Thoughts,
        connection: AsyncConnection,
        looked: Looked | None = None,
        *,
        may_be_back: bool = False,
    ) -> Kept:
        """`looked` is what a look tells of missing entries; a push tells nothing of them.

        `may_be_back` is true where the account may have been gone until now.
        """
        now, entries = self.now(), thoughts.entries
        if document and KINDS[source.kind].listen:
            if looked:
                entries = await without_deleted(connection, source.id, entries, now=now)
            else:
                await note_pushed(connection, source.id, document, now=now)
        kept = await keep_entries(connection, source, entries, now=now)
        await keep_renamed(connection, source, thoughts.renamed, now=now)
        if document:
            await withdraw_deleted(connection, source, document.deleted, kept, now=now)
            await withdraw_hidden(connection, source, thoughts.hidden, kept, now=now)
            await note_present(connection, source, thoughts.present, kept, now=now)
        if document and document.is_gone:
            await withdraw_account(connection, source, kept, now=now)
            # When it is back it may answer as it did before, and what it shows is to be seen all the same.
            await forget_validators(connection, (source.id,))
        elif may_be_back and (entries or thoughts.present):
            await bring_back(connection, source, kept, now=now)
        if looked and looked.too_many:
            log.warning("%s: more than half of its entries are missing at once: none is taken for deleted", source.id)
        elif looked:
            missing = await note_missing(connection, source, looked.missing, kept, now=now)
            if missing and KINDS[source.kind].find_gone:
                # A network says of each by its name whether it is gone; that need not wait for a round of checks.
                asked = RecheckDue(source.id, tuple(missing[: rechecks.MOST_BY_NAME]))
                await self.work.put(connection, asked, due_at=now)
            await withdraw_missing(connection, source, kept, now=now)
        # Few at a time: what one slow host holds up are the pictures of a few items, for one lease.
        few = [tuple(kept.pictured[start : start + FEW]) for start in range(0, len(kept.pictured), FEW)]
        await self.work.put_all(connection, [(None, ItemsArrived(item_ids)) for item_ids in few], due_at=now)
        for item_id, publish_at in kept.scheduled:
            await self.work.put(connection, PublicationDue(item_id), due_at=publish_at)
        await record(connection, kept.changes, now=now)
        return kept

    async def _keep_failure(
        self, source: Source, state: SourceState, asked: str, error: CollectError, connection: AsyncConnection
    ) -> None:
        now = self.now()
        following = outlook.after_failure(source, state, asked, error, now=now, chance=random.random())  # noqa: S311
        await keep_failure(
            connection, state, str(error), now=now, due_at=following.due_at, stopped=following.stopped,
            move=following.move, habits=following.habits,
        )  # fmt: skip

    async def note_failure(self, event: Event, error: Exception, connection: AsyncConnection) -> None:
        """Let editors see that a source could not be kept, where the reason is a fault of ours."""
        if isinstance(event, SourceDue):
            now, failures = self.now(), source_state.c.failures + 1
            values = {"tried_at": now, "problem": not_kept(error), "problem_at": now, "failures": failures}
            where = source_state.c.source_id == event.source_id
            await connection.execute(update(source_state).where(where).values(**values))

    async def recheck(self, event: RecheckDue) -> Commit | None:
        """See whether public items are still there at their source, and withdraw those that are gone."""
        source = self.sources.configuration.source(event.source_id)
        async with self.database.read() as connection:
            public = await read_public(connection, event.item_ids)
            state = await read_state(connection, event.source_id)
        if source is None or not source.enabled:
            return None
        items = [one for one in public if rechecks.can_be_checked(one, source)]
        if not items:
            return None
        is_failing = state is not None and state.failures > 0
        checked = await rechecks.check(source, items, self.outside, is_failing=is_failing)
        return functools.partial(self._keep_checked, source, checked)

    async def _keep_checked(self, source: Source, checked: rechecks.Checked, connection: AsyncConnection) -> None:
        now = self.now()
        if checked.wait_until:
            # Work without an item: as long as it waits, nothing of that host is checked, in no process.
            rest = RecheckDue(source.id, ())
            await self.work.put(connection, rest, due_at=checked.wait_until, key=rechecks.rest_of(source))
        await record(connection, await keep_findings(connection, checked.findings, now=now), now=now)

    async def publish(self, event: PublicationDue) -> Commit:
        """Publish a scheduled item whose moment has come, unless an editor has decided meanwhile."""
        return functools.partial(self._publish, event)

    async def _publish(self, event: PublicationDue, connection: AsyncConnection) -> None:
        now = self.now()
        publish_at = await connection.scalar(select(item.c.publish_at).where(item.c.id == event.item_id))
        if publish_at is None or publish_at > now:
            return  # decided or put off meanwhile: another row of the work list knows
        try:
            moved = await move(
                connection, event.item_id, to=State.APPROVED, action="approve", by=RULE, now=now,
                reason="its time has come and no editor said no", allowed_from=(State.SCHEDULED,),
            )  # fmt: skip
        except (UnknownItemError, NotPossibleError, StaleVersionError):
            return
        await record(connection, moved.changes, now=now)


def _outcome(source_id: str, thoughts: Thoughts, *, was_same: bool = False) -> Outcome:
    """What was thought, as figures."""
    findings = Counter(verdict.finding for verdict, _ in thoughts.entries)
    return Outcome(source_id, findings[Finding.NEW], findings[Finding.CHANGED], was_same=was_same)


# Who reads what a topic shows; the web's part, which writes feeds.
ReadContent = Callable[[Workshop, str], Awaitable[Content | None]]

FOLLOWS: Mapping[type[Event], Sequence[str]] = {
    SourceDue: ("collect",),
    ItemsArrived: ("keep_pictures",),
    PublicationDue: ("publish",),
    PushOffered: ("subscribe",),
    RecheckDue: ("recheck",),
    QueueChanged: ("learn",),
    StreamChanged: ("announce",),
    HubAsked: ("verify",),
    DeliveryDue: ("deliver",),
}


def handlers(shop: Workshop) -> Mapping[str, Handler]:
    """Every handler by the name that stands in the work list."""
    fetch = shop.outside.fetch
    subscribing = Subscribing(shop.database, fetch, shop.sources, shop.work, shop.public_url, shop.now)
    pictures = PictureKeeping(shop.database, shop.outside, shop.work, shop.media_dir, shop.now)
    publishing = Publishing(shop.database, fetch, shop.sources, shop.work, shop.public_url, shop.now)
    hub = OwnHub(shop.database, fetch, shop.sources, shop.work, shop.content, shop.now)
    return {
        "collect": shop.collect,
        "keep_pictures": pictures.keep,
        "publish": shop.publish,
        "subscribe": subscribing.subscribe,
        "recheck": shop.recheck,
        "learn": Training(shop.database, shop.sources, shop.study, shop.now).learn,
        "announce": publishing.announce,
        "verify": hub.verify,
        "deliver": hub.deliver,
    }
