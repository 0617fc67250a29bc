"""What an editor decides: guarded, logged, undoable. Thinks of no page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import AggregatorError
from aggregator.events import PublicationDue
from aggregator.learning.training import tell
from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.changes import ChangeKind, record
from aggregator.store.moves import NotPossibleError, StaleVersionError, UnknownItemError, move
from aggregator.store.place import MOST_PINNED
from aggregator.store.tables import decision, item

LONGEST_REASON = 500
LONGEST_WAIT = timedelta(days=3653)
TARGETS: Mapping[str, tuple[State, Collection[State]]] = {
    "approve": (State.APPROVED, (State.WAITING, State.SCHEDULED, State.REJECTED, State.WITHDRAWN)),
    "reject": (State.REJECTED, (State.WAITING, State.SCHEDULED, State.APPROVED)),
    "schedule": (State.SCHEDULED, (State.WAITING, State.SCHEDULED, State.REJECTED)),
}
ACTIONS = (*TARGETS, "undo", "pin", "unpin")


class WrongDecisionError(AggregatorError):
    """What was asked cannot be read as a decision; `field` is the part that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: where the item stands now, and its new version."""

    item_id: str
    action: str
    state: State
    version: int


async def decide(
    machine: Machine,
    item_id: str,
    *,
    action: str,
    editor: str,
    reason: str = "",
    version: int | None = None,
    publish_at: datetime | None = None,
) -> Decided:
    """Decide on an item, if it still is at that version (None: whatever it is).

    Raises WrongDecisionError, UnknownItemError, StaleVersionError or NotPossibleError; nothing is changed then.
    """
    now = machine.now()
    if action not in ACTIONS:
        raise WrongDecisionError("action", f"{action!r} is no action; use one of {', '.join(ACTIONS)}")
    if len(reason) > LONGEST_REASON:
        raise WrongDecisionError("reason", f"at most {LONGEST_REASON} characters fit")
    if (publish_at is not None) != (action == "schedule"):
        raise WrongDecisionError("publish_at", "give publish_at with schedule, and only there")
    if publish_at is not None and publish_at > now + LONGEST_WAIT:
        raise WrongDecisionError("publish_at", "is more than ten years ahead")
    if publish_at is not None and publish_at <= now:
        raise WrongDecisionError("publish_at", "must be a moment in the future; to publish now, approve")
    async with machine.database.write() as connection:
        match action:
            case "pin" | "unpin":
                decided = await _pin(connection, item_id, action, editor, reason, version, now=now)
            case "undo":
                decided = await _undo(machine, connection, item_id, editor, reason, version, now=now)
            case _:
                to, allowed = TARGETS[action]
                moved = await move(
                    connection, item_id, to=to, action=action, by=editor, reason=reason, now=now,
                    allowed_from=allowed, version=version, publish_at=publish_at,
                )  # fmt: skip
                if publish_at:
                    await machine.work.put(connection, PublicationDue(item_id), due_at=publish_at)
                await tell(connection, machine.work, now=now)
                await record(connection, moved.changes, now=now)
                decided = Decided(item_id, action, to, moved.version)
    await machine.bell.ring()
    return decided


async def _undo(
    machine: Machine,
    connection: AsyncConnection,
    item_id: str,
    editor: str,
    reason: str,
    version: int | None,
    *,
    now: datetime,
) -> Decided:
    """Take back the last decision that is not taken back yet: the item goes where it was before."""
    undone = select(decision.c.undoes).where(decision.c.item_id == item_id, decision.c.undoes.is_not(None))
    moves = (decision.c.item_id == item_id) & (decision.c.action.in_((*TARGETS, "hold", "withdraw")))
    statement = select(decision).where(moves, decision.c.id.not_in(undone)).order_by(decision.c.id.desc()).limit(1)
    last = (await connection.execute(statement)).one_or_none()
    row = (await connection.execute(select(item.c.id, item.c.publish_at).where(item.c.id == item_id))).one_or_none()
    if row is None:
        raise UnknownItemError(f"there is no item {item_id}")
    if last is None:
        raise NotPossibleError("there is no decision to undo")
    to = State(last.from_state) if last.from_state else State.WAITING
    if to is State.SCHEDULED and (row.publish_at is None or row.publish_at <= now):
        to = State.WAITING  # its moment is past: scheduled, it would be published again at once
    moved = await move(
        connection, item_id, to=to, action="undo", by=editor, reason=reason, now=now, version=version,
        allowed_from=(State(last.to_state),), undoes=last.id,
    )  # fmt: skip
    if to is State.SCHEDULED:
        await machine.work.put(connection, PublicationDue(item_id), due_at=row.publish_at)
    await tell(connection, machine.work, now=now)
    await record(connection, moved.changes, now=now)
    return Decided(item_id, "undo", to, moved.version)


async def _pin(
    connection: AsyncConnection,
    item_id: str,
    action: str,
    editor: str,
    reason: str,
    version: int | None,
    *,
    now: datetime,
) -> Decided:
    row = (await connection.execute(select(item).where(item.c.id == item_id))).one_or_none()
    if row is None:
        raise UnknownItemError(f"there is no item {item_id}")
    if version is not None and row.version != version:
        raise StaleVersionError(item_id, row.version)
    if row.state != State.APPROVED:
        raise NotPossibleError(f"only an approved item can be pinned; this one is {row.state}")
    pinned = await connection.scalar(select(func.count()).select_from(item).where(item.c.pinned_at.is_not(None)))
    if action == "pin" and row.pinned_at is None and (pinned or 0) >= MOST_PINNED:
        raise NotPossibleError(f"{MOST_PINNED} items are pinned already; unpin one first")
    values = {"pinned_at": now if action == "pin" else None, "version": row.version + 1}
    guard = update(item).where(item.c.id == item_id, item.c.version == row.version)
    if (await connection.execute(guard.values(**values))).rowcount != 1:
        raise StaleVersionError(item_id, row.version + 1)
    await log_action(connection, item_id, action, editor, reason, version=row.version + 1, now=now)
    await record(connection, [(ChangeKind.PUBLISHED, item_id)], now=now)
    return Decided(item_id, action, State.APPROVED, row.version + 1)


async def log_action(
    connection: AsyncConnection,
    item_id: str | None,
    action: str,
    editor: str,
    reason: str = "",
    *,
    now: datetime,
    version: int | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """A line in the audit log that moves no item. The log is only ever added to."""
    values = {"at": now, "editor": editor, "action": action, "item_id": item_id, "reason": reason, "version": version}
    await connection.execute(insert(decision).values(**values, detail=detail))
