"""What is remembered of each source from one look to the next: validators, next time, failures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import MeetingError
from aggregator.model import Source
from aggregator.pace import BY_THEMSELVES, Move
from aggregator.store.adding import insert_into
from aggregator.store.habits import Habits, read_habits, write_habits
from aggregator.store.rows import Prepared
from aggregator.store.spending import move_spending
from aggregator.store.tables import Moment, item, sighting, source_state

_PLAIN = (
    "source_id", "url", "due_at", "tried_at", "collected_at", "arrived_at", "failures", "problem", "problem_at",
    "live_at", "push_problem", "stopped",
)  # fmt: skip
_VALIDATORS = ("etag", "last_modified", "body_digest", "found_url")
_OTHERS = ("place", "shown", "moved_to", "moved_at")
_STATE = select(*(source_state.c[name] for name in (*_PLAIN, *_VALIDATORS, *_OTHERS)))
_OF_SOURCE = _STATE.where(source_state.c.source_id == bindparam("of"))
# A state that is as we saw it. Made once: to put a statement together costs more than to execute it.
_CHANGE = Prepared(
    update(source_state).where(
        source_state.c.source_id == bindparam("of"),
        source_state.c.tried_at.is_not_distinct_from(bindparam("seen_at", type_=Moment())),
        source_state.c.url == bindparam("seen_url"),
    )
)


class CollectedMeanwhileError(MeetingError):
    """The source was collected by somebody else between our look and our commit; theirs stands."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source has been read. Opaque to all but its collector.

    `place` is for what only one kind knows; it holds what JSON can.
    """

    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    found_url: str | None = None
    place: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_validators(self) -> bool:
        """Whether the source can say that nothing has changed; else it is read whole."""
        return bool(self.etag or self.last_modified or self.body_digest)


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source's state. `failures` counts those since it last went well.

    `stopped` is true where it said that it is gone for good: then it is asked only when an editor wishes it.
    """

    source_id: str
    url: str
    cursor: Cursor
    due_at: datetime
    tried_at: datetime | None
    collected_at: datetime | None
    arrived_at: datetime | None
    failures: int
    problem: str | None
    problem_at: datetime | None
    live_at: datetime | None = None
    push_problem: str | None = None
    stopped: bool = False
    move: Move = field(default_factory=Move)
    habits: Habits = field(default_factory=Habits)


async def know_sources(connection: AsyncConnection, sources: Sequence[Source], *, now: datetime) -> None:
    """Make sure that each source has a state. One whose address or kind was edited starts afresh, its items stay."""
    if not sources:
        return
    known = {
        row.source_id: row.url for row in await connection.execute(select(source_state.c.source_id, source_state.c.url))
    }
    for source, old_id in _renamed(sources, known):
        await _rename(connection, source, old_id)
        known[source.id] = known.pop(old_id)
    new = [{"source_id": s.id, "url": s.url, "kind": s.kind, "due_at": now} for s in sources if s.id not in known]
    if new:
        adding = insert_into(source_state, connection.dialect.name)
        await connection.execute(adding.on_conflict_do_nothing(), new)
    kinds = {
        row.source_id: row.kind
        for row in await connection.execute(select(source_state.c.source_id, source_state.c.kind))
    }
    for source in sources:
        kind = kinds.get(source.id)
        if known.get(source.id, source.url) != source.url or (kind or source.kind) != source.kind:
            await connection.execute(
                update(source_state)
                .where(source_state.c.source_id == source.id)
                .values(
                    url=source.url,
                    kind=source.kind,
                    due_at=now,
                    failures=0,
                    problem=None,
                    problem_at=None,
                    found_url=None,
                    etag=None,
                    last_modified=None,
                    body_digest=None,
                    place=None,
                    shown=None,
                    moved_to=None,
                    moved_at=None,
                    live_at=None,
                    push_problem=None,
                    stopped=False,
                )
            )
        elif kind is None:
            noting = update(source_state).where(source_state.c.source_id == source.id)
            await connection.execute(noting.values(kind=source.kind))


def _renamed(sources: Sequence[Source], known: Mapping[str, str]) -> list[tuple[Source, str]]:
    """Sources with a new id at the address of one that left the file."""
    named = {source.id for source in sources}
    left = {url: source_id for source_id, url in known.items() if source_id not in named}
    fresh = {source.url: source for source in sources if source.id not in known}
    return [(source, left[url]) for url, source in fresh.items() if url in left]


async def _rename(connection: AsyncConnection, source: Source, old_id: str) -> None:
    """Give a source's items to its new id; otherwise all of them would come in once more."""
    for table in (source_state, sighting):
        renaming = update(table).where(table.c.source_id == old_id).values(source_id=source.id)
        await connection.execute(renaming)
    values = {"source_id": source.id, "partner_id": source.partner}
    await connection.execute(update(item).where(item.c.source_id == old_id).values(**values))
    await move_spending(connection, old_id, source.id)


async def due_sources(connection: AsyncConnection, ids: Collection[str], *, now: datetime) -> list[str]:
    """Which of those sources are due, longest overdue first."""
    is_due = (source_state.c.due_at <= now) & source_state.c.stopped.is_(False)
    statement = select(source_state.c.source_id).where(is_due).order_by(source_state.c.due_at)
    wanted = set(ids)
    return [row.source_id for row in await connection.execute(statement) if row.source_id in wanted]


async def read_states(connection: AsyncConnection, ids: Collection[str] | None = None) -> dict[str, SourceState]:
    """Every source's state by its id, also of those that sources.toml no longer names; or only those of `ids`."""
    wanted = _STATE if ids is None else _STATE.where(source_state.c.source_id.in_(ids))
    rows = await connection.execute(wanted)
    return {row.source_id: _state(row) for row in rows}


async def read_state(connection: AsyncConnection, source_id: str) -> SourceState | None:
    """One source's state."""
    row = (await connection.execute(_OF_SOURCE, {"of": source_id})).one_or_none()
    return _state(row) if row else None


async def keep_success(
    connection: AsyncConnection,
    state: SourceState,
    cursor: Cursor,
    *,
    now: datetime,
    due_at: datetime,
    has_news: bool,
    move: Move | None = None,
    habits: Habits | None = None,
) -> None:
    """Note that the source was read. Raises CollectedMeanwhileError where the state is no longer the one we saw."""
    move, habits = move or state.move, habits or state.habits
    values = {
        "etag": cursor.etag,
        "last_modified": cursor.last_modified,
        "body_digest": cursor.body_digest,
        "found_url": cursor.found_url,
        "place": dict(cursor.place),
        "due_at": due_at,
        "tried_at": now,
        "collected_at": now,
        "failures": 0,
        "problem": None,
        "problem_at": None,
        "stopped": False,
        "moved_to": move.to,
        "moved_at": move.since,
    }
    if habits != state.habits:
        values["shown"] = write_habits(habits)
    if has_news:
        values["arrived_at"] = now
    await _guarded(connection, state, values)


async def keep_push(
    connection: AsyncConnection, state: SourceState, place: Mapping[str, Any], *, now: datetime, has_news: bool
) -> None:
    """Note that the source pushed something; when it is asked next stays. Raises CollectedMeanwhileError."""
    values: dict[str, Any] = {"place": {**state.cursor.place, **place}, "tried_at": now, "live_at": now}
    if has_news:
        values["arrived_at"] = now
    await _guarded(connection, state, values)


async def keep_failure(
    connection: AsyncConnection,
    state: SourceState,
    problem: str,
    *,
    now: datetime,
    due_at: datetime,
    stopped: bool = False,
    move: Move | None = None,
    habits: Habits | None = None,
) -> None:
    """Note why the source could not be read; its validators stay where they were."""
    move = move or state.move
    values = {
        "due_at": due_at,
        "tried_at": now,
        "failures": state.failures + 1,
        "problem": problem[:1000],
        "problem_at": now,
        "stopped": stopped,
        "moved_to": move.to,
        "moved_at": move.since,
        "shown": write_habits(habits or state.habits),
    }
    await _guarded(connection, state, values)


async def hasten(connection: AsyncConnection, source_id: str, *, at: datetime) -> None:
    """Have a source asked at that moment at the latest, though never before the one it has asked to wait for."""
    state = await read_state(connection, source_id)
    if state is None:
        return
    moment = max(at, state.habits.wait_until or at)
    await connection.execute(
        update(source_state)
        .where(source_state.c.source_id == source_id, source_state.c.due_at > moment)
        .values(due_at=moment)
    )


async def fall_back(connection: AsyncConnection, source_id: str, *, at: datetime) -> None:
    """Have a source that does not push any more asked at that moment at the latest, and say no longer that it pushes.

    One that fails anyhow waits on.
    """
    state = await read_state(connection, source_id)
    if state is None:
        return
    if state.habits.why == BY_THEMSELVES:
        shown = write_habits(replace(state.habits, why=""))
        await connection.execute(update(source_state).where(source_state.c.source_id == source_id).values(shown=shown))
    if not state.failures:
        await hasten(connection, source_id, at=at)


async def _guarded(connection: AsyncConnection, state: SourceState, values: Mapping[str, object]) -> None:
    seen = {"of": state.source_id, "seen_at": state.tried_at, "seen_url": state.url}
    done = await _CHANGE.execute(connection, {**seen, **values})
    if done.rowcount != 1:
        raise CollectedMeanwhileError(f"{state.source_id} was collected meanwhile")


def _state(row: Sequence[Any]) -> SourceState:
    first, last = len(_PLAIN), -len(_OTHERS)
    place, shown, moved_to, moved_at = row[last:]
    return SourceState(
        cursor=Cursor(**dict(zip(_VALIDATORS, row[first:last], strict=True)), place=place or {}),
        move=Move(moved_to, moved_at),
        habits=read_habits(shown),
        **dict(zip(_PLAIN, row, strict=False)),
    )
