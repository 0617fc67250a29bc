"""What was agreed with hubs (WebSub): one row a source. Speaks to no hub and decides nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.adding import insert_into
from aggregator.store.rows import Prepared
from aggregator.store.tables import source_state, subscription

_OF_SOURCE = select(subscription).where(subscription.c.source_id == bindparam("of"))
_AGREED = Prepared(select(subscription.c.hub, subscription.c.topic).where(subscription.c.source_id == bindparam("of")))


class PushState(StrEnum):
    """Where a subscription stands."""

    PENDING = "pending"  # asked for, not confirmed yet
    LIVE = "live"
    RENEWING = "renewing"  # live, and asked for once more
    DENIED = "denied"
    ENDING = "ending"  # we want it to end


ASKED = frozenset({PushState.PENDING, PushState.RENEWING})


@dataclass(frozen=True, slots=True)
class Subscription:
    """What was asked of a hub, and what came of it. `callback` is the unguessable end of our address."""

    source_id: str
    callback: str = field(repr=False)
    hub: str
    topic: str
    secret: str = field(repr=False)
    state: PushState
    asked_at: datetime
    lease_until: datetime | None = None
    problem: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether the hub owes us what is new right now."""
        holds = self.state in {PushState.LIVE, PushState.RENEWING}
        return holds and self.lease_until is not None and self.lease_until > now


async def read_subscription(connection: AsyncConnection, source_id: str) -> Subscription | None:
    """The subscription of a source."""
    return _read((await connection.execute(_OF_SOURCE, {"of": source_id})).one_or_none())


async def read_agreed(connection: AsyncConnection, source_id: str) -> tuple[str, str] | None:
    """The hub and the topic of a source's subscription."""
    found = [(hub, topic) for hub, topic in await _AGREED.rows(connection, {"of": source_id})]
    return found[0] if found else None


async def find_subscription(connection: AsyncConnection, callback: str) -> Subscription | None:
    """The subscription whose callback was called."""
    return _read(
        (await connection.execute(select(subscription).where(subscription.c.callback == callback))).one_or_none()
    )


async def read_push_states(connection: AsyncConnection) -> dict[str, PushState]:
    """Where all subscriptions stand by their sources' ids, also of those that sources.toml no longer names."""
    rows = await connection.execute(select(subscription.c.source_id, subscription.c.state))
    return {row.source_id: PushState(row.state) for row in rows}


async def put_subscription(connection: AsyncConnection, wanted: Subscription) -> None:
    """Keep a subscription in place of the source's former one."""
    values = asdict(wanted)
    statement = insert_into(subscription, connection.dialect.name).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["source_id"], set_=values))


async def change_subscription(
    connection: AsyncConnection, known: Subscription, *, only_from: Collection[PushState], **values: object
) -> bool:
    """Change it, where it is still that one and in one of those states; says whether it was."""
    same = (subscription.c.callback == known.callback) & subscription.c.state.in_(only_from)
    return (await connection.execute(update(subscription).where(same).values(**values))).rowcount == 1


async def forget_subscription(connection: AsyncConnection, known: Subscription) -> None:
    """Drop it, and have the source read whole at its next turn: only then is it seen again which hub it names."""
    await connection.execute(delete(subscription).where(subscription.c.callback == known.callback))
    await forget_validators(connection, (known.source_id,))
    live = update(source_state).where(source_state.c.source_id == known.source_id)
    await connection.execute(live.values(live_at=None))


async def forget_validators(connection: AsyncConnection, source_ids: Collection[str]) -> None:
    """Have those sources read whole at their next turn, also where nothing in them is new."""
    afresh = update(source_state).where(source_state.c.source_id.in_(source_ids))
    await connection.execute(afresh.values(etag=None, last_modified=None, body_digest=None))


def _read(row: Row[tuple[object, ...]] | None) -> Subscription | None:
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Subscription(**{**values, "state": PushState(values["state"])})
