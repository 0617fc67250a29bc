"""The door of the editors' room: who gets in, whose requests count, and what every answer carries."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from aggregator.errors import StoreError
from aggregator.machine import Machine
from aggregator.store.tables import decision
from curation import api, door, live, pages, rendering
from curation.access import POLICY, anyone, local_path, require
from curation.attempts import ATTEMPTS_PER_NAME
from curation.editors import Role, disable, make_token, set_password
from curation.forms import read_form, read_json
from curation.problems import Handler, answer_problems
from tests.builders import keep, sighting, source
from tests.conftest import Clock
from tests.curation.conftest import PASSWORD, Visitor, build_app, dump


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is kept is tried on both engines in test_editors.py; the door itself knows no SQL."""
    return sqlite_url


JSON = {"Content-Type": "application/json"}
PAGES = ("/curation/", "/curation/sources", "/curation/audit", "/curation/counts", "/curation/api/items")


async def put_item(room: Machine) -> str:
    return (await keep(room.database, source(), [sighting(1)], room.now())).item_ids[0]


# Unsafe requests must come from the page that was shown


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        pytest.param({"csrf": ""}, {}, id="no token"),
        pytest.param({"csrf": "x" * 43}, {}, id="a token that is made up"),
        pytest.param({"csrf": "\udcff"}, {}, id="a token that is no text"),
        pytest.param({}, {"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({}, {"Origin": "null"}, id="an origin that hides itself"),
        pytest.param({}, {"Origin": "http://["}, id="an origin that is no address"),
        pytest.param({}, {"Origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({}, {"Sec-Fetch-Site": "cross-site"}, id="the browser says it is another site"),
        pytest.param({}, {"Sec-Fetch-Site": "same-site"}, id="the browser says it is a sister site"),
        pytest.param({}, {"Content-Type": "text/plain"}, id="a body that a foreign form can send as text"),
        pytest.param({}, {"Content-Type": "multipart/form-data; boundary=x"}, id="a body of another shape"),
    ],
)
async def test_a_forged_decision_is_refused(
    room: Machine, visitor: Visitor, data: dict[str, str], headers: dict[str, str]
) -> None:
    item_id = await put_item(room)
    await visitor.sign_in("ana")
    before = await dump(room.database)
    form = {"action": "approve", "version": "1", "csrf": visitor.csrf} | data
    body = "&".join(f"{name}={value}" for name, value in form.items()).encode(errors="surrogateescape")
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    answer = await visitor.get("/curation/")
    answer = await visitor._ask("POST", f"/curation/items/{item_id}/decision", data=body, headers=headers)
    assert answer.status in {400, 403}
    assert await dump(room.database) == before


async def test_the_token_of_another_session_is_refused(room: Machine, visitor: Visitor, other: Visitor) -> None:
    item_id = await put_item(room)
    await visitor.sign_in("ana")
    await other.sign_in("root")
    for client, csrf in ((visitor, other.csrf), (other, visitor.csrf)):
        answer = await client.post(
            f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1", "csrf": csrf}
        )
        assert answer.status == 403
    async with room.database.read() as connection:
        assert (await connection.execute(select(decision))).all() == []


async def test_a_program_in_a_foreign_page_cannot_use_the_session(room: Machine, visitor: Visitor) -> None:
    """A session alone opens no JSON route either; the header needs a script of ours."""
    item_id = await put_item(room)
    await visitor.sign_in("ana")
    path, body = f"/curation/api/items/{item_id}/decision", {"action": "approve", "version": 1}
    assert (await visitor._ask("POST", path, json=body)).status == 403
    assert (await visitor._ask("POST", path, json=body, headers={"X-CSRF-Token": "wrong"})).status == 403
    assert (await visitor._ask("POST", path, json=body, headers={"X-CSRF-Token": visitor.csrf})).status == 200


async def test_the_page_itself_may_send_what_it_was_given(room: Machine, visitor: Visitor, server: TestServer) -> None:
    item_id = await put_item(room)
    await visitor.sign_in("ana")
    headers = {"Origin": str(server.make_url("")).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    answer = await visitor.post(
        f"/curation/items/{item_id}/decision", {"action": "approve", "version": "1"}, headers=headers
    )
    assert answer.status == 303


async def test_behind_a_proxy_the_public_address_is_the_right_origin(room: Machine, visitor: Visitor) -> None:
    item_id = await put_item(room)
    await visitor.sign_in("ana")
    answer = await visitor.post(
        f"/curation/items/{item_id}/decision",
        {"action": "approve", "version": "1"},
        headers={"Origin": "http://stream.example"},
    )
    assert answer.status == 303


# Signing in


async def test_signing_in_needs_the_token_of_its_own_form(room: Machine, visitor: Visitor, other: Visitor) -> None:
    await visitor.get("/curation/sign-in")
    await other.get("/curation/sign-in")
    form = {"name": "ana", "password": PASSWORD}
    assert (await visitor.post("/curation/sign-in", form | {"csrf": ""})).status == 403
    assert (await visitor.post("/curation/sign-in", form | {"csrf": other.csrf})).status == 403
    assert (await visitor.post("/curation/sign-in", form, headers={"Origin": "https://evil.example"})).status == 403
    visitor.client.session.cookie_jar.clear()
    assert (await visitor.post("/curation/sign-in", form)).status == 403
    assert visitor.cookie("mpower_session") is None


async def test_a_session_that_was_planted_before_is_not_taken_over(visitor: Visitor, server: TestServer) -> None:
    visitor.client.session.cookie_jar.update_cookies({"mpower_session": "planted"}, server.make_url("/curation/"))
    await visitor.sign_in("ana")
    assert visitor.cookie("mpower_session") not in {None, "planted"}


async def test_signing_in_again_gives_a_new_session_and_ends_the_one_before(
    room: Machine, visitor: Visitor, server: TestServer
) -> None:
    await visitor.sign_in("ana")
    first = visitor.cookie("mpower_session")
    assert first is not None
    async with room.database.write() as connection:
        token = await make_token(connection, "ana", now=room.now())
    # The form shows itself only to who is not signed in: a second tab may have been open before.
    visitor.client.session.cookie_jar.clear()
    await visitor.get("/curation/sign-in")
    visitor.client.session.cookie_jar.update_cookies({"mpower_session": first}, server.make_url("/curation/"))
    assert (await visitor.post("/curation/sign-in", {"name": "root", "password": PASSWORD})).status == 303
    assert visitor.cookie("mpower_session") != first
    visitor.client.session.cookie_jar.update_cookies({"mpower_session": first}, server.make_url("/curation/"))
    assert (await visitor.get("/curation/counts")).status == 303
    assert (await visitor.get("/curation/counts", headers={"Authorization": f"Bearer {token}"})).status == 200


async def test_who_signs_out_is_out(room: Machine, visitor: Visitor, server: TestServer) -> None:
    await visitor.sign_in("ana")
    secret = visitor.cookie("mpower_session")
    assert secret is not None
    assert (await visitor.get("/curation/sign-out")).status == 405
    answer = await visitor.post("/curation/sign-out")
    assert (answer.status, answer.headers["Location"]) == (303, "/curation/sign-in")
    visitor.client.session.cookie_jar.update_cookies({"mpower_session": secret}, server.make_url("/curation/"))
    assert (await visitor.get("/curation/api/items")).status == 401
    assert (await dump(room.database))["session"] == []


@pytest.mark.parametrize("end", [set_password, disable], ids=["password changed", "disabled"])
async def test_all_sessions_end_when_the_editor_is(
    room: Machine, visitor: Visitor, other: Visitor, end: Callable[..., Awaitable[None]]
) -> None:
    await visitor.sign_in("ana")
    await other.sign_in("ana")
    async with room.database.write() as connection:
        await end(connection, "ana", *(["new"] if end is set_password else []))
    assert (await visitor.get("/curation/api/items")).status == 401
    assert (await other.get("/curation/")).status == 303


async def test_a_session_slides_while_it_is_used_and_ends_when_it_is_not(visitor: Visitor, clock: Clock) -> None:
    await visitor.sign_in("ana")
    for _ in range(6):
        clock.forward(hours=11)
        assert (await visitor.get("/curation/counts")).status == 200
    clock.forward(hours=12)
    assert (await visitor.get("/curation/counts")).status == 303


async def test_nothing_tells_whether_a_name_is_known(room: Machine, visitor: Visitor) -> None:
    async with room.database.write() as connection:
        await disable(connection, "vera")
    answers = []
    for name in ("ana", "nobody", "vera"):
        answer = await visitor.sign_in(name, "a wrong password")
        answers.append((answer.status, re.sub(r'value="[^"]*"', "", visitor.text)))
    assert len(set(answers)) == 1
    assert answers[0][0] == 401
    assert (await visitor.sign_in("vera")).status == 401


@pytest.mark.parametrize("name", ["ana", "nobody"])
async def test_too_many_wrong_sign_ins_have_to_wait_whatever_a_proxy_is_said_to_say(
    visitor: Visitor, clock: Clock, name: str, password_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.editors.NOBODY", password_hash)  # it is not the effort that makes anybody wait
    statuses = []
    for n in range(ATTEMPTS_PER_NAME + 2):
        headers = {
            "X-Forwarded-For": f"203.0.113.{n}",
            "Forwarded": f"for=203.0.113.{n}",
            "X-Real-IP": f"203.0.113.{n}",
        }
        answer = await visitor.sign_in(name, "a wrong password", headers=headers)
        statuses.append(answer.status)
    assert statuses == [401] * ATTEMPTS_PER_NAME + [429] * 2
    assert answer.headers["Retry-After"] == "900"
    assert "Try again in 15 minutes" in visitor.text
    assert (await visitor.sign_in(name)).status == 429
    clock.forward(minutes=15)
    assert (await visitor.sign_in(name)).status == (303 if name == "ana" else 401)


# Who may do what


async def test_too_little_a_role_is_refused_and_noted(room: Machine, visitor: Visitor) -> None:
    item_id = await put_item(room)
    await visitor.sign_in("vera")
    form = {"action": "approve", "version": "1"}
    assert (await visitor.post(f"/curation/items/{item_id}/decision", form)).status == 403
    api = f"/curation/api/items/{item_id}/decision"
    answer = await visitor._ask("POST", api, json={"action": "approve"}, headers={"X-CSRF-Token": visitor.csrf})
    assert answer.status == 403
    assert answer.content_type == "application/problem+json"
    async with room.database.read() as connection:
        rows = (await connection.execute(select(decision).order_by(decision.c.id))).all()
    assert [(row.editor, row.action) for row in rows] == [("vera", "denied")] * 2
    assert api in rows[1].reason
    assert (await room_item(room, item_id))["state"] == "waiting"


async def room_item(room: Machine, item_id: str) -> dict[str, Any]:
    rows = (await dump(room.database))["item"]
    return next({"state": row[4], "version": row[6]} for row in rows if row[0] == item_id)


async def test_a_handler_that_forgot_to_say_who_may_come_in_is_closed(room: Machine) -> None:
    async def forgetful(_request: web.Request) -> web.Response:
        return web.Response(text="inside")

    app = build_app(room)
    app.router.add_get("/curation/forgotten", forgetful)
    app.router.add_get("/public", forgetful)
    async with room.database.write() as connection:
        tokens = {name: await make_token(connection, name, now=room.now()) for name in ("ana", "root")}
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/public")).status == 200
        assert (await client.get("/curation/forgotten")).status == 401
        for name, status in (("ana", 403), ("root", 200)):
            answer = await client.get("/curation/forgotten", headers={"Authorization": f"Bearer {tokens[name]}"})
            assert answer.status == status


async def test_a_program_comes_in_by_token_and_needs_no_other(room: Machine, server: TestServer) -> None:
    item_id = await put_item(room)
    async with room.database.write() as connection:
        token = await make_token(connection, "ana", now=room.now())
    async with TestClient(server) as client:
        headers = {"Authorization": f"bearer {token}"}
        answer = await client.post(
            f"/curation/api/items/{item_id}/decision", json={"action": "approve"}, headers=headers
        )
        assert answer.status == 200


async def test_a_wrong_token_is_not_made_good_by_a_session(visitor: Visitor) -> None:
    await visitor.sign_in("ana")
    for value in ("Bearer wrong", "Bearer", "Bearer \udcff", "bearer  ' OR 1=1"):
        assert (await visitor.get("/curation/api/items", headers={"Authorization": value})).status == 401


# Strangers


@pytest.mark.parametrize("path", PAGES)
async def test_a_stranger_is_shown_the_door(visitor: Visitor, path: str) -> None:
    answer = await visitor.get(path, headers={"Accept": "*/*"})
    assert answer.status == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    problem = json.loads(visitor.text)
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", "Unauthorized", 401)


async def test_a_browser_comes_back_to_where_it_wanted_to_go(visitor: Visitor) -> None:
    answer = await visitor.get("/curation/?state=rejected&cursor=abc")
    assert answer.status == 303
    await visitor.get(answer.headers["Location"])
    found = re.search(r'name="next" value="([^"]+)"', visitor.text)
    assert found is not None
    target = found[1].replace("&amp;", "&")
    answer = await visitor.post("/curation/sign-in", {"name": "ana", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/curation/?state=rejected&cursor=abc"


EVIL = (
    "//evil.example",
    "https://evil.example/curation/",
    "/\\evil.example",
    "\\\\evil.example",
    "/curation/\\..\\//evil.example",
    "/curation//evil.example",
    "/curation/..//evil.example",
    "/curation/./..//evil.example",
    "/curation",
    "curation/",
    "/stream",
    " /curation/",
    "/curation/\r\nSet-Cookie: a=b",
    "/curation/\t",
    "javascript:alert(1)",
    "/curation/sign-in?next=/curation/",
    "/curation/é",
    "http:/curation/",
    "",
)


@pytest.mark.parametrize("target", EVIL)
def test_what_is_no_address_in_the_room_leads_to_its_front(target: str) -> None:
    assert local_path(target) == "/curation/"


async def test_no_sign_in_leads_to_another_place(visitor: Visitor) -> None:
    for target in EVIL[:6]:
        await visitor.get("/curation/sign-in", params={"next": target})
        assert 'name="next" value="/curation/"' in visitor.text
        answer = await visitor.post("/curation/sign-in", {"name": "ana", "password": PASSWORD, "next": target})
        assert answer.headers["Location"] == "/curation/"
        answer = await visitor.get("/curation/sign-in", params={"next": target})
        assert answer.headers["Location"] == "/curation/"
        await visitor.get("/curation/")
        assert (await visitor.post("/curation/sign-out")).status == 303


@given(st.one_of(st.text(), st.text(alphabet="/\\.:@?#ce%2f \t"), st.text(alphabet="/\\.@").map("/curation/{}".format)))
def test_whatever_is_asked_the_way_stays_in_the_room(target: str) -> None:
    reached = urlsplit(urljoin("https://stream.example/curation/sign-in", local_path(target)))
    assert reached.scheme == "https"
    assert reached.netloc == "stream.example"
    assert reached.path.startswith("/curation/")


# What every answer carries


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/curation/sign-in", 200),
        ("GET", "/curation/", 303),
        ("GET", "/curation/sign-in/unknown", 410),
        ("GET", "/curation/nowhere", 404),
        ("POST", "/curation/sign-in", 403),
        ("GET", "/curation/static/curation.css", 200),
        ("GET", "/curation/static/nothing.css", 404),
        ("GET", "/curation/api/items", 401),
        ("DELETE", "/curation/", 405),
    ],
)
async def test_every_answer_is_protected(visitor: Visitor, method: str, path: str, status: int) -> None:
    answer = await visitor._ask(method, path)
    assert answer.status == status
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert tuple(policy) == POLICY
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == ("no-cache" if path.endswith("curation.css") else "no-store")


async def test_the_session_cookie_is_for_this_room_alone(visitor: Visitor) -> None:
    answer = await visitor.sign_in("ana")
    cookie = answer.cookies["mpower_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/curation")
    assert not cookie["secure"]
    assert not cookie["domain"]


@pytest.mark.parametrize("public_url", ["https://stream.example"], indirect=False)
async def test_on_https_the_cookies_are_secure(visitor: Visitor, public_url: str) -> None:
    answer = await visitor.get("/curation/sign-in")
    assert public_url.startswith("https")
    assert answer.cookies["mpower_visitor"]["secure"]


async def test_public_addresses_are_left_alone(room: Machine) -> None:
    async def public(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = build_app(room)
    for path in ("/stream", "/curationist"):
        app.router.add_get(path, public)
    async with TestClient(TestServer(app)) as client:
        for path in ("/stream", "/curationist"):
            answer = await client.get(path)
            assert answer.status == 200
            assert "Content-Security-Policy" not in answer.headers
            assert not answer.cookies


# What goes wrong


async def broken(_request: web.Request) -> web.Response:
    msg = "the secret is hunter2"
    raise RuntimeError(msg)


async def out_of_reach(_request: web.Request) -> web.Response:
    msg = "the database is locked"
    raise StoreError(msg)


async def json_echo(request: web.Request) -> web.Response:
    return web.json_response(await read_json(request))


async def form_echo(request: web.Request) -> web.Response:
    return web.json_response(dict(await read_form(request)))


@pytest.fixture
async def plain() -> Any:
    app = web.Application(middlewares=[answer_problems], client_max_size=10_000)
    app.router.add_get("/broken", broken)
    app.router.add_get("/away", out_of_reach)
    app.router.add_post("/json", json_echo)
    app.router.add_post("/form", form_echo)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_what_nobody_expected_is_logged_and_not_told(
    plain: TestClient[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = await plain.get("/broken")
    assert (answer.status, answer.content_type) == (500, "application/problem+json")
    text = await answer.text()
    assert "hunter2" not in text
    assert "Traceback" not in text
    assert "RuntimeError: the secret is hunter2" in caplog.text


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"more")
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
        b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["while sending", "while reading"],
)
async def test_who_goes_away_in_the_middle_is_no_error_of_ours(caplog: pytest.LogCaptureFixture, sent: bytes) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        began.set()
        try:
            return await handler(request)
        finally:
            ended.set()

    app = web.Application(middlewares=[answer_problems, watch])
    app.router.add_post("/form", form_echo)
    app.router.add_get("/endless", endless)
    async with TestServer(app) as server:
        _, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(sent)
        await began.wait()
        writer.transport.abort()
        await ended.wait()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_database_that_is_away_is_said_so(
    plain: TestClient[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = await plain.get("/away")
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "out of reach" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"null",
        b"[" * 9000,
        b'{"a": ' * 1500,
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": "\\u0000"}',
        b'{"a": [{"b": "\\ud800"}]}',
        b'{"\\u0000": 1}',
    ],
)
async def test_a_body_that_is_no_json_object_is_the_callers_fault(plain: TestClient[Any, Any], body: bytes) -> None:
    answer = await plain.post("/json", data=body, headers=JSON)
    assert (answer.status, answer.content_type) == (400, "application/problem+json")
    assert (await answer.json(content_type=None))["status"] == 400


async def test_json_that_says_it_is_something_else_is_not_read(plain: TestClient[Any, Any]) -> None:
    assert (await plain.post("/json", data=b"{}", headers={"Content-Type": "text/plain"})).status == 415
    assert (await plain.post("/json", data=b'{"a": "\\ud83d\\ude00"}', headers=JSON)).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=1&a=2", "application/x-www-form-urlencoded", 200),
        (b"a=%00", "application/x-www-form-urlencoded", 400),
        (b"\xff=\xfe", "application/x-www-form-urlencoded", 400),
        (b"a=1", "application/x-www-form-urlencoded; charset=nonsense", 400),
        (b"&".join(b"f%d=1" % n for n in range(1500)), "application/x-www-form-urlencoded", 413),
        (b"a" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"--x\r\n", "multipart/form-data", 200),
        (b"{}", "application/json", 200),
    ],
)
async def test_a_form_that_cannot_be_read_is_the_callers_fault(
    plain: TestClient[Any, Any], body: bytes, kind: str, status: int
) -> None:
    answer = await plain.post("/form", data=body, headers={"Content-Type": kind})
    assert answer.status == status


async def test_an_address_that_is_no_text_is_refused(visitor: Visitor) -> None:
    for path in ("/curation/items/%00/decision", "/curation/?state=%00", "/curation/sign-in/%00"):
        assert (await visitor.get(path)).status == 400


def test_the_marks_on_handlers_are_what_the_door_reads() -> None:
    """`anyone` is for signing in and what its page needs, and for nothing else."""

    @require(Role.ADMIN)
    async def one(_request: web.Request) -> web.Response:
        return web.Response()

    @anyone
    async def two(_request: web.Request) -> web.Response:
        return web.Response()

    marks = {name: value for name, value in vars(one).items() if "needs" in name}
    assert list(marks.values()) == [Role.ADMIN]
    open_to_all = {
        value.__name__
        for module in (api, door, live, pages, rendering)
        for value in vars(module).values()
        if callable(value) and vars(two).items() <= getattr(value, "__dict__", {}).items()
    }
    assert open_to_all == {"show_sign_in", "sign_in", "show_link", "sign_in_by_link", "send_file"}
