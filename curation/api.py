"""The editors' JSON routes: reads the request, calls one function, answers. See the README for what each means."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from aggregator.errors import AggregatorError, CollectError
from aggregator.filters import WrongValue, read_query, write_query
from aggregator.itemjson import item_json
from aggregator.model import State
from aggregator.store.moves import NotPossibleError, StaleVersionError, UnknownItemError
from aggregator.store.sources import read_states
from aggregator.store.spending import read_spending
from aggregator.store.stream import CursorError
from curation.access import identity_of, require
from curation.additions import Addition, add_item
from curation.application import MACHINE
from curation.decisions import Decided, WrongDecisionError, decide
from curation.editors import Role
from curation.edits import Edit, edit_item
from curation.forms import read_json
from curation.learning import reset_model, show_model
from curation.overview import judge_sources, read_log
from curation.problems import Problem, wrong_value
from curation.queue import QueueItem, read_history, read_item, read_queue
from curation.ranking import Order
from curation.storydecisions import StoryBody, join_items, split_item

MOST_AT_ONCE = 100
LOG_PAGE = 200
Body = TypeVar("Body", bound=BaseModel)


class DecisionBody(BaseModel):
    """What is asked of one item."""

    model_config = ConfigDict(extra="forbid")
    action: str
    reason: str = ""
    publish_at: AwareDatetime | None = None
    version: Annotated[int, Field(ge=1)] | None = None


class BulkBody(BaseModel):
    """The same of many items. Each is decided by itself: one that fails stops no other."""

    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[str], Field(min_length=1, max_length=MOST_AT_ONCE)]
    action: str
    reason: str = ""


@require(Role.VIEWER)
async def list_items(request: web.Request) -> web.Response:
    """`GET /curation/api/items`: a page of the queue."""
    machine = request.app[MACHINE]
    state, floor, order = _state(request), _min_confidence(request), _order(request)
    try:
        asked = read_query(request.query)
        async with machine.database.read() as connection:
            page = await read_queue(
                connection, state=state, filters=asked.filters, min_confidence=floor,
                limit=asked.limit, cursor=asked.cursor, order=order,
            )  # fmt: skip
    except WrongValue as error:
        raise wrong_value(error.field, error.detail) from error
    except CursorError as error:
        raise wrong_value("cursor", str(error)) from error
    answer: dict[str, Any] = {
        "items": [queue_item_json(item, machine.settings.public_url) for item in page.items],
        "total": page.total,
        "order": page.order.value,
        "order_note": page.order_note,
    }
    if page.next_cursor:
        more = {"state": state.value, **({"min_confidence": str(floor)} if floor else {})}
        answer["next"] = request.path + write_query(
            asked.filters, limit=asked.limit, cursor=page.next_cursor, more=more
        )
    return web.json_response(answer)


@require(Role.VIEWER)
async def show_item(request: web.Request) -> web.Response:
    """`GET /curation/api/items/{id}`: one item with its original, its edits, its decisions."""
    machine, item_id = request.app[MACHINE], request.match_info["id"]
    async with machine.database.read() as connection:
        item = await read_item(connection, item_id)
        decisions, revisions = await read_history(connection, item_id)
    if item is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"There is no item {item_id}.")
    answer = queue_item_json(item, machine.settings.public_url)
    answer["_mpower"]["decisions"] = [_plain(asdict(past)) for past in decisions]
    answer["_mpower"]["revisions"] = [_plain(asdict(past)) for past in revisions]
    return web.json_response(answer)


@require(Role.EDITOR)
async def decide_item(request: web.Request) -> web.Response:
    """`POST /curation/api/items/{id}/decision`."""
    body = await _read(request, DecisionBody)
    return web.json_response(await _decide(request, request.match_info["id"], body))


@require(Role.EDITOR)
async def decide_many(request: web.Request) -> web.Response:
    """`POST /curation/api/items/bulk`: a result for each id, in the order asked."""
    body = await _read(request, BulkBody)
    if body.action == "schedule":
        raise wrong_value("action", "items are scheduled one by one")
    results = []
    for item_id in dict.fromkeys(body.ids):
        try:
            decided = await _decide(request, item_id, DecisionBody(action=body.action, reason=body.reason))
            results.append({"ok": True, **decided})
        except Problem as problem:
            if problem.status == HTTPStatus.BAD_REQUEST:
                raise
            results.append({"id": item_id, "ok": False, "status": int(problem.status), "detail": problem.detail})
    return web.json_response({"results": results})


@require(Role.EDITOR)
async def patch_item(request: web.Request) -> web.Response:
    """`PATCH /curation/api/items/{id}`: an overlay over the original. Answers with the item as it is then."""
    machine, body = request.app[MACHINE], await _read(request, Edit)
    known = {tag.id for tag in machine.configuration.tags}
    if unknown := sorted(set(body.tags or ()) - known):
        raise wrong_value("tags", f"{unknown[0]!r} is no tag of sources.toml")
    try:
        decided = await edit_item(machine, request.match_info["id"], body, editor=identity_of(request).name)
    except (UnknownItemError, StaleVersionError) as error:
        raise as_problem(error) from error
    async with machine.database.read() as connection:
        item = await read_item(connection, decided.item_id)
    now = {"item": queue_item_json(item, machine.settings.public_url)} if item else {}
    return web.json_response(decided_json(decided) | now)


@require(Role.EDITOR)
async def regroup_item(request: web.Request) -> web.Response:
    """`POST /curation/api/items/{id}/story`: join it with another item's story, or take it out of its own."""
    machine, item_id = request.app[MACHINE], request.match_info["id"]
    body, editor = await _read(request, StoryBody), identity_of(request).name
    try:
        if body.join is None:
            await split_item(machine, item_id, editor=editor)
        else:
            await join_items(machine, item_id, body.join, editor=editor)
    except (UnknownItemError, NotPossibleError, WrongDecisionError) as error:
        raise as_problem(error) from error
    return web.json_response(queue_item_json(await _item(request, item_id), machine.settings.public_url))


async def _item(request: web.Request, item_id: str) -> QueueItem:
    async with request.app[MACHINE].database.read() as connection:
        item = await read_item(connection, item_id)
    if item is None:
        raise Problem(HTTPStatus.GONE, "The item was removed meanwhile.")
    return item


@require(Role.EDITOR)
async def post_item(request: web.Request) -> web.Response:
    """`POST /curation/api/items`: an editor's own item, from an address or written whole. It waits like any other."""
    machine, body = request.app[MACHINE], await _read(request, Addition)
    try:
        item_id = await add_item(machine, body, editor=identity_of(request).name)
    except WrongDecisionError as error:
        raise wrong_value(error.field, str(error)) from error
    except CollectError as error:
        raise wrong_value("url", str(error)) from error
    answer = queue_item_json(await _item(request, item_id), machine.settings.public_url)
    headers = {"Location": f"/curation/api/items/{item_id}"}
    return web.json_response(answer, status=HTTPStatus.CREATED, headers=headers)


@require(Role.VIEWER)
async def list_sources(request: web.Request) -> web.Response:
    """`GET /curation/api/sources`: how each source is."""
    machine = request.app[MACHINE]
    async with machine.database.read() as connection:
        states = await read_states(connection)
        spent = await read_spending(connection, machine.now())
    judged = judge_sources(machine.configuration, states, now=machine.now(), spent=spent)
    return web.json_response(
        {"sources": [_plain(asdict(source)) for source in judged], "problem": machine.sources.problem}
    )


@require(Role.EDITOR)
async def collect_source(request: web.Request) -> web.Response:
    """`POST /curation/api/sources/{id}/collect`: collect it now. Answers at once; the work follows."""
    machine, source_id = request.app[MACHINE], request.match_info["id"]
    source = machine.configuration.source(source_id)
    if source is None or not source.enabled:
        raise Problem(HTTPStatus.NOT_FOUND, f"sources.toml names no enabled source {source_id!r}.")
    await machine.ask_for(source_id)
    return web.json_response({"source": source_id, "asked": True}, status=HTTPStatus.ACCEPTED)


@require(Role.VIEWER)
async def audit(request: web.Request) -> web.Response:
    """`GET /curation/api/audit`: who decided what, when and why; newest first; `?format=csv` gives all of it as CSV."""
    machine = request.app[MACHINE]
    if request.query.get("format", "json") == "csv":
        return await _audit_csv(request)
    before = request.query.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):  # noqa: PLR2004
        raise wrong_value("before", "must be the id of a log entry")
    async with machine.database.read() as connection:
        entries = await read_log(connection, before=int(before) if before else None, limit=LOG_PAGE)
    answer: dict[str, Any] = {"entries": [_plain(asdict(entry)) for entry in entries]}
    if len(entries) == LOG_PAGE:
        answer["next"] = f"{request.path}?before={entries[-1].id}"
    return web.json_response(answer)


async def _audit_csv(request: web.Request) -> web.Response:
    machine, before = request.app[MACHINE], None
    out = io.StringIO()
    names = ("id", "at", "editor", "action", "item_id", "title", "reason", "from_state", "to_state")
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    while True:
        async with machine.database.read() as connection:
            entries = await read_log(connection, before=before, limit=LOG_PAGE)
        for entry in entries:
            writer.writerow({name: _cell(value) for name, value in _plain(asdict(entry)).items() if name in names})
        if len(entries) < LOG_PAGE:
            break
        before = entries[-1].id
    return web.Response(
        text=out.getvalue(),
        content_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def queue_item_json(item: QueueItem, public_url: str) -> dict[str, Any]:
    """An item as `/stream.json` gives it, and under `_mpower` what only editors see."""
    answer = item_json(item, public_url)
    answer["_mpower"] |= {
        "state": item.state.value,
        "version": item.version,
        "confidence": round(item.confidence, 4),
        "language_evidence": item.language_evidence,
        "tag_origins": {match.tag: match.origin for match in item.tag_matches},
        "tag_evidence": {match.tag: match.evidence for match in item.tag_matches if match.evidence},
        "reason": item.reason,
        "entry_id": item.entry_id,
        "collected_at": _moment(item.collected_at),
        "publish_at": _moment(item.publish_at) if item.publish_at and item.state is State.SCHEDULED else None,
        "decided_by": item.decided_by,
        "decided_at": _moment(item.decided_at) if item.decided_at else None,
        "original": dict(item.original),
        "missing_since": _moment(item.missing_at) if item.missing_at else None,
        "gone_since": _moment(item.gone_at) if item.gone_at else None,
        "likely": item.likely,
        "because": item.because,
        "suggested_tags": [{"tag": tag, "confidence": how} for tag, how in item.suggested],
        "story_items": [asdict(other) for other in item.companions],
    }
    if item.story_why:
        answer["_mpower"]["story_why"] = [asdict(why) for why in item.story_why]
    return answer


def decided_json(decided: Decided) -> dict[str, Any]:
    """What came of a decision."""
    return {
        "id": decided.item_id,
        "action": decided.action,
        "state": decided.state.value,
        "version": decided.version,
    }


def as_problem(error: AggregatorError) -> Problem:
    """What the caller is told when a decision could not be made."""
    match error:
        case UnknownItemError():
            return Problem(HTTPStatus.NOT_FOUND, f"{error}.")
        case StaleVersionError():
            return Problem(HTTPStatus.CONFLICT, f"{error}.", current_version=error.current)
        case NotPossibleError():
            return Problem(HTTPStatus.CONFLICT, f"{error}.")
        case WrongDecisionError():
            return wrong_value(error.field, str(error))
        case _:
            raise error


async def _decide(request: web.Request, item_id: str, body: DecisionBody) -> dict[str, Any]:
    machine = request.app[MACHINE]
    try:
        decided = await decide(machine, item_id, editor=identity_of(request).name, **body.model_dump())
    except (UnknownItemError, StaleVersionError, NotPossibleError, WrongDecisionError) as error:
        raise as_problem(error) from error
    return decided_json(decided)


async def _read(request: web.Request, shape: type[Body]) -> Body:
    """The body as a value. A wrong one is a 400 that names the field."""
    try:
        return shape.model_validate(await read_json(request))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(step) for step in first["loc"]) or "(body)"
        raise wrong_value(field, first["msg"].removeprefix("Value error, ")) from error


def _state(request: web.Request) -> State:
    text = request.query.get("state", State.WAITING.value)
    try:
        return State(text)
    except ValueError as error:
        raise wrong_value("state", f"must be one of {', '.join(State)}") from error


def _order(request: web.Request) -> Order | None:
    text = request.query.get("order")
    if text is None:
        return None
    try:
        return Order(text)
    except ValueError as error:
        raise wrong_value("order", f"must be one of {', '.join(Order)}") from error


def _min_confidence(request: web.Request) -> float:
    text = request.query.get("min_confidence", "0")
    try:
        value = float(text)
    except ValueError as error:
        raise wrong_value("min_confidence", "must be a number from 0 to 1") from error
    if not 0 <= value <= 1:
        raise wrong_value("min_confidence", "must be a number from 0 to 1")
    return value


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _moment(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is kept text (https://owasp.org/www-community/attacks/CSV_Injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


Method = Literal["GET", "POST", "PATCH"]
ROUTES: tuple[tuple[Method, str, Any], ...] = (
    ("GET", "/curation/api/items", list_items),
    ("POST", "/curation/api/items", post_item),
    ("POST", "/curation/api/items/bulk", decide_many),
    ("GET", "/curation/api/items/{id}", show_item),
    ("PATCH", "/curation/api/items/{id}", patch_item),
    ("POST", "/curation/api/items/{id}/decision", decide_item),
    ("POST", "/curation/api/items/{id}/story", regroup_item),
    ("GET", "/curation/api/sources", list_sources),
    ("POST", "/curation/api/sources/{id}/collect", collect_source),
    ("GET", "/curation/api/audit", audit),
    ("GET", "/curation/api/model", show_model),
    ("POST", "/curation/api/model/reset", reset_model),
)
