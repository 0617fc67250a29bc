"""What an editor changes in an item: kept as an overlay, so that the source's own words are never lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.filters import canonical_language
from aggregator.learning.training import tell
from aggregator.machine import Machine
from aggregator.model import State
from aggregator.store.changes import ChangeKind, record
from aggregator.store.learned import read_suggested
from aggregator.store.moves import StaleVersionError, UnknownItemError
from aggregator.store.search import fold
from aggregator.store.tables import item
from curation.decisions import Decided, log_action
from curation.retagging import put_tag_rows, read_tag_rows, words_anew


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("may not be empty")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300), AfterValidator(_not_empty)]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
LONGEST_LANGUAGE_TAG = 35  # RFC 5646, 4.4.1
TagId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


def _language_tag(text: str) -> str:
    if len(text) > LONGEST_LANGUAGE_TAG or not LANGUAGE_TAG.fullmatch(text):
        raise ValueError("use a code such as eu or pt-BR")
    return canonical_language(text)


LanguageTag = Annotated[str, AfterValidator(_language_tag)]


class TranslationEdit(BaseModel):
    """An item's words in another language."""

    model_config = ConfigDict(extra="forbid")
    title: Line | None = None
    summary: Paragraph | None = None


class Edit(BaseModel):
    """The body of a PATCH. A field that is not there stays; null gives it back to the source."""

    model_config = ConfigDict(extra="forbid")
    title: Line | None = None
    summary: Paragraph | None = None
    language: LanguageTag | None = None
    image_alt: Paragraph | None = None
    tags: list[TagId] | None = None
    translations: dict[LanguageTag, TranslationEdit | None] | None = None
    version: int | None = None


COLUMNS = ("title", "summary", "language", "image_alt")


async def edit_item(machine: Machine, item_id: str, edit: Edit, *, editor: str) -> Decided:
    """Lay an editor's words over the source's. Raises UnknownItemError or StaleVersionError."""
    now = machine.now()
    fields = edit.model_fields_set - {"version"}
    async with machine.database.write() as connection:
        row = (await connection.execute(select(item).where(item.c.id == item_id).with_for_update())).one_or_none()
        if row is None:
            raise UnknownItemError(f"there is no item {item_id}")
        if edit.version is not None and edit.version != row.version:
            raise StaleVersionError(item_id, row.version)
        if not fields:
            return Decided(item_id, "edit", State(row.state), row.version)
        overlay, original = dict(row.overlay), dict(row.original)
        values: dict[str, Any] = {}
        for name in fields.intersection(COLUMNS):
            values[name] = _lay_over(row, name, getattr(edit, name), overlay, original)
        if values.get("language", row.language) != row.language:
            await _find_words_anew(connection, machine, row, values, original)
        if "tags" in fields:
            taken = dict.fromkeys(await read_suggested(connection, item_id), f"suggested, taken by {editor}")
            await _lay_over_tags(connection, item_id, edit.tags, overlay, original, taken)
        if "translations" in fields:
            values["translations"] = _translations(row.translations, edit.translations)
        title, text = values.get("title", row.title), row.content_text or values.get("summary", row.summary)
        values |= {"overlay": overlay, "original": original, "search_text": fold(f"{title or ''} {text}")}
        guard = update(item).where(item.c.id == item_id, item.c.version == row.version)
        if (await connection.execute(guard.values(**values, version=row.version + 1))).rowcount != 1:
            raise StaleVersionError(item_id, row.version + 1)
        await tell(connection, machine.work, now=now)
        await _log(connection, row, edit, sorted(fields), editor, now=now)
    await machine.bell.ring()
    return Decided(item_id, "edit", State(row.state), row.version + 1)


def _lay_over(row: Row[Any], name: str, value: Any, overlay: dict[str, Any], original: dict[str, Any]) -> Any:
    if value is None:
        overlay.pop(name, None)
        return original.pop(name, getattr(row, name))
    original.setdefault(name, getattr(row, name))
    overlay[name] = value
    return value


async def _find_words_anew(
    connection: AsyncConnection, machine: Machine, row: Row[Any], values: Mapping[str, Any], original: dict[str, Any]
) -> None:
    """Words mean something in their language only. Where an editor chose the tags, it is those beneath that change."""
    said = {"title": values.get("title", row.title), "text": row.content_text, "language": values["language"]}
    if "tags" in original:
        original["tags"] = words_anew(original["tags"], machine.sources.tagger, **said)
    else:
        before = await read_tag_rows(connection, row.id)
        await put_tag_rows(connection, row.id, words_anew(before, machine.sources.tagger, **said))


async def _lay_over_tags(
    connection: AsyncConnection,
    item_id: str,
    tags: list[str] | None,
    overlay: dict[str, Any],
    original: dict[str, Any],
    taken: Mapping[str, str],
) -> None:
    """`taken` are the tags that the model suggests, with the evidence of one that an editor takes."""
    before = await read_tag_rows(connection, item_id)
    if tags is None:
        overlay.pop("tags", None)
        after: Mapping[str, list[str]] = original.pop("tags", before)
    else:
        original.setdefault("tags", before)
        overlay["tags"] = sorted(set(tags))
        known = {**before, **original["tags"]}
        new = {tag: ["model", taken[tag]] if tag in taken else ["editor", ""] for tag in overlay["tags"]}
        after = {**new, **{tag: known[tag] for tag in new if tag in known}}
    await put_tag_rows(connection, item_id, after)


def _translations(
    before: Mapping[str, Any], edit: Mapping[str, TranslationEdit | None] | None
) -> Mapping[str, dict[str, str | None]]:
    if edit is None:
        return {}
    after = dict(before)
    for language, words in edit.items():
        after.pop(language, None)
        if words and (words.title or words.summary):
            after[language] = {"title": words.title, "summary": words.summary, "by": "editor"}
    return after


async def _log(
    connection: AsyncConnection, row: Row[Any], edit: Edit, fields: list[str], editor: str, *, now: datetime
) -> None:
    await log_action(
        connection, row.id, "edit", editor, ", ".join(fields), version=row.version + 1, now=now,
        detail=edit.model_dump(include=set(fields), mode="json"),
    )  # fmt: skip
    kinds = [ChangeKind.CHANGED, *([ChangeKind.PUBLISHED] if row.state == State.APPROVED else [])]
    await record(connection, [(kind, row.id) for kind in kinds], now=now)
