"""Whatever is posted and deleted between looks, and however few requests a server grants: nothing that stays is missed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from aggregator.collectors.contract import Answer, Outside
from aggregator.collectors.mastodon import collect
from aggregator.errors import FetchError
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.mastodonserver import account, status
from tests.collectors.way_out import ReadHere

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PLENTY = 10_000
TOWN = source(kind="mastodon", url="https://social.example/@town")


class Timeline:
    """A way out to a server that holds those posts and grants so many requests before it answers with a 429."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.granted = PLENTY
        self.says_links = True

    async def get(self, url: str, **_options: object) -> Answer:
        self.granted -= 1
        if self.granted < 0:
            raise FetchError("asks to be asked less often", status=429, retry_at=NOW)
        path, asked = urlsplit(url).path, parse_qs(urlsplit(url).query)
        if path.endswith("/lookup"):
            return Answer(200, url, json.dumps(account()).encode())
        if path.startswith("/api/v1/statuses/"):
            raise FetchError("nothing", status=404, said='{"error":"Record not found"}')
        ids, limit = sorted(self.ids, reverse=True), int(asked["limit"][0])
        if "min_id" in asked:
            ids = [one for one in ids if one > int(asked["min_id"][0])][-limit:]
        if "max_id" in asked:
            ids = [one for one in ids if one < int(asked["max_id"][0])]
        page = ids[:limit]
        link = f'<{url}&max_id={page[-1]}>; rel="next", <{url}&min_id={page[0]}>; rel="prev"' if page else ""
        body = json.dumps([{**status(1), "id": str(one)} for one in page]).encode()
        return Answer(200, url, body, headers={"link": link} if self.says_links else {})


steps = st.lists(
    st.tuples(
        st.integers(0, 400),  # posts that come
        st.lists(st.integers(0, 10_000), max_size=5),  # places of those that go
        st.integers(1, 12),  # requests that are granted
    ),
    max_size=6,
)


# One that has shown nothing yet begins with its newest posts, like any new source.
@given(steps, st.booleans(), st.integers(1, 60))
def test_no_post_that_stays_is_missed(steps: list[tuple[int, list[int], int]], says_links: bool, begins: int) -> None:
    asyncio.run(look_again_and_again(steps, says_links, begins))


async def look_again_and_again(steps: list[tuple[int, list[int], int]], says_links: bool, begins: int) -> None:
    server, last = Timeline(), begins
    server.says_links = says_links
    server.ids = list(range(1, begins + 1))
    outside = Outside(server, ReadHere(), lambda: NOW)  # type: ignore[arg-type]
    cursor = (await collect(TOWN, Cursor(), outside)).cursor
    found: set[int] = set()
    told_gone: set[int] = set()
    looks_left = 2
    for posts, going, granted in [*steps, *[(0, [], PLENTY)] * 12]:
        server.ids += range(last + 1, last + posts + 1)
        last += posts
        for place in going:
            if server.ids:
                server.ids.pop(place % len(server.ids))
        server.granted = granted
        try:
            looked = await collect(TOWN, cursor, outside)
        except FetchError:
            continue
        cursor = looked.cursor
        if looked.document:
            found |= {int(seen.entry_id) for seen in looked.document.entries}
            told_gone |= {int(one) for one in looked.document.deleted}
        # Nothing comes any more, and all is found: two more looks show whether it stays so.
        looks_left -= granted == PLENTY and {one for one in server.ids if one > begins} <= found
        if not looks_left:
            break
    assert {one for one in server.ids if one > begins} <= found
    assert told_gone.isdisjoint(server.ids)
