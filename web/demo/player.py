"""Answers for one sample site: its feed, its articles and its pictures. It opens no socket and decides no date."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

from web.demo import pages, pictures
from web.demo.feeds import FORMATS, Entry, Picture, Translation
from web.demo.items import SampleSite
from web.demo.programme import Post, Programme

DRIPS = 8
TRACKING = "?utm_source=feed&utm_medium=rss&utm_campaign=demo&fbclid=none"
ENTRY_ID = "tag:mpower-stream.example,2026:{}/{}"


@dataclass(frozen=True, slots=True)
class Directory:
    """The sample sites and where each is listening. `addresses` is filled while they start."""

    sites: Mapping[str, SampleSite]
    addresses: Mapping[str, str]

    def entry(self, post: Post) -> Entry:
        """The post with its addresses."""
        base, item = self.addresses[post.site], post.item
        picture = None
        if item.picture:
            suffix = pictures.suffix(post.id)
            picture = Picture(f"{base}/pictures/{post.id}.{suffix}", pictures.TYPES[suffix], item.alt or "")
        return Entry(
            id=ENTRY_ID.format(post.site, post.id),
            url=f"{base}/news/{post.id}{TRACKING if item.tracked else ''}",
            language=item.language,
            title=item.title,
            body=item.body,
            categories=item.categories,
            published_at=post.published_at,
            picture=picture,
            original=self._original(item.translation_of) if item.translation_of else None,
        )

    def _original(self, translation_of: str) -> Translation:
        site_id, _, item_id = translation_of.partition("/")
        item = next(item for item in self.sites[site_id].items if item.id == item_id)
        return Translation(f"{self.addresses[site_id]}/news/{item.id}", item.language)


@dataclass(frozen=True, slots=True)
class Player:
    """One site's handlers. Its feed takes `delay_seconds` to arrive."""

    site: SampleSite
    programme: Programme
    directory: Directory
    delay_seconds: float = 0

    def application(self) -> web.Application:
        """The site as a web application."""
        application = web.Application()
        application.router.add_get("/", self._front)
        application.router.add_get(self.site.feed, self._drip if self.delay_seconds else self._feed)
        application.router.add_get("/news/{id}", self._article)
        application.router.add_get("/topics/{topic}", self._topic)
        application.router.add_get("/pictures/{id}.{suffix:png|jpg}", self._picture)
        return application

    async def _front(self, _request: web.Request) -> web.Response:
        entries = [self.directory.entry(post) for post in self.programme.newest(self.site.id)]
        return _page(pages.front_page(self.site, entries))

    async def _article(self, request: web.Request) -> web.Response:
        post = self._post(request)
        return _page(pages.article_page(self.site, self.directory.entry(post)))

    async def _topic(self, request: web.Request) -> web.Response:
        return _page(pages.topic_page(self.site, request.match_info["topic"]))

    async def _picture(self, request: web.Request) -> web.Response:
        post = self._post(request)
        suffix = pictures.suffix(post.id)
        if post.item.picture is None or suffix != request.match_info["suffix"]:
            raise web.HTTPNotFound
        body = await asyncio.to_thread(pictures.draw, post.item.picture, post.id)
        return _conditional(request, body, pictures.TYPES[suffix], post.published_at)

    async def _feed(self, request: web.Request) -> web.Response:
        posts = self.programme.newest(self.site.id)
        format_ = FORMATS[self.site.format]
        entries = [self.directory.entry(post) for post in posts]
        body = format_.write(self.site, self.directory.addresses[self.site.id], entries)
        return _conditional(request, body, format_.type, posts[0].published_at)

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        """The feed, half of the delay later and then in drops."""
        whole = await self._feed(request)
        await asyncio.sleep(self.delay_seconds / 2)
        if whole.status == web.HTTPNotModified.status_code or not isinstance(whole.body, bytes):
            return whole
        response = web.StreamResponse(headers={"Content-Type": whole.content_type})
        await response.prepare(request)
        size = -(-len(whole.body) // DRIPS)
        for start in range(0, len(whole.body), size):
            await asyncio.sleep(self.delay_seconds / 2 / DRIPS)
            await response.write(whole.body[start : start + size])
        return response

    def _post(self, request: web.Request) -> Post:
        post = self.programme.post(self.site.id, request.match_info["id"])
        if post is None:
            raise web.HTTPNotFound
        return post


def _conditional(request: web.Request, body: bytes, type_: str, modified_at: datetime) -> web.Response:
    """The body, or 304 where the asker has it already (RFC 9110, section 13)."""
    etag = hashlib.sha256(body).hexdigest()[:24]
    headers = {"ETag": f'"{etag}"', "Last-Modified": format_datetime(modified_at.astimezone(UTC), usegmt=True)}
    if request.if_none_match is not None:
        known = any(tag.value in (etag, "*") for tag in request.if_none_match)
    else:
        known = request.if_modified_since is not None and request.if_modified_since >= modified_at
    if known:
        return web.Response(status=web.HTTPNotModified.status_code, headers=headers)
    return web.Response(body=body, headers={**headers, "Content-Type": type_, "Cache-Control": "no-cache"})


def _page(html: str) -> web.Response:
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": pages.POLICY})


def failing_application() -> web.Application:
    """A site that answers everything with 500."""

    async def fail(_request: web.Request) -> web.Response:
        return web.Response(status=500, text="This sample site always fails.")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", fail)
    return application
