"""The way of an item, from a real server to the database: collected, refined, kept, shown, and never twice."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import SettingsError
from aggregator.handlers import handlers
from aggregator.machine import Machine, at_work, in_step, open_machine
from aggregator.model import Media
from aggregator.store.interest import read_entries
from aggregator.store.sources import due_sources, read_states
from aggregator.store.stream import StreamFilters, read_page
from aggregator.store.tables import change, item, revision, task
from aggregator.store.tables import sighting as kept
from aggregator.work import Worker
from tests.builders import START, sighting
from tests.partner import PartnerSite
from tests.store.test_interest import entry, keep_all


async def items(machine: Machine) -> list:
    async with machine.database.read() as connection:
        return (await connection.execute(select(item).order_by(item.c.published_at))).all()


def picture(colour: str = "green") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 600), colour).save(out, "PNG")
    return out.getvalue()


async def test_an_entry_becomes_an_item_and_the_same_again_changes_nothing(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.publish([sighting(1, title="Solar panels on every school", published_at=clock() - timedelta(days=1))])
    site.publish([], "/trusted")
    await work_off()
    (row,) = await items(machine)
    assert (row.title, row.state, row.language) == ("Solar panels on every school", "waiting", "en")
    assert row.url == "https://city.example/news/1"
    before = [tuple(row) for row in await items(machine)]
    clock.forward(hours=1)
    await work_off()
    assert site.asked[-1][1] == 304
    assert [tuple(row) for row in await items(machine)] == before


async def test_entries_whose_digests_were_made_in_another_way_are_no_edits(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    entries = [sighting(1, title="Solar panels on every school", published_at=clock() - timedelta(days=1))]
    site.publish(entries)
    site.publish(entries, "/trusted")
    await work_off()
    before = sorted(map(tuple, await items(machine)))
    async with machine.database.write() as connection:
        made_now = (await connection.execute(select(kept.c.digest).order_by(kept.c.source_id))).all()
        await connection.execute(update(kept).values(digest="0" * 32))
        changes = (await connection.execute(select(change))).all()
    clock.forward(hours=1)
    for path in ("/feed", "/trusted"):
        site.publish(entries, path, title="City news, another document")
    await work_off()
    assert sorted(map(tuple, await items(machine))) == before
    async with machine.database.read() as connection:
        assert (await connection.execute(select(kept.c.digest).order_by(kept.c.source_id))).all() == made_now
        assert (await connection.execute(select(change))).all() == changes
        assert (await connection.execute(select(revision))).all() == []


async def test_a_source_that_fails_stops_no_other_and_says_why(machine: Machine, site: PartnerSite, work_off) -> None:
    site.put("/feed", "all is broken", status=500)
    site.publish([sighting(1)], "/trusted")
    await work_off()
    async with machine.database.read() as connection:
        states = await read_states(connection)
    assert (states["held"].failures, states["trusted"].failures) == (1, 0)
    assert "500" in states["held"].problem
    assert [row.source_id for row in await items(machine)] == ["trusted"]


async def test_a_failing_source_waits_longer_each_time_and_heals_by_itself(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/feed", "", status=500)
    site.publish([], "/trusted")
    waits = []
    for _ in range(4):
        await work_off()
        async with machine.database.read() as connection:
            state = (await read_states(connection))["held"]
        waits.append(state.due_at - clock())
        clock.moment = state.due_at
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    site.publish([sighting(1)])
    await work_off()
    async with machine.database.read() as connection:
        state = (await read_states(connection))["held"]
    assert (state.failures, state.problem, len(await items(machine))) == (0, None, 1)


async def test_nothing_moves_when_the_feed_is_cut_short(machine: Machine, site: PartnerSite, work_off, clock) -> None:
    site.publish([sighting(n) for n in range(5)])
    whole = site.pages["/feed"][2]
    site.put("/feed", whole[: len(whole) // 2])
    site.publish([], "/trusted")
    await work_off()
    async with machine.database.read() as connection:
        state = (await read_states(connection))["held"]
    assert state.problem
    assert state.cursor.etag is None
    assert await items(machine) == []


async def test_a_feed_that_renews_its_ids_overnight_refills_no_queue(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    entries = [sighting(n) for n in range(12)]
    site.publish(entries)
    site.publish([], "/trusted")
    await work_off()
    site.publish([replace(e, entry_id=f"https://city.example/?p={n}") for n, e in enumerate(entries)])
    clock.forward(days=1)
    await work_off()
    assert len(await items(machine)) == 12
    assert {row.version for row in await items(machine)} == {1}


async def test_a_picture_is_kept_here_and_shown_from_here(machine: Machine, site: PartnerSite, work_off) -> None:
    site.put("/roof.png", picture(), "image/png")
    media = (Media(f"{site.url}/roof.png", "image/png"),)
    site.publish(
        [sighting(1, media=media), sighting(2, media=(replace(media[0], url=f"{site.url}/none.png"),))], "/trusted"
    )
    site.publish([])
    await work_off()
    first, second = await items(machine)
    assert (first.image_width, first.image_height) == (900, 600)
    assert [(one["width"], one["height"]) for one in first.images] == [(320, 213), (640, 427), (900, 600)]
    assert first.image == first.images[-1]["name"]
    for one in first.images:
        with Image.open(machine.settings.media_dir / one["name"]) as kept:
            assert (kept.format, kept.size) == ("WEBP", (one["width"], one["height"]))
    assert (second.image, second.images) == (None, None)
    async with machine.database.read() as connection:
        page = await read_page(connection, StreamFilters(), limit=10)
    assert [i.image for i in page.items] == [None, first.image]


async def test_a_wrong_edit_of_the_file_leaves_the_last_good_one_in_force(machine: Machine, work_off) -> None:
    path = machine.settings.sources
    good = path.read_text()
    path.write_text(good.replace('kind = "feed"', 'kind = "fax"'))
    assert machine.sources.reload_if_changed() is False
    assert "no kind of source" in (machine.sources.problem or "")
    assert len(machine.configuration.sources) == 2
    path.write_text(good.replace("Test stream", "Renamed stream"))
    await machine.tick()
    assert (machine.sources.problem, machine.configuration.stream.title) == (None, "Renamed stream")


async def test_an_address_that_is_edited_to_a_private_one_is_refused(machine: Machine, site: PartnerSite) -> None:
    path = machine.settings.sources
    path.write_text(path.read_text().replace(f"{site.url}/feed", "http://169.254.169.254/latest"))
    machine.sources.reload_if_changed()
    assert "MPOWER_ALLOW_PRIVATE" in (machine.sources.problem or "")


async def test_match_any_keeps_only_what_it_names(machine: Machine, site: PartnerSite, work_off) -> None:
    path = machine.settings.sources
    path.write_text(path.read_text().replace('languages = ["en"]\n', 'languages = ["en"]\nmatch_any = ["energy"]\n'))
    site.publish([sighting(1, title="Energy for all"), sighting(2, title="Chess club")])
    site.publish([], "/trusted")
    await work_off()
    assert [row.title for row in await items(machine)] == ["Energy for all"]


async def test_a_site_is_discovered_once_and_found_again_when_its_feed_moves(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    path = machine.settings.sources
    path.write_text(
        path.read_text().replace(f'kind = "feed"\nurl = "{site.url}/feed"', f'kind = "discover"\nurl = "{site.url}/"')
    )
    site.put("/", '<html><head><link rel="alternate" type="application/rss+xml" href="/old.xml">', "text/html")
    site.publish([sighting(1)], "/old.xml")
    site.publish([], "/trusted")
    await work_off()
    clock.forward(hours=1)
    site.asked.clear()
    await work_off()
    assert ("/", 200) not in site.asked
    del site.pages["/old.xml"]
    site.put("/", "<html><body>no link any more", "text/html")
    site.publish([sighting(1), sighting(2)], "/feed/")
    clock.forward(hours=1)
    await work_off()
    assert [row.title for row in await items(machine)] == ["News 1", "News 2"]


async def test_a_running_machine_collects_and_forgets_by_itself(settings, site: PartnerSite) -> None:
    site.publish([sighting(1)])
    site.publish([sighting(2)], "/trusted")
    long_ago = entry(at=START, expires_at=START + timedelta(days=1))
    async with open_machine(settings) as machine:
        await keep_all(machine.database, long_ago)
        async with at_work(machine):
            for _ in range(600):
                async with machine.database.read() as connection:
                    is_there = await read_entries(connection, long_ago.call_id, START)
                if len(await items(machine)) == 2 and not is_there:
                    return
                await asyncio.sleep(0.05)
    raise AssertionError("nothing was collected, or nothing forgotten")


async def test_what_another_process_has_looked_at_meanwhile_is_not_asked_for_again(
    machine: Machine, site: PartnerSite, work_off, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish([])
    site.publish([], "/trusted")

    async def slowly(connection: AsyncConnection, ids: Collection[str], *, now: datetime) -> list[str]:
        due = await due_sources(connection, ids, now=now)
        monkeypatch.setattr("aggregator.machine.due_sources", due_sources)
        await work_off()
        return due

    monkeypatch.setattr("aggregator.machine.due_sources", slowly)
    await machine.tick()
    assert len(site.asked) == 2
    async with machine.database.read() as connection:
        assert (await connection.execute(select(task.c.key))).scalars().all() == []


async def test_one_slow_host_gets_few_places_and_holds_no_other(machine: Machine, site: PartnerSite) -> None:
    head, _, _ = machine.settings.sources.read_text().partition("[[source]]")
    text = head + "".join(
        f'[[source]]\nid = "slow-{n}"\npartner = "city"\nkind = "feed"\nurl = "http://slow.example/{n}"\n'
        for n in range(40)
    )
    text += f'[[source]]\nid = "good"\npartner = "city"\nkind = "feed"\nurl = "{site.url}/feed"\n'
    machine.settings.sources.write_text(text)
    await machine.tick()
    async with machine.database.read() as connection:
        keys = (await connection.execute(select(task.c.key))).scalars().all()
    assert "source:good:collect" in keys
    assert len(keys) == 5


async def test_the_pictures_of_a_batch_are_fetched_by_few(machine: Machine, site: PartnerSite, work_off) -> None:
    site.put("/roof.png", picture(), "image/png")
    media = Media(f"{site.url}/roof.png", "image/png")
    site.publish([sighting(n, media=(replace(media, url=f"{media.url}?{n}"),)) for n in range(10)])
    site.publish([], "/trusted")
    await machine.tick()
    worker = Worker(machine.database, machine.bell, handlers(machine.shop), machine.now)
    await worker.run_due(only=("collect",))
    async with machine.database.read() as connection:
        payloads = (await connection.execute(select(task.c.payload))).scalars().all()
    assert sorted(len(payload["item_ids"]) for payload in payloads) == [2, 4, 4]
    await worker.run_due()
    assert all(row.image for row in await items(machine))


async def test_a_process_that_only_serves_follows_the_file(machine: Machine) -> None:
    path = machine.settings.sources
    path.write_text(path.read_text().replace("City of Example", "City of Elsewhere"))
    async with in_step(machine), asyncio.timeout(30):
        while machine.configuration.partners[0].name != "City of Elsewhere" or not machine.sources.is_known:
            await asyncio.sleep(0.05)


async def test_a_fault_of_ours_is_shown_at_the_source(machine: Machine, site: PartnerSite) -> None:
    site.publish([])
    site.publish([], "/trusted")
    await machine.tick()

    async def breaks(_event: object) -> None:
        raise RuntimeError("anything")

    broken = {**handlers(machine.shop), "collect": breaks}
    await Worker(machine.database, machine.bell, broken, machine.now, on_failure=machine.shop.note_failure).run_due()
    async with machine.database.read() as connection:
        state = (await read_states(connection))["held"]
    assert (state.problem, state.failures) == ("could not be kept: RuntimeError", 1)
    await machine.ask_for("held")
    assert await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due() == 1


async def test_a_media_folder_that_cannot_be_written_is_said_at_the_start(settings) -> None:
    blocked = settings.media_dir
    blocked.write_text("a file where a folder should be")
    with pytest.raises(SettingsError, match="MPOWER_MEDIA_DIR"):
        async with open_machine(settings):
            pass
