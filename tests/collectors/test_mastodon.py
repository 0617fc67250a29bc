"""Mastodon's accounts, hashtags and lists: read without gaps, politely, and with what its server says of deletions."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.collectors import RULES, mastodonstream, patience
from aggregator.collectors.contract import Answer, Outside, Shown
from aggregator.collectors.mastodon import collect, find_gone
from aggregator.collectors.mastodongone import MOST_ASKED
from aggregator.collectors.mastodonpages import MOST_PAGES, PAGE
from aggregator.collectors.mastodonstream import listen
from aggregator.errors import CollectError, FetchError
from aggregator.handlers import handlers
from aggregator.machine import Machine, open_machine
from aggregator.model import Secret, Source
from aggregator.store.sources import Cursor, read_states
from aggregator.store.tables import item
from aggregator.work import Worker
from tests.builders import source
from tests.collectors.mastodonserver import FIRST, MastodonServer, account, mastodon_server, status
from tests.collectors.way_out import ids_gone, way_out

GOOD, BAD, HUSHED = (Secret("env:T", value) for value in ("good", "stolen", "hushed"))


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


async def test_a_slow_server_is_caught_up_with_by_shorter_looks(server, outside, monkeypatch) -> None:
    monkeypatch.setattr(patience, "PAGES_SECONDS", 0.0)
    server.post(*range(10))
    looked = await collect(town(server), Cursor(), outside)
    new = set(range(10, 10 + 4 * PAGE))
    server.post(*new)
    found: set[int] = set()
    for _ in range(4):
        server.asked.clear()
        looked = await collect(town(server), looked.cursor, outside)
        assert len(server.asked) <= 2
        found |= set(numbers(looked))
    assert new <= found


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
    with pytest.raises(CollectError, match=r"does not take the token \(env:T\)") as caught:
        await collect(town(server, token=BAD), Cursor(), outside)
    assert "stolen" not in str(caught.value)
    server.post(1)
    assert numbers(await collect(town(server, token=GOOD), Cursor(), outside)) == [1]


@pytest.mark.parametrize(
    ("status_", "token", "cure"),
    [
        (401, None, "make one, and give its token"),
        (403, None, "make one, and give its token"),
        (422, None, "make one, and give its token"),
        (403, HUSHED, r"refuses this to the token \(env:T\): it needs the scope read"),
        (404, HUSHED, "open url in a browser"),
        (410, HUSHED, "take it out of sources.toml"),
        (500, HUSHED, "fault of its own"),
    ],
)
async def test_a_refusal_names_its_cure_and_never_the_token(
    server, outside, status_: int, token: Secret | None, cure: str
) -> None:
    server.refusals["/api/v1/timelines/tag/energy"] = (status_, '{"error": "hushed"}')
    with pytest.raises(FetchError, match=cure) as caught:
        await collect(town(server, "/tags/energy", token=token), Cursor(), outside)
    assert caught.value.status == status_
    assert "hushed" not in str(caught.value)


@pytest.mark.parametrize(
    ("flag", "words"),
    [("suspended", "is not shown: its server"), ("limited", "moderators"), ("noindex", "Privacy and reach")],
)
async def test_a_new_source_whose_account_may_not_be_shown_says_why(server, outside, flag: str, words: str) -> None:
    server.account[flag] = True
    server.post(1, account=server.account)
    with pytest.raises(CollectError, match=words):
        await collect(town(server), Cursor(), outside)


@pytest.mark.parametrize("is_looked_up", [False, True])
@pytest.mark.parametrize("status_", [200, 404])
async def test_an_account_that_is_suspended_takes_its_posts_with_it_and_then_says_why(
    server, outside, clock, status_: int, is_looked_up: bool
) -> None:
    server.post(1)
    first = await collect(town(server), Cursor(), outside)
    statuses = next(path for path in server.asked if "/statuses" in path).partition("?")[0]
    server.account["suspended"] = True
    if status_ == 404:
        server.refusals[statuses] = (404, '{"error": "Record not found"}')
    else:
        server.posts.clear()
    clock.forward(days=is_looked_up)
    closing = await collect(town(server), first.cursor, outside)
    assert (closing.document.entries, closing.document.is_gone) == ((), True)
    with pytest.raises(CollectError, match="suspended"):
        await collect(town(server), closing.cursor, outside)
    server.account["suspended"] = False
    server.refusals.clear()
    server.post(1, 2)
    again = await collect(town(server), closing.cursor, outside)
    assert numbers(again) == [1, 2]
    assert not again.document.is_gone


async def test_an_account_that_has_moved_and_is_then_suspended_takes_its_posts_with_it(server, outside) -> None:
    server.post(1)
    server.account["moved"] = account(url="https://new.example/@town")
    moved = await collect(town(server), Cursor(), outside)
    assert moved.cursor.place["is_closed"] is True
    server.account |= {"moved": None, "suspended": True}
    assert (await collect(town(server), moved.cursor, outside)).document.is_gone


@pytest.mark.parametrize("flag", ["noindex", "limited"])
@pytest.mark.parametrize("is_looked_up", [False, True])
async def test_an_account_that_closes_takes_its_posts_with_it_and_then_says_why(
    server, outside, clock, flag: str, is_looked_up: bool
) -> None:
    server.post(1, 2)
    first = await collect(town(server), Cursor(), outside)
    server.account[flag] = True
    server.post(1, 2, account=server.account)
    clock.forward(days=is_looked_up)
    closing = await collect(town(server), first.cursor, outside)
    assert (closing.document.entries, closing.document.is_gone) == ((), True)
    for _ in range(2):
        with pytest.raises(CollectError, match="is not shown"):
            await collect(town(server), closing.cursor, outside)
    server.account[flag] = False
    server.post(1, 2, 3)
    opened = await collect(town(server), closing.cursor, outside)
    assert [seen.hidden for seen in opened.document.entries] == [None, None, None]
    server.asked.clear()
    await collect(town(server), opened.cursor, outside)
    assert len(server.asked) == 1


async def test_an_account_that_has_moved_is_read_to_its_end_and_then_says_where_it_went(server, outside) -> None:
    server.account["moved"] = account("town", url="https://new.example/@town?secret=1")
    server.post(1)
    first = await collect(town(server), Cursor(), outside)
    assert (numbers(first), first.moved_to) == ([1], None)
    with pytest.raises(CollectError, match=r"has moved to https://new\.example/@town: write that as its url"):
        await collect(town(server), first.cursor, outside)
    server.account["moved"] = None
    assert numbers(await collect(town(server), first.cursor, outside)) == [1]


@pytest.mark.parametrize("path", ["/@town", "/tags/energy", "/lists/4"])
async def test_a_post_that_was_deleted_is_known_to_be_at_the_next_look(server, outside, path: str) -> None:
    place = town(server, path, token=GOOD)
    server.post(*range(60))
    first = await collect(place, Cursor(), outside)
    del server.posts[str(FIRST + 50)]
    server.asked.clear()
    second = await collect(place, first.cursor, outside)
    assert second.document.deleted == (str(FIRST + 50),)
    assert len(server.asked) == 2
    server.post(60)
    third = await collect(place, second.cursor, outside)
    assert third.document.deleted == ()


async def test_a_short_timeline_tells_of_its_oldest_post_and_an_empty_one_of_none(server, outside) -> None:
    server.post(1, 2, 3)
    first = await collect(town(server), Cursor(), outside)
    del server.posts[str(FIRST + 1)]
    second = await collect(town(server), first.cursor, outside)
    assert second.document.deleted == (str(FIRST + 1),)
    server.posts.clear()
    third = await collect(town(server), second.cursor, outside)
    assert (third.document.entries, third.document.deleted) == ((), ())
    server.post(3)
    fourth = await collect(town(server), third.cursor, outside)
    assert fourth.document.deleted == (str(FIRST + 2),)


async def test_replies_that_are_no_longer_wanted_are_not_deleted(server, outside) -> None:
    server.post(1, 2)
    server.post(3, in_reply_to_id="9", in_reply_to_account_id="8")
    first = await collect(town(server, replies=True), Cursor(), outside)
    second = await collect(town(server), first.cursor, outside)
    assert (numbers(second), second.document.deleted) == ([1, 2], ())
    server.asked.clear()
    server.post(4)
    await collect(town(server), second.cursor, outside)
    assert len(server.asked) == 1


async def test_a_missing_post_that_cannot_be_asked_for_is_asked_for_at_the_next_look(server, outside) -> None:
    server.post(1, 2, 3)
    first = await collect(town(server), Cursor(), outside)
    del server.posts[str(FIRST + 2)]
    server.refusals[f"/api/v1/statuses/{FIRST + 2}"] = (500, "")
    second = await collect(town(server), first.cursor, outside)
    assert (numbers(second), second.document.deleted) == ([1, 3], ())
    server.refusals.clear()
    server.post(4)
    third = await collect(town(server), second.cursor, outside)
    assert third.document.deleted == (str(FIRST + 2),)


async def test_missing_posts_that_a_429_left_unasked_are_asked_for_at_the_next_look(server, outside) -> None:
    server.post(*range(8))
    first = await collect(town(server), Cursor(), outside)
    gone = [str(FIRST + number) for number in range(2, 6)]
    for one in gone:
        del server.posts[one]
    server.limit, server.left = 4, 3  # the page, and two of the four
    second = await collect(town(server), first.cursor, outside)
    server.limit, server.left = 300, 300
    server.post(9)
    third = await collect(town(server), second.cursor, outside)
    assert [len(second.document.deleted), len(third.document.deleted)] == [2, 2]
    assert sorted((*second.document.deleted, *third.document.deleted)) == gone


async def test_an_account_is_looked_up_once_a_day(server, outside, clock) -> None:
    server.post(1)
    looked = await collect(town(server), Cursor(), outside)
    for hours in (1, 22, 2):
        clock.forward(hours=hours)
        looked = await collect(town(server), looked.cursor, outside)
    assert sum("lookup" in path for path in server.asked) == 2


async def test_too_many_requests_on_the_way_keep_what_was_read(server, outside, clock) -> None:
    server.post(*range(10))
    first = await collect(town(server), Cursor(), outside)
    server.post(*range(10, 300))
    server.announces, server.left = False, 2
    second = await collect(town(server), first.cursor, outside)
    assert second.not_before == clock.moment.replace(minute=5)
    assert not second.document.is_window
    assert second.cursor.place["read_to"] == str(FIRST + 49)
    server.left = 300
    third = await collect(town(server), second.cursor, outside)
    assert set(range(10, 300)) == set(numbers(second)) | set(numbers(third)) - set(range(10))


async def test_a_server_that_grants_few_requests_is_caught_up_with_all_the_same(server, outside) -> None:
    server.post(*range(10))
    looked = await collect(town(server), Cursor(), outside)
    server.post(*range(10, 300))
    found: set[int] = set()
    server.limit = 8
    for _ in range(4):
        server.left = 8
        looked = await collect(town(server), looked.cursor, outside)
        found |= set(numbers(looked)) if looked.document else set()
    assert set(range(10, 300)) <= found
    assert looked.cursor.place["read_to"] == str(FIRST + 299)


@pytest.mark.parametrize("reset", ["2199-01-01T00:00:00Z", "9" * 10, "soon", ""])
async def test_a_pause_is_never_longer_than_an_hour(server, outside, clock, reset: str) -> None:
    server.left, server.reset = 10, reset
    looked = await collect(town(server), Cursor(), outside)
    assert clock() < looked.not_before <= clock() + timedelta(hours=1)


async def test_a_hashtag_that_was_closed_since_it_was_asked_is_an_error(server, outside, clock) -> None:
    server.access = {"local": "public", "remote": "public"}
    server.post(1)
    first = await collect(town(server, "/tags/energy"), Cursor(), outside)
    server.posts.clear()
    clock.forward(hours=1)
    empty = await collect(town(server, "/tags/energy"), first.cursor, outside)
    assert empty.document.entries == ()
    server.access = {"local": "authenticated", "remote": "authenticated"}
    clock.forward(hours=1)
    with pytest.raises(CollectError, match="only to people with an account there"):
        await collect(town(server, "/tags/energy"), replace(empty.cursor, etag=None), outside)


async def test_a_list_needs_a_token(server, outside) -> None:
    with pytest.raises(CollectError, match="give the token"):
        await collect(town(server, "/lists/4"), Cursor(), outside)
    server.post(1)
    assert numbers(await collect(town(server, "/lists/4", token=GOOD), Cursor(), outside)) == [1]


async def test_posts_that_were_deleted_are_found_gone_and_a_server_that_fails_proves_nothing(server, outside) -> None:
    server.post(1, 2)
    shown = [Shown(str(FIRST + number), None) for number in (1, 2, 3)]
    assert ids_gone(await find_gone(town(server), shown, outside)) == [str(FIRST + 3)]
    server.needs_token = True
    with pytest.raises(CollectError):
        await find_gone(town(server), shown, outside)


async def test_a_post_that_may_not_be_shown_any_more_is_gone(server, outside) -> None:
    server.post(1)
    server.post(2, visibility="private")
    server.post(3, account=account(noindex=True))
    server.refusals[f"/api/v1/statuses/{FIRST + 4}"] = (410, "")
    shown = [Shown(str(FIRST + number), None) for number in range(1, 5)]
    assert ids_gone(await find_gone(town(server), shown, outside)) == [str(FIRST + number) for number in (2, 3, 4)]


async def test_a_site_in_the_place_of_the_server_proves_nothing_gone(server, outside) -> None:
    server.refusals[f"/api/v1/statuses/{FIRST + 1}"] = (404, "<h1>This domain is for sale</h1>")
    with pytest.raises(CollectError, match="no longer answers as Mastodon does"):
        await find_gone(town(server), [Shown(str(FIRST + 1), None)], outside)


async def test_only_some_posts_are_asked_for_at_a_time_and_none_in_a_pause(server, outside) -> None:
    shown = [Shown("../lookup", None), *(Shown(str(FIRST + number), None) for number in range(80))]
    server.post(*range(80))
    assert ids_gone(await find_gone(town(server), shown, outside)) == []
    assert len(server.asked) == MOST_ASKED - 1
    assert all(path.startswith("/api/v1/statuses/1") for path in server.asked)
    server.asked.clear()
    server.left = 25
    assert ids_gone(await find_gone(town(server), shown, outside)) == []
    assert len(server.asked) == 5


async def test_posts_that_were_not_asked_for_are_not_told_of(server, outside, monkeypatch) -> None:
    shown = [Shown("../lookup", None), *(Shown(str(FIRST + number), None) for number in range(80))]
    server.post(*range(80))
    assert list(await find_gone(town(server), shown, outside)) == [one.entry_id for one in shown[:MOST_ASKED]]
    server.left = 25
    assert len(await find_gone(town(server), shown, outside)) == 1 + 5
    monkeypatch.setattr(patience, "PAGES_SECONDS", 0.0)
    assert await find_gone(town(server), shown, outside) == {}


async def test_posts_found_gone_before_a_429_are_told(server, outside) -> None:
    shown = [Shown(str(FIRST + number), None) for number in range(5)]
    server.left = 2
    server.limit = 2
    assert ids_gone(await find_gone(town(server), shown, outside)) == [str(FIRST), str(FIRST + 1)]
    with pytest.raises(FetchError) as caught:
        await find_gone(town(server), shown, outside)
    assert caught.value.retry_at is not None


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


async def test_an_account_that_is_not_followed_is_said_not_to_be_pushed(server, outside) -> None:
    server.follows = ()
    with pytest.raises(CollectError, match="does not follow @town"):
        await anext(listen(town(server, token=GOOD), Cursor(), outside))


async def test_a_token_of_the_account_itself_hears_it_and_so_may_one_that_cannot_tell(server, outside) -> None:
    server.heard.put_nowait(None)
    server.heard.put_nowait(None)
    server.follows, server.me = (), "7"
    assert len([one async for one in listen(town(server, token=GOOD), Cursor(), outside)]) == 1
    server.me = "99"
    server.refusals["/api/v1/accounts/relationships"] = (403, "{}")
    assert len([one async for one in listen(town(server, token=GOOD), Cursor(), outside)]) == 1


@pytest.mark.parametrize(
    ("status_", "cure"),
    [(404, r"pushes nothing \(404\): set push = false"), (401, "make a new one there"), (503, "out of service")],
)
async def test_a_stream_that_is_refused_says_why(server, outside, status_: int, cure: str) -> None:
    server.refusals["/api/v1/streaming/user"] = (status_, "{}")
    with pytest.raises(CollectError, match=cure) as caught:
        await anext(listen(town(server, token=HUSHED), Cursor(), outside))
    assert "hushed" not in str(caught.value)


async def test_an_event_without_end_ends_the_stream(server, outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodonstream, "MOST_CHARACTERS", 1000)
    server.heard.put_nowait("event: update\n" + "data: solar\n" * 200)
    with pytest.raises(CollectError, match="without end"):
        async for _ in listen(town(server, token=GOOD), Cursor(), outside):
            pass


class OneAnswer:
    """A way out that gives every request the same answer, as if it had come over https."""

    def __init__(self, **said: Any) -> None:
        self._body = json.dumps(said).encode()

    async def get(self, url: str, **_options: object) -> Answer:
        return Answer(200, url, self._body)


async def test_a_token_is_not_sent_to_a_stream_without_encryption(outside) -> None:
    told = OneAnswer(configuration={"urls": {"streaming": "ws://streaming.example"}})
    with pytest.raises(CollectError, match="without encryption"):
        await anext(
            listen(
                source(kind="mastodon", url="https://social.example/tags/energy", token=GOOD),
                Cursor(),
                replace(outside, fetch=told),
            )
        )


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


SOURCES = """
[stream]
title = "Towns"
languages = ["en"]
[[partner]]
id = "town"
name = "The town"
[[source]]
id = "town-posts"
partner = "town"
kind = "mastodon"
url = "{url}/@town"
every = "30m"
review = "auto"
"""


async def test_what_is_deleted_edited_or_closed_is_followed_at_the_next_look(settings, server, clock) -> None:
    settings.sources.write_text(SOURCES.format(url=server.url))
    allowed = replace(settings, allow_private=server.url.removeprefix("http://"))
    async with open_machine(allowed, now=clock) as machine:

        async def look(**later: float) -> dict[str, str]:
            clock.forward(**later)
            await machine.tick()
            await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()
            return await states(machine)

        async def problem() -> str | None:
            async with machine.database.read() as connection:
                return (await read_states(connection))["town-posts"].problem

        server.post(1, 2, 3)
        assert set((await look()).values()) == {"approved"}
        del server.posts[str(FIRST + 2)]
        server.post(3, content="<p>Post 3, mended</p>", edited_at="2026-11-23T08:00:00.000Z")
        assert await look(days=1) == {"Post 1": "approved", "Post 2": "withdrawn", "Post 3, mended": "approved"}
        server.account["noindex"] = True
        server.post(1, account=server.account)
        server.post(3, content="<p>Post 3, mended</p>", account=server.account)
        assert set((await look(days=1)).values()) == {"withdrawn"}
        assert await problem() is None
        await look(days=1)
        assert "Privacy and reach" in (await problem() or "")
        server.account["noindex"] = False
        server.post(1, 3, *range(4, 50))
        later = await look(days=1)
        assert (later["Post 2"], later["Post 49"]) == ("withdrawn", "approved")
        assert (later["Post 1"], later["Post 3, mended"]) == ("waiting", "waiting"), "they are not on the newest page"
        assert await problem() is None
