"""Asks a Mastodon server, says in plain words what it refuses, and keeps to its limits (300 requests in 5 minutes)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote, urlencode

from yarl import URL

from aggregator.collectors.contract import Answer, Outside
from aggregator.documents.datestrings import read_date
from aggregator.documents.networks.mastodonaccounts import Access, Account, read_access, read_account
from aggregator.errors import CollectError, DocumentError, FetchError
from aggregator.model import Source

JSON = "application/json"
UNAUTHORISED, FORBIDDEN, NOT_FOUND, GONE, UNPROCESSABLE, TOO_MANY = 401, 403, 404, 410, 422, 429
# What is left to others who work for the same account or from the same address.
RESERVE = 20
WINDOW = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=1)


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
        raise in_words(error, source) from error.__cause__


def bearer(source: Source) -> dict[str, str]:
    """The headers that say who asks, where the source has a token. Raises CollectError where that is not set."""
    return {"Authorization": f"Bearer {source.token.reveal()}"} if source.token else {}


async def look_up(outside: Outside, source: Source, name: str) -> Account:
    """The account of that name (`accounts/lookup`). Raises CollectError."""
    try:
        answer = await ask(outside, source, "/api/v1/accounts/lookup", {"acct": name})
    except FetchError as error:
        if error.status in {NOT_FOUND, GONE}:
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
        if error.status not in {UNAUTHORISED, FORBIDDEN, NOT_FOUND, GONE, UNPROCESSABLE}:
            raise
    except DocumentError:
        pass
    return Access("", "", None)


def pause_after(answer: Answer, now: datetime) -> datetime | None:
    """When the server wants to be asked again, where few of its requests are left; None where there are enough.

    https://docs.joinmastodon.org/api/rate-limits/: the moment is a date; others send the seconds since 1970.
    """
    left, most = (_figure(answer.headers.get(f"x-ratelimit-{name}", "")) for name in ("remaining", "limit"))
    # A server that grants few would never have enough left.
    if left is None or left > min(RESERVE, (most or 4 * RESERVE) // 4):
        return None
    reset = read_date(answer.headers.get("x-ratelimit-reset", "")) or now + WINDOW
    return min(reset, now + LONGEST_PAUSE) if reset > now else None


def _figure(text: str) -> int | None:
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def closed(source: Source) -> CollectError:
    """The error for a timeline that is shown only to people who have an account there."""
    host = URL(source.url).host
    return CollectError(f"{host} shows this only to people with an account there: make one, and give its token")


def hashtag_path(tag: str) -> str:
    """Where a hashtag's timeline is."""
    return f"/api/v1/timelines/tag/{quote(tag, safe='')}"


def in_words(error: FetchError, source: Source) -> FetchError:
    """The same error with its cure, where it is the server's refusal."""
    said = _refusal(error.status, source)
    if said is None:
        return error
    return FetchError(said, retry_at=error.retry_at, status=error.status, said=error.said)


def _refusal(status: int | None, source: Source) -> str | None:
    host = URL(source.url).host
    if status == UNAUTHORISED and source.token:
        return (
            f"{host} does not take the token ({source.token.name}): make a new one there under Preferences, "
            "Development, with the scope read"
        )
    if status == FORBIDDEN and source.token:
        return (
            f"{host} refuses this to the token ({source.token.name}): it needs the scope read, or the account may not"
        )
    if status in {UNAUTHORISED, FORBIDDEN, UNPROCESSABLE} and not source.token:
        return str(closed(source))
    if status == GONE:
        return f"{host} says that this is gone for good (410); take it out of sources.toml"
    if status == NOT_FOUND:
        return f"{host} has nothing of that name (404); open url in a browser and correct it"
    return None
