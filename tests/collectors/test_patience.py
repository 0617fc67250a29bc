"""A look that would take for ever ends with a reason."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.collectors import KINDS, patience
from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.patience import in_time
from aggregator.errors import CollectError
from aggregator.model import Source
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.way_out import ReadHere


async def _for_ever(_source: Source, _cursor: Cursor, _outside: Outside) -> Collected:
    await asyncio.Event().wait()
    raise AssertionError


async def _fails(_source: Source, _cursor: Cursor, _outside: Outside) -> Collected:
    raise TimeoutError("of something else")


async def test_a_look_without_end_is_ended_with_a_reason(monkeypatch: pytest.MonkeyPatch, clock) -> None:
    outside = Outside(None, ReadHere(), clock)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError, match="something else"):
        await in_time(_fails)(source(), Cursor(), outside)
    monkeypatch.setattr(patience, "MOST_SECONDS", 0.01)
    with pytest.raises(CollectError, match="could not be read within"):
        await in_time(_for_ever)(source(), Cursor(), outside)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_asked_in_time(kind: str) -> None:
    assert KINDS[kind].collect.__code__ is in_time(_fails).__code__
