"""Collects a WordPress site by its REST API: what is new, and what was edited, however old it is.

Where the API is closed the site's feed is read instead, and the API is tried again after a day. Times that are sent
are taken from the site's own posts, in its local time and without a zone: that is what WordPress compares them with.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from yarl import URL

from aggregator.collectors import discover, feed
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.patience import Patience
from aggregator.collectors.restgone import find_gone
from aggregator.collectors.restposts import ClosedError, feed_address, find_roots, read_named, read_page
from aggregator.documents.networks.wordpress import Post
from aggregator.errors import CollectError, DocumentError
from aggregator.model import Alternate, Document, Sighting, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

# As many as its feed shows, so that a source that was read as a feed brings nothing old.
FIRST_LOOK = 10
PER_PAGE = 20  # with everything embedded a post may be half a megabyte
MOST_PAGES = 15
MOST_EXCLUDED = 500  # ids in one address
# What was edited before the last edit that we know of: clocks that are turned back, a site that changes its time zone,
# caches. As far as any place on earth is from UTC, since some sites take the time for UTC.
MARGIN = timedelta(hours=14)
ONE_SECOND = timedelta(seconds=1)
CLOSED_FOR = timedelta(days=1)
IN_FEED = "feed"  # in the place: what reading the feed keeps
FIRST_YEAR, LAST_YEAR = 1900, 2200
EMBEDDED = {"_embed": "author,wp:featuredmedia,wp:term", "status": "publish"}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the API gave. `place` is what to remember."""

    posts: tuple[Post, ...]
    place: Mapping[str, Any]
    is_window: bool = False


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Ask for what is new or edited. Raises CollectError where neither the API nor a feed can be read."""
    closed_until = _moment(cursor.place.get("closed_until"))
    if closed_until and _now(outside) < closed_until:
        return await _read_feed(source, cursor, cursor.place, outside)
    try:
        look = await _at_some_root(source, cursor.place, outside)
    except ClosedError as closed:
        log.info("%s: %s", source.id, closed)
        until = _now(outside) + CLOSED_FOR
        notice = (
            f"{closed}; its feed is read instead, which does not show edits of older posts; tried again {until:%d %B}"
        )
        place = {**cursor.place, "closed_until": until.isoformat(), "notice": notice}
        return await _read_feed(source, cursor, place, outside)
    return await _collected(source, look, cursor, outside)


async def _collected(source: Source, look: Look, cursor: Cursor, outside: Outside) -> Collected:
    read = Cursor(found_url=cursor.found_url, place=look.place)
    if not look.posts:
        return Collected(None, read, source.url)
    entries = await _with_translations(look.posts, str(look.place["root"]), outside)
    return Collected(Document(entries, "wordpress", is_window=look.is_window), read, source.url)


async def _read_feed(source: Source, cursor: Cursor, place: Mapping[str, Any], outside: Outside) -> Collected:
    inner = replace(cursor, place=place.get(IN_FEED) or {})
    try:
        collected = await discover.collect(source, inner, outside, kinds={"feed": feed.KIND})
    except DocumentError as error:
        closed = str(place.get("notice", "its REST API is closed")).partition(";")[0]
        raise CollectError(f"{closed}; and {error}") from error
    return replace(collected, cursor=replace(collected.cursor, place={**place, IN_FEED: dict(collected.cursor.place)}))


async def _at_some_root(source: Source, place: Mapping[str, Any], outside: Outside) -> Look:
    """A look at the root that is remembered, or else at the first that answers. Raises ClosedError where none does."""
    known, closed = place.get("root"), None
    if isinstance(known, str):
        try:
            return await _look(known, place, outside)
        except ClosedError as error:
            closed = error
    for root in await find_roots(source.url, outside):
        try:
            return await _look(root, place, outside)
        except ClosedError as error:
            closed = closed or error
    raise closed or ClosedError(f"{URL(source.url).host} has no REST API of WordPress")


async def _look(root: str, place: Mapping[str, Any], outside: Outside) -> Look:
    since = _moment(place.get("since"))
    if since is None:
        return await _newest(root, outside)
    return await _changed(root, place, since, outside)


async def _newest(root: str, outside: Outside) -> Look:
    """The first look: the newest posts. What is older than them is left alone for good, however it is edited."""
    page = await read_page(root, {**EMBEDDED, "per_page": str(FIRST_LOOK)}, outside)
    place: dict[str, Any] = {"root": root}
    if since := _latest(page.posts, outside.now()):
        place["since"] = since.isoformat()
    dates = [date for post in page.posts if (date := _moment(post.date))]
    if page.has_more() and dates:
        place["from"] = (min(dates) - ONE_SECOND).isoformat()
    return Look(page.posts, place, is_window=True)


async def _changed(root: str, place: Mapping[str, Any], since: datetime, outside: Outside) -> Look:
    """What was edited or published since, the earliest edit first, so that what is too much now comes next time.

    It goes on from the last edit and not by page number: posts that are edited meanwhile would move others from a page
    that is still to be read to one that was read already.
    """
    after, excluded = _resumed(place.get("resume")) or (since - MARGIN, [])
    found: dict[int, Post] = {}
    left = None
    patience = Patience()
    for _ in range(MOST_PAGES):
        wishes = {"modified_after": after.isoformat(), "orderby": "modified", "order": "asc"}
        page = await read_page(root, _wishes({**wishes, "exclude": _ids(excluded)}, place), outside)
        if not _is_as_asked(page.posts, after, excluded):
            return await _by_pages(root, place, since, outside)
        found |= {post.id: post for post in page.posts}
        left = _next(page.posts, after, excluded) if page.has_more() else None
        if left is None or patience.is_over:
            break
        after, excluded = left
    kept = _kept(root, place, since, found.values(), outside)
    if left:
        kept["resume"] = {"after": left[0].isoformat(), "exclude": left[1]}
    return Look(tuple(found.values()), kept)


def _is_as_asked(posts: Sequence[Post], after: datetime, excluded: Sequence[int]) -> bool:
    """Whether the site does what these wishes ask of it: WordPress before 5.7 knows no `modified_after`."""
    moments = [moment for post in posts if (moment := _moment(post.modified))]
    is_late = all(moment >= after - MARGIN for moment in moments)
    return is_late and moments == sorted(moments) and not any(post.id in excluded for post in posts)


async def _by_pages(root: str, place: Mapping[str, Any], since: datetime, outside: Outside) -> Look:
    """The same of a site that does not do as it was asked: the latest edits, page by page."""
    found: dict[int, Post] = {}
    for number in range(1, MOST_PAGES + 1):
        after = (since - MARGIN).isoformat()
        wishes = {"modified_after": after, "orderby": "modified", "order": "desc", "page": str(number)}
        page = await read_page(root, _wishes(wishes, place), outside)
        found |= {post.id: post for post in page.posts}
        moments = [moment for post in page.posts if (moment := _moment(post.modified))]
        if not moments or min(moments) < since - MARGIN or not page.has_more(number):
            break
    return Look(tuple(found.values()), _kept(root, place, since, found.values(), outside))


def _kept(
    root: str, place: Mapping[str, Any], since: datetime, posts: Iterable[Post], outside: Outside
) -> dict[str, Any]:
    """What to remember of a look."""
    latest = max(since, _latest(posts, outside.now()) or since)
    kept = {"from": place["from"]} if "from" in place else {}
    return {**kept, "root": root, "since": latest.isoformat()}


def _wishes(wishes: Mapping[str, str], place: Mapping[str, Any]) -> dict[str, str]:
    oldest = _moment(place.get("from"))
    whole = {**EMBEDDED, "per_page": str(PER_PAGE), **wishes, "after": oldest.isoformat() if oldest else ""}
    return {name: value for name, value in whole.items() if value}


def _next(posts: Sequence[Post], after: datetime, excluded: Sequence[int]) -> tuple[datetime, list[int]] | None:
    """Where to go on: from the second before the last edit, without those of that second that were read."""
    moments = {post.id: moment for post in posts if (moment := _moment(post.modified))}
    if not moments:
        return None
    last = max(moments.values())
    went_on = last - ONE_SECOND > after
    ids = [] if went_on else list(excluded)
    ids += [post_id for post_id, moment in moments.items() if moment >= last - ONE_SECOND and post_id not in ids]
    if len(ids) > MOST_EXCLUDED:
        return last, []
    return (max(last - ONE_SECOND, after), ids) if went_on or set(ids) != set(excluded) else None


def _resumed(resume: object) -> tuple[datetime, list[int]] | None:
    if not isinstance(resume, dict):
        return None
    after, excluded = _moment(resume.get("after")), resume.get("exclude")
    ids = [each for each in excluded if isinstance(each, int)] if isinstance(excluded, list) else []
    return (after, ids) if after else None


def _latest(posts: Iterable[Post], now: datetime) -> datetime | None:
    """The last edit that can be true: one in the future would hide all that follow it."""
    soon = now + timedelta(days=1)
    true = (post for post in posts if post.sighting.updated_at and post.sighting.updated_at <= soon)
    return max((moment for post in true if (moment := _moment(post.modified))), default=None)


async def _with_translations(posts: Sequence[Post], root: str, outside: Outside) -> tuple[Sighting, ...]:
    """The entries, with the addresses of their translations where the site gives only ids (Polylang)."""
    links = {post.id: post.link for post in posts}
    unknown = sorted({to for post in posts for _, to in post.translations} - set(links))
    for start in range(0, len(unknown), 100):
        try:
            named, _ = await read_named(root, {"include": _ids(unknown[start : start + 100])}, outside)
        except CollectError as error:  # the posts themselves are there, and are worth more
            log.info("translations of posts are not known: %s", error)
            break
        links |= {post.id: post.link for post in named}
    return tuple(_translated(post, links) for post in posts)


def _translated(post: Post, links: Mapping[int, str | None]) -> Sighting:
    versions = (Alternate(link, language) for language, to in post.translations if (link := links.get(to)))
    return replace(post.sighting, alternates=(*post.sighting.alternates, *versions))


def _ids(ids: Iterable[int]) -> str:
    return ",".join(map(str, ids))


def _moment(value: object) -> datetime | None:
    """A moment without a zone, of a year that can be reckoned with; None for all else."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=None) if moment and FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _now(outside: Outside) -> datetime:
    """Now in UTC, as `_moment` gives moments."""
    return outside.now().astimezone(UTC).replace(tzinfo=None)


def _fits(url: str) -> str | None:
    if URL(url).path.rstrip("/").endswith("/feed"):
        return 'is the address of a feed; give the site\'s own for kind = "wordpress", or write kind = "feed"'
    return None


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"vanished", "push"}), fits=_fits),
    find_gone=find_gone,
    feed_address=feed_address,
)
