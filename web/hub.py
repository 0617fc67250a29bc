"""The door of our own hub (https://www.w3.org/TR/websub/, section 5.1): who subscribes to a feed of ours asks here.

Nothing is done before the callback itself has confirmed it; that is ownhub.py's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from aggregator.events import HubAsked
from aggregator.filters import WrongValue
from aggregator.machine import Machine
from aggregator.ownhub import MOST, MOST_A_HOST, NO_ROOM, host_of
from aggregator.publishing import OWN
from aggregator.store.hubsubscriptions import count_asked, has_room, subscription_id
from aggregator.websub import FORM
from curation.application import MACHINE
from curation.problems import Problem
from web.outputs.feeds import read_topic
from web.push import read_body

LONGEST_FORM: Final = 20_000
MOST_FIELDS: Final = 50
LONGEST_CALLBACK: Final = 2_000
LONGEST_SECRET: Final = 200  # section 5.1: less than that, in bytes
LEASE: Final = 10 * 86_400
SHORTEST_LEASE, LONGEST_LEASE = 300, 30 * 86_400
MOST_ASKED: Final = 200


async def subscribe(request: web.Request) -> web.Response:
    """`POST /hub`: 202 where the callback will be asked, else the reason in plain text."""
    machine = request.app[MACHINE]
    if machine.configuration.stream.hub != OWN:
        raise Problem(HTTPStatus.NOT_FOUND)
    if request.content_type != FORM:
        return _no(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send a form ({FORM}).")
    body = await read_body(request, LONGEST_FORM)
    try:
        asked = read_asked(_read_form(body), machine)
    except WrongValue as error:
        return _no(HTTPStatus.BAD_REQUEST, f"{error.field}: {error.detail}.")
    return await _take(machine, asked)


async def _take(machine: Machine, asked: HubAsked) -> web.Response:
    wanted, now = subscription_id(asked.callback, asked.topic), machine.now()
    async with machine.database.write() as connection:
        if await count_asked(connection) >= MOST_ASKED:
            return _no(HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests wait here; try again later.")
        host = host_of(asked.callback)
        if asked.mode == "subscribe" and not await has_room(
            connection, host, wanted, most=MOST, most_a_host=MOST_A_HOST, now=now
        ):
            return _no(HTTPStatus.TOO_MANY_REQUESTS, f"{NO_ROOM}.")
        await machine.work.put(connection, asked, due_at=now, key=f"verify:{wanted}")
    await machine.bell.ring()
    return web.Response(status=HTTPStatus.ACCEPTED, headers=_HEADERS)


def _read_form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise WrongValue("form", f"may have at most {MOST_FIELDS} fields") from error


def read_asked(form: Mapping[str, str], machine: Machine) -> HubAsked:
    """What a subscriber asks for. Raises WrongValue that names the parameter."""
    mode, callback, topic = form.get("hub.mode", ""), form.get("hub.callback", ""), form.get("hub.topic", "")
    if mode not in {"subscribe", "unsubscribe"}:
        raise WrongValue("hub.mode", "must be subscribe or unsubscribe; this hub pushes its own feeds alone")
    if not callback.isascii() or not callback.isprintable() or len(callback) > LONGEST_CALLBACK or "#" in callback:
        raise WrongValue("hub.callback", f"must be an address of at most {LONGEST_CALLBACK} letters, without fragment")
    if not callback.lower().startswith(("http://", "https://")):
        raise WrongValue("hub.callback", "must be an address of the web")
    if reason := machine.sources.refuses(callback):
        raise WrongValue("hub.callback", reason)
    read_topic(topic, machine.shop.public_url)
    secret = form.get("hub.secret") or None
    # What PostgreSQL cannot keep would be found out after the callback was asked, again and again.
    if secret and (len(secret.encode("utf-8", "replace")) >= LONGEST_SECRET or "\0" in secret):
        raise WrongValue("hub.secret", f"must be shorter than {LONGEST_SECRET} bytes, none of them zero")
    return HubAsked(mode, callback, topic, secret, _lease(form.get("hub.lease_seconds", "")))


def _lease(text: str) -> int:
    """As asked for, within bounds; the hub has the last word (section 5.1)."""
    if not text:
        return LEASE
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 - more is no number of seconds
        raise WrongValue("hub.lease_seconds", "must be a whole number of seconds")
    return min(max(int(text), SHORTEST_LEASE), LONGEST_LEASE)


_HEADERS = {hdrs.CACHE_CONTROL: "no-store", "X-Content-Type-Options": "nosniff"}


def _no(status: HTTPStatus, why: str) -> web.Response:
    headers = {**_HEADERS, **({"Retry-After": "60"} if status >= HTTPStatus.TOO_MANY_REQUESTS else {})}
    return web.Response(status=status, text=f"{why}\n", headers=headers)


ROUTES = ((hdrs.METH_POST, "/hub", subscribe),)
