"""The same against a Mastodon server that others wrote (mastodon_mock): paging, edits, deletions, streams and faults."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession
from mastodon_mock.testing import MockServer

from aggregator.collectors.contract import Collected, Outside, Shown
from aggregator.collectors.mastodon import collect, find_gone
from aggregator.collectors.mastodonstream import listen
from aggregator.errors import CollectError, FetchError
from aggregator.model import Secret, Source
from aggregator.store.sources import Cursor
from tests.builders import source
from tests.collectors.way_out import way_out

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
    assert await find_gone(of_bob(mock), [Shown(edited, None), Shown(deleted, None)], outside) == [deleted]


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
