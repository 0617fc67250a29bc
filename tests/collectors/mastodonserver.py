"""A server on loopback that answers as Mastodon does (https://docs.joinmastodon.org/methods/): paging, limits, streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback import on_loopback

FIRST = 111_000_000_000_000_000


def account(name: str = "town", **values: Any) -> dict[str, Any]:
    return {
        "id": "7", "username": name, "acct": name, "display_name": f"The {name}", "url": f"https://social.example/@{name}",
        "noindex": False, **values,
    }  # fmt: skip


def status(number: int, **values: Any) -> dict[str, Any]:
    id_ = str(FIRST + number)
    return {
        "id": id_, "created_at": f"2026-11-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000Z",
        "visibility": "public", "language": "en", "content": f"<p>Post {number}</p>", "account": account(),
        "url": f"https://social.example/@town/{id_}", "uri": f"https://social.example/users/town/statuses/{id_}",
        "sensitive": False, "spoiler_text": "", "in_reply_to_id": None, "in_reply_to_account_id": None,
        "edited_at": None, "reblog": None, "media_attachments": [], "tags": [], "card": None, "poll": None, **values,
    }  # fmt: skip


@dataclass
class MastodonServer:
    """What it shows, and what it was asked.

    `left` is what remains of the asker's requests out of `limit`, as each answer says if it `announces` it. `refusals` are the status and body that stand for a
    path, `follows` are the ids that the token's account, whose id is `me`, follows.
    """

    url: str = ""
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    account: dict[str, Any] | None = field(default_factory=account)
    access: dict[str, Any] | None = None
    streaming_url: str = ""
    left: int = 300
    limit: int = 300
    announces: bool = True
    reset: str = "2026-11-23T09:05:00.000Z"
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    follows: tuple[str, ...] = ("7",)
    me: str = "99"
    needs_token: bool = False
    asked: list[str] = field(default_factory=list)
    heard: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    def post(self, *numbers: int, **values: Any) -> None:
        for number in numbers:
            one = status(number, **values)
            self.posts[one["id"]] = one

    def say(self, event: str, payload: object) -> None:
        data = payload if isinstance(payload, str) else json.dumps(payload)
        self.heard.put_nowait(f":thump\n\nevent: {event}\ndata: {data}\n\n")

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._limit])
        application.add_routes(
            [
                web.get("/api/v1/accounts/lookup", self._look_up),
                web.get("/api/v1/accounts/relationships", self._relationships),
                web.get("/api/v1/accounts/verify_credentials", self._credentials),
                web.get("/api/v1/accounts/{id}/statuses", self._statuses),
                web.get("/api/v1/timelines/tag/{tag}", self._timeline),
                web.get("/api/v1/timelines/list/{id}", self._timeline),
                web.get("/api/v1/statuses/{id}", self._status),
                web.get("/api/v2/instance", self._instance),
                web.get("/api/v1/streaming/{kind}", self._stream),
            ]
        )
        return application

    @web.middleware
    async def _limit(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.left -= 1
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.left, 0)),
            "X-RateLimit-Reset": self.reset,
        }
        if self.left < 0:
            return web.json_response({"error": "Too many requests"}, status=429, headers=headers)
        if request.path in self.refusals:
            status, body = self.refusals[request.path]
            return web.Response(status=status, text=body, headers=headers)
        if (
            self.needs_token
            and request.headers.get("Authorization") != "Bearer good"
            and "instance" not in request.path
        ):
            return web.json_response(
                {"error": "This method requires an authenticated user"}, status=401, headers=headers
            )
        response = await handler(request)
        if self.announces and not response.prepared:
            response.headers.update(headers)
        return response

    async def _look_up(self, request: web.Request) -> web.Response:
        known = self.account if self.account and self.account["acct"] == request.query["acct"] else None
        return web.json_response(known or {"error": "Record not found"}, status=200 if known else 404)

    async def _relationships(self, request: web.Request) -> web.Response:
        asked = request.query.getall("id[]")
        return web.json_response([{"id": one, "following": one in self.follows} for one in asked])

    async def _credentials(self, _request: web.Request) -> web.Response:
        return web.json_response(account("listener", id=self.me))

    async def _statuses(self, request: web.Request) -> web.Response:
        if not self.account or request.match_info["id"] != self.account["id"]:
            return web.json_response({"error": "Record not found"}, status=404)
        return self._page(request)

    async def _timeline(self, request: web.Request) -> web.Response:
        return self._page(request)

    def _page(self, request: web.Request) -> web.Response:
        found = sorted(self.posts.values(), key=lambda one: int(one["id"]), reverse=True)
        if request.query.get("exclude_replies"):
            found = [one for one in found if one["in_reply_to_account_id"] in (None, one["account"]["id"])]
        if request.query.get("exclude_reblogs"):
            found = [one for one in found if not one["reblog"]]
        limit = min(int(request.query.get("limit", 20)), 40)
        if before := request.query.get("max_id"):
            found = [one for one in found if int(one["id"]) < int(before)]
        if after := request.query.get("min_id"):
            found = [one for one in found if int(one["id"]) > int(after)][-limit:]
        page = found[:limit]
        links = ""
        if page:
            base = f"{self.url}{request.path}?limit={limit}"
            links = f'<{base}&max_id={page[-1]["id"]}>; rel="next", <{base}&min_id={page[0]["id"]}>; rel="prev"'
        response = web.json_response(page, headers={"Link": links} if links else {})
        etag = str(hash(response.text))
        response.headers["ETag"] = f'W/"{etag}"'
        if etag in {tag.value for tag in request.if_none_match or ()}:
            return web.Response(status=304)
        return response

    async def _status(self, request: web.Request) -> web.Response:
        known = self.posts.get(request.match_info["id"])
        return web.json_response(known or {"error": "Record not found"}, status=200 if known else 404)

    async def _instance(self, _request: web.Request) -> web.Response:
        configuration: dict[str, Any] = {"urls": {"streaming": self.streaming_url or self.url.replace("http", "ws")}}
        if self.access is not None:
            configuration["timelines_access"] = {"hashtag_feeds": self.access}
        return web.json_response({"domain": "social.example", "configuration": configuration})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Bearer good":
            return web.json_response({"error": "Missing access token"}, status=401)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while (said := await self.heard.get()) is not None:
            await response.write(said.encode())
        return response


@asynccontextmanager
async def mastodon_server() -> AsyncIterator[MastodonServer]:
    server = MastodonServer()
    async with on_loopback(server.application()) as server.url:
        try:
            yield server
        finally:
            server.heard.put_nowait(None)
