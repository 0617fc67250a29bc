"""What Bluesky's servers answer (XRPC, https://atproto.com/specs/xrpc): pages of a feed, posts, names, faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.documents import fields
from aggregator.documents.jsonparts import (
    Object,
    list_at,
    object_at,
    objects_at,
    objects_of,
    read_object,
    text_at,
    usable,
)
from aggregator.documents.networks.aturis import is_did
from aggregator.documents.networks.blueskylabels import judge_labels
from aggregator.documents.networks.blueskyposts import read_post
from aggregator.errors import DocumentError
from aggregator.model import Sighting

MOST_CURSOR = 2_000
ANSWER = "What Bluesky answered"

_PINNED = "app.bsky.feed.defs#reasonPin"
# The network's word (com.atproto.sync.getRepoStatus, #account events) that an account must not be shown.
GONE_STATES = frozenset({"deleted", "takendown", "suspended", "deactivated"})
_GONE_FAULTS = frozenset({"AccountTakedown", "AccountDeactivated", "RepoTakendown", "RepoSuspended", "RepoDeactivated"})
_SAID = {
    "Profile not found": "ProfileNotFound",
    "Unable to resolve handle": "ProfileNotFound",
    "could not find feed": "UnknownFeed",
    "List not found": "UnknownList",
}


class Fault(StrEnum):
    """What an error of a server comes to. `OTHER` is for what nobody needs to tell apart."""

    ACCOUNT_GONE = "the account is gone"
    ACCOUNT_UNKNOWN = "no such account"
    UNKNOWN = "no such feed or list"
    REFUSED = "sign-in refused"
    EXPIRED = "session expired"
    SECOND_FACTOR = "second factor asked for"
    OTHER = "other"


_FAULTS = {
    **dict.fromkeys(_GONE_FAULTS, Fault.ACCOUNT_GONE),
    "ProfileNotFound": Fault.ACCOUNT_UNKNOWN,
    "HandleNotFound": Fault.ACCOUNT_UNKNOWN,
    "UnknownFeed": Fault.UNKNOWN,
    "UnknownList": Fault.UNKNOWN,
    "AuthenticationRequired": Fault.REFUSED,
    "AuthMissing": Fault.REFUSED,
    "ExpiredToken": Fault.EXPIRED,
    "InvalidToken": Fault.EXPIRED,
    "AuthFactorTokenRequired": Fault.SECOND_FACTOR,
}


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of a feed or a search, newest first. `cursor` leads to the next one and is None at the end.

    `name` is what the asked account calls itself; `is_withheld` says that it may not be shown to the public at all.
    """

    entries: tuple[Sighting, ...]
    cursor: str | None = None
    name: str | None = None
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in: `server` is the account's own, where its document names one."""

    token: str = field(repr=False)
    server: str | None = None


def read_feed(body: bytes, *, account: str | None = None) -> FeedPage:
    """A page of getAuthorFeed, getListFeed or getFeed. DocumentError for what is none.

    `account` is the DID whose feed was asked for. A pinned post that stands out of its order is left out: everything
    between it and the rest would look deleted.
    """
    page = _page_of(body, "feed")
    items = list_at(page, "feed")[: fields.MAX_ENTRIES]
    shown = usable(items, _shown, ANSWER)
    entries = [seen for seen, is_pinned in shown if not is_pinned]
    pinned = [seen for seen, is_pinned in shown if is_pinned]
    oldest = min((seen.published_at for seen in entries if seen.published_at), default=None)
    in_order = [seen for seen in pinned if oldest and seen.published_at and seen.published_at >= oldest]
    profiles = [profile for item in objects_of(items) for profile in _profiles(item) if profile.get("did") == account]
    return FeedPage(
        entries=(*in_order, *entries),
        cursor=_cursor(page),
        name=next((fields.clean(name, fields.MAX_NAME) for p in profiles if (name := text_at(p, "displayName"))), None),
        is_withheld=judge_labels(*profiles[:1]).hidden is not None,
    )


def read_posts(body: bytes) -> FeedPage:
    """The answer of getPosts and searchPosts. DocumentError for what is none."""
    page = _page_of(body, "posts")
    posts = usable(list_at(page, "posts")[: fields.MAX_ENTRIES], read_post, ANSWER)
    return FeedPage(tuple(posts), _cursor(page))


def read_public(body: bytes) -> frozenset[str]:
    """The addresses of the posts in an answer of getPosts that the public may see, whether we can read them or not.

    DocumentError where it names none though it holds something: nothing is gone because an answer was broken.
    """
    posts = list_at(_page_of(body, "posts"), "posts")[: fields.MAX_ENTRIES]
    named = usable(posts, lambda post: (text_at(post, "uri"), post) if text_at(post, "uri") else None, ANSWER)
    return frozenset(
        uri
        for uri, post in named
        if not judge_labels(post, object_at(post, "record"), object_at(post, "author")).hidden
    )


def read_version(body: bytes, uri: str, cid: str | None) -> Sighting | None:
    """The post of that address in an answer of getPosts; with `cid` only that version of it."""
    for post in objects_at(_page_of(body, "posts"), "posts", fields.MAX_ENTRIES):
        if post.get("uri") == uri and cid in (None, post.get("cid")):
            return read_post(post)
    return None


def read_did(body: bytes) -> str:
    """The answer of resolveHandle. DocumentError for what names nobody."""
    did = _did(read_object(body, ANSWER))
    if did is None:
        raise DocumentError(f"{ANSWER} names no account (DID) for this handle.")
    return did


def read_members(body: bytes, most: int) -> Sequence[str] | None:
    """The accounts of a list, of which `most` were asked for (getList); None where there are or may be more."""
    page = _page_of(body, "items")
    subjects = usable(list_at(page, "items")[: most + 1], lambda item: _did(object_at(item, "subject")), ANSWER)
    if len(subjects) > most or (len(subjects) == most and _cursor(page)):
        return None
    return list(dict.fromkeys(subjects))


def read_session(body: bytes) -> Session:
    """The answer of createSession. DocumentError where it holds no token."""
    answer = read_object(body, ANSWER)
    token = text_at(answer, "accessJwt")
    if not token or not token.isascii() or not token.isprintable():
        raise DocumentError(f"{ANSWER} to the sign-in holds no token.")
    services = objects_at(object_at(answer, "didDoc"), "service", 20)
    own = (service for service in services if text_at(service, "type") == "AtprotoPersonalDataServer")
    return Session(
        token, next((url for one in own if (url := fields.web_address(text_at(one, "serviceEndpoint")))), None)
    )


def read_is_gone(body: bytes) -> bool:
    """Whether getRepoStatus says that the account must not be shown (any more)."""
    status = read_object(body, ANSWER)
    return status.get("active") is False and text_at(status, "status") in GONE_STATES


def read_fault(said: str) -> Fault:
    """What the body of an error says; `OTHER` for what is no XRPC error."""
    try:
        error = read_object(said, ANSWER)
    except DocumentError:
        return Fault.OTHER
    message = text_at(error, "message")
    known = next((name for words, name in _SAID.items() if message.startswith(words)), text_at(error, "error"))
    return _FAULTS.get(known, Fault.OTHER)


def _page_of(body: bytes, key: str) -> Object:
    page = read_object(body, ANSWER)
    if not isinstance(page.get(key), list):
        raise DocumentError(f"{ANSWER} holds no {key}; the address may be that of another kind of server.")
    return page


def _shown(item: Object) -> tuple[Sighting, bool] | None:
    """What an item of a feed shows, and whether it is pinned."""
    seen = read_post(item.get("post"), item.get("reason"))
    return (seen, object_at(item, "reason").get("$type") == _PINNED) if seen else None


def _did(account: Object) -> str | None:
    did = text_at(account, "did")
    return did if is_did(did) else None


def _profiles(item: Object) -> tuple[Object, Object]:
    return object_at(item, "post", "author"), object_at(item, "reason", "by")


def _cursor(page: Object) -> str | None:
    cursor = text_at(page, "cursor")
    return cursor if 0 < len(cursor) <= MOST_CURSOR else None
