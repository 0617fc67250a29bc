"""Inserts, changes and finds rows at little more than the driver's own expense. Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import JSON, CursorResult, Dialect, Select, Table, UpdateBase
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from aggregator.errors import StoreError
from aggregator.store.adding import insert_into

Shape = Callable[[Any], Any]
Write = Callable[[Any], Any]


class Rows:
    """An INSERT that is put together once for each engine and set of columns.

    SQLAlchemy takes four times as long as SQLite to hand over a row, since it looks at each value by its name. `shape`
    adds to the engine's own insert, such as what is to be done about a row that is there already.
    """

    def __init__(self, table: Table, shape: Shape = lambda insert: insert) -> None:
        self._table = table
        self._shape = shape
        self._optional = {
            column.name
            for column in table.columns
            if column.nullable and column.server_default is None and not isinstance(column.type, JSON)
        }
        self._compiled: dict[tuple[str, ...], tuple[str, list[tuple[str, Write | None]]]] = {}

    async def insert(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]], **same: Any) -> int:
        """Insert those rows, all of the first one's columns; what is the `same` in each stands beside them.

        Returns how many of them came in, where the engine tells: SQLite does. Raises StoreError where a value is not
        what its column holds.
        """
        columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
        return await self.insert_columns(connection, columns, **same)

    async def insert_columns(self, connection: AsyncConnection, columns: Mapping[str, list[Any]], **same: Any) -> int:
        """The same for rows that are at hand column by column, all of one length. The same list is written once."""
        if not next(iter(columns.values()), None):
            return 0
        # What is empty in all of them need not be said of each.
        columns = {name: of for name, of in columns.items() if name not in self._optional or not _is_empty(of)}
        statement, names = self._compile(connection.dialect, (*columns, *same))
        done: dict[tuple[int, Write | None], Iterable[Any]] = {}
        try:
            for name, write in names:
                if name in same:
                    done[id(name), write] = repeat(write(same[name]) if write else same[name])
                elif (id(columns[name]), write) not in done:
                    done[id(columns[name]), write] = _written(columns[name], write)
        except (TypeError, ValueError) as error:
            raise StoreError(f"a row of {self._table.name} cannot be kept: {error}") from error
        written = [done[id(name if name in same else columns[name]), write] for name, write in names]
        return (await connection.exec_driver_sql(statement, list(zip(*written, strict=False)))).rowcount

    def _compile(self, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, list[tuple[str, Write | None]]]:
        key = (dialect.name, *names)
        if key not in self._compiled:
            # Inline: the numbers that the database gives are not asked for.
            statement = self._shape(insert_into(self._table, dialect.name).inline())
            compiled = statement.compile(dialect=dialect, column_keys=names)
            types = {name: self._table.columns[name].type for name in compiled.positiontup}
            # Columns of one type are written by one function, so that it shows where two are written alike.
            writes = {repr(kind): _write(kind, dialect) for kind in types.values()}
            self._compiled[key] = str(compiled), [(name, writes[repr(kind)]) for name, kind in types.items()]
        return self._compiled[key]


class Prepared:
    """A statement that is put together once for each engine and set of values."""

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, ...], tuple[str, list[tuple[str, Write | None]]]] = {}

    async def rows(self, connection: AsyncConnection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """What it finds, as the driver has it: ask for texts and whole numbers alone. Otherwise as `execute`."""
        return (await self.execute(connection, values)).fetchall()

    async def execute(self, connection: AsyncConnection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it with the values of its parameters and of the columns that are to be set.

        Raises StoreError where a value is not what its column holds.
        """
        key = (connection.dialect.name, *values)
        if key not in self._compiled:
            compiled = self._statement.compile(dialect=connection.dialect, column_keys=list(values))
            binds = [(name, compiled.binds[name].type) for name in compiled.positiontup or ()]
            self._compiled[key] = str(compiled), [(name, _write(kind, connection.dialect)) for name, kind in binds]
        statement, names = self._compiled[key]
        try:
            written = tuple(write(values[name]) if write else values[name] for name, write in names)
        except (TypeError, ValueError) as error:
            raise StoreError(f"a value is not what its column holds: {error}") from error
        return await connection.exec_driver_sql(statement, written)


def _write(kind: TypeEngine[Any], dialect: Dialect) -> Write | None:
    """How the driver wishes values of that type to be written."""
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _is_empty(column: list[Any]) -> bool:
    return column[0] is None and column.count(None) == len(column)


def _written(column: list[Any], write: Write | None) -> list[Any]:
    """A column as the driver takes it. What is the same throughout, such as a blog's one author, is written once."""
    if write is None:
        return column
    if column[0] is not column[-1]:
        return [write(value) for value in column]
    told = {place: write(value) for place, value in {id(value): value for value in column}.items()}
    return [told[id(value)] for value in column]
