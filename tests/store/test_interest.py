"""What people enter in a call's form: the newest counts, time takes it away, and what is erased is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import StoreError
from aggregator.machine import Machine
from aggregator.store.engine import Database, open_database
from aggregator.store.interest import (
    Entry,
    count_calls,
    count_since,
    email_key,
    erase,
    forget_expired,
    keep_entry,
    read_entries,
)
from tests.builders import AUTO, START, keep, sighting, source


def entry(number: int = 0, **changes: Any) -> Entry:
    at = START + timedelta(minutes=number)
    made = Entry(
        call_id="courses",
        name=f"Person {number}",
        organisation="A town hall",
        town="Zarautz",
        country="ES",
        email=f"person{number}@town.example",
        options=("heat", "grid"),
        language="eu",
        consent="I agree.",
        at=at,
        expires_at=at + timedelta(days=365),
    )
    return replace(made, **changes)


async def keep_all(database: Database, *entries: Entry, form: str = "") -> None:
    async with database.write() as connection:
        for number, one in enumerate(entries):
            await keep_entry(connection, one, form or f"{one.call_id} {one.email} {number} {one.at}")


async def entries_of(database: Database, call_id: str = "courses") -> list[Entry]:
    async with database.read() as connection:
        return list(await read_entries(connection, call_id, START))


async def test_entries_come_back_as_they_were_kept_oldest_first_and_are_counted(database: Database) -> None:
    there = [entry(n) for n in range(3)]
    await keep_all(database, *reversed(there), entry(7, call_id="other"))
    assert await entries_of(database) == there
    async with database.read() as connection:
        counts = await count_calls(connection, START)
        assert {name: (one.entries, one.newest_at) for name, one in counts.items()} == {
            "courses": (3, there[-1].at),
            "other": (1, START + timedelta(minutes=7)),
        }
        assert await count_since(connection, "courses", START) == 2


async def test_the_newest_entry_of_an_address_or_of_a_form_counts_within_its_call(database: Database) -> None:
    await keep_all(database, entry(1, name="Ane"), entry(1, name="Ane", call_id="other"))
    await keep_all(database, entry(1, name="Ane Etxe", email="PERSON1@Town.Example"))
    assert [one.name for one in await entries_of(database)] == ["Ane Etxe"]
    await keep_all(database, entry(2, email="tipyng@town.example"), form="one form")
    await keep_all(database, entry(2, email="typing@town.example"), form="one form")
    assert [one.email for one in await entries_of(database)] == ["PERSON1@Town.Example", "typing@town.example"]
    assert [one.name for one in await entries_of(database, "other")] == ["Ane"]


async def test_entries_go_when_their_time_is_over(machine: Machine, clock: Any) -> None:
    at = clock()
    await keep_all(
        machine.database,
        entry(1, at=at, expires_at=at + timedelta(days=90)),
        entry(2, at=at, expires_at=at + timedelta(days=91)),
    )
    clock.forward(days=90, seconds=-1)
    await machine.sweep()
    async with machine.database.read() as connection:
        assert len(await read_entries(connection, "courses", clock())) == 2
        # Not read any more even before it is swept.
        assert len(await read_entries(connection, "courses", clock.forward(seconds=1))) == 1
        assert (await count_calls(connection, clock()))["courses"].entries == 1
    await machine.sweep()
    async with machine.database.read() as connection:
        assert [one.name for one in await read_entries(connection, "courses", START)] == ["Person 2"]


async def test_erasing_takes_all_of_an_address_and_nothing_of_another(database: Database) -> None:
    await keep_all(database, entry(1), entry(1, call_id="other"), entry(11), entry(12, email="xperson1@town.example"))
    assert await erase(database, " Person1@TOWN.example ") == 2
    assert {one.email for one in await entries_of(database)} == {"person11@town.example", "xperson1@town.example"}
    assert await entries_of(database, "other") == []
    assert await erase(database, "person1@town.example") == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ane@Town.example", "ane@town.EXAMPLE"),
        ("a@xn--bcher-kva.example", "a@Bücher.example"),
        ("ä@b.example", "ä@b.example"),
    ],
)
def test_spellings_of_one_address_are_one(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)


def test_other_addresses_are_others() -> None:
    assert len({email_key(a) for a in ("a@b.example", "a@c.example", "a.@b.example", "straße@b.example", "strasse@b.example", "nothing", "@")}) == 7  # fmt: skip


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("mpower.db*")))


async def overwrite_nothing(database: Database) -> None:
    """Have the writer be as it is elsewhere than on Debian, where SQLite overwrites what is deleted anyway."""
    async with database.write() as connection:
        await connection.exec_driver_sql("PRAGMA secure_delete=OFF")


async def test_what_is_erased_is_gone_from_the_files_too(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/mpower.db") as database:
        await overwrite_nothing(database)
        await keep(database, source("trusted", AUTO), [sighting(n) for n in range(5)])
        # So many that pages are split, and long ones, which take pages of their own.
        await keep_all(database, *(entry(n, consent="x" * 900) for n in range(40)))
        await keep_all(database, entry(90, email="secret@town.example", name="Sekretuaren Jabea", consent="Q7" * 5000))
        await keep_all(database, *(entry(n, consent="y" * 700) for n in range(100, 180)))
        assert b"Sekretuaren" in bytes_of(tmp_path)
        assert await erase(database, "secret@town.example") == 1
        found = bytes_of(tmp_path)
        assert not [part for part in (b"Sekretuaren", b"secret@town", b"Q7Q7") if part in found]
        assert len(await entries_of(database)) == 120
        async with database.write() as connection:
            assert (await connection.exec_driver_sql("PRAGMA secure_delete")).scalar() == 0


async def test_what_was_replaced_or_is_over_is_overwritten_when_somebody_is_erased(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/mpower.db") as database:
        await overwrite_nothing(database)
        await keep_all(database, entry(1, name="Izen Zaharra", consent="Q7" * 5000))
        await keep_all(database, entry(1, name="Izen Berria"), entry(2, name="Beste Bat", consent="Q8" * 5000))
        async with database.write() as connection:
            assert await forget_expired(connection, START + timedelta(days=365, minutes=1)) == 1
            assert await forget_expired(connection, START + timedelta(days=365, minutes=2)) == 1
        assert await erase(database, "nobody@town.example") == 0
        found = bytes_of(tmp_path)
        assert not [part for part in (b"Zaharra", b"Berria", b"Beste Bat", b"Q7Q7", b"Q8Q8") if part in found]


async def test_a_reader_who_holds_on_to_the_old_pages_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.store.engine.BUSY_SECONDS", 0.05)
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/mpower.db") as database:
        await keep_all(database, entry(1))
        async with database.read() as reading:
            assert len(await read_entries(reading, "courses", START)) == 1
            with pytest.raises(StoreError, match="say the same again"):
                await erase(database, "person1@town.example")
        assert await entries_of(database) == []
        assert await erase(database, "person1@town.example") == 0
