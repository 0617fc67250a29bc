"""What comes back after its account or its feed had lost it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from aggregator.model import State
from aggregator.store.engine import Database
from aggregator.store.items import Kept
from aggregator.store.moves import move
from aggregator.store.tables import item, sighting
from aggregator.store.vanished import note_present, withdraw_account
from tests.builders import AUTO, START, keep, source
from tests.builders import sighting as entry

LATER = START + timedelta(days=1)


async def test_an_account_that_is_back_shows_again_what_was_public_and_nothing_that_waited(database: Database) -> None:
    trusted = source(review=AUTO)
    await keep(database, trusted, [entry(1), entry(2, warning="Nudity", is_sensitive=True), entry(3)])
    async with database.write() as connection:
        of_three = await connection.scalar(select(item.c.id).where(item.c.title == "News 3"))
        await move(connection, of_three, to=State.WAITING, action="hold", by="ana", reason="", now=START)
    expected = {"News 1": State.APPROVED, "News 2": State.WAITING, "News 3": State.WAITING}
    assert await _states(database) == expected
    async with database.write() as connection:
        await withdraw_account(connection, trusted, Kept(), now=LATER)
    assert set((await _states(database)).values()) == {State.WITHDRAWN}
    async with database.write() as connection:
        keys = (await connection.execute(select(sighting.c.entry_key))).scalars().all()
        await note_present(connection, trusted, keys, Kept(), now=LATER)
    assert await _states(database) == expected


async def _states(database: Database) -> dict[str, str]:
    async with database.read() as connection:
        return {row.title: row.state for row in await connection.execute(select(item.c.title, item.c.state))}
