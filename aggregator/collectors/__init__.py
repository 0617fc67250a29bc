"""One file a kind of source. To add a kind: write its file, give it a line here, and a page in docs/sources/."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.collectors import calendar, discover, feed, mail, page
from aggregator.collectors.contract import SourceKind

KINDS: Mapping[str, SourceKind] = {
    "calendar": calendar.KIND,
    "discover": discover.KIND,
    "feed": feed.KIND,
    "mail": mail.KIND,
    "page": page.KIND,
}
RULES = {name: kind.rules for name, kind in KINDS.items()}
