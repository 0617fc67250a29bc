"""One file a kind of source. To add a kind: write its file, give it a line here, and a page in docs/sources/."""

from __future__ import annotations

from dataclasses import replace

from aggregator.collectors import (
    bluesky,
    calendar,
    discover,
    feed,
    flickr,
    hook,
    mail,
    mastodon,
    page,
    peertube,
    reddit,
    telegram,
    wordpress,
    x,
    youtube,
)
from aggregator.collectors.contract import SourceKind
from aggregator.collectors.patience import in_time

KINDS: dict[str, SourceKind] = {
    "bluesky": bluesky.KIND,
    "calendar": calendar.KIND,
    "feed": feed.KIND,
    "flickr": flickr.KIND,
    "hook": hook.KIND,
    "mail": mail.KIND,
    "mastodon": mastodon.KIND,
    "page": page.KIND,
    "peertube": peertube.KIND,
    "reddit": reddit.KIND,
    "telegram": telegram.KIND,
    "wordpress": wordpress.KIND,
    "x": x.KIND,
    "youtube": youtube.KIND,
}
# What a site turns out to be is any of the others.
KINDS["discover"] = discover.kind_among(KINDS)
KINDS |= {name: replace(kind, collect=in_time(kind.collect)) for name, kind in KINDS.items()}
RULES = {name: kind.rules for name, kind in KINDS.items()}
