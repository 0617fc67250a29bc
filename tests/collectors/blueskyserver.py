"""A small Bluesky on loopback: AppView, an account's server, relay and Jetstream, old kind and new, in one.

It answers as the real ones do (lexicons app.bsky.*, com.atproto.*, network.bsky.jetstream.*), and fails as it is told.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import WSCloseCode, web

from tests.loopback import on_loopback

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FIRST_MICROSECOND = 10**15
OLDEST_SEQ = 100


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


@dataclass
class Account:
    did: str
    handle: str
    name: str = ""
    labels: list[str] = field(default_factory=list)
    status: str | None = None  # of an account that is no longer active
    is_known: bool = True  # by the AppView

    def profile(self) -> dict[str, Any]:
        labels = [{"src": self.did, "uri": self.did, "val": label, "cts": stamp(START)} for label in self.labels]
        return {"did": self.did, "handle": self.handle, "displayName": self.name, "labels": labels}


@dataclass
class Post:
    author: Account
    uri: str
    record: dict[str, Any]
    indexed_at: datetime
    view: dict[str, Any] = field(default_factory=dict)
    unseen_for: int = 0  # so many more times the AppView does not show it

    def shown(self) -> dict[str, Any]:
        view = {"uri": self.uri, "cid": self.cid, "author": self.author.profile(), "record": self.record}
        return {**view, "indexedAt": stamp(self.indexed_at), "likeCount": 3, "labels": [], **self.view}

    @property
    def cid(self) -> str:
        return f"bafy{abs(hash(json.dumps(self.record, sort_keys=True))):x}"

    @property
    def sort_at(self) -> datetime:
        return min(datetime.fromisoformat(self.record["createdAt"]), self.indexed_at)


@dataclass
class Repost:
    by: Account
    uri: str
    post: Post
    at: datetime


class Bluesky:
    """What it holds, what it was asked, and what it is told to do wrong."""

    def __init__(self) -> None:
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self.posts: dict[str, Post] = {}
        self.reposts: dict[str, Repost] = {}
        self.lists: dict[str, list[Account]] = {}
        self.feeds: dict[str, list[Post]] = {}
        self.pinned: Post | None = None
        self.pin_shown = False
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.signed_in_with: list[tuple[str, str]] = []
        self.password = "abcd-efgh-ijkl-mnop"
        self.tokens: set[str] = set()
        self.pds: str | None = None
        self.answers: dict[str, list[web.Response]] = {}  # instead of the real one, once each
        self.limits: dict[str, str] = {}
        self.can_new = self.can_old = True
        self.events: list[tuple[int, int, dict[str, Any]]] = []  # seq, µs, event as the old kind has it
        self.lines: list[tuple[bool, dict[str, Any], asyncio.Queue[str | None]]] = []
        self.connected = asyncio.Event()

    def account(self, handle: str = "ana.bsky.example", name: str = "Ana of the co-op", **values: Any) -> Account:
        key = base64.b32encode(f"{len(self.accounts)} {handle}".encode()).decode().lower().rstrip("=")
        did = f"did:plc:{key[:24]:a<24}"
        account = Account(did, handle, name, **values)
        self.accounts[did] = account
        return account

    def post(self, author: Account, text: str, n: int = 0, view: dict[str, Any] | None = None, **record: Any) -> Post:
        """A post, `n` hours after the start."""
        at = START + timedelta(hours=n)
        uri = f"at://{author.did}/app.bsky.feed.post/3k{len(self.posts):011d}"
        record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": stamp(at), "langs": ["en"], **record}
        post = Post(author, uri, record, at + timedelta(seconds=1), view or {})
        self.posts[uri] = post
        return post

    def repost(self, by: Account, post: Post, n: int) -> Repost:
        uri = f"at://{by.did}/app.bsky.feed.repost/3r{len(self.reposts):011d}"
        repost = Repost(by, uri, post, START + timedelta(hours=n))
        self.reposts[uri] = repost
        return repost

    def delete(self, thing: Post | Repost) -> None:
        self.posts.pop(thing.uri, None)
        self.reposts.pop(thing.uri, None)

    def fails(self, method: str, status: int, error: str = "InvalidRequest", message: str = "", **headers: str) -> None:
        """The next answer to that method is an error."""
        body = {"error": error, "message": message}
        answer = web.json_response(body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})
        self.answers.setdefault(method, []).append(answer)

    def says(self, method: str, body: str) -> None:
        """The next answer to that method is this text."""
        answer = web.Response(text=body, content_type="application/json")
        self.answers.setdefault(method, []).append(answer)

    def methods(self) -> list[str]:
        return [method.rpartition(".")[2] for method, _ in self.asked]

    # --- XRPC ---

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if method == "network.bsky.jetstream.subscribeEvents":
            return await self.stream(request)
        query = {name: request.query.getall(name) for name in request.query}
        self.asked.append((method, query))
        if waiting := self.answers.get(method):
            return waiting.pop(0)
        handler = getattr(self, "x_" + method.rpartition(".")[2], None)
        if handler is None:
            return refusal(501, "MethodNotImplemented", "Method Not Implemented")
        answer = await handler(request)
        answer.headers.update(self.limits)
        etag = self.limits.get("ETag")
        return web.Response(status=304) if etag and request.headers.get("If-None-Match") == etag else answer

    async def x_resolveHandle(self, request: web.Request) -> web.Response:  # noqa: N802
        found = [a for a in self.accounts.values() if a.handle == request.query["handle"]]
        return web.json_response({"did": found[0].did}) if found else refusal(400, message="Unable to resolve handle")

    async def x_getProfile(self, request: web.Request) -> web.Response:  # noqa: N802
        account = self.accounts.get(request.query["actor"])
        if account is None or not account.is_known:
            return refusal(400, message="Profile not found")
        if account.status in {"takendown", "suspended"}:
            return refusal(400, "AccountTakedown", "Account has been suspended")
        if account.status == "deactivated":
            return refusal(400, "AccountDeactivated", "Account is deactivated")
        return web.json_response(account.profile())

    async def x_getRepoStatus(self, request: web.Request) -> web.Response:  # noqa: N802
        account = self.accounts.get(request.query["did"])
        if account is None:
            return refusal(400, "RepoNotFound", "Could not find repo")
        status = {"status": account.status} if account.status else {}
        return web.json_response({"did": account.did, "active": account.status is None, **status})

    async def x_getAuthorFeed(self, request: web.Request) -> web.Response:  # noqa: N802
        actor = request.query["actor"]
        account = self.accounts.get(actor)
        if account is None or not account.is_known or account.status:
            return refusal(400, message="Profile not found")
        replies = request.query.get("filter") == "posts_with_replies"
        own = [p for p in self._seen() if p.author is account and (replies or "reply" not in p.record)]
        items = [(p.sort_at, {"post": p.shown()}) for p in own]
        reason = "app.bsky.feed.defs#reasonRepost"
        items += [
            (
                r.at,
                {
                    "post": r.post.shown(),
                    "reason": {"$type": reason, "by": r.by.profile(), "uri": r.uri, "indexedAt": stamp(r.at)},
                },
            )
            for r in self.reposts.values()
            if r.by is account and r.post.uri in self.posts
        ]
        shown = [item for _, item in sorted(items, key=lambda item: item[0], reverse=True)]
        if self.pinned and self.pin_shown and "cursor" not in request.query:
            shown = [item for item in shown if item["post"]["uri"] != self.pinned.uri]
            shown.insert(0, {"post": self.pinned.shown(), "reason": {"$type": "app.bsky.feed.defs#reasonPin"}})
        return page("feed", shown, request)

    async def x_getListFeed(self, request: web.Request) -> web.Response:  # noqa: N802
        members = self.lists[request.query["list"]]
        posts = sorted((p for p in self._seen() if p.author in members), key=lambda p: p.sort_at, reverse=True)
        return page("feed", [{"post": p.shown()} for p in posts], request)

    async def x_getList(self, request: web.Request) -> web.Response:  # noqa: N802
        return page("items", [{"subject": a.profile()} for a in self.lists[request.query["list"]]], request)

    async def x_getFeed(self, request: web.Request) -> web.Response:  # noqa: N802
        if request.query["feed"] not in self.feeds:
            return refusal(400, message="could not find feed")
        return page("feed", [{"post": p.shown()} for p in self.feeds[request.query["feed"]]], request)

    async def x_getPosts(self, request: web.Request) -> web.Response:  # noqa: N802
        uris = request.query.getall("uris")
        if len(uris) > 25:
            return refusal(400, message="Error: uris must not have more than 25 elements")
        asked = [post for uri in uris if (post := self.posts.get(uri)) and not post.author.status]
        shown = [post for post in asked if not post.unseen_for]
        for post in asked:
            post.unseen_for = max(post.unseen_for - 1, 0)
        return web.json_response({"posts": [post.shown() for post in shown]})

    async def x_searchPosts(self, request: web.Request) -> web.Response:  # noqa: N802
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return refusal(401, "ExpiredToken", "Token has expired")
        words = request.query["q"].lower()
        posts = [p for p in self._seen() if words in p.record["text"].lower()]
        posts.sort(key=lambda p: p.sort_at, reverse=True)
        return page("posts", [p.shown() for p in posts], request)

    async def x_createSession(self, request: web.Request) -> web.Response:  # noqa: N802
        said = await request.json()
        self.signed_in_with.append((said["identifier"], said["password"]))
        if said["password"] != self.password:
            return refusal(401, "AuthenticationRequired", "Invalid identifier or password")
        token = f"secret-token-{len(self.signed_in_with)}"
        self.tokens.add(token)
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self.pds}
        document = {"didDoc": {"service": [service]}} if self.pds else {}
        return web.json_response(
            {"accessJwt": token, "refreshJwt": "r", "did": "did:plc:x", "handle": "us.example", **document}
        )

    def _seen(self) -> list[Post]:
        return [post for post in self.posts.values() if not post.author.status and not post.unseen_for]

    # --- Jetstream ---

    async def stream(self, request: web.Request) -> web.StreamResponse:
        is_new = request.path.startswith("/xrpc/")
        query = {name: request.query.getall(name) for name in request.query}
        self.asked.append(("new stream" if is_new else "old stream", query))
        if not (self.can_new if is_new else self.can_old):
            return refusal(404, "NotFound", "not here")
        wanted = {"dids", "collections", "kinds"} if is_new else {"wantedDids", "wantedCollections"}
        if set(query) - wanted - {"cursor"}:
            return refusal(400, "InvalidRequest", "unknown parameter; use " + ", ".join(sorted(wanted)))
        cursor = int(query["cursor"][0]) if "cursor" in query else None
        if is_new and cursor is not None and cursor < OLDEST_SEQ:
            return refusal(400, "CursorTooOld", f"cursor too old: below lookback floor {OLDEST_SEQ}")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line: asyncio.Queue[str | None] = asyncio.Queue()
        mine = (is_new, query, line)
        for seq, at, event in self.events:
            if cursor is not None and (at if cursor >= FIRST_MICROSECOND else seq) >= cursor:
                self._send(mine, seq, event)
        self.lines.append(mine)
        self.connected.set()

        async def hear() -> None:
            # As a real server: a goodbye is answered, else whoever says it waits for that.
            await socket.receive()
            line.put_nowait(None)

        hearing = asyncio.create_task(hear())
        try:
            while (text := await line.get()) is not None:
                await socket.send_str(text)
            await socket.close(code=WSCloseCode.GOING_AWAY)
        finally:
            hearing.cancel()
            self.lines.remove(mine)
        return socket

    def happens(self, account: Account, kind: str, at: datetime, **said: Any) -> None:
        """An event on the network: everybody who listens for it is told, and it can be replayed."""
        seq = OLDEST_SEQ + len(self.events)
        event = {"did": account.did, "time_us": micros(at), "kind": kind, kind: said}
        self.events.append((seq, micros(at), event))
        for line in self.lines:
            self._send(line, seq, event)

    def writes(self, thing: Post | Repost, at: datetime, operation: str = "create") -> None:
        account = thing.author if isinstance(thing, Post) else thing.by
        _, _, _, collection, key = thing.uri.split("/")
        record = (
            thing.record
            if isinstance(thing, Post)
            else {"subject": {"uri": thing.post.uri}, "createdAt": stamp(thing.at)}
        )
        written = (
            {}
            if operation == "delete"
            else {"record": record, "cid": thing.cid if isinstance(thing, Post) else "bafyr"}
        )
        self.happens(account, "commit", at, rev="3", operation=operation, collection=collection, rkey=key, **written)

    def raw(self, text: str) -> None:
        """Send that to everybody who listens."""
        for _, _, line in self.lines:
            line.put_nowait(text)

    def hang_up(self) -> None:
        self.connected.clear()
        for _, _, line in self.lines:
            line.put_nowait(None)

    def _send(
        self, line: tuple[bool, dict[str, Any], asyncio.Queue[str | None]], seq: int, event: dict[str, Any]
    ) -> None:
        is_new, query, queue = line
        dids = query.get("dids" if is_new else "wantedDids", [event["did"]])
        collections = query.get("collections" if is_new else "wantedCollections")
        kind, said = event["kind"], event[event["kind"]]
        is_wanted_commit = kind != "commit" or collections is None or said["collection"] in collections
        if event["did"] not in dids or not is_wanted_commit or kind not in query.get("kinds", [kind]):
            return
        if is_new:
            moment = datetime.fromtimestamp(event["time_us"] / 1_000_000, UTC).isoformat(timespec="microseconds")
            inner = said if kind == "commit" else {kind: said}
            envelope = {"$type": f"network.bsky.jetstream.subscribeEvents#{kind}", "seq": seq, "did": event["did"]}
            payload = {**envelope, "time": moment.replace("+00:00", "Z"), **inner}
            event = {"$type": "message", "payload": payload}
        queue.put_nowait(json.dumps(event))


def refusal(status: int, error: str = "InvalidRequest", message: str = "") -> web.Response:
    return web.json_response({"error": error, "message": message}, status=status)


def page(key: str, things: list[Any], request: web.Request) -> web.Response:
    start, limit = int(request.query.get("cursor", "0")), int(request.query.get("limit", "50"))
    shown = things[start : start + limit]
    more = {"cursor": str(start + limit)} if start + limit < len(things) else {}
    return web.json_response({key: shown, **more})


@asynccontextmanager
async def bluesky_server() -> AsyncIterator[Bluesky]:
    server = Bluesky()
    application = web.Application()
    application.router.add_route("*", "/xrpc/{method}", server.answer)
    application.router.add_get("/subscribe", server.stream)
    async with on_loopback(application) as server.url:
        try:
            yield server
        finally:
            server.hang_up()
