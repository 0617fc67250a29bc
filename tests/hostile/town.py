"""A town whose every source is hostile: one of each kind, all on one server, and its mailbox."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from aiohttp import ClientSession

from tests.collectors.imapserver import PASSWORD, USER, MailServer
from tests.collectors.test_hostile_answers import DID
from tests.hostile import entries, posts
from tests.hostile.entries import CHANNEL, Hostile, hostiles
from tests.hostile.payloads import LINKS
from tests.partner import PartnerSite

HOOK_TOKEN = "a token that only the town knows"
SECRETS = {"HOOK_TOKEN": HOOK_TOKEN, "X_TOKEN": "good", "MAIL_PASSWORD": PASSWORD}
HEAD = """
[stream]
title = "Town"
languages = ["en", "eu"]
review = "hold"

[[partner]]
id = "town"
name = "Town"
"""
SOURCE = '\n[[source]]\nid = "{name}"\npartner = "town"\nkind = "{kind}"\nurl = "{url}"\n{more}\n'
MAIL = f'user = "{USER}"\ntoken = "env:MAIL_PASSWORD"'
SELECT = '[source.select]\nitem = "li"\ntitle = "b"\ndate = "i"\ntext = "p"\npicture = "img"'
# The name of each source, its kind, the path of its address, and what else sources.toml says of it.
SOURCES: tuple[tuple[str, str, str, str], ...] = (
    ("rss", "feed", "/rss", ""),
    ("atom", "feed", "/atom", ""),
    ("rdf", "feed", "/rdf", ""),
    ("json", "feed", "/feed.json", ""),
    ("discover", "discover", "/site", ""),
    ("youtube", "youtube", f"/channel/{CHANNEL}", ""),
    ("peertube", "peertube", "/feeds/videos.atom", ""),
    ("flickr", "flickr", "/photos/12345678@N00/", ""),
    ("reddit", "reddit", "/r/solar", ""),
    ("mastodon", "mastodon", "/@town", "boosts = true"),
    ("bluesky", "bluesky", f"/profile/{DID}", ""),
    ("wordpress", "wordpress", "/", ""),
    ("x", "x", "/town", 'token = "env:X_TOKEN"\nmonthly_limit = 50'),
    ("telegram", "telegram", "/CityOfExample", "boosts = true\nreplies = true"),
    ("calendar", "calendar", "/agenda.ics", ""),
    ("page", "page", "/news", SELECT),
    ("mail", "mail", "", MAIL),
    ("hook", "hook", "/", 'token = "env:HOOK_TOKEN"'),
)
THINGS: Mapping[str, list[Hostile]] = {name: hostiles(number) for number, (name, *_) in enumerate(SOURCES)}


def sources_toml(site: PartnerSite, mail: MailServer) -> str:
    return HEAD + "".join(
        SOURCE.format(name=name, kind=kind, url=mail.url() if kind == "mail" else site.url + path, more=more)
        for name, kind, path, more in SOURCES
    )


def fill(site: PartnerSite) -> None:
    """Put onto the server what each source says."""
    page = "text/html"
    site.put("/rss", entries.rss(THINGS["rss"]))
    site.put("/atom", entries.atom(THINGS["atom"]))
    site.put("/rdf", entries.rdf(THINGS["rdf"]))
    site.put("/feed.json", entries.json_feed(THINGS["json"]), "application/feed+json")
    site.put("/site", '<link rel="alternate" type="application/rss+xml" href="/site/rss">', page)
    site.put("/site/rss", entries.rss(THINGS["discover"]))
    site.put("/feeds/videos.xml", entries.youtube(THINGS["youtube"]))
    site.put("/feeds/videos.atom", entries.rss(THINGS["peertube"]))
    site.put("/services/feeds/photos_public.gne", entries.atom(THINGS["flickr"]))
    site.put("/r/solar/.rss", entries.atom(THINGS["reddit"]))
    site.put("/s/CityOfExample", entries.preview(THINGS["telegram"]), page)
    site.put("/agenda.ics", entries.agenda(THINGS["calendar"]), "text/calendar")
    site.put("/news", entries.listing(THINGS["page"]), page)
    for write, name in (
        (posts.toots, "mastodon"),
        (posts.skeets, "bluesky"),
        (posts.blog, "wordpress"),
        (posts.tweets, "x"),
    ):
        for path, text in write(THINGS[name]).items():
            site.put(path, text, "application/json")


async def post_to_hook(session: ClientSession) -> None:
    """Post it: first with each hostile address, which the door may refuse, then all of it without those."""
    whole = [entries.json_item(h) for h in THINGS["hook"]]
    for posted in whole[: len(LINKS)]:
        assert await _post(session, posted) in {200, 400}
    bare = [
        {name: value for name, value in posted.items() if name not in {"url", "external_url", "image", "banner_image"}}
        for posted in whole
    ]
    assert await _post(session, bare) == 200


async def _post(session: ClientSession, item: object) -> int:
    body = json.dumps(item).encode()
    signature = "sha256=" + hmac.new(HOOK_TOKEN.encode(), body, hashlib.sha256).hexdigest()
    async with session.post("/push/hook/hook", data=body, headers={"X-Hub-Signature-256": signature}) as answer:
        return answer.status
