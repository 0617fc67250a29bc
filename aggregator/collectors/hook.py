"""A partner's own system that posts its items to /push/hook/ID, signed with the source's token. Nothing is fetched."""

from __future__ import annotations

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.model import Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:  # noqa: ARG001
    """Nothing is there to ask; CollectError where the token is not set, since then nothing can be taken either."""
    if source.token:
        source.token.reveal()
    return Collected(None, cursor, source.url)


KIND = SourceKind(collect, Rules(needs=frozenset({"token"})))
