"""Collects a public Telegram channel from the page that Telegram shows of it to everybody. Needs no account.

It reads pages back until it meets what it has read before, so that a gap in what is shown means a post that was
deleted.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from yarl import URL

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.documents.networks.telegram import Post, Preview, read_preview
from aggregator.errors import CollectError
from aggregator.model import Document, Sighting, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

FIRST_PAGES = 2  # of about twenty posts each
MOST_PAGES = 10
MOST_REMEMBERED = 60
NAME = re.compile(r"/(?:s/)?([A-Za-z][A-Za-z0-9_]{3,31})/?")
NO_NAMES = frozenset({"addlist", "addstickers", "joinchat", "proxy", "share"})
log = logging.getLogger(__name__)


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read the newest posts, and as far back as the last look. Raises CollectError where there is no such channel."""
    last = cursor.place.get("newest")
    last = last if isinstance(last, int) else None
    pages = await _read_back(source.url, last, outside)
    posts = {post.number: post for page in pages for post in page.posts}
    entries, pictures = _with_first_pictures([posts[number] for number in sorted(posts)], cursor.place.get("pictures"))
    document = Document(entries, "telegram", title=pages[0].title, home=f"https://t.me/{_name_in(source.url)}")
    place = {"newest": max(page.newest or 0 for page in pages), "pictures": pictures}
    return Collected(document, Cursor(place=place), source.url)


async def _read_back(url: str, last: int | None, outside: Outside) -> list[Preview]:
    """The newest page, and those before it down to the post of that number; at the first look only a few."""
    pages: list[Preview] = []
    before: int | None = None
    for _ in range(FIRST_PAGES if last is None else MOST_PAGES):
        page = await _read_page(url, before, outside)
        if page.oldest is None or (before is not None and page.oldest >= before):
            if before is None or last is not None:
                raise CollectError(
                    f"Telegram shows no posts of {_name_in(url)}, as it does when it is asked too often; it is asked "
                    "again later"
                )
            break
        pages.append(page)
        before = page.oldest
        if not page.has_older or (last is not None and before <= last + 1):
            break
    else:
        log.info("%s: older posts than those of %d pages are left out", url, len(pages))
    return pages


async def _read_page(url: str, before: int | None, outside: Outside) -> Preview:
    name = _name_in(url)
    address = URL(url).with_path(f"/s/{name}").with_query({"before": str(before)} if before else None)
    answer = await outside.fetch.get(str(address), accept="text/html")
    reading = functools.partial(read_preview, url=answer.url, name=name, charset=answer.charset)
    return await outside.reader.run(reading, answer.body)


def _with_first_pictures(posts: Sequence[Post], remembered: object) -> tuple[tuple[Sighting, ...], Mapping[str, Any]]:
    """The posts with their pictures' addresses as they were when first seen, and what to remember of that.

    Telegram gives a picture another address every few days. Without this every post with a picture would look edited.
    """
    known = dict(remembered) if isinstance(remembered, dict) else {}
    entries = []
    for post in posts:
        entry, key = post.sighting, str(post.number)
        mark = _mark(post)
        before = known.get(key)
        if isinstance(before, list) and len(before) == len(entry.media) + 1 and before[0] == mark:
            media = (replace(one, url=str(url)) for one, url in zip(entry.media, before[1:], strict=True))
            entry = replace(entry, media=tuple(media))
        elif entry.media:
            known[key] = [mark, *(one.url for one in entry.media)]
        entries.append(entry)
    latest = sorted(known, key=lambda key: (len(key), key))[-MOST_REMEMBERED:]  # as numbers are ordered
    return tuple(entries), {key: known[key] for key in latest}


def _mark(post: Post) -> str:
    """What changes when the post itself does, or its pictures are others: an edit is marked, and may change words."""
    said = f"{post.is_edited}\x1f{len(post.sighting.media)}\x1f{post.sighting.body_html}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


def _name_in(url: str) -> str:
    found = NAME.fullmatch(URL(url).path)
    return found[1] if found else ""


def _fits(url: str) -> str | None:
    path = URL(url).path
    if path.startswith(("/+", "/c/", "/joinchat/")):
        return "leads into a private channel or group, which Telegram does not show; only public channels can be read"
    if _name_in(url).lower() in NO_NAMES | {""}:
        return "is no public channel's address; write it as https://t.me/NAME"
    return None


KIND = SourceKind(collect, Rules(options=frozenset({"replies", "boosts", "vanished"}), fits=_fits))
