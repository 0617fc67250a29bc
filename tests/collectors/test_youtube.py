"""YouTube: which feed an address leads to, and what becomes of what it shows, and of its bad days."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.collectors import KINDS, youtube
from aggregator.documents.feeds.reading import read_feed
from aggregator.errors import CollectError, FetchError
from aggregator.model import Kind
from aggregator.outgoing import Answer
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.feedsites import open_service

CHANNEL = "UCaB3dEfGhIjKlMnOpQrStUv"
FEED = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <link rel="self" href="http://www.youtube.com/xml/feeds/videos.xml?channel_id={CHANNEL}"/>
 <id>yt:channel:{CHANNEL}</id><title>City of Brookford</title>
 <entry>
  <id>yt:video:abc_-123456</id><yt:videoId>abc_-123456</yt:videoId><title>The new tram</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=abc_-123456"/>
  <author><name>City of Brookford</name></author>
  <published>2026-11-18T19:45:00+00:00</published><updated>2026-11-18T19:45:01+00:00</updated>
  <media:group>
   <media:title>The new tram</media:title>
   <media:content url="https://www.youtube.com/v/abc_-123456?version=3" type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="https://i2.ytimg.com/vi/abc_-123456/hqdefault.jpg" width="480" height="360"/>
   <media:description>Line 7 &amp; line 8.

Tickets: https://trams.example/</media:description>
  </media:group>
 </entry>
</feed>"""
PUSHED = f"""<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom">
 <link rel="hub" href="https://pubsubhubbub.appspot.com"/>
 <link rel="self" href="https://www.youtube.com/xml/feeds/videos.xml?channel_id={CHANNEL}"/><title>YouTube video feed</title>
 <entry><id>yt:video:new_-123456</id><yt:videoId>new_-123456</yt:videoId><title>A second tram</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=new_-123456"/>
  <published>2026-11-22T19:45:00+00:00</published><updated>2026-11-22T19:45:01+00:00</updated></entry></feed>"""


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        (f"https://www.youtube.com/channel/{CHANNEL}", f"channel_id={CHANNEL}"),
        (f"https://m.youtube.com/channel/{CHANNEL}/videos?view=0", f"channel_id={CHANNEL}"),
        ("https://youtube.com/playlist?list=PLab_-c", "playlist_id=PLab_-c"),
        ("https://www.youtube.com/watch?v=x&list=PLab_-c", "playlist_id=PLab_-c"),
        (f"http://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}", f"channel_id={CHANNEL}"),
    ],
)
def test_an_address_that_holds_the_id_needs_no_looking_up(url: str, feed: str) -> None:
    assert youtube.feed_address(url) == f"https://www.youtube.com/feeds/videos.xml?{feed}"
    assert youtube.fits(url) is None


@pytest.mark.parametrize("path", ["@brookford", "@brookford/videos", "user/brookford", "c/Brookford", "brookford"])
def test_a_name_fits_and_is_looked_up_later(path: str) -> None:
    assert youtube.feed_address(f"https://www.youtube.com/{path}") is None
    assert youtube.fits(f"https://www.youtube.com/{path}") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/",
        "https://www.youtube.com/watch?v=abc",
        "https://www.youtube.com/channel/UCshort",
        "https://youtu.be/abc",
        "https://youtube.com.evil.example/@brookford",
        "https://evil.example/@brookford",
    ],
)
def test_what_is_neither_channel_nor_playlist_is_refused_with_the_cure(url: str) -> None:
    assert "https://www.youtube.com/@name" in youtube.fits(url)


async def test_videos_come_with_thumbnail_and_text() -> None:
    async with open_service() as service:
        service.answers[f"/feeds/videos.xml?channel_id={CHANNEL}"] = (200, FEED)
        src = source(kind="youtube", url=f"{service.url}/channel/{CHANNEL}")
        document = (await youtube.collect(src, Cursor(), service.outside)).document
    (video,) = document.entries
    assert (video.kind, video.title, video.entry_id) == (Kind.VIDEO, "The new tram", "yt:video:abc_-123456")
    assert "https://i2.ytimg.com/vi/abc_-123456/hqdefault.jpg" in [medium.url for medium in video.media]
    assert video.body_html == "<p>Line 7 &amp; line 8.</p><p>Tickets: https://trams.example/</p>"
    assert document.topic == f"{service.url}/feeds/videos.xml?channel_id={CHANNEL}"
    assert document.is_window


class ByName:
    """YouTube under its own name: gives the feed out, whichever is asked for."""

    async def get(self, url: str, **_conditions: object) -> Answer:
        return Answer(200, url, FEED.encode(), "text/xml")


@pytest.mark.parametrize(
    ("path", "hubs"), [(f"channel/{CHANNEL}", (youtube.HUB,)), ("playlist?list=PLabc", ())], ids=["channel", "playlist"]
)
async def test_the_hub_is_known_for_channels_alone_since_it_delivers_no_playlist(path: str, hubs: object) -> None:
    async with open_service() as service:
        outside = replace(service.outside, fetch=ByName())
        src = source(kind="youtube", url=f"https://www.youtube.com/{path}")
        assert (await youtube.collect(src, Cursor(), outside)).document.hubs == hubs


@pytest.mark.parametrize(
    "page",
    [
        f'<link rel="alternate" type="application/rss+xml" title="RSS" href="https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}">',
        f'<link rel="canonical" href="https://www.youtube.com/channel/{CHANNEL}">',
        f'<meta itemprop="identifier" content="{CHANNEL}">',
        f'<script>{{"externalId":"{CHANNEL}","channelId":"UCzzzzzzzzzzzzzzzzzzzzzz"}}</script>',
    ],
)
async def test_a_name_is_looked_up_once_and_remembered(page: str) -> None:
    async with open_service() as service:
        feed = f"/feeds/videos.xml?channel_id={CHANNEL}"
        service.answers = {"/@brookford": (200, f"<html>{page}</html>"), feed: (200, FEED)}
        src = source(kind="youtube", url=f"{service.url}/@brookford")
        first = await youtube.collect(src, Cursor(), service.outside)
        assert first.cursor.found_url == service.url + feed
        await youtube.collect(src, first.cursor, service.outside)
    assert service.asked == ["/@brookford", feed, feed]
    assert "SOCS" in service.asked_headers[0]["Cookie"]
    assert "Cookie" not in service.asked_headers[1]


async def test_a_page_that_names_no_channel_is_said_with_the_cure() -> None:
    async with open_service() as service:
        service.answers["/@brookford"] = (200, "<html>Before you continue</html>")
        with pytest.raises(CollectError, match="Copy channel ID"):
            await youtube.collect(source(url=f"{service.url}/@brookford"), Cursor(), service.outside)


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_a_wave_of_errors_says_nothing_about_the_channel_and_forgets_nothing(status: int) -> None:
    async with open_service() as service:
        service.answers[f"/feeds/videos.xml?channel_id={CHANNEL}"] = (status, "")
        src = source(kind="youtube", url=f"{service.url}/channel/{CHANNEL}")
        with pytest.raises(FetchError, match="in waves") as raised:
            await youtube.collect(src, Cursor(), service.outside)
    # Without a status nobody takes it for gone.
    assert raised.value.status is None


async def test_a_playlist_is_no_window_on_time() -> None:
    async with open_service() as service:
        service.answers["/feeds/videos.xml?playlist_id=PLabc"] = (200, FEED)
        src = source(kind="youtube", url=f"{service.url}/playlist?list=PLabc")
        assert not (await youtube.collect(src, Cursor(), service.outside)).document.is_window


def test_what_its_hub_delivers_becomes_a_video_with_a_thumbnail() -> None:
    document = KINDS["youtube"].shape(read_feed(PUSHED.encode(), url="https://www.youtube.com/feeds/videos.xml"))
    (video,) = document.entries
    assert (video.kind, video.title) == (Kind.VIDEO, "A second tram")
    assert video.media[0].url == "https://i.ytimg.com/vi/new_-123456/hqdefault.jpg"
