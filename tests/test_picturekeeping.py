"""Our copies of pictures: who is asked for them again, what becomes of lost and of unused ones."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from aggregator import picturefolder
from aggregator.machine import Machine
from aggregator.model import Media, State
from aggregator.picturekeeping import PICTURE_BYTES, WAITS
from aggregator.store.tables import item, task
from tests.builders import sighting
from tests.documents.test_pictures import png_that_claims
from tests.partner import PartnerSite

# What is the same on every engine is tried on one.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def drawn(colour: str = "green", kind: str = "PNG", size: tuple[int, int] = (900, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


async def items(machine: Machine) -> Sequence[Any]:
    async with machine.database.read() as connection:
        return (await connection.execute(select(item).order_by(item.c.published_at))).all()


async def open_work(machine: Machine) -> list[tuple[Any, int]]:
    """When pictures are asked for next, and after how many attempts."""
    async with machine.database.read() as connection:
        rows = await connection.execute(select(task).where(task.c.handler == "keep_pictures"))
        return [(row.due_at, row.payload["tries"]) for row in rows]


def asked(site: PartnerSite, path: str = "/roof.png") -> int:
    return [asked_for for asked_for, _ in site.asked].count(path)


def publish(site: PartnerSite, address: str = "/roof.png", **words: Any) -> None:
    site.publish([sighting(1, media=(Media(site.url + address, "image/png"),), **words)], "/trusted")
    site.publish([])


def folder_of(machine: Machine) -> set[str]:
    return {path.name for path in machine.settings.media_dir.iterdir()}


def age(folder: Path, machine: Machine, **span: float) -> None:
    """Make all that stands there so much older than the machine's clock."""
    moment = (machine.now() - timedelta(**span)).timestamp()
    for path in folder.iterdir():
        os.utime(path, (moment, moment), follow_symlinks=False)


@pytest.mark.parametrize("status", [500, 503, 429])
@ON_SQLITE
async def test_who_does_not_answer_is_asked_again_a_few_times_and_waits_longer_each_time(
    machine: Machine, site: PartnerSite, work_off, clock, status: int
) -> None:
    site.put("/roof.png", "come back later", status=status)
    publish(site)
    await work_off()
    for tries, wait in enumerate(WAITS, start=1):
        assert await open_work(machine) == [(clock() + wait, tries)]
        assert asked(site) == tries
        clock.forward(seconds=wait.total_seconds())
        await work_off()
    assert await open_work(machine) == []
    assert asked(site) == len(WAITS) + 1
    assert (await items(machine))[0].image is None


async def test_a_picture_that_is_there_at_the_second_attempt_is_shown_then(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", "", status=502)
    publish(site)
    await work_off()
    before = await machine.stream_version()
    site.put("/roof.png", drawn(), "image/png")
    clock.forward(seconds=WAITS[0].total_seconds())
    await work_off()
    (row,) = await items(machine)
    assert row.image_width == 900
    assert await machine.stream_version() > before
    assert await open_work(machine) == []


@ON_SQLITE
async def test_the_moment_that_a_host_asks_for_is_waited_for(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", "", status=429)
    site.headers["/roof.png"] = {"Retry-After": "7200"}
    publish(site)
    await work_off()
    assert await open_work(machine) == [(clock() + timedelta(hours=2), 1)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 404, id="not there"),
        pytest.param(b"", 403, id="not for us"),
        pytest.param(b"", 200, id="nothing"),
        pytest.param(b"<!doctype html><title>Sign in</title>", 200, id="a page that says it is a picture"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 200, id="svg"),
        pytest.param(drawn(kind="JPEG")[:700], 200, id="cut short"),
        pytest.param(png_that_claims(30_000, 30_000), 200, id="a bomb"),
        pytest.param(bytes(PICTURE_BYTES + 1), 200, id="too large"),
    ],
)
@ON_SQLITE
async def test_what_is_refused_or_no_picture_is_not_asked_for_again(
    machine: Machine, site: PartnerSite, work_off, clock, body: bytes, status: int
) -> None:
    site.put("/roof.png", body, "image/png", status)
    publish(site)
    await work_off()
    assert await open_work(machine) == []
    clock.forward(hours=1)
    publish(site, title="The words have changed")  # the picture has not
    await work_off()
    (row,) = await items(machine)
    assert (row.title, row.image, asked(site)) == ("The words have changed", None, 1)
    await machine.sweep_pictures()
    assert await open_work(machine) == []
    assert folder_of(machine) == set()


async def test_a_picture_whose_address_is_signed_anew_at_every_look_is_fetched_once(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", drawn(), "image/png")
    for n in range(3):
        publish(site, f"/roof.png?signature={n}")
        await work_off()
        clock.forward(hours=1)
    (row,) = await items(machine)
    assert (asked(site), row.version, row.image_width) == (1, 1, 900)
    # What may have expired is asked for by its newest signature, should our copy be lost.
    assert row.picture_url.endswith("?signature=2")
    site.put("/roof.png", "expired", status=403)
    assert (machine.settings.media_dir / row.image).is_file()


@ON_SQLITE
async def test_another_picture_of_the_same_name_is_fetched_and_shown(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    widths = []
    for folder, width in (("a", 900), ("b", 500)):
        site.put(f"/{folder}/cover.png", drawn(size=(width, 400)), "image/png")
        publish(site, f"/{folder}/cover.png")
        await work_off()
        widths.append((await items(machine))[0].image_width)
        clock.forward(hours=1)
    assert widths == [900, 500]


@ON_SQLITE
async def test_a_picture_that_is_signed_anew_while_it_is_fetched_is_shown_all_the_same(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", "", status=500)
    publish(site, "/roof.png?signature=1")
    await work_off()
    site.put("/roof.png", drawn(), "image/png")
    publish(site, "/roof.png?signature=2")
    clock.forward(hours=1)
    await work_off()
    (row,) = await items(machine)
    assert row.picture_url.endswith("?signature=2")
    assert row.image is not None


@ON_SQLITE
async def test_an_address_that_expired_before_anybody_answered_is_asked_for_by_its_next_signature(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", "", status=503)
    publish(site, "/roof.png?signature=1")
    await work_off()
    site.put("/roof.png", "expired", status=403)
    clock.forward(seconds=WAITS[0].total_seconds())
    await work_off()
    assert await open_work(machine) == []
    site.put("/roof.png", drawn(), "image/png")
    publish(site, "/roof.png?signature=2")
    clock.forward(hours=1)
    await work_off()
    (row,) = await items(machine)
    assert row.image_width == 900


@ON_SQLITE
async def test_what_is_refused_by_every_signature_is_left_alone_after_a_day(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", "no", status=403)
    for hours in range(30):
        publish(site, f"/roof.png?signature={hours}")
        await work_off()
        clock.forward(hours=1)
    assert asked(site) == 24


@ON_SQLITE
async def test_a_picture_that_many_items_name_is_asked_for_once(machine: Machine, site: PartnerSite, work_off) -> None:
    site.put("/roof.png", drawn(), "image/png")
    picture = (Media(f"{site.url}/roof.png", "image/png"),)
    site.publish([sighting(number, media=picture) for number in range(1, 31)], "/trusted")
    site.publish([])
    await work_off()
    assert {row.image_width for row in await items(machine)} == {900}
    assert (len(await items(machine)), asked(site), len(folder_of(machine))) == (30, 1, 3)


@ON_SQLITE
async def test_another_picture_takes_the_place_of_the_first_which_is_swept(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", drawn(), "image/png")
    site.put("/wall.png", drawn("blue"), "image/png")
    publish(site)
    await work_off()
    before = folder_of(machine)
    publish(site, "/wall.png")
    clock.forward(hours=1)
    await work_off()
    (row,) = await items(machine)
    named = {one["name"] for one in row.images}
    assert folder_of(machine) == before | named
    age(machine.settings.media_dir, machine, hours=23)
    await machine.sweep_pictures()
    assert folder_of(machine) == before | named  # a row that names them may not be committed yet
    age(machine.settings.media_dir, machine, hours=25)
    await machine.sweep_pictures()
    assert folder_of(machine) == named


@ON_SQLITE
async def test_nothing_but_our_own_files_is_ever_touched(machine: Machine, tmp_path: Path) -> None:
    folder, name = machine.settings.media_dir, "0a" * 20
    foreign = [
        *("index.html", ".gitkeep", "tmpabcdefgh", f"{name}.webp.part", f"{name}.webp.0123456789abcdef"),
        *(f"{name}.svg", f"{name}.webp.bak", f"{name.upper()}.webp", f"x{name}.webp", f"{name[:-1]}.webp"),
    ]
    ours = [f"{name}.webp", f"{'0b' * 20}.webp.{'c' * 16}.part"]
    for one in (*foreign, *ours):
        (folder / one).write_bytes(b"x")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"kept")
    (folder / f"{'0c' * 20}.webp").symlink_to(elsewhere)
    (folder / f"{'0d' * 20}.webp").mkdir()
    others = folder_of(machine) - set(ours)
    age(folder, machine, days=400)
    await machine.sweep_pictures()
    assert folder_of(machine) == others
    assert elsewhere.read_bytes() == b"kept"


@ON_SQLITE
async def test_young_leftovers_of_a_write_stay_since_it_may_be_under_way(machine: Machine) -> None:
    leftover = machine.settings.media_dir / f"{'0b' * 20}.webp.{'c' * 16}.part"
    leftover.write_bytes(b"x")
    age(machine.settings.media_dir, machine, hours=23)
    await machine.sweep_pictures()
    assert leftover.is_file()


def test_an_old_file_that_is_wanted_again_while_it_is_swept_stays(tmp_path: Path) -> None:
    data = drawn()
    name = picturefolder.name_of(data, "webp")
    picturefolder.put(tmp_path, name, data)
    before = datetime.now(UTC) - timedelta(hours=1)  # the disk has no other clock
    os.utime(tmp_path / name, (0, 0))
    assert picturefolder.listing(tmp_path, before=before).old == (name,)
    picturefolder.put(tmp_path, name, data)  # after whoever sweeps has looked, and before it takes away
    assert picturefolder.remove(tmp_path, [name, name], before=before) == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
    os.utime(tmp_path / name, (0, 0))
    assert picturefolder.remove(tmp_path, [name, name], before=before) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_a_loss_of_power_cut_short_is_written_anew(tmp_path: Path) -> None:
    data = drawn()
    name = picturefolder.name_of(data, "webp")
    (tmp_path / name).write_bytes(b"")
    picturefolder.put(tmp_path, name, data)
    assert (tmp_path / name).read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("is_whole_folder", [False, True])
@ON_SQLITE
async def test_copies_that_are_lost_are_fetched_again(
    machine: Machine, site: PartnerSite, work_off, clock, is_whole_folder: bool
) -> None:
    site.put("/roof.png", drawn(), "image/png")
    publish(site)
    await work_off()
    before, (row,) = folder_of(machine), await items(machine)
    if is_whole_folder:
        shutil.rmtree(machine.settings.media_dir)
    else:
        (machine.settings.media_dir / row.images[0]["name"]).unlink()
    await machine.sweep_pictures()
    await machine.sweep_pictures()
    assert len(await open_work(machine)) == 1
    await work_off()
    assert folder_of(machine) == before
    assert (await items(machine))[0].images == row.images


@ON_SQLITE
async def test_a_picture_that_cannot_be_written_is_kept_once_it_can_be(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    site.put("/roof.png", drawn(), "image/png")
    publish(site)
    folder = machine.settings.media_dir
    folder.rmdir()
    folder.symlink_to("a-mount-that-is-gone")
    await work_off()
    assert (await items(machine))[0].image is None
    folder.unlink()
    clock.forward(seconds=10)
    await work_off()
    assert (await items(machine))[0].image_width == 900


@pytest.mark.parametrize(("status", "stays"), [(500, True), (404, False)])
async def test_a_lost_copy_is_forgotten_only_where_the_picture_is_refused(
    machine: Machine, site: PartnerSite, work_off, clock, status: int, stays: bool
) -> None:
    site.put("/roof.png", drawn(), "image/png")
    publish(site)
    await work_off()
    for name in folder_of(machine):
        (machine.settings.media_dir / name).unlink()
    site.put("/roof.png", "", status=status)
    await machine.sweep_pictures()
    await work_off()
    (row,) = await items(machine)
    assert ((row.image is not None), bool(row.images)) == (stays, stays)
    assert await open_work(machine) == []  # the next sweep looks again


async def test_pictures_go_with_erased_items_and_some_weeks_after_rejected_ones(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    colours = ("green", "blue", "red")
    for colour in colours:
        site.put(f"/{colour}.png", drawn(colour, size=(300, 200)), "image/png")
    media = [Media(f"{site.url}/{colour}.png", "image/png") for colour in colours]
    site.publish([sighting(n, media=(one,)) for n, one in enumerate(media)], "/trusted")
    site.publish([])
    await work_off()
    erased, rejected, stays = await items(machine)
    async with machine.database.write() as connection:
        await connection.execute(delete(item).where(item.c.id == erased.id))
        values = {"state": State.REJECTED, "decided_at": clock()}
        await connection.execute(update(item).where(item.c.id == rejected.id).values(**values))
    clock.forward(days=29)
    age(machine.settings.media_dir, machine, days=29)
    await machine.sweep_pictures()
    assert folder_of(machine) == {rejected.image, stays.image}
    clock.forward(days=2)
    await machine.sweep_pictures()
    assert folder_of(machine) == {stays.image}
    async with machine.database.write() as connection:  # an editor thinks better of it after all
        await connection.execute(update(item).where(item.c.id == rejected.id).values(state=State.APPROVED))
    await machine.sweep_pictures()
    await work_off()
    assert folder_of(machine) == {rejected.image, stays.image}


async def test_two_items_with_one_picture_have_one_file_that_goes_with_the_last(
    machine: Machine, site: PartnerSite, work_off, clock
) -> None:
    for path in ("/one.png", "/other.png"):
        site.put(path, drawn(size=(300, 200)), "image/png")
    media = Media(f"{site.url}/one.png", "image/png")
    entries = [sighting(1, media=(media,)), sighting(2, media=(replace(media, url=f"{site.url}/other.png"),))]
    site.publish(entries, "/trusted")
    site.publish([])
    await work_off()
    first, second = await items(machine)
    assert first.image == second.image
    age(machine.settings.media_dir, machine, days=2)
    for gone, left in ((first, {first.image}), (second, set())):
        async with machine.database.write() as connection:
            await connection.execute(delete(item).where(item.c.id == gone.id))
        await machine.sweep_pictures()
        assert folder_of(machine) == left
