"""Reads what is learnt from: the log of decisions, and items as a model sees them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.learning.entries import EDIT, TELLING, Entry, last_words
from aggregator.learning.reasons import Tally
from aggregator.learning.specimens import LONGEST_TEXT, Specimen
from aggregator.model import State
from aggregator.store.moves import AT_SOURCE, RULE
from aggregator.store.tables import decision, item, item_tag

SOME = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """An item that is learnt from or judged. `tags` are those that it has now, `taken_off` those it has no more."""

    id: str
    version: int
    specimen: Specimen
    tags: tuple[str, ...]
    taken_off: frozenset[str]


async def read_entries(
    connection: AsyncConnection, *, after: int, until: datetime, most: int | None = None
) -> list[Entry]:
    """What people wrote into the log after that entry, as far as it teaches something; the last so many, in order.

    What came after the moment `until` is left for later, and all behind it: on PostgreSQL an entry with a smaller
    number may still be on its way.
    """
    columns = (
        decision.c.id,
        decision.c.at,
        decision.c.item_id,
        decision.c.action,
        decision.c.undoes,
        decision.c.detail,
    )
    telling = (decision.c.action.in_(TELLING), decision.c.editor.not_in((RULE, AT_SOURCE)))
    where = (decision.c.id > after, decision.c.item_id.is_not(None), *telling)
    statement = select(*columns).where(*where).order_by(decision.c.id.desc()).limit(most)
    entries: list[Entry] = []
    for row in reversed((await connection.execute(statement)).all()):
        if row.at > until:
            break
        has_tags = row.action == EDIT and "tags" in (row.detail or {})
        entries.append(Entry(row.id, row.item_id, row.action, row.undoes, has_tags))
    return entries


async def read_waiting(connection: AsyncConnection, *, most: int) -> dict[str, int]:
    """The items that wait, the newest so many, each with its version."""
    newest = (item.c.collected_at.desc(), item.c.id.desc())
    waiting = select(item.c.id, item.c.version).where(item.c.state == State.WAITING).order_by(*newest).limit(most)
    return {row.id: row.version for row in await connection.execute(waiting)}


async def read_subjects(connection: AsyncConnection, item_ids: Iterable[str]) -> dict[str, Subject]:
    """Those items, as far as they are still there."""
    columns = (
        item.c.id, item.c.version, item.c.title, item.c.summary, item.c.language, item.c.source_id, item.c.partner_id,
        item.c.kind, item.c.original, func.substr(item.c.content_text, 1, LONGEST_TEXT).label("beginning"),
    )  # fmt: skip
    found: dict[str, Subject] = {}
    for some in _parts(item_ids):
        tags = await _read_tags(connection, some)
        for row in await connection.execute(select(*columns).where(item.c.id.in_(some))):
            own, now = row.original, tuple(tags.get(row.id, ()))
            came_with = tuple(sorted(own["tags"])) if "tags" in own else now
            title, language = own.get("title", row.title), own.get("language", row.language)
            text = f"{title or ''}\n{row.beginning or row.summary}"[:LONGEST_TEXT]
            specimen = Specimen(text, language, row.source_id, row.partner_id, row.kind, came_with)
            found[row.id] = Subject(row.id, row.version, specimen, now, frozenset(came_with).difference(now))
    return found


async def read_tally(connection: AsyncConnection, entries: Sequence[Entry]) -> Tally:
    """What those entries say, counted. They are the standing ones."""
    words = last_words(entries)
    seen = {entry.item_id for entry in entries if entry.tells_tags and words.get(entry.item_id, True)}
    tally = Tally()
    for some in _parts(dict.fromkeys(entry.item_id for entry in entries)):
        tags = await _read_tags(connection, some)
        where_from = select(item.c.id, item.c.partner_id, item.c.source_id).where(item.c.id.in_(some))
        for row in await connection.execute(where_from):
            its = tags.get(row.id, ())
            if row.id in words:
                tally.count(row.partner_id, row.source_id, its, is_wanted=words[row.id])
            if row.id in seen:
                tally.count_tags(its)
    return tally


async def _read_tags(connection: AsyncConnection, item_ids: Collection[str]) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    of = select(item_tag.c.item_id, item_tag.c.tag).where(item_tag.c.item_id.in_(item_ids)).order_by(item_tag.c.tag)
    for row in await connection.execute(of):
        tags.setdefault(row.item_id, []).append(row.tag)
    return tags


def _parts(item_ids: Iterable[str]) -> list[list[str]]:
    ids = list(item_ids)
    return [ids[start : start + SOME] for start in range(0, len(ids), SOME)]
