"""Tells which posts of a Mastodon server are gone: only what the server itself says of each one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from yarl import URL

from aggregator.collectors.contract import Outside, Shown
from aggregator.collectors.mastodonapi import GONE, NOT_FOUND, TOO_MANY, ask, pause_after
from aggregator.collectors.mastodonpages import PAGE, Reading, order
from aggregator.collectors.patience import Patience
from aggregator.documents.networks.mastodonaccounts import identity
from aggregator.documents.networks.mastodonposts import read_status
from aggregator.errors import CollectError, FetchError
from aggregator.model import Source

MOST_ASKED = 50
MOST_AT_A_LOOK = 20


async def find_gone(source: Source, shown: Sequence[Shown], outside: Outside) -> Mapping[str, bool]:
    """Which of the first `MOST_ASKED` posts are deleted, or may not be shown to everyone any more.

    It ends early, and tells of fewer, where the server wants a pause, or is slow. Raises CollectError where the server
    does not say.
    """
    told: dict[str, bool] = {}
    patience = Patience()
    for one in shown[:MOST_ASKED]:
        if patience.is_over:
            break
        if not identity(one.entry_id):
            told[one.entry_id] = False
            continue
        try:
            answer = await ask(outside, source, f"/api/v1/statuses/{one.entry_id}")
        except FetchError as error:
            if error.status == TOO_MANY and told:
                break
            if not _is_deleted(error, source):
                raise
            told[one.entry_id] = True
            continue
        seen = await outside.reader.run(partial(read_status, url=answer.url), answer.body)
        told[one.entry_id] = bool(seen and seen.hidden)
        if pause_after(answer, outside.now()):
            break
    return told


def _is_deleted(error: FetchError, source: Source) -> bool:
    """Whether Mastodon itself says so. Raises CollectError for the 404 of a site that has taken its place."""
    if error.status == NOT_FOUND and '"error"' not in error.said:
        raise CollectError(f"{URL(source.url).host} no longer answers as Mastodon does; look whether it has moved")
    return error.status in {NOT_FOUND, GONE}


async def missing_since(
    before: object, reading: Reading, source: Source, outside: Outside
) -> tuple[Sequence[str], Sequence[str]]:
    """The posts that were there at the look before and are deleted, and the ids to give back at the next look.

    `before` is what the look before gave. A post that is missing is asked for by name, since a timeline leaves out more
    than what is deleted: replies that are no longer wanted, a hashtag that was edited away, who is off the list. One
    that is empty may be closed, and tells nothing.
    """
    known = [one for one in before if identity(one)] if isinstance(before, list) else []
    if not reading.is_whole or not reading.entries:
        return (), known
    there = [seen.entry_id for seen in reading.entries]
    oldest = min(there, key=order)
    reaches_end = len(there) < PAGE
    missing = [one for one in known if one not in set(there) and (reaches_end or order(one) > order(oldest))]
    asked = [] if reading.pause_until else missing[:MOST_AT_A_LOOK]
    newest = sorted(there, key=order, reverse=True)[:PAGE]
    try:
        told = await find_gone(source, [Shown(one, None) for one in asked], outside)
    except CollectError:
        return (), [*newest, *missing[:PAGE]]  # whoever cannot be asked now is asked at the next look
    left = [one for one in missing[:PAGE] if one not in told]
    return [one for one, is_gone in told.items() if is_gone], [*newest, *left]
