"""Where in the queue an editor is, what may be done there, and the way back to it after a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from aggregator.model import Configuration, State
from curation.access import ROOM, identity_of
from curation.application import MACHINE
from curation.cardlines import STATE_NAMES
from curation.cards import ACTIONS, DECIDERS, QUICK_REASONS, Action, make_card
from curation.editors import Role
from curation.languages import own_name
from curation.problems import Problem, wrong_value
from curation.queue import QueueItem, read_item
from curation.ranking import Order
from curation.rendering import show

LARGEST_VERSION = 2**31 - 1
ORDERS: Mapping[Order, str] = {Order.LIKELY: "Likeliest first", Order.NEWEST: "Newest first"}


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the queue and what an editor can choose there.

    `order` is the one that was asked for, if any. `languages` are the stream's, each with its own name, in the order
    of their keys; `tags` those of sources.toml with their labels.
    """

    state: State
    cursor: str
    order: Order | None
    csrf: str
    can_decide: bool
    actions: tuple[Action, ...]
    quick_reasons: Mapping[str, str]
    languages: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def query(self) -> str:
        """What the address of another page in the same order begins with."""
        return urlencode({"state": self.state} | ({"order": self.order} if self.order else {}))


def place_of(request: web.Request, state: State, cursor: str = "", order: Order | None = None) -> Place:
    """The place of a request's page."""
    identity, configuration = identity_of(request), request.config_dict[MACHINE].configuration
    return Place(
        state=state,
        cursor=cursor,
        order=order,
        csrf=identity.csrf or "",
        can_decide=identity.role.covers(Role.EDITOR),
        actions=ACTIONS[state],
        quick_reasons=QUICK_REASONS,
        languages=stream_languages(configuration),
        tags=tag_labels(configuration),
    )


def stream_languages(configuration: Configuration) -> dict[str, str]:
    """The stream's languages, each by its own name."""
    return {code: own_name(code) for code in configuration.stream.languages}


def tag_labels(configuration: Configuration) -> dict[str, str]:
    """The tags' English labels."""
    return {tag.id: tag.label.get("en", tag.id) for tag in configuration.tags}


def back_to(form: Mapping[str, str], said: str, item_id: str, *, to_card: bool = False) -> web.HTTPSeeOther:
    """The way back to the list that a form was sent from, which then says what was done. Raises Problem 400."""
    query = {
        "state": read_state(form.get("state", State.WAITING)),
        "order": read_order(form.get("order", "")),
        "cursor": form.get("cursor", ""),
        "said": said,
        "item": item_id,
    }
    address = f"{ROOM}/?{urlencode({name: value for name, value in query.items() if value})}"
    return web.HTTPSeeOther(f"{address}#item-{item_id}" if to_card else address)


async def changed_page(request: web.Request, item_id: str, words: str = "") -> web.Response:
    """Nothing was done; show how the item stands now, with buttons that fit that."""
    machine = request.config_dict[MACHINE]
    async with machine.database.read() as connection:
        item = await read_item(connection, item_id)
    if item is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such item, or no longer.")
    return show(
        request,
        "changed.html",
        status=HTTPStatus.CONFLICT,
        room="queue",
        words=words or _who_changed(item),
        item=make_card(item, machine.configuration),
        page=place_of(request, item.state),
    )


def _who_changed(item: QueueItem) -> str:
    if item.decided_by and item.state is not State.WAITING:
        return f"{STATE_NAMES[item.state]} by {DECIDERS.get(item.decided_by, item.decided_by)} meanwhile."
    return "This item changed meanwhile, after it was shown to you."


def read_state(text: str) -> State:
    """A state as an address or a form names it. Raises Problem 400."""
    try:
        return State(text)
    except ValueError as error:
        raise wrong_value("state", f"use one of {', '.join(State)}") from error


def read_order(text: str) -> Order | None:
    """An order as an address names it, None where it names none. Raises Problem 400."""
    try:
        return Order(text) if text else None
    except ValueError as error:
        raise wrong_value("order", f"use one of {', '.join(Order)}") from error


def read_version(text: str) -> int:
    """The version that an item was shown with. Raises Problem 400."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_VERSION)):
        raise wrong_value("version", "use the number that the item was shown with")
    return min(int(text), LARGEST_VERSION)
