"""Decides what each sample site has published by now: first its own texts, then a further one every so often."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from web.demo.items import SampleItem, SampleSite

FEED_LENGTH = 40
MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Post:
    """An item that a site has published. `id` is its own among all posts of that site."""

    site: str
    id: str
    item: SampleItem
    published_at: datetime


class Programme:
    """What is published where, and when. It looks at the clock only when it is asked, so nothing runs in between."""

    def __init__(self, sites: Mapping[str, SampleSite], now: Callable[[], datetime], every: timedelta) -> None:
        """`now` gives aware UTC datetimes; the first further item appears `every` after this moment."""
        self._now = now
        self._every = every
        started_at = now().replace(microsecond=0)
        self._due_at = started_at + every
        self._further = {site.id: site.further for site in sites.values() if site.further}
        self._turns = itertools.cycle(self._further)
        self._published = dict.fromkeys(self._further, 0)
        self._posts = {
            site.id: {item.id: Post(site.id, item.id, item, started_at - item.age) for item in site.items}
            for site in sites.values()
        }

    def newest(self, site_id: str) -> list[Post]:
        """What the site's feed shows now, newest first."""
        self._catch_up()
        posts = reversed(self._posts[site_id].values())
        return sorted(posts, key=lambda post: post.published_at, reverse=True)[:FEED_LENGTH]

    def post(self, site_id: str, post_id: str) -> Post | None:
        """One post of the site, also after it has dropped off the feed's end."""
        self._catch_up()
        return self._posts[site_id].get(post_id)

    def publish_next(self, site_id: str | None = None) -> Post:
        """Publish that site's next further item now, or that of the site whose turn it is.

        Raises KeyError where the site has none.
        """
        return self._publish(site_id or next(self._turns), self._now())

    def _catch_up(self) -> None:
        now = self._now()
        # A machine that slept must not wake to hundreds of new items.
        self._due_at = max(self._due_at, now - MOST_AT_ONCE * self._every)
        while self._due_at <= now:
            self._publish(next(self._turns), self._due_at)
            self._due_at += self._every

    def _publish(self, site_id: str, at: datetime) -> Post:
        further = self._further[site_id]
        earlier_editions, place = divmod(self._published[site_id], len(further))
        item = _edition(further[place], earlier_editions + 1)
        post = Post(site_id, f"{item.id}-{earlier_editions + 1}", item, at.replace(microsecond=0))
        self._published[site_id] += 1
        self._posts[site_id][post.id] = post
        return post


def _edition(item: SampleItem, number: int) -> SampleItem:
    """The item's text with its number and figures filled in. Figures are round, as some languages decline by number."""
    start = sum(map(ord, item.id))
    figures = {
        "n": number,
        "count": 60 + 10 * ((start + 7 * number) % 90),
        "percent": 15 + 5 * ((start + 5 * number) % 14),
    }
    title = item.title.format_map(figures) if item.title else None
    return dataclasses.replace(item, title=title, body=item.body.format_map(figures))
