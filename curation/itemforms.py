"""What editors change in an item by form, without script: its language, tags, words and story.

Each reads the form, calls one function and leads back to the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from aggregator.store.moves import NotPossibleError, StaleVersionError, UnknownItemError
from curation.access import ROOM, identity_of, require
from curation.application import MACHINE
from curation.companions import find_item
from curation.editors import Role
from curation.edits import Edit, edit_item
from curation.forms import read_form
from curation.places import back_to, changed_page, read_version, tag_labels
from curation.problems import Problem, wrong_value
from curation.queue import QueueItem, read_item
from curation.storydecisions import join_items, split_item

GIVE_BACK = "as-found"


@require(Role.EDITOR)
async def set_language(request: web.Request) -> web.StreamResponse:
    """`language` is a code, or `as-found` for what the recognition says."""
    form = await read_form(request)
    code = form.get("language", "").strip()
    return await _edit(request, form, "language", {"language": None if code == GIVE_BACK else code})


@require(Role.EDITOR)
async def set_tags(request: web.Request) -> web.StreamResponse:
    """`add` is a tag or its label, `remove` a tag; `back` gives the tags back to what was found."""
    form, labels = await read_form(request), tag_labels(request.config_dict[MACHINE].configuration)
    if "back" in form:
        return await _edit(request, form, "tags", {"tags": None})
    tags = list((await _item(request)).tags)
    if "remove" in form:
        tags = [tag for tag in tags if tag != form["remove"]]
    else:
        tags.append(find_tag(form.get("add", ""), labels))
    return await _edit(request, form, "tags", {"tags": tags})


def find_tag(text: str, labels: Mapping[str, str]) -> str:
    """The tag of that id or label, or the only one whose label begins so. Raises Problem 400."""
    text = text.strip().casefold()
    if text in labels:
        return text
    begins = [tag for tag, label in labels.items() if text and label.casefold().startswith(text)]
    same = [tag for tag in begins if labels[tag].casefold() == text]
    if len(same or begins) != 1:
        raise wrong_value("add", "begin one of the tags of sources.toml so that no other begins alike")
    return (same or begins)[0]


@require(Role.EDITOR)
async def set_words(request: web.Request) -> web.StreamResponse:
    """`title` and `summary`; `back` gives both back to the source."""
    form = await read_form(request)
    if "back" in form:
        return await _edit(request, form, "words", {"title": None, "summary": None})
    item = await _item(request)
    # Browsers end a form's lines as mail does.
    said = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in ("title", "summary")}
    before = {"title": (item.title or "").strip(), "summary": (item.summary or "").strip()}
    return await _edit(request, form, "words", {name: text for name, text in said.items() if text != before[name]})


@require(Role.EDITOR)
async def set_story(request: web.Request) -> web.StreamResponse:
    """`join` is an item that tells the same story, by address or id; `out` one that is taken out of it."""
    machine, item_id = request.config_dict[MACHINE], request.match_info["id"]
    form, editor = await read_form(request), identity_of(request).name
    back = back_to(form, "split" if "out" in form else "join", item_id, to_card=True)
    try:
        if "out" in form:
            # The page may be older than the story: then what it names is in another one now, and stays there.
            story = {item_id, *(other.item for other in (await _item(request)).companions)}
            if form["out"] not in story:
                return await changed_page(request, item_id, "Nobody tells its story with it any more.")
            await split_item(machine, form["out"], editor=editor)
        else:
            async with machine.database.read() as connection:
                other = await find_item(connection, form.get("join", ""))
            if other is None or other == item_id:
                raise wrong_value("join", "give the address or id of another item here")
            await join_items(machine, item_id, other, editor=editor)
    except UnknownItemError as error:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such item, or no longer.") from error
    except NotPossibleError:
        return await changed_page(request, item_id, "Nobody tells its story with it any more.")
    raise back


@require(Role.VIEWER)
async def find(request: web.Request) -> web.Response:
    """`GET /curation/find?item=…`: the id of the item that somebody names by address or id."""
    async with request.config_dict[MACHINE].database.read() as connection:
        found = await find_item(connection, request.query.get("item", ""))
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "No item here has this address or id.")
    return web.json_response({"id": found})


async def _edit(
    request: web.Request, form: Mapping[str, str], said: str, fields: Mapping[str, object]
) -> web.StreamResponse:
    machine, item_id = request.config_dict[MACHINE], request.match_info["id"]
    back = back_to(form, said, item_id, to_card=True)
    version = read_version(form.get("version", ""))
    try:
        edit = Edit.model_validate({**fields, "version": version})
        if fields:
            await edit_item(machine, item_id, edit, editor=identity_of(request).name)
    except ValidationError as error:
        first = error.errors()[0]
        raise wrong_value(str(first["loc"][0]), first["msg"].removeprefix("Value error, ")) from error
    except UnknownItemError as error:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such item, or no longer.") from error
    except StaleVersionError:
        return await changed_page(request, item_id)
    raise back


async def _item(request: web.Request) -> QueueItem:
    async with request.config_dict[MACHINE].database.read() as connection:
        item = await read_item(connection, request.match_info["id"])
    if item is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such item, or no longer.")
    return item


ROUTES = (
    web.get(f"{ROOM}/find", find),
    web.post(f"{ROOM}/items/{{id}}/language", set_language),
    web.post(f"{ROOM}/items/{{id}}/tags", set_tags),
    web.post(f"{ROOM}/items/{{id}}/words", set_words),
    web.post(f"{ROOM}/items/{{id}}/story", set_story),
)
