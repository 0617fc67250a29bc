"""Keeps what editors' decisions have taught, and what follows for each item that waits. Knows nothing of how."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import MeetingError
from aggregator.model import State
from aggregator.store.adding import insert_into
from aggregator.store.tables import decision, item, item_score, learned

NAME = "queue"
FEWEST_DECISIONS = 30  # below, too little is known to say anything
MOST_JUDGED = 3000  # of the items that wait, the newest
MOST_REMEMBERED = 40  # likelihoods of an item; a walk through the queue goes by those of its beginning
_FIELDS = ("version", "since", "trained_through", "decisions", "format", "changed_at")


@dataclass(frozen=True, slots=True)
class Learned:
    """How far learning is.

    `version` grows with each change of it or of a score; `decisions` were learnt since the last reset, which came after
    the decision `since`, and up to the decision `trained_through`.
    """

    version: int = 0
    since: int = 0
    trained_through: int = 0
    decisions: int = 0
    format: int = 0
    changed_at: datetime | None = None
    has_weights: bool = False

    @property
    def is_awake(self) -> bool:
        """Whether enough is known to say how likely something is."""
        return self.has_weights and self.decisions >= FEWEST_DECISIONS


@dataclass(frozen=True, slots=True)
class Score:
    """What is thought of one item.

    `suggested` are tags, each with how sure it is; `history` holds what was likely from which version on, oldest first.
    """

    item_id: str
    likely: float
    because: str
    suggested: tuple[tuple[str, float], ...]
    item_version: int
    since: int = 0
    history: tuple[tuple[int, float], ...] = ()


async def read_learned(connection: AsyncConnection) -> Learned:
    """How far learning is."""
    columns = (*(learned.c[name] for name in _FIELDS), learned.c.weights.is_not(None).label("has_weights"))
    row = (await connection.execute(select(*columns).where(learned.c.name == NAME))).one_or_none()
    return Learned(**{**row._mapping, "has_weights": bool(row.has_weights)}) if row else Learned()  # noqa: SLF001


async def read_weights(connection: AsyncConnection) -> bytes | None:
    """The weights, or None where nothing is learnt yet."""
    weights: bytes | None = await connection.scalar(select(learned.c.weights).where(learned.c.name == NAME))
    return weights


async def keep_learned(
    connection: AsyncConnection, before: Learned, after: Learned, *, now: datetime, weights: bytes | None = None
) -> Learned:
    """Put `after` in the place of `before`, with those weights (None: with those that it had), one version on.

    Raises MeetingError where `before` is no longer what is kept.
    """
    adding = insert_into(learned, connection.dialect.name).on_conflict_do_nothing()
    nothing = {"version": 0, "since": 0, "trained_through": 0, "decisions": 0, "format": 0, "changed_at": now}
    await connection.execute(adding.values(name=NAME, **nothing))
    kept = replace(after, version=before.version + 1, changed_at=now)
    values: dict[str, Any] = {name: getattr(kept, name) for name in _FIELDS}
    if weights is not None or not after.has_weights:
        values["weights"] = weights
    if not after.has_weights:
        await connection.execute(delete(item_score))
    guard = update(learned).where(learned.c.name == NAME, learned.c.version == before.version)
    if (await connection.execute(guard.values(**values))).rowcount != 1:
        raise MeetingError("somebody else has learnt meanwhile")
    return kept


async def forget_learned(connection: AsyncConnection, *, now: datetime) -> Learned:
    """Forget all that was learnt; decisions count from now on. Whoever is learning meanwhile has done so in vain."""
    last = await connection.scalar(select(func.max(decision.c.id))) or 0
    nothing = {"decisions": 0, "format": 0, "weights": None, "changed_at": now}
    since = {"since": last, "trained_through": last}
    adding = insert_into(learned, connection.dialect.name).values(name=NAME, version=1, **since, **nothing)
    following = {"version": learned.c.version + 1, **since, **nothing}
    await connection.execute(adding.on_conflict_do_update(index_elements=["name"], set_=following))
    await connection.execute(delete(item_score))
    return await read_learned(connection)


async def is_unjudged(connection: AsyncConnection) -> bool:
    """Whether enough is learnt to judge what waits, and something waits that was not judged as it is."""
    if not (await read_learned(connection)).is_awake:
        return False
    newest = (item.c.collected_at.desc(), item.c.id.desc())
    waiting = select(item.c.id, item.c.version).where(item.c.state == State.WAITING).order_by(*newest)
    some = waiting.limit(MOST_JUDGED).subquery()
    judged = exists().where(item_score.c.item_id == some.c.id, item_score.c.item_version == some.c.version)
    return await connection.scalar(select(some.c.id).where(~judged).limit(1)) is not None


async def read_scores(connection: AsyncConnection, item_ids: Collection[str] | None = None) -> dict[str, Score]:
    """What is thought of those items, or of each that waits."""
    names = ("item_id", "likely", "because", "suggested", "item_version", "since", "history")
    if item_ids is not None and not item_ids:
        return {}
    wanted = [] if item_ids is None else [item_score.c.item_id.in_(item_ids)]
    rows = await connection.execute(select(*(item_score.c[name] for name in names)).where(*wanted))
    return {
        row.item_id: Score(
            row.item_id, row.likely, row.because, _pairs(row.suggested), row.item_version, row.since,
            _pairs(row.history),
        )
        for row in rows
    }  # fmt: skip


async def keep_scores(
    connection: AsyncConnection, scores: Sequence[Score], known: Mapping[str, Score], version: int
) -> None:
    """Keep those scores of items that still wait, and drop those of items that do not. `known` is what there was."""
    await _drop_decided(connection)
    waiting = select(item.c.id).where(item.c.state == State.WAITING, item.c.id.in_([one.item_id for one in scores]))
    still = set((await connection.execute(waiting)).scalars())
    rows = [_row(one, known.get(one.item_id), version) for one in scores if one.item_id in still]
    if not rows:
        return
    adding = insert_into(item_score, connection.dialect.name)
    values = {name: adding.excluded[name] for name in rows[0] if name not in {"item_id", "since"}}
    putting = adding.on_conflict_do_update(index_elements=["item_id"], set_=values)
    await connection.execute(putting, sorted(rows, key=lambda row: str(row["item_id"])))


async def read_suggested(connection: AsyncConnection, item_id: str) -> Collection[str]:
    """The tags that are suggested for that item."""
    found = await connection.scalar(select(item_score.c.suggested).where(item_score.c.item_id == item_id))
    return {tag for tag, _ in found or ()}


async def _drop_decided(connection: AsyncConnection) -> None:
    waits = exists().where(item.c.id == item_score.c.item_id, item.c.state == State.WAITING)
    await connection.execute(delete(item_score).where(~waits))


def _row(score: Score, before: Score | None, version: int) -> dict[str, Any]:
    history = list(before.history) if before else []
    if not history or history[-1][1] != score.likely:
        history.append((version, score.likely))
    return {
        "item_id": score.item_id,
        "likely": score.likely,
        "because": score.because,
        "suggested": [list(pair) for pair in score.suggested],
        "item_version": score.item_version,
        "since": before.since if before else version,
        "history": [list(pair) for pair in history[-MOST_REMEMBERED:]],
    }


def _pairs(of: Any) -> tuple[Any, ...]:
    return tuple(tuple(pair) for pair in of)
