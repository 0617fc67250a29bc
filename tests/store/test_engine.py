"""Opening the database: migrations, sole writer, refusals."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Row, column, event, insert, inspect, select, table, text, update

from aggregator.errors import StoreError
from aggregator.model import Alternate
from aggregator.refine.links import url_key
from aggregator.store.engine import SHAPE, Database, open_database
from aggregator.store.items import Kept
from aggregator.store.rechecks import withdraw_over
from aggregator.store.tables import counter, metadata
from aggregator.store.upgrading import MIGRATIONS, run_migrations
from aggregator.store.vanished import note_missing
from curation.queue import _read_missing
from tests.builders import START, keep, sighting, source


async def test_the_migrations_lead_to_the_tables_that_the_code_expects(bare_database_url: str) -> None:
    async with migrated(bare_database_url) as database, database.read() as connection:
        difference = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    assert difference == []


async def test_a_new_database_is_as_the_migrations_leave_it(tmp_path: Path) -> None:
    async with (
        migrated(f"sqlite+aiosqlite:///{tmp_path}/migrated.db") as migrated_one,
        open_database(f"sqlite+aiosqlite:///{tmp_path}/new.db") as new_one,
        migrated_one.read() as migrated_connection,
        new_one.read() as new_connection,
    ):
        assert await new_connection.run_sync(shape_of) == await migrated_connection.run_sync(shape_of)
        statement = text("SELECT version_num FROM alembic_version")
        assert (await new_connection.scalar(statement)) == (await migrated_connection.scalar(statement)) == SHAPE


@asynccontextmanager
async def migrated(url: str) -> AsyncIterator[Database]:
    """A database that was made by the migrations, one after the other."""
    async with open_database(url, migrate=False) as database:
        async with database.write() as connection:
            await connection.run_sync(run_migrations, None)
        yield database


def shape_of(connection: Connection) -> dict[str, object]:
    """All that there is in a database, whatever the order of its columns."""
    look = inspect(connection)
    return {
        name: (
            sorted(str(sorted(column.items(), key=str)) for column in look.get_columns(name)),
            look.get_pk_constraint(name),
            sorted(map(str, look.get_foreign_keys(name))),
            sorted(map(str, look.get_unique_constraints(name))),
            sorted(
                str((one, [str(of) for of in one.pop("dialect_options").values()])) for one in look.get_indexes(name)
            ),
            look.get_table_options(name),
        )
        for name in sorted(look.get_table_names())
    }


async def test_the_migrations_keep_rows_in_their_keys_where_the_code_does(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database, database.read() as connection:
        made = await connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        without = {name for name, sql in made if "WITHOUT ROWID" in sql}
    assert without == {name for name, one in metadata.tables.items() if not one.dialect_options["sqlite"]["with_rowid"]}


async def test_few_rows_are_found_by_the_indexes_that_hold_them_alone(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database, database.write() as connection:
        asked: list[tuple[str, Any]] = []
        event.listen(
            connection.sync_connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3]))
        )
        await withdraw_over(connection, now=START)
        await note_missing(connection, source(), ["a"], Kept(), now=START)
        await _read_missing(connection, ["a", "b"])
        plans = [await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given) for sql, given in list(asked)]
        used = [[row[3] for row in plan] for plan in plans]
    assert used == [
        ["SEARCH item USING INDEX ix_item_ends_at (ends_at<?)"],
        ["SEARCH sighting USING PRIMARY KEY (source_id=? AND entry_key=?)"],
        ["SEARCH sighting USING INDEX ix_sighting_item_id (item_id=?)"],
    ]


def bring_to(revision: str) -> Callable[[Connection], None]:
    def bring(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    return bring


def before_0009(row: Row[Any]) -> dict[str, Any]:
    """The row as older shapes can hold it."""
    return {name: value for name, value in row._asdict().items() if name != "images"}


async def read_all(database: Database) -> dict[str, list[Row[Any]]]:
    async with database.read() as connection:
        kept = {name: await connection.execute(select(one)) for name, one in metadata.tables.items()}
        return {name: sorted(rows, key=repr) for name, rows in kept.items()}


async def test_a_database_of_an_older_shape_keeps_all_its_rows_and_stories(
    bare_database_url: str, tmp_path: Path
) -> None:
    old = table("story_key", column("key"), column("story"))
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/new.db") as new:
        await keep(new, source("a"), [sighting(n) for n in range(3)])
        spanish = sighting(7, url="https://es.example/7", alternates=(Alternate("https://city.example/news/1"),))
        await keep(new, source("b"), [*(sighting(n) for n in range(2, 5)), spanish], START + timedelta(days=1))
        rows = await read_all(new)
    stories = {row.url: row.story for row in rows["item"]}
    assert len(set(stories.values())) == 5
    async with open_database(bare_database_url, migrate=False) as database, database.write() as connection:
        await connection.run_sync(bring_to("0003"))
        for one in metadata.sorted_tables:
            if rows[one.name] and one.name != "story_key":
                await connection.execute(insert(one), [before_0009(row) for row in rows[one.name]])
        addresses = [{"key": url_key(url), "story": story} for url, story in stories.items()]
        await connection.execute(insert(old), addresses)
    async with open_database(bare_database_url) as database:
        before = await read_all(database)
        assert {name: of for name, of in before.items() if name != "story_key"} == {
            name: of for name, of in rows.items() if name != "story_key"
        }
        later = START + timedelta(days=2)
        await keep(database, source("a"), [sighting(n) for n in range(4)], later)
        after = await read_all(database)
        for name, count in {"item": 8, "sighting": 8, "item_tag": 8, "change": 8}.items():
            assert (len(before[name]), len(after[name])) == (count - 1, count)
        # What was one story stays one, whatever of it changes: the alternate link itself was never kept.
        await keep(database, source("a"), [sighting(1, title="Changed")], later)
        await keep(database, source("b"), [replace(spanish, title="Cambiado", alternates=())], later)
        await keep(database, source("c"), [sighting(9, url="https://es.example/7")], later)
        now = {row.url: row.story for row in (await read_all(database))["item"]}
    assert {url: now[url] for url in stories} == stories


async def test_what_a_source_lists_under_one_address_is_not_hidden_by_a_new_shape(
    bare_database_url: str, tmp_path: Path
) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/new.db") as new:
        await keep(new, source("a"), [sighting(n, url="https://city.example/news") for n in range(3)])
        await keep(new, source("b"), [sighting(9, url="https://city.example/news")], START + timedelta(days=1))
        rows = await read_all(new)
    ids = sorted(row.id for row in rows["item"])
    async with open_database(bare_database_url, migrate=False) as database, database.write() as connection:
        await connection.run_sync(bring_to("0004"))
        before = [{**before_0009(row), "story": ids[0]} for row in rows["item"]]
        await connection.execute(insert(metadata.tables["item"]), before)
    async with open_database(bare_database_url) as database:
        stories = {row.id: row.story for row in (await read_all(database))["item"]}
        of_b = next(row.id for row in rows["item"] if row.source_id == "b")
        assert stories == {**{item_id: item_id for item_id in ids}, of_b: ids[0]}


async def test_pictures_of_an_older_shape_stay_and_are_their_only_width(bare_database_url: str, tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/new.db") as new:
        await keep(new, source("a"), [sighting(n) for n in range(2)])
        first, second = (before_0009(row) for row in (await read_all(new))["item"])
    one = {"name": f"{'0a' * 20}.webp", "width": 640, "height": 427}
    first |= {"image": one["name"], "image_width": one["width"], "image_height": one["height"]}
    async with open_database(bare_database_url, migrate=False) as database, database.write() as connection:
        await connection.run_sync(bring_to("0007"))
        await connection.execute(insert(metadata.tables["item"]), [first, second])
    async with open_database(bare_database_url) as database:
        assert {row.id: row.images for row in (await read_all(database))["item"]} == {
            first["id"]: [one],
            second["id"]: None,
        }


def test_the_newest_migration_is_the_shape_that_is_looked_for() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == SHAPE


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_database_new_or_in_shape_is_opened_without_the_machinery_of_migrations(
    tmp_path: Path, is_new: bool
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/mpower.db"
    if not is_new:
        async with open_database(url):
            pass
    script = (
        "import asyncio, sys\n"
        "from aggregator.store.engine import open_database\n"
        "async def main():\n"
        "    async with open_database(sys.argv[1]) as database, database.read():\n"
        "        pass\n"
        "asyncio.run(main())\n"
        "print('alembic' in sys.modules)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, url, stdout=PIPE)
    said, _ = await process.communicate()
    assert (process.returncode, said.decode().strip()) == (0, "False")


async def test_writers_take_turns_and_lose_no_update(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(counter).values(name="n", value=0))

    async def add() -> None:
        async with database.write() as connection:
            await connection.execute(update(counter).where(counter.c.name == "n").values(value=counter.c.value + 1))

    await asyncio.gather(*(add() for _ in range(40)))
    async with database.read() as connection:
        assert await connection.scalar(select(counter.c.value).where(counter.c.name == "n")) == 40


async def test_a_writer_has_its_turn_though_another_writes_without_a_pause(tmp_path: Path) -> None:
    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(insert(counter).values(name="waited", value=0))

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        async with database.write():
            waiting = asyncio.create_task(write())
            await asyncio.sleep(0)
        async with database.write():
            assert waiting.done()


async def test_a_writer_that_gives_up_takes_no_turn(tmp_path: Path) -> None:
    async def write(name: str) -> None:
        async with database.write() as connection:
            await connection.execute(insert(counter).values(name=name, value=0))

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/one.db") as database:
        async with database.write():
            given_up, waiting = (asyncio.create_task(write(name)) for name in ("gives up", "waits"))
            await asyncio.sleep(0)
            given_up.cancel()
        await waiting
        async with database.read() as connection:
            names = set((await connection.execute(select(counter.c.name))).scalars())
    assert names & {"gives up", "waits"} == {"waits"}


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await connection.execute(insert(counter).values(name="n", value=1))
            raise RuntimeError
    async with database.read() as connection:
        assert (await connection.execute(select(counter.c.name))).all() == []


async def test_a_database_from_the_future_is_refused(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer than this program"):
        async with open_database(database.url.render_as_string(hide_password=False)):
            pass


async def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mpower.db"
    path.write_bytes(b"this is no database" * 400)
    with pytest.raises(StoreError, match="file is not a database; look whether MPOWER_DATABASE_URL"):
        async with open_database(f"sqlite+aiosqlite:///{path}"):
            pass


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "no url at all", "sqlite+aiosqlite://"])
async def test_a_url_that_is_not_supported_is_refused_with_the_cure(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite\+aiosqlite"):
        async with open_database(url):
            pass


async def test_a_server_that_is_away_is_said_so(unused_tcp_port: int) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened.*and whether its server runs"):
        async with open_database(f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/x"):
            pass


async def test_a_writer_that_is_cancelled_at_any_moment_gives_the_lock_back(database: Database) -> None:
    """SQLite kept the lock of a connection that was closed with a statement open, and nothing could be written again."""
    for round_ in range(60):
        writing = asyncio.create_task(keep(database, source(f"s{round_}"), [sighting(n) for n in range(8)]))
        await asyncio.sleep(round_ * 0.0005)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        async with asyncio.timeout(20), database.write() as connection:
            await connection.execute(insert(counter).values(name=f"n{round_}", value=0))
