"""The way out for collectors under test: the real fetch and the real sandbox, allowed to reach loopback alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aggregator.addresses import Allowed
from aggregator.collectors.contract import Outside
from aggregator.fetch import open_fetch
from aggregator.sandbox import open_sandbox


@asynccontextmanager
async def open_outside(now: Callable[[], datetime], **fetching: Any) -> AsyncIterator[Outside]:
    given: dict[str, Any] = {"allowed": Allowed.parse("127.0.0.1"), "user_agent": "tests", "now": now, **fetching}
    async with open_fetch(**given) as fetch, open_sandbox(processes=1, seconds=60) as sandbox:
        yield Outside(fetch, sandbox, now)
