"""Looks for an item's words once more when an editor has said which language they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.refine import TAGGED_LENGTH
from aggregator.refine.boilerplate import without_boilerplate
from aggregator.refine.tags import Tagger
from aggregator.store.tables import item_tag

WORD = "word"
Tags = Mapping[str, Sequence[str]]  # by tag: its origin and evidence


def words_anew(tags: Tags, tagger: Tagger, *, title: str | None, text: str, language: str) -> dict[str, list[str]]:
    """The tags with those by words as that language has them. What came otherwise (source, editor, …) stays."""
    kept = {tag: list(how) for tag, how in tags.items() if how[0] != WORD}
    # As the item was read when it came.
    said = f"{title or ''}\n{without_boilerplate(text)}"[:TAGGED_LENGTH]
    found = tagger.match(said, language=language)
    return kept | {
        match.tag: [WORD, match.evidence] for match in found if match.origin == WORD and match.tag not in kept
    }


async def read_tag_rows(connection: AsyncConnection, item_id: str) -> dict[str, list[str]]:
    """An item's tags with their origins and evidence."""
    rows = await connection.execute(select(item_tag).where(item_tag.c.item_id == item_id))
    return {row.tag: [row.origin, row.evidence] for row in rows}


async def put_tag_rows(connection: AsyncConnection, item_id: str, tags: Tags) -> None:
    """Let an item have these tags and no others."""
    await connection.execute(delete(item_tag).where(item_tag.c.item_id == item_id))
    new: list[dict[str, Any]] = [
        {"item_id": item_id, "tag": tag, "origin": origin, "evidence": evidence}
        for tag, (origin, evidence) in tags.items()
    ]
    if new:
        await connection.execute(insert(item_tag), new)
