"""A service that offers feeds, on loopback, and the way out to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from aggregator.addresses import Allowed
from aggregator.collectors.contract import Outside
from aggregator.fetch import open_fetch
from aggregator.sandbox import open_sandbox
from tests.loopback import everywhere, on_loopback

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class Service:
    """What it answers by address with query, and what it was asked."""

    outside: Outside
    url: str = ""
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    asked_headers: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.asked_headers.append(dict(request.headers))
        status, text = self.answers.get(request.path_qs, (404, "not here"))
        return web.Response(status=status, text=text, content_type="text/html", headers=self.headers)


@asynccontextmanager
async def open_service() -> AsyncIterator[Service]:
    fetching: dict[str, Any] = {"allowed": Allowed.parse("127.0.0.1"), "user_agent": "test"}
    async with open_sandbox() as reader, open_fetch(**fetching, now=lambda: NOW) as fetch:
        service = Service(Outside(fetch, reader, lambda: NOW))
        async with on_loopback(everywhere(service.answer)) as service.url:
            yield service
