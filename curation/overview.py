"""What editors look at besides the queue: how many items stand where, how the sources are, who decided what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import Configuration, Source, State
from aggregator.pace import address_to_ask, is_live
from aggregator.store.sources import SourceState
from aggregator.store.spending import Spent, month_of
from aggregator.store.tables import decision, item


class Health(StrEnum):
    """How a source is.

    `QUIET` is no fault: it answers, and has had no news for longer than one would expect. `STOPPED` said that it is
    gone for good: it is asked again only when an editor wishes it or sources.toml names another address.
    """

    GOOD = "good"
    FAILING = "failing"
    QUIET = "quiet"
    UNTRIED = "untried"
    STOPPED = "stopped"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Spending:
    """What a source has cost this month (UTC), in US dollars, and how much it may."""

    month: str
    reads: int
    dollars: float
    limit: float


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source as editors see it.

    `problem` is why the last look failed, `notice` what else they should know of it; `why` says in words why the next
    one is later than sources.toml has it, and `wait_until` is the moment before which the source asked not to be
    asked. `moved_to` is where it says since `moved_at` that it lives, and `is_followed` whether that address is asked
    already. `is_live` says that its news come by themselves, `push_problem` why they do not. `spending` is set for a
    source that costs money.
    """

    id: str
    kind: str
    partner_name: str
    health: Health
    failures: int
    problem: str | None
    problem_at: datetime | None
    collected_at: datetime | None
    arrived_at: datetime | None
    due_at: datetime | None
    url: str = ""
    why: str = ""
    wait_until: datetime | None = None
    moved_to: str | None = None
    moved_at: datetime | None = None
    is_followed: bool = False
    is_live: bool = False
    push_problem: str | None = None
    notice: str | None = None
    spending: Spending | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log. `title` is the item's as it is now, if it still is."""

    id: int
    at: datetime
    editor: str
    action: str
    item_id: str | None
    title: str | None
    reason: str
    from_state: str | None
    to_state: str | None


async def count_states(connection: AsyncConnection) -> Mapping[State, int]:
    """How many items stand in each state."""
    rows = await connection.execute(select(item.c.state, func.count()).group_by(item.c.state))
    counted = {row[0]: row[1] for row in rows}
    return {state: counted.get(state, 0) for state in State}


def judge_sources(
    configuration: Configuration,
    states: Mapping[str, SourceState],
    *,
    now: datetime,
    spent: Mapping[str, Spent] | None = None,
) -> tuple[SourceHealth, ...]:
    """Every source that sources.toml names, those in trouble first. `spent` is what each has cost this month."""
    judged = [
        replace(
            _judge(configuration, source, states.get(source.id), now),
            spending=_spending(source, (spent or {}).get(source.id), now),
        )
        for source in configuration.sources
    ]
    order = [Health.STOPPED, Health.FAILING, Health.QUIET, Health.UNTRIED, Health.GOOD, Health.OFF]
    return tuple(sorted(judged, key=lambda source: order.index(source.health)))


def _judge(configuration: Configuration, source: Source, state: SourceState | None, now: datetime) -> SourceHealth:
    partner = configuration.partner(source.partner)
    judged = SourceHealth(
        id=source.id,
        kind=source.kind,
        partner_name=partner.name if partner else source.partner,
        health=_health(source, state, now),
        failures=state.failures if state else 0,
        problem=state.problem if state else None,
        problem_at=state.problem_at if state else None,
        collected_at=state.collected_at if state else None,
        arrived_at=state.arrived_at if state else None,
        due_at=state.due_at if state and source.enabled and not state.stopped else None,
        url=source.url,
        notice=_notice(state),
    )
    if state is None or not source.enabled:
        return judged
    wait_until = state.habits.wait_until
    return replace(
        judged,
        why="" if state.stopped else state.habits.why,
        wait_until=wait_until if wait_until and wait_until > now else None,
        moved_to=state.move.to,
        moved_at=state.move.since,
        is_followed=address_to_ask(source.url, state.move, now=now) != source.url,
        is_live=is_live(state.live_at, state.push_problem, now=now),
        push_problem=state.push_problem,
    )


def _notice(state: SourceState | None) -> str | None:
    """What its collector has left for editors to know."""
    notice = state.cursor.place.get("notice") if state else None
    return notice if isinstance(notice, str) else None


def _spending(source: Source, spent: Spent | None, now: datetime) -> Spending | None:
    if not source.monthly_limit and not spent:
        return None
    spent = spent or Spent()
    return Spending(month_of(now), spent.reads, spent.dollars, source.monthly_limit)


def _health(source: Source, state: SourceState | None, now: datetime) -> Health:
    if not source.enabled:
        return Health.OFF
    if state is None or state.tried_at is None:
        return Health.UNTRIED
    if state.stopped:
        return Health.STOPPED
    if state.failures:
        return Health.FAILING
    if source.expect_every and now - (state.arrived_at or state.tried_at) > source.expect_every:
        return Health.QUIET
    return Health.GOOD


async def read_log(connection: AsyncConnection, *, before: int | None, limit: int) -> tuple[LogEntry, ...]:
    """The log's entries, newest first, those older than the one with the id `before`."""
    statement = (
        select(
            decision.c.id,
            decision.c.at,
            decision.c.editor,
            decision.c.action,
            decision.c.item_id,
            item.c.title,
            decision.c.reason,
            decision.c.from_state,
            decision.c.to_state,
        )
        .outerjoin(item, item.c.id == decision.c.item_id)
        .order_by(decision.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(decision.c.id < before)
    return tuple(LogEntry(**row) for row in (await connection.execute(statement)).mappings())
