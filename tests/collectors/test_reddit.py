"""Reddit: which feed an address leads to, and that a user's feed token is seen by Reddit alone."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from aggregator.collectors import KINDS, reddit
from aggregator.errors import CollectError
from aggregator.model import Secret
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.feedsites import open_service

TOKEN = "0123456789abcdef-secret"
FEED = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>solar</title><id>/r/solar/.rss</id>
<link rel="self" href="https://www.reddit.com/r/solar/.rss?feed={TOKEN}&amp;user=mila"/><link rel="hub" href="https://hub.example/"/>
<entry><id>t3_abc</id><title>Panels</title><link href="https://www.reddit.com/r/solar/comments/abc/panels/"/>
<content type="html">&lt;p&gt;Look&lt;/p&gt;</content><updated>2026-11-20T10:00:00+00:00</updated></entry></feed>"""


@pytest.mark.parametrize(
    ("url", "feed"),
    [
        ("https://www.reddit.com/r/solar", "/r/solar/.rss"),
        ("https://old.reddit.com/r/solar/top/?t=week", "/r/solar/top/.rss?t=week"),
        ("https://reddit.com/r/solar.rss", "/r/solar/.rss"),
        ("https://www.reddit.com/r/a+b/new/.rss?limit=5&user=mila", "/r/a+b/new/.rss?limit=5"),
        ("https://www.reddit.com/u/mila", "/user/mila/.rss"),
        ("https://www.reddit.com/user/mila/submitted/", "/user/mila/submitted/.rss"),
    ],
)
def test_an_address_leads_to_its_feed(url: str, feed: str) -> None:
    assert reddit.feed_address(url) == f"https://www.reddit.com{feed}"
    assert reddit.fits(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://www.reddit.com/",
        "https://www.reddit.com/r/../x",
        "https://evil.example/r/solar",
        "https://www.reddit.com/r/a%0Ab",
    ],
)
def test_what_is_neither_subreddit_nor_user_is_refused_with_the_cure(url: str) -> None:
    assert "https://www.reddit.com/r/NAME" in reddit.fits(url)


def test_a_token_in_an_address_is_refused_and_not_repeated() -> None:
    reason = reddit.fits(f"https://www.reddit.com/.rss?feed={TOKEN}&user=mila")
    assert "token" in reason
    assert TOKEN not in reason


async def test_a_token_goes_to_reddit_and_nowhere_else(caplog) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_service() as service:
        plain = source(kind="reddit", url=f"{service.url}/r/solar/")
        src = replace(plain, user="mila", token=Secret("env:REDDIT", TOKEN))
        signed = f"/r/solar/.rss?feed={TOKEN}&user=mila"
        service.answers[signed] = (200, FEED)
        collected = await reddit.collect(src, Cursor(), service.outside)
        assert service.asked == [signed]
        assert [entry.title for entry in collected.document.entries] == ["Panels"]
        assert TOKEN not in repr(collected)
        assert collected.url == f"{service.url}/r/solar/.rss"
        assert not collected.document.is_window
        for status in (301, 403, 404, 429, 500):
            service.answers[signed] = (status, TOKEN)
            service.headers = {"Location": f"/elsewhere?feed={TOKEN}"}
            with pytest.raises(CollectError) as raised:
                await reddit.collect(src, Cursor(), service.outside)
            assert TOKEN not in str(raised.value)
        service.answers[signed] = (200, "<html>no feed</html>")
        with pytest.raises(CollectError) as raised:
            await reddit.collect(src, Cursor(), service.outside)
        assert TOKEN not in str(raised.value)
        with pytest.raises(CollectError, match="user is missing"):
            await reddit.collect(replace(src, user=None), Cursor(), service.outside)
    ours = [record for record in caplog.records if record.name.startswith("aggregator")]
    assert all(TOKEN not in record.getMessage() for record in ours)


def test_only_reddit_of_the_feeds_takes_a_token() -> None:
    assert {"user", "token"} <= KINDS["reddit"].rules.options
