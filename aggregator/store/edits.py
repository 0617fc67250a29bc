"""Tells an edit that readers would notice from a site's housekeeping. Thinks only, on an item's columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

Said = Mapping[str, Any]  # what a source says of an item, by column

KEPT_OF_OLD = ("title", "summary", "content_html", "url", "picture_url")
_LINK_HOST = re.compile(r'href="https?://([^/"?#]+)')
# Signatures that stand in a path and not in a query: Akamai's, Bunny's and Google's Media CDN.
_SIGNED = re.compile(r"/(?:[^/]*~hmac=|bcdn_token=|edge-cache-token=)[^/]*(?=/)")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|jfif)\Z", re.IGNORECASE)
# Parameters that say which picture, and no others: `expires_id` or `sid` may change at each look.
_NAMES_ONE = re.compile(r"(?:(?:image|img|photo|picture|pic|file|attachment|asset|media)[-_]?)?id\Z", re.IGNORECASE)


def says_otherwise(before: Said, now: Said) -> bool:
    """Whether words, dates, places, pictures or the hosts that links lead to differ.

    A site that moves, or signs its addresses anew, says nothing new.
    """
    return (
        any(before[name] != now[name] for name in ("title", "content_text", "starts_at", "ends_at"))
        or _words(before["about"]) != _words(now["about"])
        or (now["picture_url"] is not None and before["picture_url"] != now["picture_url"])
        or not _hosts(now["content_html"]) <= _hosts(before["content_html"]) | _hosts(f'href="{now["url"]}"')
    )


def what_was(before: Said) -> dict[str, Any]:
    """What is kept of an item as it was, as JSON has it."""
    was = {name: before[name] for name in KEPT_OF_OLD}
    moments = {name: before[name].isoformat() for name in ("starts_at", "ends_at") if before[name]}
    return was | moments | ({"about": before["about"]} if before["about"] else {})


def was_said_before(now: Said, earlier: Iterable[Mapping[str, Any]]) -> bool:
    """Whether these very words are among an item's earlier ones, as `what_was` has them."""
    return (now["title"], now["content_html"]) in {(was.get("title"), was.get("content_html")) for was in earlier}


def becomes_sensitive(before: Said, now: Said) -> bool:
    """Whether its author has marked it as sensitive only now."""
    return bool((now["about"] or {}).get("is_sensitive")) and not (before["about"] or {}).get("is_sensitive")


def is_same_file(before: str | None, now: str | None) -> bool:
    """True for one picture under two signatures or on two hosts: our copy of the first stays.

    A name alone says nothing: some sites call every picture cover.jpg.
    """
    return bool(before and now) and _file_at(str(before)) == _file_at(str(now))


def _file_at(url: str) -> tuple[str, ...]:
    """Its path without signatures and, where that is of a program that shows pictures, those it is asked for."""
    address, _, query = url.partition("#")[0].partition("?")
    path = _SIGNED.sub("", "/" + address.partition("//")[2].partition("/")[2].rstrip("/"))
    if _PICTURE_FILE.search(path):
        return (path,)
    asked = ((name, value.partition("?")[0]) for name, value in parse_qsl(query))
    return (path, *sorted(value for name, value in asked if _PICTURE_FILE.search(value) or _NAMES_ONE.match(name)))


def _hosts(cleaned_html: str) -> set[str]:
    """The hosts that links in cleaned HTML lead to."""
    return {host.lower().removeprefix("www.") for host in _LINK_HOST.findall(cleaned_html)}


def _words(about: Any) -> Any:
    """What readers see of what only some kinds of source say: of an address, its host."""
    if not isinstance(about, dict):
        return about or {}
    return {
        name: _hosts(f'href="{said}"') if name == "url" else _words(said) if isinstance(said, dict) else said
        for name, said in about.items()
    }
