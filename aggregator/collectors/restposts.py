"""Asks a WordPress site's REST API for posts, and finds where that API begins. What to ask is wordpress.py's part."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from yarl import URL

from aggregator.collectors.contract import Answer, Outside
from aggregator.documents.networks.wordpress import Named, Post, named_root, read_names, read_posts
from aggregator.documents.pages.pages import find_related
from aggregator.errors import CollectError, DocumentError, FetchError

T = TypeVar("T")

RELATION = "https://api.w.org/"
# What is worth trying again in a moment, and so says nothing of whether the API is open.
_PASSING = frozenset({408, 425, 429})
_CLIENT_FAULTS = range(400, 500)


class ClosedError(CollectError):
    """The site's REST API cannot be used: it is switched off, asks for a sign-in, or there is none."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `pages` is how many of so many posts there are, where the site says it."""

    posts: tuple[Post, ...]
    per_page: int
    pages: int | None

    def has_more(self, number: int = 1) -> bool:
        """Whether more posts fit what was asked for; this is the page of that number."""
        return self.pages > number if self.pages is not None else len(self.posts) >= self.per_page


def feed_address(site: str) -> str:
    """The feed that WordPress gives out at a site, which may be named by where its API begins."""
    url = URL(site).with_query(None).with_fragment(None)
    return f"{str(url).rstrip('/').removesuffix('/wp-json').rstrip('/')}/feed/"


async def find_roots(site: str, outside: Outside) -> list[str]:
    """Where the API may begin, the likeliest first: as the site's header or page says, then the usual two places.

    Raises FetchError where the site does not answer at all.
    """
    url = URL(site)
    if "rest_route" in url.query or url.path.rstrip("/").endswith("/wp-json"):
        return [site]
    folder = url.with_query(None).with_path(url.path.rstrip("/") + "/")
    usual = [str(folder / "wp-json/"), str(folder.with_query({"rest_route": "/"}))]
    try:
        page = await outside.fetch.get(site, accept="text/html, */*;q=0.5")
    except FetchError as error:
        if error.status is None:  # the host does not answer: asking it twice more is no use
            raise
        return usual
    named = named_root(page.headers.get("link", ""), url=page.url) or await _named_by_page(page, outside)
    return list(dict.fromkeys([named, *usual] if named else usual))


async def _named_by_page(page: Answer, outside: Outside) -> str | None:
    searching = functools.partial(find_related, relation=RELATION, url=page.url, charset=page.charset)
    try:
        return await outside.reader.run(searching, page.body)
    except DocumentError:
        return None


async def read_page(root: str, wishes: Mapping[str, str], outside: Outside) -> Page:
    """The posts that fit. Raises ClosedError where the API cannot be used, FetchError for all else."""
    posts, pages = await _read(functools.partial(read_posts, url=root), root, wishes, outside)
    return Page(posts, int(wishes["per_page"]), pages)


async def read_named(root: str, wishes: Mapping[str, str], outside: Outside) -> tuple[tuple[Named, ...], bool]:
    """What the posts that fit are known by, and whether there are more of them. Raises as `read_page`."""
    asked = {**wishes, "_fields": "id,slug,guid,link", "per_page": "100"}
    posts, pages = await _read(read_names, root, asked, outside)
    return posts, (pages or 1) > 1


async def _read(
    read: Callable[[bytes], T], root: str, wishes: Mapping[str, str], outside: Outside
) -> tuple[T, int | None]:
    try:
        address = posts_address(root, wishes)
    except ValueError as error:
        raise ClosedError("the site says that its REST API is at an address that is none") from error
    try:
        answer = await outside.fetch.get(address, accept="application/json")
        posts = await outside.reader.run(read, answer.body)
    except FetchError as error:
        if error.status in _CLIENT_FAULTS and error.status not in _PASSING:
            raise ClosedError(f"WordPress's REST API is closed: {error}") from error
        raise
    except DocumentError as error:
        said = str(error).rstrip(".")
        raise ClosedError(f"{URL(root).host} has no REST API of WordPress that can be read: {said}") from error
    pages = answer.headers.get("x-wp-totalpages", "")
    return posts, int(pages[:9]) if pages.isascii() and pages.isdigit() else None


def posts_address(root: str, wishes: Mapping[str, str]) -> str:
    """Where a root, pretty or of the kind `/?rest_route=/`, has its posts."""
    url = URL(root)
    if "rest_route" in url.query:
        url = url.update_query({"rest_route": url.query["rest_route"].rstrip("/") + "/wp/v2/posts"})
    else:
        url = url.with_path(url.path.rstrip("/") + "/wp/v2/posts", keep_query=True)
    return str(url.update_query(wishes))
