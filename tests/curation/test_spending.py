"""What a source costs, and what its collector wants editors to know, on the page and in the JSON of the sources."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update

from aggregator.machine import Machine
from aggregator.model import Configuration, Partner, Review, ReviewMode, Stream
from aggregator.store.sources import Cursor, SourceState
from aggregator.store.spending import DatabasePurse, Spent
from aggregator.store.tables import source_state
from curation.overview import Spending, judge_sources
from tests.builders import source
from tests.curation.conftest import Visitor
from tests.curation.test_pages import words

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def configure(limit: float) -> Configuration:
    stream = Stream("A stream", ("en",), Review(ReviewMode.HOLD))
    return Configuration(stream, (Partner("city", "The City"),), (source("city-x", kind="x", monthly_limit=limit),), ())


def state(place: dict[str, object]) -> SourceState:
    return SourceState("city-x", "https://x.com/city", Cursor(place=place), NOW, NOW, NOW, NOW, 0, None, None)


def test_a_source_with_a_limit_says_what_it_has_cost() -> None:
    (judged,) = judge_sources(configure(5.0), {}, now=NOW, spent={"city-x": Spent(42, 0.21)})
    assert judged.spending == Spending("2026-11", 42, 0.21, 5.0)


def test_a_limit_that_was_taken_away_hides_nothing_that_was_spent() -> None:
    (judged,) = judge_sources(configure(0.0), {}, now=NOW, spent={"city-x": Spent(42, 0.21)})
    assert judged.spending == Spending("2026-11", 42, 0.21, 0.0)


def test_a_source_without_a_limit_speaks_of_no_money() -> None:
    (judged,) = judge_sources(configure(0.0), {}, now=NOW)
    assert judged.spending is None


def test_the_notice_of_a_collector_is_passed_on_and_nothing_else_that_it_remembers() -> None:
    (judged,) = judge_sources(configure(0.0), {"city-x": state({"notice": "its feed is read instead"})}, now=NOW)
    assert judged.notice == "its feed is read instead"
    (judged,) = judge_sources(configure(0.0), {"city-x": state({"notice": {"a": 1}, "root": "x"})}, now=NOW)
    assert judged.notice is None


async def test_editors_see_it_on_the_page_and_programs_in_the_json(room: Machine, visitor: Visitor) -> None:
    source_id = room.configuration.sources[0].id
    reserved = await DatabasePurse(room.database, room.now).reserve(source_id, reads=42, dollars=0.21, limit=5.0)
    assert reserved
    async with room.database.write() as connection:
        await connection.execute(update(source_state).values(place={"notice": "its <feed> is read instead"}))
    await visitor.sign_in("vera")
    await visitor.get("/curation/sources")
    text = words(visitor.text)
    assert "$0.21 of $0.00 spent this month (42 reads)" in text
    assert "its <feed> is read instead" in text
    answer = await visitor.get("/curation/api/sources")
    told = {one["id"]: one for one in (await answer.json())["sources"]}[source_id]
    assert told["spending"] == {"month": "2026-11", "reads": 42, "dollars": 0.21, "limit": 0.0}
    assert told["notice"] == "its <feed> is read instead"
