"""One file a kind of source. To add a kind: write its `collect`, give it a line here, and a page in docs/."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.collectors import discover, feed
from aggregator.collectors.contract import Collect

COLLECTORS: Mapping[str, Collect] = {
    "feed": feed.collect,
    "discover": discover.collect,
}
