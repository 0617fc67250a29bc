"""Keeps what a feed no longer shows though it shows older entries: a flag for editors, or the item's withdrawal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import ReviewMode, Source, State, Vanished
from aggregator.store.changes import ChangeKind
from aggregator.store.items import ACCOUNT_GONE, GONE, IS_MISSING, OPEN_STATES, Kept, withdraw_all
from aggregator.store.moves import AT_SOURCE, RULE, move
from aggregator.store.tables import decision, item, sighting

# A feed that is rebuilt while it is asked lacks entries for a moment: it must lack them for so long, at two looks.
CONFIRMED_AFTER = timedelta(minutes=10)
MOST_KEYS = 5_000
_CLEARING = (
    update(sighting)
    .where(
        sighting.c.source_id == bindparam("of"),
        sighting.c.missing_at.is_not(None),
        sighting.c.entry_key.in_(bindparam("keys", expanding=True)),
    )
    .values(missing_at=None)
    .returning(sighting.c.item_id)
)


async def note_missing(
    connection: AsyncConnection, source: Source, keys: Sequence[str], kept: Kept, *, now: datetime
) -> Sequence[str]:
    """Flag entries that are missing from the middle of their feed. Returns the items of those that were not before."""
    if not keys:
        return ()
    flagging = (
        update(sighting)
        .where(sighting.c.source_id == source.id, sighting.c.entry_key.in_(keys), sighting.c.missing_at.is_(None))
        .values(missing_at=now)
        .returning(sighting.c.item_id)
    )
    flagged = list((await connection.execute(flagging)).scalars())
    await _tell(connection, flagged, kept)
    return flagged


async def note_present(
    connection: AsyncConnection, source: Source, keys: Sequence[str], kept: Kept, *, now: datetime
) -> None:
    """Take the flag off entries that are back, and with it their items' withdrawal."""
    back: list[str] = []
    for start in range(0, len(keys), MOST_KEYS):
        asked = {"of": source.id, "keys": keys[start : start + MOST_KEYS]}
        back += (await connection.execute(_CLEARING, asked)).scalars()
    if not back:
        return
    await _tell(connection, back, kept)
    rows = await connection.execute(select(item.c.id).where(item.c.id.in_(back), IS_MISSING))
    is_trusted = source.review.mode is ReviewMode.AUTO
    for row in rows:
        # What waited for an editor when it went, even at a trusted source, waits again.
        is_shown = is_trusted and await _was_shown(connection, row.id)
        to, action = (State.APPROVED, "approve") if is_shown else (State.WAITING, "hold")
        moved = await move(connection, row.id, to=to, action=action, by=RULE, reason="is back in its feed", now=now)
        kept.changes.extend(moved.changes)


async def withdraw_missing(connection: AsyncConnection, source: Source, kept: Kept, *, now: datetime) -> None:
    """Withdraw what has been missing for long enough, where the source is to be followed in that.

    What an editor decided since it went missing stays decided.
    """
    if source.vanished is not Vanished.WITHDRAW:
        return
    statement = (
        select(item.c.id)
        .join(sighting, sighting.c.item_id == item.c.id)
        .where(
            sighting.c.source_id == source.id,
            sighting.c.missing_at <= now - CONFIRMED_AFTER,
            item.c.state.in_(OPEN_STATES),
            or_(item.c.decided_at.is_(None), item.c.decided_at <= sighting.c.missing_at),
        )
    )
    for row in (await connection.execute(statement)).all():
        moved = await move(
            connection, row.id, to=State.WITHDRAWN, action="withdraw", by=AT_SOURCE, reason=GONE, now=now
        )
        kept.changes.extend(moved.changes)


async def withdraw_account(connection: AsyncConnection, source: Source, kept: Kept, *, now: datetime) -> None:
    """Withdraw all that an account showed that is no more, until it is back (`bring_back`)."""
    its = update(sighting).where(sighting.c.source_id == source.id, sighting.c.missing_at.is_(None))
    await connection.execute(its.values(missing_at=now))
    await withdraw_all(connection, source, ACCOUNT_GONE, kept, now=now)


async def bring_back(connection: AsyncConnection, source: Source, kept: Kept, *, now: datetime) -> None:
    """Have what went with its account wait for an editor now that it is back: what of it is old is not seen again."""
    statement = (
        select(item.c.id, item.c.decided_at)
        .join(sighting, sighting.c.item_id == item.c.id)
        .where(sighting.c.source_id == source.id, sighting.c.missing_at.is_not(None))
        .where(IS_MISSING, item.c.reason == ACCOUNT_GONE)
    )
    rows = (await connection.execute(statement)).all()
    if not rows:
        return
    for item_id in dict.fromkeys(row.id for row in rows):
        moved = await move(
            connection, item_id, to=State.WAITING, action="hold", by=RULE, reason="its account is back", now=now
        )
        kept.changes.extend(moved.changes)
    # What was missing before the account was, still is.
    went_at = {row.decided_at for row in rows}
    its = update(sighting).where(sighting.c.source_id == source.id, sighting.c.missing_at.in_(went_at))
    await connection.execute(its.values(missing_at=None))


async def _was_shown(connection: AsyncConnection, item_id: str) -> bool:
    """Whether an item that is withdrawn was public before."""
    statement = (
        select(decision.c.from_state)
        .where(decision.c.item_id == item_id, decision.c.to_state == State.WITHDRAWN)
        .order_by(decision.c.id.desc())
        .limit(1)
    )
    return bool(await connection.scalar(statement) == State.APPROVED)


async def _tell(connection: AsyncConnection, item_ids: Sequence[str], kept: Kept) -> None:
    if item_ids:
        still_open = select(item.c.id).where(item.c.id.in_(item_ids), item.c.state.in_(OPEN_STATES))
        kept.changes.extend(
            (ChangeKind.CHANGED, item_id) for item_id in (await connection.execute(still_open)).scalars()
        )
