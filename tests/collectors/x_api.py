"""X's API v2 on loopback: one account's posts, paged as X pages them, and a bill for everything that it sends.

Made after https://docs.x.com/x-api: `exclude` is applied after a page was cut, so that pages may be short or empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "a-bearer-token-that-nobody-may-see"
ACCOUNT = {"id": "900", "name": "City of Example", "username": "CityOfExample"}
# In thousandths of a dollar, so that nothing is lost in sums.
PRICES = {"data": 5, "tweets": 5, "media": 5, "users": 10}


@dataclass
class XApi:
    """`bill` is what has been sent, in thousandths of a dollar."""

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    includes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bill: int = 0
    status: int = 200
    hangs_up: bool = False
    account: dict[str, Any] | None = field(default_factory=lambda: dict(ACCOUNT))
    problem: dict[str, Any] | None = None

    def post(self, number: int, text: str = "", **values: Any) -> None:
        whole = {
            "id": str(number),
            "text": text or f"Post {number}",
            "author_id": "900",
            "created_at": "2026-11-20T10:00:00.000Z",
            "edit_history_tweet_ids": [str(number)],
            "lang": "en",
        }
        self.posts.append({**whole, **values})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        self.asked.append((request.path, query))
        if self.status != 200:
            return web.json_response({"title": "No", "status": self.status}, status=self.status)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"title": "Unauthorized", "status": 401}, status=401)
        if request.path.startswith("/2/users/by/username/"):
            return self.sent(request, self.lookup(request.path))
        if request.path == "/2/users/900/tweets":
            return self.sent(request, self.timeline(query))
        return web.json_response({"title": "Not Found"}, status=404)

    def sent(self, request: web.Request, answer: dict[str, Any]) -> web.Response:
        data = answer.get("data", [])
        self.bill += PRICES["users"] if isinstance(data, dict) else PRICES["data"] * len(data)
        self.bill += sum(PRICES[name] * len(things) for name, things in answer.get("includes", {}).items())
        if self.hangs_up:  # it was read, it is paid for, and it never arrives
            assert request.transport
            request.transport.close()
        return web.json_response(answer)

    def lookup(self, path: str) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        if self.account is None or name.lower() != self.account["username"].lower():
            return {"errors": [{"title": "Not Found Error", "detail": f"Could not find user with username: [{name}]."}]}
        return {"data": self.account}

    def timeline(self, query: dict[str, str]) -> dict[str, Any]:
        if self.problem:
            return {"errors": [self.problem]}
        since, until = int(query.get("since_id", "0")), int(query.get("until_id", str(10**18)))
        chosen = sorted((p for p in self.posts if since < int(p["id"]) < until), key=lambda p: -int(p["id"]))
        start, size = int(query.get("pagination_token", "0")), int(query["max_results"])
        assert 5 <= size <= 100
        page = [post for post in chosen[start : start + size] if self.is_wanted(post, query)]
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + size < len(chosen):
            meta["next_token"] = str(start + size)
        return {**({"data": page} if page else {}), **self.included(page, query), "meta": meta}

    def is_wanted(self, post: dict[str, Any], query: dict[str, str]) -> bool:
        kinds = {each["type"] for each in post.get("referenced_tweets", [])}
        excluded = query.get("exclude", "").split(",")
        return not (
            ("replied_to" in kinds and "replies" in excluded) or ("retweeted" in kinds and "retweets" in excluded)
        )

    def included(self, page: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        expansions = query.get("expansions", "").split(",")
        posts: list[dict[str, Any]] = []
        if "referenced_tweets.id" in expansions:
            ids = {each["id"] for post in page for each in post.get("referenced_tweets", [])}
            posts = [post for post in self.includes.get("tweets", []) if post["id"] in ids]
        authors = {post.get("author_id") for post in posts} if "referenced_tweets.id.author_id" in expansions else set()
        with_media = page if "attachments.media_keys" in expansions else []
        with_media = with_media + (posts if "referenced_tweets.id.attachments.media_keys" in expansions else [])
        keys = {key for post in with_media for key in post.get("attachments", {}).get("media_keys", [])}
        found = {
            "tweets": posts,
            "users": [user for user in self.includes.get("users", []) if user["id"] in authors],
            "media": [one for one in self.includes.get("media", []) if one["media_key"] in keys],
        }
        found = {name: things for name, things in found.items() if things}
        return {"includes": found} if found else {}
