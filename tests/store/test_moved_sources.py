"""What is forgotten when a source gets another address in sources.toml."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aggregator.model import Review, ReviewMode, Source
from aggregator.store.engine import Database
from aggregator.store.listeners import note_push
from aggregator.store.sources import know_sources, read_state

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def test_another_address_does_not_count_as_pushing_because_the_old_one_did(database: Database) -> None:
    for url in ("https://old.example/", "https://new.example/"):
        source = Source("news", "p", "feed", url, (), timedelta(minutes=30), Review(ReviewMode.HOLD))
        async with database.write() as connection:
            await know_sources(connection, [source], now=NOW)
            state = await read_state(connection, "news")
            assert state is not None
            assert state.live_at is None
            await note_push(connection, "news", None, live_at=NOW)
