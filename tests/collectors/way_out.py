"""A way out to one server on loopback: the real guarded fetch, and documents read in this process."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web

from aggregator.addresses import Allowed
from aggregator.collectors.contract import Outside
from aggregator.fetch import open_fetch
from tests.loopback import everywhere, on_loopback

T = TypeVar("T")


class ReadHere:
    """Runs a function here, and makes sure that it could have run elsewhere. The sandbox has its own tests."""

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        again, passed = pickle.loads(pickle.dumps((function, arguments)))
        result: T = pickle.loads(pickle.dumps(again(*passed)))
        return result


def ids_gone(told: Mapping[str, bool]) -> list[str]:
    """What `find_gone` told to be gone."""
    return [entry_id for entry_id, is_gone in told.items() if is_gone]


@asynccontextmanager
async def way_out(url: str, now: Callable[[], datetime], **more: Any) -> AsyncIterator[Outside]:
    allowed = Allowed.parse(url.removeprefix("http://"))
    async with open_fetch(allowed=allowed, user_agent="test", now=now, total_seconds=20) as fetch:
        yield Outside(fetch, ReadHere(), now, **more)


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """The address of a server on loopback whose every path is answered by that function."""
    async with on_loopback(everywhere(answer)) as url:
        yield url
