"""Tells which posts a WordPress site no longer shows. When that is asked, and what follows, is not decided here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from aggregator.collectors.contract import Outside, Shown
from aggregator.collectors.restposts import ClosedError, find_roots, read_named
from aggregator.documents.networks.wordpress import Named, slug_of
from aggregator.errors import CollectError
from aggregator.model import Source

AT_ONCE = 25
ID = re.compile(r"[?&]p=(\d{1,18})(?:&|$)")


async def find_gone(source: Source, shown: Sequence[Shown], outside: Outside) -> Mapping[str, bool]:
    """Which entries were deleted or are no longer public. Raises CollectError where the API cannot tell."""
    host = _host_of(source.url) or ""
    for root in await find_roots(source.url, outside):
        try:
            gone = await _gone_at(root, host, shown, outside)
        except ClosedError:
            continue
        return {one.entry_id: one.entry_id in gone for one in shown}
    raise ClosedError(f"WordPress's REST API at {host} is closed: what was deleted cannot be told")


async def _gone_at(root: str, host: str, shown: Sequence[Shown], outside: Outside) -> Collection[str]:
    """The ids of those that are gone."""
    gone: list[Shown] = []
    for start in range(0, len(shown), AT_ONCE):
        gone += await _missing(root, host, shown[start : start + AT_ONCE], outside)
    if not gone:
        return ()
    newest, _ = await read_named(root, {}, outside)
    if not newest:
        raise CollectError("WordPress's REST API shows no post at all: whether they were deleted cannot be told")
    # Where addresses are not made of slugs, one that is not found says nothing.
    tells = any(post.slug and slug_of(post.link or "") == post.slug for post in newest)
    return {one.entry_id for one in gone if tells or _own_id(one, host)}


async def _missing(root: str, host: str, shown: Sequence[Shown], outside: Outside) -> list[Shown]:
    """Those that are found neither by the id in their address or guid, nor by their address.

    A guid keeps the id of the site where the post was written, so a post of that id must have that guid, too.
    """
    ids = {one: post_id for one in shown if (post_id := _own_id(one, host))}
    missing = await _not_by_id(root, shown, ids, outside)
    slugs = {one: slug for one in missing if not _id_in(one.url) and (slug := slug_of(one.url or ""))}
    known = {post.slug for post in await _named(root, "slug", slugs.values(), outside)}
    missing = [one for one in missing if slugs.get(one) not in known]
    elsewhere = {one: post_id for one in missing if one not in ids and (post_id := _id_in(one.entry_id))}
    missing = await _not_by_id(root, missing, elsewhere, outside)
    return [one for one in missing if one in ids or one in slugs]


async def _not_by_id(root: str, shown: Sequence[Shown], ids: Mapping[Shown, str], outside: Outside) -> list[Shown]:
    found = {str(post.id): post.guid for post in await _named(root, "include", ids.values(), outside)}
    return [one for one in shown if one not in ids or not _is_same(one, found.get(ids[one]))]


def _is_same(one: Shown, guid: str | None) -> bool:
    """Whether the post that was found, by its guid, is that one. An id in an address is the site's own."""
    return guid is not None and (bool(_id_in(one.url)) or guid in {"", one.entry_id})


def _own_id(one: Shown, host: str) -> str | None:
    """The post's id, where its address holds it, or a guid that this site has given."""
    return _id_in(one.url) or (_id_in(one.entry_id) if _host_of(one.entry_id) == host else None)


def _host_of(address: str) -> str | None:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.") or None
    except ValueError:
        return None


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
