"""A public Telegram channel: read back to what is known, and left alone where only addresses of pictures change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select, update

from aggregator.collectors import telegram
from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.telegram import FIRST_PAGES, MOST_REMEMBERED, collect
from aggregator.errors import CollectError
from aggregator.handlers import handlers
from aggregator.machine import Machine, open_machine
from aggregator.model import Source
from aggregator.settings import Settings
from aggregator.store.sources import Cursor
from aggregator.store.tables import item
from aggregator.work import Worker
from tests import telegram_pages as pages
from tests.builders import source as build_source
from tests.collectors.way_out import serving, way_out
from tests.conftest import Clock

PER_PAGE = 20


@dataclass
class Channel:
    """A channel by its posts, `inside` of each. Pictures' addresses hold a `key` that changes, as Telegram's do."""

    url: str = ""
    posts: dict[int, str] = field(default_factory=dict)
    edited: set[int] = field(default_factory=set)
    key: str = "k1"
    asked: list[str] = field(default_factory=list)
    has_preview: bool = True
    is_busy: bool = False

    def post(self, number: int, words: str = "", picture: bool = False) -> None:
        shown = pages.photo(f"https://cdn4.example/file/KEY-{number}.jpg") if picture else ""
        self.posts[number] = shown + pages.text(words or f"Post {number}")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if not self.has_preview:
            if request.path.startswith("/s/"):
                raise web.HTTPFound(f"/{pages.NAME}")
            return web.Response(text=pages.without_preview(), content_type="text/html")
        before = int(request.query.get("before", 10**9))
        numbers = sorted(number for number in self.posts if number < before)
        if not numbers or self.is_busy:
            return web.Response(text=pages.nothing_found(), content_type="text/html")
        shown = numbers[-PER_PAGE:]
        messages = [
            pages.message(n, self.posts[n].replace("KEY", self.key), edited=n in self.edited, service=n == 1)
            for n in shown
        ]
        older = shown[0] if len(numbers) > PER_PAGE else None
        return web.Response(text=pages.page(messages, before=older), content_type="text/html")


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    channel = Channel()
    async with serving(channel.answer) as url:
        channel.url = url
        yield channel


@pytest.fixture
async def outside(channel: Channel, clock: Clock) -> AsyncIterator[Outside]:
    async with way_out(channel.url, clock) as outside:
        yield outside


def source(channel: Channel, **values: Any) -> Source:
    return build_source(kind="telegram", **{"url": f"{channel.url}/{pages.NAME}", **values})


def numbers(collected: Collected) -> list[int]:
    return [int(e.entry_id.rpartition("/")[2]) for e in collected.document.entries] if collected.document else []


def fill(channel: Channel, first: int, last: int) -> None:
    for number in range(first, last + 1):
        channel.post(number)


@pytest.mark.parametrize("path", [f"/{pages.NAME}", f"/s/{pages.NAME}", f"/s/{pages.NAME}/"])
async def test_the_first_look_reads_a_few_pages_and_the_next_only_the_newest(
    channel: Channel, outside: Outside, path: str
) -> None:
    fill(channel, 1, 100)
    first = await collect(source(channel, url=channel.url + path), Cursor(), outside)
    assert numbers(first) == list(range(100 - FIRST_PAGES * PER_PAGE + 1, 101))
    assert channel.asked == [f"/s/{pages.NAME}", f"/s/{pages.NAME}?before=81"]
    assert first.document
    assert first.document.is_window
    assert (first.document.title, first.document.home) == ("City of Example", f"https://t.me/{pages.NAME}")
    channel.asked.clear()
    channel.post(101)
    second = await collect(source(channel), first.cursor, outside)
    assert numbers(second) == list(range(82, 102))
    assert channel.asked == [f"/s/{pages.NAME}"]


async def test_a_small_channel_is_read_whole(channel: Channel, outside: Outside) -> None:
    fill(channel, 1, 5)
    assert numbers(await collect(source(channel), Cursor(), outside)) == [2, 3, 4, 5]  # the first says it was created


async def test_what_was_said_in_the_meantime_is_read_without_a_gap(channel: Channel, outside: Outside) -> None:
    fill(channel, 1, 50)
    cursor = (await collect(source(channel), Cursor(), outside)).cursor
    fill(channel, 51, 120)
    assert set(range(51, 121)) <= set(numbers(await collect(source(channel), cursor, outside)))


async def test_a_deleted_post_is_missing_in_a_window(channel: Channel, outside: Outside) -> None:
    fill(channel, 1, 50)
    cursor = (await collect(source(channel), Cursor(), outside)).cursor
    del channel.posts[40], channel.posts[50]
    collected = await collect(source(channel), cursor, outside)
    assert collected.document
    assert collected.document.is_window
    assert numbers(collected) == [n for n in range(29, 50) if n != 40]


async def test_a_channel_without_a_preview_is_said_so(channel: Channel, outside: Outside) -> None:
    channel.has_preview = False
    with pytest.raises(CollectError, match="does not allow a preview"):
        await collect(source(channel), Cursor(), outside)


@pytest.mark.parametrize("place", [{}, {"newest": 30}])
async def test_a_page_of_nothing_is_an_error_and_takes_nothing_away(
    channel: Channel, outside: Outside, place: dict[str, int]
) -> None:
    fill(channel, 1, 40)
    channel.is_busy = True
    with pytest.raises(CollectError, match="asked too often"):
        await collect(source(channel), Cursor(place=place), outside)


async def test_a_picture_keeps_its_first_address_until_the_post_is_another(channel: Channel, outside: Outside) -> None:
    for number in (10, 11, 12):
        channel.post(number, picture=True)
    first = await collect(source(channel), Cursor(), outside)
    channel.key = "k2"
    channel.post(11, "Put right", picture=True)
    channel.edited = {12}
    second = await collect(source(channel), first.cursor, outside)
    assert first.document
    assert second.document
    before, after = first.document.entries, second.document.entries
    assert after[0] == before[0]
    assert [entry.media[0].url for entry in after] == [
        "https://cdn4.example/file/k1-10.jpg",
        "https://cdn4.example/file/k2-11.jpg",
        "https://cdn4.example/file/k2-12.jpg",
    ]


async def test_only_so_much_is_remembered(channel: Channel, outside: Outside) -> None:
    cursor = Cursor()
    for last in range(1, 200, 20):
        for number in range(last, last + 20):
            channel.post(number, picture=True)
        cursor = (await collect(source(channel), cursor, outside)).cursor
    assert len(cursor.place["pictures"]) == MOST_REMEMBERED


@pytest.mark.parametrize("place", [{"newest": "x", "pictures": {"10": 3, "a": []}}, {"pictures": []}, {"newest": None}])
async def test_a_place_of_another_kind_does_no_harm(channel: Channel, outside: Outside, place: dict[str, Any]) -> None:
    channel.post(10, picture=True)
    assert numbers(await collect(source(channel), Cursor(place=place), outside)) == [10]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://t.me/CityOfExample", None),
        ("https://t.me/s/CityOfExample/", None),
        ("https://t.me/+AbCdEf123", "private"),
        ("https://t.me/joinchat/AbCdEf", "private"),
        ("https://t.me/c/123/45", "private"),
        ("https://t.me/share", "write it as"),
        ("https://t.me/", "write it as"),
        ("https://t.me/CityOfExample/45", "write it as"),
        ("https://web.telegram.org/k/#@CityOfExample", "write it as"),
    ],
)
def test_an_address_names_a_public_channel(address: str, said: str | None) -> None:
    reason = telegram.KIND.rules.fits(address)
    assert reason is None if said is None else said in (reason or "")


SOURCES = """
[stream]
title = "Test stream"
languages = ["en"]
[[partner]]
id = "city"
name = "City of Example"
[[source]]
id = "city-telegram"
partner = "city"
kind = "telegram"
url = "{url}/CityOfExample"
languages = ["en"]
"""


async def test_an_approved_post_stays_approved_when_its_picture_moves(
    settings: Settings, channel: Channel, clock: Clock
) -> None:
    channel.post(10, "Solar panels on every school", picture=True)
    channel.posts[11] = pages.forwarded("The Cooperative", "https://t.me/coop/15") + pages.text("Theirs")
    settings.sources.write_text(SOURCES.format(url=channel.url))
    async with open_machine(replace(settings, allow_private=channel.url.removeprefix("http://")), now=clock) as machine:
        await work_off(machine)
        (row,) = await items(machine)  # what others wrote comes with boosts = true alone
        assert (row.kind, row.content_text, row.url) == (
            "post",
            "Solar panels on every school",
            "https://t.me/CityOfExample/10",
        )
        async with machine.database.write() as connection:
            await connection.execute(update(item).values(state="approved"))
        channel.key = "k2"
        clock.forward(hours=1)
        await work_off(machine)
        (row,) = await items(machine)
        assert (row.state, row.version) == ("approved", 1)
        channel.post(10, "Solar panels on no school", picture=True)
        clock.forward(hours=1)
        await work_off(machine)
        (row,) = await items(machine)
        assert row.state == "waiting"


async def items(machine: Machine) -> list[Any]:
    async with machine.database.read() as connection:
        return list((await connection.execute(select(item))).all())


async def work_off(machine: Machine) -> None:
    await machine.tick()
    await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()
