"""A WordPress site on loopback: posts, a feed of the newest ten, and of its REST API what the collector may use.

It answers as WordPress 6 does (wp-includes/rest-api/endpoints/class-wp-rest-posts-controller.php): `after` and
`modified_after` are compared with the site's local time, and strictly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from aggregator.model import Sighting
from tests.partner import rss

NEWS_IN_FEED = 10


@dataclass(frozen=True)
class Written:
    """One post as its site keeps it, in UTC."""

    id: int
    date: datetime
    modified: datetime
    title: str = ""
    content: str = ""
    status: str = "publish"
    password: str = ""
    slug: str = ""
    guid: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class WordPressSite:
    """`offset` is how far the site's clock is ahead of UTC; `asked` holds the queries for posts."""

    url: str = ""
    folder: str = ""
    offset: timedelta = timedelta(hours=2)
    posts: dict[int, Written] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    closed: int | None = None
    says_html: bool = False
    is_pretty: bool = True
    announces: str | None = None
    announces_in_page: bool = True
    is_old: bool = False
    takes_times_for_utc: bool = False
    permalink: str = "/{slug}/"

    def write(self, number: int, at: datetime, **values: Any) -> None:
        words = {"title": f"News {number}", "content": f"<p>Body of {number}</p>", "slug": f"news-{number}"}
        written = Written(number, at, at, **{**words, "guid": f"{self.home}/?p={number}", **values})
        self.posts[number] = written

    def edit(self, number: int, at: datetime, **values: Any) -> None:
        self.posts[number] = replace(self.posts[number], modified=at, **values)

    @property
    def home(self) -> str:
        return self.url + self.folder

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        path = request.path.removeprefix(self.folder)
        route = request.query.get("rest_route", "")
        if route or path.startswith("/wp-json"):
            is_there = bool(route) or self.is_pretty
            named = route or path.removeprefix("/wp-json")
            return self.rest(request, named) if is_there else web.Response(status=404, text="<html>Not found")
        if path.rstrip("/") == "/feed":
            return web.Response(body=self.feed().encode(), content_type="application/rss+xml")
        if path.rstrip("/") == "":
            return self.front_page()
        return web.Response(status=404, text="<html>Not found")

    def front_page(self) -> web.Response:
        root = f"{self.home}/wp-json/" if self.is_pretty else f"{self.home}/?rest_route=/"
        named = self.announces or root
        link = f'<link rel="https://api.w.org/" href="{named}">' if self.announces_in_page else ""
        page = f'<html><head>{link}<link rel="alternate" type="application/rss+xml" href="{self.home}/feed/"></head>'
        headers = (
            {} if self.announces_in_page else {"Link": f'<{named}>; rel="https://api.w.org/", </x>; rel=shortlink'}
        )
        return web.Response(text=page, content_type="text/html", headers=headers)

    def feed(self) -> str:
        newest = sorted(self.public(), key=lambda post: post.date, reverse=True)[:NEWS_IN_FEED]
        entries = [
            Sighting(p.guid, self.link(p), title=p.title, body_html=p.content, published_at=p.date) for p in newest
        ]
        return rss(entries)

    def public(self) -> Iterable[Written]:
        return [post for post in self.posts.values() if post.status == "publish"]

    def rest(self, request: web.Request, route: str) -> web.Response:
        query = {name: value for name, value in request.query.items() if name != "rest_route"}
        if self.closed:
            return web.json_response({"code": "rest_cannot_access", "message": "No."}, status=self.closed)
        if self.says_html:
            return web.Response(text="<html>Under construction", content_type="text/html")
        if route != "/wp/v2/posts":
            return web.json_response({"code": "rest_no_route", "message": "No route."}, status=404)
        self.asked.append(query)
        return self.collection(query)

    def collection(self, query: dict[str, str]) -> web.Response:
        chosen = [post for post in self.public() if self.fits(post, query)]
        by = "modified" if query.get("orderby") == "modified" else "date"
        chosen.sort(key=lambda post: (getattr(post, by), post.id), reverse=query.get("order", "desc") == "desc")
        size, number = int(query.get("per_page", "10")), int(query.get("page", "1"))
        pages = -(-len(chosen) // size)
        if number > max(pages, 1):
            return web.json_response({"code": "rest_post_invalid_page_number"}, status=400)
        page = chosen[(number - 1) * size : number * size]
        headers = {"X-WP-Total": str(len(chosen)), "X-WP-TotalPages": str(pages)}
        return web.json_response([self.json(post, query) for post in page], headers=headers)

    def fits(self, post: Written, query: dict[str, str]) -> bool:
        shift = timedelta(0) if self.takes_times_for_utc else self.offset
        if "include" in query and str(post.id) not in query["include"].split(","):
            return False
        if str(post.id) in query.get("exclude", "").split(","):
            return False
        if "slug" in query and post.slug not in [unquote(slug).lower() for slug in query["slug"].split(",")]:
            return False
        if "after" in query and not (post.date + shift).replace(tzinfo=None) > read(query["after"]):
            return False
        if "modified_after" in query and not self.is_old:
            return (post.modified + shift).replace(tzinfo=None) > read(query["modified_after"])
        return True

    def json(self, post: Written, query: dict[str, str]) -> dict[str, Any]:
        whole = {
            "id": post.id,
            "date": text(post.date + self.offset),
            "date_gmt": text(post.date),
            "guid": {"rendered": post.guid.replace("&", "&#038;")},
            "modified": text(post.modified + self.offset),
            "modified_gmt": text(post.modified),
            "slug": post.slug,
            "status": post.status,
            "type": "post",
            "link": self.link(post),
            "title": {"rendered": post.title},
            "content": {"rendered": "" if post.password else post.content, "protected": bool(post.password)},
            "excerpt": {"rendered": "", "protected": bool(post.password)},
            **post.more,
        }
        names = query.get("_fields")
        return {name: whole[name] for name in names.split(",") if name in whole} if names else whole

    def link(self, post: Written) -> str:
        return self.home + self.permalink.format(slug=post.slug, id=post.id)


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def read(moment: str) -> datetime:
    """A time in a query, as the site's own: it has no zone."""
    read = datetime.fromisoformat(moment)
    assert read.tzinfo is None
    return read
