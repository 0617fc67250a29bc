"""What was learnt from the editors' decisions, for those who ask, and how it is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.learning.study import is_installed
from aggregator.store.learned import FEWEST_DECISIONS, Learned, forget_learned, read_learned
from curation.access import identity_of, require
from curation.application import MACHINE
from curation.decisions import log_action
from curation.editors import Role
from curation.ranking import choose


@dataclass(frozen=True, slots=True)
class Model:
    """How far learning is. `note` says in words what that means for the order of the queue."""

    learned: Learned
    installed: bool
    note: str


async def read_model(connection: AsyncConnection) -> Model:
    """How far learning is now."""
    learned = await read_learned(connection)
    return Model(learned, is_installed(), choose(None, learned)[1])


async def reset(connection: AsyncConnection, *, editor: str, now: datetime) -> Model:
    """Forget what was learnt; decisions count from now on. A line in the log says who did it."""
    learned = await forget_learned(connection, now=now)
    await log_action(connection, None, "forget", editor, "what was learnt from decisions", now=now)
    return Model(learned, is_installed(), choose(None, learned)[1])


def model_json(model: Model) -> dict[str, Any]:
    """The same for programs."""
    learned = model.learned
    return {
        "installed": model.installed,
        "awake": model.installed and learned.is_awake,
        "version": learned.version,
        "decisions": learned.decisions,
        "needed": FEWEST_DECISIONS,
        "trained_through": learned.trained_through,
        "changed_at": learned.changed_at.isoformat().replace("+00:00", "Z") if learned.changed_at else None,
        "note": model.note,
    }


@require(Role.VIEWER)
async def show_model(request: web.Request) -> web.Response:
    """`GET /curation/api/model`: how far learning is."""
    async with request.app[MACHINE].database.read() as connection:
        return web.json_response(model_json(await read_model(connection)))


@require(Role.ADMIN)
async def reset_model(request: web.Request) -> web.Response:
    """`POST /curation/api/model/reset`: forget what was learnt."""
    machine = request.app[MACHINE]
    async with machine.database.write() as connection:
        model = await reset(connection, editor=identity_of(request).name, now=machine.now())
    return web.json_response(model_json(model))
