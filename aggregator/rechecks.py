"""Asks whether what is public is still there at its source: one question a source, or one small request a page.

Only the plain answer that there is nothing (404, 410) counts, and only twice, a day apart. A network that answers for
its posts by name is believed at once, unless it takes back most of what it was asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from aggregator.collectors import KINDS
from aggregator.collectors.contract import FindGone, Outside, Shown
from aggregator.errors import CollectError, FetchError
from aggregator.model import Configuration, Source
from aggregator.store.rechecks import Finding, Public, bare_host, share_out
from aggregator.store.sources import SourceState

# At most so many at a time: by name they cost one request or two, as pages one each.
MOST_BY_NAME = 40
MOST_PAGES = 4
FEW = 3
THERE, NOT_THERE = frozenset({200, 206}), frozenset({404, 410})
DELETED, PAGE_GONE = "deleted at its source", "its page is gone"
log = logging.getLogger(__name__)


def able_to_tell(configuration: Configuration, states: Mapping[str, SourceState]) -> dict[str, int]:
    """The sources whose items can be checked just now, each with how many at a time.

    One that cannot be read proves nothing by what else it does not show.
    """
    return {
        source.id: MOST_BY_NAME if kind.find_gone else MOST_PAGES
        for source in configuration.sources
        if source.enabled
        and (state := states.get(source.id))
        and state.collected_at
        and not state.failures
        and ((kind := KINDS[source.kind]).find_gone or kind.pages_tell)
    }


def choose(
    items: Sequence[Public], configuration: Configuration, most: Mapping[str, int]
) -> tuple[dict[str, list[Public]], list[str]]:
    """What is checked this time, by source, and the ids of what cannot be checked at all."""
    sources = {source.id: source for source in configuration.sources}
    can = {one.id: _can_be_checked(one, sources[one.source_id]) for one in items}
    return share_out([one for one in items if can[one.id]], most=most), [one.id for one in items if not can[one.id]]


def _can_be_checked(one: Public, source: Source) -> bool:
    """A page on another host than its source's is that host's affair."""
    if KINDS[source.kind].find_gone:
        return bool(one.entry_id)
    return bool(one.host) and one.host == bare_host(source.url)


async def check(source: Source, items: Sequence[Public], outside: Outside) -> list[Finding]:
    """What became of the items. Raises nothing that the other side can cause."""
    find_gone = KINDS[source.kind].find_gone
    if find_gone:
        return await _check_by_name(find_gone, source, items, outside)
    return list(await asyncio.gather(*(_check_page(one, outside) for one in items)))


async def _check_by_name(
    find_gone: FindGone, source: Source, items: Sequence[Public], outside: Outside
) -> list[Finding]:
    try:
        told = await find_gone(source, [Shown(one.entry_id, one.url) for one in items], outside)
    except CollectError as error:
        log.info("%s: what is gone could not be asked: %s", source.id, error)
        return [Finding(one.id, None) for one in items]
    asked = [one for one in items if one.entry_id in told]
    missing = sum(told[one.entry_id] for one in asked)
    is_sure = missing <= FEW or 2 * missing <= len(asked)
    return [Finding(one.id, told[one.entry_id], is_sure, DELETED) for one in asked]


async def _check_page(one: Public, outside: Outside) -> Finding:
    try:
        # One byte is enough; who sends all the same is cut off.
        await outside.fetch.get(one.url or "", accept="*/*", max_bytes=1, headers={"Range": "bytes=0-0"})
    except FetchError as error:
        if error.status in NOT_THERE:
            return Finding(one.id, is_gone=True, reason=f"{PAGE_GONE} ({error.status})")
        return Finding(one.id, is_gone=False if error.status in THERE else None)
    return Finding(one.id, is_gone=False)
