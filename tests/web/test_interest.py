"""The form of a call on a real server, as browsers and programs send it."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from lxml import html

from aggregator.machine import Machine, open_machine
from aggregator.settings import Settings
from aggregator.store.interest import Entry, read_entries
from tests.conftest import Clock
from tests.serving import asking, read, serving
from web.commands import entry
from web.interest import crowd
from web.interest.crowd import Crowd
from web.strings import all_strings

CALLS = """
[[call]]
id = "courses"
title = { en = "Three <courses>", eu = "Hiru ikastaro" }
text = { en = "With colleagues." }
button = { en = "Take part" }
from = 2026-11-01
until = 2026-12-01
keep = "90d"
options = [{ id = "heat", label = { en = "Heat", eu = "Beroa" } }, { id = "grid", label = { en = "Grids" } }]

[[call]]
id = "elsewhere"
title = { en = "Elsewhere" }
button = { en = "Go" }
url = "https://courses.example/"

[[call]]
id = "own-words"
title = { en = "In our words" }
button = { en = "Go" }
consent = { eu = "Gordetzen uzten dizuet." }
"""
ANE: Mapping[str, str] = {
    "name": "  Ane   Etxeberria ",
    "organisation": "Udala",
    "town": "Zarautz",
    "country": "ES",
    "email": "Ane@zarautz.example",
    "consent": "yes",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    text = settings.sources.read_text().replace(
        'title = "Test stream"', 'title = "Test stream"\ncontact = "us@test.example"'
    )
    settings.sources.write_text(text + CALLS)
    return settings


# How an entry is kept is tried on both engines in tests/store.
@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def visitor(machine: Machine) -> AsyncIterator[ClientSession]:
    async with serving(machine) as address, asking(address, Accept="text/html") as session:
        yield session


def form(fields: Mapping[str, str], *options: str) -> FormData:
    data = FormData(fields)
    for option in options:
        data.add_field("option", option)
    return data


async def page_of(visitor: ClientSession, path: str, status: int = 200, **options: Any) -> Any:
    async with visitor.request(options.pop("method", "GET"), path, allow_redirects=False, **options) as answer:
        assert answer.status == status, (answer.status, await answer.text())
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
        return html.fromstring(await answer.text())


async def token_of(visitor: ClientSession, clock: Clock, path: str = "/interest/courses?ui=eu") -> str:
    """The token of a form that a person has had time to fill in."""
    tree = await page_of(visitor, path)
    clock.forward(seconds=20)
    return tree.xpath("//input[@name='token']/@value")[0]


async def post(visitor: ClientSession, fields: Mapping[str, str], *options: str, ui: str = "eu", **more: Any) -> Any:
    """Whatever comes back where something is wrong, as a page."""
    data = form(fields, *options)
    return await page_of(visitor, f"/interest/courses?ui={ui}", method="POST", data=data, **{"status": 400, **more})


async def entries(machine: Machine, call_id: str = "courses") -> list[Entry]:
    async with machine.database.read() as connection:
        return list(await read_entries(connection, call_id, machine.now()))


async def test_an_entry_is_kept_with_the_wording_and_the_time_and_sent_once(
    visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    token = await token_of(visitor, clock)
    data = {**ANE, "token": token}
    for _ in range(2):
        async with visitor.post(
            "/interest/courses?ui=eu", data=form(data, "grid", "heat"), allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/interest/courses/thanks?ui=eu")
    (kept,) = await entries(machine)
    assert (kept.name, kept.town, kept.country, kept.email) == (
        "Ane Etxeberria",
        "Zarautz",
        "ES",
        "Ane@zarautz.example",
    )
    assert (kept.options, kept.language, kept.at) == (("heat", "grid"), "eu", clock())
    assert (kept.expires_at - kept.at).days == 90
    shown = (await page_of(visitor, "/interest/courses?ui=eu")).xpath("//*[@id='wording']")[0].text_content()
    assert kept.consent == shown
    assert all(part in shown for part in ("Test stream", "us@test.example", "90", "Hiru ikastaro"))
    thanks = (await page_of(visitor, "/interest/courses/thanks?ui=eu")).text_content()
    assert all_strings()["eu"].text("interest_kept") in thanks
    assert "us@test.example" in thanks


async def test_who_goes_back_mends_an_entry_or_enters_a_colleague(
    visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    token = await token_of(visitor, clock)
    mended = {"email": "ane.e@zarautz.example"}
    colleague = {"name": "Jon Arana", "email": "jon@zarautz.example"}
    for changed in ({}, mended, colleague, colleague):
        data = form({**ANE, **changed, "token": token}, "heat")
        async with visitor.post("/interest/courses?ui=eu", data=data, allow_redirects=False) as answer:
            assert answer.status == 303
    assert [one.email for one in await entries(machine)] == [mended["email"], colleague["email"]]


async def test_mistakes_stand_at_their_fields_and_nothing_entered_is_lost(
    visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    token = await token_of(visitor, clock, "/interest/courses?ui=en")
    wrong = {**ANE, "name": " ", "email": "ane@zarautz", "town": "http://buy.example", "country": "XX", "consent": ""}
    tree = await post(visitor, {**wrong, "organisation": '"> ${7*7}', "token": token}, ui="en")
    assert tree.xpath("string(//title)").startswith("Error: Three <courses>")
    links = tree.xpath("//section[@autofocus and @tabindex='-1']//a/@href")
    assert links == ["#name", "#town", "#country", "#email", "#option", "#consent"]
    for link in links:
        (field,) = tree.xpath(f"//*[@id='{link[1:]}']")
        assert field.tag in {"input", "select"}
        assert field.get("aria-invalid") == "true", link
        described = field.get("aria-describedby").split()[-1]
        assert tree.xpath(f"//*[@id='{described}']")[0].text_content().startswith("Error: ")
    values = {
        field.get("name"): field.get("value") for field in tree.xpath("//form//input[@type='text' or @type='email']")
    }
    assert values == {
        "name": "",
        "organisation": '"> ${7*7}',
        "town": "http://buy.example",
        "email": "ane@zarautz",
        "homepage": "",
    }
    assert await entries(machine) == []
    # The token is the same, so that nobody has to wait once more.
    again = {**ANE, "token": tree.xpath("//input[@name='token']/@value")[0]}
    tree = await post(visitor, {**again, "email": "nothing"}, "heat", ui="en")
    assert tree.xpath("//input[@name='option' and @checked]/@value") == ["heat"]
    assert tree.xpath("//select/option[@selected]/@value") == ["ES"]
    assert tree.xpath("//input[@name='consent']/@checked")
    async with visitor.post("/interest/courses?ui=en", data=form(again, "heat"), allow_redirects=False) as answer:
        assert answer.status == 303
    assert len(await entries(machine)) == 1


WRONG = {
    "a name of controls": ("name", "Ane\x1b[2J", "interest_unfit"),
    "a name that turns the text around": ("name", "Ane\u202eecila", "interest_unfit"),
    "a name too long": ("name", "a" * 101, "interest_too_long"),
    "a name that leads somewhere": ("name", "See www.pills.example now", "interest_link"),
    "a town of markup": ("town", "<a href=x>", "interest_link"),
    "two lines": ("organisation", "a\nb", "interest_unfit"),
    "an address too long": ("email", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example", "interest_too_long"),
    "two addresses": ("email", "a@b.example,c@d.example", "interest_no_email"),
    "a header in an address": ("email", "a@b.example\r\nBcc: c@d.example", "interest_unfit"),
    "a name that nobody can see": ("name", "\u200b\u3164", "interest_missing"),
    "marks without a letter": ("town", "\u0301\u0301", "interest_missing"),
    "a country in words": ("country", "Spain", "interest_too_long"),
}  # fmt: skip


async def test_each_mistake_is_told_in_words(visitor: ClientSession, machine: Machine, clock: Clock) -> None:
    token = await token_of(visitor, clock, "/interest/courses?ui=hr")
    for what, (field, value, key) in WRONG.items():
        tree = await post(visitor, {**ANE, field: value, "token": token}, "heat", ui="hr")
        strings = all_strings()["hr"]
        (said,) = tree.xpath("//section[@autofocus]//li")
        told = strings.text(key).format(field=strings.text(f"interest_{field}"), most=interest_length(field))
        assert said.text_content() == told, what
    tree = await post(visitor, {**ANE, "token": token}, "heat", "gas", ui="hr")
    assert tree.xpath("//section[@autofocus]//a/@href") == ["#option"]
    assert await entries(machine) == []


def interest_length(field: str) -> int:
    return {"name": 100, "organisation": 150, "town": 100, "country": 2, "email": 254}[field]


@pytest.mark.parametrize(
    "said",
    ["ane.etxe+1@zarautz.example", "ane@bücher.example", "josé@correo.example", "o'neill@a.b.c.example"],
)  # fmt: skip
async def test_unusual_addresses_are_right(visitor: ClientSession, machine: Machine, clock: Clock, said: str) -> None:
    data = form({**ANE, "email": said, "organisation": "", "token": await token_of(visitor, clock)}, "heat")
    async with visitor.post("/interest/courses?ui=eu", data=data, allow_redirects=False) as answer:
        assert answer.status == 303
    assert [one.email for one in await entries(machine)] == [said]


async def test_marks_that_nobody_sees_are_taken_out_of_an_address(
    visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    said = {"email": "\ufeff\u202aane\u00ad@zarautz\u200b.example\u202c", "organisation": "\u200b \t", "country": "es"}
    data = form({**ANE, **said, "token": await token_of(visitor, clock)}, "heat")
    async with visitor.post("/interest/courses?ui=eu", data=data, allow_redirects=False) as answer:
        assert answer.status == 303
    (kept,) = await entries(machine)
    assert (kept.email, kept.organisation, kept.country) == ("ane@zarautz.example", "", "ES")


async def test_what_only_a_program_would_do_is_shown_again_and_loses_nothing(
    visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    words = all_strings()["eu"]
    quick = (await page_of(visitor, "/interest/courses?ui=eu")).xpath("//input[@name='token']/@value")[0]
    clock.forward(seconds=2.9)
    tree = await post(visitor, {**ANE, "email": "x", "token": quick}, "heat")
    assert tree.xpath("//section[@autofocus]//a/@href") == ["#email"]
    assert words.text("interest_quick") not in tree.text_content()
    tree = await post(visitor, {**ANE, "token": quick}, "heat")
    assert words.text("interest_quick") in tree.text_content()
    assert tree.xpath("//input[@name='token']/@value") == [quick]
    clock.forward(seconds=0.2)
    tree = await post(visitor, {**ANE, "token": quick, "homepage": "https://a.example"}, "heat")
    assert words.text("interest_trapped") in tree.text_content()
    assert tree.xpath("//input[@name='homepage']/@value") == [""]
    for token in ("", "1.2.3", quick[:-1] + "x", "é" * 9, quick.replace(quick[0], "9", 1)):
        tree = await post(visitor, {**ANE, "token": token}, "heat")
        assert words.text("interest_strange") in tree.text_content()
        assert not tree.xpath("//input[@name='consent']/@checked")
        assert tree.xpath("//input[@id='name']/@value") == ["Ane Etxeberria"]
    assert await entries(machine) == []
    clock.forward(hours=12)
    fresh = (await post(visitor, {**ANE, "token": quick}, "heat")).xpath("//input[@name='token']/@value")[0]
    clock.forward(seconds=3)
    async with visitor.post(
        "/interest/courses?ui=eu", data=form({**ANE, "token": fresh}, "heat"), allow_redirects=False
    ) as answer:
        assert answer.status == 303


async def test_a_wording_that_changed_meanwhile_is_agreed_to_anew(
    visitor: ClientSession, machine: Machine, clock: Clock, settings: Settings
) -> None:
    token = await token_of(visitor, clock)
    # As it was shown in Basque, nobody has agreed to it in English.
    assert await post(visitor, {**ANE, "token": token}, "heat", ui="en") is not None
    settings.sources.write_text(settings.sources.read_text().replace('keep = "90d"', 'keep = "900d"'))
    await machine.reload()
    tree = await post(visitor, {**ANE, "token": token}, "heat")
    assert "900" in tree.xpath("//*[@id='wording']")[0].text_content()
    assert await entries(machine) == []
    tree = await page_of(visitor, "/interest/own-words?ui=en")
    (wording,) = tree.xpath("//*[@id='wording']")
    assert (wording.get("lang"), wording.text_content()) == ("eu", "Gordetzen uzten dizuet.")


async def test_before_and_after_its_time_a_call_takes_nothing_and_says_so(
    visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    token = await token_of(visitor, clock)
    start = clock.moment
    for days, get_status, post_status, said in (
        (-30, 200, 403, "opens on 1 November 2026"),
        (9, 410, 410, "closed on 1 December 2026"),
    ):
        clock.moment = start
        clock.forward(days=days)
        assert said in (await page_of(visitor, "/interest/courses?ui=en", get_status)).text_content()
        tree = await post(visitor, {**ANE, "token": token}, "heat", ui="en", status=post_status)
        assert said in tree.text_content()
        assert [call["id"] for call in (await read(visitor, "/calls.json"))["calls"]] == ["elsewhere", "own-words"]
        async with visitor.post("/interest", json={**ANE, "call": "courses"}) as answer:
            assert (answer.status, answer.content_type) == (post_status, "application/problem+json")
            assert said in (await answer.json(content_type=None))["detail"]
        async with visitor.get("/interest/courses", headers={"Accept": "application/json"}) as answer:
            assert (answer.status, answer.content_type) == (post_status, "application/problem+json")
            assert said in (await answer.json(content_type=None))["detail"]
    assert await entries(machine) == []


async def test_open_calls_are_listed_and_a_call_that_closes_is_seen_by_who_has_the_old_page(
    visitor: ClientSession, clock: Clock
) -> None:
    calls = (await read(visitor, "/calls.json"))["calls"]
    assert calls[0] == {
        "id": "courses",
        "title": {"en": "Three <courses>", "eu": "Hiru ikastaro"},
        "text": {"en": "With colleagues."},
        "button": {"en": "Take part"},
        "url": "http://127.0.0.1:8000/interest/courses",
        "until": "2026-12-02T00:00:00Z",
    }
    assert (calls[1]["url"], "until" in calls[1]) == ("https://courses.example/", False)
    tags = {}
    for path in ("/", "/calls.json"):
        async with visitor.get(path) as answer:
            assert "courses" in await answer.text()
            tags[path] = answer.headers["ETag"]
    clock.moment = clock.moment.replace(month=12, day=2, hour=0)
    for path, tag in tags.items():
        async with visitor.get(path, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 200
            assert "interest/courses" not in await answer.text()


async def test_the_host_page_leads_to_the_form_in_the_visitors_language(visitor: ClientSession) -> None:
    async with visitor.get("/?lang=eu") as answer:
        tree = html.fromstring(await answer.text())
    assert tree.xpath("//section[@class='call']//a/@href") == [
        "/interest/courses?ui=eu", "https://courses.example/", "/interest/own-words?ui=eu",
    ]  # fmt: skip
    assert "2026(e)ko abenduaren 1" in tree.xpath("//section[@class='call']")[0].text_content()


async def test_unknown_calls_and_calls_that_lead_elsewhere_have_no_form(visitor: ClientSession) -> None:
    for path in ("/interest/nothing", "/interest/nothing/thanks", "/interest/elsewhere/thanks"):
        async with visitor.get(path) as answer:
            assert answer.status == 404
    async with visitor.get("/interest/elsewhere", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "https://courses.example/")
    for path, data in (("/interest/elsewhere", ANE), ("/interest", ANE), ("/interest", {**ANE, "call": "nothing"})):
        async with visitor.post(path, data=data) as answer:
            assert answer.status == 404
    async with visitor.get("/interest") as answer:
        assert answer.status == 405


async def test_a_program_is_told_what_to_send_and_what_is_wrong(
    machine: Machine, visitor: ClientSession, clock: Clock
) -> None:
    as_program = {"Accept": "application/json"}
    async with visitor.get("/interest/courses?ui=eu", headers=as_program) as answer:
        asked = await answer.json()
    assert asked["needs"] == ["name", "town", "country", "email", "option", "consent"]
    assert asked["option"] == {"heat": "Beroa", "grid": "Grids"}
    entry = {**ANE, "call": "courses", "ui": asked["ui"], "token": asked["token"], "consent": True, "option": "grid"}
    async with visitor.post("/interest", json={**entry, "email": "x", "option": 7}, headers=as_program) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
        assert answer.headers["Cache-Control"] == "no-store"
    assert [error["field"] for error in problem["errors"]] == ["email", "option"]
    clock.forward(seconds=4)
    # A token is for one wording: that of another language is told where its own is.
    async with visitor.post("/interest", json={**entry, "ui": "fr"}, headers=as_program) as answer:
        problem = await answer.json(content_type=None)
    assert (answer.status, [error["field"] for error in problem["errors"]]) == (400, ["token"])
    assert "GET http://127.0.0.1:8000/interest/courses?ui=fr as JSON" in problem["detail"]
    for changed, status in (({"consent": "no"}, 400), ({"consent": 1}, 400), ({"name": ["x"]}, 400), ({}, 201)):
        async with visitor.post("/interest", json={**entry, **changed}, headers=as_program) as answer:
            assert answer.status == status, changed
            said = await answer.json(content_type=None)
    assert said == {"call": "courses", "status": "kept", "days": 90}
    (kept,) = await entries(machine)
    assert (kept.options, kept.consent) == (("grid",), asked["consent"])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"name=%00&call=courses", "application/x-www-form-urlencoded", 400),
        (b'{"name": "\\ud800", "call": "courses"}', "application/json", 400),
        (b"x", "text/plain", 415),
        (b"x" * 60_000, "application/x-www-form-urlencoded", 413),
        (b"--b--", "multipart/form-data; boundary=b", 415),
    ],
)
async def test_what_is_no_form_is_refused(
    visitor: ClientSession, machine: Machine, body: bytes, content_type: str, status: int
) -> None:
    for path in ("/interest/courses", "/interest"):
        async with visitor.post(path, data=body, headers={"Content-Type": content_type}) as answer:
            assert answer.status == status
    assert await entries(machine) == []


async def test_many_posts_of_one_address_wait_and_a_forged_header_does_not_help(
    visitor: ClientSession, machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "POSTS_AN_ADDRESS", 3)
    token = await token_of(visitor, clock)
    for number in range(3):
        await post(
            visitor, {**ANE, "email": "x", "token": token}, "heat", headers={"X-Forwarded-For": f"1.1.1.{number}"}
        )
    clock.forward(minutes=20)
    forged = {"X-Forwarded-For": "9.9.9.9", "Forwarded": "for=9.9.9.9", "X-Real-IP": "9.9.9.9"}
    tree = await post(visitor, {**ANE, "token": token}, "heat", status=429, headers=forged)
    assert all_strings()["eu"].text("interest_crowd").format(minutes=40) in tree.text_content()
    assert tree.xpath("//input[@id='name']/@value") == ["Ane Etxeberria"]
    async with visitor.post("/interest", json={**ANE, "call": "courses"}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2401")
    clock.forward(minutes=41)
    async with visitor.post(
        "/interest/courses?ui=eu", data=form({**ANE, "token": token}, "heat"), allow_redirects=False
    ) as answer:
        assert answer.status == 303


async def test_a_call_takes_so_many_an_hour(
    visitor: ClientSession, machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.interest.routes.ENTRIES_A_CALL", 4)
    tokens = [await token_of(visitor, clock) for _ in range(7)]

    async def send(number: int) -> int:
        data = form({**ANE, "email": f"a{number}@b.example", "token": tokens[number]}, "heat")
        async with visitor.post("/interest/courses?ui=eu", data=data, allow_redirects=False) as answer:
            return answer.status

    assert sorted(await asyncio.gather(*map(send, range(7)))) == [303] * 4 + [429] * 3
    assert len(await entries(machine)) == 4


def test_an_address_is_counted_under_a_digest_that_lasts_a_day_and_forgotten_after_an_hour(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Crowd()
    for _ in range(crowd.POSTS_AN_ADDRESS):
        assert counted.admit("192.0.2.7", clock()) is None
    assert counted.admit("192.0.2.7", clock.forward(minutes=1)) == timedelta(minutes=59)
    assert counted.admit("192.0.2.8", clock()) is None
    assert "192.0.2" not in repr(vars(counted))
    keys = set(counted._times)
    assert counted.admit("192.0.2.9", clock.forward(minutes=61)) is None
    assert len(counted._times) == 1
    clock.forward(days=1)
    assert counted.admit("192.0.2.7", clock()) is None
    assert not keys & set(counted._times)
    monkeypatch.setattr(crowd, "MOST_ADDRESSES", 50)
    for number in range(200):
        counted.admit(str(number), clock.forward(seconds=1))
    assert len(counted._times) == 50


@pytest.fixture
def whole_log(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the program itself would write with MPOWER_LOG=debug."""
    root, written = logging.getLogger(), io.StringIO()
    before, raising = (root.level, root.handlers[:]), logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in entry.QUIETED}
    monkeypatch.setattr("sys.stderr", written)
    root.handlers = []  # else they would be closed
    entry.start_log(replace(settings, log_level="debug"))
    yield written
    root.handlers, logging.raiseExceptions = before[1], raising
    root.setLevel(before[0])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def test_what_people_enter_is_in_no_log_of_any_level_even_when_it_cannot_be_kept(
    whole_log: io.StringIO, visitor: ClientSession, machine: Machine, clock: Clock
) -> None:
    token = await token_of(visitor, clock)
    for email, status in ((ANE["email"], 303), ("wrong", 400), (ANE["email"], 503)):
        if status == 503:
            async with machine.database.write() as connection:
                await connection.exec_driver_sql("ALTER TABLE interest RENAME TO gone")
        data = form({**ANE, "email": email, "token": token}, "heat")
        async with visitor.post("/interest/courses?ui=eu", data=data, allow_redirects=False) as answer:
            assert answer.status == status
    assert "no such table" in whole_log.getvalue()
    for word in ("Etxeberria", "zarautz", "Zarautz", "Udala"):
        assert word not in whole_log.getvalue()


@pytest.mark.parametrize("language", sorted(all_strings()))
async def test_the_form_speaks_every_language_below_the_public_addresss_path(
    settings: Settings, clock: Clock, language: str
) -> None:
    below = replace(settings, public_url="https://city.example/news")
    async with open_machine(below, now=clock) as machine, serving(machine) as address, asking(address) as visitor:
        tree = await page_of(visitor, f"/interest/courses?ui={language}")
        assert tree.get("lang") == language
        assert tree.xpath("//form/@action") == [f"/news/interest/courses?ui={language}"]
        for key in (
            "interest_name",
            "interest_required",
            "interest_optional",
            "interest_consent_label",
            "interest_trap",
        ):
            assert all_strings()[language].text(key) in tree.text_content()
        assert {field.get("autocomplete") for field in tree.xpath("//form//*[@autocomplete]")} == {
            "name", "organization", "address-level2", "country", "email", "off",
        }  # fmt: skip
        for field in tree.xpath("//form//*[self::input or self::select][not(@type='hidden')]"):
            assert tree.xpath(f"//label[@for='{field.get('id')}']"), field.get("name")
        (trap,) = tree.xpath("//*[@aria-hidden='true']//input")
        assert (trap.get("type"), trap.get("tabindex"), trap.get("autocomplete")) == ("text", "-1", "off")
