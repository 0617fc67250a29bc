"""Messages of Jetstream (https://bsky.network/docs/jetstream/), old kind and new, as one kind of value.

The old kind (`/subscribe`) is a bare object; the new one (network.bsky.jetstream.subscribeEvents) wraps a payload.
Both carry bare records, without the labels that say whether they may be shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from aggregator.documents.jsonparts import NOTHING, Object, object_at, read_object, text_at, whole_at
from aggregator.documents.networks.aturis import POST, REPOST, AtUri, is_did, read_at_uri
from aggregator.documents.networks.blueskyanswers import GONE_STATES
from aggregator.documents.networks.blueskylabels import judge_labels

PROFILE = "app.bsky.actor.profile"
MESSAGE = "a message of Jetstream"

# Below this a cursor of Jetstream is a number of its own and not microseconds since 1970.
FIRST_MICROSECOND = 10**15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEW = "network.bsky.jetstream.subscribeEvents#"


class What(StrEnum):
    """What an event is to us."""

    POSTED = "posted"
    REPOSTED = "reposted"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn"  # the account is gone, or from now on only for people who are signed in
    STOPPED = "stopped"  # the server ends the stream
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `at` is its place in the stream, in microseconds since 1970; `uri` the record it is about."""

    what: What
    did: str = ""
    at: int | None = None
    uri: str = ""
    cid: str | None = None
    is_reply: bool = False


def read_event(text: str) -> Event:
    """What a message says. DocumentError for what is no JSON object; `OTHER` for all that is of no concern."""
    message = read_object(text, MESSAGE)
    if message.get("$type") == "error":
        return Event(What.STOPPED)
    payload = object_at(message, "payload")
    if payload:
        kind, commit, at = text_at(payload, "$type").removeprefix(_NEW), payload, _of_time(payload)
    else:
        payload, kind, commit = message, text_at(message, "kind"), object_at(message, "commit")
        at = whole_at(message, "time_us")
    did = text_at(payload, "did")
    place = at if at is not None and at >= FIRST_MICROSECOND else None
    if not is_did(did):
        return Event(What.OTHER, at=place)
    if kind == "account":
        account = object_at(payload, "account")
        is_gone = account.get("active") is False and text_at(account, "status") in GONE_STATES
        return Event(What.WITHDRAWN if is_gone else What.OTHER, did, place)
    return _of_commit(commit if kind == "commit" else NOTHING, did, place)


def _of_commit(commit: Object, did: str, at: int | None) -> Event:
    record, operation = object_at(commit, "record"), text_at(commit, "operation")
    uri = read_at_uri(str(AtUri(did, text_at(commit, "collection"), text_at(commit, "rkey"))))
    collection = uri.collection if uri else ""
    what = What.OTHER
    if operation == "delete" and collection in {POST, REPOST}:
        what = What.DELETED
    elif operation in {"create", "update"}:
        what = _WRITTEN.get(collection, What.OTHER)
        if collection == PROFILE and judge_labels(record).hidden:
            what = What.WITHDRAWN
    is_reply = isinstance(record.get("reply"), dict)
    return Event(what, did, at, str(uri or ""), text_at(commit, "cid") or None, is_reply)


_WRITTEN: Mapping[str, What] = {POST: What.POSTED, REPOST: What.REPOSTED}


def _of_time(payload: Object) -> int | None:
    """The moment that a cursor in microseconds is held against; the sequence number is one server's own."""
    try:
        moment = datetime.fromisoformat(text_at(payload, "witnessedAt") or text_at(payload, "time"))
        return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, TypeError, OverflowError):
        return None
