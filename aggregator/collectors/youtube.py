"""Collects a channel or playlist of YouTube from its public Atom feed; no key is needed.

https://developers.google.com/youtube/v3/guides/push_notifications
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from aggregator.collectors import feed
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.hosts import is_at, is_numeric, origin
from aggregator.documents import fields
from aggregator.documents.pages.landmarks import first_match
from aggregator.errors import DocumentError, FetchError
from aggregator.model import Document, Kind, Media, Sighting, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

SITE = "https://www.youtube.com"
# Feeds do not always name it.
HUB = "https://pubsubhubbub.appspot.com/"
# From Europe, YouTube first shows a page that asks about cookies, unless a choice is known already: this one is none.
NO_COOKIES = {"Cookie": "SOCS=CAI"}
PAGE_BYTES = 5_000_000
NO_PAGE = frozenset({"watch", "shorts", "results", "playlist", "feed", "feeds", "channel", "live", "embed"})
_CHANNEL = re.compile(r"/channel/(UC[\w-]{22})(?:/|$)", re.ASCII)
_NAMED = re.compile(r"/(?:@[^/]+|user/[\w.-]+|c/[^/]+|([\w.-]+))(?:/|$)")
_LIST = re.compile(r"[\w-]{2,64}", re.ASCII)
_CHANNEL_IN_PAGE = (
    r"""feeds/videos\.xml\?channel_id=(UC[\w-]{22})""",
    r"""rel=["']?canonical["']?\s+href=["']https://www\.youtube\.com/channel/(UC[\w-]{22})""",
    r"""itemprop=["'](?:channelId|identifier)["']\s+content=["'](UC[\w-]{22})""",
    r""""externalId":"(UC[\w-]{22})""",
)


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the feed; a name such as /@city is looked up once. Raises CollectError.

    Its feeds answer 404 and 500 in waves, for channels that are alive: that says nothing about them.
    """
    address = feed_address(source.url) or cursor.found_url
    try:
        if address is None:
            address = await _look_up(source.url, outside)
            cursor = Cursor(found_url=address)
        collected = await feed.collect_at(address, cursor, outside)
    except FetchError as error:
        if error.status is None or (error.status < 500 and error.status != 404):  # noqa: PLR2004
            raise
        problem = (
            f"YouTube did not give this out just now ({error.status}), as happens in waves; it is asked again. "
            "If this lasts for days, see whether the address still leads to the channel"
        )
        raise FetchError(problem, retry_at=error.retry_at) from error
    if collected.document is None:
        return collected
    # A playlist is in its owner's order: what is missing between two of its videos says nothing. Nor does the hub
    # deliver anything of it, though it grants a subscription: the playlist would only be asked less often for that.
    is_channel = "channel_id=" in address
    hubs = collected.document.hubs or ((HUB,) if is_channel and not is_numeric(source.url) else ())
    document = replace(as_videos(collected.document), hubs=hubs, topic=address, is_window=is_channel)
    return replace(collected, document=document)


async def _look_up(url: str, outside: Outside) -> str:
    answer = await outside.fetch.get(url, accept="text/html", max_bytes=PAGE_BYTES, headers=NO_COOKIES)
    searching = functools.partial(first_match, patterns=_CHANNEL_IN_PAGE, charset=answer.charset)
    channel = await outside.reader.run(searching, answer.body)
    if channel is None:
        raise DocumentError(
            "the page does not say which channel it is; open it, choose Share and Copy channel ID, "
            f"and give {SITE}/channel/ID instead"
        )
    return f"{origin(url, SITE)}/feeds/videos.xml?channel_id={channel}"


def feed_address(url: str) -> str | None:
    """The address of the feed, where it follows from the given one: of a channel's id, a playlist, the feed itself."""
    parts, site = urlsplit(url), origin(url, SITE)
    if parts.path == "/feeds/videos.xml":
        return f"{site}/feeds/videos.xml?{parts.query}"
    playlist = parse_qs(parts.query).get("list", [""])[0]
    if _LIST.fullmatch(playlist):
        return f"{site}/feeds/videos.xml?playlist_id={playlist}"
    channel = _CHANNEL.match(parts.path)
    return f"{site}/feeds/videos.xml?channel_id={channel[1]}" if channel else None


def fits(url: str) -> str | None:
    """What is wrong with an address for this kind."""
    if not is_at(url, "youtube.com"):
        return f'is not at youtube.com; write {SITE}/@name, or use kind = "feed" or "peertube"'
    named = _NAMED.match(urlsplit(url).path)
    if feed_address(url) or (named and named[1] not in NO_PAGE):
        return None
    return f"names neither a channel nor a playlist; write {SITE}/@name, /channel/UC… or /playlist?list=PL…"


def as_videos(document: Document) -> Document:
    """The document with its entries as videos. Their descriptions are plain text."""
    return replace(document, entries=tuple(_video(entry) for entry in document.entries))


def _video(entry: Sighting) -> Sighting:
    video_id = entry.entry_id.removeprefix("yt:video:")
    media = entry.media
    if not media and video_id != entry.entry_id:
        # What the hub delivers says no more than title, address and date.
        media = (Media(f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg", "image/jpeg", None, 480, 360),)
    return replace(entry, kind=Kind.VIDEO, media=media, body_html=fields.paragraphs(entry.body_html))


KIND = SourceKind(
    collect,
    Rules(options=frozenset({"vanished", "push"}), fits=fits),
    shape=as_videos,
    delivers_thin=True,
    feed_address=feed_address,
)
