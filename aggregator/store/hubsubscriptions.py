"""Who has subscribed to which feed at our own hub (WebSub): rows, without a word of what is done about them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.adding import insert_into
from aggregator.store.tables import hub_subscription, task


@dataclass(frozen=True, slots=True)
class HubSubscription:
    """A callback that is told of a topic until its lease is over. `digest` is of what it has."""

    id: str
    callback: str = field(repr=False)
    host: str
    topic: str
    secret: str | None = field(repr=False)
    lease_until: datetime
    digest: str | None = None


def subscription_id(callback: str, topic: str) -> str:
    """The two together are what a subscription is known by (WebSub, section 5.1)."""
    return hashlib.sha256(f"{topic}\n{callback}".encode("utf-8", "replace")).hexdigest()[:40]


async def read_hub_subscription(connection: AsyncConnection, wanted: str) -> HubSubscription | None:
    """The subscription of that id."""
    row = (await connection.execute(select(hub_subscription).where(hub_subscription.c.id == wanted))).one_or_none()
    return HubSubscription(**row._mapping) if row is not None else None  # noqa: SLF001 - SQLAlchemy's public name


async def read_live(connection: AsyncConnection, *, now: datetime) -> list[str]:
    """The ids of all that hold: first one of each host, then the second of each, so that no host is in others' way."""
    place = func.row_number().over(partition_by=hub_subscription.c.host, order_by=hub_subscription.c.id)
    live = select(hub_subscription.c.id).where(hub_subscription.c.lease_until > now)
    return list((await connection.execute(live.order_by(place, hub_subscription.c.id))).scalars())


async def has_room(
    connection: AsyncConnection, host: str, but: str, *, most: int, most_a_host: int, now: datetime
) -> bool:
    """Whether there may be one more of that host, the subscription `but` not counted: it would be renewed."""
    others = (hub_subscription.c.lease_until > now, hub_subscription.c.id != but)
    there = select(func.count()).select_from(hub_subscription).where(*others)
    if (await connection.scalar(there) or 0) >= most:
        return False
    return (await connection.scalar(there.where(hub_subscription.c.host == host)) or 0) < most_a_host


async def count_asked(connection: AsyncConnection) -> int:
    """How many requests are still to be verified."""
    return await connection.scalar(select(func.count()).select_from(task).where(task.c.handler == "verify")) or 0


async def put_hub_subscription(connection: AsyncConnection, wanted: HubSubscription) -> None:
    """Keep it, in place of the one that it renews."""
    values = asdict(wanted)
    statement = insert_into(hub_subscription, connection.dialect.name).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


async def note_delivered(connection: AsyncConnection, wanted: str, digest: str) -> None:
    """Note what it has by now."""
    await connection.execute(update(hub_subscription).where(hub_subscription.c.id == wanted).values(digest=digest))


async def forget_hub_subscription(connection: AsyncConnection, wanted: str) -> None:
    """End it."""
    await connection.execute(delete(hub_subscription).where(hub_subscription.c.id == wanted))


async def forget_over(connection: AsyncConnection, *, now: datetime) -> None:
    """Drop those whose lease is over."""
    await connection.execute(delete(hub_subscription).where(hub_subscription.c.lease_until <= now))
