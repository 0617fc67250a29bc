"""The doors through which others push: hubs (WebSub) and partners' own systems. Both are cheap to refuse.

No session and no cookie counts here: a hub is known by the address that only it was told, a partner by its signature.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web

from aggregator.deliveries import Delivery, deliver, take_posted
from aggregator.documents.posteditems import Misfit
from aggregator.errors import CollectError
from aggregator.machine import Machine
from aggregator.store.subscriptions import PushState, Subscription, find_subscription
from aggregator.subscribing import can_be_pushed, confirm, deny
from aggregator.websub import is_signed
from curation.application import MACHINE
from curation.problems import Problem, wrong_value

DELIVERY_BYTES = 10_000_000
HOOK_BYTES = 5_000_000
BODY_SECONDS = 30.0
SIGNATURE = "X-Hub-Signature-256"
NO_SUBSCRIPTION = "There is no such subscription."
HOW_TO_SIGN = (
    f"Send the header {SIGNATURE}: sha256=HEX, where HEX is the HMAC-SHA256 of the body's bytes "
    "with the source's token as key, in lower-case hexadecimal."
)
NO_STORE = {hdrs.CACHE_CONTROL: "no-store", "X-Content-Type-Options": "nosniff"}
log = logging.getLogger(__name__)


async def answer_hub(request: web.Request) -> web.Response:
    """`GET /push/websub/{id}`: a hub asks whether we meant it, or says that it will not push (WebSub, 5.2 and 5.3)."""
    machine, callback, asked = request.app[MACHINE], request.match_info["id"], request.query
    mode, topic, now = asked.get("hub.mode", ""), asked.get("hub.topic", ""), machine.now()
    if mode == "denied":
        if await deny(machine.database, callback, topic, asked.get("hub.reason", ""), now=now):
            return web.Response(status=HTTPStatus.NO_CONTENT, headers=NO_STORE)
        raise Problem(HTTPStatus.NOT_FOUND, NO_SUBSCRIPTION)
    challenge, lease = asked.get("hub.challenge", ""), asked.get("hub.lease_seconds")
    meant = challenge and await confirm(machine.database, machine.work, callback, mode, topic, lease, now=now)
    if not meant:
        raise Problem(HTTPStatus.NOT_FOUND, NO_SUBSCRIPTION)
    await machine.bell.ring()
    # The hub's own text goes back to it, and to a browser it is nothing but text.
    return web.Response(text=challenge, content_type="text/plain", headers=NO_STORE)


async def take_delivery(request: web.Request) -> web.Response:
    """`POST /push/websub/{id}`: what is new (section 7). Always 2xx for a subscription of ours, as the text asks."""
    machine = request.app[MACHINE]
    known = await _subscription(machine, request.match_info["id"])
    source = machine.configuration.source(known.source_id)
    if source is None or not can_be_pushed(source) or known.state in {PushState.DENIED, PushState.ENDING}:
        raise Problem(HTTPStatus.GONE, "This subscription is over.")
    delivery = Delivery(
        body=await read_body(request, DELIVERY_BYTES),
        content_type=request.headers.get(hdrs.CONTENT_TYPE),
        signature=request.headers.get("X-Hub-Signature", ""),
        links=", ".join(request.headers.getall(hdrs.LINK, ())),
    )
    outcome = await deliver(machine.shop, machine.ask_for, source, known, delivery)
    return web.Response(status=HTTPStatus.NO_CONTENT if outcome else HTTPStatus.ACCEPTED, headers=NO_STORE)


async def take_hook(request: web.Request) -> web.Response:
    """`POST /push/hook/{id}`: a partner's own JSON Feed items; answered when they are kept."""
    machine = request.app[MACHINE]
    source = machine.configuration.source(request.match_info["id"])
    if source is None or source.kind != "hook" or not source.enabled or source.token is None:
        raise Problem(HTTPStatus.NOT_FOUND, "No source of kind hook has this id.")
    signature = request.headers.get(SIGNATURE, "")
    if not signature.lower().startswith("sha256="):
        raise _unsigned()
    try:
        token = source.token.reveal()
    except CollectError:
        detail = "The token of this source is not set here; its operator can set it."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
    body = await read_body(request, HOOK_BYTES)
    if not is_signed(signature, body, token):
        log.warning("%s: a post with a wrong signature was refused", source.id)
        raise _unsigned()
    outcome = await take_posted(machine.shop, source, body)
    if isinstance(outcome, Misfit):
        raise wrong_value(outcome.field, outcome.why)
    said = {"new": outcome.new, "changed": outcome.changed, "withdrawn": outcome.withdrawn}
    return web.json_response(said, headers=NO_STORE)


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body, counted as it comes. A packed one is refused unopened: a kilobyte may hold a gigabyte."""
    packing = request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower()
    if packing not in {"", "identity"}:
        detail = "Send the body as it is, without Content-Encoding."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept-Encoding": "identity", **_CLOSE})
    too_long = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {limit:,} bytes are taken.", headers=_CLOSE)
    if (request.content_length or 0) > limit:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise too_long
    except TimeoutError:
        detail = f"The body took longer than {BODY_SECONDS:g} s."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, headers=_CLOSE) from None
    return bytes(body)


async def _subscription(machine: Machine, callback: str) -> Subscription:
    async with machine.database.read() as connection:
        known = await find_subscription(connection, callback)
    if known is None:
        raise Problem(HTTPStatus.NOT_FOUND, NO_SUBSCRIPTION)
    return known


def _unsigned() -> Problem:
    headers = {"WWW-Authenticate": 'HMAC-SHA256 realm="mPOWER Stream"', **_CLOSE}
    return Problem(HTTPStatus.UNAUTHORIZED, HOW_TO_SIGN, title="The signature is missing or wrong", headers=headers)


_CLOSE: Mapping[str, str] = {"Connection": "close"}
ROUTES = (
    (hdrs.METH_GET, "/push/websub/{id}", answer_hub),
    (hdrs.METH_POST, "/push/websub/{id}", take_delivery),
    (hdrs.METH_POST, "/push/hook/{id}", take_hook),
)
