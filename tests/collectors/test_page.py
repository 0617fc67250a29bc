"""A page without a feed on a real server: read where its site lets us, known by its links, and never half."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator.collectors import KINDS, RULES
from aggregator.collectors.contract import Collected
from aggregator.errors import CollectError, FetchError, SettingsError
from aggregator.model import Configuration, Selectors
from aggregator.sourcesfile import parse_sources
from aggregator.store.sources import Cursor, read_states
from aggregator.store.tables import item
from tests.builders import source
from tests.collectors.outside import open_outside
from tests.conftest import Clock
from tests.partner import PartnerSite, partner_site

KIND = KINDS["page"]
SELECT = Selectors("li", title="b", date="i")


def listing(*names: str) -> str:
    return "<ul>" + "".join(f'<li><a href="/news/{name}"><b>{name.title()}</b></a></li>' for name in names) + "</ul>"


async def look(site: PartnerSite, clock: Clock, cursor: Cursor | None = None, select: Selectors = SELECT) -> Collected:
    async with open_outside(clock) as outside:
        asked = source(kind="page", url=f"{site.url}/news", select=select)
        return await KIND.collect(asked, cursor or Cursor(), outside)


@pytest.fixture
async def news(site: PartnerSite) -> PartnerSite:
    site.put("/news", listing("roofs", "heat"), "text/html")
    return site


async def test_entries_are_known_by_where_they_lead(news: PartnerSite, clock: Clock) -> None:
    news.put("/news", '<ul><li><a href="/a?utm_source=x"><b>A</b></a><li><a href="/a"><b>A again</b></a><li><a href="#b"><b>Own</b></a>'
             '<li><a href="/news#one"><b>One</b></a><li><a href="/news#two"><b>Two</b></a></ul>', "text/html")  # fmt: skip
    document = (await look(news, clock)).document
    assert document
    assert [(entry.entry_id, entry.title) for entry in document.entries] == [
        (f"{news.url}/a", "A"), (f"{news.url}/news#one", "One"), (f"{news.url}/news#two", "Two"),
    ]  # fmt: skip


async def test_the_same_page_is_not_read_again_unless_the_selectors_are_others(news: PartnerSite, clock: Clock) -> None:
    first = await look(news, clock)
    again = await look(news, clock, first.cursor)
    assert again.document is None
    other = await look(news, clock, again.cursor, replace(SELECT, title="a"))
    assert other.document
    assert [status for path, status in news.asked if path == "/news"] == [200, 304, 200]


async def test_robots_txt_is_asked_for_once_a_day(news: PartnerSite, clock: Clock) -> None:
    news.put("/robots.txt", "User-agent: *\nDisallow: /admin", "text/plain")
    cursor = Cursor()
    for _ in range(6):
        cursor = (await look(news, clock, cursor)).cursor
        clock.forward(hours=5)
    assert [path for path, _ in news.asked].count("/robots.txt") == 2


async def test_a_page_that_robots_txt_forbids_is_not_asked_for(news: PartnerSite, clock: Clock) -> None:
    news.put("/robots.txt", "User-agent: mPOWER-Stream\nDisallow: /news", "text/plain")
    with pytest.raises(CollectError, match=r"does not want programs to read this page.*ask the partner"):
        await look(news, clock)
    assert [path for path, _ in news.asked] == ["/robots.txt"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_without_robots_txt_all_is_allowed(news: PartnerSite, clock: Clock, status: int) -> None:
    news.put("/robots.txt", "User-agent: *\nDisallow: /", "text/plain", status)
    assert (await look(news, clock)).document


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_while_robots_txt_is_out_of_reach_nothing_is_asked_for(
    news: PartnerSite, clock: Clock, status: int
) -> None:
    news.put("/robots.txt", "", "text/plain", status)
    with pytest.raises(FetchError, match=r"robots\.txt is out of reach") as caught:
        await look(news, clock)
    assert caught.value.retry_at == clock() + timedelta(hours=1)
    assert [path for path, _ in news.asked] == ["/robots.txt"]


async def test_yesterdays_robots_txt_holds_while_todays_is_out_of_reach(news: PartnerSite, clock: Clock) -> None:
    news.put("/robots.txt", "", "text/plain")
    first = await look(news, clock)
    clock.forward(days=2)
    news.put("/robots.txt", "", "text/plain", 500)
    assert (await look(news, clock, first.cursor)).document is None


async def test_where_a_page_redirects_to_has_a_say_too(news: PartnerSite, clock: Clock) -> None:
    class Moved(PartnerSite):
        async def answer(self, request):
            answer = await super().answer(request)
            if request.path == "/old":
                answer = type(answer)(status=302, headers={"Location": f"{news.url}/news"})
            return answer

    async with partner_site(Moved()) as old:
        asked = source(kind="page", url=f"{old.url}/old", select=SELECT)
        async with open_outside(clock) as outside:
            first = await KIND.collect(asked, Cursor(), outside)
            assert first.url == f"{news.url}/news"
            news.put("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
            await KIND.collect(asked, first.cursor, outside)
            clock.forward(days=1)
            with pytest.raises(CollectError, match="does not want programs"):
                await KIND.collect(asked, first.cursor, outside)


def parse(table: str, kind: str = "page") -> Configuration:
    return parse_sources(
        f'[stream]\ntitle = "T"\nlanguages = ["en"]\n[[partner]]\nid = "city"\nname = "City"\n'
        f'[[source]]\nid = "a"\npartner = "city"\nkind = "{kind}"\nurl = "https://city.example/"\n{table}',
        name="sources.toml",
        kinds=RULES,
    )


def test_good_selectors_are_taken() -> None:
    table = '[source.select]\nitem = "article.news:not(.ad)"\nlink = "h2 > a[href]"\ndate = "time, .date"\n'
    assert parse(table).sources[0].select == Selectors("article.news:not(.ad)", "h2 > a[href]", date="time, .date")


WRONG = {
    "a bracket that is left open": ('[source.select]\nitem = "li["', "sources.toml:13: source[1].select.item: 'li[' is no CSS selector"),
    "scrapy's way": ('[source.select]\nitem = "li"\ntitle = "a::text"', "sources.toml:14: source[1].select.title: 'a::text' is no CSS selector"),
    "an XPath": ('[source.select]\nitem = "//li"', "source[1].select.item: '//li' is no CSS selector"),
    "in one line": ('select = { item = "li", date = "!" }', "sources.toml:12: source[1].select.date: '!' is no CSS selector"),
    "too long": (f'[source.select]\nitem = "{"a " * 600}"', "is longer than 1000 characters"),
    "nested": (f'[source.select]\nitem = "{":not(" * 190}a{")" * 190}"', "source[1].select.item"),
    "none at all": ("", 'source[1].select: is missing; kind = "page" needs a table [source.select]'),
}  # fmt: skip


@pytest.mark.parametrize(("table", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_selector_is_named_with_its_line_and_the_cure(table: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(table)
    assert words in str(caught.value)


def test_only_a_page_has_selectors() -> None:
    with pytest.raises(SettingsError, match='select: is no option of kind = "feed"'):
        parse('[source.select]\nitem = "li"\n', kind="feed")


async def test_a_redesigned_page_is_a_failure_and_takes_no_item_away(
    machine, site: PartnerSite, work_off, clock
) -> None:
    path = machine.settings.sources
    feed, page = (
        f'kind = "feed"\nurl = "{site.url}/trusted"',
        f'kind = "page"\nurl = "{site.url}/news"\nselect = {{ item = "li" }}',
    )
    path.write_text(path.read_text().replace(feed, page))
    site.publish([])
    site.put("/news", listing("roofs", "heat"), "text/html")
    await work_off()
    site.put("/news", "<main>All is new</main>", "text/html")
    clock.forward(hours=1)
    await work_off()
    async with machine.database.read() as connection:
        problem = (await read_states(connection))["trusted"].problem
        rows = (await connection.execute(select(item.c.title, item.c.state).order_by(item.c.title))).all()
    assert "redesigned" in problem
    assert rows == [("Heat", "approved"), ("Roofs", "approved")]
