"""Sources are asked side by side, few of one host, and told of in their order."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from typing import cast

import pytest

from aggregator.collectors import KINDS
from aggregator.collectors.contract import Collected, Outside
from aggregator.errors import CollectError
from aggregator.model import Document, Source
from aggregator.store.sources import Cursor
from tests.builders import source
from web.commands.trying import AT_ONCE, AT_ONCE_A_HOST, try_all

NOWHERE = cast("Outside", None)


class Sites:
    """Sites that count who asks at once; `slow` ones answer when the others have."""

    def __init__(self) -> None:
        self.slow: set[str] = set()
        self.go_on = asyncio.Event()
        self.asking: Counter[str] = Counter()
        self.most = 0
        self.most_a_host = 0

    async def collect(self, asked: Source, _cursor: Cursor, _outside: Outside) -> Collected:
        host = asked.url.split("/")[2]
        self.asking[host] += 1
        self.most = max(self.most, self.asking.total())
        self.most_a_host = max(self.most_a_host, self.asking[host])
        try:
            await (self.go_on.wait() if asked.id in self.slow else asyncio.sleep(0))
        finally:
            self.asking[host] -= 1
        if asked.id == "s3":
            raise CollectError("it is broken")
        return Collected(Document((), "test"), Cursor(), asked.url)


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> Sites:
    sites = Sites()
    monkeypatch.setitem(KINDS, "feed", replace(KINDS["feed"], collect=sites.collect))
    return sites


def many(hosts: int, count: int = 60) -> list[Source]:
    return [source(f"s{n}", url=f"https://host{n % hosts}.example/{n}") for n in range(count)]


async def test_they_are_told_of_in_their_order_whoever_answers_first(sites: Sites) -> None:
    sites.slow = {"s0"}
    asked = many(60)
    async with asyncio.timeout(30), aclosing(try_all(asked, NOWHERE)) as tries:
        first = asyncio.ensure_future(anext(tries))
        while sites.asking.total() != 1 or first.done():
            await asyncio.sleep(0)
        sites.go_on.set()
        rows = [await first, *[row async for row in tries]]
    assert [row["id"] for row in rows] == [one.id for one in asked]
    assert [row["id"] for row in rows if row["problem"]] == ["s3"]


async def test_only_so_many_are_asked_at_once(sites: Sites) -> None:
    assert len([row async for row in try_all(many(60), NOWHERE)]) == 60
    assert (sites.most, sites.most_a_host) == (AT_ONCE, 1)


async def test_only_two_of_a_host_are_asked_at_once(sites: Sites) -> None:
    assert len([row async for row in try_all(many(2), NOWHERE)]) == 60
    assert (sites.most, sites.most_a_host) == (2 * AT_ONCE_A_HOST, AT_ONCE_A_HOST)


async def test_who_stops_leaves_nobody_asking(sites: Sites) -> None:
    sites.slow = {f"s{n}" for n in range(1, 60)}
    async with aclosing(try_all(many(60), NOWHERE)) as tries:
        await anext(tries)
    assert not sites.asking.total()
