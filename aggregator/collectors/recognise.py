"""What kind of source stands behind an address: by the address itself, by what runs there, by what its page names.

It only suggests; whether something can be read there is found out by collecting it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from aggregator.collectors.contract import Answer, Outside
from aggregator.collectors.hosts import is_at, is_numeric
from aggregator.documents.feeds.reading import read_feed
from aggregator.documents.networks.nodeinfo import find_nodeinfo, read_software
from aggregator.documents.pages.pages import USUAL_PATHS, find_feeds, find_other_ways
from aggregator.errors import CollectError, DocumentError

MOST_FEEDS = 5
SMALL_BYTES = 100_000
# Those that speak Mastodon's interface without asking who is there.
MASTODON_LIKE = frozenset({"mastodon", "hometown", "glitch-soc", "fedibird", "ecko", "pleroma", "akkoma"})
_BY_HOST = (
    ("youtube", ("youtube.com",), re.compile(r".+")),
    ("flickr", ("flickr.com",), re.compile(r"/(?:photos|people|groups|services/feeds)/.+")),
    ("reddit", ("reddit.com",), re.compile(r"/(?:r|u|user)/.+")),
    ("bluesky", ("bsky.app",), re.compile(r"/profile/[^/]+/?")),
    ("telegram", ("t.me", "telegram.me"), re.compile(r"/(?:s/)?[A-Za-z]\w+/?")),
    ("x", ("x.com", "twitter.com"), re.compile(r"/\w{1,15}/?")),
)
_CALENDAR = re.compile(r"\.(?:ics|ical|ifb)$|/calendar/ical/", re.IGNORECASE)
_ACCOUNT = re.compile(r"/(?:@[\w.-]+(?:@[\w.-]+)?|users/[\w.-]+)/?")
_FILMS = re.compile(r"/(?:c|a|video-channels|accounts)/[^/]+(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kind of source and the address at which it could be collected.

    `is_sure` is true where nothing else can be behind the address, `is_guess` where nothing names it.
    """

    kind: str
    url: str
    is_sure: bool = False
    is_guess: bool = False


def by_address(url: str, kinds: Collection[str]) -> Candidate | None:
    """What an address is without asking anybody, among those kinds."""
    parts = urlsplit(url)
    if parts.scheme in {"imap", "imaps"}:
        return _among(kinds, "mail", url)
    if parts.scheme == "webcal" or _CALENDAR.search(parts.path):
        return _among(kinds, "calendar", url)
    for kind, domains, path in _BY_HOST:
        if is_at(url, *domains) and not is_numeric(url) and path.fullmatch(parts.path):
            return _among(kinds, kind, url)
    return None


def _among(kinds: Collection[str], kind: str, url: str) -> Candidate | None:
    return Candidate(kind, url, is_sure=True) if kind in kinds else None


async def candidates(url: str, kinds: Collection[str], outside: Outside) -> AsyncIterator[Candidate]:
    """What may be found at an address, the best first. Raises CollectError where its page cannot be had."""
    known = by_address(url, kinds)
    if known:
        yield known
    if urlsplit(url).scheme not in {"http", "https"}:
        return
    if found := await _by_software(url, kinds, outside):
        yield found
    answer = await outside.fetch.get(url)
    async for found in _by_page(answer, kinds, outside):
        yield found
    for path in USUAL_PATHS:
        yield Candidate("feed", urljoin(answer.url, path), is_guess=True)


async def _by_software(url: str, kinds: Collection[str], outside: Outside) -> Candidate | None:
    """Addresses like /@name and /c/name are those of several networks: the host is asked what it is."""
    path = urlsplit(url).path
    if _ACCOUNT.fullmatch(path) and "mastodon" in kinds:
        return Candidate("mastodon", url) if await _software(url, outside) in MASTODON_LIKE else None
    if _FILMS.fullmatch(path) and "peertube" in kinds:
        return Candidate("peertube", url) if await _software(url, outside) == "peertube" else None
    return None


async def _software(url: str, outside: Outside) -> str | None:
    asking = {"accept": "application/json", "max_bytes": SMALL_BYTES}
    try:
        links = await outside.fetch.get(urljoin(url, "/.well-known/nodeinfo"), **asking)  # type: ignore[arg-type]
        where = await outside.reader.run(functools.partial(find_nodeinfo, url=links.url), links.body)
        if where is None:
            return None
        told = await outside.fetch.get(where, **asking)  # type: ignore[arg-type]
        return await outside.reader.run(read_software, told.body)
    except CollectError:
        return None


async def _by_page(answer: Answer, kinds: Collection[str], outside: Outside) -> AsyncIterator[Candidate]:
    if answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"BEGIN:VCALENDAR") and "calendar" in kinds:
        yield Candidate("calendar", answer.url)
        return
    try:
        await outside.reader.run(
            functools.partial(read_feed, url=answer.url, content_type=answer.content_type), answer.body
        )
    except DocumentError:
        pass
    else:
        yield Candidate("feed", answer.url)
        return
    searching = functools.partial(find_other_ways, url=answer.url, charset=answer.charset)
    ways = await outside.reader.run(searching, answer.body)
    if ways.is_peertube and "peertube" in kinds:
        yield Candidate("peertube", answer.url)
    if (ways.has_wordpress_api or "https://api.w.org/" in answer.headers.get("link", "")) and "wordpress" in kinds:
        yield Candidate("wordpress", answer.url)
    for found in (await _feeds(answer, outside))[:MOST_FEEDS]:
        yield Candidate("feed", found)
    for calendar in ways.calendars[:MOST_FEEDS] if "calendar" in kinds else ():
        yield Candidate("calendar", calendar)


async def _feeds(answer: Answer, outside: Outside) -> list[str]:
    searching = functools.partial(find_feeds, url=answer.url, charset=answer.charset)
    return [found.url for found in await outside.reader.run(searching, answer.body)]
