"""Tells which posts a WordPress site no longer shows. When that is asked, and what follows, is not decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from yarl import URL

from aggregator.collectors.contract import Outside, Shown
from aggregator.collectors.restposts import ClosedError, find_roots, read_named
from aggregator.documents.wordpress import Named, slug_of
from aggregator.errors import CollectError
from aggregator.model import Source

AT_ONCE = 25
ID = re.compile(r"[?&]p=(\d{1,18})(?:&|$)")


async def find_gone(source: Source, shown: Sequence[Shown], outside: Outside) -> Sequence[str]:
    """The ids of entries that were deleted or are no longer public. Raises CollectError where the API cannot tell."""
    for root in await find_roots(source.url, outside):
        try:
            return await _gone_at(root, shown, outside)
        except ClosedError:
            continue
    raise ClosedError(f"WordPress's REST API at {URL(source.url).host} is closed: what was deleted cannot be told")


async def _gone_at(root: str, shown: Sequence[Shown], outside: Outside) -> Sequence[str]:
    gone: list[Shown] = []
    for start in range(0, len(shown), AT_ONCE):
        gone += await _missing(root, shown[start : start + AT_ONCE], outside)
    if not gone:
        return []
    newest, _ = await read_named(root, {}, outside)
    if not newest:
        raise CollectError("WordPress's REST API shows no post at all: whether they were deleted cannot be told")
    # Where addresses are not made of slugs, one that is not found says nothing.
    tells = any(slug_of(post.link or "") == post.slug for post in newest)
    return [one.entry_id for one in gone if tells or _id_in(one.url)]


async def _missing(root: str, shown: Sequence[Shown], outside: Outside) -> list[Shown]:
    """Those that are found neither by their address nor, since that may have changed, by the id in their guid."""
    ids = {one: post_id for one in shown if (post_id := _id_in(one.url))}
    slugs = {one: slug for one in shown if one not in ids and (slug := slug_of(one.url or ""))}
    known_ids = {str(post.id) for post in await _named(root, "include", ids.values(), outside)}
    known_slugs = {post.slug for post in await _named(root, "slug", slugs.values(), outside)}
    missing = [one for one in ids if ids[one] not in known_ids]
    missing += [one for one in slugs if slugs[one] not in known_slugs]
    # A guid may hold an id of the site that the post was moved from, so that what is found must have that guid.
    of_guids = [post_id for one in missing if (post_id := _id_in(one.entry_id))]
    known_guids = {post.guid for post in await _named(root, "include", of_guids, outside)}
    return [one for one in missing if one.entry_id not in known_guids]


async def _named(root: str, name: str, values: Iterable[str], outside: Outside) -> Sequence[Named]:
    wanted = list(dict.fromkeys(values))
    if not wanted:
        return ()
    named, has_more = await read_named(root, {name: ",".join(wanted)}, outside)
    if has_more:
        raise CollectError("WordPress's REST API has too many posts of one name to tell which were deleted")
    return named


def _id_in(address: str | None) -> str | None:
    found = ID.search(address or "")
    return found[1].lstrip("0") or None if found else None
