"""Asks a Mastodon server, says in plain words what it refuses, and keeps to its limits (300 requests in 5 minutes)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from urllib.parse import quote, urlencode

from yarl import URL

from aggregator.collectors.contract import Answer, Outside
from aggregator.documents.datestrings import read_date
from aggregator.documents.mastodonposts import Access, Account, read_access, read_account
from aggregator.errors import CollectError, DocumentError, FetchError
from aggregator.model import Source

JSON = "application/json"
UNAUTHORISED, FORBIDDEN, NOT_FOUND, GONE = 401, 403, 404, 410
# What is left to others who work for the same account or from the same address.
RESERVE = 20


async def ask(
    outside: Outside,
    source: Source,
    path: str,
    query: Mapping[str, str | int] | None = None,
    *,
    etag: str | None = None,
) -> Answer:
    """What the source's server answers at that path. Raises FetchError, whose message names the cure."""
    url = f"{URL(source.url).origin()}{path}" + (f"?{urlencode(query)}" if query else "")
    try:
        return await outside.fetch.get(url, accept=JSON, headers=bearer(source), etag=etag)
    except FetchError as error:
        raise _explained(error, source) from error


def bearer(source: Source) -> dict[str, str]:
    """The headers that say who asks, where the source has a token. Raises CollectError where that is not set."""
    return {"Authorization": f"Bearer {source.token.reveal()}"} if source.token else {}


async def look_up(outside: Outside, source: Source, name: str) -> Account:
    """The account of that name (`accounts/lookup`). Raises CollectError."""
    try:
        answer = await ask(outside, source, "/api/v1/accounts/lookup", {"acct": name})
    except FetchError as error:
        if error.status in (NOT_FOUND, GONE):
            raise FetchError(
                f"{URL(source.url).host} has no account @{name} (any more); open url in a browser and correct it",
                status=error.status,
            ) from error
        raise
    return await outside.reader.run(partial(read_account, url=answer.url), answer.body)


async def access(outside: Outside, source: Source) -> Access:
    """What the server says of itself; one that does not (an old one, or another program) has said nothing."""
    try:
        answer = await ask(outside, source, "/api/v2/instance")
        return await outside.reader.run(read_access, answer.body)
    except FetchError as error:
        if error.status not in (UNAUTHORISED, FORBIDDEN, NOT_FOUND, GONE):
            raise
    except DocumentError:
        pass
    return Access("", "", None)


def pause_after(answer: Answer) -> datetime | None:
    """When the server wants to be asked again, where few of its requests are left; None where there are enough."""
    left = answer.headers.get("x-ratelimit-remaining", "")
    if not left.isascii() or not left.isdigit() or int(left[:9]) > RESERVE:
        return None
    return read_date(answer.headers.get("x-ratelimit-reset", ""))


def closed(source: Source) -> CollectError:
    """The error for a timeline that is shown only to people who have an account there."""
    host = URL(source.url).host
    if source.token:
        return CollectError(f"{host} does not show this to the account that the token is of; follow or list it there")
    return CollectError(f"{host} shows this only to people with an account there: make one, and give its token")


def hashtag_path(tag: str) -> str:
    """Where a hashtag's timeline is."""
    return f"/api/v1/timelines/tag/{quote(tag, safe='')}"


def _explained(error: FetchError, source: Source) -> FetchError:
    if error.status == UNAUTHORISED and source.token:
        problem = (
            f"{URL(source.url).host} does not accept the token: make a new one there (Preferences, Development) "
            "and put it where sources.toml says"
        )
        return FetchError(problem, retry_at=error.retry_at, status=error.status)
    if error.status in (UNAUTHORISED, FORBIDDEN):
        return FetchError(str(closed(source)), retry_at=error.retry_at, status=error.status)
    return error
