"""What follows from what. Each handler looks and thinks first, then returns a short commit."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator import outlook, rechecks
from aggregator.bell import Bell
from aggregator.collectors import KINDS
from aggregator.collectors.contract import Collected, Outside
from aggregator.errors import AggregatorError, CollectError, StoreError
from aggregator.events import Event, ItemsArrived, PublicationDue, PushOffered, RecheckDue, SourceDue
from aggregator.model import Document, Refined, Source, State
from aggregator.pace import address_to_ask
from aggregator.picturekeeping import PictureKeeping
from aggregator.refine.batch import Frame, LeftOut, refine_entries
from aggregator.refine.identity import Finding, KnownEntry, Verdict, judge, marks
from aggregator.refine.vanishing import Looked, Window, watched
from aggregator.sources import CurrentSources
from aggregator.store.changes import record
from aggregator.store.engine import Commit, Database
from aggregator.store.items import (
    Kept,
    keep_entries,
    keep_renamed,
    read_known,
    withdraw_deleted,
    withdraw_hidden,
)
from aggregator.store.listeners import note_push
from aggregator.store.moves import RULE, NotPossibleError, StaleVersionError, UnknownItemError, move
from aggregator.store.rechecks import Finding as Found
from aggregator.store.rechecks import keep_findings, read_public
from aggregator.store.sources import (
    CollectedMeanwhileError,
    SourceState,
    keep_failure,
    keep_push,
    keep_success,
    read_state,
)
from aggregator.store.tables import item, source_state
from aggregator.store.vanished import note_missing, note_present, withdraw_account, withdraw_missing
from aggregator.subscribing import Subscribing, can_be_pushed, note_offer, read_offer
from aggregator.work import Handler, WorkList

FEW = 4
# So few entries of so many characters are refined at once, without a way to another process and back.
SHORT = 40_000
CHUNK = 60
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
class Thoughts:
    """What a document comes to: entries that are new or changed, ids that are, and entries nobody may be shown.

    `present` are the keys of what it shows and is known already, `window` those that are watched over, `new_keys` the
    keys by which entries are known from now on that had another one.
    """

    entries: Sequence[tuple[Verdict, Refined]] = ()
    renamed: Sequence[Verdict] = ()
    hidden: Sequence[Verdict] = ()
    present: Sequence[str] = ()
    window: Window = ()
    new_keys: Mapping[str, str] = field(default_factory=dict)

    def outcome(self, source_id: str, *, was_same: bool = False) -> Outcome:
        """The same as figures."""
        findings = Counter(verdict.finding for verdict, _ in self.entries)
        return Outcome(source_id, findings[Finding.NEW], findings[Finding.CHANGED], was_same=was_same)


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
            async with self.database.read() as connection:
                state = await read_state(connection, source.id)
        if state is None:
            raise CollectError(f"{source.id} has no state yet")
        asked = replace(source, url=address_to_ask(source.url, state.move, now=self.now()))
        try:
            collected = await KINDS[source.kind].collect(asked, state.cursor, self.outside)
            is_first = state.collected_at is None and state.arrived_at is None
            thoughts = await self._think(source, collected, is_first=is_first)
        except CollectError as error:
            log.info("%s: %s", source.id, error)
            failed = functools.partial(self._keep_failure, source, state, asked.url, error)
            return Outcome(source.id, problem=str(error)), failed
        outcome = thoughts.outcome(source.id, was_same=collected.document is None)
        return outcome, functools.partial(self._keep, source, state, asked.url, collected, thoughts)

    async def take(self, source: Source, collected: Collected) -> Outcome:
        """Keep what a source has pushed, at once. Raises StoreError where it cannot be kept now."""
        async with self.turns.setdefault(source.id, asyncio.Lock()):
            return await self._take(source, collected)

    async def _take(self, source: Source, collected: Collected) -> Outcome:
        for _ in range(MOST_MEETINGS):
            async with self.database.read() as connection:
                state = await read_state(connection, source.id)
            if state is None:
                raise StoreError(f"{source.id} has no state yet")
            thoughts = await self._think(source, collected)
            try:
                async with self.database.write() as connection:
                    kept = await self._keep_pushed(source, state, collected, thoughts, connection)
            except CollectedMeanwhileError:
                continue  # it was asked at the same moment: what is new is judged again
            await self.bell.ring()
            return replace(thoughts.outcome(source.id), withdrawn=kept.withdrawn)
        raise StoreError(f"{source.id} is being collected over and over; what was pushed comes in with that")

    async def _think(self, source: Source, collected: Collected, *, is_first: bool = False) -> Thoughts:
        """What is new or changed, refined; and what has only a new id. Of what comes first, nothing is known yet."""
        if collected.document is None:
            return Thoughts()
        if collected.document.left_out:
            log.warning("%s: %d older entries are left out", source.id, collected.document.left_out)
        marked = marks(collected.document.entries)
        known: list[KnownEntry] = []
        if not is_first:
            async with self.database.read() as connection:
                known = await read_known(connection, source.id, (mark for _, mark in marked))
        verdicts = judge(marked, known, ids_hold=collected.document.ids_hold)
        fresh = [verdict for verdict in verdicts if verdict.finding is not Finding.KNOWN]
        renamed = [verdict for verdict in verdicts if verdict.finding is Finding.KNOWN and verdict.was_key]
        refined, hidden = await self._refine(source, collected, fresh) if fresh else ([], [])
        window = watched([(mark.entry_key, mark.dated) for _, mark in marked])
        new_keys = {verdict.was_key: verdict.mark.entry_key for verdict in verdicts if verdict.was_key}
        present = [verdict.mark.entry_key for verdict in verdicts if verdict.finding is not Finding.NEW]
        return Thoughts(refined, renamed, hidden, present, window, new_keys)

    async def _refine(
        self, source: Source, collected: Collected, verdicts: Sequence[Verdict]
    ) -> tuple[list[tuple[Verdict, Refined]], list[Verdict]]:
        """The entries that are let in, refined; and known ones that may not be shown any more."""
        language = collected.document.language if collected.document else None
        block = self.sources.configuration.stream.block
        # A source's secret is none of a reader's business, and an unset one is no reason to fail here.
        frame = Frame(replace(source, token=None), collected.url, language, self.sources.packed_tags, block, self.now())
        asked = [(verdict.sighting, verdict.finding is Finding.CHANGED) for verdict in verdicts]
        if len(asked) <= FEW and sum(len(sighting.body_html) for sighting, _ in asked) <= SHORT:
            answers = await asyncio.to_thread(refine_entries, frame, asked)
        else:
            # In processes of their own: here it would stall the event loop, and use one core.
            chunks = [asked[start : start + CHUNK] for start in range(0, len(asked), CHUNK)]
            parts = await asyncio.gather(*(self.outside.reader.run(refine_entries, frame, chunk) for chunk in chunks))
            answers = [answer for part in parts for answer in part]
        entries: list[tuple[Verdict, Refined]] = []
        hidden: list[Verdict] = []
        for verdict, answer in zip(verdicts, answers, strict=True):
            if isinstance(answer, Refined):
                entries.append((verdict, answer))
            elif answer is LeftOut.HIDDEN and verdict.item_id:
                hidden.append(verdict)
        return entries, hidden

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
        following = outlook.after_success(
            source, state, asked, collected, window=thoughts.window, renamed=thoughts.new_keys, has_news=has_news,
            now=now, chance=random.random(),  # noqa: S311
        )  # fmt: skip
        if collected.document:
            # First, since whoever deals with the hub takes the rows of its work and of the source in this order.
            await self._note_offer(source, state, collected.document, collected.url, connection)
        await keep_success(
            connection, state, collected.cursor, now=now, due_at=following.due_at, has_news=has_news,
            move=following.move, habits=following.habits,
        )  # fmt: skip
        await self._keep_document(source, collected.document, thoughts, connection, following.looked)

    async def _note_offer(
        self, source: Source, state: SourceState, document: Document, url: str, connection: AsyncConnection
    ) -> None:
        """See to it that a hub which the document names is subscribed to, or say why it cannot be."""
        offer = read_offer(document, url, self.public_url)
        if can_be_pushed(source) and not offer.hubs and offer.problem != state.push_problem:
            await note_push(connection, source.id, offer.problem, live_at=None)
        await note_offer(connection, self.work, source, offer, now=self.now())

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
    ) -> Kept:
        """`looked` is what a look tells of missing entries; a push tells nothing of them."""
        now = self.now()
        kept = await keep_entries(connection, source, thoughts.entries, now=now)
        await keep_renamed(connection, source, thoughts.renamed, now=now)
        if document:
            await withdraw_deleted(connection, source, document.deleted, kept, now=now)
            await withdraw_hidden(connection, source, thoughts.hidden, kept, now=now)
            await note_present(connection, source, thoughts.present, kept, now=now)
        if document and document.is_gone:
            await withdraw_account(connection, source, kept, now=now)
        if looked and looked.too_many:
            log.warning("%s: more than half of its entries are missing at once: none is taken for deleted", source.id)
        elif looked:
            await note_missing(connection, source, looked.missing, kept, now=now)
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
            problem = f"could not be kept: {error if isinstance(error, AggregatorError) else type(error).__name__}"
            now = self.now()
            values = {"tried_at": now, "problem": problem, "problem_at": now, "failures": source_state.c.failures + 1}
            where = source_state.c.source_id == event.source_id
            await connection.execute(update(source_state).where(where).values(**values))

    async def recheck(self, event: RecheckDue) -> Commit | None:
        """See whether public items are still there at their source, and withdraw those that are gone."""
        source = self.sources.configuration.source(event.source_id)
        async with self.database.read() as connection:
            items = await read_public(connection, event.item_ids)
        if source is None or not source.enabled or not items:
            return None
        return functools.partial(self._keep_findings, await rechecks.check(source, items, self.outside))

    async def _keep_findings(self, findings: Sequence[Found], connection: AsyncConnection) -> None:
        now = self.now()
        await record(connection, await keep_findings(connection, findings, now=now), now=now)

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


FOLLOWS: Mapping[type[Event], Sequence[str]] = {
    SourceDue: ("collect",),
    ItemsArrived: ("keep_pictures",),
    PublicationDue: ("publish",),
    PushOffered: ("subscribe",),
    RecheckDue: ("recheck",),
}


def handlers(shop: Workshop) -> Mapping[str, Handler]:
    """Every handler by the name that stands in the work list."""
    fetch = shop.outside.fetch
    subscribing = Subscribing(shop.database, fetch, shop.sources, shop.work, shop.public_url, shop.now)
    return {
        "collect": shop.collect,
        "keep_pictures": PictureKeeping(shop.database, shop.outside, shop.media_dir, shop.now).keep,
        "publish": shop.publish,
        "subscribe": subscribing.subscribe,
        "recheck": shop.recheck,
    }
