"""What else tells the story that an item tells, in whatever state it is, and how an editor finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import State
from aggregator.refine.evidence import address_keys
from aggregator.refine.links import canonical_url, url_key
from aggregator.store.tables import item, story_key

_ITS_PAGE = re.compile(r"/items/([A-Za-z0-9]+)(?:[/?#].*)?\Z")


@dataclass(frozen=True, slots=True)
class Companion:
    """An item that tells the same story as another one."""

    item: str
    partner: str
    language: str
    title: str | None
    url: str | None
    state: State


async def read_companions(connection: AsyncConnection, stories: Sequence[str]) -> Mapping[str, list[Companion]]:
    """All items of those stories, by story, oldest first."""
    names = ("id", "partner_id", "language", "title", "url", "state", "story")
    statement = select(*(item.c[name] for name in names)).where(item.c.story.in_(set(stories))).order_by(item.c.id)
    found: dict[str, list[Companion]] = {}
    for row in await connection.execute(statement):
        companion = Companion(row.id, row.partner_id, row.language, row.title, row.url, State(row.state))
        found.setdefault(row.story, []).append(companion)
    return found


async def find_item(connection: AsyncConnection, what: str) -> str | None:
    """The id of the item that an editor names by its id, its address at the partner's or that of its card here."""
    what = what.strip()
    own = _ITS_PAGE.search(what)
    url, key = canonical_url(what), url_key(what)
    keys = address_keys([key] if key else [])
    ways = [
        select(item.c.id).where(item.c.id == (own[1] if own else what)),
        select(item.c.id).where(item.c.url == url),
        select(story_key.c.item_id).where(story_key.c.key.in_(keys)),
    ]
    for way in ways if url else ways[:1]:
        found: str | None = await connection.scalar(way.order_by(way.selected_columns[0]).limit(1))
        if found:
            return found
    return None
