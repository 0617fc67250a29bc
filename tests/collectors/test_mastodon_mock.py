"""The same against a Mastodon server that others wrote (mastodon_mock): paging, edits, deletions, streams and faults."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from mastodon_mock.config import MastodonMockConfig, RateLimitConfig
from mastodon_mock.testing import MockServer
from mastodon_mock.testing.seed import DEFAULT_TEST_SEED

from aggregator.collectors.contract import Collected, Outside, Shown
from aggregator.collectors.mastodon import collect, find_gone
from aggregator.collectors.mastodonstream import listen
from aggregator.errors import CollectError, FetchError
from aggregator.model import Secret, Source
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.way_out import ids_gone, way_out

PATIENCE = 30


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(log_level="error") as server:
        yield server


class Bob:
    """An account of the server that posts, edits and deletes."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        async with self._session.request(method, path, json=body or None) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, text: str, **more: Any) -> str:
        return str((await self.ask("POST", "/api/v1/statuses", status=text, **more))["id"])


@pytest.fixture
async def bob(mock: MockServer) -> AsyncIterator[Bob]:
    headers = {"Authorization": "Bearer bob_token"}
    async with ClientSession(str(mock.base_url), headers=headers) as session:
        bob = Bob(session)
        await bob.ask("POST", "/api/v1/_mock/reset")
        await bob.ask("DELETE", "/api/v1/_mock/faults")
        yield bob


@pytest.fixture
async def outside(mock: MockServer, clock) -> AsyncIterator[Outside]:
    async with way_out(str(mock.base_url), clock) as outside:
        yield outside


def of_bob(mock: MockServer, path: str = "/@bob", **values: Any) -> Source:
    token = Secret("env:T", "alice_token")
    return source("bob", kind="mastodon", url=f"{mock.base_url}{path}", **{"token": token, **values})


def ids(collected: Collected) -> set[str]:
    assert collected.document
    return {seen.entry_id for seen in collected.document.entries}


async def test_all_posts_come_in_page_by_page_and_later_ones_without_a_gap(mock, bob: Bob, outside) -> None:
    first = {await bob.post(f"Post {number}") for number in range(45)}
    looked = await collect(of_bob(mock), Cursor(), outside)
    assert ids(looked) == first
    later = {await bob.post(f"Later {number}", language="eu") for number in range(60)}
    again = await collect(of_bob(mock), looked.cursor, outside)
    assert later <= ids(again)
    assert {seen.language for seen in again.document.entries if seen.entry_id in later} == {"eu"}


async def test_an_edit_is_seen_and_a_deletion_is_found(mock, bob: Bob, outside) -> None:
    edited, deleted = await bob.post("As it was"), await bob.post("Soon gone", spoiler_text="Sad")
    looked = await collect(of_bob(mock), Cursor(), outside)
    await bob.ask("PUT", f"/api/v1/statuses/{edited}", status="As it is")
    await bob.ask("DELETE", f"/api/v1/statuses/{deleted}")
    again = await collect(of_bob(mock), looked.cursor, outside)
    (seen,) = again.document.entries
    assert ("As it is" in seen.body_html, seen.updated_at is not None) == (True, True)
    assert ids_gone(await find_gone(of_bob(mock), [Shown(edited, None), Shown(deleted, None)], outside)) == [deleted]


async def test_a_hashtag_is_read(mock, bob: Bob, outside) -> None:
    tagged = await bob.post("Warm homes #EnergyPoverty")
    await bob.post("Anything else")
    looked = await collect(of_bob(mock, "/tags/EnergyPoverty"), Cursor(), outside)
    assert ids(looked) == {tagged}
    assert looked.document.entries[0].hashtags == ("energypoverty",)


async def test_an_account_that_is_not_there_is_told(mock, bob: Bob, outside) -> None:
    with pytest.raises(CollectError, match="has no account @nobody"):
        await collect(of_bob(mock, "/@nobody"), Cursor(), outside)


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        ({"type": "status", "status": 500}, r"fault of its own \(500\)"),
        ({"type": "status", "status": 503}, r"out of service"),
        ({"type": "ratelimit"}, "asked less often"),
        ({"type": "malformed"}, "no JSON"),
    ],
)
async def test_a_fault_of_the_server_is_an_error_in_words(
    mock, bob: Bob, outside, effect: dict[str, Any], said: str
) -> None:
    await bob.post("Before")
    looked = await collect(of_bob(mock), Cursor(), outside)
    await bob.post("After")
    await bob.ask("POST", "/api/v1/_mock/faults", match={"path": "/api/v1/accounts/*/statuses"}, effect=effect)
    with pytest.raises((CollectError, FetchError), match=said):
        await collect(of_bob(mock), looked.cursor, outside)
    await bob.ask("DELETE", "/api/v1/_mock/faults")
    assert len(ids(await collect(of_bob(mock), looked.cursor, outside))) == 2


async def test_posts_edits_and_deletions_are_pushed(mock, bob: Bob, outside) -> None:
    async with (
        asyncio.timeout(PATIENCE),
        contextlib.aclosing(listen(of_bob(mock), Cursor(), outside)) as pushed,
    ):
        assert (await anext(pushed)).document is None
        posted = await bob.post("Now")
        came = await anext(pushed)
        assert ids(came) == {posted}
        await bob.ask("PUT", f"/api/v1/statuses/{posted}", status="Now, better")
        came = await anext(pushed)
        assert "better" in came.document.entries[0].body_html
        await bob.ask("DELETE", f"/api/v1/statuses/{posted}")
        assert (await anext(pushed)).document.deleted == (posted,)


async def test_a_list_and_a_hashtag_are_read_and_push(mock, bob: Bob, outside) -> None:
    headers = {"Authorization": "Bearer alice_token"}
    async with ClientSession(str(mock.base_url), headers=headers) as session:
        alice = Bob(session)
        made = await alice.ask("POST", "/api/v1/lists", title="Towns")
        who = await alice.ask("GET", "/api/v1/accounts/lookup?acct=bob")
        await alice.ask("POST", f"/api/v1/lists/{made['id']}/accounts", account_ids=[who["id"]])
    posted = await bob.post("Warm homes #EnergyPoverty")
    for path in (f"/lists/{made['id']}", "/tags/EnergyPoverty"):
        assert ids(await collect(of_bob(mock, path), Cursor(), outside)) == {posted}
        async with (
            asyncio.timeout(PATIENCE),
            contextlib.aclosing(listen(of_bob(mock, path), Cursor(), outside)) as pushed,
        ):
            assert (await anext(pushed)).document is None
            later = await bob.post("Warmer homes #EnergyPoverty")
            assert ids(await anext(pushed)) == {later}
            await bob.ask("DELETE", f"/api/v1/statuses/{later}")
            assert (await anext(pushed)).document.deleted == (later,)


async def test_who_is_not_followed_is_said_not_to_be_pushed(mock, bob: Bob, outside) -> None:
    with pytest.raises(CollectError, match="does not follow @carol"):
        await anext(listen(of_bob(mock, "/@carol"), Cursor(), outside))
    own = of_bob(mock, "/@carol", token=Secret("env:T", "carol_token"))
    async with contextlib.aclosing(listen(own, Cursor(), outside)) as pushed:
        assert (await anext(pushed)).document is None


async def test_replies_boosts_quotes_and_polls_come_in_as_they_are(mock, bob: Bob, outside) -> None:
    first = await bob.post("First", sensitive=True, spoiler_text="Heat")
    private = await bob.post("For friends", visibility="private")
    asked = await bob.post("Which?", poll={"options": ["Heat pump", "Gas"], "expires_in": 3600})
    quoting = await bob.post("As I said", quoted_status_id=asked)
    looked = await collect(of_bob(mock, boosts=True, replies=True), Cursor(), outside)
    seen = {one.entry_id: one for one in looked.document.entries}
    assert (seen[first].warning, seen[first].is_sensitive) == ("Heat", True)
    assert private not in seen or seen[private].hidden
    assert "<li>Heat pump</li>" in seen[asked].body_html
    assert "Which?" in seen[quoting].quote.text


async def test_a_server_that_counts_requests_is_not_asked_more_than_it_grants(clock) -> None:
    clock.moment = datetime.now(UTC)  # the mock reckons with the time of the day
    config = MastodonMockConfig(
        seed=DEFAULT_TEST_SEED, ratelimit=RateLimitConfig(enabled=True, limit=8, window_seconds=3600)
    )
    with MockServer(config=config, log_level="error") as server:
        headers = {"Authorization": "Bearer bob_token"}
        async with ClientSession(str(server.base_url), headers=headers) as session:
            await Bob(session).post("Warm homes")
        async with way_out(str(server.base_url), clock) as outside:
            looked = await collect(of_bob(server), Cursor(), outside)
            for _ in range(3):
                assert looked.not_before is None
                looked = await collect(of_bob(server), looked.cursor, outside)
            again = await collect(of_bob(server), looked.cursor, outside)
            assert again.not_before is not None
            shown = [Shown(str(number), None) for number in range(2, 20)]
            assert ids_gone(await find_gone(of_bob(server), shown, outside)) == ["2", "3"]
            with pytest.raises(FetchError, match="asked less often") as caught:
                await collect(of_bob(server), looked.cursor, outside)
    assert caught.value.retry_at is not None
