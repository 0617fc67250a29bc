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
from aggregator.collectors.mastodonapi import (
    FORBIDDEN,
    NOT_FOUND,
    UNPROCESSABLE,
    access,
    ask,
    bearer,
    in_words,
    look_up,
)
from aggregator.documents.networks.mastodonaccounts import identity, read_account, read_follows
from aggregator.documents.networks.mastodonposts import read_status
from aggregator.errors import CollectError, DocumentError, FetchError
from aggregator.model import Document, Source
from aggregator.store.sources import Cursor

# Mastodon says `status.update`; some that speak like it say `status_update`.
POSTED = frozenset({"update", "status.update", "status_update"})
DELETED = "delete"
MOST_CHARACTERS = 4_000_000


async def listen(source: Source, cursor: Cursor, outside: Outside) -> AsyncGenerator[Collected, None]:
    """Posts, edits and deletions as they happen; nothing where the source has no token. Raises CollectError."""
    del cursor  # what is pushed moves no place: it may come in any order, and what was missed is collected
    timeline = read_timeline(source.url)
    if source.token is None or timeline is None:
        return
    account = await _followed(outside, source, timeline.name) if timeline.form is Form.ACCOUNT else None
    server = await _streams_from(outside, source)
    try:
        async with outside.fetch.lines(f"{server}{_path(timeline)}", headers=bearer(source)) as lines:
            yield Collected(None, Cursor(), source.url)
            async for name, data in _events(lines):
                document = await _document(name, data, account, source, outside)
                if document:
                    yield Collected(document, Cursor(), source.url)
    except FetchError as error:
        if error.status == NOT_FOUND:
            raise CollectError(f"{URL(server).host} pushes nothing (404): set push = false") from error
        raise in_words(error, source) from error.__cause__


async def _followed(outside: Outside, source: Source, name: str) -> str:
    """The account's id, once it is sure that its posts are pushed to us. Raises CollectError."""
    account = (await look_up(outside, source, name)).id
    try:
        answer = await ask(outside, source, "/api/v1/accounts/relationships", {"id[]": account})
        if await outside.reader.run(read_follows, answer.body, account):
            return account
        answer = await ask(outside, source, "/api/v1/accounts/verify_credentials")
        if (await outside.reader.run(partial(read_account, url=answer.url), answer.body)).id == account:
            return account  # one's own posts come without following oneself
    except FetchError as error:
        if error.status in {FORBIDDEN, NOT_FOUND, UNPROCESSABLE}:
            return account  # a token of few scopes cannot tell, and may hear all the same
        raise
    raise CollectError(
        f"the token's account does not follow @{name} on {URL(source.url).host}, so nothing is pushed: follow it with "
        "that account, or set push = false"
    )


async def _streams_from(outside: Outside, source: Source) -> str:
    """Where the server streams from, which may be another host than its own. Raises CollectError."""
    server = (await access(outside, source)).streaming or str(URL(source.url).origin())
    if source.url.startswith("https:") and not server.startswith("https:"):
        host = URL(source.url).host
        raise CollectError(f"{host} wants its stream to be read without encryption, token and all: set push = false")
    return server.rstrip("/")


def _path(timeline: Timeline) -> str:
    match timeline.form:
        case Form.ACCOUNT:
            return "/api/v1/streaming/user"
        case Form.HASHTAG:
            return f"/api/v1/streaming/hashtag?{urlencode({'tag': timeline.name})}"
        case Form.LIST:
            return f"/api/v1/streaming/list?{urlencode({'list': timeline.name})}"


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """The events' names and data (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    Raises CollectError for one without end.
    """
    name, data, size = "", list[str](), 0
    async for line in lines:
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data, size = "", [], 0
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
            size += len(value) + 1
            if size > MOST_CHARACTERS:
                raise CollectError("the server pushes an event without end")


async def _document(name: str, data: str, account: str | None, source: Source, outside: Outside) -> Document | None:
    """What the event says, or None where that is nothing to us."""
    if name == DELETED:
        deleted = identity(data.strip())
        return Document((), "mastodon", deleted=(deleted,), is_window=False) if deleted else None
    if name not in POSTED:
        return None
    try:
        seen = await outside.reader.run(partial(read_status, url=source.url, account=account), data)
    except DocumentError:
        return None  # one message that cannot be read must not end the stream; the next look reads the post
    return Document((seen,), "mastodon", is_window=False) if seen else None
