"""Evidence that an entry tells the same story as another: the keys that both would have.

A key is 8 bytes of a hash as a signed number, whose last three bits say of what kind it is. What a shared key of each
kind is worth, and when, stands in `grouping`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from hashlib import blake2b

from aggregator.model import Media
from aggregator.refine.links import url_key

MOST_LINKS = 3
# A slug so long, or a place so deep, is of one thing; shorter ones are of a section or an organisation.
DEEP_CHARACTERS, DEEP_FOLDERS = 20, 3

KIND_BITS = 7
_LINK = re.compile(r'href="(https?://[^"]+)"')
_SHARING = re.compile(
    r"(?:\A|\.)(?:facebook|twitter|x|linkedin|pinterest|reddit|telegram|t|wa|whatsapp|instagram|youtube|mailchi|"
    r"flickr|bsky|creativecommons|zoom)\.(?:com|me|us|app|org)(?:[/?#:]|\Z)|/(?:tags?|category|hashtag|share\w*|author)/"
)
_SIZE = re.compile(r"-\d{2,5}x\d{2,5}(?=\.\w{3,4}\Z)|-scaled(?=\.\w{3,4}\Z)")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|jfif)\Z", re.IGNORECASE)
_DECORATION = re.compile(
    r"logo|default|placeholder|fallback|banner|header|avatar|profile|background|no[-_]?image|dummy|favicon|generic|"
    r"(?:og|social|share|sharing|thumb|cover|featured|facebook|twitter)[-_]?(?:image|img|pic|card|preview)?\.",
    re.IGNORECASE,
)


class Evidence(IntEnum):
    """What a key is of. The order is that in which they count."""

    ADDRESS = 0  # an entry's own, its card's, that of its other versions
    BEFORE = 1  # it was one story when keys were first kept
    PICTURE = 2
    LINK = 3
    TEXT = 4


def kind_of(key: int) -> Evidence:
    """What that key is of."""
    return Evidence(key & KIND_BITS)


def key_of(kind: Evidence, value: str) -> int:
    """The key of that value, alike on every machine and at all times: it is kept."""
    told = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8, person=b"story").digest()
    return int.from_bytes(told, "big", signed=True) & ~KIND_BITS | kind


def address_keys(addresses: Iterable[str]) -> list[int]:
    """The keys of addresses, as `url_key` has them."""
    return [key_of(Evidence.ADDRESS, address) for address in addresses]


def picture_keys(picture: Media | None) -> list[int]:
    """The key of an entry's picture, whatever size of it. None of what is made to stand for anything."""
    if picture is None:
        return []
    address, _, _ = picture.url.partition("?")
    is_file = _PICTURE_FILE.search(address) is not None
    key = url_key(_SIZE.sub("", address) if is_file else picture.url)
    if not key or _DECORATION.search(key.rpartition("/")[2]):
        return []
    return [key_of(Evidence.PICTURE, key)]


def link_keys(content_html: str, own: str | None) -> list[int]:
    """The keys of the first deep links of a cleaned body that lead to other sites; `own` is the entry's address."""
    return [key_of(Evidence.LINK, address) for address in _deep_links(content_html, own)]


def _deep_links(content_html: str, own: str | None) -> list[str]:
    if 'href="http' not in content_html:
        return []
    home = (url_key(own) or "").partition("/")[0]
    found: dict[str, None] = {}
    for link in _candidates(content_html):
        host, _, _ = link.partition("/")
        if home and (host == home or host.endswith(f".{home}") or home.endswith(f".{host}")):
            continue
        found[link] = None
        if len(found) == MOST_LINKS:
            break
    return list(found)


def _candidates(content_html: str) -> Iterator[str]:
    for found in _LINK.finditer(content_html):
        link = url_key(found[1].replace("&amp;", "&"))
        if link and _is_deep(link) and not _SHARING.search(link):
            yield link


def _is_deep(link: str) -> bool:
    """Whether it is the address of one thing and no front page, section or search."""
    _, _, place = link.partition("/")
    path, _, _ = place.partition("?")
    return path.count("/") >= DEEP_FOLDERS or len(path.rpartition("/")[2]) >= DEEP_CHARACTERS
