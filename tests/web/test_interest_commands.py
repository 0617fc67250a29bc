"""What people entered is listed, exported and erased from the command line, and no cell becomes a formula."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.machine import utc_now
from aggregator.store.engine import Database
from aggregator.store.interest import Entry
from tests.conftest import SOURCES
from tests.store.test_interest import entry, keep_all
from web.commands import main
from web.interest.entriescsv import COLUMNS, disarm, entries_csv

CALL = """
[[call]]
id = "courses"
title = {{ en = "Courses" }}
button = {{ en = "Go" }}

[[call]]
id = "elsewhere"
title = {{ en = "Elsewhere" }}
button = {{ en = "Go" }}
url = "https://courses.example/"
"""
FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")


def lately(number: int, **changes: object) -> Entry:
    at = utc_now().replace(microsecond=0) - timedelta(hours=1) + timedelta(minutes=number)
    return replace(entry(number), at=at, expires_at=at + timedelta(days=9), **changes)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch):
    """A command beside whatever else has the database open."""
    (tmp_path / "sources.toml").write_text((SOURCES + CALL).format(url="https://feeds.example"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPOWER_DATABASE_URL", database_url)

    async def run(*words: str) -> tuple[int, str, str]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["interest", *words])
        assert "Traceback" not in result.output
        return result.exit_code, result.stdout_bytes.decode("utf-8-sig"), result.stderr

    return run


async def test_entries_are_listed_exported_and_erased_while_the_database_is_in_use(
    run, database: Database, tmp_path: Path
) -> None:
    await keep_all(database, lately(1), lately(2, name="=1+1"), lately(3, call_id="gone"))
    status, out, _ = await run("list")
    assert [line.split()[:2] for line in out.splitlines()] == [["courses", "2"], ["gone", "1"]]
    _, out, _ = await run("list", "--json")
    assert [(one["call"], one["entries"]) for one in json.loads(out)] == [("courses", 2), ("gone", 1)]
    _, out, _ = await run("list", "courses")
    assert "2 entries" in out
    assert out.index("=1+1 <person2@town.example>") < out.index(
        "Person 1 <person1@town.example>, A town hall, Zarautz, ES"
    )
    _, out, _ = await run("list", "courses", "--json")
    assert [one["email"] for one in json.loads(out)] == ["person2@town.example", "person1@town.example"]
    _, printed, _ = await run("export", "courses")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [(row["name"], row["option"], row["consent"]) for row in rows] == [
        ("Person 1", "heat grid", "I agree."), ("'=1+1", "heat grid", "I agree."),
    ]  # fmt: skip
    status, out, _ = await run("export", "courses", "-o", "new.csv")
    assert (status, out) == (0, "2 entries written to new.csv\n")
    assert (tmp_path / "new.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == 0o600
    status, _, said = await run("export", "courses", "-o", "new.csv")
    assert (status, "new.csv exists already; name another file" in said) == (1, True)
    status, out, _ = await run("erase", "PERSON2@town.example")
    assert (status, out) == (0, "1 entry erased\n")
    found = b"".join(path.read_bytes() for path in tmp_path.glob("mpower.db*"))
    assert (b"person2@" in found, b"person1@" in found) == (False, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "curses"), "there is no call 'curses' with a form; there are: courses"),
        (("list", "elsewhere"), "there is no call 'elsewhere' with a form; there are: courses"),
        (("erase", "ane"), "'ane' is no e-mail address; name a whole one"),
        (("export", "courses", "-o", "no/such/folder.csv"), "cannot be written: No such file or directory"),
    ],
)
async def test_a_slip_gets_one_clear_line(run, words: tuple[str, ...], message: str) -> None:
    status, _, said = await run(*words)
    assert (status, message in said) == (1, True)


async def test_entries_of_a_call_are_there_without_a_good_sources_file(run, database: Database, tmp_path: Path) -> None:
    await keep_all(database, lately(1))
    (tmp_path / "sources.toml").write_text("[stream]")
    assert "Person 1" in (await run("export", "courses"))[1]
    assert "1 entry\n" in (await run("list", "courses"))[1]
    assert (await run("erase", "person1@town.example"))[1] == "1 entry erased\n"
    # Where nothing was entered, only the file could say whether there is such a call.
    status, _, said = await run("export", "courses")
    assert (status, "sources.toml" in said, "there is no call" in said) == (1, True, False)


SPECIAL = st.sampled_from("=+-@\t\r\n;,|\"' ＝＋－＠aé")
cells = st.text(SPECIAL, max_size=20) | st.text(max_size=30)


@given(cell=cells)
@example('a;"=1+1"')
@example("a|+1")
@example("a,-1")
@example("a\t@b")
@example('""＝1')
def test_no_cell_begins_as_a_formula_whatever_a_spreadsheet_takes_for_the_end_of_one(cell: str) -> None:
    disarmed = disarm(cell)
    for ends in (";", ",", "\t", "|", "\n", "\r"):
        for part in disarmed.split(ends):
            # As spreadsheets do, which drop quotation marks and what is empty before.
            assert not part.strip('" \t\r\n').startswith(FORMULA_STARTS), (cell, disarmed)
    # What is no formula stays as it is, and an apostrophe is all that is ever added.
    assert disarmed == cell or any(letter in cell for letter in FORMULA_STARTS)
    assert len(disarmed.replace("'", "")) == len(cell.replace("'", ""))


@given(fields=st.lists(cells, min_size=4, max_size=4))
def test_what_is_exported_is_read_back_whole(fields: list[str]) -> None:
    name, organisation, town, consent = fields
    made = replace(entry(1), name=name, organisation=organisation, town=town, consent=consent)
    written = entries_csv([made, made])
    head, *rows = csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""), strict=True)
    assert tuple(head) == COLUMNS
    assert len(rows) == 2
    for row in rows:
        read = dict(zip(COLUMNS, row, strict=True))
        assert [read["name"], read["organisation"], read["town"], read["consent"]] == [disarm(cell) for cell in fields]
        assert read["email"] == made.email
