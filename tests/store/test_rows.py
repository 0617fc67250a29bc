"""Rows that go to the driver at once are kept as SQLAlchemy would have kept them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import StoreError
from aggregator.store.engine import Database
from aggregator.store.rows import Prepared, Rows
from aggregator.store.tables import counter, source_state, task

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MOMENTS = (
    NOON,
    NOON.replace(microsecond=7),
    NOON.astimezone(timezone(timedelta(hours=-3, minutes=-30))),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
PLACES: tuple[Any, ...] = (None, {}, [], {"a": [1, 2.5, True, None, 'ñ"\\\u2028']}, "text", 0)
TEXTS = (None, "", "it's", '"quoted" ? $1 :name %s %(x)s', "Euskara ñ 漢字 🌻", "x" * 70_000)


def state(number: int) -> dict[str, Any]:
    """A row of which each column takes all of its values in turn."""
    return {
        "etag": TEXTS[number % len(TEXTS)],
        "due_at": MOMENTS[number % len(MOMENTS)],
        "tried_at": MOMENTS[number // 2 % len(MOMENTS)] if number % 2 else None,
        "place": PLACES[number % len(PLACES)],
        "stopped": number % 3 == 0,
        "failures": number - 5,
    }


@pytest.mark.parametrize("count", [1, 2, 30])
async def test_rows_are_kept_as_sqlalchemy_keeps_them(database: Database, count: int) -> None:
    rows = [state(number) for number in range(count)]
    async with database.write() as connection:
        ours = [{"source_id": f"ours {number}", **row} for number, row in enumerate(rows)]
        await Rows(source_state).insert(connection, ours, url="https://city.example/'?'", shown=None, live_at=NOON)
        same = {"url": "https://city.example/'?'", "shown": None, "live_at": NOON}
        theirs = [{"source_id": f"theirs {number}", **row, **same} for number, row in enumerate(rows)]
        await connection.execute(insert(source_state), theirs)
    async with database.read() as connection:
        kept = {row.source_id: tuple(row)[1:] for row in await connection.execute(select(source_state))}
        raw = (await connection.exec_driver_sql("SELECT * FROM source_state")).all()
    written = {row[0]: tuple(row)[1:] for row in raw}
    for number in range(count):
        assert kept[f"ours {number}"] == kept[f"theirs {number}"]
        assert repr(written[f"ours {number}"]) == repr(written[f"theirs {number}"])


async def test_no_rows_are_no_statement(database: Database) -> None:
    async with database.write() as connection:
        await Rows(source_state).insert(connection, [], no_such_column=1)


async def test_a_naive_moment_is_refused(database: Database) -> None:
    row = {"source_id": "a", "url": "https://a.example/", "due_at": NOON.replace(tzinfo=None)}
    with pytest.raises(StoreError, match="source_state cannot be kept: a naive datetime"):
        async with database.write() as connection:
            await Rows(source_state).insert(connection, [row])


async def test_rows_are_part_of_the_transaction(database: Database) -> None:
    rows = Rows(counter)
    with pytest.raises(ZeroDivisionError):
        async with database.write() as connection:
            await rows.insert(connection, [{"name": "a"}, {"name": "b"}], value=1)
            raise ZeroDivisionError
    async with database.read() as connection:
        names = (await connection.execute(select(counter.c.name).where(counter.c.name.in_(["a", "b"])))).all()
    assert names == []


async def test_the_shape_says_what_becomes_of_a_row_that_is_there_already(database: Database) -> None:
    tasks = Rows(task, lambda new: new.on_conflict_do_nothing(index_elements=["key"]))
    for handler in ("first", "second"):
        async with database.write() as connection:
            rows: list[dict[str, Any]] = [{"key": "one", "handler": handler}, {"key": None, "handler": handler}]
            await tasks.insert(connection, rows, event="SourceDue", payload={"source_id": "a"}, due_at=NOON)
    async with database.read() as connection:
        kept = await connection.execute(select(task.c.key, task.c.handler).order_by(task.c.id))
        assert [tuple(row) for row in kept] == [("one", "first"), (None, "first"), (None, "second")]


async def test_columns_that_are_one_list_are_kept_like_any_other(database: Database) -> None:
    moments, places = list(MOMENTS), [PLACES[3]] * len(MOMENTS)
    columns: dict[str, list[Any]] = {
        "source_id": [str(number) for number in range(len(moments))],
        "due_at": moments,
        "live_at": moments,
        "place": places,
        "shown": places,
    }
    async with database.write() as connection:
        await Rows(source_state).insert_columns(connection, columns, url="https://city.example/")
        await Rows(source_state).insert_columns(connection, {"source_id": [], "due_at": []}, url="")
    async with database.read() as connection:
        rows = {row.source_id: row for row in await connection.execute(select(source_state))}
    assert set(rows) == set(columns["source_id"])
    for number, moment in enumerate(moments):
        row = rows[str(number)]
        assert (row.due_at, row.live_at, row.place, row.shown) == (moment, moment, PLACES[3], PLACES[3])


async def test_a_prepared_change_is_kept_as_sqlalchemy_keeps_it(database: Database) -> None:
    changing = update(source_state).where(source_state.c.source_id == bindparam("of"))
    prepared = Prepared(changing)
    async with database.write() as connection:
        for number in range(30):
            row = state(number)
            for name in ("ours", "theirs"):
                bare = {"source_id": f"{name} {number}", "url": "https://city.example/", "due_at": NOON}
                await connection.execute(insert(source_state), bare)
            ours = await prepared.execute(connection, {"of": f"ours {number}", **row})
            theirs = await connection.execute(changing, {"of": f"theirs {number}", **row})
            assert ours.rowcount == theirs.rowcount == 1
        assert (await prepared.execute(connection, {"of": "nobody", "etag": ""})).rowcount == 0
        told = {row[0]: repr(tuple(row)[1:]) for row in await connection.exec_driver_sql("SELECT * FROM source_state")}
    for number in range(30):
        assert told[f"ours {number}"] == told[f"theirs {number}"]


async def test_what_is_found_is_as_it_was_kept(database: Database) -> None:
    finding = Prepared(select(counter.c.value, counter.c.name).where(counter.c.name == bindparam("of")))
    counting = Prepared(
        update(counter)
        .where(counter.c.name == bindparam("of"))
        .values(value=bindparam("to"))
        .returning(counter.c.value)
    )
    found: list[tuple[int, str]] = []

    async def commit(connection: AsyncConnection) -> None:
        await Rows(counter).insert(connection, [{"name": "a"}, {"name": "ñ"}], value=2**40)
        found.extend((value, name) for value, name in await finding.rows(connection, {"of": "ñ"}))
        found.extend((value, "counted") for (value,) in await counting.rows(connection, {"of": "a", "to": 7}))
        assert not await finding.rows(connection, {"of": "nobody"})

    await database.keep([commit])
    assert found == [(2**40, "ñ"), (7, "counted")]


async def test_a_row_that_cannot_be_kept_is_said_so_alike_everywhere(database: Database) -> None:
    async def commit(connection: AsyncConnection) -> None:
        await Rows(counter).insert(connection, [{"name": "a"}, {"name": "a"}], value=1)

    for _ in range(2):
        with pytest.raises(DBAPIError):
            await database.keep([commit])
        with pytest.raises(DBAPIError):
            async with database.write() as connection:
                await commit(connection)
    async with database.read() as connection:
        assert (await connection.execute(select(counter.c.name).where(counter.c.name == "a"))).all() == []


async def test_a_change_that_no_column_holds_is_refused(database: Database) -> None:
    changing = Prepared(update(source_state).where(source_state.c.source_id == bindparam("of")))
    with pytest.raises(StoreError, match="is not what its column holds: a naive datetime"):
        async with database.write() as connection:
            await changing.execute(connection, {"of": "a", "due_at": NOON.replace(tzinfo=None)})
