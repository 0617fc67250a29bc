"""The stream as feeds at three addresses, each with every filter: for requests, and for the hub that pushes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import hdrs, web
from multidict import MultiDict
from yarl import URL

from aggregator.filters import Asked, WrongValue, read_query
from aggregator.handlers import Workshop
from aggregator.ownhub import Content
from aggregator.publishing import hub_address
from aggregator.store.stream import read_page
from curation.application import MACHINE
from web.outputs import atom, rss, streamjson
from web.outputs.feed import Feed, feed_address


@dataclass(frozen=True, slots=True)
class Format:
    """What an address answers with, and how that is written."""

    content_type: str  # with the charset where XML has one: the header counts before the document
    write: Callable[[Feed], bytes]


FORMATS: Final[Mapping[str, Format]] = {
    streamjson.PATH: Format(streamjson.TYPE, streamjson.write_json),
    atom.PATH: Format(f"{atom.TYPE}; charset=utf-8", atom.write_atom),
    rss.PATH: Format(f"{rss.TYPE}; charset=utf-8", rss.write_rss),
}


async def stream_feed(request: web.Request) -> web.Response:
    """`GET /stream.json`, `/stream.atom`, `/stream.rss`: a page of the stream (JSON Feed 1.1, RFC 4287, RSS 2.0)."""
    feed = await read_feed(request.app[MACHINE].shop, request.path, read_query(request.query))
    kind = FORMATS[request.path]
    headers = {hdrs.CONTENT_TYPE: kind.content_type, hdrs.LINK: feed.links()}
    return web.Response(body=kind.write(feed), headers=headers)


async def topic_content(shop: Workshop, topic: str) -> Content | None:
    """What a topic of our hub shows now, as its own address answers; None where it is none of ours."""
    try:
        path, asked = read_topic(topic, shop.public_url)
    except WrongValue:
        return None
    feed, kind = await read_feed(shop, path, asked), FORMATS[path]
    # JSON Feed tells the stream's version, which grows also where this topic stays as it is.
    digest = hashlib.sha256(kind.write(replace(feed, page=replace(feed.page, version=0)))).hexdigest()
    return Content(kind.write(feed), kind.content_type, feed.links(), feed.page.version, digest)


async def read_feed(shop: Workshop, path: str, asked: Asked) -> Feed:
    """What is asked for, as it is now. Raises CursorError for a cursor that is not ours."""
    async with shop.database.read() as connection:
        page = await read_page(connection, asked.filters, limit=asked.limit, cursor=asked.cursor, prefer=asked.prefer)

    def size_of(name: str) -> int | None:
        try:
            return (shop.media_dir / name).stat().st_size
        except OSError:
            return None

    configuration, public_url = shop.sources.configuration, shop.public_url
    return Feed(page, asked, path, configuration, public_url, hub_address(configuration, public_url), size_of)


def read_topic(url: str, public_url: str) -> tuple[str, Asked]:
    """Which feed of ours an address names, and what it asks for. Raises WrongValue with the cure.

    A feed has one address, the one that it calls its own; a page further on is no topic.
    """
    root = public_url.rstrip("/")
    path = url.removeprefix(root).partition("?")[0]
    if not url.startswith(f"{root}/") or path not in FORMATS:
        raise WrongValue("hub.topic", f"is no feed of {root}/")
    asked = read_query(MultiDict(URL(url).query))
    own = feed_address(root, path, asked)
    if asked.cursor is not None:
        raise WrongValue("hub.topic", "is a page further on; subscribe to the feed's first page")
    if own != url:
        raise WrongValue("hub.topic", f"is called {own} by itself (rel=self); subscribe to that")
    return path, asked


ROUTES = tuple((path, stream_feed) for path in FORMATS)
