"""An account on X by its API: what is new, and never a cent more than the limit, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from aggregator.collectors import RULES, x
from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.x import MOST_PAGES, PER_PAGE, collect
from aggregator.collectors.xapi import PaidApi
from aggregator.errors import CollectError, FetchError, SettingsError, UncountedError
from aggregator.handlers import handlers
from aggregator.machine import Machine, open_machine
from aggregator.model import Secret, Source
from aggregator.settings import Settings
from aggregator.sourcesfile import parse_sources
from aggregator.store.engine import Database, open_database
from aggregator.store.sources import Cursor, know_sources, read_states
from aggregator.store.spending import DatabasePurse, Reserved, read_spending
from aggregator.store.tables import item
from aggregator.work import Worker
from tests.builders import source as build_source
from tests.collectors.way_out import serving, way_out
from tests.collectors.x_api import ACCOUNT, TOKEN, XApi
from tests.conftest import Clock


class PurseHere:
    """A purse in this process; the real one is tried below, on both engines."""

    def __init__(self) -> None:
        self.dollars = 0.0
        self.reads = 0

    async def reserve(self, source_id: str, *, reads: int, dollars: float, limit: float) -> Reserved | None:
        if self.dollars + dollars > limit + 1e-9:
            return None
        self.dollars += dollars
        self.reads += reads
        return Reserved(source_id, "2026-11", reads, dollars)

    async def settle(self, reserved: Reserved, *, reads: int, dollars: float) -> None:
        self.dollars += dollars - reserved.dollars
        self.reads += reads - reserved.reads

    async def spent(self, source_id: str) -> float:
        return self.dollars


@pytest.fixture
async def api() -> AsyncIterator[XApi]:
    api = XApi()
    async with serving(api.answer) as url:
        api.url = url
        yield api


@pytest.fixture
def purse() -> PurseHere:
    return PurseHere()


@pytest.fixture
async def outside(api: XApi, clock: Clock, purse: PurseHere) -> AsyncIterator[Outside]:
    async with way_out(api.url, clock, purse=purse) as outside:
        yield outside


def source(api: XApi, **values: Any) -> Source:
    defaults = {"url": f"{api.url}/CityOfExample", "token": Secret("env:X_TOKEN", TOKEN), "monthly_limit": 5.0}
    return build_source(kind="x", **{**defaults, **values})


def ids(collected: Collected) -> list[int]:
    return [int(entry.entry_id) for entry in collected.document.entries] if collected.document else []


async def test_the_first_look_brings_the_newest_and_the_next_only_what_is_new(
    api: XApi, outside: Outside, purse: PurseHere
) -> None:
    for number in range(1, 31):
        api.post(number)
    first = await collect(source(api), Cursor(), outside)
    assert ids(first) == list(range(30, 20, -1))
    assert [path for path, _ in api.asked] == ["/2/users/by/username/CityOfExample", "/2/users/900/tweets"]
    same = await collect(source(api), first.cursor, outside)
    assert same.document is None
    api.post(31)
    second = await collect(source(api), same.cursor, outside)
    assert ids(second) == [31]
    assert second.document
    assert not second.document.is_window
    # One look-up of the account and eleven posts, and what was reserved beyond that is given back.
    assert api.bill == 10 + 11 * 5
    assert purse.dollars == pytest.approx(api.bill / 1000)


async def test_more_than_a_look_reads_comes_with_the_next_and_nothing_is_left_out(api: XApi, outside: Outside) -> None:
    api.post(1)
    cursor = (await collect(source(api), Cursor(), outside)).cursor
    count = PER_PAGE * MOST_PAGES * 2 + 3
    for number in range(2, count + 2):
        api.post(number)
    seen: list[int] = []
    for _ in range(3):
        collected = await collect(source(api), cursor, outside)
        cursor = collected.cursor
        seen += ids(collected)
        if "until" in cursor.place and len(seen) == PER_PAGE * MOST_PAGES:
            api.post(count + 2)  # something new while there is a gap to close
    last = await collect(source(api), cursor, outside)
    assert sorted(seen + ids(last)) == list(range(2, count + 3))
    assert "until" not in last.cursor.place


async def test_pages_that_are_empty_for_all_that_was_left_out_end_no_look(api: XApi, outside: Outside) -> None:
    api.post(1)
    cursor = (await collect(source(api), Cursor(), outside)).cursor
    api.post(2, "What we wanted to say")
    for number in range(3, 30):
        api.post(number, referenced_tweets=[{"type": "replied_to", "id": "5"}], in_reply_to_user_id="77")
    collected = await collect(source(api), cursor, outside)
    assert ids(collected) == [2]


@pytest.mark.parametrize(
    ("options", "excluded"),
    [
        ({}, "replies,retweets"),
        ({"replies": True}, "retweets"),
        ({"boosts": True}, "replies"),
        ({"replies": True, "boosts": True}, None),
    ],
)
async def test_what_nobody_wants_is_not_paid_for(
    api: XApi, outside: Outside, options: dict[str, bool], excluded: str | None
) -> None:
    await collect(source(api, **options), Cursor(), outside)
    assert api.asked[-1][1].get("exclude") == excluded


async def test_without_a_limit_nothing_is_asked(api: XApi, outside: Outside) -> None:
    with pytest.raises(CollectError, match="monthly_limit = 5"):
        await collect(source(api, monthly_limit=0.0), Cursor(), outside)
    assert api.asked == []


@pytest.mark.parametrize("limit", [0.009, 0.01, 0.034])
async def test_a_limit_below_the_cheapest_request_is_never_crossed(
    api: XApi, outside: Outside, purse: PurseHere, limit: float
) -> None:
    api.post(1)
    cursor = Cursor()
    for _ in range(3):
        try:
            cursor = (await collect(source(api, monthly_limit=limit), cursor, outside)).cursor
        except CollectError as error:
            assert "raise monthly_limit, or wait until 01 December" in str(error)
    assert purse.dollars <= limit
    assert api.bill == (0 if limit < 0.01 else 10)


async def test_the_account_is_paid_for_once_even_where_its_posts_cannot_be_had(
    api: XApi, outside: Outside, purse: PurseHere
) -> None:
    api.problem = {"title": "Authorization Error", "detail": "Sorry, you are not authorized to see the user"}
    first = await collect(source(api), Cursor(), outside)
    with pytest.raises(CollectError, match="only to followers"):
        await collect(source(api), first.cursor, outside)
    assert (api.bill, purse.dollars) == (10, pytest.approx(0.01))


async def test_where_money_is_short_posts_come_without_what_they_refer_to(
    api: XApi, outside: Outside, purse: PurseHere
) -> None:
    api.includes["media"] = [{"media_key": "3_1", "type": "photo", "url": "https://pbs.example/a.jpg"}]
    api.post(1, attachments={"media_keys": ["3_1"]})
    collected = await collect(source(api, monthly_limit=0.05), Cursor(), outside)
    assert ids(collected) == [1]
    assert "expansions" not in api.asked[-1][1]
    assert api.asked[-1][1]["max_results"] == "5"
    collected = await collect(source(api), Cursor(), outside)
    assert collected.document
    assert collected.document.entries[0].media[0].url == "https://pbs.example/a.jpg"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not accept the token"),
        (402, "buy more"),
        (403, "refuses the app"),
        (429, "less often"),
        (503, "503"),
    ],
)
async def test_a_refusal_costs_nothing_and_says_what_helps(
    api: XApi, outside: Outside, purse: PurseHere, status: int, said: str
) -> None:
    api.status = status
    with pytest.raises(CollectError, match=said) as raised:
        await collect(source(api), Cursor(), outside)
    assert TOKEN not in str(raised.value)
    assert purse.dollars == 0


async def test_a_host_that_cannot_be_reached_costs_nothing(clock: Clock, purse: PurseHere) -> None:
    async with way_out("http://127.0.0.1:9", clock, purse=purse) as outside:
        for url in ("http://127.0.0.1:9/CityOfExample", "http://169.254.1.1/CityOfExample"):
            with pytest.raises(FetchError):
                await collect(source(XApi(), url=url), Cursor(), outside)
    assert purse.dollars == 0


async def test_an_answer_that_is_lost_stays_counted_and_is_not_asked_for_again(
    api: XApi, outside: Outside, purse: PurseHere
) -> None:
    first = await collect(source(api), Cursor(), outside)  # so that the connection is there, and kept
    api.hangs_up = True
    api.post(1)
    for asked in (3, 4):
        with pytest.raises(FetchError):
            await collect(source(api, monthly_limit=0.06), first.cursor, outside)
        assert len(api.asked) == asked
    assert api.bill == 20
    assert purse.dollars == pytest.approx(0.06)


async def test_a_program_that_is_stopped_in_mid_request_has_counted_it(
    api: XApi, database: Database, clock: Clock
) -> None:
    asked, stopped = asyncio.Event(), asyncio.Event()

    async def never(_request: web.Request) -> web.StreamResponse:
        asked.set()
        await stopped.wait()
        raise web.HTTPNoContent

    async with serving(never) as url, way_out(url, clock, purse=DatabasePurse(database, clock)) as outside:
        collecting = asyncio.create_task(collect(source(api, url=f"{url}/CityOfExample"), Cursor(), outside))
        await asked.wait()
        collecting.cancel()
        await asyncio.gather(collecting, return_exceptions=True)
        stopped.set()
    async with database.read() as connection:
        assert (await read_spending(connection, clock()))["city-news"].dollars == pytest.approx(0.01)


async def test_an_account_that_is_not_there_is_said_so(api: XApi, outside: Outside, purse: PurseHere) -> None:
    api.account = None
    with pytest.raises(CollectError, match="its name of today in url"):
        await collect(source(api), Cursor(), outside)
    assert purse.dollars == 0


async def test_a_token_that_is_not_set_reserves_nothing(api: XApi, outside: Outside, purse: PurseHere) -> None:
    with pytest.raises(CollectError, match="X_TOKEN is not set"):
        await collect(source(api, token=Secret("env:X_TOKEN")), Cursor(), outside)
    assert (purse.dollars, api.asked) == (0, [])
    assert TOKEN not in repr(PaidApi(source(api), outside, TOKEN))


async def test_those_who_keep_nothing_spend_nothing(api: XApi, clock: Clock) -> None:
    async with way_out(api.url, clock) as outside:
        with pytest.raises(UncountedError, match="costs money"):
            await collect(source(api), Cursor(), outside)
    assert api.asked == []


@pytest.mark.parametrize(
    ("address", "is_fit"),
    [
        ("https://x.com/CityOfExample", True),
        ("https://twitter.com/@CityOfExample/", True),
        ("https://x.com/", False),
        ("https://x.com/home", False),
        ("https://x.com/CityOfExample/status/1", False),
        ("https://x.com/a_name_that_is_too_long", False),
        ("https://x.com/i/lists/9", False),
        ("https://social.example/CityOfExample", False),
        ("https://notx.com/CityOfExample", False),
    ],
)
def test_an_address_names_an_account(address: str, is_fit: bool) -> None:
    assert (x.KIND.rules.fits(address) is None) == is_fit


@pytest.mark.parametrize("missing", ["token", "monthly_limit"])
def test_what_is_missing_is_said_when_the_file_is_read(missing: str) -> None:
    lines = [
        line for line in SOURCES.format(url="https://x.com/CityOfExample", limit=1).splitlines() if missing not in line
    ]
    with pytest.raises(SettingsError, match=f"{missing}: is missing"):
        parse_sources("\n".join(lines), name="sources.toml", kinds=RULES)


async def test_x_com_is_asked_at_its_api(api: XApi, clock: Clock, purse: PurseHere) -> None:
    class Asked:
        def __init__(self) -> None:
            self.urls: list[str] = []

        async def get(self, url: str, **_: object) -> object:
            self.urls.append(url)
            raise FetchError("no", was_sent=False)

    for address in ("https://x.com/CityOfExample", "https://www.twitter.com/CityOfExample"):
        asked = Asked()
        with pytest.raises(FetchError):
            await collect(source(api, url=address), Cursor(), Outside(asked, None, clock, purse))  # type: ignore[arg-type]
        assert asked.urls[0].startswith("https://api.x.com/2/users/by/username/CityOfExample?")


# The purse


@pytest.mark.parametrize("seed", range(6))
async def test_over_many_looks_the_bill_never_crosses_the_limit(
    api: XApi, database: Database, clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    limit = chance.choice([0.05, 0.3, 1.0])
    clock.moment = datetime(2026, 11, 29, 12, tzinfo=UTC)
    fill_with_the_dearest(api)
    cursor, number, bills = Cursor(), 1000, {"2026-11": 0, "2026-12": 0}
    async with way_out(api.url, clock, purse=DatabasePurse(database, clock)) as outside:
        spender = source(api, monthly_limit=limit, boosts=chance.random() < 0.5, replies=chance.random() < 0.5)
        for _ in range(40):
            for _ in range(chance.choice([0, 1, 3, 12])):
                number += 1
                api.post(number, **dear(chance))
            api.status = chance.choice([200, 200, 200, 200, 503, 402])
            api.hangs_up = chance.random() < 0.15
            before = api.bill
            with contextlib.suppress(CollectError):
                cursor = (await collect(spender, cursor, outside)).cursor
            bills[f"{clock():%Y-%m}"] += api.bill - before
            async with database.read() as connection:
                counted = (await read_spending(connection, clock())).get(spender.id)
            dollars = counted.dollars if counted else 0.0
            assert bills[f"{clock():%Y-%m}"] / 1000 <= dollars + 1e-9
            assert dollars <= limit + 1e-9
            clock.forward(hours=2)
    assert bills["2026-11"] > 0  # it did spend, and went on in the new month
    assert bills["2026-12"] > 0


def fill_with_the_dearest(api: XApi) -> None:
    """What the posts of `dear` refer to: four pictures each, and other people's posts with four of their own."""
    api.includes["users"] = [{"id": str(n), "name": f"Someone {n}", "username": f"someone{n}"} for n in range(20)]
    api.includes["media"] = [{"media_key": f"3_{n}", "url": f"https://pbs.example/{n}.jpg"} for n in range(200)]
    api.includes["tweets"] = [
        {
            "id": str(n),
            "text": "t",
            "author_id": str(n),
            "attachments": {"media_keys": [f"3_{n * 4 + i}" for i in range(4)]},
        }
        for n in range(20)
    ]


def dear(chance: random.Random) -> dict[str, Any]:
    kinds = chance.choice([[], ["quoted"], ["replied_to"], ["quoted", "replied_to"], ["retweeted"]])
    return {
        "referenced_tweets": [{"type": kind, "id": str(chance.randrange(20))} for kind in kinds],
        "attachments": {"media_keys": [f"3_{100 + chance.randrange(25) * 4 + i}" for i in range(4)]},
    }


async def test_those_who_ask_at_the_same_moment_share_one_limit(database: Database, clock: Clock) -> None:
    purses = [DatabasePurse(database, clock) for _ in range(4)]
    asked = [purse.reserve("city", reads=1, dollars=0.005, limit=0.1) for purse in purses for _ in range(15)]
    granted = [each for each in await asyncio.gather(*asked) if each]
    assert len(granted) == 20
    async with database.read() as connection:
        spent = (await read_spending(connection, clock()))["city"]
    assert (spent.reads, spent.dollars) == (20, 0.1)


RESERVING = """
import asyncio, sys
from datetime import UTC, datetime
from aggregator.store.engine import open_database
from aggregator.store.spending import DatabasePurse

async def main():
    async with open_database(sys.argv[1], migrate=False) as database:
        purse = DatabasePurse(database, lambda: datetime(2026, 11, 23, tzinfo=UTC))
        print(flush=True)
        sys.stdin.readline()
        granted = 0
        for turn in range(60):
            reserved = await purse.reserve("city", reads=4, dollars=0.02, limit=1.0)
            if reserved and turn % 2:
                await purse.settle(reserved, reads=2, dollars=0.01)
            granted += 0 if not reserved else 2 if turn % 2 else 4
        print(granted)

asyncio.run(main())
"""


async def test_two_processes_share_one_limit(database_url: str, tmp_path: Path) -> None:
    script = tmp_path / "reserving.py"
    script.write_text(RESERVING)
    async with open_database(database_url):
        pass
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    root = str(Path(__file__).resolve().parents[2])
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, str(script), database_url, env={"PYTHONPATH": root}, **pipes
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        await process.stdout.readline()  # both are ready, and wait
    said = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    granted = sum(int(out) for out, _ in said)
    async with open_database(database_url) as database, database.read() as connection:
        spent = (await read_spending(connection, datetime(2026, 11, 1, tzinfo=UTC)))["city"]
    assert spent.reads == granted
    assert spent.dollars == pytest.approx(granted * 0.005)
    assert 0.98 < spent.dollars <= 1.0


async def test_a_new_month_begins_at_nothing_and_settles_what_the_old_one_owes(
    database: Database, clock: Clock
) -> None:
    purse = DatabasePurse(database, clock)
    clock.moment = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    reserved = await purse.reserve("city", reads=10, dollars=1.0, limit=1.0)
    assert reserved
    assert await purse.reserve("city", reads=1, dollars=0.01, limit=1.0) is None
    clock.forward(minutes=2)
    assert await purse.reserve("city", reads=2, dollars=0.02, limit=1.0)
    await purse.settle(reserved, reads=1, dollars=0.01)
    assert await purse.spent("city") == pytest.approx(0.02)
    async with database.read() as connection:
        november = (await read_spending(connection, datetime(2026, 11, 2, tzinfo=UTC)))["city"]
    assert (november.reads, november.dollars) == (1, pytest.approx(0.01))


async def test_a_source_with_a_new_name_has_spent_what_it_had_spent(database: Database, clock: Clock) -> None:
    purse = DatabasePurse(database, clock)
    old = build_source("old", url="https://x.com/CityOfExample")
    async with database.write() as connection:
        await know_sources(connection, [old], now=clock())
    await purse.reserve("old", reads=3, dollars=0.75, limit=1.0)
    await purse.reserve("new", reads=1, dollars=0.2, limit=1.0)  # it had that name before
    async with database.write() as connection:
        await know_sources(connection, [replace(old, id="new")], now=clock())
    assert await purse.spent("new") == pytest.approx(0.95)
    assert await purse.spent("old") == 0
    assert await purse.reserve("new", reads=1, dollars=0.1, limit=1.0) is None


SOURCES = """
[stream]
title = "Test stream"
languages = ["en"]
[[partner]]
id = "city"
name = "City of Example"
[[source]]
id = "city-x"
partner = "city"
kind = "x"
url = "{url}"
languages = ["en"]
token = "env:X_TOKEN"
monthly_limit = {limit}
"""


async def test_the_whole_way_and_what_was_spent_outlives_the_program(
    settings: Settings, api: XApi, clock: Clock
) -> None:
    api.post(1, "Solar panels on every school")
    settings.sources.write_text(SOURCES.format(url=f"{api.url}/CityOfExample", limit=0.06))
    where = {"allow_private": api.url.removeprefix("http://"), "environment": {"X_TOKEN": TOKEN}}
    for _ in range(3):
        async with open_machine(replace(settings, **where), now=clock) as machine:
            await work_off(machine)
            async with machine.database.read() as connection:
                rows = (await connection.execute(select(item))).all()
                spent = (await read_spending(connection, clock()))["city-x"]
        api.post(len(api.posts) + 1)
        clock.forward(hours=1)
    rows = sorted(rows, key=lambda row: row.entry_id)
    assert rows[0].content_text == "Solar panels on every school"
    assert (rows[0].kind, rows[0].url) == ("post", f"https://x.com/{ACCOUNT['username']}/status/1")
    assert spent.dollars == pytest.approx(api.bill / 1000)
    assert len(rows) == 3


async def test_what_is_spent_is_asked_again_at_its_usual_pace_so_that_a_new_month_or_limit_is_soon_seen(
    settings: Settings, api: XApi, clock: Clock
) -> None:
    text = SOURCES.format(url=f"{api.url}/CityOfExample", limit=0.001)
    settings.sources.write_text(text)
    where = {"allow_private": api.url.removeprefix("http://"), "environment": {"X_TOKEN": TOKEN}}
    async with open_machine(replace(settings, **where), now=clock) as machine:
        for _ in range(8):
            await work_off(machine)
            async with machine.database.read() as connection:
                state = (await read_states(connection))["city-x"]
            assert state.problem
            assert state.due_at - clock() <= machine.configuration.source("city-x").every * 1.5
            clock.moment = state.due_at
        assert not api.asked
        settings.sources.write_text(text.replace("0.001", "5"))
        await work_off(machine)
        assert api.asked


async def work_off(machine: Machine) -> None:
    await machine.tick()
    await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()
