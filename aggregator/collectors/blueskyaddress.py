"""Which part of Bluesky an address in sources.toml stands for, and which servers are asked about it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from yarl import URL

from aggregator.documents.networks.aturis import FEED, LIST, RECORD_KEY, AtUri, is_did, is_handle

APP = frozenset({"bsky.app", "www.bsky.app"})
_KEY = re.compile(RECORD_KEY)
_FORMS = "https://bsky.app/profile/NAME, …/profile/NAME/lists/KEY, …/profile/NAME/feed/KEY or https://bsky.app/search?q=WORDS"


class Form(StrEnum):
    """What is read: an account's posts, those of a list's members, a custom feed, or what a search finds."""

    AUTHOR = "author"
    LIST = "list"
    FEED = "feed"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to ask. `appview` shows posts, `session` signs in, `relay` knows whether accounts live.

    `streams` are the addresses of Jetstream, the newer kind first.
    """

    appview: str
    session: str
    relay: str
    streams: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An address, read. `actor` is a handle or a DID, `key` that of the list or feed, `words` those looked for."""

    form: Form
    servers: Servers
    actor: str = ""
    key: str = ""
    words: str = ""

    def record(self, did: str) -> str:
        """The at:// address of the list or feed, of which `did` is the owner."""
        return str(AtUri(did, LIST if self.form is Form.LIST else FEED, self.key))


def fits(url: str) -> str | None:
    """What is wrong with the address, with the cure, or None."""
    try:
        read_place(url)
    except ValueError as error:
        return str(error)
    return None


def feed_address(url: str) -> str | None:
    """The feed that bsky.app gives out of an account. Lists, feeds and searches have none, nor has any other host."""
    try:
        place = read_place(url)
    except ValueError:
        return None
    is_there = place.form is Form.AUTHOR and place.servers is BLUESKY
    return f"https://bsky.app/profile/{place.actor}/rss" if is_there else None


def lacks(url: str, said: Collection[str]) -> Mapping[str, str]:
    """What the address needs beyond the keys that are given, and why."""
    if read_place(url).form is not Form.SEARCH:
        return {}
    why = 'Bluesky shows what a search finds only to who is signed in: write user = "NAME" and token = "env:NAME"'
    return {key: why for key in ("user", "token") if key not in said}


def read_place(url: str) -> Place:
    """What the address stands for. ValueError says what is wrong with it, and the cure.

    At any host but bsky.app itself the same paths are taken, and that host is asked instead of Bluesky's: another
    AppView, or the server of the account that signs in.
    """
    address = URL(url)
    host = (address.host or "").lower()
    if host.endswith(".bsky.social"):
        raise ValueError(f"is an account's own address; write https://bsky.app/profile/{host}")
    if address.scheme != "https" and not _is_loopback(host):
        raise ValueError("would be asked unencrypted; begin it with https://")
    servers = BLUESKY if host in APP else _servers(address)
    match [part for part in address.path.split("/") if part]:
        case ["profile", actor]:
            return Place(Form.AUTHOR, servers, _actor(actor))
        case ["profile", actor, "lists", key] if _KEY.fullmatch(key):
            return Place(Form.LIST, servers, _actor(actor), key)
        case ["profile", actor, "feed", key] if _KEY.fullmatch(key):
            return Place(Form.FEED, servers, _actor(actor), key)
        case ["profile", actor, "post", *_]:
            raise ValueError(f"is one post; for all of its author's write https://{host}/profile/{actor}")
        case ["profile", _, "rss"]:
            raise ValueError('is a feed of its own; write kind = "feed" for it, or leave /rss out')
        case ["search"] if words := address.query.get("q", "").strip():
            return Place(Form.SEARCH, servers, words=words)
        case ["hashtag", tag, *_]:
            cure = URL("https://bsky.app/search").with_query(q=f"#{tag}")
            raise ValueError(f"is a hashtag's page; write {cure}, which needs user and token")
        case _:
            raise ValueError(f"is none of Bluesky's that can be followed; write {_FORMS}")


def _actor(actor: str) -> str:
    if is_did(actor):
        return actor
    if is_handle(actor):
        return actor.lower()
    raise ValueError(f"names no account: {actor[:60]!r} is neither a handle such as name.bsky.social nor a DID")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _servers(address: URL) -> Servers:
    here = str(address.origin())
    stream = here.replace("http", "ws", 1)
    return Servers(here, here, here, ((f"{stream}{_NEW}", True), (f"{stream}{_OLD}", False)))


_NEW, _OLD = "/xrpc/network.bsky.jetstream.subscribeEvents", "/subscribe"
BLUESKY = Servers(
    appview="https://public.api.bsky.app",
    session="https://bsky.social",
    relay="https://bsky.network",
    streams=(
        (f"wss://jetstream.us-east.bsky.network{_NEW}", True),
        (f"wss://jetstream2.us-east.bsky.network{_OLD}", False),
    ),
)
