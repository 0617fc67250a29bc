"""An editor's own items: from an address, whose page is read, or written whole."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from yarl import URL

from aggregator.documents.pages.article import read_article
from aggregator.events import ItemsArrived
from aggregator.machine import Machine
from aggregator.model import Media, Partner, Refined, Review, ReviewMode, Sighting, Source
from aggregator.refine import refine
from aggregator.refine.identity import judge, marks
from aggregator.refine.links import canonical_url
from aggregator.store.changes import record
from aggregator.store.items import keep_entries, read_known
from curation.decisions import WrongDecisionError, log_action
from curation.edits import LanguageTag, Line, Paragraph

SOURCE_ID = "editors"


class Addition(BaseModel):
    """The body of a POST: an address alone, or an item with what the address does not tell."""

    model_config = ConfigDict(extra="forbid")
    url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    title: Line | None = None
    summary: Paragraph | None = None
    content_html: Annotated[str, StringConstraints(max_length=200_000)] | None = None
    language: LanguageTag | None = None
    partner: str | None = None
    image: Annotated[str, StringConstraints(max_length=2000)] | None = None
    image_alt: Paragraph | None = None
    date_published: AwareDatetime | None = None
    tags: Annotated[list[str], Field(max_length=20)] = []


async def add_item(machine: Machine, addition: Addition, *, editor: str) -> str:
    """Keep the item and return its id; one that is here already from an editor is not kept twice.

    Raises WrongDecisionError that names a field, or CollectError where the page cannot be read.
    """
    sighting = await _sighting(machine, addition)
    partner = _partner(machine, addition, sighting)
    known_tags = {tag.id for tag in machine.configuration.tags}
    if unknown := sorted(set(addition.tags) - known_tags):
        raise WrongDecisionError("tags", f"{unknown[0]!r} is no tag of sources.toml")
    source = Source(
        SOURCE_ID, partner.id, "editor", sighting.url or "", machine.configuration.stream.languages,
        timedelta(days=1), Review(ReviewMode.HOLD), tags=tuple(addition.tags),
    )  # fmt: skip
    refined = await asyncio.to_thread(_refine, machine, source, sighting)
    return await _keep(machine, source, sighting, refined, editor)


async def _sighting(machine: Machine, addition: Addition) -> Sighting:
    url = canonical_url(addition.url) if addition.url else None
    if addition.url and not url:
        raise WrongDecisionError("url", "is no web address; it begins with https:// or http://")
    if url is None and not addition.title:
        raise WrongDecisionError("title", "give an address or a title")
    found = Sighting(entry_id=url or "", url=url)
    if url and not addition.title:
        outside = machine.outside
        answer = await outside.fetch.get(url)
        reading = functools.partial(read_article, url=answer.url, charset=answer.charset)
        found = await outside.reader.run(reading, answer.body)
    if addition.image and not canonical_url(addition.image):
        raise WrongDecisionError("image", "is no web address; it begins with https:// or http://")
    media = (Media(addition.image, alt=addition.image_alt, type="image/*"),) if addition.image else found.media
    return replace(
        found,
        title=addition.title or found.title,
        summary_html=_as_html(addition.summary) or found.summary_html,
        body_html=addition.content_html or found.body_html,
        language=addition.language or found.language,
        media=media,
        published_at=addition.date_published or found.published_at,
    )


def _as_html(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;")


def _partner(machine: Machine, addition: Addition, sighting: Sighting) -> Partner:
    """The partner that is named, else the one whose site the address is on."""
    partners = machine.configuration.partners
    if addition.partner:
        if partner := machine.configuration.partner(addition.partner):
            return partner
        raise WrongDecisionError("partner", f"{addition.partner!r} is no partner of sources.toml")
    host = URL(sighting.url or "").host
    for partner in partners:
        if host and partner.url and _bare(URL(partner.url).host) == _bare(host):
            return partner
    names = ", ".join(partner.id for partner in partners)
    raise WrongDecisionError("partner", f"the address is on no partner's site; name one of {names}")


def _bare(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def _refine(machine: Machine, source: Source, sighting: Sighting) -> Refined:
    return refine(
        sighting, source=source, base_url=sighting.url, feed_language=None,
        tagger=machine.sources.tagger, now=machine.now(),
    )  # fmt: skip


async def _keep(machine: Machine, source: Source, sighting: Sighting, refined: Refined, editor: str) -> str:
    now = machine.now()
    marked = marks([sighting])
    async with machine.database.write() as connection:
        known = await read_known(connection, source.id, (mark for _, mark in marked))
        verdict = judge(marked, known)[0]
        if verdict.item_id:
            return verdict.item_id
        kept = await keep_entries(connection, source, [(verdict, refined)], now=now)
        item_id = kept.item_ids[0]
        await machine.work.put(connection, ItemsArrived((item_id,)), due_at=now)
        await log_action(connection, item_id, "add", editor, now=now, version=1)
        await record(connection, kept.changes, now=now)
    await machine.bell.ring()
    return item_id
