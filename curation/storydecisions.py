"""What an editor decides about stories: two items are one, or one of them is another. It holds for ever."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.changes import record
from aggregator.store.stories import join_by_hand, read_moves, split_by_hand
from aggregator.store.tables import item
from curation.decisions import Decided, WrongDecisionError, log_action

ItemId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,64}$")]


class StoryBody(BaseModel):
    """What is asked of an item's story: the id of the item to join it with, or that it is taken out."""

    model_config = ConfigDict(extra="forbid")
    join: ItemId | None = None
    split: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> StoryBody:
        if (self.join is None) == (self.split is None):
            raise ValueError("give either join, with another item's id, or split")
        return self


async def join_items(machine: Machine, item_id: str, other_id: str, *, editor: str) -> Decided:
    """Make the stories of both items one. Raises WrongDecisionError for one item twice, or UnknownItemError."""
    if item_id == other_id:
        raise WrongDecisionError("join", "names the item itself")
    now = machine.now()
    async with machine.database.write() as connection:
        moved = await join_by_hand(connection, [item_id, other_id], by=editor, now=now)
        decided = await _decided(connection, item_id, "join")
        await log_action(connection, item_id, "join", editor, now=now, detail={"item": other_id})
        await record(connection, await read_moves(connection, moved), now=now)
    await machine.bell.ring()
    return decided


async def split_item(machine: Machine, item_id: str, *, editor: str) -> Decided:
    """Take the item out of its story. Raises UnknownItemError, or NotPossibleError where it is a story of its own."""
    now = machine.now()
    async with machine.database.write() as connection:
        others = select(item.c.id).where(
            item.c.story == select(item.c.story).where(item.c.id == item_id).scalar_subquery(), item.c.id != item_id
        )
        left = list((await connection.execute(others.order_by(item.c.id))).scalars())
        moved = await split_by_hand(connection, item_id, by=editor, now=now)
        decided = await _decided(connection, item_id, "split")
        await log_action(connection, item_id, "split", editor, now=now, detail={"items": left})
        await record(connection, await read_moves(connection, moved), now=now)
    await machine.bell.ring()
    return decided


async def _decided(connection: AsyncConnection, item_id: str, action: str) -> Decided:
    row = (await connection.execute(select(item.c.state, item.c.version).where(item.c.id == item_id))).one()
    return Decided(item_id, action, State(row.state), row.version)
