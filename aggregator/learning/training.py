"""The handler that learns from editors' decisions and says of what waits how likely they want it. It decides nothing.

Everything stands in the database: how far the log of decisions is learnt, the weights, and what follows for each item.
So an event that is lost, doubled or interrupted changes nothing but the moment, and of two processes that learn at once
the second one's work is dropped and done again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.events import QueueChanged
from aggregator.learning import asking
from aggregator.learning.entries import UNDO, Entry, count_decisions, standing
from aggregator.learning.reasons import Names, Tally, because
from aggregator.learning.records import Subject, read_entries, read_subjects, read_tally, read_waiting
from aggregator.learning.specimens import EARLIER, FORMAT, Lesson, Opinion, WeightsError
from aggregator.learning.study import Study, is_installed
from aggregator.model import Configuration
from aggregator.sources import CurrentSources
from aggregator.store.engine import Commit, Database
from aggregator.store.learned import (
    FEWEST_DECISIONS,
    MOST_JUDGED,
    Learned,
    Score,
    keep_learned,
    keep_scores,
    read_learned,
    read_scores,
    read_weights,
)
from aggregator.store.tables import task
from aggregator.work import WorkList

# What happens within so long is learnt together: an editor decides on several items a minute.
LULL = timedelta(seconds=5)
SETTLED = timedelta(seconds=2)  # so long after it was written an entry of the log is surely there for all to see
MOST_ENTRIES = 2000  # of the log; older ones have taught what they could
AT_ONCE = 500
SAME = 0.005  # closer likelihoods are no other
FEWEST_EXAMPLES, CONFIDENT, MOST_SUGGESTED = 8, 0.9, 3


async def tell(connection: AsyncConnection, work: WorkList, *, now: datetime) -> None:
    """Note in the caller's transaction that editors decided, or that something came to wait.

    As the last thing but the recording of changes: on PostgreSQL others that tell it wait for the end of this one.
    """
    seconds = LULL.total_seconds()
    part = int(now.timestamp() // seconds)
    due_at = datetime.fromtimestamp((part + 1) * seconds, tz=now.tzinfo) + SETTLED
    # A key for each lull: with one for ever, what happens while the handler is at it would go unheard.
    await work.put(connection, QueueChanged(), due_at=due_at, key=f"learning:{part}")


async def is_told(connection: AsyncConnection) -> bool:
    """Whether the list has such work already, if only to be tried again."""
    return await connection.scalar(select(task.c.id).where(task.c.handler == "learn").limit(1)) is not None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What there is to keep. `weights` is None where they stay as they are."""

    before: Learned
    after: Learned
    weights: bytes | None = None
    scores: Sequence[Score] = ()
    known: Mapping[str, Score] | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """The handler of a queue that has changed."""

    database: Database
    sources: CurrentSources
    study: Study
    now: Callable[[], datetime]

    async def learn(self, _event: QueueChanged) -> Commit | None:
        """Learn what editors decided since, and judge what waits."""
        if not is_installed():
            return None
        before = await self.database.look(read_learned)
        entries = await self._entries(before)
        outcome = await self._learnt(before, entries)
        if outcome.after.is_awake:
            outcome = await self._judged(outcome, standing(entries))
        if outcome.after == before and not outcome.scores:
            return None
        return functools.partial(self._keep, outcome)

    async def _entries(self, before: Learned) -> list[Entry]:
        most = MOST_ENTRIES if before.has_weights else None  # all are counted once
        reading = functools.partial(read_entries, after=before.since, until=self.now() - SETTLED, most=most)
        return await self.database.look(reading)

    async def _learnt(self, before: Learned, entries: Sequence[Entry]) -> _Outcome:
        fresh = [entry for entry in entries if entry.id > before.trained_through]
        through = fresh[-1].id if fresh else before.trained_through
        taken_back = _taken_back(entries, before.trained_through)
        if before.has_weights:
            decisions = before.decisions + count_decisions(standing(fresh)) - taken_back
        else:
            decisions = count_decisions(standing(entries))
        if decisions < FEWEST_DECISIONS:
            asleep = replace(before, decisions=decisions, has_weights=False, trained_through=before.since)
            return _Outcome(before, asleep)
        if not before.has_weights or taken_back or before.format != FORMAT:
            return await self._anew(before, entries, through, decisions)
        if not fresh:
            return _Outcome(before, before)
        after = replace(before, trained_through=through, decisions=decisions)
        try:
            kept = await self.database.look(read_weights)
            weights = await self._taught(kept, entries, before.trained_through)
        except WeightsError:
            return await self._anew(before, entries, through, decisions)
        return _Outcome(before, after, weights)

    async def _anew(self, before: Learned, entries: Sequence[Entry], through: int, decisions: int) -> _Outcome:
        """Learn all of it from the log: what was taken back is as if it had never been."""
        weights = await self._taught(None, entries[-MOST_ENTRIES:], before.since)
        after = replace(before, trained_through=through, decisions=decisions, format=FORMAT, has_weights=True)
        return _Outcome(before, after, weights)

    async def _taught(self, kept: bytes | None, entries: Sequence[Entry], through: int) -> bytes:
        """The weights after the entries that come after `through`."""
        taught = standing(entries)
        new = [entry for entry in taught if entry.id > through]
        earlier = [entry for entry in taught if entry.id <= through][-EARLIER:]
        ids = dict.fromkeys(entry.item_id for entry in (*earlier, *new))
        subjects = await self.database.look(functools.partial(read_subjects, item_ids=ids))
        lessons = ([_lesson(entry, subjects) for entry in some if entry.item_id in subjects] for some in (earlier, new))
        return await self.study.run(asking.learn, kept, *lessons)

    async def _judged(self, outcome: _Outcome, entries: Sequence[Entry]) -> _Outcome:
        known = await self.database.look(read_scores)
        waiting = await self.database.look(functools.partial(read_waiting, most=MOST_JUDGED))
        asked = [
            item_id
            for item_id, version in waiting.items()
            if outcome.weights is not None or item_id not in known or known[item_id].item_version != version
        ]
        if not asked:
            return replace(outcome, known=known)
        weights = outcome.weights or await self.database.look(read_weights) or b""
        tally = await self.database.look(functools.partial(read_tally, entries=entries))
        scores: list[Score] = []
        try:
            for start in range(0, len(asked), AT_ONCE):
                some = asked[start : start + AT_ONCE]
                subjects = await self.database.look(functools.partial(read_subjects, item_ids=some))
                specimens = [subject.specimen for subject in subjects.values()]
                opinions = await self.study.run(asking.judge, weights, specimens)
                scores += _scores(subjects.values(), opinions, tally, self.sources.configuration)
        except WeightsError:  # damaged since: the next time they are learnt anew
            return replace(outcome, after=replace(outcome.after, format=0))
        changed = [score for score in scores if _is_other(score, known.get(score.item_id))]
        return replace(outcome, scores=changed, known=known)

    async def _keep(self, outcome: _Outcome, connection: AsyncConnection) -> None:
        before, after = outcome.before, outcome.after
        kept = await keep_learned(connection, before, after, now=self.now(), weights=outcome.weights)
        await keep_scores(connection, outcome.scores, outcome.known or {}, kept.version)


def _taken_back(entries: Sequence[Entry], through: int) -> int:
    """How many decisions that were learnt already were taken back since."""
    learnt = {entry.id for entry in entries if entry.id <= through and entry.is_wanted is not None}
    return sum(entry.action == UNDO and entry.id > through and entry.undoes in learnt for entry in entries)


def _lesson(entry: Entry, subjects: Mapping[str, Subject]) -> Lesson:
    subject = subjects[entry.item_id]
    return Lesson(subject.specimen, entry.is_wanted, subject.tags if entry.tells_tags else None)


def _scores(
    subjects: Collection[Subject], opinions: Sequence[Opinion], tally: Tally, configuration: Configuration
) -> list[Score]:
    names = Names(
        {partner.id: partner.name for partner in configuration.partners},
        {tag.id: tag.label.get("en", tag.id) for tag in configuration.tags},
    )
    learnable = {tag for tag in names.tags if tally.tagged.get(tag, 0) >= FEWEST_EXAMPLES}
    return [
        Score(
            subject.id,
            round(opinion.likely, 4),
            because(opinion.likely, tally, subject.specimen.partner, subject.specimen.source, subject.tags, names),
            _suggested(subject, opinion, learnable),
            subject.version,
        )
        for subject, opinion in zip(subjects, opinions, strict=True)
    ]


def _suggested(subject: Subject, opinion: Opinion, learnable: Collection[str]) -> tuple[tuple[str, float], ...]:
    """Tags that the words missed. One that an editor took off is not offered again."""
    its = subject.taken_off.union(subject.tags)
    sure = [
        (tag, round(how, 3)) for tag, how in opinion.tags if how >= CONFIDENT and tag in learnable and tag not in its
    ]
    return tuple(sure[:MOST_SUGGESTED])


def _is_other(score: Score, before: Score | None) -> bool:
    return (
        before is None
        or abs(score.likely - before.likely) >= SAME
        or score.item_version != before.item_version
        or score.because != before.because
        or [tag for tag, _ in score.suggested] != [tag for tag, _ in before.suggested]
    )
