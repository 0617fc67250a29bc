"""A call's own form: shown, taken, mended, answered. It needs neither script nor cookie, and no third party.

What is wrong with an entry stands in `form.py`, how it is kept in `aggregator/store/interest.py`. A post from
another site is no danger: whoever sends it is not signed in here, and can only send an interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from aggregator.calls import Call
from aggregator.machine import Machine
from aggregator.store.interest import Entry, count_since, keep_entry
from curation.access import address_of
from curation.application import MACHINE
from curation.problems import Problem
from web.interest.crowd import WINDOW, Crowd
from web.interest.form import NOTHING, TRAP, Fault, Sent, faults_of, read_sent
from web.interest.formtokens import Standing, judge_token, token_key
from web.interest.opencalls import open_calls
from web.interest.pages import (
    NO_STORE,
    Notice,
    closed_page,
    closed_status,
    describe,
    form_page,
    subject_of,
    when_open,
    word_page,
)
from web.site import Site, site_of
from web.strings import all_strings
from web.views import consent_of, contact_of

CROWD: Final = web.AppKey("crowd", Crowd)
ENTRIES_A_CALL: Final = 600  # an hour; beyond that it is no interest any more
NO_CALL: Final = "There is no call of that id with a form here."


async def show_form(request: web.Request) -> web.Response:
    """`GET /interest/{id}`: the form; for a program that asks for JSON, what it must send."""
    machine, site, now = request.app[MACHINE], site_of(request, request.query.get("ui")), request.app[MACHINE].now()
    call = _find(machine, request.match_info["id"])
    if call.url:
        raise web.HTTPFound(call.url)
    if not call.is_open(now):
        return _refuse_closed(request, call, site, now) if _is_program(request) else closed_page(call, site, now)
    if _is_program(request):
        return describe(call, site, machine)
    return form_page(call, site, machine, NOTHING)


async def take(request: web.Request) -> web.Response:
    """`POST /interest/{id}`, or `POST /interest` with the call's id as `call`: an entry, as a form or as JSON."""
    machine, now = request.app[MACHINE], request.app[MACHINE].now()
    sent = await read_sent(request)
    call = _find(machine, request.match_info.get("id") or sent.call_id)
    site = site_of(request, request.query.get("ui"), sent.language)
    if call.url:
        raise Problem(HTTPStatus.NOT_FOUND, NO_CALL)
    if not call.is_open(now):
        return _refuse_closed(request, call, site, now)
    faults = faults_of(sent, call)
    notices = _notices(request, call, site, sent, is_right=not faults)
    if not faults and not notices:
        if notice := await _keep(machine, call, site, sent):
            notices = (notice,)
        else:
            return _thank(request, call, site)
    return _again(request, call, site, sent, faults, notices)


async def thanks(request: web.Request) -> web.Response:
    """`GET /interest/{id}/thanks`: says that it was kept. The same for everybody, so it tells nothing of anybody."""
    machine, site = request.app[MACHINE], site_of(request, request.query.get("ui"))
    call, strings = _find(machine, request.match_info["id"]), site.strings
    if call.url:
        raise Problem(HTTPStatus.NOT_FOUND, NO_CALL)
    again = strings.text("interest_again").format(contact=contact_of(site.configuration, site.public_url))
    lines = [strings.text("interest_kept"), again]
    return word_page(site, call, heading=strings.text("interest_thanks"), lines=lines)


async def calls_json(request: web.Request) -> web.Response:
    """`GET /calls.json`: the calls that are open."""
    public_url = request.app[MACHINE].settings.public_url.rstrip("/")
    calls = [_call_json(call, public_url) for call in open_calls(request)]
    return web.json_response({"calls": calls})


CACHED_ROUTES = (("/calls.json", calls_json),)
PAGES = (("/interest/{id}", show_form), ("/interest/{id}/thanks", thanks))
ROUTES = ((hdrs.METH_POST, "/interest/{id}", take), (hdrs.METH_POST, "/interest", take))


def _call_json(call: Call, public_url: str) -> dict[str, object]:
    words = {"title": dict(call.title), "text": dict(call.text), "button": dict(call.button)}
    until = {"until": f"{call.closes_at:%Y-%m-%dT%H:%M:%SZ}"} if call.closes_at else {}
    return {"id": call.id, **words, "url": call.url or f"{public_url}/interest/{call.id}", **until}


def _find(machine: Machine, call_id: str) -> Call:
    call = machine.configuration.call(call_id)
    if call is None:
        raise Problem(HTTPStatus.NOT_FOUND, NO_CALL)
    return call


def _notices(request: web.Request, call: Call, site: Site, sent: Sent, *, is_right: bool) -> tuple[Notice, ...]:
    """What speaks against a post as a whole. Whoever has fields to mend need not hear that it was quick."""
    machine = request.app[MACHINE]
    wait = request.app[CROWD].admit(address_of(request), machine.now())
    if wait is not None:
        return (Notice("interest_crowd", HTTPStatus.TOO_MANY_REQUESTS, wait),)
    found = [Notice("interest_trapped")] if sent.trap else []
    standing = judge_token(machine.secret, subject_of(call, site), sent.token, machine.now())
    if standing is Standing.STRANGE or (standing is Standing.QUICK and is_right):
        found.append(Notice(f"interest_{standing}"))
    return tuple(found)


async def _keep(machine: Machine, call: Call, site: Site, sent: Sent) -> Notice | None:
    now = machine.now()
    entry = Entry(
        call_id=call.id,
        **sent.values,
        options=tuple(option.id for option in call.options if option.id in sent.options),
        language=site.strings.language,
        consent=consent_of(call, site.configuration, site.strings, site.public_url).text,
        at=now,
        expires_at=now + call.keep,
    )
    async with machine.database.write() as connection:
        if await count_since(connection, call.id, now - WINDOW) >= ENTRIES_A_CALL:
            return Notice("interest_crowd", HTTPStatus.TOO_MANY_REQUESTS, WINDOW)
        await keep_entry(connection, entry, token_key(sent.token, entry.name))
    return None


def _thank(request: web.Request, call: Call, site: Site) -> web.Response:
    """By another address, so that to load it again sends nothing again (RFC 9110, 15.4.4)."""
    if _is_program(request):
        days = {"call": call.id, "status": "kept", "days": call.keep.days}
        return web.json_response(days, status=HTTPStatus.CREATED, headers=NO_STORE)
    location = f"{site.root}/interest/{call.id}/thanks?ui={site.strings.language}"
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**NO_STORE, hdrs.LOCATION: location})


def _again(
    request: web.Request, call: Call, site: Site, sent: Sent, faults: tuple[Fault, ...], notices: tuple[Notice, ...]
) -> web.Response:
    """The form once more, with all that was entered and what to do about it."""
    machine = request.app[MACHINE]
    status = next((notice.status for notice in notices), HTTPStatus.BAD_REQUEST)
    wait = next((notice.wait for notice in notices if notice.wait), None)
    headers = {"Retry-After": str(int(wait.total_seconds()) + 1)} if wait else {}
    if _is_program(request):
        form = f"{site.public_url}/interest/{call.id}?ui={site.strings.language}"
        return _problem(status, faults, notices, headers, form).answer()
    if any(notice.key == f"interest_{Standing.STRANGE}" for notice in notices):
        sent = replace(sent, token="", agrees=False)
    response = form_page(call, site, machine, sent, faults, notices, status=status)
    response.headers.update(headers)
    return response


def _problem(
    status: HTTPStatus, faults: tuple[Fault, ...], notices: tuple[Notice, ...], headers: Mapping[str, str], form: str
) -> Problem:
    """What is wrong, in English; to programs also where there is a token for this language (`form`)."""
    english = all_strings()["en"]
    cures = {f"interest_{Standing.STRANGE}": f" A new token, with the wording to agree to: GET {form} as JSON."}
    of_fields = [{"field": fault.field, "detail": fault.words(english)} for fault in faults]
    field_of = {"interest_trapped": TRAP, "interest_crowd": ""}
    of_all = [
        {
            "field": field_of.get(one.key, "token"),
            "detail": english.text(one.key).format(minutes=one.minutes) + cures.get(one.key, ""),
        }
        for one in notices
    ]
    errors = [*of_all, *of_fields]
    detail = " ".join(error["detail"] for error in errors)
    return Problem(status, detail, field=errors[0]["field"], errors=errors, headers={**NO_STORE, **headers})


def _refuse_closed(request: web.Request, call: Call, site: Site, now: datetime) -> web.Response:
    if not _is_program(request):
        return closed_page(call, site, now, is_post=True)
    english = replace(site, strings=all_strings()["en"])
    status = closed_status(call, now, is_post=True)
    return Problem(status, when_open(call, english, now), headers=NO_STORE).answer()


def _is_program(request: web.Request) -> bool:
    """Whoever sends JSON, or asks for it and for no page."""
    accepts = request.headers.get(hdrs.ACCEPT, "")
    return request.content_type == "application/json" or ("json" in accepts and "text/html" not in accepts)
