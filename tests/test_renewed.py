"""A feed that changes its ids or moves, and an entry that is edited, over HTTP: revisions, and no new items."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from aggregator.machine import Machine
from aggregator.model import Sighting
from aggregator.store.tables import item, revision
from tests.builders import sighting
from tests.conftest import Clock
from tests.partner import PartnerSite

ENTRIES = [
    sighting(n, url=f"http://city.example/news/{n}", body_html=f"<p>What happened on day {n}</p>") for n in range(8)
]


async def kept(machine: Machine) -> dict[str, tuple[str, str | None, str, str]]:
    async with machine.database.read() as connection:
        rows = await connection.execute(select(item))
        return {row.id: (row.entry_id, row.url, row.title, row.story) for row in rows}


RENEWED: dict[str, Callable[[Sighting], Sighting]] = {
    "new guids": lambda e: replace(e, entry_id=f"new-{e.entry_id}"),
    "https": lambda e: replace(e, url=(e.url or "").replace("http:", "https:")),
    "new guids and https": lambda e: replace(
        e, entry_id=f"new-{e.entry_id}", url=(e.url or "").replace("http:", "https:")
    ),
    "new guids, https and www": lambda e: replace(
        e, entry_id=f"new-{e.entry_id}", url=(e.url or "").replace("http://", "https://www.")
    ),
    "new guids at another host": lambda e: replace(
        e, entry_id=f"new-{e.entry_id}", url=(e.url or "").replace("http://city", "https://town")
    ),
    "guids that are addresses, and https": lambda e: replace(
        e, entry_id=(e.url or "").replace("http:", "https:"), url=(e.url or "").replace("http:", "https:")
    ),
}


@pytest.mark.parametrize("renew", RENEWED.values(), ids=RENEWED)
async def test_a_feed_that_changes_overnight_makes_no_new_items(
    machine: Machine, site: PartnerSite, clock: Clock, work_off: Callable[[], Awaitable[int]],
    renew: Callable[[Sighting], Sighting],
) -> None:  # fmt: skip
    site.publish(ENTRIES)
    await work_off()
    before = await kept(machine)
    assert len(before) == len(ENTRIES)
    site.publish([renew(one) for one in ENTRIES])
    clock.forward(hours=12)
    await work_off()
    after = await kept(machine)
    assert site.asked.count(("/feed", 200)) == 2
    assert after.keys() == before.keys()
    assert {story for *_, story in after.values()} == set(before)
    assert {url for _, url, *_ in after.values()} == {renew(one).url for one in ENTRIES}


async def test_an_entry_that_is_edited_is_a_revision_also_under_a_new_guid(
    machine: Machine, site: PartnerSite, clock: Clock, work_off: Callable[[], Awaitable[int]]
) -> None:
    site.publish(ENTRIES)
    await work_off()
    before = await kept(machine)
    edited = [replace(ENTRIES[0], title="Corrected"), RENEWED["new guids and https"](ENTRIES[1]), *ENTRIES[2:]]
    edited[1] = replace(edited[1], body_html="<p>More is known now</p>")
    site.publish(edited)
    clock.forward(hours=12)
    await work_off()
    after = await kept(machine)
    assert after.keys() == before.keys()
    async with machine.database.read() as connection:
        titles = [row.was["title"] for row in await connection.execute(select(revision).order_by(revision.c.id))]
    assert sorted(titles) == ["News 0", "News 1"]


async def test_a_text_that_another_source_takes_over_is_the_same_story(
    machine: Machine, site: PartnerSite, work_off: Callable[[], Awaitable[int]]
) -> None:
    text = (
        "<p>The council has decided to insulate three hundred homes in the old town before the winter comes, and to pay "
        "for it with money of the regional energy fund. Work begins in March, and everybody may come with questions.</p>"
    )
    site.publish([sighting(1, body_html=text), ENTRIES[2]])
    copy = sighting(5, url="https://tni.example/5", title="Old town", body_html=text.replace("everybody", "anyone"))
    site.publish([copy, sighting(6, url="https://tni.example/6")], "/trusted")
    await work_off()
    stories = {title: story for _, _, title, story in (await kept(machine)).values()}
    assert stories["News 1"] == stories["Old town"]
    assert len(set(stories.values())) == 3
