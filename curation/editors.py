"""Who may work here: editors, their roles, passwords, tokens and one-time links. Knows nothing of HTTP.

Of every random secret only its SHA-256 is kept: it has 256 bits, so a slow hash would add nothing. Passwords are
people's own, so they are kept as argon2id, and never hashed or checked inside a transaction.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import AggregatorError
from aggregator.store.tables import editor, session, sign_in_link, token

LINK_LIFE = timedelta(hours=24)

PASSWORD_LEAST = 8
PASSWORD_MOST = 1024
NAME = re.compile(r"\w(?:[\w.@+ -]{0,62}[\w.])?")

# Of a random password nobody knows, made with the parameters of `_hasher`: unknown names take as long as known ones.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$+/2PavNEWxUoxYwD1rPeIw$VSZALxt543gYH2G+O0uElPccm29VpICzSzgjlFJx1f8"


class EditorError(AggregatorError):
    """Something about an editor cannot be done; the message says why."""


class Role(StrEnum):
    """What someone may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """True where this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Editor:
    """Someone who works here."""

    name: str
    role: Role
    disabled: bool
    has_password: bool
    created_at: datetime


def fingerprint(secret: str) -> str:
    """What is kept of a random secret."""
    # What a stranger sends in a header may be no text at all.
    return hashlib.sha256(secret.encode(errors="backslashreplace")).hexdigest()


# Passwords


class Passwords:
    """Hashes and checks passwords in threads, two at a time: each takes 64 MiB for some 50 ms."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turn = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        """What is kept of a password. Raises EditorError for one that is too short or too long."""
        if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
            raise EditorError(f"a password has at least {PASSWORD_LEAST} characters")
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def fits(self, password: str, kept: str | None) -> bool:
        """True where `kept` is the hash of this password. Takes as long where nothing is kept."""
        async with self._turn:
            return await asyncio.to_thread(self._verify, kept or NOBODY, password[:PASSWORD_MOST]) and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    """The same letters from every keyboard (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


# Editors


def spell(name: str) -> str:
    """A name in its one normal spelling, from whatever keyboard it comes."""
    return unicodedata.normalize("NFC", name.strip())


def check_name(name: str) -> str:
    """The name in its normal spelling. Raises EditorError for one that cannot be a name."""
    name = spell(name)
    if not NAME.fullmatch(name):
        raise EditorError("a name has 1 to 64 letters, digits, spaces or . @ + - _, and begins with a letter or digit")
    return name


async def add_editor(
    connection: AsyncConnection, name: str, *, role: Role, now: datetime, password_hash: str | None = None
) -> None:
    """Add an editor. Raises EditorError where there is one of that name already, or it is no name."""
    values = {"name": check_name(name), "role": role, "password_hash": password_hash, "created_at": now}
    try:
        async with connection.begin_nested():
            await connection.execute(insert(editor).values(**values, disabled=False))
    except IntegrityError as error:
        raise EditorError(f"there is an editor {name!r} already") from error


async def list_editors(connection: AsyncConnection) -> tuple[Editor, ...]:
    """Everyone who works or worked here, by name."""
    rows = await connection.execute(select(editor).order_by(editor.c.name))
    return tuple(_editor(row) for row in rows)


async def find_editor(connection: AsyncConnection, name: str) -> Editor | None:
    """The editor of that name, disabled or not."""
    row = (await connection.execute(select(editor).where(editor.c.name == name))).one_or_none()
    return _editor(row) if row is not None else None


async def find_password(connection: AsyncConnection, name: str) -> str | None:
    """The kept hash of an editor who may sign in, else None."""
    kept: str | None = await connection.scalar(
        select(editor.c.password_hash).where(editor.c.name == name, editor.c.disabled.is_(False))
    )
    return kept


async def set_password(connection: AsyncConnection, name: str, password_hash: str) -> None:
    """Give an editor a new password. All sessions end: whoever knew the old one is out."""
    await _change(connection, name, password_hash=password_hash)
    await connection.execute(delete(session).where(session.c.editor == name))


async def set_role(connection: AsyncConnection, name: str, role: Role) -> None:
    """Let an editor do more or less, from the next request on."""
    await _change(connection, name, role=role)


async def disable(connection: AsyncConnection, name: str) -> None:
    """Shut an editor out: sessions, tokens and links end at once. What they decided stays."""
    await _change(connection, name, disabled=True)
    for table in (session, token, sign_in_link):
        await connection.execute(delete(table).where(table.c.editor == name))


async def _change(connection: AsyncConnection, name: str, **values: object) -> None:
    changed = await connection.execute(update(editor).where(editor.c.name == name).values(**values))
    if changed.rowcount != 1:
        raise EditorError(_no_editor(name))


def _no_editor(name: str) -> str:
    return f"there is no editor {name!r}; `mpower-stream editor list` shows who there is"


def _editor(row: Row[tuple[object, ...]]) -> Editor:
    kept = row._mapping  # noqa: SLF001
    return Editor(
        name=kept["name"],
        role=Role(kept["role"]),
        disabled=kept["disabled"],
        has_password=kept["password_hash"] is not None,
        created_at=kept["created_at"],
    )


# Tokens for programs


async def make_token(connection: AsyncConnection, name: str, *, now: datetime) -> str:
    """A bearer token that acts for an editor until they are disabled. Raises EditorError where they may not work."""
    found = await find_editor(connection, name)
    if found is None or found.disabled:
        raise EditorError(_no_editor(name) if found is None else f"the editor {name!r} is disabled")
    secret = secrets.token_urlsafe(32)
    await connection.execute(insert(token).values(token_hash=fingerprint(secret), editor=name, created_at=now))
    return secret


# One-time links


async def make_link(connection: AsyncConnection, name: str, *, role: Role, now: datetime) -> str:
    """The secret of a link that signs one person in, once, within 24 hours.

    An editor of that name is made with `role` when it is used; one who is there already keeps their role.
    """
    secret = secrets.token_urlsafe(32)
    await connection.execute(
        insert(sign_in_link).values(
            token_hash=fingerprint(secret),
            editor=check_name(name),
            role=role,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    return secret
