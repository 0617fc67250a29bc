"""Jetstream, old kind and new, from a real server on loopback: what is pushed, held back, and read again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.collectors import blueskypages, jetstream
from aggregator.collectors.contract import Collected, Outside
from aggregator.collectors.jetstream import KEEP_EVENTS, MOST_ACCOUNTS, REWIND, listen
from aggregator.errors import CollectError, FetchError
from aggregator.listening import Listening
from aggregator.machine import Machine
from aggregator.model import Document, Source
from aggregator.settings import Settings
from aggregator.store.sources import Cursor, read_states
from aggregator.store.tables import item
from tests.builders import source
from tests.collectors.blueskyserver import Account, Bluesky, micros

PATIENCE = 30


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jetstream, "PAUSES", (0.0,) * len(jetstream.PAUSES))


@pytest.fixture(params=["new", "old"])
def kind(request: pytest.FixtureRequest, bluesky: Bluesky) -> str:
    """Each kind of Jetstream. Where there is no new one, the old one is asked."""
    bluesky.can_new = request.param == "new"
    return str(request.param)


class Line:
    """What a listener is pushed, one by one."""

    def __init__(self, pushed: AsyncIterator[Collected], place: dict[str, Any]) -> None:
        self._pushed = pushed
        self.place = place

    async def next(self) -> Collected:
        async with asyncio.timeout(PATIENCE):
            collected = await anext(self._pushed)
        self.place |= collected.cursor.place
        return collected

    async def document(self) -> Document:
        document = (await self.next()).document
        assert document
        assert not document.is_window
        return document


@pytest.fixture
def listener(bluesky: Bluesky, bluesky_outside: Outside):
    @asynccontextmanager
    async def listening(
        path: str = "/profile/ana.bsky.example", place: dict[str, Any] | None = None, **options: Any
    ) -> AsyncIterator[Line]:
        asked = source(kind="bluesky", url=f"{bluesky.url}{path}", **options)
        place = {} if place is None else place
        async with aclosing(listen(asked, Cursor(place=dict(place)), bluesky_outside)) as pushed:
            line = Line(pushed, place)
            first = await line.next()
            assert (first.document, first.cursor) == (None, Cursor())
            yield line

    return listening


async def test_a_post_is_pushed_as_the_appview_shows_it(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        post = bluesky.post(ana, "Sun", 24, {"labels": [{"val": "nudity"}]})
        bluesky.writes(post, clock())
        (entry,) = (await line.document()).entries
        assert (entry.entry_id, entry.body_html, entry.warning) == (post.uri, "Sun", "Nudity")
        assert line.place == {"cursor": micros(clock())}
    name, query = next(asked for asked in reversed(bluesky.asked) if asked[0].endswith("stream"))
    assert name == f"{kind} stream"
    assert query["dids" if kind == "new" else "wantedDids"] == [ana.did]


async def test_a_post_that_the_appview_does_not_show_yet_is_asked_for_again(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        post = bluesky.post(ana, "Sun", 24)
        post.unseen_for = 3
        bluesky.writes(post, clock())
        assert [entry.entry_id for entry in (await line.document()).entries] == [post.uri]


async def test_a_post_that_it_never_shows_is_not_pushed_and_holds_up_nothing(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        never, next_one = bluesky.post(ana, "never", 24), bluesky.post(ana, "next", 24)
        never.unseen_for = 99
        bluesky.writes(never, clock())
        bluesky.writes(next_one, clock())
        assert [entry.body_html for entry in (await line.document()).entries] == ["next"]


async def test_what_is_waited_for_holds_up_neither_a_deletion_nor_its_own(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "PAUSES", (0.0, 3600.0))
    never, shown = bluesky.post(ana, "never", 24), bluesky.post(ana, "shown", 24)
    never.unseen_for = 99
    async with listener() as line:
        bluesky.writes(never, clock())
        bluesky.writes(shown, clock.forward(seconds=1), "delete")
        assert (await line.document()).deleted == (shown.uri,)
        # What is still waited for is replayed where the connection breaks meanwhile.
        assert line.place == {"cursor": micros(clock() - timedelta(seconds=1))}
        bluesky.writes(never, clock(), "delete")
        assert (await line.document()).deleted == (never.uri,)
        assert line.place == {"cursor": micros(clock())}
    assert bluesky.methods().count("getPosts") == 1


async def test_whoever_writes_faster_than_is_shown_is_not_waited_for(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "PAUSES", (0.0, 3600.0))
    monkeypatch.setattr(jetstream, "MOST_WAITING", 2)
    async with listener() as line:
        for n in range(4):
            post = bluesky.post(ana, f"Post {n}", 24)
            post.unseen_for = 99
            bluesky.writes(post, clock.forward(seconds=1))
        bluesky.writes(post, clock(), "delete")
        await line.document()
    assert line.place == {"cursor": micros(clock() - timedelta(seconds=3))}, "the first of the two that are waited for"


async def test_the_older_version_of_an_edited_post_is_waited_out(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        post = bluesky.post(ana, "Sun", 24, {"cid": "bafyold"})
        bluesky.writes(post, clock(), "update")
        (entry,) = (await line.document()).entries
        assert entry.entry_id == post.uri
    assert bluesky.methods().count("getPosts") == len(jetstream.PAUSES)


async def test_what_may_not_be_shown_is_pushed_as_hidden(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    ana.labels.append("!no-unauthenticated")
    async with listener() as line:
        bluesky.writes(bluesky.post(ana, "only for some", 24), clock())
        (entry,) = (await line.document()).entries
        assert entry.hidden


async def test_a_deletion_is_pushed_without_asking_anybody(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    post = bluesky.post(ana, "Sun", 24)
    async with listener() as line:
        bluesky.writes(post, clock(), "delete")
        assert (await line.document()).deleted == (post.uri,)
    assert "getPosts" not in bluesky.methods()


async def test_reposts_are_pushed_and_taken_back_where_the_source_wants_them(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    ben = bluesky.account("ben.bsky.example", "Ben")
    repost = bluesky.repost(ana, bluesky.post(ben, "passed on", 1), 24)
    async with listener(boosts=True) as line:
        bluesky.writes(repost, clock())
        (entry,) = (await line.document()).entries
        assert (entry.entry_id, entry.authors[0].name) == (repost.uri, "Ben")
        assert entry.boosted_by
        bluesky.writes(repost, clock(), "delete")
        assert (await line.document()).deleted == (repost.uri,)
    async with listener() as line:
        bluesky.writes(repost, clock())
        bluesky.writes(bluesky.post(ana, "own", 24), clock())
        assert [entry.body_html for entry in (await line.document()).entries] == ["own"]


async def test_replies_are_asked_for_only_where_the_source_wants_them(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    reply = {"parent": {"uri": f"at://{ana.did}/app.bsky.feed.post/3k"}}
    answer, own = bluesky.post(ana, "answer", 24, reply=reply), bluesky.post(ana, "own", 24)
    for wanted, texts in ((False, ["own"]), (True, ["answer", "own"])):
        async with listener(replies=wanted) as line:
            bluesky.writes(answer, clock())
            bluesky.writes(own, clock())
            assert [(await line.document()).entries[0].body_html for _ in texts] == texts


@pytest.mark.parametrize("status", ["deleted", "takendown", "suspended", "deactivated"])
async def test_an_account_that_goes_is_pushed_as_gone(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock, status: str
) -> None:
    async with listener() as line:
        bluesky.happens(ana, "account", clock(), active=False, status=status, did=ana.did)
        assert (await line.document()).is_gone


async def test_an_account_that_is_well_is_not(kind: str, bluesky: Bluesky, ana: Account, listener, clock) -> None:
    async with listener() as line:
        bluesky.happens(ana, "account", clock(), active=True, did=ana.did)
        bluesky.happens(ana, "account", clock(), active=False, status="throttled", did=ana.did)
        bluesky.happens(ana, "identity", clock(), handle="new.example", did=ana.did)
        bluesky.writes(bluesky.post(ana, "Sun", 24), clock())
        assert not (await line.document()).is_gone


async def test_an_account_that_withdraws_from_the_public_is_gone_at_once(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    record = {"labels": {"values": [{"val": "!no-unauthenticated"}]}}
    async with listener() as line:
        said = {"operation": "update", "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
        bluesky.happens(ana, "commit", clock(), rev="3", cid="b", **said)
        assert (await line.document()).is_gone


async def test_a_lists_members_are_listened_to_and_one_that_goes_takes_no_other_along(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    ben = bluesky.account("ben.bsky.example", "Ben")
    eve = bluesky.account("eve.bsky.example", "Eve")
    bluesky.lists[f"at://{ana.did}/app.bsky.graph.list/3kl"] = [ana, ben]
    async with listener("/profile/ana.bsky.example/lists/3kl") as line:
        bluesky.happens(ben, "account", clock(), active=False, status="deleted", did=ben.did)
        bluesky.writes(bluesky.post(eve, "a stranger", 24), clock())
        bluesky.writes(bluesky.post(ben, "a member", 24), clock())
        document = await line.document()
        assert [entry.body_html for entry in document.entries] == ["a member"]


async def test_a_server_that_sends_what_nobody_asked_for_pushes_nothing(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    eve = bluesky.account("eve.bsky.example", "Eve")
    stranger = bluesky.post(eve, "a stranger", 24)
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": stranger.uri[-13:], "record": {}}
    async with listener() as line:
        for noise in (
            json.dumps({"did": eve.did, "time_us": micros(clock()), "kind": "commit", "commit": commit}),
            json.dumps({"did": eve.did, "kind": "account", "account": {"active": False, "status": "deleted"}}),
            *("[]", "", "null", "{", "[" * 50_000, '{"payload":7}', '{"kind":"commit","commit":[]}'),
        ):
            bluesky.raw(noise)
        bluesky.writes(bluesky.post(ana, "Sun", 24), clock())
        assert [entry.body_html for entry in (await line.document()).entries] == ["Sun"]


@pytest.mark.parametrize("path", ["/search?q=solar", "/profile/ana.bsky.example/feed/energy"])
async def test_where_nothing_is_pushed_it_ends_at_once(
    bluesky: Bluesky, ana: Account, bluesky_outside: Outside, path: str
) -> None:
    asked = source(kind="bluesky", url=f"{bluesky.url}{path}")
    assert [pushed async for pushed in listen(asked, Cursor(), bluesky_outside)] == []


@pytest.mark.parametrize(("members", "is_pushed"), [(MOST_ACCOUNTS, True), (MOST_ACCOUNTS + 1, False), (0, False)])
async def test_a_list_is_listened_to_up_to_a_size(
    bluesky: Bluesky, ana: Account, bluesky_outside: Outside, members: int, is_pushed: bool
) -> None:
    list_ = [bluesky.account(f"member{n}.bsky.example") for n in range(members)]
    bluesky.lists[f"at://{ana.did}/app.bsky.graph.list/3kl"] = list_
    asked = source(kind="bluesky", url=f"{bluesky.url}/profile/ana.bsky.example/lists/3kl")
    async with aclosing(listen(asked, Cursor(), bluesky_outside)) as pushed:
        assert (await anext(pushed, None) is not None) is is_pushed


# --- Broken lines and places ---


async def test_a_broken_line_goes_on_a_little_before_where_it_was(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    place: dict[str, Any] = {"did": ana.did}
    first, second = bluesky.post(ana, "first", 24), bluesky.post(ana, "second", 24)
    async with listener(place=place) as line:
        bluesky.writes(first, clock())
        await line.document()
        bluesky.hang_up()
        with pytest.raises(StopAsyncIteration):
            await line.next()
    clock.forward(minutes=10)
    bluesky.writes(second, clock() - timedelta(minutes=5))
    async with listener(place=place) as line:
        assert [(await line.document()).entries[0].body_html for _ in range(2)] == ["first", "second"]
    since = [query["cursor"] for name, query in bluesky.asked if name == f"{kind} stream" and "cursor" in query]
    assert since == [[str(micros(clock() - timedelta(minutes=10) - REWIND))]]


async def test_what_is_replayed_late_is_asked_for_once_only(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    gone = bluesky.post(ana, "gone", 20)
    gone.unseen_for = 99
    kept = bluesky.post(ana, "kept", 20)
    for post in (gone, kept):
        bluesky.writes(post, clock() - timedelta(hours=2))
    async with listener(place={"cursor": micros(clock() - timedelta(hours=3))}) as line:
        assert [entry.body_html for entry in (await line.document()).entries] == ["kept"]
    assert bluesky.methods().count("getPosts") == 2


@pytest.mark.parametrize("place", [5, 99, -1, 10**15 - 1, 10**17, "x", None, 1.5, True])
async def test_a_place_that_is_none_begins_at_the_newest(
    kind: str, bluesky: Bluesky, ana: Account, listener, place: Any
) -> None:
    async with listener(place={"cursor": place}):
        pass
    assert all("cursor" not in query for name, query in bluesky.asked if name.endswith("stream"))


async def test_a_server_that_refuses_the_place_is_asked_without_it(
    bluesky: Bluesky, ana: Account, listener, clock, monkeypatch
) -> None:
    monkeypatch.setattr("tests.collectors.blueskyserver.OLDEST_SEQ", 10**17)
    async with listener(place={"cursor": micros(clock())}) as line:
        bluesky.writes(bluesky.post(ana, "Sun", 24), clock())
        await line.document()
    streams = [(name, "cursor" in query) for name, query in bluesky.asked if name.endswith("stream")]
    assert streams == [("new stream", True), ("new stream", False)]


async def test_where_no_server_streams_the_reason_is_said(bluesky: Bluesky, ana: Account, listener) -> None:
    bluesky.can_new = bluesky.can_old = False
    with pytest.raises(FetchError, match="has nothing at this address"):
        async with listener():
            pass


async def test_a_server_that_ends_the_stream_is_connected_anew(bluesky: Bluesky, ana: Account, listener) -> None:
    async with listener() as line:
        bluesky.raw('{"$type":"error","error":"ConsumerTooSlow","message":"too slow"}')
        with pytest.raises(CollectError, match="connected anew"):
            await line.next()


async def test_a_post_is_not_lost_where_the_appview_fails(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    place: dict[str, Any] = {"cursor": micros(clock() - timedelta(seconds=20))}
    async with listener(place=place) as line:
        bluesky.fails("app.bsky.feed.getPosts", 502)
        bluesky.writes(bluesky.post(ana, "Sun", 24), clock())
        with pytest.raises(FetchError):
            await line.next()
    async with listener(place=place) as line:
        assert [entry.body_html for entry in (await line.document()).entries] == ["Sun"]


async def test_a_post_that_the_appview_cannot_read_stops_nothing(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        bluesky.fails("app.bsky.feed.getPosts", 400)
        bluesky.writes(bluesky.post(ana, "poison", 24), clock())
        bluesky.writes(bluesky.post(ana, "next", 24), clock())
        assert [entry.body_html for entry in (await line.document()).entries] == ["next"]


async def test_the_place_is_kept_now_and_then_although_nothing_is_new(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        for _ in range(KEEP_EVENTS):
            bluesky.happens(ana, "account", clock(), active=True)
        many = await line.next()
        assert (many.document, line.place) == (None, {"cursor": micros(clock())})
        bluesky.happens(ana, "account", clock(), active=True)
        clock.forward(seconds=61)
        bluesky.happens(ana, "account", clock(), active=True)
        late = await line.next()
        assert (late.document, late.cursor.place.keys()) == (None, {"cursor"})


async def test_a_server_whose_clock_runs_ahead_makes_nobody_skip_anything(
    kind: str, bluesky: Bluesky, ana: Account, listener, clock
) -> None:
    async with listener() as line:
        bluesky.writes(bluesky.post(ana, "Sun", 24), clock() + timedelta(hours=1))
        assert (await line.next()).cursor.place == {}


# --- The whole way ---


def follows(machine: Machine, bluesky: Bluesky, options: str = "") -> Source:
    path = machine.settings.sources
    text = path.read_text().replace('id = "held"', 'id = "held"\nenabled = false')
    url = f"{bluesky.url}/profile/ana.bsky.example"
    at = text.index('kind = "feed"', text.index('id = "trusted"'))
    end = text.index("\n", text.index("url =", at))
    path.write_text(f'{text[:at]}kind = "bluesky"\nurl = "{url}"\n{options}{text[end:]}')
    assert machine.sources.reload_if_changed(), machine.sources.problem
    followed = machine.configuration.source("trusted")
    assert followed
    return followed


@pytest.fixture
def settings(settings: Settings, bluesky: Bluesky) -> Settings:
    """The same with the small Bluesky in reach."""
    return replace(settings, allow_private=f"{settings.allow_private},{bluesky.url.removeprefix('http://')}")


async def texts(machine: Machine) -> dict[str, str]:
    async with machine.database.read() as connection:
        rows = await connection.execute(select(item.c.content_text, item.c.state))
        return {row.content_text: row.state for row in rows}


async def test_what_is_written_stands_in_the_stream_and_what_is_deleted_leaves_it(
    machine: Machine, bluesky: Bluesky, ana: Account, work_off, clock
) -> None:
    followed = follows(machine, bluesky)
    known = bluesky.post(ana, "collected", 1)
    await machine.tick()
    await work_off()
    assert await texts(machine) == {"collected": "approved"}

    async def ask_for(_source: str) -> None:
        return None

    running = asyncio.create_task(Listening(machine.shop, ask_for).run())
    try:
        async with asyncio.timeout(PATIENCE):
            await bluesky.connected.wait()
            bluesky.writes(bluesky.post(ana, "pushed", 24), clock())
            bluesky.writes(bluesky.post(ana, "marked", 24, {"labels": [{"val": "porn"}]}), clock())
            bluesky.delete(known)
            bluesky.writes(known, clock(), "delete")
            while await texts(machine) != {"collected": "withdrawn", "pushed": "approved", "marked": "waiting"}:
                await asyncio.sleep(0.01)
            bluesky.happens(ana, "account", clock(), active=False, status="takendown", did=ana.did)
            while set((await texts(machine)).values()) != {"withdrawn"}:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with machine.database.read() as connection:
        state = (await read_states(connection))[followed.id]
    assert state.cursor.place["did"] == ana.did
    assert state.cursor.place["cursor"] == micros(clock())


async def test_what_was_pushed_is_not_new_when_it_is_collected(
    machine: Machine, bluesky: Bluesky, ana: Account, work_off, clock
) -> None:
    followed = follows(machine, bluesky)
    await machine.tick()
    await work_off()
    async with aclosing(listen(followed, Cursor(), machine.shop.outside)) as pushed:
        await anext(pushed)
        bluesky.writes(bluesky.post(ana, "once", 23), clock())
        async with asyncio.timeout(PATIENCE):
            outcome = await machine.shop.take(followed, await anext(pushed))
    assert outcome.new == 1
    outcome, _ = await machine.shop.look(followed)
    assert (outcome.new, outcome.changed, outcome.problem) == (0, 0, None)


async def test_a_repost_leaves_at_the_next_look_when_what_was_passed_on_is_deleted(
    machine: Machine, bluesky: Bluesky, ana: Account, work_off, clock
) -> None:
    follows(machine, bluesky, "boosts = true")
    ben = bluesky.account("ben.bsky.example", "Ben")
    passed_on = bluesky.post(ben, "passed on", 2)
    for n in (1, 4):
        bluesky.post(ana, f"her own {n}", n)
    bluesky.repost(ana, passed_on, 3)
    await work_off()
    assert set((await texts(machine)).values()) == {"approved"}
    bluesky.delete(passed_on)
    clock.forward(hours=6, minutes=1)
    await work_off()
    assert await texts(machine) == {"her own 1": "approved", "passed on": "withdrawn", "her own 4": "approved"}


async def test_what_is_old_of_an_account_that_is_back_waits_for_an_editor(
    machine: Machine, bluesky: Bluesky, ana: Account, work_off, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    follows(machine, bluesky)
    for n in range(1, 5):
        bluesky.post(ana, f"{n}", n)
    await work_off()
    assert set((await texts(machine)).values()) == {"approved"}
    monkeypatch.setattr(blueskypages, "PAGE", 2)
    ana.status = "suspended"
    for _ in range(2):
        clock.forward(hours=6, minutes=1)
        await work_off()
        assert set((await texts(machine)).values()) == {"withdrawn"}
    ana.status = None
    clock.forward(hours=6, minutes=1)
    await work_off()
    assert await texts(machine) == {"1": "waiting", "2": "waiting", "3": "approved", "4": "approved"}
