"""Flickr: which feed an address leads to, and how the id behind a name is found."""

from __future__ import annotations

import pytest

from aggregator.collectors import flickr
from aggregator.errors import CollectError
from aggregator.store.sources import Cursor
from tests.builders import sighting, source
from tests.collectors.feedsites import open_service
from tests.partner import rss

FEEDS = "https://www.flickr.com/services/feeds"


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("https://www.flickr.com/photos/12345678@N00/", f"{FEEDS}/photos_public.gne?id=12345678@N00&format=atom"),
        ("https://flickr.com/people/12345678%40N00", f"{FEEDS}/photos_public.gne?id=12345678@N00&format=atom"),
        ("https://www.flickr.com/groups/99@N21/pool/", f"{FEEDS}/groups_pool.gne?id=99@N21&format=atom"),
        (f"{FEEDS}/photos_public.gne?id=1@N00&lang=en-us", f"{FEEDS}/photos_public.gne?id=1@N00&lang=en-us"),
        ("https://www.flickr.com/photos/brookford/albums/7", None),
    ],
)
def test_an_address_leads_to_its_feed_where_it_holds_the_id(url: str, feed: str | None) -> None:
    assert flickr.feed_address(url) == feed
    assert flickr.fits(url) is None


@pytest.mark.parametrize(
    "url", ["https://www.flickr.com/", "https://www.flickr.com/explore", "https://evil.example/photos/x"]
)
def test_what_is_neither_person_nor_group_is_refused_with_the_cure(url: str) -> None:
    assert "https://www.flickr.com/photos/NAME" in flickr.fits(url)


@pytest.mark.parametrize(
    ("path", "page", "feed"),
    [
        (
            "/photos/brookford",
            '<link rel="alternate" href="https://www.flickr.com/services/feeds/photos_public.gne?id=77%40N00&amp;lang=en">',
            "/services/feeds/photos_public.gne?id=77@N00&format=atom",
        ),
        ("/photos/brookford", '{"nsid":"77@N00"}', "/services/feeds/photos_public.gne?id=77@N00&format=atom"),
        ("/groups/brookford", '{"nsid":"1@N00"}{"groupNsid":"88@N21"}', None),
        ("/groups/brookford", '{"group_nsid":"88@N21"}', "/services/feeds/groups_pool.gne?id=88@N21&format=atom"),
    ],
)
async def test_the_id_behind_a_name_is_looked_up_once(path: str, page: str, feed: str | None) -> None:
    async with open_service() as service:
        service.answers[path] = (200, page)
        service.answers[feed or ""] = (200, rss([sighting(1)]))
        src = source(kind="flickr", url=service.url + path)
        if feed is None:
            with pytest.raises(CollectError, match="give the address with the id"):
                await flickr.collect(src, Cursor(), service.outside)
            return
        first = await flickr.collect(src, Cursor(), service.outside)
        assert len(first.document.entries) == 1
        await flickr.collect(src, first.cursor, service.outside)
        assert service.asked == [path, feed, feed]
