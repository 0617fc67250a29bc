"""One file a kind of source. To add a kind: write its file, give it a line here, and a page in docs/sources/."""

from __future__ import annotations

from aggregator.collectors import bluesky, discover, feed, flickr, hook, mastodon, peertube, reddit, youtube
from aggregator.collectors.contract import SourceKind

KINDS: dict[str, SourceKind] = {
    "bluesky": bluesky.KIND,
    "feed": feed.KIND,
    "flickr": flickr.KIND,
    "hook": hook.KIND,
    "mastodon": mastodon.KIND,
    "peertube": peertube.KIND,
    "reddit": reddit.KIND,
    "youtube": youtube.KIND,
}
# What a site turns out to be is any of the others.
KINDS["discover"] = discover.kind_among(KINDS)
RULES = {name: kind.rules for name, kind in KINDS.items()}
