"""An editor at a real browser."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect
from sqlalchemy import select, update

from aggregator.machine import Machine
from aggregator.store.changes import ChangeKind, record
from aggregator.store.tables import item
from curation.access import ROOM, SESSION_COOKIE
from curation.sessions import open_session
from tests.builders import keep, sighting, source
from tests.conftest import Clock

PASSWORD = "correct horse battery"
SELECTED = '.card[aria-current="true"]'


class Desk:
    """An editor's desk: the open page, and all that goes on around it."""

    def __init__(self, room: Machine, clock: Clock, page: Page) -> None:
        self.room, self.clock, self.page = room, clock, page
        self.troubles: list[str] = []
        self.count = 0
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if not request.url.startswith("http://127.0.0.1:"):
            self.troubles.append(request.url)

    async def arrive(self, count: int = 1, refine: dict[str, Any] | None = None, **values: Any) -> list[str]:
        self.clock.forward(minutes=1)
        numbers = range(self.count + 1, self.count + count + 1)
        self.count += count
        seen = [sighting(n, body_html=f"<p>{'Body. ' * 40}</p>", **values) for n in numbers]
        kept = await keep(self.room.database, source(), seen, self.clock(), refine)
        await self.room.bell.ring()
        return kept.item_ids

    async def change(self, item_id: str, **values: Any) -> None:
        async with self.room.database.write() as connection:
            change = update(item).where(item.c.id == item_id).values(**values, version=item.c.version + 1)
            await connection.execute(change)
            await record(connection, [(ChangeKind.CHANGED, item_id)], now=self.clock())
        await self.room.bell.ring()

    async def states(self) -> dict[str, str]:
        async with self.room.database.read() as connection:
            rows = await connection.execute(select(item.c.title, item.c.state))
            return {row.title: row.state for row in rows}

    async def sign_in(self, name: str = "ana") -> None:
        """Come in through the door, as a person does."""
        await self.page.goto("/curation/")
        await self.page.fill("[name=name]", name)
        await self.page.fill("[name=password]", PASSWORD)
        await self.page.click("button[type=submit]")

    async def come_in(self, name: str = "ana") -> None:
        """Be signed in, with the cookie that the door would have given; how it is to sign in, other tests look at."""
        async with self.room.database.write() as connection:
            session = await open_session(connection, name, now=self.clock())
        cookie = {"name": SESSION_COOKIE, "value": session.secret, "httpOnly": True, "sameSite": "Lax"}
        await self.page.context.add_cookies([{**cookie, "domain": "127.0.0.1", "path": ROOM}])  # type: ignore[list-item]
        await self.page.goto(f"{ROOM}/")

    async def open(self, name: str = "ana") -> None:
        await self.come_in(name)
        await self.listens()

    async def listens(self) -> None:
        """Wait until the page hears what happens."""
        await expect(self.page.locator("#live")).to_be_visible()
        await expect(self.page.locator("#live")).to_have_text("Live")

    async def keys(self, keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def narrow(self, width: int) -> None:
        """Make the window that wide."""
        await self.page.set_viewport_size({"width": width, "height": 640})
        assert await self.page.evaluate("innerWidth") == width

    async def top(self, selector: str) -> float:
        box = await self.page.locator(selector).bounding_box()
        assert box is not None
        return float(box["y"])

    def title(self, selector: str = SELECTED) -> Any:
        return self.page.locator(f"{selector} h2")

    async def row(self, item_id: str) -> Any:
        async with self.room.database.read() as connection:
            return (await connection.execute(select(item).where(item.c.id == item_id))).one()
