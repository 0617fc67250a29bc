"""The editors' pages: queue, sources, log. Each reads the request, calls one function and shows the outcome.

No GET changes anything that an editor could see, and everything works without script.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from aggregator.model import State
from aggregator.store.moves import NotPossibleError, StaleVersionError, UnknownItemError
from aggregator.store.sources import read_states
from aggregator.store.spending import read_spending
from aggregator.store.stream import CursorError
from curation import door, itemforms, rendering
from curation.access import ROOM, SIGN_IN, Denied, identity_of, require
from curation.application import MACHINE
from curation.cardlines import STATE_NAMES, Elsewhere, Suggestion, TagLine
from curation.cards import DONE, EMPTY, QUICK_REASONS, SAID, Card, make_card, names_for_script, sentence
from curation.decisions import LONGEST_REASON, WrongDecisionError, decide, log_action
from curation.editors import Passwords, Role
from curation.forms import read_form
from curation.overview import Health, count_states, judge_sources, read_log
from curation.places import (
    ORDERS,
    back_to,
    changed_page,
    place_of,
    read_order,
    read_state,
    read_version,
)
from curation.problems import Problem, wrong_value
from curation.queue import read_item, read_queue
from curation.rendering import show

PAGE_LENGTH = 25
LOG_LENGTH = 100

# The patterns that the script copies.
BLANK_LINES = {"tag": TagLine(), "suggestion": Suggestion(), "companion": Elsewhere()}
HEALTH_WORDS: Mapping[Health, str] = {
    Health.GOOD: "good",
    Health.QUIET: "quiet for longer than usual",
    Health.UNTRIED: "not tried yet",
    Health.OFF: "switched off",
    Health.STOPPED: "gone for good",
}


def install(app: web.Application) -> None:
    """Add the pages to an application. `access.install` closes them."""
    rendering.install(app)
    app[door.PASSWORDS] = Passwords()
    app.add_routes(
        [
            web.get(ROOM, go_to_queue),
            web.get(f"{ROOM}/", show_queue),
            web.get(f"{ROOM}/counts", show_counts),
            web.get(f"{ROOM}/sources", show_sources),
            web.post(f"{ROOM}/sources/{{id}}/collect", collect_source),
            web.get(f"{ROOM}/audit", show_log),
            web.get(f"{ROOM}/items/{{id}}", show_item),
            web.post(f"{ROOM}/items/{{id}}/decision", take_decision),
            *itemforms.ROUTES,
            web.get(SIGN_IN, door.show_sign_in),
            web.post(SIGN_IN, door.sign_in),
            web.get(f"{SIGN_IN}/{{token}}", door.show_link),
            web.post(f"{SIGN_IN}/{{token}}", door.sign_in_by_link),
            web.post(f"{ROOM}/sign-out", door.sign_out),
            web.get(f"{ROOM}/static/{{name}}", rendering.send_file),
        ]
    )


async def note_denied(request: web.Request, denied: Denied) -> None:
    """Write into the log who was turned away: what `access.Access` calls."""
    machine = request.config_dict[MACHINE]
    tried = f"{denied.method} {denied.path} takes the role {denied.needed}, theirs is {denied.role}"
    async with machine.database.write() as connection:
        await log_action(connection, None, "denied", denied.editor, tried[:LONGEST_REASON], now=machine.now())


# The queue


@require(Role.VIEWER)
async def go_to_queue(_request: web.Request) -> web.StreamResponse:
    """The room's address without its slash."""
    raise web.HTTPSeeOther(f"{ROOM}/")


@require(Role.VIEWER)
async def show_queue(request: web.Request) -> web.StreamResponse:
    """One page of the items in one state, newest first."""
    machine = request.config_dict[MACHINE]
    state, cursor = read_state(request.query.get("state", State.WAITING)), request.query.get("cursor", "")
    order = read_order(request.query.get("order", ""))
    done, item_id = request.query.get("said", ""), request.query.get("item", "")
    since = machine.now()
    async with machine.database.read() as connection:
        try:
            page = await read_queue(connection, state=state, limit=PAGE_LENGTH, cursor=cursor or None, order=order)
        except CursorError as error:
            raise wrong_value("cursor", str(error)) from error
        counts = await count_states(connection)
        item = await read_item(connection, item_id) if done in SAID and item_id else None
    return show(
        request,
        "queue.html",
        room="queue",
        page=place_of(request, state, cursor, order),
        items=[make_card(item, machine.configuration) for item in page.items],
        blank=Card(),
        blank_lines=BLANK_LINES,
        since=since,
        next=page.next_cursor,
        counts=counts,
        state_names=STATE_NAMES,
        orders=ORDERS if state is State.WAITING else {},
        order=page.order,
        order_note=page.order_note or "Those that came last stand first.",
        empty=EMPTY[state],
        names=names_for_script(machine.configuration),
        said=f"{SAID[done]}." if done in SAID else "",
        said_item=item,
        said_undo=item is not None and done in DONE and done != "undo" and item.state is not State.WAITING,
    )


@require(Role.VIEWER)
async def show_item(request: web.Request) -> web.StreamResponse:
    """One item on a page of its own: where links to its story lead, in whatever state it is."""
    machine, item_id = request.config_dict[MACHINE], request.match_info["id"]
    async with machine.database.read() as connection:
        item = await read_item(connection, item_id)
    if item is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such item, or no longer.")
    card, page = make_card(item, machine.configuration), place_of(request, item.state)
    return show(request, "item.html", room="queue", item=card, page=page, state_names=STATE_NAMES)


@require(Role.VIEWER)
async def show_counts(request: web.Request) -> web.StreamResponse:
    """How many items stand in each state, for the tabs of an open page."""
    async with request.config_dict[MACHINE].database.read() as connection:
        return web.json_response(await count_states(connection))


@require(Role.EDITOR)
async def take_decision(request: web.Request) -> web.StreamResponse:
    """A decision by form: back to the list, or a page that says what the item has become meanwhile."""
    machine, item_id = request.config_dict[MACHINE], request.match_info["id"]
    form = await read_form(request)
    action, reason = _action(form)
    back = back_to(form, action, item_id)
    try:
        await decide(
            machine,
            item_id,
            action=action,
            editor=identity_of(request).name,
            reason=reason,
            version=read_version(form.get("version", "")),
        )
    except WrongDecisionError as error:
        raise wrong_value(error.field, str(error)) from error
    except UnknownItemError as error:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such item, or no longer.") from error
    except StaleVersionError:
        return await changed_page(request, item_id)
    except NotPossibleError as error:
        return await changed_page(request, item_id, sentence(str(error)))
    raise back


def _action(form: Mapping[str, str]) -> tuple[str, str]:
    """What to do and why: a quick reason alone is a whole rejection."""
    quick = form.get("quick", "")
    action = form.get("action", "")
    if quick and quick not in QUICK_REASONS:
        raise wrong_value("quick", f"use one of {', '.join(QUICK_REASONS)}")
    if action not in DONE:
        raise wrong_value("action", f"use one of {', '.join(DONE)}")
    reason = ": ".join(part for part in (QUICK_REASONS.get(quick, ""), form.get("reason", "").strip()) if part)
    return action, reason


# Sources and log


@require(Role.VIEWER)
async def show_sources(request: web.Request) -> web.StreamResponse:
    """How each source is, those in trouble first."""
    machine = request.config_dict[MACHINE]
    async with machine.database.read() as connection:
        states = await read_states(connection)
        spent = await read_spending(connection, machine.now())
    judged = judge_sources(machine.configuration, states, now=machine.now(), spent=spent)
    failing = sum(source.health in {Health.FAILING, Health.STOPPED} for source in judged)
    asked = request.query.get("asked", "")
    words = f"{failing} of {len(judged)} cannot be read just now." if failing else "All that were tried can be read."
    return show(
        request,
        "sources.html",
        room="sources",
        sources=judged,
        words=f"{words} Times are UTC.",
        health=_health_words,
        file_problem=machine.sources.problem,
        can_collect=identity_of(request).role.covers(Role.EDITOR),
        said=f"{asked} is collected now." if machine.configuration.source(asked) else "",
    )


@require(Role.EDITOR)
async def collect_source(request: web.Request) -> web.StreamResponse:
    """Collect a source now, by form: back to the list at once; the work follows."""
    machine, source_id = request.config_dict[MACHINE], request.match_info["id"]
    source = machine.configuration.source(source_id)
    if source is None or not source.enabled:
        raise Problem(HTTPStatus.NOT_FOUND, "sources.toml names no such source, or it is switched off.")
    await machine.ask_for(source_id)
    raise web.HTTPSeeOther(f"{ROOM}/sources?{urlencode({'asked': source_id})}")


@require(Role.VIEWER)
async def show_log(request: web.Request) -> web.StreamResponse:
    """Who decided what, when and why, newest first."""
    before = request.query.get("cursor", "")
    if before and (not (before.isascii() and before.isdigit()) or int(before[:20]) >= 2**63):
        raise wrong_value("cursor", "use the one that the page before gave")
    async with request.config_dict[MACHINE].database.read() as connection:
        entries = await read_log(connection, before=int(before) if before else None, limit=LOG_LENGTH)
    return show(
        request,
        "audit.html",
        room="audit",
        entries=entries,
        next=entries[-1].id if len(entries) == LOG_LENGTH else None,
    )


def _health_words(health: Health, failures: int) -> str:
    if health is Health.FAILING:
        return f"failing, {failures} time{'s' if failures != 1 else ''} in a row"
    return HEALTH_WORDS[health]
