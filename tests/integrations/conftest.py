"""A WordPress with the plugin, and a stream that it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from tests.integrations.livestream import LiveStream, live_stream
from tests.integrations.wordpresssite import WordPressSite, missing, wordpress_site


@pytest.fixture(scope="session")
def town() -> Iterator[WordPressSite]:
    if reason := missing():
        pytest.skip(reason)
    with wordpress_site() as town:
        yield town


@pytest.fixture
async def stream(town: WordPressSite, tmp_path: Path) -> AsyncIterator[LiveStream]:
    """A stream that the town's WordPress shows and has not asked yet. PHP and WordPress may have nothing to complain of."""
    async with live_stream(tmp_path) as stream:
        town.show(stream.url)
        before = len(town.complaints())
        yield stream
        assert town.complaints()[before:] == []


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """A visitor without script."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield session
