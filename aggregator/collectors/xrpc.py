"""Asks servers of the AT protocol (XRPC over HTTP), and says in plain words what they refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from aggregator.collectors.contract import Answer, Outside
from aggregator.documents.networks.aturis import is_did
from aggregator.documents.networks.blueskyanswers import Fault, read_did, read_fault
from aggregator.errors import FetchError

Parameters = Mapping[str, str | int | Sequence[str]]
JSON = "application/json"
LONGEST_WAIT = timedelta(days=1)


class XrpcError(FetchError):
    """A server of the AT protocol did not give what it was asked for; `fault` says why, as far as it says so."""

    def __init__(self, message: str, cause: FetchError, fault: Fault) -> None:
        super().__init__(message, retry_at=cause.retry_at, status=cause.status)
        self.fault = fault


async def query(
    outside: Outside,
    server: str,
    method: str,
    parameters: Parameters,
    *,
    headers: Mapping[str, str] | None = None,
    etag: str | None = None,
) -> Answer:
    """The answer to a query of that method (`app.bsky.feed.getPosts`). Raises XrpcError."""
    url = f"{server}/xrpc/{method}?{urlencode(parameters, doseq=True, errors='replace')}"
    try:
        return await outside.fetch.get(url, accept=JSON, headers=headers, etag=etag)
    except FetchError as error:
        raise await understood(error, outside) from error


async def understood(error: FetchError, outside: Outside) -> XrpcError:
    """The same error with what the server says of it. The message stays: what a server writes is hostile."""
    fault = await outside.reader.run(read_fault, error.said) if error.said else Fault.OTHER
    return XrpcError(str(error), error, fault)


async def did_of(actor: str, server: str, outside: Outside) -> str:
    """The account's DID, which it keeps whatever it calls itself. Raises XrpcError where the handle is nobody's."""
    if is_did(actor):
        return actor
    try:
        answer = await query(outside, server, "com.atproto.identity.resolveHandle", {"handle": actor})
    except XrpcError as error:
        if error.fault is Fault.ACCOUNT_UNKNOWN:
            raise unknown_account(actor, error) from error
        raise
    return await outside.reader.run(read_did, answer.body)


def unknown_account(actor: str, error: XrpcError) -> XrpcError:
    """The error for an account that the network does not know."""
    sentence = f"Bluesky knows no account {actor}: it was renamed, closed or misspelt; look it up and correct url"
    return XrpcError(sentence, error, error.fault)


def pause_asked_for(answer: Answer, now: datetime) -> datetime | None:
    """When a server that has nothing left for us may be asked again, by the rate limit's headers; None otherwise."""
    reset = answer.headers.get("ratelimit-reset", "")
    if answer.headers.get("ratelimit-remaining", "").strip() != "0" or not (reset.isascii() and reset.isdigit()):
        return None
    seconds = min(int(reset[:11]), int((now + LONGEST_WAIT).timestamp()))
    at = datetime.fromtimestamp(seconds, UTC)
    return at if at > now else None
