"""Moves an item from one state to another: a guarded update, a line in the log, and word to those who watch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import AggregatorError
from aggregator.model import State
from aggregator.store.changes import ChangeKind
from aggregator.store.tables import decision, item, item_score

RULE, AT_SOURCE = "rule", "source"  # who decided, where no editor did


class UnknownItemError(AggregatorError):
    """There is no item of that id."""


class StaleVersionError(AggregatorError):
    """The item is no longer the one that was decided on; `current` is its version now, nothing was changed."""

    def __init__(self, item_id: str, current: int) -> None:
        super().__init__(f"{item_id} was changed meanwhile and is at version {current} now")
        self.current = current


class NotPossibleError(AggregatorError):
    """What was asked does not go together with the state that the item is in."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did. `changes` are to be recorded at the end of the same transaction."""

    item_id: str
    old: State
    new: State
    version: int
    changes: tuple[tuple[ChangeKind, str], ...]


async def move(
    connection: AsyncConnection,
    item_id: str,
    *,
    to: State,
    action: str,
    by: str,
    reason: str,
    now: datetime,
    allowed_from: Collection[State] = tuple(State),
    version: int | None = None,
    publish_at: datetime | None = None,
    undoes: int | None = None,
) -> Moved:
    """Move the item, if it still is at that version and in one of those states.

    Raises UnknownItemError, StaleVersionError or NotPossibleError, and then nothing is changed.
    """
    row = (await connection.execute(select(item).where(item.c.id == item_id))).one_or_none()
    if row is None:
        raise UnknownItemError(f"there is no item {item_id}")
    if version is not None and row.version != version:
        raise StaleVersionError(item_id, row.version)
    old = State(row.state)
    if old not in allowed_from:
        raise NotPossibleError(f"{action} does not fit: the item is {old}")
    values: dict[str, Any] = {
        "state": to, "reason": reason, "version": row.version + 1, "decided_by": by, "decided_at": now,
        "publish_at": publish_at or row.publish_at,
        "public_at": row.public_at or (now if to is State.APPROVED else None),
    }  # fmt: skip
    if to is not State.APPROVED:
        values["pinned_at"] = None
    if to is State.APPROVED and row.public_at is None:
        values["stream_at"] = min(row.published_at, now)
    guard = update(item).where(item.c.id == item_id, item.c.version == row.version)
    if (await connection.execute(guard.values(**values))).rowcount != 1:
        raise StaleVersionError(item_id, row.version + 1)
    if old is State.WAITING:
        await connection.execute(delete(item_score).where(item_score.c.item_id == item_id))
    await connection.execute(
        insert(decision).values(
            at=now, editor=by, action=action, item_id=item_id, reason=reason,
            from_state=old, to_state=to, version=row.version + 1, undoes=undoes,
        )
    )  # fmt: skip
    return Moved(item_id, old, to, row.version + 1, _changes(item_id, old, to))


def _changes(item_id: str, old: State, new: State) -> tuple[tuple[ChangeKind, str], ...]:
    kinds = [ChangeKind.ARRIVED if new is State.WAITING else ChangeKind.DECIDED]
    if new is State.APPROVED:
        kinds.append(ChangeKind.PUBLISHED)
    elif old is State.APPROVED:
        kinds.append(ChangeKind.WITHDRAWN)
    return tuple((kind, item_id) for kind in kinds)
