"""Whom the stream listens to, as a list for feed readers (OPML 2.0): for the public, and for the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from aggregator.collectors import KINDS
from aggregator.documents.opml import Outline, write_opml
from aggregator.model import Configuration, Source
from aggregator.store.sources import SourceState, read_states
from curation.application import MACHINE
from web.serving.answering import good_until

# Names of what opens something to whoever has it, as they stand in addresses.
_KEYS: Final = re.compile(r"key|token|secret|sig|auth|pass|pwd|user|session|hash|feed$", re.IGNORECASE)
# What only its owner asks for: mailboxes, and systems that post to us.
_OWN: Final = frozenset({"mail", "hook"})
GOOD_FOR: Final = timedelta(minutes=1)


async def sources_opml(request: web.Request) -> web.Response:
    """`GET /sources.opml`: the enabled sources by partner, without an address that would open more than is public."""
    machine = request.app[MACHINE]
    good_until(request, machine.now() + GOOD_FOR)  # a feed that is found elsewhere changes nothing in the stream
    async with machine.database.read() as connection:
        found = found_addresses(await read_states(connection))
    text = source_list(machine.configuration, found, is_public=True)
    return web.Response(text=text, content_type="text/x-opml", charset="utf-8")


def source_list(configuration: Configuration, found: Mapping[str, str], *, is_public: bool = False) -> str:
    """The enabled sources; what has no feed stands there as a link.

    `found` says where feeds were discovered, by source. For the public, addresses that hold a key are left out, and so
    is what has nothing else to show.
    """
    groups = []
    for partner in configuration.partners:
        theirs = [source for source in configuration.sources if source.partner == partner.id and source.enabled]
        outlines = []
        for source in theirs:
            title = partner.name if len(theirs) == 1 else f"{partner.name}: {source.id}"
            outline = _outline(source, title, partner.url, found, is_public=is_public)
            outlines += [outline] if outline.url or outline.home else []
        if outlines:
            groups.append((partner.name, outlines))
    return write_opml(configuration.stream.title, groups)


def found_addresses(states: Mapping[str, SourceState]) -> dict[str, str]:
    """Where the feeds are that were discovered, by source."""
    return {name: url for name, state in states.items() if (url := _found(state.cursor.place, state.cursor.found_url))}


def _outline(source: Source, title: str, home: str | None, found: Mapping[str, str], *, is_public: bool) -> Outline:
    url, own = KINDS[source.kind].feed_address(source.url) or found.get(source.id), str(source.url)
    if is_public:
        url = url if url and is_open(url) and source.kind not in _OWN else None
        own = own if is_open(own) and source.kind not in _OWN else ""
    language = source.languages[0] if len(source.languages) == 1 else None
    return Outline(title, url, home or own if url else own or home, language)


def is_open(url: str) -> bool:
    """Whether an address may be told to anybody: one of the web that holds no name, no password and no key."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc or parts.fragment:
        return False
    return not any(_KEYS.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True))


def _found(place: Mapping[str, object], found_url: str | None) -> str | None:
    kind, url = place.get("kind", "feed"), place.get("url", found_url)
    return KINDS[str(kind)].feed_address(str(url)) if url and kind in KINDS else None


ROUTES = (("/sources.opml", sources_opml),)
