"""Collects a subreddit or a user of Reddit from its Atom feed, as anybody or with a user's own feed token.

https://www.reddit.com/prefs/feeds/ shows a user's token: it is the `feed` in the addresses there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from aggregator.collectors import feed
from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.hosts import is_at, origin
from aggregator.errors import CollectError
from aggregator.model import Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

SITE = "https://www.reddit.com"
_PATH = re.compile(r"/(r|u|user)/([\w+-]{2,200})((?:/[\w-]+){0,2})/?(?:\.rss)?/?", re.ASCII)
_SECRET = frozenset({"feed", "user"})


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the feed. Raises CollectError. No address with the token in it leaves this function."""
    address = feed_address(source.url) or source.url
    collected = await feed.collect_at(_signed(address, source), cursor, outside)
    document = collected.document
    if document:
        # What is liked leads, and what is less liked leaves: what is missing says nothing. The topic holds the token.
        document = replace(document, is_window=False, hubs=(), topic=None)
    return Collected(document, collected.cursor, address)


def _signed(address: str, source: Source) -> str:
    if source.token is None:
        return address
    if not source.user:
        raise CollectError("user is missing; a feed token is of use only with the name of the user that it belongs to")
    parameters = urlencode({"feed": source.token.reveal(), "user": source.user})
    return f"{address}{'&' if '?' in address else '?'}{parameters}"


def feed_address(url: str) -> str | None:
    """The address of the feed, without what would give a reader away."""
    parts = urlsplit(url)
    path = _PATH.fullmatch(parts.path)
    if path is None:
        return None
    kind = "r" if path[1] == "r" else "user"
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name not in _SECRET])
    return f"{origin(url, SITE)}/{kind}/{path[2]}{path[3]}/.rss{'?' if query else ''}{query}"


def fits(url: str) -> str | None:
    """What is wrong with an address for this kind."""
    if not is_at(url, "reddit.com"):
        return f"is not at reddit.com; write {SITE}/r/NAME"
    if "feed" in parse_qs(urlsplit(url).query):
        return 'holds a private feed token, which everybody would see here; write token = "env:NAME" and user = "…"'
    if feed_address(url) is None:
        return f"names neither a subreddit nor a user; write {SITE}/r/NAME or {SITE}/user/NAME"
    return None


def lacks(_url: str, said: Collection[str]) -> Mapping[str, str]:
    """The other one, where only one of user and token is given."""
    both = {"user", "token"}
    why = "a feed token is of use only together with the name of the user that it belongs to"
    return dict.fromkeys(both - set(said), why) if both & set(said) else {}


KIND = SourceKind(
    collect, Rules(options=frozenset({"user", "token"}), fits=fits, lacks=lacks), feed_address=feed_address
)  # fmt: skip
