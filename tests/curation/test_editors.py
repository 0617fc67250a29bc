"""Editors, passwords, sessions, tokens, one-time links and wrong sign-ins, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from aggregator.store.engine import Database
from aggregator.store.tables import editor, session, sign_in_attempt
from curation import attempts
from curation.attempts import Attempt, forgive, note_attempt
from curation.editors import (
    NOBODY,
    EditorError,
    Passwords,
    Role,
    add_editor,
    check_name,
    disable,
    find_editor,
    find_password,
    list_editors,
    make_link,
    make_token,
    set_password,
    set_role,
)
from curation.sessions import (
    SESSION_IDLE,
    SESSION_LONGEST,
    close_session,
    extend_session,
    find_link,
    find_session,
    find_token,
    is_still_valid,
    next_end,
    open_session,
    use_link,
)
from tests.conftest import Clock
from tests.curation.conftest import dump


@pytest.fixture
async def ana(database: Database, clock: Clock) -> str:
    async with database.write() as connection:
        await add_editor(connection, "ana", role=Role.EDITOR, now=clock())
    return "ana"


# Passwords


async def test_a_password_fits_its_own_hash_alone() -> None:
    passwords = Passwords()
    kept = await passwords.hash("eguzki-plakak")
    assert await passwords.fits("eguzki-plakak", kept)
    assert not await passwords.fits("eguzki-plakok", kept)
    assert not await passwords.fits("eguzki-plakak", None)
    assert not await passwords.fits("eguzki-plakak", "no hash at all")


async def test_a_password_typed_on_another_keyboard_still_fits() -> None:
    passwords = Passwords()
    assert await passwords.fits("cafe\u0301-solaire", await passwords.hash("caf\u00e9-solaire"))


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
async def test_a_password_that_is_too_short_or_too_long_is_refused(password: str) -> None:
    with pytest.raises(EditorError, match="at least 8"):
        await Passwords().hash(password)


def test_a_name_that_nobody_has_is_checked_with_the_same_effort() -> None:
    assert not PasswordHasher().check_needs_rehash(NOBODY)


# Editors


@pytest.mark.parametrize("name", ["", " ", "-", "a\nb", "a\0b", "<b>", "a" * 65, "a/../b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(EditorError, match="a name has"):
        check_name(name)


async def test_a_name_is_given_once(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        with pytest.raises(EditorError, match="already"):
            await add_editor(connection, ana, role=Role.ADMIN, now=clock())
        await add_editor(connection, "Željka Čavić", role=Role.VIEWER, now=clock())
    async with database.read() as connection:
        known = {one.name: one.role for one in await list_editors(connection)}
    assert known == {"ana": Role.EDITOR, "Željka Čavić": Role.VIEWER}


async def test_what_does_not_exist_cannot_be_changed(database: Database) -> None:
    async with database.write() as connection:
        for change in (
            set_password(connection, "no", "x"),
            set_role(connection, "no", Role.ADMIN),
            disable(connection, "no"),
        ):
            with pytest.raises(EditorError, match="there is no editor 'no'"):
                await change


def test_each_role_may_do_all_that_the_ones_before_it_may() -> None:
    assert Role.ADMIN.covers(Role.EDITOR)
    assert Role.EDITOR.covers(Role.EDITOR)
    assert Role.EDITOR.covers(Role.VIEWER)
    assert not Role.VIEWER.covers(Role.EDITOR)
    assert not Role.EDITOR.covers(Role.ADMIN)


# Sessions and tokens


async def test_a_session_ends_when_it_is_not_used_for_twelve_hours(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        opened = await open_session(connection, ana, now=clock())
    async with database.read() as connection:
        assert await find_session(connection, opened.secret, now=clock.forward(hours=11, minutes=59)) is not None
        assert await find_session(connection, opened.secret, now=clock.forward(minutes=1)) is None


async def test_a_session_in_use_goes_on_for_seven_days_and_no_longer(
    database: Database, clock: Clock, ana: str
) -> None:
    began = clock()
    async with database.write() as connection:
        opened = await open_session(connection, ana, now=clock())
        assert next_end((await find_session(connection, opened.secret, now=clock())), clock()) is None  # type: ignore[arg-type]
        while identity := await find_session(connection, opened.secret, now=clock.forward(hours=6)):
            if end := next_end(identity, clock()):
                assert end <= clock() + SESSION_IDLE
                await extend_session(connection, identity.key, end)
    assert timedelta() <= clock() - began - SESSION_LONGEST < timedelta(hours=6)


async def test_a_closed_session_stays_closed(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        opened = await open_session(connection, ana, now=clock())
        identity = await find_session(connection, opened.secret, now=clock())
        assert identity is not None
        assert await is_still_valid(connection, identity, now=clock())
        await close_session(connection, identity.key)
        await extend_session(connection, identity.key, clock() + SESSION_IDLE)
        assert await find_session(connection, opened.secret, now=clock()) is None
        assert not await is_still_valid(connection, identity, now=clock())


async def test_a_new_password_ends_every_session_of_that_editor_alone(
    database: Database, clock: Clock, ana: str
) -> None:
    async with database.write() as connection:
        await add_editor(connection, "bo", role=Role.EDITOR, now=clock())
        mine = [await open_session(connection, ana, now=clock()) for _ in range(3)]
        theirs = await open_session(connection, "bo", now=clock())
        await set_password(connection, ana, "new")
        assert [await find_session(connection, one.secret, now=clock()) for one in mine] == [None] * 3
        assert await find_session(connection, theirs.secret, now=clock()) is not None


async def test_who_is_disabled_is_out_at_once(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        await set_password(connection, ana, "kept")
        opened = await open_session(connection, ana, now=clock())
        secret = await make_token(connection, ana, now=clock())
        link = await make_link(connection, ana, role=Role.EDITOR, now=clock())
        identity = await find_token(connection, secret)
        assert identity is not None
        await disable(connection, ana)
        assert await find_session(connection, opened.secret, now=clock()) is None
        assert await find_token(connection, secret) is None
        assert not await is_still_valid(connection, identity, now=clock())
        assert await find_password(connection, ana) is None
        assert await use_link(connection, link, password_hash=None, now=clock()) is None
        with pytest.raises(EditorError, match="is disabled"):
            await make_token(connection, ana, now=clock())


async def test_a_session_that_was_opened_while_its_editor_was_disabled_is_worth_nothing(
    database: Database, clock: Clock, ana: str
) -> None:
    async with database.write() as connection:
        opened = await open_session(connection, ana, now=clock())
        secret = await make_token(connection, ana, now=clock())
        await connection.execute(update(editor).values(disabled=True))
        assert await find_session(connection, opened.secret, now=clock()) is None
        assert await find_token(connection, secret) is None


async def test_a_change_of_role_counts_from_the_next_look_on(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        secret = await make_token(connection, ana, now=clock())
        await set_role(connection, ana, Role.VIEWER)
        identity = await find_token(connection, secret)
    assert identity is not None
    assert identity.role is Role.VIEWER


async def test_no_secret_is_kept(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        given = [
            (await open_session(connection, ana, now=clock())).secret,
            await make_token(connection, ana, now=clock()),
            await make_link(connection, ana, role=Role.EDITOR, now=clock()),
        ]
    kept = repr(await dump(database))
    assert [secret for secret in given if secret in kept] == []
    assert len(set(given)) == 3
    assert all(len(secret) == 43 for secret in given)  # 256 bits


async def test_what_is_no_secret_lets_nobody_in(database: Database, clock: Clock) -> None:
    async with database.read() as connection:
        for secret in ("", "x", "\0", "\udcff", "é" * 1000, "' OR 1=1 --"):
            assert await find_session(connection, secret, now=clock()) is None
            assert await find_token(connection, secret) is None
            assert await find_link(connection, secret, now=clock()) is None


# One-time links


async def test_a_link_makes_its_editor_and_signs_them_in(database: Database, clock: Clock) -> None:
    async with database.write() as connection:
        link = await make_link(connection, "new", role=Role.ADMIN, now=clock())
        assert await find_editor(connection, "new") is None
        opened = await use_link(connection, link, password_hash="kept", now=clock())
        assert opened is not None
        identity = await find_session(connection, opened.secret, now=clock())
        assert identity is not None
        assert (identity.name, identity.role) == ("new", Role.ADMIN)
        assert await find_password(connection, "new") == "kept"


async def test_of_many_who_use_a_link_at_once_one_gets_in(database: Database, clock: Clock) -> None:
    async with database.write() as connection:
        link = await make_link(connection, "new", role=Role.EDITOR, now=clock())

    async def try_it() -> bool:
        async with database.write() as connection:
            return await use_link(connection, link, password_hash=None, now=clock()) is not None

    assert sum(await asyncio.gather(*(try_it() for _ in range(12)))) == 1
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(session)) == 1


async def test_looking_at_a_link_does_not_use_it_up(database: Database, clock: Clock) -> None:
    async with database.write() as connection:
        link = await make_link(connection, "new", role=Role.EDITOR, now=clock())
        for _ in range(3):
            assert await find_link(connection, link, now=clock()) is not None
        assert await use_link(connection, link, password_hash=None, now=clock()) is not None
        assert await find_link(connection, link, now=clock()) is None


async def test_a_link_is_good_for_a_day(database: Database, clock: Clock) -> None:
    async with database.write() as connection:
        link = await make_link(connection, "new", role=Role.EDITOR, now=clock())
        assert await find_link(connection, link, now=clock.forward(hours=23, minutes=59)) is not None
        assert await find_link(connection, link, now=clock.forward(minutes=1)) is None
        assert await use_link(connection, link, password_hash=None, now=clock()) is None
        assert await find_editor(connection, "new") is None


async def test_a_link_gives_nobody_another_role_than_they_have(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        link = await make_link(connection, ana, role=Role.ADMIN, now=clock())
        opened = await use_link(connection, link, password_hash=None, now=clock())
        assert opened is not None
        identity = await find_session(connection, opened.secret, now=clock())
    assert identity is not None
    assert identity.role is Role.EDITOR


async def test_a_new_password_by_link_ends_the_sessions_before_it(database: Database, clock: Clock, ana: str) -> None:
    async with database.write() as connection:
        before = await open_session(connection, ana, now=clock())
        link = await make_link(connection, ana, role=Role.EDITOR, now=clock())
        after = await use_link(connection, link, password_hash="kept", now=clock())
        assert after is not None
        assert await find_session(connection, before.secret, now=clock()) is None
        assert await find_session(connection, after.secret, now=clock()) is not None


# Wrong sign-ins


async def attempt(
    database: Database, clock: Clock, name: str = "ana", address: str = "192.0.2.1"
) -> Attempt | timedelta:
    async with database.write() as connection:
        return await note_attempt(connection, name, address, now=clock())


async def test_after_ten_wrong_sign_ins_a_name_has_to_wait(database: Database, clock: Clock) -> None:
    for n in range(attempts.ATTEMPTS_PER_NAME):
        assert isinstance(await attempt(database, clock, address=f"192.0.2.{n}"), Attempt)
        clock.forward(seconds=10)
    wait = await attempt(database, clock, address="198.51.100.1")
    assert wait == attempts.ATTEMPT_WINDOW - timedelta(seconds=100)
    assert isinstance(await attempt(database, clock, name="bo", address="198.51.100.1"), Attempt)
    clock.moment += wait
    assert isinstance(await attempt(database, clock, address="198.51.100.1"), Attempt)


async def test_an_address_that_tries_many_names_has_to_wait(database: Database, clock: Clock) -> None:
    for n in range(attempts.ATTEMPTS_PER_ADDRESS):
        assert isinstance(await attempt(database, clock, name=f"name {n}"), Attempt)
    assert await attempt(database, clock, name="another") == attempts.ATTEMPT_WINDOW
    assert isinstance(await attempt(database, clock, name="another", address="198.51.100.1"), Attempt)


async def test_a_right_sign_in_does_not_count(database: Database, clock: Clock) -> None:
    for _ in range(3 * attempts.ATTEMPTS_PER_ADDRESS):
        noted = await attempt(database, clock)
        assert isinstance(noted, Attempt)
        async with database.write() as connection:
            await forgive(connection, noted)


async def test_of_many_sign_ins_at_once_no_more_are_let_through(database: Database, clock: Clock) -> None:
    tried = await asyncio.gather(*(attempt(database, clock) for _ in range(40)))
    assert sum(isinstance(one, Attempt) for one in tried) == attempts.ATTEMPTS_PER_NAME


async def test_what_was_typed_into_the_name_is_not_kept(database: Database, clock: Clock) -> None:
    await attempt(database, clock, name="my-password-by-mistake", address="192.0.2.77")
    kept = repr(await dump(database))
    assert "my-password" not in kept
    assert "192.0.2.77" not in kept


async def test_old_attempts_are_forgotten(database: Database, clock: Clock) -> None:
    await attempt(database, clock)
    clock.forward(minutes=16)
    await attempt(database, clock, name="bo")
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(sign_in_attempt)) == 2
