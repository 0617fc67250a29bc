"""Keeping: once, whole, with its story, and never an editor's work undone."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from aggregator.model import Alternate, Author, Card, Happening, Media, Quote, Review, ReviewMode, State
from aggregator.refine.evidence import address_keys
from aggregator.refine.grouping import Told
from aggregator.refine.identity import Finding, Mark, Verdict, judge
from aggregator.store.changes import ChangeKind, read_all_changes, read_changes, read_counter, record
from aggregator.store.engine import Database
from aggregator.store.items import Kept, keep_entries, new_ids, read_known, withdraw_deleted
from aggregator.store.moves import move
from aggregator.store.sources import CollectedMeanwhileError, Cursor, keep_success, know_sources, read_state
from aggregator.store.stories import NewItem, join_stories
from aggregator.store.tables import decision, item, item_tag, metadata, revision, sighting
from tests.builders import AUTO, START, keep, refined, source
from tests.builders import sighting as entry


async def rows(database: Database, table=item) -> list:
    async def work(connection: AsyncConnection) -> list:
        return (await connection.execute(select(table).order_by(*table.primary_key.columns))).all()

    return await database.look(work)


def new_items(addresses_of: dict[str, list[str]]) -> list[NewItem]:
    return [
        NewItem(Told(name, "city-news", "en", START, name), address_keys(addresses))
        for name, addresses in addresses_of.items()
    ]


async def snapshot(database: Database) -> dict[str, list]:
    return {table.name: await rows(database, table) for table in metadata.sorted_tables}


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 12, 30), timezones=st.just(UTC)), st.integers(0, 3000))  # noqa: DTZ001
def test_ids_tell_their_moment_and_follow_each_other(moment: datetime, count: int) -> None:
    ids = new_ids(moment, count)
    assert len(ids) == count
    assert ids == sorted(set(ids))
    assert not set(ids) & set(new_ids(moment, count))
    assert all(one < another for one in ids[-1:] for another in new_ids(moment + timedelta(milliseconds=1), 1))
    for one in (*ids[:1], *ids[-1:]):
        assert abs(ULID.from_str(one).datetime - moment) < timedelta(milliseconds=1)


async def test_collecting_the_same_again_changes_nothing(database: Database) -> None:
    document = [entry(n) for n in range(30)]
    await keep(database, source(), document)
    before = await snapshot(database)
    kept = await keep(database, source(), document, START + timedelta(days=1))
    assert (kept.item_ids, kept.changes) == ([], [])
    assert await snapshot(database) == before


async def test_what_is_read_of_known_entries_is_all_that_a_verdict_rests_on(database: Database) -> None:
    chance = random.Random(4)

    def mark(key: str) -> Mark:
        alike, title = chance.choice("ab"), chance.choice("tuv")
        dated = chance.choice(("", "2026-11-01T00:00:00+00:00", "2026-11-02T09:00:00+00:00"))
        url = chance.choice((None, "old.example/1", "new.example/1", "old.example/2", "old.example/3"))
        return Mark(chance.choice((key, f"{key} | {url}")), chance.choice("de"), url, alike, title, dated)

    for round_ in range(60):
        src = source(f"s{round_}")
        known = list({one.entry_key: one for one in (mark(chance.choice("123456")) for _ in range(6))}.values())
        new = [(Verdict(Finding.NEW, n, one), refined(entry(n))) for n, one in enumerate(known)]
        await database.keep([partial(keep_entries, source=src, entries=new, now=START)])
        every = await database.look(partial(read_known, source_id=src.id, marks=known))
        assert {one.mark for one in every} == set(known)
        shown = {one.entry_key: one for one in (mark(chance.choice("456789")) for _ in range(4))}.values()
        read = await database.look(partial(read_known, source_id=src.id, marks=shown))
        order = attrgetter("mark.entry_key")
        marked = list(enumerate(shown))
        assert judge(marked, sorted(read, key=order)) == judge(marked, sorted(every, key=order))


async def test_a_held_source_waits_and_a_trusted_one_is_public(database: Database) -> None:
    await keep(database, source("held"), [entry(1)])
    await keep(database, source("trusted", AUTO), [entry(2)])
    assert {row.source_id: row.state for row in await rows(database)} == {"held": "waiting", "trusted": "approved"}
    assert [(row.editor, row.action) for row in await rows(database, decision)] == [("rule", "approve")]


async def test_silence_is_consent_only_after_the_time_set(database: Database) -> None:
    veto = Review(ReviewMode.VETO, timedelta(hours=6))
    kept = await keep(database, source(review=veto), [entry(1)])
    (row,) = await rows(database)
    assert row.state == State.SCHEDULED
    assert kept.scheduled == [(row.id, START + timedelta(hours=6))]


async def test_new_ids_and_https_refill_nothing(database: Database) -> None:
    document = [entry(n, url=f"http://city.example/news/{n}") for n in range(10)]
    await keep(database, source(review=AUTO), document)
    renewed = [replace(e, entry_id=f"new:{n}", url=e.url.replace("http:", "https:")) for n, e in enumerate(document)]
    await keep(database, source(), renewed)
    assert len(await rows(database)) == 10
    assert {row.state for row in await rows(database)} == {"approved"}
    assert {row.url for row in await rows(database)} == {e.url for e in renewed}


async def test_an_edit_makes_a_revision_and_a_held_item_waits_again(database: Database) -> None:
    await keep(database, source(), [entry(1)])
    (row,) = await rows(database)
    async with database.write() as connection:
        await move(connection, row.id, to=State.APPROVED, action="approve", by="ana", reason="", now=START)
    await keep(database, source(), [entry(1, title="News 1, corrected")])
    (row,) = await rows(database)
    assert (row.state, row.title, row.version) == ("waiting", "News 1, corrected", 4)
    assert row.reason == "changed at its source after it was approved"
    assert [r.was["title"] for r in await rows(database, revision)] == ["News 1"]


async def test_a_trusted_sources_edit_is_shown_as_edited(database: Database) -> None:
    await keep(database, source(review=AUTO), [entry(1)])
    kept = await keep(database, source(review=AUTO), [entry(1, body_html="<p>More</p>")], START + timedelta(days=3))
    (row,) = await rows(database)
    assert (row.state, row.content_text) == ("approved", "More")
    assert row.modified_at == START + timedelta(days=3)
    assert kept.changes == [(ChangeKind.PUBLISHED, row.id)]


async def test_what_an_editor_changed_stays_over_the_sources_edit(database: Database) -> None:
    await keep(database, source(review=AUTO), [entry(1)])
    overlay = {"title": "Better", "tags": ["wind"]}
    async with database.write() as connection:
        await connection.execute(update(item).values(title="Better", overlay=overlay, original={"title": "News 1"}))
    await keep(database, source(review=AUTO), [entry(1, title="Worse", body_html="<p>New words</p>")])
    (row,) = await rows(database)
    assert (row.title, row.content_text) == ("Better", "New words")
    assert row.original["title"] == "Worse"
    assert [tag.tag for tag in await rows(database, item_tag)] == ["solar"]


async def test_a_redated_post_keeps_its_place_in_the_stream(database: Database) -> None:
    await keep(database, source(review=AUTO), [entry(1)])
    await keep(database, source(review=AUTO), [entry(1, published_at=START + timedelta(days=200))])
    (row,) = await rows(database)
    assert row.stream_at == START + timedelta(hours=1)


async def test_a_picture_with_a_new_signature_is_not_fetched_again(database: Database) -> None:
    picture = Media("https://cdn.example/a.jpg?sig=1")
    await keep(database, source(), [entry(1, media=(picture,))])
    async with database.write() as connection:
        await connection.execute(update(item).values(image="x.webp"))
    kept = await keep(database, source(), [entry(1, media=(replace(picture, url="https://cdn.example/a.jpg?sig=2"),))])
    assert kept.item_ids == []
    assert (await rows(database))[0].image == "x.webp"
    await keep(database, source(), [entry(1, media=(replace(picture, url="https://cdn.example/b.jpg"),))])
    assert (await rows(database))[0].image is None


async def test_what_the_source_deletes_is_withdrawn_and_comes_back_to_the_queue(database: Database) -> None:
    await keep(database, source(review=AUTO), [entry(1), entry(2)])
    kept = Kept()
    async with database.write() as connection:
        await withdraw_deleted(connection, source(), ["tag:1", "tag:unknown"], kept, now=START)
        await record(connection, kept.changes, now=START)
    states = {row.title: row.state for row in await rows(database)}
    assert states == {"News 1": "withdrawn", "News 2": "approved"}
    assert kept.changes[-1][0] is ChangeKind.WITHDRAWN
    await keep(database, source(), [entry(1, title="Back")])
    assert {row.title: row.state for row in await rows(database)} == {"Back": "waiting", "News 2": "approved"}


async def test_the_same_story_in_two_languages_is_joined_in_either_order(database: Database) -> None:
    english = entry(1)
    spanish = entry(2, url="https://tni.example/es/1", alternates=(Alternate("http://www.city.example/news/1/", "en"),))
    await keep(database, source("first"), [english])
    await keep(database, source("second"), [spanish])
    assert len({row.story for row in await rows(database)}) == 1
    await keep(database, source("third"), [entry(4, alternates=(Alternate("https://x.example/5"),))])
    await keep(database, source("fourth"), [entry(5, url="https://x.example/5")])
    assert len({row.story for row in await rows(database)}) == 2


async def test_an_item_that_links_two_stories_makes_them_one(database: Database) -> None:
    await keep(database, source("a"), [entry(1), entry(2)])
    bridge = entry(3, alternates=(Alternate("https://city.example/news/1"), Alternate("https://city.example/news/2")))
    await keep(database, source("b"), [bridge])
    assert len({row.story for row in await rows(database)}) == 1


async def test_the_same_story_from_twenty_sources_at_once_is_one(database: Database) -> None:
    await asyncio.gather(*(keep(database, source(f"s{n}"), [entry(1, entry_id=f"{n}")]) for n in range(20)))
    assert len(await rows(database)) == 20
    assert len({row.story for row in await rows(database)}) == 1


async def test_stories_join_within_one_batch(database: Database) -> None:
    async with database.write() as connection:
        joined = (
            await join_stories(connection, new_items({"a": ["k1"], "b": ["k2"], "c": ["k1", "k2"], "d": []}))
        ).stories
    assert joined["a"] == joined["b"] == joined["c"] != joined["d"]


async def test_changes_are_numbered_without_gaps_and_public_ones_move_the_stream(database: Database) -> None:
    await asyncio.gather(*(keep(database, source(f"s{n}"), [entry(n), entry(n + 100)]) for n in range(6)))
    async with database.read() as connection:
        changes = await read_changes(connection, after=0)
        assert await read_counter(connection, "stream") == 0
    assert [change.seq for change in changes] == list(range(1, 13))
    await keep(database, source("trusted", AUTO), [entry(50)])
    async with database.read() as connection:
        assert await read_counter(connection, "stream") == 1


async def test_hostile_text_is_kept_as_text(database: Database) -> None:
    nasty = entry(1, title="'; DROP TABLE item; --", entry_id="a\0b")
    await keep(database, source(), [nasty])
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(item)) == 1
    assert (await rows(database, sighting))[0].entry_key == "ab"
    assert refined(nasty).title == (await rows(database))[0].title


async def test_an_item_that_an_editor_scheduled_waits_again_when_its_source_changes_its_words(
    database: Database,
) -> None:
    await keep(database, source(), [entry(1)])
    (row,) = await rows(database)
    async with database.write() as connection:
        await move(
            connection, row.id, to=State.SCHEDULED, action="schedule", by="ana", reason="", now=START,
            publish_at=START + timedelta(hours=2),
        )  # fmt: skip
    await keep(database, source(), [entry(1, title="Other words")])
    (row,) = await rows(database)
    assert (row.state, row.reason) == ("waiting", "changed at its source after it was scheduled")


@pytest.mark.parametrize(
    "swapped",
    [
        {"media": (Media("https://city.example/another.jpg"),)},
        {"media": (Media("https://city.example/b/roof.jpg"),)},
        {"body_html": '<p>Body <a href="https://elsewhere.example/">of 1</a></p>'},
    ],
    ids=["another picture", "another picture of the same name", "a link to another host"],
)
async def test_a_swapped_picture_or_link_is_an_edit(database: Database, swapped: dict) -> None:
    before = entry(
        1,
        media=(Media("https://city.example/roof.jpg"),),
        body_html='<p>Body <a href="https://city.example/x">of 1</a></p>',
    )
    await keep(database, source(), [before])
    (row,) = await rows(database)
    async with database.write() as connection:
        await move(connection, row.id, to=State.APPROVED, action="approve", by="ana", reason="", now=START)
    await keep(database, source(), [replace(before, **swapped)])
    assert (await rows(database))[0].state == "waiting"


async def test_a_site_that_moves_house_with_pictures_and_links_refills_nothing(database: Database) -> None:
    old = [
        entry(
            n,
            media=(Media(f"https://old.example/{n}.jpg"),),
            url=f"https://old.example/{n}",
            body_html=f'<p><a href="https://old.example/a">{n}</a></p>',
        )
        for n in range(5)
    ]
    await keep(database, source(review=AUTO), old)
    moved = [
        replace(
            e,
            url=e.url.replace("old", "new"),
            body_html=e.body_html.replace("old", "new"),
            media=(Media(f"https://new.example/{n}.jpg"),),
        )
        for n, e in enumerate(old)
    ]
    await keep(database, source(), moved)
    assert {row.state for row in await rows(database)} == {"approved"}


async def test_a_moved_link_is_seen_by_who_has_the_old_page(database: Database) -> None:
    await keep(database, source(review=AUTO), [entry(1, url="http://city.example/news/1")])
    async with database.read() as connection:
        before = await read_counter(connection, "stream")
    await keep(database, source(review=AUTO), [entry(1, url="https://city.example/news/1")])
    async with database.read() as connection:
        assert await read_counter(connection, "stream") > before


async def test_an_editors_title_is_found_after_the_source_changes(database: Database) -> None:
    await keep(database, source(review=AUTO), [entry(1)])
    async with database.write() as connection:
        await connection.execute(
            update(item).values(title="Zuhaitza", overlay={"title": "Zuhaitza"}, original={"title": "News 1"})
        )
    await keep(database, source(review=AUTO), [entry(1, title="Changed", body_html="<p>Anything</p>")])
    assert (await rows(database))[0].search_text == "zuhaitza anything"


async def test_more_addresses_than_one_statement_takes(database: Database) -> None:
    many = {f"item-{n}": [f"key-{n}-{k}" for k in range(20)] for n in range(900)}
    async with database.write() as connection:
        joined = await join_stories(connection, new_items(many))
    assert len(set(joined.stories.values())) == 900


async def test_a_source_with_a_new_id_keeps_its_items(database: Database) -> None:
    async with database.write() as connection:
        await know_sources(connection, [source("old-id")], now=START)
    await keep(database, source("old-id"), [entry(n) for n in range(4)])
    async with database.write() as connection:
        await know_sources(connection, [source("new-id")], now=START)
    kept = await keep(database, source("new-id"), [entry(n) for n in range(5)])
    assert len(kept.item_ids) == 1
    assert {row.source_id for row in await rows(database)} == {"new-id"}


async def test_what_was_read_of_the_old_address_is_dropped_when_a_source_is_pointed_elsewhere(
    database: Database,
) -> None:
    async with database.write() as connection:
        await know_sources(connection, [source()], now=START)
        state = await read_state(connection, "city-news")
        await know_sources(connection, [source(url="https://new.example/feed")], now=START)
    with pytest.raises(CollectedMeanwhileError):
        async with database.write() as connection:
            await keep_success(connection, state, Cursor(etag='"old"'), now=START, due_at=START, has_news=False)


async def test_all_that_was_missed_is_told_however_much(database: Database) -> None:
    async with database.write() as connection:
        await record(connection, [(ChangeKind.ARRIVED, f"item-{n}") for n in range(1300)], now=START)
    async with database.read() as connection:
        assert [c.seq for c in await read_all_changes(connection, after=12)] == list(range(13, 1301))


CARD = Card("https://paper.example/a?sig=1", "A headline", "What it is about")
QUOTE = Quote("https://social.example/@ana/1", Author("Ana", "https://social.example/@ana"), "What Ana said")
EVENT = Happening(START, START + timedelta(hours=2), "Town hall")


@pytest.mark.parametrize(
    ("before", "after", "is_edit"),
    [
        ({"happening": EVENT}, {"happening": replace(EVENT, place="Library")}, True),
        ({"happening": EVENT}, {"happening": replace(EVENT, starts_at=START + timedelta(hours=1))}, True),
        ({"happening": EVENT}, {"happening": replace(EVENT, ends_at=START + timedelta(hours=3))}, True),
        ({"happening": EVENT}, {"happening": EVENT}, False),
        ({"happening": EVENT}, {"happening": None}, True),
        ({"card": CARD}, {"card": replace(CARD, url="https://paper.example/a?sig=2")}, False),
        ({"card": CARD}, {"card": replace(CARD, url="https://elsewhere.example/a")}, True),
        ({"card": CARD}, {"card": replace(CARD, title="Another headline")}, True),
        ({"card": None}, {"card": CARD}, True),
        ({"quote": QUOTE}, {"quote": replace(QUOTE, text="What Ana never said")}, True),
        ({"quote": QUOTE}, {"quote": replace(QUOTE, url="https://social.example/users/ana/1")}, False),
        ({"warning": None}, {"warning": "Loud noises"}, True),
        ({"quote": QUOTE}, {"quote": replace(QUOTE, author=Author("Ana", "https://social.example/users/ana"))}, False),
    ],
)
async def test_what_only_some_kinds_say_counts_where_readers_would_notice(
    database: Database, before: dict, after: dict, is_edit: bool
) -> None:
    await keep(database, source(), [entry(1, **before)], refine=before)
    (row,) = await rows(database)
    async with database.write() as connection:
        await move(connection, row.id, to=State.APPROVED, action="approve", by="ana", reason="", now=START)
    await keep(database, source(), [entry(1, **after, summary_html="housekeeping")], refine=after)
    (row,) = await rows(database)
    assert row.state == ("waiting" if is_edit else "approved")
    assert len(await rows(database, revision)) == is_edit


async def test_a_change_that_counts_for_nothing_is_taken_over_all_the_same(database: Database) -> None:
    await keep(database, source(), [entry(1, card=CARD)], refine={"card": CARD})
    signed = replace(CARD, url="https://paper.example/a?sig=2")
    await keep(database, source(), [entry(1, card=signed)], refine={"card": signed})
    assert (await rows(database))[0].about["card"]["url"] == signed.url


async def test_a_revision_keeps_when_and_where_it_was_to_be(database: Database) -> None:
    await keep(database, source(), [entry(1)], refine={"happening": EVENT})
    await keep(database, source(), [entry(1, title="Moved")], refine={"happening": replace(EVENT, place="Library")})
    (past,) = await rows(database, revision)
    assert (past.was["starts_at"], past.was["about"]["place"]) == (START.isoformat(), "Town hall")
