"""What people enter in the form of a call: kept, counted, read, and gone for good. Checks no field.

These rows are people's own. What is erased of them leaves nothing in the files of SQLite: deleted bytes are
overwritten, and `erase` also goes over what moved about within the pages and takes in the write-ahead log. What has
expired may stand in that log until it is taken in. What a
PostgreSQL keeps of dead rows until it is vacuumed, and what stands in backups, is its operator's to say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

import idna
from sqlalchemy import RowMapping, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from aggregator.store.engine import Database
from aggregator.store.tables import interest

KEEPING_LOCK = 0x696E_7465  # any number that nothing else here locks by


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's interest in a call. `options` are the ids of what was chosen, `consent` is the wording as shown."""

    call_id: str
    name: str
    organisation: str
    town: str
    country: str
    email: str
    options: tuple[str, ...]
    language: str
    consent: str
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CallCount:
    """How many entries a call has, and when the newest came."""

    entries: int
    newest_at: datetime


def email_key(address: str) -> str:
    """What two spellings of one e-mail address have in common: capitals, composed letters, a domain's encoding."""
    local, _, domain = unicodedata.normalize("NFKC", address.strip()).lower().rpartition("@")
    try:
        domain = idna.encode(domain.rstrip("."), uts46=True).decode("ascii")
    except idna.IDNAError:
        domain = domain.rstrip(".")
    return f"{unicodedata.normalize('NFC', local)}@{domain}"


async def keep_entry(connection: AsyncConnection, entry: Entry, form_key: str) -> None:
    """Keep it in place of an older one of the same address, or of the same form (`form_key`).

    People mend their mistakes by sending a form again, and a browser sends the same one twice.
    """
    if connection.dialect.name == "postgresql":
        # One at a time, as SQLite's writers are anyway: two that are sent at once would both delete, then both insert.
        await connection.execute(select(func.pg_advisory_xact_lock(KEEPING_LOCK)))
    key = email_key(entry.email)
    same = or_(interest.c.email_key == key, interest.c.form_key == form_key)
    async with _leaving_nothing(connection):
        await connection.execute(delete(interest).where(interest.c.call_id == entry.call_id, same))
    values = {**asdict(entry), "options": " ".join(entry.options)}
    row = {"id": str(ULID.from_datetime(entry.at)), "email_key": key, "form_key": form_key, **values}
    await connection.execute(insert(interest).values(row))


async def count_since(connection: AsyncConnection, call_id: str, since: datetime) -> int:
    """How many entries of a call came after that moment."""
    counting = select(func.count()).select_from(interest).where(interest.c.call_id == call_id, interest.c.at > since)
    return await connection.scalar(counting) or 0


async def count_calls(connection: AsyncConnection, now: datetime) -> Mapping[str, CallCount]:
    """The calls that have entries, by their ids."""
    counting = select(interest.c.call_id, func.count(), func.max(interest.c.at)).where(interest.c.expires_at > now)
    rows = await connection.execute(counting.group_by(interest.c.call_id))
    return {call_id: CallCount(entries, newest_at) for call_id, entries, newest_at in rows}


async def read_entries(connection: AsyncConnection, call_id: str, now: datetime) -> Sequence[Entry]:
    """A call's entries, oldest first, without those whose time is over."""
    wanted = select(interest).where(interest.c.call_id == call_id, interest.c.expires_at > now)
    rows = await connection.execute(wanted.order_by(interest.c.at, interest.c.id))
    return [_entry(row) for row in rows.mappings()]


def _entry(row: RowMapping) -> Entry:
    values = {name: row[name] for name in Entry.__dataclass_fields__}
    return Entry(**{**values, "options": tuple(row["options"].split())})


async def forget_expired(connection: AsyncConnection, now: datetime) -> int:
    """Delete the entries whose time is over. Returns how many there were."""
    async with _leaving_nothing(connection):
        return (await connection.execute(delete(interest).where(interest.c.expires_at <= now))).rowcount


async def erase(database: Database, address: str) -> int:
    """Delete all entries of an e-mail address, in every call, for good. Returns how many there were.

    Raises StoreError where readers hold on to the write-ahead log: the rows are gone then, their bytes not yet. It is
    emptied also where there was no row, since one that was replaced may still stand in it.
    """
    async with database.write() as connection, _leaving_nothing(connection):
        done = await connection.execute(delete(interest).where(interest.c.email_key == email_key(address)))
        await _rewrite(connection)
    await database.empty_log()
    return done.rowcount


async def _rewrite(connection: AsyncConnection) -> None:
    """Write the rows that stay anew, on SQLite: pages that were split keep bytes of rows that moved away from them."""
    if connection.dialect.name != "sqlite":
        return
    rows = [dict(row) for row in (await connection.execute(select(interest))).mappings()]
    await connection.execute(delete(interest))
    if rows:
        await connection.execute(insert(interest), rows)


@asynccontextmanager
async def _leaving_nothing(connection: AsyncConnection) -> AsyncIterator[None]:
    """Have SQLite overwrite with zeros what is deleted meanwhile (https://sqlite.org/pragma.html#pragma_secure_delete).

    Not everywhere and always: it costs every deletion of the whole stream.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    before = await connection.exec_driver_sql("PRAGMA secure_delete")
    usual = before.scalar() or 0
    await _set_secure_delete(connection, 1)
    try:
        yield
    finally:
        await _set_secure_delete(connection, usual)


async def _set_secure_delete(connection: AsyncConnection, value: int) -> None:
    (await connection.exec_driver_sql(f"PRAGMA secure_delete={['OFF', 'ON', 'FAST'][value]}")).close()
