"""The sample sites answer as real ones do, and the sources file that is written for them fits."""

import io
import json
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import feedparser
import pytest
import pytest_asyncio
from icalendar import Calendar
from lxml import etree, html
from PIL import Image

from aggregator.collectors import RULES
from aggregator.sourcesfile import parse_sources, read_sources
from web.demo.items import FAILING, PARTNERS, SLOW, read_sites
from web.demo.pictures import SCENES
from web.demo.programme import FEED_LENGTH, MOST_AT_ONCE, Programme
from web.demo.site import sample_sources, serve_samples, write_samples

STARTED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SITES = read_sites()
DAYS = 28
STARTER = Path(__file__).parents[2] / "sources.toml"


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.at = STARTED_AT

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest_asyncio.fixture
async def sites(clock):
    async with serve_samples(clock, slow_seconds=0.05) as running:
        yield running


@pytest_asyncio.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


async def read(http, url, **headers):
    async with http.get(url, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


def feed_url(sites, site_id):
    return sites.addresses[site_id] + SITES[site_id].feed


async def entries_of(http, sites, site_id):
    """What an independent reader finds: a list of (id, link, title, html, pictures, published)."""
    status, _, body = await read(http, feed_url(sites, site_id))
    assert status == 200
    if SITES[site_id].format == "json":
        return [
            (
                item["id"],
                item["url"],
                item.get("title", ""),
                item["content_html"],
                [item["image"]],
                item["date_published"],
            )
            for item in json.loads(body)["items"]
        ]
    feed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    assert not feed.bozo, feed.get("bozo_exception")
    return [
        (
            entry.id,
            entry.link,
            entry.get("title", ""),
            entry.content[0].value if "content" in entry else entry.summary,
            [media["url"] for media in entry.get("media_content", [])],
            entry.get("published") or entry.updated,
        )
        for entry in feed.entries
    ]


@pytest.mark.parametrize("site_id", SITES)
async def test_every_feed_is_well_formed_and_shows_all_that_its_file_holds(sites, http, site_id):
    entries = await entries_of(http, sites, site_id)
    titles = {item.title or "" for item in SITES[site_id].items}
    assert {title for _, _, title, *_ in entries} == titles
    assert len(entries) == len(SITES[site_id].items)
    assert all(date for *_, date in entries)


async def test_every_format_is_played_and_says_what_it_is(sites, http):
    expected = {"rss": "rss20", "atom": "atom10", "rdf": "rss10"}
    assert {site.format for site in SITES.values()} == {*expected, "json"}
    for site_id, site in SITES.items():
        _, headers, body = await read(http, feed_url(sites, site_id))
        if site.format == "json":
            assert headers["Content-Type"] == "application/feed+json"
            assert json.loads(body)["version"] == "https://jsonfeed.org/version/1.1"
        else:
            assert "xml" in headers["Content-Type"]
            assert feedparser.parse(body).version == expected[site.format]


def test_there_are_enough_texts_in_every_language():
    at_the_start = [item for site in SITES.values() for item in site.items]
    later = [item for site in SITES.values() for item in site.further]
    languages = Counter(item.language for item in at_the_start)
    assert len(at_the_start) >= 90
    assert len(later) >= 20
    assert set(languages) == {"en", "eu", "hr", "fr", "de", "es", "pt"}
    assert all(languages[language] >= 10 for language in ("en", "eu", "hr", "fr", "de", "es"))
    assert languages["pt"] >= 5


def test_no_text_stands_twice_and_every_text_is_complete():
    items = [(site.id, item) for site in SITES.values() for item in (*site.items, *site.further)]
    assert len({(site_id, item.id) for site_id, item in items}) == len(items)
    assert len({item.body for _, item in items}) == len(items)
    titles = [item.title for _, item in items if item.title]
    assert len(set(titles)) == len(titles)
    for _, item in items:
        assert item.picture is None or (item.picture in SCENES and item.alt)
        assert timedelta() <= item.age <= timedelta(days=DAYS)
        assert len(etree.tostring(html.fromstring(item.body), method="text", encoding="unicode").split()) >= 12


def test_the_awkward_ones_are_among_them():
    items = [item for site in SITES.values() for item in site.items]
    assert sum(item.title is None for item in items) >= 4
    assert any(item.title and len(item.title) > 300 for item in items)
    assert any(item.picture is None for item in items)
    assert any(item.tracked for item in items)
    for piece in ("<script>", "onclick=", 'href="/topics/', "utm_source=", "&ccedil;", "&nbsp;", "3 December"):
        assert any(piece in item.body for item in items), piece
    assert set().union(*({item.picture} for item in items)) >= set(SCENES)


async def test_ids_and_links_are_unique_over_all_sites(sites, http):
    entries = [entry for site_id in SITES for entry in await entries_of(http, sites, site_id)]
    assert len({entry[0] for entry in entries}) == len(entries) >= 90
    assert len({entry[1].partition("?")[0] for entry in entries}) == len(entries)


async def test_every_link_answers_with_a_page_in_the_items_language(sites, http):
    for site_id, site in SITES.items():
        for entry in await entries_of(http, sites, site_id):
            status, headers, body = await read(http, entry[1])
            assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
            assert "script-src" not in headers["Content-Security-Policy"]
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            page = html.fromstring(body)
            item_id = urlsplit(entry[1]).path.rpartition("/")[2]
            assert page.get("lang") == next(item.language for item in site.items if item.id == item_id)


async def test_links_inside_the_texts_lead_somewhere(sites, http):
    links = set()
    for site_id in SITES:
        for entry in await entries_of(http, sites, site_id):
            links |= {urljoin(entry[1], link) for link in html.fromstring(f"<div>{entry[3]}</div>").xpath("//a/@href")}
    web_links = [link for link in links if link.startswith("http")]
    assert len(web_links) >= 4
    for link in web_links:
        assert (await read(http, link))[0] == 200


async def test_every_picture_is_an_image_of_the_kind_and_size_that_is_said(sites, http):
    drawn = Counter()
    for site_id in SITES:
        for entry in await entries_of(http, sites, site_id):
            inside = html.fromstring(f"<div>{entry[3]}</div>").xpath("//img/@src")
            for url in {*entry[4], *inside}:
                status, headers, body = await read(http, url)
                assert status == 200
                with Image.open(io.BytesIO(body)) as image:
                    image.load()
                    assert image.size == (960, 540)
                    assert image.get_format_mimetype() == headers["Content-Type"]
                drawn[body] += 1
    assert len(drawn) >= 80
    assert set(drawn.values()) == {1}


@pytest.mark.parametrize("site_id", ["mpower", "glasgow", "platform", "tni"])
async def test_who_has_the_feed_already_is_told_so(sites, http, clock, site_id):
    _, headers, body = await read(http, feed_url(sites, site_id))
    for known in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
        status, _, nothing = await read(http, feed_url(sites, site_id), **known)
        assert (status, nothing) == (304, b"")
    clock.at += timedelta(seconds=5)
    sites.publish_next(site_id)
    for known in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
        status, _, more = await read(http, feed_url(sites, site_id), **known)
        assert status == 200
        assert len(more) > len(body)


async def test_a_picture_is_not_sent_twice(sites, http):
    entry = next(entry for entry in await entries_of(http, sites, "glasgow") if entry[4])
    _, headers, _ = await read(http, entry[4][0])
    assert (await read(http, entry[4][0], **{"If-None-Match": headers["ETag"]}))[0] == 304


async def test_the_slow_site_answers_in_drops(sites, http):
    async with http.get(feed_url(sites, SLOW)) as answer:
        assert answer.status == 200
        assert "Content-Length" not in answer.headers
        chunks = [chunk async for chunk, _ in answer.content.iter_chunks()]
    assert len(chunks) > 1
    assert not feedparser.parse(b"".join(chunks)).bozo


async def test_the_failing_site_fails_whatever_it_is_asked(sites, http):
    for path in ("/", "/feed/", "/robots.txt"):
        assert (await read(http, sites.addresses[FAILING] + path))[0] == 500


async def test_what_is_not_there_is_not_found(sites, http):
    for path in ("/news/nothing", "/pictures/nothing.png", "/pictures/choir-tenors.png", "/elsewhere"):
        assert (await read(http, sites.addresses["glasgow"] + path))[0] == 404


async def test_the_home_page_of_the_site_that_is_discovered_names_its_feed(sites, http):
    address = sites.addresses["energy-cities"]
    _, _, body = await read(http, address + "/")
    (link,) = html.fromstring(body).xpath('//link[@rel="alternate"]')
    assert link.get("type") == "application/rss+xml"
    assert urljoin(address, link.get("href")) == feed_url(sites, "energy-cities")


async def test_publish_next_adds_one_item_to_one_site(sites, http):
    before = {site_id: len(await entries_of(http, sites, site_id)) for site_id in PARTNERS}
    published = sites.publish_next()
    after = {site_id: len(await entries_of(http, sites, site_id)) for site_id in PARTNERS}
    assert sum(after.values()) == sum(before.values()) + 1
    assert (await read(http, published.url))[0] == 200
    assert published.published_at == STARTED_AT


async def test_publish_next_can_be_told_whose(sites, http):
    published = sites.publish_next("ipe")
    newest = (await entries_of(http, sites, "ipe"))[0]
    assert (newest[0], newest[1], newest[2]) == (published.id, published.url, published.title)
    with pytest.raises(KeyError):
        sites.publish_next("nobody")


async def test_a_new_item_appears_as_time_goes_by_on_one_site_after_the_other(sites, http, clock):
    seen = {entry[0] for site_id in PARTNERS for entry in await entries_of(http, sites, site_id)}
    publishers = set()
    for _ in PARTNERS:
        clock.at += timedelta(minutes=1)
        now = {entry[0] for site_id in PARTNERS for entry in await entries_of(http, sites, site_id)}
        assert len(now - seen) == 1
        publishers |= {entry_id.partition(",2026:")[2].partition("/")[0] for entry_id in now - seen}
        seen |= now
    assert publishers == set(PARTNERS)


def test_the_further_items_never_end_and_never_repeat_themselves(clock):
    programme = Programme(SITES, clock, timedelta(minutes=1))
    posts = [programme.publish_next() for _ in range(500)]
    assert len({(post.site, post.id) for post in posts}) == 500
    assert len({(post.item.title, post.item.body) for post in posts}) == 500
    assert not any("{" in (post.item.title or "") + post.item.body for post in posts)
    assert all(len(programme.newest(site_id)) <= FEED_LENGTH for site_id in SITES)


def test_a_machine_that_slept_does_not_wake_to_a_flood(clock):
    programme = Programme(SITES, clock, timedelta(minutes=1))
    before = sum(len(programme.newest(site_id)) for site_id in SITES)
    clock.at += timedelta(hours=9)
    after = sum(len(programme.newest(site_id)) for site_id in SITES)
    assert after - before == MOST_AT_ONCE + 1
    assert sum(len(programme.newest(site_id)) for site_id in SITES) == after


def test_the_same_story_stands_on_two_sites_in_two_languages():
    pairs = [(site, item) for site in SITES.values() for item in site.items if item.translation_of]
    assert len(pairs) >= 4
    for _, item in pairs:
        original_site, _, original_id = item.translation_of.partition("/")
        original = next(other for other in SITES[original_site].items if other.id == original_id)
        assert original.language != item.language
        assert original.age > item.age
    assert sum(site.id != item.translation_of.partition("/")[0] for site, item in pairs) >= 4


async def test_a_translation_declares_where_its_original_stands(sites, http):
    declared = set()
    for site_id in SITES:
        _, _, body = await read(http, feed_url(sites, site_id))
        if SITES[site_id].format == "json":
            declared |= {item["external_url"] for item in json.loads(body)["items"] if "external_url" in item}
        else:
            links = etree.fromstring(body).iterfind(".//{http://www.w3.org/2005/Atom}link[@hreflang]")
            declared |= {link.get("href") for link in links}
    translated = {item.translation_of for site in SITES.values() for item in site.items if item.translation_of}
    expected = {sites.addresses[key.split("/")[0]] + "/news/" + key.split("/")[1] for key in translated}
    assert declared == expected
    for url in declared:
        assert (await read(http, url))[0] == 200


async def test_the_sample_sources_are_the_starter_files_but_for_the_addresses(sites):
    starter, sample = tomllib.loads(STARTER.read_text(encoding="utf-8")), tomllib.loads(sample_sources(sites))
    assert sample["stream"] == starter["stream"]
    assert sample["call"] == starter["call"]
    assert sample["tag"] == starter["tag"]
    partners = [{**partner, "url": sites.addresses[partner["id"]] + "/"} for partner in starter["partner"]]
    assert sample["partner"] == partners


async def test_the_sample_sources_are_valid_and_name_all_sites(sites):
    configuration = parse_sources(sample_sources(sites), name="sources.toml", kinds=RULES)
    by_id = {source.id: source for source in configuration.sources}
    assert len(by_id) == len(PARTNERS) + 4
    assert {source.partner for source in by_id.values()} == set(PARTNERS)
    assert {source.review.mode.value for source in by_id.values()} == {"auto", "hold"}
    assert {source.every for source in by_id.values()} == {timedelta(seconds=30)}
    assert by_id["glasgow-news"].match_any
    assert by_id["energy-cities-news"].kind == "discover"
    assert by_id["energy-cities-archive"].url == feed_url(sites, SLOW)
    assert by_id["ipe-magazine"].url.startswith(sites.addresses[FAILING])
    assert any(source.tags for source in by_id.values())


async def test_every_source_but_the_failing_one_can_be_read_at_its_address(sites, http):
    for source in parse_sources(sample_sources(sites), name="sources.toml", kinds=RULES).sources:
        status, _, _ = await read(http, source.url)
        assert status == (500 if source.id == "ipe-magazine" else 200)


async def test_a_filter_keeps_what_concerns_us_and_drops_the_choir(sites):
    words = parse_sources(sample_sources(sites), name="s", kinds=RULES).source("glasgow-news").match_any
    for item in (*SITES["glasgow"].items, *SITES["glasgow"].further):
        text = f"{item.title} {item.body}".casefold()
        assert any(word in text for word in words) is (item.id not in {"library-hours", "choir-tenors"}), item.id


async def test_the_written_folder_holds_the_logos_that_its_sources_name(sites, tmp_path):
    path = write_samples(sites, tmp_path / "demo")
    configuration = read_sources(path, kinds=RULES)
    for partner in configuration.partners:
        logo = etree.fromstring((path.parent / partner.logo).read_bytes())
        assert logo.tag == "{http://www.w3.org/2000/svg}svg"
        assert not logo.findall(".//{*}script")


async def test_a_site_listens_where_it_is_told_to(clock):
    async with serve_samples(clock) as first:
        port = urlsplit(first.addresses["tni"]).port
    async with serve_samples(clock, ports={"tni": port}) as second:
        assert second.addresses["tni"] == first.addresses["tni"]


def test_the_starter_file_is_valid_and_speaks_six_languages_and_portuguese():
    configuration = read_sources(STARTER, kinds=RULES)
    assert [partner.id for partner in configuration.partners] == list(PARTNERS)
    assert {source.partner for source in configuration.sources} == set(PARTNERS)
    assert all((STARTER.parent / partner.logo).is_file() for partner in configuration.partners)
    languages = set(configuration.stream.languages)
    assert languages == {"en", "eu", "hr", "fr", "de", "es"}
    (call,) = configuration.calls
    texts = [configuration.stream.intro, configuration.stream.more, call.title, call.text, call.button]
    spoken = languages | {"pt"}
    assert all(set(text) == spoken for text in texts)
    assert len(configuration.tags) == 15
    for tag in configuration.tags:
        assert set(tag.label) == spoken
        assert set(tag.words) >= languages
        for words in tag.words.values():
            assert len({word.casefold() for word in words}) == len(words) >= 8


def test_the_tags_stand_last_in_the_starter_file():
    text = STARTER.read_text(encoding="utf-8")
    assert set(tomllib.loads(text[text.index("[[tag]]") :])) == {"tag"}


async def test_the_square_answers_as_a_mastodon_server_does(sites, http):
    base = sites.addresses["square"]
    account = json.loads((await read(http, f"{base}/api/v1/accounts/lookup?acct=platform"))[2])
    status, _, body = await read(http, f"{base}/api/v1/accounts/{account['id']}/statuses?exclude_replies=true&limit=2")
    newest, second = json.loads(body)
    assert status == 200
    assert newest["created_at"] > second["created_at"]
    later = json.loads((await read(http, f"{base}/api/v1/accounts/1/statuses?min_id={second['id']}"))[2])
    assert [one["id"] for one in later] == [newest["id"]]
    earlier = json.loads((await read(http, f"{base}/api/v1/accounts/1/statuses?max_id={second['id']}"))[2])
    assert newest["id"] not in {one["id"] for one in earlier}
    assert {one["language"] for one in (newest, second, *earlier)} == {"en", "es", "fr", "eu"}
    for one in (newest, second, *earlier):
        assert json.loads((await read(http, f"{base}/api/v1/statuses/{one['id']}"))[2]) == one
        assert (await read(http, one["url"]))[0] == 200
        for medium in one["media_attachments"]:
            assert medium["description"]
            Image.open(io.BytesIO((await read(http, medium["url"]))[2])).verify()
    assert (await read(http, f"{base}/api/v1/accounts/lookup?acct=nobody"))[0] == 404


async def test_the_calendar_has_events_that_lie_ahead(sites, http):
    _, headers, body = await read(http, f"{sites.addresses['calendar']}/events.ics")
    assert headers["Content-Type"].startswith("text/calendar")
    events = Calendar.from_ical(body).walk("VEVENT")
    assert len(events) == 3
    for event in events:
        starts = event.decoded("dtstart")
        day = starts.date() if isinstance(starts, datetime) else starts
        assert day > STARTED_AT.date()
        assert event["summary"]
        assert event["location"]
