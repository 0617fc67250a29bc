"""Commands for the database itself: its shape, a copy for safety, a move to another engine."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import click
from sqlalchemy import Table, func, insert, select, text

from aggregator.errors import StoreError
from aggregator.settings import Settings
from aggregator.store.engine import Database, open_database
from aggregator.store.tables import metadata
from web.commands.entry import say, shared

BATCH = 500


@click.group()
def db() -> None:
    """The database: upgrade, backup, copy.

    Example: mpower-stream db backup saved.db
    """


@db.command()
@shared
async def upgrade(settings: Settings) -> None:
    """Bring the database to this version's shape. Every command does so by itself; this one does nothing else.

    Example: mpower-stream db upgrade
    """
    async with open_database(settings.database_url):
        say("the database has this version's shape")


@db.command()
@click.argument("target", type=click.Path(path_type=Path))
@shared
async def backup(settings: Settings, target: Path) -> None:
    """Write a consistent copy to an SQLite file while the program runs, from either engine.

    Example: mpower-stream db backup saved/mpower-monday.db
    """
    async with open_database(settings.database_url) as database:
        _make_room(target)
        if database.is_sqlite:
            await asyncio.to_thread(_backup_file, Path(database.url.database or ""), target)
            say(f"saved to {target}")
        else:
            async with open_database(f"sqlite+aiosqlite:///{target}") as copy:
                say(f"{await copy_rows(database, copy)} rows saved to {target}")


@db.command("copy")
@click.argument("target_url")
@shared
async def copy_to(settings: Settings, target_url: str) -> None:
    """Copy everything into another, empty database: from SQLite to PostgreSQL or back. Stop the program first.

    Example: mpower-stream db copy postgresql+asyncpg://mpower@127.0.0.1/mpower
    """
    async with open_database(settings.database_url) as database, open_database(target_url) as target:
        say(f"{await copy_rows(database, target)} rows copied")


async def copy_rows(source: Database, target: Database) -> int:
    """Copy every table's rows, in one transaction on either side. Raises StoreError where the target holds any."""
    copied = 0
    async with source.read() as reading, target.write() as writing:
        for table in metadata.sorted_tables:
            if await writing.scalar(select(func.count()).select_from(table)):
                raise StoreError(f"the target is not empty: it has rows in {table.name}; name an empty database")
        for table in metadata.sorted_tables:
            rows = await reading.stream(select(table))
            async for batch in rows.mappings().partitions(BATCH):
                await writing.execute(insert(table), [dict(row) for row in batch])
                copied += len(batch)
            if not target.is_sqlite:
                await writing.execute(text(_resume(table))) if _counts(table) else None
    return copied


def _counts(table: Table) -> bool:
    return table.autoincrement_column is not None and table.autoincrement_column.autoincrement is True


def _resume(table: Table) -> str:
    """Let PostgreSQL's own numbering go on after the copied rows."""
    return (
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - names of our own tables
        f"coalesce((SELECT max(id) FROM {table.name}), 0) + 1, false)"
    )


def _make_room(target: Path) -> None:
    """Make the file, empty, in a folder that is made where there is none. StoreError where that cannot be."""
    try:
        if target.exists():
            raise StoreError(f"{target} exists already; name another file, or remove it first")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}; name another file") from error


def _backup_file(path: Path, target: Path) -> None:
    with closing(sqlite3.connect(path)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
