"""INSERT as each of the two engines knows it: it can say what is to be done where the same row is there already."""

from __future__ import annotations

from typing import cast

from sqlalchemy import TableClause
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_into(table: TableClause, engine: str) -> Insert:
    """An INSERT into that table, on the engine of that name. PostgreSQL's has the same methods."""
    if engine != "postgresql":
        return sqlite_insert(table)
    # Only here, because with it come all of PostgreSQL's drivers and types: 3 MB of a process that writes to SQLite.
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return cast("Insert", postgresql.insert(table))
