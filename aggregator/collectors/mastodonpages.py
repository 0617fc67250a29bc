"""Reads a Mastodon timeline page by page without a gap: the newest page always, and forward from where it was left.

https://docs.joinmastodon.org/api/guidelines/#pagination
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aggregator.collectors.contract import Answer, Outside
from aggregator.collectors.mastodonapi import TOO_MANY, WINDOW, ask, pause_after
from aggregator.collectors.patience import Patience
from aggregator.documents.networks.mastodonposts import read_statuses
from aggregator.errors import FetchError
from aggregator.model import Sighting, Source

PAGE = 40
FIRST_PAGES = 2
MOST_PAGES = 8
_LINK = re.compile(r'<[^<>]*[?&](max_id|min_id|since_id)=([\w-]{1,100})[^<>]*>\s*;\s*rel="(next|prev)"')


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `read_to` is the newest id up to which nothing is left out, None where there was nothing at all.

    `is_whole` says that the entries have no gap between them. `etag` is the newest page's.
    """

    entries: tuple[Sighting, ...]
    read_to: str | None
    is_whole: bool
    etag: str | None
    pause_until: datetime | None


async def read_pages(
    source: Source, path: str, query: Mapping[str, str], *, read_to: str | None, etag: str | None, outside: Outside
) -> Reading | None:
    """Read what is new since `read_to`, and the newest page again for edits; None where that is as it was.

    At most `MOST_PAGES` pages are asked for, and none once the server wants a pause or was slow for long enough: the
    rest comes at the next look.
    Raises CollectError; a 429 after the newest page only ends the look.
    """
    walk = _Walk(source, path, query, outside)
    newest = await walk.page(etag=etag)
    if newest is None:
        return None
    if not newest:
        return Reading((), read_to, is_whole=True, etag=walk.etag, pause_until=walk.pause_until)
    if read_to is None:
        older = await walk.back_from(newest)
        return walk.reading([*newest, *older], newest[0].entry_id, is_whole=True)
    if any(order(seen.entry_id) <= order(read_to) for seen in newest):
        return walk.reading(newest, max(newest[0].entry_id, read_to, key=order), is_whole=True)
    between, reached = await walk.forward_from(read_to, until=newest[-1].entry_id)
    is_whole = order(reached) >= order(newest[-1].entry_id)
    return walk.reading([*newest, *between], newest[0].entry_id if is_whole else reached, is_whole=is_whole)


def order(entry_id: str) -> tuple[int, str]:
    """Ids grow with time: as numbers on Mastodon, as text of one length on servers that are like it."""
    return len(entry_id), entry_id


class _Walk:
    """The pages of one look."""

    def __init__(self, source: Source, path: str, query: Mapping[str, str], outside: Outside) -> None:
        self._source = source
        self._path = path
        self._query = query
        self._outside = outside
        self._links: dict[str, str] = {}
        self._left = MOST_PAGES
        self._patience = Patience()
        self.etag: str | None = None
        self.pause_until: datetime | None = None

    async def page(self, *, etag: str | None = None, **where: str) -> Sequence[Sighting] | None:
        """One page, newest first; None where it has not changed since `etag`. The first one's validator is kept."""
        query: dict[str, str | int] = {**self._query, "limit": PAGE, **where}
        answer = await ask(self._outside, self._source, self._path, query, etag=etag)
        self._note(answer)
        if not where:
            self.etag = answer.etag
        if answer.not_modified:
            return None
        found = await self._outside.reader.run(partial(read_statuses, url=answer.url), answer.body)
        return sorted(found, key=lambda seen: order(seen.entry_id), reverse=True)

    async def back_from(self, newest: Sequence[Sighting]) -> list[Sighting]:
        """Some older ones, for a source that is read for the first time."""
        found: list[Sighting] = []
        for _ in range(FIRST_PAGES - 1):
            before = self._links.get("next") or (found or newest)[-1].entry_id
            if len(newest) < PAGE // 2 or self.pause_until or self._patience.is_over:
                break
            found += await self.page(max_id=before) or ()
        return found

    async def forward_from(self, read_to: str, *, until: str) -> tuple[list[Sighting], str]:
        """What came right after `read_to`, up to `until`; and how far that is without a gap."""
        found: list[Sighting] = []
        while self._left > 0 and not self.pause_until and order(read_to) < order(until):
            if found and self._patience.is_over:
                break
            try:
                page = await self.page(min_id=read_to)
            except FetchError as error:
                if error.status != TOO_MANY:
                    raise
                self.pause_until = error.retry_at or self._outside.now() + WINDOW
                break  # what was read so far is kept
            if not page or order(page[0].entry_id) <= order(read_to):
                return found, until  # nothing between is shown any more
            found += page
            read_to = max(page[0].entry_id, self._links.get("prev", ""), key=order)
        return found, read_to

    def reading(self, entries: Sequence[Sighting], read_to: str, *, is_whole: bool) -> Reading:
        """What all pages come to: each entry once."""
        once = {seen.entry_id: seen for seen in entries}
        return Reading(tuple(once.values()), read_to, is_whole, self.etag, self.pause_until)

    def _note(self, answer: Answer) -> None:
        self._left -= 1
        self._links = {rel: value for _, value, rel in _LINK.findall(answer.headers.get("link", ""))}
        self.pause_until = pause_after(answer, self._outside.now()) or self.pause_until
