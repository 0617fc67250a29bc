"""Mastodon's Account, and what a server says of itself (https://docs.joinmastodon.org/entities/), field by field.

What a post says is mastodonposts.py's part.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aggregator.documents import fields, jsonparts
from aggregator.documents.jsonparts import Object, object_at, objects_at, read_object, text_at
from aggregator.errors import DocumentError
from aggregator.model import Author

T = TypeVar("T")

MOST_LISTED = 100
MOST_EMOJI = 100
NOINDEX = "its author asks not to be shown elsewhere (noindex)"
SUSPENDED = "its server has suspended the account, or its owner has deleted it"
LIMITED = "its server has limited the account"
# Ids become parts of addresses. Mastodon's are numbers; Pleroma and GoToSocial have letters in theirs.
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SHORTCODE = re.compile(r"[A-Za-z0-9_]{1,100}")
_TAG = re.compile(r"(<[^<>]*>)")


@dataclass(frozen=True, slots=True)
class Account:
    """One account as its server shows it. `moved_to` is where its owner has gone, `hidden` why it may not be shown."""

    id: str
    name: str
    url: str | None
    moved_to: str | None
    hidden: str | None


@dataclass(frozen=True, slots=True)
class Access:
    """What a server says of itself: who may read timelines of hashtags, and where its streams are.

    `local` and `remote` are for posts from there and from elsewhere: `public`, `authenticated`, `disabled`, or empty
    where the server (before Mastodon 4.5) does not say. `streaming` is an address of http or https, or None.
    """

    local: str
    remote: str
    streaming: str | None


def read_account(body: bytes, *, url: str) -> Account:
    """An account. Raises DocumentError."""
    found = read_object(body, "The account")
    account_id = identity(found.get("id"))
    if not account_id:
        raise DocumentError("The account has no id: this is no server that speaks as Mastodon does.")
    who = author(found, url)
    moved = fields.web_address(text_at(object_at(found, "moved"), "url"), url)
    return Account(account_id, who.name, who.url, moved, why_hidden(found))


def read_follows(body: bytes, account: str) -> bool:
    """Whether the relationships (`accounts/relationships`) say that the account is followed. Raises DocumentError."""
    return account in read_list(body, "The list of relationships", _followed)


def _followed(relationship: Object) -> str | None:
    """Whom it is about, if that is followed, and an empty text if not; None for what is no relationship."""
    whom = identity(relationship.get("id"))
    return (whom if relationship.get("following") is True else "") if whom else None


def read_access(body: bytes) -> Access:
    """The part of an instance's description (`/api/v2/instance`) that concerns us. Raises DocumentError."""
    configuration = object_at(read_object(body, "The server's description"), "configuration")
    feeds = object_at(configuration, "timelines_access", "hashtag_feeds")
    streaming = text_at(object_at(configuration, "urls"), "streaming")
    secure = re.sub(r"^ws(?=s?://)", "http", streaming)
    return Access(text_at(feeds, "local"), text_at(feeds, "remote"), fields.web_address(secure))


def read_list(body: bytes, what: str, read: Callable[[Object], T | None]) -> list[T]:
    """What `read` makes of the objects of a list. DocumentError where it is none, or none of its things can be used."""
    try:
        return jsonparts.usable(jsonparts.read_list(body, what)[:MOST_LISTED], read, what)
    except DocumentError as error:
        raise DocumentError(f"{error} Look whether this is a Mastodon server.") from error


def identity(value: object) -> str:
    """An id as text, or an empty one where it is none that can stand in an address."""
    name = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return name if _ID.fullmatch(name) else ""


def author(account: Object, url: str) -> Author:
    """Who it is, without the custom pictures that some write into their names."""
    name = without_emoji(account)(text_at(account, "display_name")[: fields.MAX_NAME])
    shown = fields.clean(" ".join(name.split()), fields.MAX_NAME)
    handle = fields.clean(text_at(account, "acct"), fields.MAX_NAME)
    return Author(shown or handle, fields.web_address(text_at(account, "url"), url))


def why_hidden(account: Object) -> str | None:
    """Why an account is not shown: it is suspended or limited by its server, or its owner does not wish it."""
    if account.get("suspended") is True:
        return SUSPENDED
    if account.get("limited") is True:
        return LIMITED
    return NOINDEX if account.get("noindex") is True else None


def without_emoji(thing: Object) -> Callable[[str], str]:
    """Takes the custom emoji of a post or an account out of its texts: beyond its server `:sun:` is no picture."""
    codes = (text_at(emoji, "shortcode") for emoji in objects_at(thing, "emojis", MOST_EMOJI))
    names = "|".join(code for code in codes if _SHORTCODE.fullmatch(code))
    pattern = re.compile(rf"(?<![0-9A-Za-z:]):(?:{names}):(?![0-9A-Za-z:])") if names else None

    def without(markup: str) -> str:
        if pattern is None:
            return markup
        parts = _TAG.split(markup)
        parts[::2] = [pattern.sub("", words) for words in parts[::2]]
        return "".join(parts)

    return without
