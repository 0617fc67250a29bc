"""Bluesky from a real server on loopback: what is read, followed, refused, and never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.addresses import Allowed
from aggregator.collectors import KINDS
from aggregator.collectors.bluesky import collect, find_gone
from aggregator.collectors.blueskyaddress import BLUESKY, Form, fits, read_place
from aggregator.collectors.contract import Collected, Outside, Shown
from aggregator.errors import CollectError, DocumentError, FetchError
from aggregator.fetch import open_fetch
from aggregator.model import Document, Secret, Source
from aggregator.sandbox import open_sandbox
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.blueskyserver import Account, Bluesky, bluesky_server
from tests.collectors.way_out import ReadHere, ids_gone


@dataclass
class Follower:
    """A source and how far it has been read."""

    source: Source
    outside: Outside
    cursor: Cursor = field(default_factory=Cursor)

    async def look(self) -> Document | None:
        return (await self.collected()).document

    async def collected(self) -> Collected:
        collected = await collect(self.source, self.cursor, self.outside)
        self.cursor = collected.cursor
        return collected

    async def texts(self) -> list[str]:
        document = await self.look()
        assert document
        return [entry.body_html for entry in document.entries]


@pytest.fixture
def follow(bluesky: Bluesky, bluesky_outside: Outside) -> Callable[..., Follower]:
    def follower(path: str = "/profile/ana.bsky.example", **options: Any) -> Follower:
        return Follower(source(kind="bluesky", url=f"{bluesky.url}{path}", **options), bluesky_outside)

    return follower


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://bsky.app/profile/ana.bsky.social", Form.AUTHOR),
        ("https://bsky.app/profile/did:plc:z72i7hdynmk6r22z27h6tvur/", Form.AUTHOR),
        ("https://bsky.app/profile/did:web:coop.example", Form.AUTHOR),
        ("https://bsky.app/profile/ana.example/lists/3kabc", Form.LIST),
        ("https://bsky.app/profile/ana.example/feed/energy-news", Form.FEED),
        ("https://bsky.app/search?q=energy%20poverty", Form.SEARCH),
        ("https://pds.example/search?q=solar", Form.SEARCH),
        ("http://127.0.0.1:8000/profile/ana.example", Form.AUTHOR),
    ],
)
def test_addresses_that_fit(url: str, form: Form) -> None:
    assert fits(url) is None
    assert read_place(url).form is form


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("https://bsky.app/", "write https://bsky.app/profile/NAME"),
        ("https://bsky.app/search", "search?q=WORDS"),
        ("https://bsky.app/profile/ana", "name.bsky.social"),
        ("https://bsky.app/profile/handle.invalid", "name.bsky.social"),
        ("https://bsky.app/profile/ana.example/post/3k", "write https://bsky.app/profile/ana.example"),
        ("https://bsky.app/profile/ana.example/rss", 'kind = "feed"'),
        ("https://bsky.app/profile/ana.example/lists/%20", "lists/KEY"),
        ("https://bsky.app/hashtag/solar", "https://bsky.app/search?q=%23solar"),
        ("https://ana.bsky.social", "https://bsky.app/profile/ana.bsky.social"),
        ("http://bsky.app/profile/ana.example", "https://"),
    ],
)
def test_addresses_that_do_not_fit_are_told_the_cure(url: str, cure: str) -> None:
    assert cure in (fits(url) or "")


def test_bluesky_itself_is_asked_at_its_public_servers() -> None:
    servers = read_place("https://bsky.app/profile/ana.example").servers
    assert servers is BLUESKY
    assert (servers.appview, servers.session) == ("https://public.api.bsky.app", "https://bsky.social")
    assert {url.split("/")[2] for url, _ in servers.streams} == {
        "jetstream.us-east.bsky.network",
        "jetstream2.us-east.bsky.network",
    }


async def test_an_accounts_posts_are_read_newest_first_and_its_did_is_remembered(
    bluesky: Bluesky, ana: Account, follow
) -> None:
    bluesky.post(ana, "first", 1)
    bluesky.post(ana, "second", 2)
    follower = follow()
    document = await follower.look()
    assert [entry.body_html for entry in document.entries] == ["second", "first"]
    assert (document.title, document.home, document.is_window) == (
        "Ana of the co-op",
        f"https://bsky.app/profile/{ana.did}",
        True,
    )
    assert follower.cursor.place["did"] == ana.did
    assert bluesky.methods() == ["resolveHandle", "getAuthorFeed"]


async def test_an_account_that_renames_itself_is_followed(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "first", 1)
    follower = follow()
    await follower.look()
    ana.handle = "ana.coop.example"
    bluesky.account("ana.bsky.example", "Somebody else").did = "did:plc:somebodyelse"
    bluesky.post(ana, "second", 2)
    assert await follower.texts() == ["second", "first"]
    assert bluesky.methods().count("resolveHandle") == 1


async def test_only_what_the_source_wants_is_asked_for(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "said", 1)
    reply = {
        "root": {"uri": f"at://{ana.did}/app.bsky.feed.post/3k"},
        "parent": {"uri": f"at://{ana.did}/app.bsky.feed.post/3k"},
    }
    bluesky.post(ana, "answered", 2, reply=reply)
    assert await follow().texts() == ["said"]
    document = await follow(replies=True).look()
    assert [bool(entry.reply_to) for entry in document.entries] == [True, False]


async def test_reposts_stand_where_they_were_made(bluesky: Bluesky, ana: Account, follow) -> None:
    ben = bluesky.account("ben.bsky.example", "Ben")
    old = bluesky.post(ben, "old", 1)
    bluesky.post(ana, "own", 2)
    repost = bluesky.repost(ana, old, 3)
    own = bluesky.posts[next(uri for uri, post in bluesky.posts.items() if post.author is ana)]
    again = bluesky.repost(ana, own, 4)
    entries = (await follow(boosts=True).look()).entries
    assert [entry.entry_id for entry in entries] == [again.uri, repost.uri, own.uri]
    assert [entry.boosted_by.name if entry.boosted_by else None for entry in entries] == [ana.name, ana.name, None]
    assert [entry.published_at for entry in entries] == sorted((e.published_at for e in entries), reverse=True)


async def test_older_pages_are_read_back_to_what_is_known(bluesky: Bluesky, ana: Account, follow, clock) -> None:
    clock.forward(days=30)
    for n in range(150):
        bluesky.post(ana, f"old {n}", n)
    follower = follow()
    assert len(await follower.texts()) == 100
    for n in range(150, 400):
        bluesky.post(ana, f"new {n}", n)
    texts = await follower.texts()
    assert set(texts) >= {f"new {n}" for n in range(150, 400)}
    assert len(texts) == 300
    assert len(await follower.texts()) == 100


async def test_a_post_from_the_future_does_not_keep_older_pages_from_being_read(
    bluesky: Bluesky, ana: Account, follow, clock
) -> None:
    odd = bluesky.post(ana, "odd", 1, {"indexedAt": None}, createdAt="2031-01-01T00:00:00Z")
    follower = follow()
    await follower.look()
    assert follower.cursor.place["until"] == clock().isoformat()
    clock.forward(days=30)
    bluesky.delete(odd)
    for n in range(120):
        bluesky.post(ana, f"{n}", 48 + n)
    assert len(await follower.texts()) == 120


async def test_a_feed_without_end_is_read_a_thousand_entries_far(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "known", 0)
    follower = follow()
    await follower.look()
    for n in range(1, 1300):
        bluesky.post(ana, f"new {n}", n)
    document = await follower.look()
    assert (len(document.entries), bluesky.methods().count("getAuthorFeed")) == (1000, 11)


async def test_what_is_deleted_is_missing_from_the_window(bluesky: Bluesky, ana: Account, follow) -> None:
    posts = [bluesky.post(ana, f"{n}", n) for n in range(4)]
    follower = follow()
    await follower.look()
    bluesky.delete(posts[2])
    document = await follower.look()
    assert document.is_window
    assert [entry.body_html for entry in document.entries] == ["3", "1", "0"]
    bluesky.delete(posts[3])
    assert await follower.texts() == ["1", "0"]


async def test_a_pinned_post_does_not_stretch_the_window(bluesky: Bluesky, ana: Account, follow) -> None:
    for n in range(120):
        bluesky.post(ana, f"{n}", n)
    bluesky.pinned, bluesky.pin_shown = next(iter(bluesky.posts.values())), True
    entries = (await follow().look()).entries
    assert (len(entries), entries[-1].body_html) == (99, "21")


async def test_a_lists_posts_are_read_and_are_no_window(bluesky: Bluesky, ana: Account, follow) -> None:
    ben = bluesky.account("ben.bsky.example", "Ben")
    bluesky.lists[f"at://{ana.did}/app.bsky.graph.list/3kl"] = [ana, ben]
    bluesky.post(ana, "by ana", 1)
    bluesky.post(ben, "by ben", 2)
    document = await follow("/profile/ana.bsky.example/lists/3kl").look()
    assert [(entry.body_html, entry.authors[0].name) for entry in document.entries] == [
        ("by ben", "Ben"),
        ("by ana", "Ana of the co-op"),
    ]
    assert not document.is_window


async def test_a_custom_feed_is_read_one_page_far_in_its_own_order(bluesky: Bluesky, ana: Account, follow) -> None:
    posts = [bluesky.post(ana, f"{n}", n) for n in range(130)]
    bluesky.feeds[f"at://{ana.did}/app.bsky.feed.generator/energy"] = posts
    follower = follow("/profile/ana.bsky.example/feed/energy")
    await follower.look()
    document = await follower.look()
    assert [entry.body_html for entry in document.entries] == [f"{n}" for n in range(100)]
    assert (document.is_window, bluesky.methods().count("getFeed")) == (False, 2)


async def test_nothing_new_is_nothing_to_read(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "first", 1)
    bluesky.limits["ETag"] = '"one"'
    follower = follow()
    await follower.look()
    before = follower.cursor
    assert await follower.look() is None
    assert follower.cursor == before


# --- What may not be shown ---


async def test_an_account_for_signed_in_readers_only_loses_all_it_ever_showed(
    bluesky: Bluesky, ana: Account, follow
) -> None:
    bluesky.post(ana, "first", 1)
    follower = follow()
    assert await follower.texts() == ["first"]
    ana.labels.append("!no-unauthenticated")
    document = await follower.look()
    assert (document.entries, document.is_gone) == ((), True)


async def test_in_a_list_the_posts_of_such_an_account_are_hidden(bluesky: Bluesky, ana: Account, follow) -> None:
    shy = bluesky.account("shy.bsky.example", "Shy", labels=["!no-unauthenticated"])
    bluesky.lists[f"at://{ana.did}/app.bsky.graph.list/3kl"] = [ana, shy]
    bluesky.post(ana, "open", 1)
    bluesky.post(shy, "closed", 2)
    document = await follow("/profile/ana.bsky.example/lists/3kl").look()
    assert [(entry.body_html, bool(entry.hidden)) for entry in document.entries] == [("closed", True), ("open", False)]
    assert not document.is_gone


@pytest.mark.parametrize("status", ["takendown", "suspended", "deactivated"])
async def test_an_account_that_bluesky_does_not_show_is_gone(
    bluesky: Bluesky, ana: Account, follow, status: str
) -> None:
    bluesky.post(ana, "first", 1)
    follower = follow()
    await follower.look()
    ana.status = status
    document = await follower.look()
    assert (document.entries, document.is_gone, document.is_window) == ((), True, False)
    assert follower.cursor.place["did"] == ana.did


async def test_a_deleted_account_is_gone_where_the_network_says_so(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "first", 1)
    follower = follow()
    await follower.look()
    ana.status, ana.is_known = "deleted", False
    assert (await follower.look()).is_gone


async def test_an_account_that_the_appview_only_lost_is_not_gone(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "first", 1)
    follower = follow()
    await follower.look()
    ana.is_known = False
    with pytest.raises(CollectError, match=r"Bluesky knows no account ana\.bsky\.example"):
        await follower.look()


async def test_one_odd_answer_makes_no_account_gone(bluesky: Bluesky, ana: Account, follow) -> None:
    follower = follow()
    await follower.look()
    bluesky.fails("app.bsky.feed.getAuthorFeed", 400, message="Profile not found")
    with pytest.raises(CollectError, match="knows no account"):
        await follower.look()


async def test_what_is_gone_is_found_by_twenty_five_at_a_time(bluesky: Bluesky, ana: Account, follow) -> None:
    ben = bluesky.account("ben.bsky.example", "Ben")
    shy = bluesky.account("shy.bsky.example", "Shy")
    posts = [bluesky.post(ana, f"{n}", n) for n in range(58)]
    passed_on, closed = bluesky.post(ben, "passed on", 60), bluesky.post(shy, "closed", 61)
    repost = bluesky.repost(ana, passed_on, 62)
    page = f"https://bsky.app/profile/{ben.did}/post/{passed_on.uri.rpartition('/')[2]}"
    shown = [*(Shown(post.uri, None) for post in (*posts, closed)), Shown(repost.uri, page), Shown("tag:else", None)]
    follower = follow()
    assert ids_gone(await find_gone(follower.source, shown, follower.outside)) == []
    assert bluesky.methods() == ["getPosts"] * 3
    bluesky.delete(posts[30])
    bluesky.delete(passed_on)
    shy.labels.append("!no-unauthenticated")
    assert ids_gone(await find_gone(follower.source, shown, follower.outside)) == [
        posts[30].uri,
        closed.uri,
        repost.uri,
    ]


async def test_a_post_that_we_cannot_read_is_not_gone(bluesky: Bluesky, ana: Account, follow) -> None:
    strange = bluesky.post(ana, "strange", 1, {"author": {"of": "tomorrow"}, "record": "new"})
    follower = follow()
    assert ids_gone(await find_gone(follower.source, [Shown(strange.uri, None)], follower.outside)) == []


async def test_where_it_cannot_be_told_nothing_is_gone(bluesky: Bluesky, ana: Account, follow) -> None:
    shown = [Shown(bluesky.post(ana, "first", 1).uri, None)]
    follower = follow()
    bluesky.says("app.bsky.feed.getPosts", '{"message":"a captive portal"}')
    with pytest.raises(DocumentError):
        await find_gone(follower.source, shown, follower.outside)
    bluesky.fails("app.bsky.feed.getPosts", 502)
    with pytest.raises(FetchError):
        await find_gone(follower.source, shown, follower.outside)


# --- Searching ---

SEARCH = "/search?q=solar"


def signed_in(bluesky: Bluesky) -> dict[str, Any]:
    return {"user": "us.example", "token": Secret("env:OUR_TOKEN", bluesky.password)}


async def test_a_search_signs_in_once_and_reads_on_from_what_is_known(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "Solar roofs", 1)
    bluesky.post(ana, "Wind", 2)
    follower = follow(SEARCH, **signed_in(bluesky))
    assert await follower.texts() == ["Solar roofs"]
    for n in range(120):
        bluesky.post(ana, f"solar {n}", 3 + n)
    document = await follower.look()
    assert (len(document.entries), document.is_window) == (121, False)
    assert bluesky.signed_in_with == [("us.example", bluesky.password)]
    assert "abcd" not in repr(follower.cursor)
    assert "secret-token" not in repr(follower.cursor)


async def test_a_session_that_has_run_out_is_made_anew(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "Solar roofs", 1)
    follower = follow(SEARCH, **signed_in(bluesky))
    await follower.look()
    bluesky.tokens.clear()
    assert await follower.texts() == ["Solar roofs"]
    bluesky.fails("app.bsky.feed.searchPosts", 400, "ExpiredToken")
    assert await follower.texts() == ["Solar roofs"]
    assert len(bluesky.signed_in_with) == 3


async def test_an_account_on_a_server_of_its_own_is_asked_there(bluesky: Bluesky, ana: Account, follow, clock) -> None:
    async with bluesky_server() as own:
        own.tokens = bluesky.tokens
        author = own.account("eve.bsky.example", "Eve")
        own.post(author, "solar at home", 1)
        bluesky.pds = own.url
        allowed = Allowed.parse(",".join(url.removeprefix("http://") for url in (bluesky.url, own.url)))
        async with open_fetch(allowed=allowed, user_agent="test", now=clock) as fetch:
            follower = follow(SEARCH, **signed_in(bluesky))
            follower.outside = Outside(fetch, ReadHere(), clock)
            assert await follower.texts() == ["solar at home"]


async def test_a_search_without_an_account_says_what_it_needs(follow) -> None:
    with pytest.raises(CollectError, match="give its handle as user and an app password as token"):
        await follow(SEARCH).look()


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, "AuthenticationRequired", "make a new app password at https://bsky.app/settings/app-passwords"),
        (401, "AuthFactorTokenRequired", "the account's own password"),
        (401, "AccountTakedown", "suspended or deactivated"),
        (503, "Unavailable", "out of service"),
    ],
)
async def test_a_refused_sign_in_names_the_cure_and_no_secret(
    bluesky: Bluesky, follow, status: int, error: str, words: str
) -> None:
    bluesky.fails("com.atproto.server.createSession", status, error, f"no {bluesky.password}")
    with pytest.raises(CollectError) as caught:
        await follow(SEARCH, **signed_in(bluesky)).look()
    assert words in str(caught.value)
    assert bluesky.password not in str(caught.value)


async def test_a_search_that_is_refused_says_so(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.fails("app.bsky.feed.searchPosts", 403, "Forbidden", "no")
    with pytest.raises(CollectError, match=r"does not let the account us\.example search \(403\)") as caught:
        await follow(SEARCH, **signed_in(bluesky)).look()
    assert isinstance(caught.value, FetchError)
    assert caught.value.status == 403


async def test_a_sign_in_is_not_asked_again_before_its_time(bluesky: Bluesky, follow, clock) -> None:
    reset = str(int((clock() + timedelta(minutes=5)).timestamp()))
    bluesky.fails("com.atproto.server.createSession", 429, "RateLimitExceeded", RateLimit_Reset=reset)
    with pytest.raises(FetchError) as caught:
        await follow(SEARCH, **signed_in(bluesky)).look()
    assert caught.value.retry_at == clock() + timedelta(minutes=5)


# --- Faults ---


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/profile/nobody.bsky.example", "Bluesky knows no account nobody.bsky.example"),
        ("/profile/did:plc:nobody", "Bluesky knows no account did:plc:nobody"),
        ("/profile/ana.bsky.example/feed/none", "Bluesky has no such feed"),
    ],
)
async def test_what_does_not_exist_is_said_in_words(ana: Account, follow, path: str, sentence: str) -> None:
    with pytest.raises(CollectError, match=sentence):
        await follow(path).look()


async def test_a_feed_for_each_reader_is_said_to_be_that(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.fails("app.bsky.feed.getFeed", 401, "AuthMissing")
    with pytest.raises(CollectError, match="follow a list or accounts instead"):
        await follow("/profile/ana.bsky.example/feed/mine").look()


async def test_a_limit_is_kept_to(bluesky: Bluesky, ana: Account, follow, clock) -> None:
    reset = str(int((clock() + timedelta(minutes=3)).timestamp()))
    bluesky.fails("app.bsky.feed.getAuthorFeed", 429, "RateLimitExceeded", ratelimit_reset=reset)
    with pytest.raises(FetchError) as caught:
        await follow().look()
    assert caught.value.retry_at == clock() + timedelta(minutes=3)


@pytest.mark.parametrize(("remaining", "minutes"), [("0", 3), ("7", None)])
async def test_a_server_with_nothing_left_is_left_alone(
    bluesky: Bluesky, ana: Account, follow, clock, remaining: str, minutes: int | None
) -> None:
    reset = clock() + timedelta(minutes=3)
    bluesky.limits = {"ratelimit-remaining": remaining, "ratelimit-reset": str(int(reset.timestamp()))}
    collected = await follow().collected()
    assert collected.not_before == (reset if minutes else None)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"feed":{}}', "<html>", '{"feed":' + "[" * 50_000])
async def test_an_answer_that_is_none_moves_nothing(bluesky: Bluesky, ana: Account, follow, body: str) -> None:
    bluesky.post(ana, "first", 1)
    follower = follow()
    await follower.look()
    before = follower.cursor
    bluesky.says("app.bsky.feed.getAuthorFeed", body)
    with pytest.raises(DocumentError):
        await follower.look()
    assert follower.cursor == before


async def test_a_broken_post_spoils_no_other(bluesky: Bluesky, ana: Account, follow) -> None:
    bluesky.post(ana, "good", 1)
    bluesky.post(ana, "broken", 2, view={"uri": 7})
    bluesky.post(
        ana,
        "strange",
        3,
        view={"embed": {"$type": "app.bsky.embed.images#view", "images": "x"}},
        facets=[{"index": []}],
    )
    assert await follow().texts() == ["strange", "good"]


async def test_the_sandbox_reads_it_as_well(bluesky: Bluesky, ana: Account, follow, bluesky_outside: Outside) -> None:
    bluesky.post(ana, "first", 1)
    async with open_sandbox(processes=1) as sandbox:
        follower = follow()
        follower.outside = replace(bluesky_outside, reader=sandbox)
        assert await follower.texts() == ["first"]


def test_the_kind_takes_its_options_and_no_others() -> None:
    rules = KINDS["bluesky"].rules
    assert rules.options == {"user", "token", "replies", "boosts", "sensitive", "push"}
