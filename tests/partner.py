"""A partner's site on loopback: a real HTTP server whose feed a test writes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from html import escape

from aiohttp import web

from aggregator.model import Sighting
from tests.loopback import everywhere, on_loopback


@dataclass
class PartnerSite:
    """What it serves by path, and what it was asked."""

    url: str = ""
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)  # besides the usual ones, by path
    is_stuck: bool = False  # then it says to everyone who knows a mark that nothing has changed

    def put(self, path: str, body: bytes | str, content_type: str = "application/rss+xml", status: int = 200) -> None:
        self.pages[path] = (status, content_type, body.encode() if isinstance(body, str) else body)

    def publish(self, entries: list[Sighting], path: str = "/feed", **channel: str) -> None:
        self.put(path, rss(entries, **channel))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        status, content_type, body = self.pages.get(request.path, (404, "text/plain", b"not here"))
        etag = hashlib.sha256(body).hexdigest()[:16]
        headers = {"ETag": f'"{etag}"', **self.headers.get(request.path, {})}
        mark = request.headers.get("If-None-Match")
        if status == 200 and mark and (self.is_stuck or mark == f'"{etag}"'):
            status, body = 304, b""
        self.asked.append((request.path, status))
        more = {"Content-Type": content_type, **self.headers.get(request.path, {})}
        return web.Response(status=status, body=body, headers={**headers, **more})


def rss(entries: list[Sighting], title: str = "City news", language: str = "en") -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{escape(e.entry_id)}</guid><link>{escape(e.url or '')}</link>"
        f"<title>{escape(e.title or '')}</title><description>{escape(e.body_html)}</description>"
        + (f"<pubDate>{format_datetime(e.published_at)}</pubDate>" if e.published_at else "")
        + "".join(f'<enclosure url="{escape(m.url)}" type="{m.type}" length="1"/>' for m in e.media)
        + "</item>"
        for e in entries
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{title}</title>"
        f"<link>https://city.example/</link><description>News</description><language>{language}</language>"
        f"{items}</channel></rss>"
    )


@asynccontextmanager
async def partner_site(site: PartnerSite | None = None) -> AsyncIterator[PartnerSite]:
    site = site or PartnerSite()
    async with on_loopback(everywhere(site.answer)) as site.url:
        yield site
