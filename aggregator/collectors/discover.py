"""Collects a site of which only the address is known: finds out the best way once, keeps it, and looks again when gone.

Ways that need more than an address (a key, selectors) are not gone here; `mpower-stream sources discover` names them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.recognise import Candidate, candidates
from aggregator.errors import CollectError, DocumentError, FetchError
from aggregator.model import Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

GONE = (404, 410)
MOST_NAMED = 10
# In the cursor's place: the kind and the address that were found, and the place that the kind itself keeps.
KIND_FOUND, URL_FOUND, INNER = "kind", "url", "of"

Kinds = Mapping[str, SourceKind]


@dataclass(frozen=True, slots=True)
class Found:
    """The best way to read a site. `collected` is None where the kind needs to be told more before it can collect.

    `others` are further ways that the site names; nobody has tried them.
    """

    way: Candidate
    collected: Collected | None
    others: tuple[Candidate, ...] = ()


async def collect(source: Source, cursor: Cursor, outside: Outside, *, kinds: Kinds) -> Collected:
    """Go the way that was found before, else find one. Raises CollectError that says what is missing."""
    way = _known(cursor, kinds)
    if way:
        inner = replace(cursor, place=cursor.place.get(INNER) or {})
        try:
            going = replace(source, kind=way.kind, url=way.url)
            return _remembered(way, await kinds[way.kind].collect(going, inner, outside))
        except FetchError as error:
            if error.status not in GONE:
                raise
    found = await find(source, outside, kinds=kinds)
    if found.collected is None:
        needs = " and ".join(sorted(kinds[found.way.kind].rules.needs))
        raise DocumentError(f'this is a source of kind = "{found.way.kind}", which needs {needs}; write that kind')
    return _remembered(found.way, found.collected)


def _known(cursor: Cursor, kinds: Kinds) -> Candidate | None:
    kind, url = cursor.place.get(KIND_FOUND), cursor.place.get(URL_FOUND)
    if isinstance(url, str) and kind in kinds:
        return Candidate(str(kind), url)
    # As it was kept before there were other ways than feeds.
    return Candidate("feed", cursor.found_url) if cursor.found_url else None


def _remembered(way: Candidate, collected: Collected) -> Collected:
    cursor, document, offer = collected.cursor, collected.document, collected.offer
    if way.kind != "feed":
        # A hub's delivery would be read as this kind, which knows nothing of the other's ways.
        document, offer = (replace(document, hubs=()) if document else None), None
    place = {KIND_FOUND: way.kind, URL_FOUND: way.url, INNER: dict(cursor.place)}
    return replace(collected, document=document, offer=offer, cursor=replace(cursor, place=place))


async def find(source: Source, outside: Outside, *, kinds: Kinds) -> Found:
    """The first way that leads to something. Raises CollectError that says where it has looked."""
    tried = 0
    ways = candidates(source.url, kinds, outside)
    async for way in ways:
        if kinds[way.kind].rules.fits(way.url) is not None:
            continue
        tried += 1
        collected = None
        if not kinds[way.kind].rules.needs and (collected := await _try(source, way, outside, kinds)) is None:
            continue
        others = [] if way.is_sure or way.is_guess else [other async for other in ways if not other.is_guess]
        return Found(way, collected, tuple(other for other in dict.fromkeys(others) if other != way)[:MOST_NAMED])
    raise DocumentError(
        f"no feed was found at {source.url.partition('?')[0]}, nor anything else that can be read, at {tried} "
        'addresses that it names or that are usual; give the feed\'s own address with kind = "feed"'
    )


async def _try(source: Source, way: Candidate, outside: Outside, kinds: Kinds) -> Collected | None:
    try:
        return await kinds[way.kind].collect(replace(source, kind=way.kind, url=way.url), Cursor(), outside)
    except FetchError as error:
        # A host that does not answer: asking it nine times more is no use.
        if way.is_sure or (error.status is None and urlsplit(way.url).netloc == urlsplit(source.url).netloc):
            raise
    except CollectError:
        if way.is_sure:
            raise
    return None


def kind_among(kinds: Kinds) -> SourceKind:
    """This kind, whose sites turn out to be of the others."""
    return SourceKind(functools.partial(collect, kinds=kinds), Rules(options=frozenset({"vanished", "push"})))
