"""Sample places that are no sites with a feed: an account on a Mastodon server, and a calendar. Open no socket."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from aiohttp import web
from icalendar import Calendar, Event

from web.demo import pictures

SQUARE, CALENDAR = "square", "calendar"
ACCOUNT = "platform"
FIRST_ID = 111_000_000_000_000_000
PAGE = 20


@dataclass(frozen=True, slots=True)
class Square:
    """A small Mastodon server (https://docs.joinmastodon.org/api/) with one account, whose posts stand in square.toml.

    `addresses` is filled while the sample sites start.
    """

    started_at: datetime
    addresses: Mapping[str, str]

    def application(self) -> web.Application:
        """The server as a web application."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/api/v2/instance", self._instance),
                web.get("/api/v1/accounts/lookup", self._look_up),
                web.get("/api/v1/accounts/1/statuses", self._of_account),
                web.get("/api/v1/statuses/{id:[0-9]+}", self._one),
                web.get("/pictures/{name}", self._picture),
                web.get("/{page:|@platform|@platform/[0-9]+|tags/[a-z]+}", self._page),
            ]
        )
        return application

    async def _instance(self, _request: web.Request) -> web.Response:
        return web.json_response({"domain": "square.example", "version": "4.5.0", "configuration": {}})

    async def _look_up(self, request: web.Request) -> web.Response:
        return _found(self._account() if request.query.get("acct") == ACCOUNT else None)

    async def _of_account(self, request: web.Request) -> web.Response:
        found = self._statuses()
        if request.query.get("exclude_replies") in {"true", "1"}:
            found = [status for status in found if not status["in_reply_to_id"]]
        if since := request.query.get("min_id"):
            found = [status for status in found if int(status["id"]) > int(since)]
        if before := request.query.get("max_id"):
            found = [status for status in found if int(status["id"]) < int(before)]
        return web.json_response(found[: int(request.query.get("limit", PAGE))])

    async def _one(self, request: web.Request) -> web.Response:
        return _found(next((status for status in self._statuses() if status["id"] == request.match_info["id"]), None))

    async def _page(self, request: web.Request) -> web.Response:
        id_ = request.match_info["page"].rpartition("/")[2]
        words = "".join(status["content"] for status in self._statuses() if id_ in {status["id"], f"@{ACCOUNT}"})
        text = f"<!doctype html><html lang=en><title>{ACCOUNT}</title><h1>@{ACCOUNT}</h1>{words}"
        return web.Response(text=text, content_type="text/html")

    async def _picture(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in pictures.SCENES:
            raise web.HTTPNotFound
        body = await asyncio.to_thread(pictures.draw, name, name)
        return web.Response(body=body, content_type=pictures.TYPES[pictures.suffix(name)])

    def _statuses(self) -> list[dict[str, Any]]:
        return [self._status(number, post) for number, post in enumerate(_read("square.toml", "post"))]

    def _account(self) -> dict[str, Any]:
        return {
            "id": "1", "username": ACCOUNT, "acct": ACCOUNT, "display_name": "Platform", "locked": False, "bot": False,
            "noindex": False, "url": f"{self.addresses[SQUARE]}/@{ACCOUNT}", "created_at": "2026-01-05T00:00:00.000Z",
        }  # fmt: skip

    def _status(self, number: int, post: Mapping[str, Any]) -> dict[str, Any]:
        base, at = self.addresses[SQUARE], self.started_at - timedelta(hours=post["hours_ago"])
        id_ = str(FIRST_ID - number)
        card = post.get("card")
        return {
            "id": id_, "uri": f"{base}/users/{ACCOUNT}/statuses/{id_}", "url": f"{base}/@{ACCOUNT}/{id_}",
            "created_at": f"{at:%Y-%m-%dT%H:%M:%S.000Z}", "edited_at": None, "visibility": "public",
            "language": post["language"], "content": post["body"].replace("{base}", base), "account": self._account(),
            "sensitive": "warning" in post, "spoiler_text": post.get("warning", ""),
            "in_reply_to_id": "1" if post.get("reply") else None,
            "in_reply_to_account_id": "2" if post.get("reply") else None,
            "reblog": None, "mentions": [], "emojis": [], "poll": None,
            "tags": [{"name": tag, "url": f"{base}/tags/{tag.lower()}"} for tag in post.get("tags", ())],
            "media_attachments": self._media(id_, post),
            "card": card and {
                "url": card["url"].replace("{carbon-coop}", self.addresses["carbon-coop"]), "title": card["title"],
                "description": card["text"], "type": "link", "image": None,
            },
        }  # fmt: skip

    def _media(self, id_: str, post: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "picture" not in post:
            return []
        url = f"{self.addresses[SQUARE]}/pictures/{post['picture']}"
        return [{"id": id_, "type": "image", "url": url, "preview_url": url, "description": post["alt"], "meta": {}}]


def _found(value: Mapping[str, Any] | None) -> web.Response:
    return web.json_response(value or {"error": "Record not found"}, status=200 if value else 404)


def calendar_application(started_at: datetime) -> web.Application:
    """A calendar (RFC 5545) at /events.ics, whose events stand in calendar.toml and lie ahead of the start."""
    body = _calendar(started_at.replace(minute=0, second=0, microsecond=0))

    async def events(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="text/calendar", charset="utf-8")

    application = web.Application()
    application.router.add_get("/events.ics", events)
    return application


def _calendar(started_at: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//mpower-stream.example//sample//")
    calendar.add("version", "2.0")
    for row in _read("calendar.toml", "event"):
        event, at = Event(), (started_at + timedelta(days=row["in_days"])).replace(hour=17)
        event.add("uid", f"{row['uid']}@mpower-stream.example")
        event.add("dtstamp", started_at)
        event.add("dtstart", at if "hours" in row else at.date())
        event.add("dtend", at + timedelta(hours=row["hours"]) if "hours" in row else at.date() + timedelta(days=1))
        for name, key in (("summary", "title"), ("description", "text"), ("location", "place")):
            event.add(name, row[key])
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _read(name: str, table: str) -> list[dict[str, Any]]:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[table]
    return rows
