"""A deletion that is pushed before the post was seen: a look that still shows the post does not let it in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from aggregator import handlers
from aggregator.collectors.contract import Collected
from aggregator.collectors.mastodonstream import listen
from aggregator.machine import Machine
from aggregator.model import Document, Sighting
from aggregator.store.deletions import MOST_KEPT
from aggregator.store.sources import Cursor
from aggregator.store.tables import deletion, item
from tests.builders import sighting
from tests.partner import PartnerSite


@pytest.fixture(autouse=True)
def feeds_push(monkeypatch: pytest.MonkeyPatch, site: PartnerSite) -> None:
    """Have feeds be a kind that pushes, so that the partner's site can be the network."""
    kinds = {**handlers.KINDS, "feed": replace(handlers.KINDS["feed"], listen=listen)}
    monkeypatch.setattr(handlers, "KINDS", kinds)
    site.publish([], "/trusted")


async def push(machine: Machine, *entries: Sighting, deleted: tuple[str, ...] = ()) -> None:
    source = machine.configuration.source("held")
    assert source
    document = Document(entries, "push", deleted=deleted, is_window=False)
    await machine.shop.take(source, Collected(document, Cursor(), source.url))


async def titles(machine: Machine) -> list[str | None]:
    async with machine.database.read() as connection:
        return list((await connection.execute(select(item.c.title).order_by(item.c.published_at))).scalars())


async def remembered(machine: Machine) -> int:
    async with machine.database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(deletion)) or 0


async def test_a_look_that_was_under_way_does_not_bring_back_what_was_deleted(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    await push(machine, deleted=("tag:1",))
    site.publish([sighting(1), sighting(2)])
    await work_off()
    assert await titles(machine) == ["News 2"]
    clock.forward(hours=7)
    site.publish([sighting(1), sighting(2), sighting(3)])
    await work_off()
    assert await titles(machine) == ["News 2", "News 3"]


async def test_it_is_remembered_for_a_day(machine: Machine, site: PartnerSite, work_off, clock) -> None:
    await push(machine, deleted=("tag:1",))
    clock.forward(hours=25)
    site.publish([sighting(1)])
    await work_off()
    assert await titles(machine) == ["News 1"]
    await push(machine, deleted=("tag:9",))
    assert await remembered(machine) == 1


async def test_what_is_pushed_again_is_not_deleted(machine: Machine, site: PartnerSite, work_off, clock) -> None:
    await push(machine, deleted=("tag:1", "tag:2"))
    await push(machine, sighting(1))
    site.publish([sighting(1), sighting(2)])
    await work_off()
    assert await titles(machine) == ["News 1"]
    assert await remembered(machine) == 1


async def test_what_was_seen_is_withdrawn_and_needs_no_remembering(machine: Machine) -> None:
    await push(machine, sighting(1))
    await push(machine, deleted=("tag:1",))
    assert await remembered(machine) == 0
    async with machine.database.read() as connection:
        assert (await connection.execute(select(item.c.state))).scalars().all() == ["withdrawn"]


async def test_only_so_many_are_remembered_and_the_newest(machine: Machine, site: PartnerSite, work_off, clock) -> None:
    await push(machine, deleted=("tag:1",))
    for part in range(3):
        clock.forward(seconds=1)
        await push(machine, deleted=tuple(f"tag:{part}-{n}" for n in range(600)))
    clock.forward(seconds=1)
    await push(machine, deleted=("tag:2",))
    assert await remembered(machine) == MOST_KEPT
    site.publish([sighting(1), sighting(2)])
    await work_off()
    assert await titles(machine) == ["News 1"]
