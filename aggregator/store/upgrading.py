"""Runs the migrations. Imported only where there are some to run."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from aggregator.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def run_migrations(connection: Connection, current: str | None) -> None:
    """Bring a database of that shape to the newest one. Raises StoreError where it is newer than this program."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"the database is newer than this program (its shape is {current!r}): install the newer version"
        ) from error
