"""Loads what reading and thinking need, in a process of the sandbox, before anybody waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from aggregator.documents.feeds.reading import read_feed
from aggregator.model import Review, ReviewMode, Source
from aggregator.refine.batch import Frame, read_and_consider

URL = "https://feed.invalid/"
# Clearly in one language: what only unclear ones need takes 8 MB more.
FEED = b"""<rss version="2.0"><channel><title>Words</title><item><guid>1</guid>
<description>The council insulates three hundred homes in the old town before the winter comes.
</description></item></channel></rss>"""


def load(tags: bytes) -> None:
    """Read a small feed to its end. `tags` are those that entries are held against, packed."""
    source = Source("", "", "feed", URL, (), timedelta(), Review(ReviewMode.HOLD))
    frame = Frame(source, URL, None, tags, (), datetime.now(UTC))
    read_and_consider(frame, True, partial(read_feed, url=URL), FEED)
