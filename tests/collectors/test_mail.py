"""Newsletters in a mailbox on a real IMAP server: read once, marked never, told of at once, and no thread left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
import threading
import traceback
from collections.abc import AsyncIterator
from typing import Any

import pytest
from imapclient import IMAPClient

from aggregator.addresses import Allowed
from aggregator.collectors import KINDS, RULES, mailbox
from aggregator.collectors.contract import Collected, Outside
from aggregator.errors import CollectError, FetchError, SettingsError
from aggregator.model import Configuration, MailItems, Secret, Source
from aggregator.sourcesfile import parse_sources
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.imapserver import CERTIFICATES, PASSWORD, USER, MailServer, mail_server, odd_server
from tests.collectors.outside import open_outside
from tests.conftest import Clock

KIND = KINDS["mail"]


def letter(number: int, body: str = "<p>Hello</p>") -> bytes:
    return (
        f"From: Villaluz <news@villaluz.example>\r\nTo: {USER}\r\nSubject: Letter {number}\r\n"
        f"Message-ID: <{number}@villaluz.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def newsletters(server: MailServer, folder: str = "", password: str = PASSWORD, **values: Any) -> Source:
    return source(kind="mail", url=server.url(folder), user=USER, token=Secret("a test", password), **values)


@contextlib.asynccontextmanager
async def going_out(clock: Clock, **options: Any) -> AsyncIterator[Outside]:
    tls = ssl.create_default_context(cafile=CERTIFICATES / "authority.pem")
    async with open_outside(clock, **{"allowed": Allowed.parse("127.0.0.2"), "tls": tls, **options}) as outside:
        yield outside


@pytest.fixture
async def outside(clock: Clock) -> AsyncIterator[Outside]:
    async with going_out(clock) as outside:
        yield outside


def titles(collected: Collected) -> list[str | None]:
    return [entry.title for entry in collected.document.entries] if collected.document else []


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("imap")]


@pytest.fixture(autouse=True)
async def no_thread_is_left() -> AsyncIterator[None]:
    yield
    async with asyncio.timeout(60):
        while threads():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("options", [{}, {"is_tls": True}, {"offers_starttls": True}], ids=["plain", "tls", "starttls"])
async def test_letters_are_read_once_and_marked_never(clock: Clock, options: dict[str, bool]) -> None:
    async with mail_server(**options) as server, going_out(clock, apart=True) as outside:
        await server.deliver(letter(1), letter(2))
        first = await KIND.collect(newsletters(server), Cursor(), outside)
        assert titles(first) == ["Letter 1", "Letter 2"]
        assert first.document
        assert not first.document.is_window
        nothing = await KIND.collect(newsletters(server), first.cursor, outside)
        assert (nothing.document, nothing.cursor) == (None, first.cursor)
        await server.deliver(letter(3))
        assert titles(await KIND.collect(newsletters(server), first.cursor, outside)) == ["Letter 3"]

        def flags(client: IMAPClient) -> set[bytes]:
            client.select_folder("INBOX", readonly=True)
            return {flag for found in client.get_flags(client.search()).values() for flag in found}

        assert b"\\Seen" not in await server.do(flags)


async def test_a_letter_without_a_date_has_that_of_its_arrival(outside: Outside) -> None:
    async with mail_server() as server:
        await server.deliver(letter(1))
        found = await KIND.collect(newsletters(server), Cursor(), outside)
        assert found.document
        assert found.document.entries[0].published_at


@pytest.mark.parametrize("folder", ["News", "News/Villaluz", "Novosti%20%C5%A1"])
async def test_a_folder_is_named_in_the_address(outside: Outside, folder: str) -> None:
    names = {"News": "News", "News/Villaluz": "News/Villaluz", "Novosti%20%C5%A1": "Novosti š"}
    async with mail_server() as server:
        await server.deliver(letter(1), folder=names[folder])
        assert titles(await KIND.collect(newsletters(server, folder), Cursor(), outside)) == ["Letter 1"]


async def test_a_folder_that_is_not_there_is_said_so(outside: Outside) -> None:
    async with mail_server() as server:
        with pytest.raises(FetchError, match=r"no folder “Nowhere”.*as the server has it"):
            await KIND.collect(newsletters(server, "Nowhere"), Cursor(), outside)


async def test_at_first_only_the_newest_are_read_and_later_none_is_missed(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.collectors.mail.NEWEST", 2)
    monkeypatch.setattr("aggregator.collectors.mail.MOST_AT_ONCE", 3)
    async with mail_server() as server:
        await server.deliver(*map(letter, range(5)))
        found = await KIND.collect(newsletters(server), Cursor(), outside)
        assert titles(found) == ["Letter 3", "Letter 4"]
        await server.deliver(*map(letter, range(5, 10)))
        found = await KIND.collect(newsletters(server), found.cursor, outside)
        assert titles(found) == ["Letter 5", "Letter 6", "Letter 7"]
        found = await KIND.collect(newsletters(server), found.cursor, outside)
        assert titles(found) == ["Letter 8", "Letter 9"]


async def test_where_the_server_numbers_anew_the_newest_are_read_again_under_the_same_ids(outside: Outside) -> None:
    async with mail_server() as server:
        await server.deliver(letter(1))
        first = await KIND.collect(newsletters(server), Cursor(), outside)
        old = Cursor(place={**first.cursor.place, "validity": 1, "last_uid": 9_999})
        again = await KIND.collect(newsletters(server), old, outside)
        assert first.document
        assert again.document
        assert [entry.entry_id for entry in again.document.entries] == [e.entry_id for e in first.document.entries]
        assert again.cursor == first.cursor


async def test_articles_of_two_letters_are_one_entry_each(outside: Outside) -> None:
    link = '<h2><a href="https://villaluz.example/a?utm_campaign={}">Solar roofs</a></h2>'
    async with mail_server() as server:
        await server.deliver(letter(1, link.format(1)), letter(2, link.format(2)))
        found = await KIND.collect(newsletters(server, items=MailItems.LINK), Cursor(), outside)
        assert found.document
        assert {entry.entry_id for entry in found.document.entries} == {"https://villaluz.example/a"}


async def test_a_letter_that_cannot_be_read_holds_up_no_other(outside: Outside) -> None:
    async with mail_server() as server:
        await server.deliver(letter(1), b"X-Nothing: 1\r\n\r\nx", letter(2))
        found = await KIND.collect(newsletters(server), Cursor(), outside)
        assert titles(found) == ["Letter 1", "Letter 2"]


async def test_a_very_long_letter_is_read_from_its_beginning(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MOST_OF_A_MESSAGE", 2_000)
    async with mail_server() as server:
        await server.deliver(letter(1, "<p>Begin</p>" + "x" * 100_000))
        found = await KIND.collect(newsletters(server), Cursor(), outside)
        assert found.document
        assert "Begin" in found.document.entries[0].body_html


# --- What goes wrong ---


async def failure(server: MailServer, outside: Outside, password: str = PASSWORD) -> str:
    with pytest.raises(CollectError) as caught:
        await KIND.collect(newsletters(server, password=password), Cursor(), outside)
    said = "".join(traceback.format_exception(caught.value))
    assert password not in said
    return str(caught.value)


@pytest.mark.parametrize("options", [{}, {"offers_starttls": True}], ids=["plain", "starttls"])
async def test_a_wrong_password_is_said_so_and_never_repeated(
    outside: Outside, caplog: pytest.LogCaptureFixture, options: dict[str, bool]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with mail_server(**options) as server:
        assert "does not let this user in" in await failure(server, outside, "wrong-hush")
        await server.deliver(letter(1))
        caplog.clear()
        await KIND.collect(newsletters(server), Cursor(), outside)
    assert "wrong-hush" not in caplog.text
    assert PASSWORD not in "".join(record.getMessage() for record in caplog.records if "imap" in record.name)


async def test_a_server_that_repeats_the_password_is_not_quoted(outside: Outside) -> None:
    async with odd_server((b"LOGIN", b"%t NO no user with " + PASSWORD.encode() + b"\r\n")) as server:
        assert "does not let this user in" in await failure(server, outside)


async def test_no_password_is_sent_in_the_clear_to_the_public_internet(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "is_public", lambda _address: True)
    said: list[str] = []
    async with odd_server((b"LOGIN", b"%!")) as server:
        said.append(await failure(server, outside))
    assert "offers no encryption" in said[0]
    async with mail_server(offers_starttls=True) as server:
        await server.deliver(letter(1))
        assert titles(await KIND.collect(newsletters(server), Cursor(), outside)) == ["Letter 1"]


async def test_what_is_put_before_the_encryption_is_not_believed(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "is_public", lambda _address: True)
    starttls = (b"STARTTLS", b"%t OK begin\r\n* CAPABILITY IMAP4rev1\r\n")
    async with odd_server(starttls, (b"CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n%t OK done\r\n")) as server:
        assert "does not speak IMAP" in await failure(server, outside)


async def test_a_certificate_that_is_not_valid_is_an_error(clock: Clock) -> None:
    async with mail_server(is_tls=True) as server, going_out(clock, tls=ssl.create_default_context()) as outside:
        assert "certificate of 127.0.0.2 is not valid" in await failure(server, outside)


async def test_a_server_without_tls_behind_imaps_is_an_error(outside: Outside) -> None:
    async with odd_server() as server:
        server.scheme = "imaps"
        assert "no secure connection" in await failure(server, outside)


async def test_nobody_at_the_port_is_said_so(outside: Outside) -> None:
    async with odd_server() as server:
        pass
    assert "connection refused" in await failure(server, outside)


async def test_a_private_server_that_is_not_allowed_is_not_reached(clock: Clock) -> None:
    async with odd_server() as server, going_out(clock, allowed=Allowed()) as outside:
        assert "MPOWER_ALLOW_PRIVATE" in await failure(server, outside)


UIDS = (b"FETCH", b"* 1 FETCH (UID 1)\r\n%t OK done\r\n")
ODD = {
    "hangs up at once": ((), b"%!"),
    "says goodbye": ((), b"* BYE full\r\n"),
    "speaks HTTP": ((), b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a line without end": ((), b"* OK " + b"x" * 3_000_000),
    "hangs up at the sign-in": (((b"LOGIN", b"%!"),), None),
    "hangs up at the folder": (((b"EXAMINE", b"%!"),), None),
    "hangs up in the middle of a message": (((b"BODY", b"* 1 FETCH (UID 1 BODY[]<0> {50}\r\nabc%!"), UIDS), None),
    "a literal of 99 GB": (((b"BODY", b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\nabc"), UIDS), None),
    "a literal of less than nothing": (((b"BODY", b"* 1 FETCH (UID 1 BODY[] {-5}\r\n)\r\n%t OK done\r\n"), UIDS), None),
    "brackets without end": (((b"FETCH", b"* 1 FETCH " + b"(" * 10_000 + b"\r\n%t OK done\r\n"),), None),
    "numbers that are none": (((b"EXAMINE", b"* x EXISTS\r\n* OK [UIDVALIDITY x]\r\n%t OK done\r\n"),), None),
    "another tag": (((b"EXAMINE", b"Z1 OK\r\n"),), None),
    "bytes beyond ASCII": (((b"EXAMINE", b"\xff\xfe\r\n"),), None),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "greeting"), ODD.values(), ids=ODD)
async def test_an_odd_server_is_an_error_and_no_crash(
    outside: Outside, answers: tuple[tuple[bytes, bytes], ...], greeting: bytes | None
) -> None:
    async with odd_server(*answers, greeting=b"* OK ready\r\n" if greeting is None else greeting) as server:
        said = await failure(server, outside)
        assert re.fullmatch(
            r"127\.0\.0\.2 does not speak IMAP as it should|the connection to 127\.0\.0\.2 broke off.*", said
        )


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
async def test_a_server_that_hangs_is_given_up(outside: Outside, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setattr(mailbox, "QUIET_SECONDS", 0.2)
    async with odd_server(greeting=b"") as server:
        server.scheme = scheme
        assert "sent nothing for" in await failure(server, outside)


async def test_a_server_that_drips_is_given_up(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "COMMAND_SECONDS", 0.2)
    async with odd_server(greeting=b"* OK rea") as server:
        assert "took longer than" in await failure(server, outside)


async def test_whoever_is_cancelled_while_a_server_hangs_leaves_no_thread(outside: Outside) -> None:
    async with odd_server(greeting=b"") as server:
        collecting = asyncio.ensure_future(KIND.collect(newsletters(server), Cursor(), outside))
        while not threads():
            await asyncio.sleep(0)
        collecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await collecting
        assert await ended()


async def ended() -> bool:
    async with asyncio.timeout(30):
        while threads():
            await asyncio.sleep(0.01)
    return True


# --- Push ---


@pytest.mark.parametrize("options", [{}, {"is_tls": True}], ids=["plain", "tls"])
async def test_new_letters_are_told_of_while_they_come(outside: Outside, options: dict[str, bool]) -> None:
    async with mail_server(**options) as server:
        await server.deliver(letter(1))
        known = (await KIND.collect(newsletters(server), Cursor(), outside)).cursor
        assert KIND.listen
        async with contextlib.aclosing(KIND.listen(newsletters(server), known, outside)) as pushed, asyncio.timeout(60):
            first = await anext(pushed)
            assert (first.document, first.cursor.place) == (None, {})
            for number in (2, 3):
                coming = asyncio.ensure_future(anext(pushed))
                await server.deliver(letter(number))
                told = await coming
                assert titles(told) == [f"Letter {number}"]
                assert told.cursor.place["validity"] == known.place["validity"]


@pytest.fixture
def idling(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The clients that have asked for IDLE, once for each time."""
    asked: list[object] = []

    class Counting(mailbox._Client):
        def begin_idle(self) -> bool:
            asked.append(self)
            return super().begin_idle()

    monkeypatch.setattr(mailbox, "_Client", Counting)
    return asked


async def test_a_listener_that_is_cancelled_ends_at_once_with_thread_and_connection(
    outside: Outside, idling: list[object]
) -> None:
    async with mail_server() as server:

        async def listen() -> None:
            assert KIND.listen
            async with contextlib.aclosing(KIND.listen(newsletters(server), Cursor(), outside)) as pushed:
                async for _ in pushed:
                    pass

        listening = asyncio.ensure_future(listen())
        async with asyncio.timeout(60):
            while not idling:
                await asyncio.sleep(0.01)
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
        assert await ended()


async def test_idle_is_asked_for_anew_before_the_server_logs_off(
    outside: Outside, monkeypatch: pytest.MonkeyPatch, idling: list[object]
) -> None:
    monkeypatch.setattr(mailbox, "IDLE_SECONDS", 0.05)
    async with mail_server() as server:
        assert KIND.listen
        async with contextlib.aclosing(KIND.listen(newsletters(server), Cursor(), outside)) as pushed:
            await anext(pushed)
            await anext(pushed)
            coming = asyncio.ensure_future(anext(pushed))
            async with asyncio.timeout(60):
                while len(idling) < 3:
                    await asyncio.sleep(0.01)
                await server.deliver(letter(1))
                assert titles(await coming) == ["Letter 1"]
        assert len(set(map(id, idling))) == 1


async def test_a_server_that_cannot_tell_ends_the_listening_without_a_word(outside: Outside) -> None:
    async with odd_server((b"CAPABILITY", b"* CAPABILITY IMAP4rev1\r\n%t OK done\r\n")) as server:
        assert KIND.listen
        assert [told async for told in KIND.listen(newsletters(server), Cursor(), outside)] == []


async def test_a_server_that_hangs_up_while_idle_is_an_error(outside: Outside) -> None:
    search = (b"SEARCH", b"* SEARCH\r\n%t OK done\r\n")
    fetch = (b"FETCH", b"* 1 FETCH (UID 1)\r\n%t OK done\r\n")
    async with odd_server((b"IDLE", b"+ idling\r\n* BYE gone\r\n%!"), search, fetch) as server:
        assert KIND.listen
        with pytest.raises(FetchError, match="broke off"):
            async for _ in KIND.listen(newsletters(server), Cursor(), outside):
                pass


async def test_mail_that_is_told_of_before_the_server_agrees_to_idle_is_heard(outside: Outside) -> None:
    said = letter(2)
    body = b"* 1 FETCH (UID 2 BODY[]<0> {%d}\r\n%b)\r\n%%t OK done\r\n" % (len(said), said)
    search = [b"* SEARCH\r\n%t OK done\r\n", b"* SEARCH 2\r\n%t OK done\r\n"]
    idle = (b"IDLE", b"* 4 EXISTS\r\n+ idling\r\n")
    async with odd_server((b"SEARCH", search), (b"BODY", body), idle) as server:
        assert KIND.listen
        known = Cursor(place={"validity": 7, "last_uid": 1})
        async with contextlib.aclosing(KIND.listen(newsletters(server), known, outside)) as pushed, asyncio.timeout(60):
            assert (await anext(pushed)).document is None
            assert titles(await anext(pushed)) == ["Letter 2"]


async def test_mail_that_is_told_of_beside_another_answer_is_heard(outside: Outside) -> None:
    said = letter(2)
    body = b"* 1 FETCH (UID 2 BODY[]<0> {%d}\r\n%b)\r\n%%t OK done\r\n" % (len(said), said)
    search = [b"* SEARCH\r\n* 4 EXISTS\r\n%t OK done\r\n", b"* SEARCH 2\r\n%t OK done\r\n"]
    async with odd_server((b"SEARCH", search), (b"BODY", body), (b"IDLE", b"+ idling\r\n")) as server:
        assert KIND.listen
        known = Cursor(place={"validity": 7, "last_uid": 1})
        async with contextlib.aclosing(KIND.listen(newsletters(server), known, outside)) as pushed, asyncio.timeout(60):
            assert (await anext(pushed)).document is None
            assert titles(await anext(pushed)) == ["Letter 2"]


def parse(more: str, url: str = "imaps://mail.example/News") -> Configuration:
    return parse_sources(
        f'[stream]\ntitle = "T"\nlanguages = ["en"]\n[[partner]]\nid = "city"\nname = "City"\n'
        f'[[source]]\nid = "a"\npartner = "city"\nkind = "mail"\nurl = "{url}"\n{more}',
        name="sources.toml",
        kinds=RULES,
        environment={"MAIL": "hush"},
    )


def test_a_mailbox_has_its_options() -> None:
    configured = parse('user = "a@b.example"\ntoken = "env:MAIL"\nitems = "link"\n').sources[0]
    assert (configured.items, configured.user) == (MailItems.LINK, "a@b.example")
    assert configured.token
    assert configured.token.reveal() == "hush"
    assert "hush" not in repr(configured)


WRONG = {
    "no user": ('token = "env:MAIL"', "imaps://mail.example/", 'user: is missing; kind = "mail" needs user'),
    "no password": ('user = "a"', "imaps://mail.example/", "token: is missing"),
    "an address of the web": ('user = "a"\ntoken = "env:MAIL"', "https://mail.example/", "begins with imaps:// or imap://"),
    "a command in the folder": ('user = "a"\ntoken = "env:MAIL"', "imaps://mail.example/A%0D%0AB", "control characters"),
    "a query": ('user = "a"\ntoken = "env:MAIL"', "imaps://mail.example/A?b", "behind ? or #"),
    "a password in the address": ('user = "a"\ntoken = "env:MAIL"', "imaps://a:hush@mail.example/", "holds a user name or password"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "url", "words"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_named_with_the_cure(more: str, url: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(more, url)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_a_password_that_the_environment_lacks_is_said_so(outside: Outside) -> None:
    async with odd_server() as server:
        lacking = source(kind="mail", url=server.url(), user=USER, token=Secret("env:NOWHERE"))
        with pytest.raises(CollectError, match="NOWHERE is not set in the environment"):
            await KIND.collect(lacking, Cursor(), outside)
