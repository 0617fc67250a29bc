"""What tests of collectors may ask for: the networks that they collect from, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aggregator.addresses import Allowed
from aggregator.collectors.contract import Outside
from aggregator.fetch import open_fetch
from tests.collectors.blueskyserver import Account, Bluesky, bluesky_server
from tests.collectors.way_out import ReadHere


@pytest.fixture
async def bluesky() -> AsyncIterator[Bluesky]:
    async with bluesky_server() as server:
        yield server


@pytest.fixture
async def bluesky_outside(bluesky: Bluesky, clock) -> AsyncIterator[Outside]:
    allowed = Allowed.parse(bluesky.url.removeprefix("http://"))
    async with open_fetch(allowed=allowed, user_agent="test", now=clock) as fetch:
        yield Outside(fetch, ReadHere(), clock)


@pytest.fixture
def ana(bluesky: Bluesky) -> Account:
    return bluesky.account()
