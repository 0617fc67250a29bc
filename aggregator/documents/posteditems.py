"""What a partner's own system posts: JSON Feed items, read strictly, so that whoever wrote the sender is told at once.

Signatures are checked before anything is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.feeds.jsonfeed import read_authors, read_item
from aggregator.documents.jsonparts import parse
from aggregator.model import Document

DELETED = "_deleted"
_MOST_SAID = 300


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why what was posted cannot be taken: the field, such as `items[2].id`, and what is wrong with it."""

    field: str
    why: str


def read_posted(body: bytes, *, url: str) -> Document | Misfit:
    """The items in a JSON Feed document, in a list of items, or in a single item; `url` is the base of addresses.

    An item with `"_deleted": true` is withdrawn, and needs nothing but its id. All is taken or nothing.
    """
    try:
        posted = parse(body.decode("utf-8-sig"))
    except ValueError as error:
        return Misfit("body", f"is not JSON in UTF-8: {error}"[:_MOST_SAID])
    if isinstance(posted, dict) and "id" in posted and "items" not in posted:
        return _document({}, [posted], "", url)
    feed = posted if isinstance(posted, dict) else {}
    items, place = (feed.get("items"), "items") if feed else (posted, "body")
    if not isinstance(items, list):
        return Misfit(place, "must be a list of items; a single item is an object with an id")
    if len(items) > fields.MAX_ENTRIES:
        return Misfit(place, f"holds more than {fields.MAX_ENTRIES:,} items; post them in parts")
    return _document(feed, items, place.removeprefix("body") + "[{}].", url)


def _document(feed: dict[str, object], items: list[object], place: str, url: str) -> Document | Misfit:
    for number, item in enumerate(items):
        if misfit := _misfit(item, place.format(number)):
            return misfit
    told = [item for item in items if isinstance(item, dict)]
    authors = read_authors(feed, url)
    language = feed.get("language")
    # The last word on an id counts.
    last = {str(item["id"]): item for item in told}
    return Document(
        entries=tuple(read_item(item, url, authors) for item in last.values() if not item.get(DELETED)),
        format="json",
        language=fields.language_tag(language if isinstance(language, str) else None),
        deleted=tuple(fields.identifier(item_id) for item_id, item in last.items() if item.get(DELETED)),
        is_window=False,
        ids_hold=True,
    )


def _misfit(item: object, place: str) -> Misfit | None:
    if not isinstance(item, dict):
        return Misfit(place.rstrip("."), "is not an item, which is a JSON object")
    try:
        read = _Item.model_validate(item)
    except ValidationError as error:
        first = error.errors()[0]
        # Of alternatives, pydantic names the type it tried last: only names and numbers are places in the JSON.
        steps = [step for step in first["loc"] if isinstance(step, int) or step in _NAMES]
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
        return Misfit(place + path, first["msg"].removeprefix("Value error, ")[:_MOST_SAID])
    if not fields.identifier(str(read.id_)):
        return Misfit(f"{place}id", "is empty; each item needs an id that stays the same")
    says = (read.title, read.content_html, read.content_text, read.summary, read.url, read.external_url)
    if not read.is_deleted and not any(says):
        return Misfit(f"{place}content_html", "is missing, and so are content_text, title, summary and url")
    return None


def _date(text: str) -> str:
    if text and read_date(text) is None:
        raise ValueError("is no date as in 2026-11-23T09:00:00Z (RFC 3339)")
    return text


def _address(text: str) -> str:
    if text and fields.web_address(text, "https://base.invalid/") is None:
        raise ValueError("is no web address; it begins with https://")
    return text


_Text = StrictStr | None
_Date = Annotated[StrictStr, AfterValidator(_date)] | None
_Address = Annotated[StrictStr, AfterValidator(_address)] | None


class _Author(BaseModel):
    name: _Text = None
    url: _Text = None


class _Item(BaseModel):
    """JSON Feed 1.1, "Items"; what stands here must be right, all else is left unread."""

    model_config = ConfigDict(populate_by_name=True, allow_inf_nan=False)

    id_: StrictStr | StrictInt | StrictFloat = Field(alias="id")
    is_deleted: StrictBool = Field(False, alias="_deleted")
    url: _Address = None
    external_url: _Address = None
    title: _Text = None
    content_html: _Text = None
    content_text: _Text = None
    summary: _Text = None
    image: _Address = None
    banner_image: _Address = None
    date_published: _Date = None
    date_modified: _Date = None
    language: _Text = None
    tags: list[StrictStr] | None = None
    author: _Author | None = None
    authors: list[_Author] | None = None


_NAMES = frozenset({"id", DELETED, "name", *_Item.model_fields})
