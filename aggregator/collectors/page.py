"""Collects a page without a feed, by the CSS selectors of `[source.select]`, where its site lets programs read it."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

import cssselect

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.robots import Verdicts
from aggregator.documents.pages.listing import read_listing
from aggregator.errors import CollectError
from aggregator.model import Document, Selectors, Sighting
from aggregator.refine.links import canonical_url
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Source

ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
LONGEST_SELECTOR = 1_000


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the page unless it is the same as last time. Raises CollectError."""
    if source.select is None:
        raise CollectError("there is no table [source.select]; it says where on the page the entries stand")
    verdicts = Verdicts(cursor.place)
    await verdicts.check(source.url, outside)
    # What selectors find in the same page changes with them.
    shape = hashlib.sha256(repr(source.select).encode("utf-8", "replace")).hexdigest()[:16]
    is_known = cursor.place.get("shape") == shape
    asked = cursor if is_known else Cursor()
    answer = await outside.fetch.get(source.url, etag=asked.etag, last_modified=asked.last_modified, accept=ACCEPT)
    if answer.url != source.url:
        await verdicts.check(answer.url, outside)
    place = {"robots": verdicts.as_place(), "shape": shape}
    if answer.not_modified:
        return Collected(None, replace(cursor, place=place), answer.url, moved_to=answer.permanent_url)
    digest = hashlib.sha256(answer.body).hexdigest()
    read = Cursor(answer.etag, answer.last_modified, digest, place=place)
    if digest == asked.body_digest:
        return Collected(None, read, answer.url, moved_to=answer.permanent_url)
    reading = functools.partial(
        read_listing, url=answer.url, selectors=source.select, charset=answer.charset, languages=source.languages
    )
    document = await outside.reader.run(reading, answer.body)
    return Collected(_named(document, answer.url), read, answer.url, moved_to=answer.permanent_url)


def _named(document: Document, url: str) -> Document:
    """The entries with their ids: the addresses that they lead to, each once."""
    entries: dict[str, Sighting] = {}
    for entry in document.entries:
        name = _name(entry.url or "", url)
        entries.setdefault(name, replace(entry, entry_id=name))
    return replace(document, entries=tuple(entries.values()))


def _name(address: str, page: str) -> str:
    bare, fragment = urldefrag(address)
    canonical = canonical_url(bare) or bare
    is_on_the_page = canonical == canonical_url(urldefrag(page).url)
    return f"{canonical}#{fragment}" if is_on_the_page and fragment else canonical


def _wrong_selectors(selectors: Selectors) -> Mapping[str, str]:
    """What is wrong with each selector, and what to write instead."""
    translator = cssselect.HTMLTranslator()
    wrong = {}
    for field in fields_of(selectors):
        selector = getattr(selectors, field.name)
        try:
            if selector and len(selector) > LONGEST_SELECTOR:
                wrong[field.name] = f"is longer than {LONGEST_SELECTOR} characters; a short selector finds the same"
            elif selector:
                translator.css_to_xpath(selector)
        except (cssselect.SelectorError, ValueError, RecursionError) as error:
            wrong[field.name] = (
                f'{selector!r} is no CSS selector ({error}); write one such as "article.news" or "h2 a", '
                "without ::text or ::attr()"
            )
    return wrong


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"vanished"}), needs=frozenset({"select"}), wrong_selectors=_wrong_selectors),
)
