"""The pages by which editors come in and go out. No GET uses anything up."""

from __future__ import annotations

import math
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web

from curation.access import (
    ROOM,
    SIGN_IN,
    address_of,
    anyone,
    greet_visitor,
    identity_of,
    let_in,
    let_out,
    local_path,
    require,
    session_of_visitor,
)
from curation.application import MACHINE
from curation.attempts import Attempt, forgive, note_attempt
from curation.cards import sentence
from curation.editors import PASSWORD_LEAST, EditorError, Passwords, Role, find_password, spell
from curation.forms import read_form
from curation.rendering import show
from curation.sessions import close_session, find_link, open_session, use_link

PASSWORDS = web.AppKey("passwords", Passwords)


@anyone
async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """The form; who is signed in already goes straight on."""
    target = local_path(request.query.get("next", ""))
    if await session_of_visitor(request) is not None:
        raise web.HTTPSeeOther(target)
    return _sign_in_page(request, target)


@anyone
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check name and password. A name that nobody has takes as long and gets the same answer as a wrong password."""
    machine, passwords = request.config_dict[MACHINE], request.config_dict[PASSWORDS]
    form = await read_form(request)
    name, password = spell(form.get("name", ""))[:256], form.get("password", "")
    target = local_path(form.get("next", ""))
    async with machine.database.write() as connection:
        attempt = await note_attempt(connection, name, address_of(request), now=machine.now())
    if not isinstance(attempt, Attempt):
        return _too_many(request, target, name, attempt)
    async with machine.database.read() as connection:
        kept = await find_password(connection, name)
    if not await passwords.fits(password, kept):
        return _sign_in_page(
            request, target, name, status=HTTPStatus.UNAUTHORIZED, trouble="That name and password do not fit together."
        )
    before = await session_of_visitor(request)
    async with machine.database.write() as connection:
        await forgive(connection, attempt)
        if before is not None:
            await close_session(connection, before.key)
        opened = await open_session(connection, name, now=machine.now())
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": target})
    let_in(request, response, opened.secret)
    return response


def _too_many(request: web.Request, target: str, name: str, wait: timedelta) -> web.Response:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    trouble = (
        f"There were too many wrong sign-ins. Try again in {minutes} minute{'s' if minutes > 1 else ''}, "
        "or ask an admin for a one-time link."
    )
    response = _sign_in_page(request, target, name, status=HTTPStatus.TOO_MANY_REQUESTS, trouble=trouble)
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def _sign_in_page(
    request: web.Request, target: str, name: str = "", *, status: int = HTTPStatus.OK, trouble: str = ""
) -> web.Response:
    csrf, set_cookie = greet_visitor(request)
    response = show(request, "sign_in.html", status=status, csrf=csrf, next=target, name=name, trouble=trouble)
    set_cookie(response)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="mPOWER Stream"'
    return response


@anyone
async def show_link(request: web.Request) -> web.StreamResponse:
    """What a one-time link would do. Mail programs open links to look at them: that must not use it up."""
    return await _link_page(request)


async def _link_page(request: web.Request, *, trouble: str = "") -> web.Response:
    machine = request.config_dict[MACHINE]
    async with machine.database.read() as connection:
        link = await find_link(connection, request.match_info["token"], now=machine.now())
    status = HTTPStatus.BAD_REQUEST if trouble else HTTPStatus.OK
    csrf, set_cookie = greet_visitor(request)
    response = show(
        request,
        "link.html",
        status=status if link is not None else HTTPStatus.GONE,
        link=link,
        csrf=csrf,
        least=PASSWORD_LEAST,
        trouble=trouble,
    )
    set_cookie(response)
    return response


@anyone
async def sign_in_by_link(request: web.Request) -> web.StreamResponse:
    """Use a one-time link up."""
    machine = request.config_dict[MACHINE]
    password = (await read_form(request)).get("password", "")
    secret = request.match_info["token"]
    before = await session_of_visitor(request)
    try:
        password_hash = await request.config_dict[PASSWORDS].hash(password) if password else None
        async with machine.database.write() as connection:
            opened = await use_link(connection, secret, password_hash=password_hash, now=machine.now())
            if opened is not None and before is not None:
                await close_session(connection, before.key)
    except EditorError as error:
        return await _link_page(request, trouble=sentence(str(error)))
    if opened is None:
        return await _link_page(request)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{ROOM}/"})
    let_in(request, response, opened.secret)
    return response


@require(Role.VIEWER)
async def sign_out(request: web.Request) -> web.StreamResponse:
    """Sign out."""
    async with request.config_dict[MACHINE].database.write() as connection:
        await close_session(connection, identity_of(request).key)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": SIGN_IN})
    let_out(response)
    return response
