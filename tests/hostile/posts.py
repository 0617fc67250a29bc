"""The same in posts, as the networks' programming interfaces have them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.collectors.mastodonserver import account, status
from tests.collectors.test_hostile_answers import DID, blog_post, skeet, tweet
from tests.hostile.entries import Hostile
from tests.hostile.payloads import TEXTS

WEB = "https://town.example/on"  # where a quote or card needs an address to be shown at all


def toot(h: Hostile) -> dict[str, Any]:
    """A Mastodon status: every third behind a warning, every fourth passed on, one half quoting."""
    by = account(display_name=h.text, url=h.link, note=h.html, fields=[{"name": h.text, "value": h.html}])
    picture = {"id": "1", "type": "image", "url": h.link, "preview_url": h.link, "description": h.text, "meta": {}}
    own = status(
        h.number,
        account=by,
        content=h.html,
        url=h.link,
        created_at=h.at.isoformat(),
        spoiler_text=h.text if h.number % 3 == 0 else "",
        media_attachments=[picture],
        tags=[{"name": h.text, "url": h.link}],
        card={"url": WEB if h.number % 2 else h.link, "title": h.text, "description": h.text, "html": h.html},
        poll={"options": [{"title": h.text}]},
        emojis=[{"shortcode": h.text, "url": h.link, "static_url": h.link}],
    )
    if h.number % 2:
        quoted = status(h.number, url=WEB, content=h.html, account=by)
        own["quote"] = {"state": "accepted", "quoted_status": quoted}
    if h.number % 4 == 0:
        return {**status(h.number, account=by, created_at=h.at.isoformat()), "reblog": {**own, "id": f"9{own['id']}"}}
    return own


def toots(things: Iterable[Hostile]) -> Mapping[str, str]:
    return {
        "/api/v1/accounts/lookup": json.dumps(account(display_name=TEXTS[0])),
        "/api/v1/accounts/7/statuses": json.dumps([toot(h) for h in things]),
    }


def skeeted(h: Hostile) -> dict[str, Any]:
    """A Bluesky post, with each of four embeds in turn."""
    post = skeet(h.number)["post"]
    post["author"] |= {"displayName": h.text, "avatar": h.link}
    post["indexedAt"] = h.at.isoformat()
    uri = {"$type": "app.bsky.richtext.facet#link", "uri": h.link}
    post["record"] |= {
        "text": h.text, "createdAt": h.at.isoformat(), "tags": [h.text],
        "facets": [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [uri]}],
    }  # fmt: skip
    picture = {"thumb": h.link, "fullsize": h.link, "alt": h.text}
    quoted = {
        "$type": "app.bsky.embed.record#viewRecord", "uri": f"at://{DID}/app.bsky.feed.post/3q{h.number}",
        "author": post["author"], "value": {"text": h.text},
    }  # fmt: skip
    embeds: tuple[dict[str, Any], ...] = (
        {"$type": "app.bsky.embed.images#view", "images": [picture]},
        {
            "$type": "app.bsky.embed.external#view",
            "external": {"uri": WEB, "title": h.text, "description": h.text, "thumb": h.link},
        },
        {"$type": "app.bsky.embed.external#view", "external": {"uri": h.link, "title": h.text, "description": h.text}},
        {"$type": "app.bsky.embed.record#view", "record": quoted},
    )
    post["embed"] = embeds[h.number % 4]
    return {"post": post}


def skeets(things: Iterable[Hostile]) -> Mapping[str, str]:
    return {"/xrpc/app.bsky.feed.getAuthorFeed": json.dumps({"feed": [skeeted(h) for h in things]})}


def blog(things: Iterable[Hostile]) -> Mapping[str, str]:
    """Posts of WordPress's REST API, with what plug-ins add."""

    def written(h: Hostile) -> dict[str, Any]:
        at = h.at.strftime("%Y-%m-%dT%H:%M:%S")
        picture = {"media_type": "image", "source_url": h.link, "alt_text": h.text, "caption": {"rendered": h.html}}
        return blog_post(h.number) | {
            "date": at, "date_gmt": at, "modified": at, "modified_gmt": at, "link": h.link,
            "title": {"rendered": h.text}, "content": {"rendered": h.html}, "excerpt": {"rendered": h.html},
            "_embedded": {
                "author": [{"name": h.text, "link": h.link}],
                "wp:term": [[{"taxonomy": "category", "name": h.text, "slug": h.text, "link": h.link}]],
                "wp:featuredmedia": [picture],
            },
            "yoast_head_json": {"author": h.text, "og_image": [{"url": h.link}]}, "jetpack_featured_media_url": h.link,
        }  # fmt: skip

    return {"/wp-json/wp/v2/posts": json.dumps([written(h) for h in things])}


def tweets(things: Iterable[Hostile]) -> Mapping[str, str]:
    """X's answer: what a post names is among the things that it includes."""
    data, quoted, users, media = [], [], [], []
    for h in things:
        key, other = f"3_{h.number}", str(h.number + 500_000)
        link = {"start": 0, "end": 5, "url": h.link, "expanded_url": h.link, "display_url": h.text}
        data.append(
            tweet(h.number) | {
                "text": h.text, "created_at": h.at.isoformat(), "attachments": {"media_keys": [key]},
                "entities": {
                    "urls": [{**link, "title": h.text, "description": h.text, "images": [{"url": h.link}]}],
                    "hashtags": [{"start": 0, "end": 2, "tag": h.text}],
                },
                "referenced_tweets": [{"type": "quoted", "id": other}],
            }
        )  # fmt: skip
        quoted.append({"id": other, "text": h.text, "author_id": other})
        users.append({"id": other, "username": "town", "name": h.text})
        media.append({"media_key": key, "type": "photo", "url": h.link, "alt_text": h.text})
    answer = {
        "data": data, "includes": {"tweets": quoted, "users": users, "media": media}, "meta": {"result_count": len(data)},
    }  # fmt: skip
    return {
        "/2/users/by/username/town": json.dumps({"data": {"id": "9", "username": "town", "name": TEXTS[0][:50]}}),
        "/2/users/9/tweets": json.dumps(answer),
    }
