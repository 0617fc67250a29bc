"""Who is at the door: sessions, tokens and one-time links as they are used. Knows nothing of HTTP."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.tables import editor, session, sign_in_link, token
from curation.editors import Role, add_editor, find_editor, fingerprint, set_password

SESSION_IDLE = timedelta(hours=12)
SESSION_LONGEST = timedelta(days=7)
# A session's end is moved at most this often, so that reading does not become writing.
SESSION_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a request comes from. `csrf` is None for a program that came with a token of its own."""

    name: str
    role: Role
    key: str  # what `close_session` takes
    csrf: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened. `secret` is shown to the browser once and kept nowhere."""

    secret: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that can still be used."""

    editor: str
    role: Role


# Sessions


async def open_session(connection: AsyncConnection, name: str, *, now: datetime) -> NewSession:
    """Begin a session, always under a new secret, so that one planted before sign-in is worth nothing."""
    opened = NewSession(secret=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(32))
    await connection.execute(delete(session).where(session.c.expires_at <= now))
    await connection.execute(
        insert(session).values(
            token_hash=fingerprint(opened.secret),
            editor=name,
            csrf=opened.csrf,
            created_at=now,
            expires_at=now + SESSION_IDLE,
        )
    )
    return opened


async def find_session(connection: AsyncConnection, secret: str, *, now: datetime) -> Identity | None:
    """Whose session this is, as long as it lasts and its editor may work here."""
    found = await connection.execute(
        select(session, editor.c.role)
        .join(editor, editor.c.name == session.c.editor)
        .where(session.c.token_hash == fingerprint(secret), session.c.expires_at > now, editor.c.disabled.is_(False))
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    return Identity(
        name=row["editor"],
        role=Role(row["role"]),
        key=row["token_hash"],
        csrf=row["csrf"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def next_end(identity: Identity, now: datetime) -> datetime | None:
    """When a session that is in use should end now, or None where that is not worth writing down yet."""
    if identity.created_at is None or identity.expires_at is None:
        return None
    end = min(now + SESSION_IDLE, identity.created_at + SESSION_LONGEST)
    return end if end - identity.expires_at >= SESSION_STEP else None


async def extend_session(connection: AsyncConnection, key: str, end: datetime) -> None:
    """Move a session's end; one that was closed meanwhile stays closed."""
    await connection.execute(update(session).where(session.c.token_hash == key).values(expires_at=end))


async def close_session(connection: AsyncConnection, key: str) -> None:
    """End one session. Its `key` is `Identity.key`."""
    await connection.execute(delete(session).where(session.c.token_hash == key))


# Tokens for programs


async def find_token(connection: AsyncConnection, secret: str) -> Identity | None:
    """Whom this token acts for."""
    found = await connection.execute(
        select(token.c.token_hash, token.c.editor, editor.c.role)
        .join(editor, editor.c.name == token.c.editor)
        .where(token.c.token_hash == fingerprint(secret), editor.c.disabled.is_(False))
    )
    row = found.mappings().one_or_none()
    return Identity(row["editor"], Role(row["role"]), row["token_hash"]) if row is not None else None


async def is_still_valid(connection: AsyncConnection, identity: Identity, *, now: datetime) -> bool:
    """True while the session or token that someone came with lasts: a long answer asks this from time to time."""
    if identity.csrf is None:
        kept = select(token.c.token_hash).where(token.c.token_hash == identity.key)
    else:
        kept = select(session.c.token_hash).where(session.c.token_hash == identity.key, session.c.expires_at > now)
    return await connection.scalar(kept) is not None


# One-time links


async def find_link(connection: AsyncConnection, secret: str, *, now: datetime) -> Link | None:
    """What a link would do, without using it up."""
    found = await connection.execute(
        select(sign_in_link.c.editor, sign_in_link.c.role).where(
            sign_in_link.c.token_hash == fingerprint(secret),
            sign_in_link.c.used_at.is_(None),
            sign_in_link.c.expires_at > now,
        )
    )
    row = found.mappings().one_or_none()
    return Link(row["editor"], Role(row["role"])) if row is not None else None


async def use_link(
    connection: AsyncConnection, secret: str, *, password_hash: str | None, now: datetime
) -> NewSession | None:
    """Use a link up: make its editor where there is none, set the new password if any, and open a session.

    None where it is unknown, used, too old, or its editor is disabled.
    """
    link = await find_link(connection, secret, now=now)
    used = await connection.execute(
        update(sign_in_link)
        .where(
            sign_in_link.c.token_hash == fingerprint(secret),
            sign_in_link.c.used_at.is_(None),
            sign_in_link.c.expires_at > now,
        )
        .values(used_at=now)
    )
    if link is None or used.rowcount != 1:
        return None
    known = await find_editor(connection, link.editor)
    if known is None:
        await add_editor(connection, link.editor, role=link.role, now=now, password_hash=password_hash)
    elif known.disabled:
        return None
    elif password_hash is not None:
        await set_password(connection, link.editor, password_hash)
    return await open_session(connection, link.editor, now=now)
