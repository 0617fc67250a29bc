"""Collects a site whose feed's address is not known: looks for it once, keeps it, and looks again when it is gone."""

from __future__ import annotations

import functools
from urllib.parse import urljoin

from aggregator.collectors import feed
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.documents.feeds import read_feed
from aggregator.documents.pages import USUAL_PATHS, find_feeds
from aggregator.errors import DocumentError, FetchError
from aggregator.model import Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

GONE = (404, 410)
MOST_TRIED = 5


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the feed that was found before, else find one. Raises CollectError that says where it has looked."""
    if cursor.found_url:
        try:
            return await feed.collect_at(cursor.found_url, cursor, outside)
        except FetchError as error:
            if error.status not in GONE:
                raise
    return await find(source.url, outside)


async def find(site: str, outside: Outside) -> Collected:
    """The first address of the site that answers with a feed: the page itself, what it links to, the usual places."""
    answer = await outside.fetch.get(site)
    try:
        reading = functools.partial(read_feed, url=answer.url, content_type=answer.content_type)
        document = await outside.reader.run(reading, answer.body)
    except DocumentError:
        searching = functools.partial(find_feeds, url=answer.url, charset=answer.charset)
        linked = [found.url for found in await outside.reader.run(searching, answer.body)]
    else:
        return Collected(document, Cursor(answer.etag, answer.last_modified, found_url=answer.url), answer.url)
    usual = [urljoin(answer.url, path) for path in USUAL_PATHS]
    return await _first_feed(site, [*linked[:MOST_TRIED], *usual], outside)


async def _first_feed(site: str, addresses: list[str], outside: Outside) -> Collected:
    for url in dict.fromkeys(addresses):
        try:
            return await feed.collect_at(url, Cursor(found_url=url), outside)
        except FetchError as error:
            if error.status is None:  # the host does not answer: asking it nine times more is no use
                raise
        except DocumentError:
            continue
    raise DocumentError(
        f"no feed was found at {site}: neither linked from the page nor at the {len(addresses)} usual addresses; "
        'give the feed\'s own address with kind = "feed"'
    )


KIND = SourceKind(collect, Rules(options=frozenset({"vanished", "push"})))
