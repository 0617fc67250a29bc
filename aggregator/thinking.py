"""Thinks about what was collected: what of it is new or changed, and what that is when refined.

The work is done in processes apart: here it would stall the event loop, and use one core. Entries that were read there
are not even unpacked here. What is known already is read from the database in between; nothing is kept.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.collectors import KINDS
from aggregator.collectors.contract import Collected, Outside, Reading
from aggregator.model import Document, Refined, Sighting, Source
from aggregator.refine.batch import (
    MOST,
    Considered,
    Frame,
    LeftOut,
    ReadEntries,
    consider,
    read_and_consider,
    refine_entries,
)
from aggregator.refine.identity import Finding, KnownEntry, Verdict, judge
from aggregator.refine.vanishing import Window, watched
from aggregator.sources import CurrentSources
from aggregator.store.engine import Database
from aggregator.store.items import read_known

log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Thinker:
    """Thinks with what is known in the database and with the sources.toml that counts right now."""

    database: Database
    outside: Outside
    sources: CurrentSources
    now: Callable[[], datetime]

    def way_out(self, source: Source, *, is_first: bool = False) -> Outside:
        """The way out for the source's collector: what it reads is thought about in the same process at once.

        Of what comes first, nothing is known yet.
        """
        if KINDS[source.kind].shapes:
            return self.outside  # its entries are not yet what they are to be when they are read

        def considering(url: str) -> Callable[[Reading, bytes], Document]:
            return functools.partial(read_and_consider, self._frame(source, url, None), is_first)

        return replace(self.outside, considering=considering)

    async def think(self, source: Source, collected: Collected, *, is_first: bool = False) -> Thoughts:
        """What is new or changed, refined; and what has only a new id. Raises DocumentError."""
        document = collected.document
        if document is None:
            return Thoughts()
        if document.left_out:
            log.warning("%s: %d older entries are left out", source.id, document.left_out)
        frame = self._frame(source, collected.url, document.language)
        considered = await self._considered(frame, document, is_first=is_first)
        known: list[KnownEntry] = []
        if not is_first:
            marks = [mark for _, mark in considered.marked]
            known = await self.database.look(functools.partial(read_known, source_id=source.id, marks=marks))
        verdicts = judge(considered.marked, known, ids_hold=document.ids_hold)
        fresh = [verdict for verdict in verdicts if verdict.finding is not Finding.KNOWN]
        renamed = [verdict for verdict in verdicts if verdict.finding is Finding.KNOWN and verdict.was_key]
        refined, hidden = await self._refined(frame, document.entries, fresh, considered)
        window = watched([(mark.entry_key, mark.dated) for _, mark in considered.marked])
        new_keys = {verdict.was_key: verdict.mark.entry_key for verdict in verdicts if verdict.was_key}
        present = [verdict.mark.entry_key for verdict in verdicts if verdict.finding is not Finding.NEW]
        return Thoughts(refined, renamed, hidden, present, window, new_keys)

    def _frame(self, source: Source, base_url: str | None, language: str | None) -> Frame:
        block = self.sources.configuration.stream.block
        # A source's secret is none of a reader's business, and an unset one is no reason to fail here.
        shown = replace(source, token=None) if source.token else source
        return Frame(shown, base_url, language, self.sources.packed_tags, block, self.now())

    async def _considered(self, frame: Frame, document: Document, *, is_first: bool) -> Considered:
        entries = document.entries
        if isinstance(entries, ReadEntries):
            return entries.considered
        return await self.outside.reader.run(consider, frame, entries, is_first) if entries else Considered((), {})

    async def _refined(
        self, frame: Frame, entries: Sequence[Sighting], verdicts: Sequence[Verdict], considered: Considered
    ) -> tuple[list[tuple[Verdict, Refined]], list[Verdict]]:
        """The entries that are let in, refined; and known ones that may not be shown any more."""
        answers = [considered.answer(frame, verdict) for verdict in verdicts]
        if left := [place for place, answer in enumerate(answers) if answer is None]:
            asked = [(verdicts[place].place, verdicts[place].finding is Finding.CHANGED) for place in left]
            for place, answer in zip(left, await self._refine(frame, entries, asked), strict=True):
                answers[place] = answer
        refined = [(verdict, one) for verdict, one in zip(verdicts, answers, strict=True) if isinstance(one, Refined)]
        hidden = [
            verdict
            for verdict, answer in zip(verdicts, answers, strict=True)
            if answer is LeftOut.HIDDEN and verdict.item_id
        ]
        return refined, hidden

    async def _refine(
        self, frame: Frame, entries: Sequence[Sighting], asked: Sequence[tuple[int, bool]]
    ) -> Sequence[Refined | LeftOut]:
        refining = functools.partial(self.outside.reader.run, refine_entries, frame)
        if isinstance(entries, ReadEntries) and len(asked) <= MOST:
            return await refining(entries.themselves(), asked)
        # Each process is given its share and no more.
        shares = [asked[start : start + MOST] for start in range(0, len(asked), MOST)]
        parts = await asyncio.gather(
            *(
                refining([entries[place] for place, _ in share], [(at, one[1]) for at, one in enumerate(share)])
                for share in shares
            )
        )
        return [answer for part in parts for answer in part]
