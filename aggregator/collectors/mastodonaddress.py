"""What an address of a Mastodon server names: an account, a hashtag or a list. Asks nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote

from yarl import URL

_ACCOUNT = re.compile(r"/@([\w.-]{1,100}(?:@[\w.:-]{1,200})?)/?")
_HASHTAG = re.compile(r"/tags/([^/\s?#]{1,200})/?")
_LIST = re.compile(r"/lists/(\w{1,100})/?")
CURE = "write https://SERVER/@NAME for an account, https://SERVER/tags/TAG for a hashtag, or https://SERVER/lists/ID"


class Form(StrEnum):
    """What is read."""

    ACCOUNT = "account"
    HASHTAG = "hashtag"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timeline of a server, which is an address without a path such as https://mastodon.example."""

    server: str
    form: Form
    name: str


def read_timeline(url: str) -> Timeline | None:
    """The timeline that the address names, or None."""
    address = URL(url)
    path = unquote(address.raw_path)
    for form, pattern in ((Form.ACCOUNT, _ACCOUNT), (Form.HASHTAG, _HASHTAG), (Form.LIST, _LIST)):
        if found := pattern.fullmatch(path):
            return Timeline(str(address.origin()), form, found[1])
    return None


def fits(url: str) -> str | None:
    """What is wrong with the address, with the cure; None where nothing is."""
    timeline = read_timeline(url)
    if timeline and timeline.name.endswith((".rss", ".atom", ".json")):
        return f"is a feed of its own; leave the {timeline.name[timeline.name.rindex('.') :]} out"
    return None if timeline else f"names no account, hashtag or list; {CURE}"


def feed_address(url: str) -> str | None:
    """The feed that the server gives out: of an account of its own or a hashtag. Lists have none."""
    timeline = read_timeline(url)
    if timeline is None or timeline.form is Form.LIST or "@" in timeline.name:
        return None
    path = f"/@{timeline.name}" if timeline.form is Form.ACCOUNT else f"/tags/{quote(timeline.name, safe='')}"
    return f"{timeline.server}{path}.rss"


def lacks(url: str, said: Collection[str]) -> Mapping[str, str]:
    """What the address needs beyond the keys that are given, and why."""
    timeline = read_timeline(url)
    if timeline and timeline.form is Form.LIST and "token" not in said:
        return {"token": 'a list is shown only to whoever made it: write token = "env:NAME" with that account\'s token'}
    return {}
