"""Each story has one row in a walk through the stream, in the language that is preferred, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, select, update

from aggregator.model import State
from aggregator.store.engine import Database, open_database
from aggregator.store.moves import move
from aggregator.store.place import LONGEST_CURSOR, MOST_LENT, MOST_PINNED, Place, read_place, write_place
from aggregator.store.stream import StreamFilters, StreamItem, read_page
from aggregator.store.tables import decision, item
from aggregator.store.versions import choose_version
from tests.builders import START
from tests.examples import examples

ALL = StreamFilters()


def values(number: int, story: str, **changed: Any) -> dict[str, Any]:
    """An item's row; a greater number is newer."""
    at = changed.pop("at", START + timedelta(hours=number))
    row = {
        "id": f"01J{number:06}", "source_id": "news", "partner_id": "city", "kind": "article", "state": State.APPROVED,
        "reason": "", "entry_id": str(number), "url": f"https://city.example/{number}", "title": f"News {number}",
        "summary": "", "content_html": "", "content_text": "", "search_text": f"news {number}", "authors": [],
        "language": "en", "confidence": 1.0, "language_evidence": "", "published_at": at, "collected_at": at,
        "stream_at": at, "public_at": at, "decided_at": at, "overlay": {}, "original": {}, "translations": {},
        "story": story,
    }  # fmt: skip
    return {**row, **changed}


async def keep(database: Database, *rows: dict[str, Any]) -> None:
    async with database.write() as connection:
        for row in rows:
            await connection.execute(insert(item).values(**row))
            if row["state"] == State.APPROVED:
                said = {"at": START, "editor": "rule", "action": "approve", "to_state": State.APPROVED}
                await connection.execute(insert(decision).values(item_id=row["id"], **said))


async def walk(
    database: Database, filters: StreamFilters = ALL, *, limit: int = 3, prefer: Sequence[str] = ()
) -> list[StreamItem]:
    seen: list[StreamItem] = []
    cursor = None
    while True:
        async with database.read() as connection:
            page = await read_page(connection, filters, limit=limit, cursor=cursor, prefer=prefer)
        seen += page.items
        if not (cursor := page.next_cursor):
            return seen


async def set_state(database: Database, item_id: str, state: State) -> None:
    async with database.write() as connection:
        await move(connection, item_id, to=state, action="test", by="ana", reason="", now=START + timedelta(days=99))


def shown(seen: Sequence[StreamItem]) -> list[str]:
    return [str(each.title) for each in seen]


async def test_a_story_is_one_row_at_the_place_of_its_newest_item(database: Database) -> None:
    await keep(
        database,
        values(1, "a", partner_id="tni"),
        values(2, "b"),
        values(3, "a", kind="post"),
        values(4, "c"),
        values(5, "a", state=State.WAITING),
    )
    seen = await walk(database)
    assert shown(seen) == ["News 4", "News 1", "News 2"]
    assert [(other.item, other.partner) for other in seen[1].also_on] == [("01J000003", "city")]
    assert seen[0].also_on == ()


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        pytest.param((), "News 1", id="nobody asks: the article that was first"),
        pytest.param(("eu",), "News 4", id="the visitor's language, though it is a post"),
        pytest.param(("es",), "News 2", id="the first article in it"),
        pytest.param(("pt",), "News 5", id="a region of the language"),
        pytest.param(("pt-PT",), "News 5", id="another region of it"),
        pytest.param(("de", "es"), "News 2", id="the second language, where there is none in the first"),
        pytest.param(("de",), "News 1", id="a language that there is not"),
        pytest.param(("hr", "eu"), "News 3", id="one that an editor translated it into"),
    ],
)
async def test_a_row_shows_the_version_that_is_preferred(
    database: Database, prefer: tuple[str, ...], expected: str
) -> None:
    await keep(
        database,
        values(1, "a"),
        values(2, "a", language="es"),
        values(3, "a", language="es", translations={"hr": {"title": "Vijest", "summary": None, "by": "editor"}}),
        values(4, "a", language="eu", kind="post"),
        values(5, "a", language="pt-BR"),
        values(6, "b", language="fr"),
    )
    assert shown(await walk(database, prefer=prefer)) == ["News 6", expected]


async def test_a_version_that_does_not_fit_the_filters_is_not_shown_but_named(database: Database) -> None:
    await keep(database, values(1, "a", language="eu"), values(2, "a", language="es"), values(3, "a", language="fr"))
    (row,) = await walk(database, StreamFilters(lang=("es", "fr")), prefer=("eu",))
    assert row.title == "News 2"
    assert [other.language for other in row.also_on] == ["eu", "fr"]


async def test_what_is_in_the_rows_language_is_named_first(database: Database) -> None:
    for number, language in enumerate(("es", "en", "eu", "es", "en")):
        await keep(database, values(number, "a", language=language))
    (row,) = await walk(database)
    assert row.language == "es"
    assert [other.language for other in row.also_on] == ["es", "en", "en", "eu"]


async def test_what_an_editor_pinned_stands_for_its_story_and_the_story_comes_once(database: Database) -> None:
    await keep(
        database,
        values(1, "a"),
        values(2, "a", kind="post", pinned_at=START),
        values(3, "a", pinned_at=START - timedelta(hours=1)),
        values(4, "b"),
        values(5, "a"),
        values(6, "b", language="es"),
    )
    for limit in (1, 2, 3, 10):
        seen = await walk(database, limit=limit)
        assert shown(seen) == ["News 3", "News 4"]
        assert [each.pinned for each in seen] == [True, False]


async def test_a_pinned_story_is_shown_in_the_visitors_language_and_stays_pinned(database: Database) -> None:
    await keep(database, values(1, "a", language="eu"), values(2, "b"), values(3, "a", pinned_at=START))
    for limit in (1, 10):
        seen = await walk(database, limit=limit, prefer=("eu",))
        assert shown(seen) == ["News 1", "News 2"]
        assert [each.pinned for each in seen] == [True, False]


async def test_a_story_whose_newest_item_is_withdrawn_comes_at_its_next_one(database: Database) -> None:
    await keep(database, values(1, "a", kind="post"), *(values(n, f"s{n}") for n in range(2, 6)), values(6, "a"))
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=2)
    assert shown(page.items) == ["News 6", "News 5"]
    await set_state(database, "01J000006", State.REJECTED)
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=9, cursor=page.next_cursor)
    assert shown(page.items) == ["News 4", "News 3", "News 2", "News 1"]


async def test_what_was_shown_at_its_storys_place_does_not_come_again_at_its_own(database: Database) -> None:
    """Not even where the item that gave the place is withdrawn."""
    rows = (values(n, f"s{n}") for n in range(2, 6))
    await keep(database, values(1, "a"), *rows, values(6, "a", kind="post"), values(0, "a", kind="post"))
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=2)
    assert shown(page.items) == ["News 1", "News 5"]
    await set_state(database, "01J000006", State.REJECTED)
    seen: list[str] = []
    cursor = page.next_cursor
    while cursor:
        async with database.read() as connection:
            page = await read_page(connection, ALL, limit=2, cursor=cursor)
        seen += shown(page.items)
        cursor = page.next_cursor
    assert seen == ["News 4", "News 3", "News 2"]


@pytest.mark.parametrize("is_new", [True, False], ids=["published", "let in again"])
async def test_what_is_let_in_where_the_walk_has_passed_takes_nobodys_row(database: Database, is_new: bool) -> None:
    late = values(5, "s1", state=State.APPROVED if is_new else State.WITHDRAWN)
    await keep(database, *(values(n, f"s{n}") for n in (1, 2, 3, 7, 8, 9)), *([] if is_new else [late]))
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=4)
    assert shown(page.items) == ["News 9", "News 8", "News 7", "News 3"]
    await (keep(database, late) if is_new else set_state(database, late["id"], State.APPROVED))
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=4, cursor=page.next_cursor)
    assert shown(page.items) == ["News 2", "News 1"]
    assert [other.item for other in page.items[1].also_on] == [late["id"]]


async def test_what_is_let_in_further_on_does_not_show_its_storys_item_a_second_time(database: Database) -> None:
    await keep(database, *(values(n, f"s{n}") for n in (1, 2, 3, 7, 8)))
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=2)
    await keep(database, values(5, "s3", kind="post"))
    async with database.read() as connection:
        page = await read_page(connection, ALL, limit=5, cursor=page.next_cursor)
    assert shown(page.items) == ["News 5", "News 3", "News 2", "News 1"]


async def test_more_versions_than_a_cursor_can_carry_still_come_once(database: Database) -> None:
    count = MOST_LENT + 15
    await keep(database, *(values(n, f"s{n}") for n in range(count)))
    await keep(database, *(values(1000 + n, f"s{n}", kind="post") for n in range(count)))
    seen = await walk(database, limit=count - 1)
    assert len({each.story for each in seen}) == len(seen) == count
    kinds = [each.kind for each in seen]
    assert kinds.count("article") >= MOST_LENT


async def test_sqlite_looks_a_storys_items_up_by_their_story_and_pins_by_being_pinned(tmp_path: Path) -> None:
    """By their state it would read nearly all that there are."""
    asked: list[tuple[str, Any]] = []
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/mpower.db") as database:
        await keep(database, *(values(n, f"s{n % 4}") for n in range(12)))

        @event.listens_for(database.reader.sync_engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
            asked.append((statement, parameters))

        await walk(database, limit=2)
        by_story = [(said, given_) for said, given_ in asked if "story = " in said or "story IN " in said]
        assert len(by_story) >= 6
        async with database.read() as connection:
            for said, given_ in by_story:
                plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given_)
                assert any("USING INDEX ix_item_story (story=?)" in row[3] for row in plan), said
            ((said, given_),) = [pair for pair in asked if "pinned_at IS NOT NULL" in pair[0]]
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given_)
            assert any("USING INDEX ix_item_pinned_at" in row[3] for row in plan), said


LANGUAGES = ("en", "es", "eu", "pt-BR")
ITEM = st.fixed_dictionaries(
    {
        "story": st.sampled_from("abcdef"),
        "kind": st.sampled_from(("article", "post", "event")),
        "language": st.sampled_from(LANGUAGES),
        "partner_id": st.sampled_from(("city", "tni")),
        "state": st.sampled_from((State.APPROVED,) * 4 + (State.WAITING,)),
        "pinned_at": st.sampled_from((None,) * 6 + (START, START + timedelta(hours=1))),
        "at": st.integers(0, 9).map(lambda hours: START + timedelta(hours=hours)),
    }
)
ITEMS = st.lists(ITEM, min_size=1, max_size=14)
FILTERS = st.sampled_from(
    (ALL, ALL, StreamFilters(partner=("tni",)), StreamFilters(lang=("en", "pt")), StreamFilters(kind=("post",)))
)
PREFER = st.lists(st.sampled_from(("en", "es", "eu", "pt", "de")), max_size=2, unique=True)
MANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30), deadline=None)


def rows_of(drawn: Sequence[dict[str, Any]], first: int = 0) -> list[dict[str, Any]]:
    """An item that waits is not pinned."""
    pinned = [each["pinned_at"] if each["state"] == State.APPROVED else None for each in drawn]
    return [values(first + n, **{**each, "pinned_at": pinned[n]}) for n, each in enumerate(drawn)]


async def empty(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(delete(item))


def fits(row: dict[str, Any], filters: StreamFilters) -> bool:
    return (
        (not filters.partner or row["partner_id"] in filters.partner)
        and (not filters.kind or row["kind"] in filters.kind)
        and (not filters.lang or row["language"].split("-")[0] in filters.lang)
    )


@dataclass(frozen=True)
class Told:
    """An item as `choose_version` sees it."""

    id: str
    kind: str
    language: str
    published_at: Any
    pinned_at: Any
    translations: Any = field(default_factory=dict)


@MANY
@given(drawn=ITEMS, filters=FILTERS, prefer=PREFER, limit=st.integers(1, 6))
async def test_a_quiet_walk_shows_every_story_once_in_its_place(
    database: Database, drawn: list[dict[str, Any]], filters: StreamFilters, prefer: list[str], limit: int
) -> None:
    await empty(database)
    rows = rows_of(drawn)
    await keep(database, *rows)
    public = [row for row in rows if row["state"] == State.APPROVED]
    stories: dict[str, list[dict[str, Any]]] = {}
    for row in public:
        if fits(row, filters):
            stories.setdefault(row["story"], []).append(row)

    def place(story: str) -> Any:
        pins = [row for row in stories[story] if row["pinned_at"]]
        newest = max((row["stream_at"], row["id"]) for row in stories[story])
        first = min(((-row["pinned_at"].timestamp(), row["id"]) for row in pins), default=(0.0, ""))
        return (not pins, first, -newest[0].timestamp(), [-ord(c) for c in newest[1]])

    expected = []
    for story in sorted(stories, key=place):
        versions = [Told(r["id"], r["kind"], r["language"], r["published_at"], r["pinned_at"]) for r in stories[story]]
        expected.append(choose_version(versions, prefer).id)
    seen = await walk(database, filters, limit=limit, prefer=prefer)
    assert [each.id for each in seen] == expected
    for each in seen:
        others = {row["id"] for row in public if row["story"] == each.story} - {each.id}
        assert {other.item for other in each.also_on} == others


MEANWHILE = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), ITEM),
        st.tuples(st.sampled_from(("withdraw", "approve", "pin", "unpin")), st.integers(0, 30)),
        st.tuples(st.just("join"), st.sampled_from("abcdef"), st.sampled_from("abcdef")),
    ),
    max_size=3,
)


@MANY
@given(
    drawn=ITEMS, filters=FILTERS, prefer=PREFER,
    steps=st.lists(st.tuples(st.integers(1, 4), MEANWHILE), min_size=1, max_size=8),
)  # fmt: skip
async def test_a_walk_tells_each_story_once_whatever_happens_meanwhile(
    database: Database,
    drawn: list[dict[str, Any]],
    filters: StreamFilters,
    prefer: list[str],
    steps: list[tuple[int, list[Any]]],
) -> None:
    """Published, withdrawn, let in again, pinned and joined between two pages."""
    await empty(database)
    rows = rows_of(drawn)
    await keep(database, *rows)
    always = {row["id"]: row["story"] for row in rows if row["state"] == State.APPROVED and fits(row, filters)}
    ids = [row["id"] for row in rows]
    seen: list[StreamItem] = []
    cursor = None
    while True:
        limit, meanwhile = steps.pop(0) if steps else (5, [])
        async with database.read() as connection:
            page = await read_page(connection, filters, limit=limit, cursor=cursor, prefer=prefer)
        seen += page.items
        if not (cursor := page.next_cursor):
            break
        for what, *how in meanwhile:
            await happen(database, what, how, ids, always)
    told = [each.id for each in seen if each.id in always]
    assert len(told) == len(set(told))
    per_story = [always[item_id] for item_id in told]
    assert len(per_story) == len(set(per_story))
    async with database.read() as connection:
        now = {row.id: row.story for row in await connection.execute(select(item.c.id, item.c.story))}
    named = {other.item for each in seen for other in each.also_on} | {each.id for each in seen}
    stories = {now[each.id] for each in seen}
    assert {item_id for item_id in always if item_id not in named and now[item_id] not in stories} == set()


async def happen(database: Database, what: str, how: list[Any], ids: list[str], always: dict[str, str]) -> None:
    if what == "publish":
        (row,) = rows_of(how, len(ids))
        await keep(database, row)
        ids.append(row["id"])
    elif what == "join":
        async with database.write() as connection:
            await connection.execute(update(item).where(item.c.story == how[0]).values(story=how[1]))
    elif what in {"withdraw", "approve"}:
        item_id = ids[how[0] % len(ids)]
        if what == "withdraw":
            always.pop(item_id, None)
        async with database.read() as connection:
            state = await connection.scalar(select(item.c.state).where(item.c.id == item_id))
        if (state == State.APPROVED) == (what == "withdraw"):
            await set_state(database, item_id, State.WITHDRAWN if what == "withdraw" else State.APPROVED)
    else:
        item_id = ids[how[0] % len(ids)]
        async with database.write() as connection:
            pin = update(item).where(item.c.id == item_id, item.c.state == State.APPROVED)
            await connection.execute(pin.values(pinned_at=START if what == "pin" else None))


def test_no_more_can_be_lent_than_fits_an_address() -> None:
    ids = [values(n, "a")["id"].ljust(26, "0") for n in range(MOST_PINNED + MOST_LENT)]
    pins, lent = ids[:MOST_PINNED], ids[MOST_PINNED:]
    place = Place(
        pins=pins, shown=MOST_PINNED, at=START + timedelta(microseconds=1), id=ids[0], since=2**63 - 1, lent=lent
    )
    assert len(write_place(place)) <= LONGEST_CURSOR
    assert read_place(write_place(place)) == place
    with pytest.raises(ValueError, match="at most"):
        read_place(write_place(place.model_copy(update={"lent": [*lent, "x"]})))
