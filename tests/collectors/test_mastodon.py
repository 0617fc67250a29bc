"""Mastodon's accounts, hashtags and lists: read without gaps, politely, and with what its server says of deletions."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.collectors import RULES
from aggregator.collectors.contract import Outside, Shown
from aggregator.collectors.mastodon import collect, find_gone
from aggregator.collectors.mastodonpages import MOST_PAGES, PAGE
from aggregator.collectors.mastodonstream import listen
from aggregator.errors import CollectError, FetchError
from aggregator.machine import Machine
from aggregator.model import Secret, Source
from aggregator.store.sources import Cursor
from aggregator.store.tables import item
from tests.builders import source
from tests.collectors.mastodonserver import FIRST, MastodonServer, account, mastodon_server, status
from tests.collectors.way_out import way_out

GOOD, BAD = Secret("env:T", "good"), Secret("env:T", "stolen")


@pytest.fixture
async def server() -> AsyncIterator[MastodonServer]:
    async with mastodon_server() as server:
        yield server


@pytest.fixture
async def outside(server: MastodonServer, clock) -> AsyncIterator[Outside]:
    async with way_out(server.url, clock) as outside:
        yield outside


def town(server: MastodonServer, path: str = "/@town", **values: Any) -> Source:
    return source("town", kind="mastodon", url=server.url + path, **values)


def numbers(collected) -> list[int]:
    return sorted(int(seen.entry_id) - FIRST for seen in collected.document.entries)


@pytest.mark.parametrize("path", ["/@town", "/@town@other.example", "/tags/Energ%C3%ADa", "/tags/energy", "/lists/12"])
def test_an_address_names_an_account_a_hashtag_or_a_list(path: str) -> None:
    assert RULES["mastodon"].fits(f"https://social.example{path}") is None


@pytest.mark.parametrize("path", ["", "/", "/about", "/@", "/@town/1234", "/users/town", "/tags/", "/web/@town"])
def test_another_address_is_told_what_to_write(path: str) -> None:
    assert "https://SERVER/@NAME" in (RULES["mastodon"].fits(f"https://social.example{path}") or "")


async def test_the_first_look_reads_the_newest_pages_and_the_next_asks_once(server, outside) -> None:
    server.post(*range(200))
    first = await collect(town(server), Cursor(), outside)
    assert numbers(first) == list(range(120, 200))
    assert first.document.is_window
    server.asked.clear()
    second = await collect(town(server), first.cursor, outside)
    assert second.document is None
    assert len(server.asked) == 1


@pytest.mark.parametrize("count", [1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 5 * PAGE + 3])
async def test_what_was_posted_meanwhile_is_read_without_a_gap(server, outside, count: int) -> None:
    server.post(*range(10))
    first = await collect(town(server), Cursor(), outside)
    server.post(*range(10, 10 + count))
    second = await collect(town(server), first.cursor, outside)
    assert set(range(10, 10 + count)) <= set(numbers(second))
    assert second.cursor.place["read_to"] == str(FIRST + 9 + count)


async def test_a_long_silence_is_caught_up_with_look_by_look(server, outside) -> None:
    server.post(*range(10))
    looked = await collect(town(server), Cursor(), outside)
    new = set(range(10, 10 + 2 * MOST_PAGES * PAGE))
    server.post(*new)
    server.left = 1000
    found: set[int] = set()
    for _ in range(3):
        looked = await collect(town(server), looked.cursor, outside)
        found |= set(numbers(looked))
        if new <= found:
            break
        assert not looked.document.is_window
        assert looked.cursor.etag is None
    assert new <= found
    assert looked.document.is_window


async def test_an_edited_post_of_the_newest_page_is_seen(server, outside) -> None:
    server.post(*range(5))
    first = await collect(town(server), Cursor(), outside)
    server.post(3, content="<p>Post 3, better</p>", edited_at="2026-11-20T10:00:00.000Z")
    second = await collect(town(server), first.cursor, outside)
    edited = next(seen for seen in second.document.entries if seen.entry_id == str(FIRST + 3))
    assert (edited.body_html, edited.updated_at is not None) == ("<p>Post 3, better</p>", True)


async def test_few_requests_left_end_the_look_and_the_server_is_given_its_pause(server, outside, clock) -> None:
    server.post(*range(10))
    first = await collect(town(server), Cursor(), outside)
    server.post(*range(10, 500))
    server.left = 22
    server.asked.clear()
    second = await collect(town(server), first.cursor, outside)
    assert len(server.asked) == 2
    assert second.not_before == clock.moment.replace(minute=5)
    assert not second.document.is_window
    server.left = 1000
    third = await collect(town(server), second.cursor, outside)
    assert set(range(10, 300)) <= set(numbers(second)) | set(numbers(third))


async def test_too_many_requests_name_when_to_come_back(server, outside, clock) -> None:
    server.left = 0
    with pytest.raises(FetchError) as caught:
        await collect(town(server), Cursor(), outside)
    assert caught.value.retry_at == clock.moment.replace(minute=5)


async def test_replies_and_boosts_are_asked_for_only_where_they_are_wanted(server, outside) -> None:
    server.post(1)
    server.post(2, in_reply_to_id="9", in_reply_to_account_id="8")
    server.post(3, in_reply_to_id="1", in_reply_to_account_id="7")
    server.post(4, reblog=status(900, account=account("other", id="9"), content="<p>Theirs</p>"))
    assert numbers(await collect(town(server), Cursor(), outside)) == [1, 3]
    everything = await collect(town(server, replies=True, boosts=True), Cursor(), outside)
    assert numbers(everything) == [1, 2, 3, 4]
    shared = next(seen for seen in everything.document.entries if seen.entry_id == str(FIRST + 4))
    assert (shared.authors[0].name, shared.boosted_by.name) == ("The other", "The town")
    assert [seen.reply_to for seen in everything.document.entries if seen.reply_to] == ["9"]


async def test_an_account_that_is_not_there_is_told_plainly(server, outside) -> None:
    with pytest.raises(CollectError, match=r"has no account @nobody \(any more\); open url"):
        await collect(town(server, "/@nobody"), Cursor(), outside)


async def test_an_account_that_got_another_id_is_looked_up_anew(server, outside) -> None:
    server.post(1)
    first = await collect(town(server), Cursor(), outside)
    server.account["id"] = "70"
    second = await collect(town(server), first.cursor, outside)
    assert (second.cursor.place["account"], numbers(second)) == ("70", [1])


@pytest.mark.parametrize(
    ("access", "token", "cure"),
    [
        ({"local": "authenticated", "remote": "authenticated"}, None, "only to people with an account there"),
        ({"local": "disabled", "remote": "disabled"}, GOOD, "shows nobody its hashtags"),
        ({"local": "disabled", "remote": "authenticated"}, None, "only to people with an account there"),
    ],
)
async def test_a_closed_hashtag_is_an_error_although_its_list_is_only_empty(
    server, outside, access: dict, token: Secret | None, cure: str
) -> None:
    server.access = access
    with pytest.raises(CollectError, match=cure):
        await collect(town(server, "/tags/energy", token=token), Cursor(), outside)


async def test_a_hashtag_is_read_as_far_as_it_is_open_and_that_is_asked_once_a_day(server, outside, clock) -> None:
    server.access = {"local": "public", "remote": "authenticated"}
    server.post(1)
    first = await collect(town(server, "/tags/energy"), Cursor(), outside)
    assert numbers(first) == [1]
    assert not first.document.is_window
    assert server.asked == ["/api/v2/instance", "/api/v1/timelines/tag/energy?local=true&limit=40"]
    await collect(town(server, "/tags/energy"), first.cursor, outside)
    assert server.asked.count("/api/v2/instance") == 1
    clock.forward(days=2)
    await collect(town(server, "/tags/energy", token=GOOD), first.cursor, outside)
    assert server.asked.count("/api/v2/instance") == 2
    assert "local" not in server.asked[-1]


async def test_a_server_that_wants_an_account_says_so_in_our_words(server, outside) -> None:
    server.needs_token = True
    with pytest.raises(CollectError, match="make one, and give its token"):
        await collect(town(server), Cursor(), outside)
    with pytest.raises(CollectError, match="does not accept the token: make a new one") as caught:
        await collect(town(server, token=BAD), Cursor(), outside)
    assert "stolen" not in str(caught.value)
    server.post(1)
    assert numbers(await collect(town(server, token=GOOD), Cursor(), outside)) == [1]


async def test_a_list_needs_a_token(server, outside) -> None:
    with pytest.raises(CollectError, match="give the token"):
        await collect(town(server, "/lists/4"), Cursor(), outside)
    server.post(1)
    assert numbers(await collect(town(server, "/lists/4", token=GOOD), Cursor(), outside)) == [1]


async def test_posts_that_were_deleted_are_found_gone_and_a_server_that_fails_proves_nothing(server, outside) -> None:
    server.post(1, 2)
    shown = [Shown(str(FIRST + number), None) for number in (1, 2, 3)]
    assert await find_gone(town(server), shown, outside) == [str(FIRST + 3)]
    server.needs_token = True
    with pytest.raises(CollectError):
        await find_gone(town(server), shown, outside)


async def test_without_a_token_nothing_is_pushed(server, outside) -> None:
    async with contextlib.aclosing(listen(town(server), Cursor(), outside)) as pushed:
        assert [collected async for collected in pushed] == []


async def test_posts_edits_and_deletions_are_pushed_as_they_happen(server, outside) -> None:
    server.say("update", status(1))
    server.say("update", status(2, account=account("stranger", id="8")))
    server.say("notification", {"id": "1"})
    server.say("update", "{broken")
    server.say("status.update", status(1, content="<p>Edited</p>"))
    server.say("status_update", status(1, content="<p>Edited again</p>"))
    server.say("delete", str(FIRST + 1))
    server.heard.put_nowait(None)
    async with contextlib.aclosing(listen(town(server, token=GOOD), Cursor(), outside)) as pushed:
        connected, *came = [collected async for collected in pushed]
    assert (connected.document, connected.cursor) == (None, Cursor())
    assert [[seen.body_html for seen in one.document.entries] for one in came] == [
        ["<p>Post 1</p>"], ["<p>Edited</p>"], ["<p>Edited again</p>"], [],
    ]  # fmt: skip
    assert came[-1].document.deleted == (str(FIRST + 1),)
    assert not any(one.document.is_window for one in came)
    assert server.asked[-1] == "/api/v1/streaming/user"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/tags/Energ%C3%ADa", "/api/v1/streaming/hashtag?tag=Energ%C3%ADa"),
        ("/lists/4", "/api/v1/streaming/list?list=4"),
    ],
)
async def test_each_timeline_has_its_stream(server, outside, path: str, asked: str) -> None:
    server.say("update", status(1, account=account("anybody", id="8")))
    server.heard.put_nowait(None)
    async with contextlib.aclosing(listen(town(server, path, token=GOOD), Cursor(), outside)) as pushed:
        came = [collected async for collected in pushed]
    assert len(came) == 2
    assert server.asked[-1] == asked


async def test_a_wrong_token_is_an_error_without_the_token(server, outside) -> None:
    with pytest.raises(FetchError) as caught:
        async with contextlib.aclosing(listen(town(server, "/lists/4", token=BAD), Cursor(), outside)) as pushed:
            await anext(pushed)
    assert caught.value.status == 401
    assert "stolen" not in str(caught.value)


async def states(machine: Machine) -> dict[str, str]:
    async with machine.database.read() as connection:
        rows = await connection.execute(select(item.c.content_text, item.c.state))
        return {row.content_text: row.state for row in rows}


async def test_a_post_is_public_and_its_deletion_takes_it_away(machine: Machine, server, outside, clock) -> None:
    posts_of_town = town(server, review=machine.configuration.source("trusted").review)
    posts_of_town = replace(posts_of_town, id="trusted", partner="tni")
    server.post(1, 2)
    await machine.shop.take(posts_of_town, await collect(posts_of_town, Cursor(), outside))
    assert await states(machine) == {"Post 1": "approved", "Post 2": "approved"}
    server.say("delete", str(FIRST + 2))
    server.heard.put_nowait(None)
    listening = replace(posts_of_town, token=GOOD)
    async with contextlib.aclosing(listen(listening, Cursor(), outside)) as pushed:
        async for collected in pushed:
            if collected.document:
                await machine.shop.take(posts_of_town, collected)
    assert await states(machine) == {"Post 1": "approved", "Post 2": "withdrawn"}
