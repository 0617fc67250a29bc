"""Inserts many rows of one table at little more than the driver's own expense. Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import StoreError

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
        self._compiled: dict[tuple[str, ...], tuple[str, list[tuple[str, Write | None]]]] = {}

    async def insert(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]], **same: Any) -> None:
        """Insert those rows, all of the first one's columns; what is the `same` in each stands beside them.

        Raises StoreError where a value is not what its column holds.
        """
        if not rows:
            return
        statement, columns = self._compile(connection.dialect, (*rows[0], *same))
        try:
            written = [
                repeat(write(same[name]) if write else same[name])
                if name in same
                else _written([row[name] for row in rows], write)
                for name, write in columns
            ]
        except (TypeError, ValueError) as error:
            raise StoreError(f"a row of {self._table.name} cannot be kept: {error}") from error
        await connection.exec_driver_sql(statement, list(zip(*written, strict=False)))

    def _compile(self, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, list[tuple[str, Write | None]]]:
        key = (dialect.name, *names)
        if key not in self._compiled:
            insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
            # Inline: the numbers that the database gives are not asked for.
            statement = self._shape(insert(self._table).inline())
            compiled = statement.compile(dialect=dialect, column_keys=names)
            types = self._table.columns
            columns = [
                (name, types[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup
            ]
            self._compiled[key] = str(compiled), columns
        return self._compiled[key]


def _written(column: list[Any], write: Write | None) -> list[Any]:
    """A column as the driver takes it."""
    if write is None:
        return column
    nothing = write(None)
    return [nothing if value is None else write(value) for value in column]
