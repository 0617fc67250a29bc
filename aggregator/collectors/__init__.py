"""One file a kind of source. To add a kind: write its file, give it a line here, and a page in docs/sources/."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.collectors import bluesky, discover, feed
from aggregator.collectors.contract import SourceKind

KINDS: Mapping[str, SourceKind] = {
    "bluesky": bluesky.KIND,
    "discover": discover.KIND,
    "feed": feed.KIND,
}
RULES = {name: kind.rules for name, kind in KINDS.items()}
