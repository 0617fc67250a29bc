"""The way out for collectors under test: the real fetch, allowed to reach loopback alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aggregator.addresses import Allowed
from aggregator.collectors.contract import Outside
from aggregator.fetch import open_fetch
from aggregator.sandbox import open_sandbox
from tests.collectors.way_out import ReadHere


@asynccontextmanager
async def open_outside(now: Callable[[], datetime], *, apart: bool = False, **fetching: Any) -> AsyncIterator[Outside]:
    """`apart` reads documents in a process of their own, which takes a second to start."""
    given: dict[str, Any] = {"allowed": Allowed.parse("127.0.0.1"), "user_agent": "tests", "now": now, **fetching}
    async with open_fetch(**given) as fetch:
        if not apart:
            yield Outside(fetch, ReadHere(), now)
            return
        async with open_sandbox(processes=1, seconds=60) as sandbox:
            yield Outside(fetch, sandbox, now)
