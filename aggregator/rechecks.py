"""Asks whether what is public is still there at its source: one question a source, or one small request a page.

Only the plain answer that there is nothing (404, 410) counts, and only twice, a day apart. A network that answers for
its posts by name is believed at once, unless it fails otherwise or takes back most of what it was asked for. A host
that asks to be left alone for a while (429, 503), or does not answer, is left alone, and what it was not asked for does
not count as checked.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.collectors import KINDS
from aggregator.collectors.contract import FindGone, Outside, Shown
from aggregator.collectors.patience import Patience
from aggregator.errors import CollectError, FetchError
from aggregator.model import Configuration, Source
from aggregator.pace import SHORTEST_REST
from aggregator.store.rechecks import Finding, Public, bare_host, share_out
from aggregator.store.sources import SourceState

# At most so many at a time: by name they cost one request or two, as pages one each.
MOST_BY_NAME = 40
RESTS = "rest:"
MOST_PAGES = 4
FEW = 3
FAILING_FOR = timedelta(days=3)
THERE, NOT_THERE = frozenset({200, 206}), frozenset({404, 410})
BUSY = frozenset({429, 503, None})  # None: nobody answers
DELETED, PAGE_GONE = "deleted at its source", "its page is gone"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to: a finding for each item that was asked for. Their host is left alone until `wait_until`."""

    findings: Sequence[Finding]
    wait_until: datetime | None = None


def able_to_tell(
    configuration: Configuration, states: Mapping[str, SourceState], resting: Collection[str], *, now: datetime
) -> dict[str, int]:
    """The sources whose items can be checked just now, each with how many at a time.

    One that cannot be read just now proves nothing by what else it does not show. After days of that, a few of its
    pages or posts are asked for all the same: what is deleted must not stay public for ever. `resting` are keys
    (`rest_of`) of hosts that are to be left alone.
    """
    return {
        source.id: most
        for source in configuration.sources
        if source.enabled and rest_of(source) not in resting and (most := _most(source, states.get(source.id), now))
    }


def rest_of(source: Source) -> str:
    """The key under which the work of checking is put off for the source's whole host."""
    return f"{RESTS}{bare_host(source.url)}"


def _most(source: Source, state: SourceState | None, now: datetime) -> int:
    """How many of a source's items may be checked at a time just now."""
    kind = KINDS[source.kind]
    if state is None or state.collected_at is None or (state.habits.wait_until or now) > now:
        return 0
    if state.failures and now - state.collected_at < FAILING_FOR + source.every:
        return 0
    if kind.find_gone:
        return MOST_PAGES if state.failures else MOST_BY_NAME
    return MOST_PAGES if kind.pages_tell else 0


def choose(
    items: Sequence[Public], configuration: Configuration, most: Mapping[str, int]
) -> tuple[dict[str, list[Public]], list[str]]:
    """What is checked this time, by source, and the ids of what cannot be checked at all."""
    sources = {source.id: source for source in configuration.sources}
    can = {one.id: can_be_checked(one, sources[one.source_id]) for one in items}
    return share_out([one for one in items if can[one.id]], most=most), [one.id for one in items if not can[one.id]]


def can_be_checked(one: Public, source: Source) -> bool:
    """Whether it has a name to ask by, or a page: one on another host than its source's is that host's affair."""
    if KINDS[source.kind].find_gone:
        return bool(one.entry_id)
    return bool(one.host) and one.host == bare_host(source.url)


async def check(source: Source, items: Sequence[Public], outside: Outside, *, is_failing: bool = False) -> Checked:
    """What became of the items of a source, which may be failing. Raises nothing that the other side can cause."""
    find_gone = KINDS[source.kind].find_gone
    if find_gone:
        return await _check_by_name(find_gone, source, items, outside, is_failing=is_failing)
    return await _check_pages(items, outside)


async def _check_by_name(
    find_gone: FindGone, source: Source, items: Sequence[Public], outside: Outside, *, is_failing: bool
) -> Checked:
    try:
        told = await find_gone(source, [Shown(one.entry_id, one.url) for one in items], outside)
    except CollectError as error:
        log.info("%s: what is gone could not be asked: %s", source.id, error)
        wait_until = _rest_after(error, outside.now())
        # One at least counts, so that none stands before the others for ever.
        asked = items[:1] if wait_until else items
        return Checked([Finding(one.id, None) for one in asked], wait_until)
    asked = [one for one in items if one.entry_id in told]
    missing = sum(told[one.entry_id] for one in asked)
    is_sure = not is_failing and (missing <= FEW or 2 * missing <= len(asked))
    return Checked([Finding(one.id, told[one.entry_id], is_sure, DELETED) for one in asked])


async def _check_pages(items: Sequence[Public], outside: Outside) -> Checked:
    """One after the other, so that the first one that is refused, or that nobody answers, is the last."""
    findings: list[Finding] = []
    patience = Patience()
    for one in items:
        if patience.is_over:
            break
        try:
            # One byte is enough; who sends all the same is cut off.
            await outside.fetch.get(one.url or "", accept="*/*", max_bytes=1, headers={"Range": "bytes=0-0"})
        except FetchError as error:
            findings.append(_finding(one, error))
            if wait_until := _rest_after(error, outside.now()):
                return Checked(findings, wait_until)
        else:
            findings.append(Finding(one.id, is_gone=False))
    return Checked(findings)


def _finding(one: Public, error: FetchError) -> Finding:
    if error.status in NOT_THERE:
        return Finding(one.id, is_gone=True, reason=f"{PAGE_GONE} ({error.status})")
    return Finding(one.id, is_gone=False if error.status in THERE else None)


def _rest_after(error: CollectError, now: datetime) -> datetime | None:
    """Until when a host that answered so, or not at all, is left alone; None where it need not be."""
    if not isinstance(error, FetchError) or error.status not in BUSY:
        return None
    return max(now + SHORTEST_REST, error.retry_at or now)
