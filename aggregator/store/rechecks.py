"""Which public items are to be held against their sources again, and what is kept of the outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.store.changes import ChangeKind
from aggregator.store.items import OPEN_STATES, OVER
from aggregator.store.moves import AT_SOURCE, RULE, move
from aggregator.store.tables import item

# An item as young as this is checked that often; a page that was gone once, each day.
DAILY = timedelta(days=1)
BANDS = ((timedelta(days=7), DAILY), (timedelta(days=30), timedelta(days=3)), (timedelta(days=365), timedelta(days=14)))
RARELY = timedelta(days=60)
MOST_READ = 500
MOST_OVER = 500
# The second look may come a little earlier than a whole day after the first: rounds have their own rhythm.
GONE_FOR = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Public:
    """A public item that may be checked."""

    id: str
    source_id: str
    entry_id: str
    url: str | None
    gone_at: datetime | None

    @property
    def host(self) -> str:
        """The host of its address, without `www.`."""
        return bare_host(self.url)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: gone, still there, or (None) nothing that proves either. `is_sure` needs no second look."""

    item_id: str
    is_gone: bool | None
    is_sure: bool = False
    reason: str = ""


def bare_host(url: str | None) -> str:
    """The host of an address, without `www.`; empty where there is none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


async def to_be_checked(connection: AsyncConnection, source_ids: Collection[str], *, now: datetime) -> list[Public]:
    """Public items of those sources whose last check is long enough ago, longest first. Never all at once.

    What an editor published although it was gone is left alone.
    """
    last = func.coalesce(item.c.checked_at, item.c.collected_at)
    is_due = [item.c.gone_at.is_not(None) & (last <= now - GONE_FOR), last <= now - RARELY]
    is_due += [and_(item.c.stream_at > now - age, last <= now - pause) for age, pause in BANDS]
    left_to_editors = item.c.gone_at.is_(None) | item.c.decided_at.is_(None) | (item.c.decided_at <= item.c.gone_at)
    columns = [item.c[name] for name in ("id", "source_id", "entry_id", "url", "gone_at")]
    statement = (
        select(*columns)
        .where(item.c.state == State.APPROVED, item.c.source_id.in_(source_ids), or_(*is_due), left_to_editors)
        .order_by(last, item.c.id)
        .limit(MOST_READ)
    )
    return [Public(*row) for row in await connection.execute(statement)]


def share_out(items: Sequence[Public], *, most: Mapping[str, int]) -> dict[str, list[Public]]:
    """A few of the items for each source, `most` of it, and no more of one host than its largest share."""
    shared: dict[str, list[Public]] = {}
    hosts: Counter[str] = Counter()
    for one in items:
        share, limit = shared.setdefault(one.source_id, []), most[one.source_id]
        if len(share) < limit and hosts[one.host] < limit:
            share.append(one)
            hosts[one.host] += 1
    return {source_id: share for source_id, share in shared.items() if share}


async def pass_over(connection: AsyncConnection, item_ids: Collection[str], *, now: datetime) -> None:
    """Leave out what cannot be checked, as if it had been: it must not stand before all others every time."""
    if item_ids:
        await connection.execute(update(item).where(item.c.id.in_(item_ids)).values(checked_at=now))


async def read_public(connection: AsyncConnection, item_ids: Collection[str]) -> list[Public]:
    """Those of the items that are still public."""
    columns = [item.c[name] for name in ("id", "source_id", "entry_id", "url", "gone_at")]
    statement = select(*columns).where(item.c.id.in_(item_ids), item.c.state == State.APPROVED)
    return [Public(*row) for row in await connection.execute(statement)]


async def keep_findings(
    connection: AsyncConnection, findings: Sequence[Finding], *, now: datetime
) -> list[tuple[ChangeKind, str]]:
    """Note what was found, and withdraw what is gone for sure or twice. Returns what is to be recorded."""
    changes: list[tuple[ChangeKind, str]] = []
    for found in findings:
        row = (await connection.execute(select(item).where(item.c.id == found.item_id))).one_or_none()
        if row is None:
            continue
        gone_at = row.gone_at if found.is_gone is None else (row.gone_at or now) if found.is_gone else None
        values = {"checked_at": now, "gone_at": gone_at}
        await connection.execute(update(item).where(item.c.id == found.item_id).values(**values))
        is_confirmed = found.is_sure or (row.gone_at is not None and row.gone_at <= now - GONE_FOR)
        if found.is_gone and is_confirmed and row.state == State.APPROVED:
            moved = await move(
                connection, row.id, to=State.WITHDRAWN, action="withdraw", by=AT_SOURCE, reason=found.reason, now=now
            )
            changes.extend(moved.changes)
    return changes


async def withdraw_over(connection: AsyncConnection, *, now: datetime) -> list[tuple[ChangeKind, str]]:
    """Withdraw events that are over, save what an editor has decided on since. Returns what is to be recorded."""
    by_nobody = item.c.decided_by.is_(None) | item.c.decided_by.in_((RULE, AT_SOURCE))
    statement = (
        select(item.c.id)
        .where(
            item.c.ends_at <= now,
            # Said like this, so that SQLite looks through what has an end, not through all that is open.
            item.c.state.not_in([state for state in State if state not in OPEN_STATES]),
            by_nobody | item.c.decided_at.is_(None) | (item.c.decided_at <= item.c.ends_at),
        )
        .order_by(item.c.ends_at)
        .limit(MOST_OVER)
    )
    changes: list[tuple[ChangeKind, str]] = []
    for row in (await connection.execute(statement)).all():
        moved = await move(connection, row.id, to=State.WITHDRAWN, action="withdraw", by=RULE, reason=OVER, now=now)
        changes.extend(moved.changes)
    return changes
