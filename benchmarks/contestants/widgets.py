"""What is embedded in a page: ours, and its peers as their documentation says, each before a made-up server.

Everything stands on hosts that there are not; the bench answers for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE, OURS, FILES = "http://town.example", "http://stream.example", "http://town.example/files"
PER_PAGE = 10
CID = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
WORDS = "The street is warm for the winter, since forty houses share one pump, and the bills of all came down. "


@dataclass(frozen=True, slots=True)
class Answer:
    """What a made-up server says."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Widget:
    """One contestant. `item` finds its items, in shadow trees, too; `more` is its Load More, where it has one.

    `answer` answers for an address of its API; `files` are its own, by their names below FILES.
    """

    name: str
    head: str
    body: str
    item: str
    more: str | None
    answer: Callable[[str], Answer | None]
    files: dict[str, Path]

    @property
    def page(self) -> str:
        """A page with a heading, the widget in its middle and something below, so that what moves is seen to move."""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A town</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f"{self.head}</head><body><main><h1>A town</h1><h2>News</h2><p>About energy.</p>{self.body}"
            "<h2>Opening hours</h2><p>From nine to four.</p></main></body></html>"
        )


def nothing() -> Widget:
    """The page alone: what it costs is no widget's."""
    return Widget("the page alone", "", "", "h2", None, lambda _url: None, {})


def peers(folder: Path) -> Iterable[Widget]:
    """Those that are installed below the folder."""
    for make, package in ((_bsky, "bsky-embed"), (_timeline, "@idotj/mastodon-embed-timeline"), (_emfed, "emfed"),
                          (_comments, "bluesky-comments-tag")):  # fmt: skip
        home = folder / "node_modules" / package
        if home.is_dir():
            version = json.loads((home / "package.json").read_text("utf-8"))["version"]
            yield make(home, f"{package.rpartition('/')[2]} {version}")


def _bsky(home: Path, name: str) -> Widget:
    return Widget(
        name,
        f'<script type="module" src="{FILES}/bsky-embed.es.js" async></script>',
        f'<bsky-embed username="town.example" limit="{PER_PAGE}" load-more="true"></bsky-embed>',
        "article:not(.animate-pulse)",
        "#bsky-load-more",
        _bluesky,
        {"bsky-embed.es.js": home / "dist/bsky-embed.es.js"},
    )


def _timeline(home: Path, name: str) -> Widget:
    return Widget(
        name,
        f'<link rel="stylesheet" href="{FILES}/timeline.css"><script type="module" src="{FILES}/start.js"></script>',
        '<div id="mt-container" class="mt-container"><div class="mt-body" role="feed"><div class="mt-loading-spinner">'
        "</div></div></div>",
        "article",
        None,
        _mastodon,
        {
            "timeline.css": home / "dist/mastodon-timeline.min.css",
            "mastodon-timeline.esm.js": home / "dist/mastodon-timeline.esm.js",
            "start.js": Path(__file__).parents[1] / "peers/timeline.js",
        },
    )


def _emfed(home: Path, name: str) -> Widget:
    purify = home.parent / "dompurify/dist/purify.es.mjs"
    places = json.dumps({"imports": {"dompurify": f"{FILES}/purify.js"}})
    return Widget(
        name,
        f'<link rel="stylesheet" href="{FILES}/toots.css"><script type="importmap">{places}</script>',
        f'<a class="mastodon-feed" href="https://social.example/@town" data-toot-limit="{PER_PAGE}">Follow us</a>'
        f'<script type="module" src="{FILES}/emfed.js"></script>',
        "li.toot",
        None,
        _mastodon,
        {"toots.css": home / "toots.css", "purify.js": purify}
        | {f"{part}.js": home / f"dist/{part}.js" for part in ("emfed", "core", "client")},
    )


def _comments(home: Path, name: str) -> Widget:
    return Widget(
        name,
        f'<script type="module" src="{FILES}/bluesky-comments.js"></script>',
        '<bluesky-comments url="https://bsky.app/profile/town.example/post/3k1"></bluesky-comments>',
        ".comment",
        None,
        _bluesky,
        {
            "bluesky-comments.js": home / "bluesky-comments.js",
            "src/BlueskyComments.js": home / "src/BlueskyComments.js",
        },
    )


def _json(value: Any) -> Answer:
    return Answer(json.dumps(value).encode(), "application/json")


def _mastodon(url: str) -> Answer | None:
    path = urlsplit(url).path
    account = {
        "id": "7", "username": "town", "acct": "town", "display_name": "A town", "url": "https://social.example/@town",
        "avatar": "https://files.example/avatar.png", "avatar_static": "https://files.example/avatar.png", "emojis": [],
    }  # fmt: skip
    if path.endswith("/lookup"):
        return _json(account)
    if not path.endswith("/statuses"):
        return _json([])
    picture = {
        "id": "1", "type": "image", "url": "https://files.example/a.png", "preview_url": "https://files.example/a.png",
        "description": "A street", "meta": {"small": {"width": 480, "height": 320, "aspect": 1.5}},
    }  # fmt: skip
    return _json(
        [
            {
                "id": str(100 + n), "created_at": f"2026-11-{20 - n:02}T09:00:00.000Z", "visibility": "public",
                "language": "en", "content": f"<p>{n} {WORDS * 2}</p>", "account": account, "reblog": None,
                "url": f"https://social.example/@town/{n}", "uri": f"https://social.example/{n}", "sensitive": False,
                "card": None, "spoiler_text": "", "media_attachments": [picture] if n % 2 else [], "emojis": [],
                "tags": [], "mentions": [], "poll": None, "replies_count": 1, "reblogs_count": 2, "favourites_count": 3,
            }
            for n in range(PER_PAGE)
        ]
    )  # fmt: skip


def _bluesky(url: str) -> Answer | None:
    method, query = urlsplit(url).path.rpartition("/")[2], parse_qs(urlsplit(url).query)
    if method.endswith("resolveHandle"):
        return _json({"did": "did:plc:town"})
    start = int(query.get("cursor", ["0"])[0])
    posts = [_post(n) for n in range(start, start + PER_PAGE)]
    if method.endswith("getPostThread"):
        return _json({"thread": {"post": _post(99), "replies": [{"post": post, "replies": []} for post in posts]}})
    if method.endswith("getAuthorFeed"):
        return _json({"feed": [{"post": post} for post in posts], "cursor": str(start + PER_PAGE)})
    return _json({})


def _post(n: int) -> dict[str, Any]:
    at = f"2026-11-20T{23 - n % 24:02}:00:00.000Z"
    picture = {"thumb": "https://files.example/a.png", "fullsize": "https://files.example/a.png", "alt": "A street",
               "aspectRatio": {"width": 480, "height": 320}}  # fmt: skip
    embed = {"embed": {"$type": "app.bsky.embed.images#view", "images": [picture]}} if n % 2 else {}
    return {
        "uri": f"at://did:plc:town/app.bsky.feed.post/{n}", "cid": CID, "indexedAt": at, "labels": [],
        "author": {"did": "did:plc:town", "handle": "town.example", "displayName": "A town",
                   "avatar": "https://files.example/avatar.png", "labels": []},
        "record": {"$type": "app.bsky.feed.post", "text": f"{n} {WORDS * 2}"[:290], "createdAt": at, "langs": ["en"]},
        "replyCount": 1, "repostCount": 2, "likeCount": 3, "quoteCount": 0, **embed,
    }  # fmt: skip
