"""Says whether the program lives, can serve, and how it is. Tells no secrets and no addresses of sources."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.sources import read_states
from aggregator.store.spending import Spent, read_spending
from aggregator.store.tables import item
from aggregator.work import next_due, waiting_tasks
from curation.application import MACHINE
from web.serving.answering import SHELF
from web.serving.shelf import Shelf

NO_STORE = {"Cache-Control": "no-store"}


async def healthz(_request: web.Request) -> web.Response:
    """`GET /healthz`: the process answers."""
    return web.json_response({"status": "alive"}, headers=NO_STORE)


async def readyz(request: web.Request) -> web.Response:
    """`GET /readyz`: 200 where the database answers, else 503 with the reason. A wrong sources.toml is told, too."""
    machine = request.app[MACHINE]
    try:
        version = await machine.stream_version()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        answer = {"status": "not ready", "database": type(error).__name__, "pages": "the last good ones are shown"}
        return web.json_response(answer, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=NO_STORE)
    sources = "the last good file counts" if machine.sources.problem else "good"
    return web.json_response({"status": "ready", "stream": version, "sources": sources}, headers=NO_STORE)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: figures in Prometheus' text format, read from the database at each call."""
    text = generate_latest(_shelf(await _figures(request.app[MACHINE]), request.app[SHELF]))
    return web.Response(body=text, headers={**NO_STORE, "Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def _shelf(registry: CollectorRegistry, shelf: Shelf) -> CollectorRegistry:
    """What this process keeps of its public pages."""
    for name, meaning, value in (
        ("mpower_pages_rendered", "Public pages rendered", shelf.renders),
        ("mpower_pages_from_memory", "Requests for public pages answered from memory", shelf.hits),
        ("mpower_pages_dropped", "Kept pages that had to make room, or were past their time", shelf.dropped),
    ):
        Counter(name, meaning, registry=registry).inc(value)
    Gauge("mpower_pages_bytes", "Bytes of kept pages", registry=registry).set(shelf.bytes)
    return registry


async def _figures(machine: Machine) -> CollectorRegistry:
    registry = CollectorRegistry()
    now = machine.now()
    async with machine.database.read() as connection:
        rows = await connection.execute(select(item.c.state, func.count()).group_by(item.c.state))
        by_state: dict[str, int] = {state: number for state, number in rows.all()}  # noqa: C416
        states = await read_states(connection)
        spending = await read_spending(connection, now)
        waiting, due = await waiting_tasks(connection), await next_due(connection)
    items = Gauge("mpower_items", "Items by state", ["state"], registry=registry)
    for state in State:
        items.labels(state.value).set(by_state.get(state.value, 0))
    failures = Gauge("mpower_source_failures", "Failures in a row", ["source"], registry=registry)
    age = Gauge("mpower_source_age_seconds", "Seconds since it was last read", ["source"], registry=registry)
    cost = Gauge("mpower_source_month_dollars", "US dollars in this month (UTC)", ["source"], registry=registry)
    limit = Gauge("mpower_source_month_limit_dollars", "US dollars a month at most", ["source"], registry=registry)
    for source in machine.configuration.sources:
        if source.monthly_limit or source.id in spending:
            cost.labels(source.id).set(spending.get(source.id, Spent()).dollars)
            limit.labels(source.id).set(source.monthly_limit)
        known = states.get(source.id)
        failures.labels(source.id).set(known.failures if known else 0)
        if known and known.collected_at:
            age.labels(source.id).set((now - known.collected_at).total_seconds())
    Gauge("mpower_tasks", "Tasks on the work list", registry=registry).set(waiting)
    late = max((now - due).total_seconds(), 0) if due else 0
    Gauge("mpower_task_lateness_seconds", "How late the most overdue task is", registry=registry).set(late)
    Gauge("mpower_sources_file_wrong", "1 while sources.toml is wrong", registry=registry).set(
        1 if machine.sources.problem else 0
    )
    return registry


ROUTES = (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics))
