"""PeerTube: which feed an address leads to, and that what it shows are videos."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.collectors import peertube
from aggregator.model import Kind
from aggregator.store.sources import Cursor
from tests.builders import sighting, source
from tests.collectors.feedsites import open_service
from tests.partner import rss

SITE = "https://videos.example"


@pytest.mark.parametrize(
    ("path", "feed"),
    [
        ("/c/city", "/feeds/videos.xml?videoChannelName=city"),
        ("/c/city/videos?s=1", "/feeds/videos.xml?videoChannelName=city"),
        ("/video-channels/city@other.example/videos", "/feeds/videos.xml?videoChannelName=city@other.example"),
        ("/a/mayor/video-channels", "/feeds/videos.xml?accountName=mayor"),
        ("/accounts/may%26or", "/feeds/videos.xml?accountName=may%26or"),
        ("/", "/feeds/videos.xml?isLocal=true"),
        ("/videos/local", "/feeds/videos.xml?isLocal=true"),
        ("/feeds/videos.atom?videoChannelId=7", "/feeds/videos.atom?videoChannelId=7"),
    ],
)
def test_an_address_leads_to_its_feed(path: str, feed: str) -> None:
    assert peertube.feed_address(SITE + path) == SITE + feed
    assert peertube.fits(SITE + path) is None


@pytest.mark.parametrize("path", ["/w/abc", "/about", "/my-library"])
def test_what_is_neither_channel_nor_account_is_refused_with_the_cure(path: str) -> None:
    assert "/c/CHANNEL" in peertube.fits(SITE + path)


async def test_what_a_channel_shows_are_videos() -> None:
    async with open_service() as service:
        service.answers["/feeds/videos.xml?videoChannelName=city"] = (200, rss([sighting(1), sighting(2)]))
        src = source(kind="peertube", url=f"{service.url}/c/city/videos")
        collected = await peertube.collect(src, Cursor(), service.outside)
        assert [entry.kind for entry in collected.document.entries] == [Kind.VIDEO, Kind.VIDEO]
        assert (await peertube.collect(src, collected.cursor, service.outside)).document is None


async def test_what_a_site_shows_in_the_end_is_not_thought_about_before_its_entries_are_videos() -> None:
    async with open_service() as service:
        service.answers["/feeds/videos.xml?isLocal=true"] = (200, rss([sighting(1)]))
        thinking = replace(service.outside, considering=lambda _: pytest.fail("thought about what is to be changed"))
        collected = await peertube.collect(source(kind="peertube", url=service.url), Cursor(), thinking)
        assert [entry.kind for entry in collected.document.entries] == [Kind.VIDEO]
