"""A ring wakes those who sleep in other processes: here, bells that know of each other by the database alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from aggregator.bell import open_bell
from aggregator.filebell import FileBell, open_file_bell
from aggregator.store.engine import Database, open_database

SOON = 5.0
CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN%'"""
SHORT = 0.3  # many times what a bell takes to hear, or to look where nobody tells it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mpower.db.lock"
    path.touch()
    return path


async def test_a_ring_is_heard_in_this_process_and_in_the_others(database: Database, database_url: str) -> None:
    async with open_database(database_url) as other, open_bell(database) as here, open_bell(other) as there:
        with here.listen() as mine, there.listen() as theirs:
            async with asyncio.timeout(SOON):
                await here.ring()
                while not await theirs.wait(SHORT):  # PostgreSQL's link is made in its own time
                    await here.ring()
            assert await mine.wait(0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_was_rung_while_the_link_was_down_is_heard_when_it_is_up_again(database: Database) -> None:
    async with open_bell(database) as bell:
        with bell.listen() as ear:
            for _ in range(2):
                assert await ear.wait(SOON)  # nobody rings: the link is up
                async with database.read() as connection:
                    await connection.exec_driver_sql(CUT)


@pytest.fixture(params=["told by the kernel", "looking"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without inotify."""
    if request.param == "looking":
        monkeypatch.setattr("aggregator.filebell.ctypes.CDLL", lambda *_words, **_options: object())


@pytest.mark.usefixtures("how")
async def test_a_ring_is_heard_between_ones_own(file: Path) -> None:
    other = FileBell(file)
    async with open_file_bell(file) as bell:
        with bell.listen() as ear:
            for _ in range(3):
                await bell.ring()
                assert await ear.wait(0)
                await other.ring()
                assert await ear.wait(SOON)


async def test_a_ring_is_told_by_the_kernel_without_a_look(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.filebell.TOLD_LOOK_SECONDS", 10 * SOON)
    other = FileBell(file)
    async with open_file_bell(file) as bell:
        with bell.listen() as ear:
            await asyncio.sleep(0)
            for _ in range(3):
                await other.ring()
                assert await ear.wait(SOON)


async def test_a_ring_on_another_file_in_the_place_of_the_first_is_heard(file: Path) -> None:
    async with open_file_bell(file) as bell:
        with bell.listen() as ear:
            await FileBell(file).ring()
            assert await ear.wait(SOON)
            file.unlink()
            assert not await ear.wait(SHORT)
            file.touch()
            assert await ear.wait(SOON)  # it is another time already
            for _ in range(2):
                await FileBell(file).ring()
                assert await ear.wait(SOON)


@pytest.mark.usefixtures("how")
async def test_ones_own_ring_is_heard_once(file: Path) -> None:
    async with open_file_bell(file) as bell:
        with bell.listen() as ear:
            await bell.ring()
            assert await ear.wait(0)
            assert not await ear.wait(SHORT)


@pytest.mark.usefixtures("how")
async def test_without_its_file_a_bell_rings_here(file: Path) -> None:
    async with open_file_bell(file) as bell:
        file.unlink()
        with bell.listen() as ear:
            await bell.ring()
            assert await ear.wait(0)
            assert not await ear.wait(SHORT)
