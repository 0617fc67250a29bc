"""A WebSub hub on loopback that does as a test tells it, well or badly."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

from tests.loopback import everywhere, on_loopback


@dataclass
class Hub:
    """What it was asked, and how it answers. `secrets` are those that it was given, by callback."""

    session: ClientSession
    url: str = ""
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    lease: str | None = "864000"
    asks_back: bool = True
    asked: list[Mapping[str, str]] = field(default_factory=list)
    confirmed: list[tuple[int, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = dict(await request.post())
        self.asked.append({**form, "path": request.path, "type": request.content_type})
        if self.status == 202 and self.asks_back:
            await self.ask_back(self.asked[-1])
        return web.Response(status=self.status, headers=self.headers)

    async def ask_back(self, asked: Mapping[str, str], **otherwise: str) -> tuple[int, str]:
        query = {
            "hub.mode": asked["hub.mode"],
            "hub.topic": asked["hub.topic"],
            "hub.challenge": "a challenge",
            **({"hub.lease_seconds": self.lease} if self.lease else {}),
            **otherwise,
        }
        async with self.session.get(asked["hub.callback"], params=query) as answer:
            self.confirmed.append((answer.status, await answer.text()))
        return self.confirmed[-1]

    async def deliver(self, body: bytes, *, method: str = "sha256", **headers: str) -> int:
        asked = self.asked[-1]
        digest = hmac.new(asked["hub.secret"].encode(), body, getattr(hashlib, method)).hexdigest()
        signed = {"X-Hub-Signature": f"{method}={digest}", "Content-Type": "application/atom+xml", **headers}
        async with self.session.post(asked["hub.callback"], data=body, headers=signed) as answer:
            return answer.status


@asynccontextmanager
async def open_hub(host: str = "127.0.0.1") -> AsyncIterator[Hub]:
    async with ClientSession() as session:
        hub = Hub(session)
        async with on_loopback(everywhere(hub.answer, "POST"), host) as url:
            hub.url = f"{url}/hub"
            yield hub
