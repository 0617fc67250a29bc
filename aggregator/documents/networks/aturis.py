"""Names and addresses of the AT protocol (https://atproto.com/specs/at-uri-scheme), and what bsky.app shows of them.

Looks at text alone: whether a name exists is for a server to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

DID = r"did:[a-z]+:[A-Za-z0-9._:%-]{1,500}(?<![:%])"
RECORD_KEY = r"[A-Za-z0-9._:~-]{1,512}"
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
FEED, LIST, PACK = "app.bsky.feed.generator", "app.bsky.graph.list", "app.bsky.graph.starterpack"
WEB = "https://bsky.app"

_DID = re.compile(DID)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HANDLE = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?", re.IGNORECASE)
_MOST_HANDLE = 253
_AT_URI = re.compile(rf"at://({DID})/([A-Za-z0-9.-]{{1,317}})/({RECORD_KEY})")
_POST_PAGE = re.compile(rf"https://bsky\.app/profile/({DID})/post/({RECORD_KEY})")
_SHOWN_AT = {POST: "post", FEED: "feed", LIST: "lists"}


@dataclass(frozen=True, slots=True)
class AtUri:
    """One record: whose it is (a DID, which outlives every handle), of what collection, and its key there."""

    did: str
    collection: str
    key: str

    def __str__(self) -> str:
        return f"at://{self.did}/{self.collection}/{self.key}"

    def page(self) -> str | None:
        """The record's page for readers, or None where it has none. By DID, so that it outlives every handle."""
        if self.collection == PACK:
            return f"{WEB}/starter-pack/{self.did}/{self.key}"
        shown_at = _SHOWN_AT.get(self.collection)
        return f"{WEB}/profile/{self.did}/{shown_at}/{self.key}" if shown_at else None


def read_at_uri(text: object) -> AtUri | None:
    """The record that an at:// address names, or None for anything else. Its authority must be a DID."""
    parts = _AT_URI.fullmatch(text) if isinstance(text, str) else None
    return AtUri(parts[1], parts[2], parts[3]) if parts else None


def post_of_page(url: str | None) -> AtUri | None:
    """The post that a page on bsky.app shows, where its address was made by `AtUri.page`."""
    parts = _POST_PAGE.fullmatch(url or "")
    return AtUri(parts[1], POST, parts[2]) if parts else None


def is_did(text: object) -> bool:
    """True for what is written as a DID."""
    return isinstance(text, str) and _DID.fullmatch(text) is not None


def is_handle(text: object) -> bool:
    """True for what is written as a handle, which is a host name. `handle.invalid` stands for one that failed."""
    is_name = isinstance(text, str) and len(text) <= _MOST_HANDLE and _HANDLE.fullmatch(text) is not None
    return is_name and not str(text).lower().endswith(".invalid")


def profile_page(actor: str) -> str:
    """The page of an account, by handle or DID."""
    return f"{WEB}/profile/{actor}"


def hashtag_page(tag: str) -> str:
    """The page of a hashtag, written without its `#`."""
    return f"{WEB}/hashtag/{quote(tag, safe='', errors='replace')}"
