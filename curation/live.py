"""Tells open queue views what arrives and what others decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import select

from aggregator.store.changes import Change, ChangeKind
from aggregator.store.tables import item
from curation.access import identity_of, require
from curation.application import MACHINE
from curation.editors import Role
from curation.eventstream import StreamOverError, stream_events
from curation.sessions import is_still_valid

KINDS = (ChangeKind.ARRIVED, ChangeKind.CHANGED, ChangeKind.DECIDED)


@require(Role.VIEWER)
async def events(request: web.Request) -> web.StreamResponse:
    """`GET /curation/events`: `item-arrived`, `item-changed`, `item-decided` with the item's id and state."""
    machine, identity = request.app[MACHINE], identity_of(request)

    async def tell(change: Change) -> Mapping[str, Any]:
        async with machine.database.read() as connection:
            if not await is_still_valid(connection, identity, now=machine.now()):
                raise StreamOverError
            state = await connection.scalar(select(item.c.state).where(item.c.id == change.item_id))
        return {"id": change.item_id, "state": state}

    return await stream_events(request, machine, KINDS, tell, {})
