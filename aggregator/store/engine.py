"""Opens the database: connections, transactions and migrations, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from aggregator.errors import StoreError
from aggregator.store.onethread import OneThread, Work
from aggregator.store.tables import metadata

T = TypeVar("T")
# Changes that belong together. It awaits nothing but the connection.
Commit = Callable[[AsyncConnection], Awaitable[None]]
BUSY_SECONDS = 30.0
COMMAND_SECONDS = 30.0
# SQLite's write-ahead log is taken in when it has so many pages (16 MB): until then most of them change once more.
LOG_PAGES = 4_000
SHAPE = "0010"  # the newest migration
# Alembic's own table, in which it keeps which migration was run last.
_shape = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


@dataclass(frozen=True, slots=True)
class Database:
    """One database, with one way to read and one way to write, each of them also at the least expense.

    On SQLite one connection writes at a time: that of `keeping`, whose transactions run whole in a thread, or that of
    `writer`. A lock file makes it the only one of all processes on the machine: two connections that write and
    checkpoint at once can corrupt a write-ahead log before SQLite 3.51.3 (https://sqlite.org/wal.html#walresetbug).
    Readers never checkpoint and never wait; the writers of one process take turns in the order in which they come.
    """

    url: URL
    reader: AsyncEngine
    writer: AsyncEngine
    lock_file: Path | None
    looking: OneThread | None = None
    keeping: OneThread | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False, compare=False)

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def writing_engines(self) -> list[Engine]:
        """Those that transactions which write go through."""
        return [self.writer.sync_engine, *([self.keeping.engine] if self.keeping else [])]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that keeps nothing. On SQLite it sees one state, on PostgreSQL each statement sees its own."""
        async with self.reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed on the way out, undone if anything is raised.

        Await nothing but the database inside it.
        """
        async with self._sole_writer(), self.writer.begin() as connection:
            yield connection

    async def keep(self, commits: Sequence[Commit]) -> None:
        """Run them one after the other in one transaction, at the least expense. Raises what one of them raises."""
        async with self._sole_writer():
            if self.keeping:
                await self.keeping.perform(functools.partial(_run_all, commits))
            else:
                async with self.writer.begin() as connection:
                    await _run_all(commits, connection)

    async def look(self, work: Work[T]) -> T:
        """What `work` reads with a connection, at the least expense. It awaits nothing but the connection."""
        if self.looking:
            return await self.looking.perform(work)
        async with self.read() as connection:
            return await work(connection)

    async def empty_log(self) -> None:
        """Take SQLite's write-ahead log in and cut it to nothing, so that no old page stands in it any more.

        Raises StoreError where somebody reads for so long that it cannot be.
        """
        if not self.is_sqlite:
            return
        async with self._sole_writer(), self.writer.connect() as connection:
            # At the driver itself: SQLAlchemy would begin a transaction, in which nothing is taken in.
            driver: Any = (await connection.get_raw_connection()).driver_connection
            (is_busy, *_), *_ = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            raise StoreError("somebody is still reading what was there before; say the same again in a minute")

    async def close(self) -> None:
        """Close all connections, those that write last: whoever leaves last takes the write-ahead log in."""
        if self.looking:
            self.looking.close()
        await self.reader.dispose()
        if self.keeping:
            self.keeping.close()
        if self.writer is not self.reader:
            await self.writer.dispose()

    @asynccontextmanager
    async def _sole_writer(self) -> AsyncIterator[None]:
        if self.lock_file is None:
            yield
            return
        # First among ourselves, in order: whoever only tries now and then starves while another writes without a pause.
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self.turn.acquire()
        except TimeoutError as error:
            raise StoreError(f"others have kept the database locked for {BUSY_SECONDS:.0f} s") from error
        try:
            async with _locked(self.lock_file):
                yield
        finally:
            self.turn.release()


async def _run_all(commits: Sequence[Commit], connection: AsyncConnection) -> None:
    for commit in commits:
        await commit(connection)


@asynccontextmanager
async def _locked(lock_file: Path) -> AsyncIterator[None]:
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


async def _lock(descriptor: int) -> None:
    """Wait in short steps until no other process has the lock."""
    waited, pause = 0.0, 0.001
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if waited > BUSY_SECONDS:
            raise StoreError(f"another process has kept the database locked for {BUSY_SECONDS:.0f} s")
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 1.5, 0.05)


def parse_url(text: str) -> URL:
    """The database's URL, with the async driver that belongs to it. Raises StoreError with the cure."""
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(f"{text!r} is no database URL; try sqlite+aiosqlite:///var/mpower.db") from error
    url = url.set(drivername=drivers.get(url.drivername, url.drivername))
    if url.drivername not in drivers.values():
        raise StoreError(f"{url.drivername!r} is not supported; use sqlite+aiosqlite:// or postgresql+asyncpg://")
    return url


@asynccontextmanager
async def open_database(text: str, *, migrate: bool = True) -> AsyncIterator[Database]:
    """Open the database of that URL, bring it to the newest shape, and close it on the way out.

    Raises StoreError where it is damaged, newer than this program, or out of reach.
    """
    url = parse_url(text)
    database = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    try:
        if migrate:
            await upgrade(database)
        yield database
    finally:
        await database.close()


def _sqlite(url: URL) -> Database:
    if not url.database or url.database == ":memory:":
        raise StoreError("an SQLite database needs a file: sqlite+aiosqlite:///var/mpower.db")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as error:
        raise StoreError(f"the database file {path} cannot be written: {error.strerror}") from error
    writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=BUSY_SECONDS * 4, hide_parameters=True)
    reader = create_async_engine(url, pool_size=4, max_overflow=12, hide_parameters=True)
    own = url.set(drivername="sqlite")
    keeping = OneThread(create_engine(own, pool_size=1, max_overflow=0, hide_parameters=True), writer)
    looking = OneThread(create_engine(own, pool_size=1, max_overflow=0, hide_parameters=True), reader)
    for engine in (writer.sync_engine, keeping.engine):
        _prepare_sqlite(
            engine, begin="BEGIN IMMEDIATE", pragmas=("journal_mode=WAL", f"wal_autocheckpoint={LOG_PAGES}")
        )
    for engine in (reader.sync_engine, looking.engine):
        _prepare_sqlite(engine, begin="BEGIN", pragmas=("wal_autocheckpoint=0", "query_only=ON"))
    return Database(url, reader, writer, path.with_name(path.name + ".lock"), looking, keeping)


def _prepare_sqlite(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    """Let SQLAlchemy, not the driver, say when a transaction begins, so that a writer is one from its first word."""
    every = (f"busy_timeout={int(BUSY_SECONDS * 1000)}", "synchronous=NORMAL", "foreign_keys=ON", *pragmas)

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in every:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    def on_invalidate(connection: Any, _record: Any, _error: BaseException | None) -> None:
        # A writer that was cancelled in mid-statement is closed with that statement open, and SQLite then keeps its
        # lock until Python collects the cursor (https://sqlite.org/c3ref/close.html): give the lock back first.
        connection.rollback()

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    event.listen(engine, "invalidate", on_invalidate)


def _postgresql(url: URL) -> Database:
    engine = create_async_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        hide_parameters=True,
        # A hung link would otherwise keep a query waiting for ever.
        connect_args={"command_timeout": COMMAND_SECONDS, "timeout": 10},
    )
    return Database(url, engine, engine, None)


async def upgrade(database: Database) -> None:
    """Bring the database to the newest shape. Does nothing where it has it already."""
    try:
        async with database.read() as connection:
            current = await connection.run_sync(_read_shape)
        if current == SHAPE:
            return
        if current is None and database.is_sqlite:
            async with database.write() as connection:
                await connection.run_sync(_make)
            return
        # Only now: Alembic takes 12 MB and a tenth of a second of every process that imports it.
        from aggregator.store.upgrading import run_migrations  # noqa: PLC0415

        async with database.write() as connection:
            await connection.run_sync(run_migrations, current)
    except (DBAPIError, OSError, sqlite3.Error) as error:
        runs = "" if database.is_sqlite else ", and whether its server runs"
        raise StoreError(
            f"the database cannot be opened: {_first_line(error)}; "
            f"look whether MPOWER_DATABASE_URL or --database names the right one{runs}"
        ) from error


def _read_shape(connection: Connection) -> str | None:
    """The migration that was run last."""
    if not inspect(connection).has_table(_shape.name):
        return None
    shape: str | None = connection.scalar(select(_shape.c.version_num))
    return shape


def _make(connection: Connection) -> None:
    """Make every table as the migrations would leave it, in a database that has none."""
    if _read_shape(connection) is None:  # still: another process may have come first
        metadata.create_all(connection)
        _shape.create(connection)
        connection.execute(insert(_shape).values(version_num=SHAPE))


def _first_line(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
