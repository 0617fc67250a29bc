"""Counts wrong sign-ins, and says when there were too many. Knows nothing of passwords."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.tables import sign_in_attempt

ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_NAME = 10
# Higher, because a whole office, or everyone behind a reverse proxy, may share one address.
ATTEMPTS_PER_ADDRESS = 60
ATTEMPT_LOCK = 0x5167_6E49  # any number that nothing else here locks by


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was let through to the password, counted as wrong until `forgive` says otherwise."""

    ids: tuple[int, ...]


async def note_attempt(connection: AsyncConnection, name: str, address: str, *, now: datetime) -> Attempt | timedelta:
    """Count a sign-in before its password is looked at, or say how long to wait where there were too many.

    Counting first keeps a thousand attempts at once from all being the first. Unknown names count like known ones.
    """
    keys = {_attempt_key("name", name): ATTEMPTS_PER_NAME, _attempt_key("address", address): ATTEMPTS_PER_ADDRESS}
    since = now - ATTEMPT_WINDOW
    if connection.dialect.name == "postgresql":
        # One at a time, as SQLite's writers are anyway: two that count at once would both be let through.
        await connection.execute(select(func.pg_advisory_xact_lock(ATTEMPT_LOCK)))
    await connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.at <= since))
    counts = await connection.execute(
        select(sign_in_attempt.c.key, func.count(), func.min(sign_in_attempt.c.at))
        .where(or_(*(sign_in_attempt.c.key == key for key in keys)))
        .group_by(sign_in_attempt.c.key)
    )
    waits: list[timedelta] = [first + ATTEMPT_WINDOW - now for key, count, first in counts if count >= keys[key]]
    if waits:
        return max(waits)
    ids = [
        await connection.scalar(insert(sign_in_attempt).values(key=key, at=now).returning(sign_in_attempt.c.id))
        for key in keys
    ]
    return Attempt(tuple(int(number) for number in ids if number is not None))


async def forgive(connection: AsyncConnection, attempt: Attempt) -> None:
    """The sign-in was right after all: it does not count."""
    await connection.execute(delete(sign_in_attempt).where(sign_in_attempt.c.id.in_(attempt.ids)))


def _attempt_key(kind: str, value: str) -> str:
    """A digest: people type passwords into the name's field, and addresses are personal data."""
    return hashlib.sha256(f"{kind}:{value.casefold()}".encode()).hexdigest()
