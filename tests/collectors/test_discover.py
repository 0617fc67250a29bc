"""What kind of source stands behind an address, and that what was found is kept until it is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aggregator.collectors import KINDS, discover
from aggregator.collectors.contract import Collected, SourceKind
from aggregator.collectors.recognise import Candidate, by_address
from aggregator.errors import CollectError, FetchError
from aggregator.model import Document
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor
from tests.builders import sighting, source
from tests.collectors.feedsites import Service, open_service
from tests.partner import rss

ALL = ("youtube", "flickr", "reddit", "bluesky", "telegram", "x", "calendar", "mail", "mastodon", "peertube", "feed")
FEED_LINK = '<link rel="alternate" type="application/rss+xml" href="{}">'
WORDPRESS = '<link rel="https://api.w.org/" href="/wp-json/">'
PEERTUBE = '<meta property="og:platform" content="PeerTube" />'


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://www.youtube.com/@brookford", "youtube"),
        ("https://www.flickr.com/photos/brookford/", "flickr"),
        ("https://old.reddit.com/r/solar", "reddit"),
        ("https://bsky.app/profile/brookford.example", "bluesky"),
        ("https://bsky.app/profile/brookford.example/post/3k", None),
        ("https://t.me/s/brookford", "telegram"),
        ("https://t.me/+invite", None),
        ("https://x.com/brookford", "x"),
        ("https://twitter.com/brookford/status/1", None),
        ("https://city.example/events.ics", "calendar"),
        ("webcal://city.example/events", "calendar"),
        ("https://calendar.google.com/calendar/ical/abc/public/basic", "calendar"),
        ("imaps://mail.example/INBOX", "mail"),
        ("https://city.example/", None),
        ("https://youtube.com.evil.example/@x", None),
        ("http://127.0.0.1/@brookford", None),
    ],
)
def test_some_addresses_say_what_they_are(url: str, kind: str | None) -> None:
    found = by_address(url, ALL)
    assert (found.kind if found else None) == kind
    assert by_address(url, ("feed",)) is None


def pretended(*, fails: bool = False, needs: tuple[str, ...] = ()) -> SourceKind:
    """A kind that shows what it was asked for."""

    async def collect(src: Any, cursor: Cursor, outside: Any) -> Collected:
        if fails:
            raise CollectError("not today")
        place = {"looks": cursor.place.get("looks", 0) + 1}
        return Collected(
            Document((), src.kind, title=src.url, hubs=("https://hub.example/",)), replace(cursor, place=place), src.url
        )

    return SourceKind(collect, Rules(needs=frozenset(needs)))


def kinds(**others: SourceKind) -> dict[str, SourceKind]:
    return {"feed": KINDS["feed"], **others}


async def way(service: Service, path: str, **others: SourceKind) -> tuple[str, str]:
    found = await discover.find(source(url=service.url + path), service.outside, kinds=kinds(**others))
    return found.way.kind, found.way.url.removeprefix(service.url)


async def test_a_page_leads_to_the_best_of_what_it_names() -> None:
    async with open_service() as service:
        service.answers = {
            "/": (200, f"<html>{WORDPRESS}{FEED_LINK.format('/comments/feed/')}{FEED_LINK.format('/news.xml')}"),
            "/news.xml": (200, rss([sighting(1)])),
            "/comments/feed/": (200, rss([])),
            "/films": (200, f"<html>{PEERTUBE}{FEED_LINK.format('/news.xml')}"),
            "/dates": (200, '<link rel="alternate" type="text/calendar" href="/all.ics">'),
            "/all.ics": (200, "BEGIN:VCALENDAR\r\nEND:VCALENDAR"),
            "/all": (200, "BEGIN:VCALENDAR\r\nEND:VCALENDAR"),
        }
        good = {name: pretended() for name in ("wordpress", "peertube", "calendar")}
        assert await way(service, "/", **good) == ("wordpress", "/")
        assert await way(service, "/") == ("feed", "/news.xml")
        assert await way(service, "/", wordpress=pretended(fails=True)) == ("feed", "/news.xml")
        assert await way(service, "/films", **good) == ("peertube", "/films")
        assert await way(service, "/dates", **good) == ("calendar", "/all.ics")
        assert await way(service, "/all.ics", **good) == ("calendar", "/all.ics")
        assert await way(service, "/all", **good) == ("calendar", "/all")
        assert await way(service, "/news.xml", **good) == ("feed", "/news.xml")


async def test_what_else_a_page_names_is_said_but_not_asked() -> None:
    async with open_service() as service:
        links = "".join(FEED_LINK.format(path) for path in ("/news.xml", "/comments/feed/", "/events.xml"))
        service.answers = {"/": (200, links), "/news.xml": (200, rss([]))}
        found = await discover.find(source(url=f"{service.url}/"), service.outside, kinds=kinds())
        assert found.way == Candidate("feed", f"{service.url}/news.xml")
        assert [other.url.removeprefix(service.url) for other in found.others] == ["/events.xml", "/comments/feed/"]
        assert service.asked == ["/", "/news.xml"]


@pytest.mark.parametrize(
    ("path", "software", "kind"),
    [
        ("/@brookford", "Mastodon", "mastodon"),
        ("/@brookford@other.example", "akkoma", "mastodon"),
        ("/users/brookford", "pleroma", "mastodon"),
        ("/@brookford", "medium", None),
        ("/c/brookford/videos", "peertube", "peertube"),
        ("/a/brookford", "mastodon", None),
    ],
)
async def test_the_host_is_asked_which_software_an_account_is_of(path: str, software: str, kind: str | None) -> None:
    async with open_service() as service:
        links = f'{{"links": [{{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": "{service.url}/nodeinfo/2.0"}}]}}'
        service.answers = {
            "/.well-known/nodeinfo": (200, links),
            "/nodeinfo/2.0": (200, f'{{"software": {{"name": "{software}"}}}}'),
            path: (200, rss([])),
        }
        found = await way(service, path, mastodon=pretended(), peertube=pretended())
        assert found == (kind or "feed", path)


@pytest.mark.parametrize(
    "answer",
    ["", "[]", "[" * 50_000, '{"links": 7}', '{"links": [7, {"href": "javascript:x"}]}', '{"links": [{"href": 7}]}'],
)
async def test_nonsense_about_the_software_is_none(answer: str) -> None:
    async with open_service() as service:
        service.answers = {"/.well-known/nodeinfo": (200, answer), "/@brookford": (200, rss([]))}
        assert await way(service, "/@brookford", mastodon=pretended()) == ("feed", "/@brookford")


async def test_what_was_found_is_kept_with_the_place_of_its_kind_until_it_is_gone() -> None:
    async with open_service() as service:
        service.answers["/"] = (200, f"<html>{WORDPRESS}")
        among = kinds(wordpress=pretended())
        src = source(kind="discover", url=f"{service.url}/")
        first = await discover.collect(src, Cursor(), service.outside, kinds=among)
        assert first.document.hubs == ()
        service.asked.clear()
        second = await discover.collect(src, first.cursor, service.outside, kinds=among)
        assert service.asked == []
        assert second.cursor.place == {"kind": "wordpress", "url": f"{service.url}/", "of": {"looks": 2}}


async def test_what_was_found_by_an_earlier_version_is_still_known_and_found_anew_when_gone() -> None:
    async with open_service() as service:
        service.answers["/old.xml"] = (200, rss([sighting(1)]))
        src = source(kind="discover", url=f"{service.url}/")
        before = Cursor(found_url=f"{service.url}/old.xml")
        assert len((await discover.collect(src, before, service.outside, kinds=kinds())).document.entries) == 1
        assert service.asked == ["/old.xml"]
        service.answers = {"/": (200, FEED_LINK.format("/new.xml")), "/new.xml": (200, rss([sighting(1)]))}
        found = await discover.collect(src, before, service.outside, kinds=kinds())
        assert found.url == f"{service.url}/new.xml"


async def test_a_site_without_anything_to_read_is_said_with_the_cure() -> None:
    async with open_service() as service:
        service.answers["/?key=secret"] = (200, "<html>nothing")
        with pytest.raises(CollectError, match='kind = "feed"') as raised:
            await discover.find(source(url=f"{service.url}/?key=secret"), service.outside, kinds=kinds())
        assert "secret" not in str(raised.value)
        with pytest.raises(FetchError, match="404"):
            await discover.find(source(url=f"{service.url}/no"), service.outside, kinds=kinds())


async def test_a_kind_that_needs_more_than_an_address_is_named_and_not_tried() -> None:
    async with open_service() as service:
        src = source(kind="discover", url="https://x.com/brookford")
        among = kinds(x=pretended(needs=("token", "monthly_limit")))
        found = await discover.find(src, service.outside, kinds=among)
        assert (found.way.kind, found.collected) == ("x", None)
        with pytest.raises(CollectError, match='kind = "x", which needs monthly_limit and token'):
            await discover.collect(src, Cursor(), service.outside, kinds=among)
