"""What a Mastodon server pushes as server-sent events (https://docs.joinmastodon.org/methods/streaming/).

It pushes to who has an account there: the token's. An account's posts come by the stream of its followers, so the
token's account must follow it. Each event is a part; what was missed meanwhile is the collector's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from urllib.parse import urlencode

from yarl import URL

from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.mastodonaddress import Form, Timeline, read_timeline
from aggregator.collectors.mastodonapi import access, bearer, look_up
from aggregator.documents.mastodonposts import read_account_id, read_status
from aggregator.errors import DocumentError
from aggregator.model import Document, Source
from aggregator.store.sources import Cursor

# Mastodon says `status.update`; some that speak like it say `status_update`.
POSTED = frozenset({"update", "status.update", "status_update"})
DELETED = "delete"
MOST_LINES = 1_000


async def listen(source: Source, cursor: Cursor, outside: Outside) -> AsyncGenerator[Collected, None]:
    """Posts, edits and deletions as they happen; nothing where the source has no token. Raises CollectError."""
    timeline = read_timeline(source.url)
    if source.token is None or timeline is None:
        return
    account = cursor.place.get("account")
    if timeline.form is Form.ACCOUNT and account is None:
        account = (await look_up(outside, source, timeline.name)).id
    server = (await access(outside, source)).streaming or str(URL(source.url).origin())
    async with outside.fetch.lines(f"{server.rstrip('/')}{_path(timeline)}", headers=bearer(source)) as lines:
        yield Collected(None, Cursor(), source.url)
        async for name, data in _events(lines):
            document = await _document(name, data, account, source, outside)
            if document:
                yield Collected(document, Cursor(), source.url)


def _path(timeline: Timeline) -> str:
    match timeline.form:
        case Form.ACCOUNT:
            return "/api/v1/streaming/user"
        case Form.HASHTAG:
            return f"/api/v1/streaming/hashtag?{urlencode({'tag': timeline.name})}"
        case Form.LIST:
            return f"/api/v1/streaming/list?{urlencode({'list': timeline.name})}"


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """The events' names and data (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    name, data = "", list[str]()
    async for line in lines:
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data" and len(data) < MOST_LINES:
            data.append(value)


async def _document(name: str, data: str, account: str | None, source: Source, outside: Outside) -> Document | None:
    """What the event says, or None where that is nothing to us."""
    if name == DELETED:
        return Document((), "mastodon", deleted=(data.strip(),), is_window=False)
    if name not in POSTED:
        return None
    try:
        if account and await outside.reader.run(read_account_id, data) != account:
            return None
        seen = await outside.reader.run(partial(read_status, url=source.url), data)
    except DocumentError:
        return None  # one message that cannot be read must not end the stream; the next look reads the post
    return Document((seen,), "mastodon", is_window=False) if seen else None
