"""One story: whatever came first, whatever comes later, and whatever an editor decided."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model import Alternate, Detection, Refined
from aggregator.refine.evidence import Evidence, address_keys, key_of, kind_of
from aggregator.refine.folding import fold_and_part
from aggregator.refine.grouping import ByHand, Told, stories_of, ties_of
from aggregator.refine.identity import Finding, Verdict, marks
from aggregator.refine.likeness import text_keys
from aggregator.store.changes import read_counter, record
from aggregator.store.engine import Database, open_database
from aggregator.store.items import keep_entries
from aggregator.store.moves import UnknownItemError
from aggregator.store.stories import NothingToSplitError, join_by_hand, read_moves, split_by_hand
from aggregator.store.tables import item, sighting, story_hand, story_key
from tests.builders import AUTO, START, keep, refined, source
from tests.builders import sighting as entry
from tests.examples import examples

TEXT = (
    "the council has decided to insulate three hundred homes in the old town before winter and pays for it with money "
    "that the regional fund gives to places where many people cannot heat their flats so that nobody is left behind"
)
TEXTS = [TEXT, TEXT.replace("for it", "for all"), " ".join(TEXT.split()[::-1]), ""]


@dataclass(frozen=True)
class Said:
    """An entry as far as it bears on stories: its name, and what it shares with others."""

    name: str
    source: str
    language: str = "en"
    day: int = 0
    addresses: tuple[int, ...] = ()
    text: int = 3
    picture: int | None = None
    link: int | None = None
    page: int | None = None  # its own address, where others may have it, too

    @property
    def url(self) -> str:
        if self.page is None:
            return f"https://{self.source}.example/{self.name}"
        return f"https://city.example/{self.page}"

    @property
    def keys(self) -> tuple[int, ...]:
        kinds = ((Evidence.PICTURE, self.picture), (Evidence.LINK, self.link))
        return (
            *address_keys(f"city.example/{n}" for n in (*self.addresses, self.page) if n is not None),
            *text_keys(fold_and_part(TEXTS[self.text])[1], self.language),
            *(key_of(kind, f"{n}") for kind, n in kinds if n is not None),
        )

    @property
    def told(self) -> Told:
        at = START + timedelta(days=self.day)
        return Told(self.name, self.source, self.language, at, self.name, TEXTS[self.text], self.url)

    @property
    def refined(self) -> Refined:
        seen = entry(0, entry_id=self.name, url=self.url)
        return refined(
            seen, content_text=TEXTS[self.text], content_html=f"<p>{TEXTS[self.text]}</p>", story_keys=self.keys,
            published_at=START + timedelta(days=self.day), detection=Detection(self.language, 0.9, "test"),
        )  # fmt: skip


SAID = st.builds(
    Said,
    name=st.just(""),
    source=st.sampled_from("abc"),
    language=st.sampled_from(("en", "fr", "eu")),
    day=st.sampled_from((0, 1, 2, 9, 20)),
    addresses=st.lists(st.integers(0, 5), max_size=2, unique=True).map(tuple),
    text=st.integers(0, 3),
    picture=st.sampled_from((None, None, 1, 2)),
    link=st.sampled_from((None, None, 1, 2)),
    page=st.sampled_from((None, None, 4, 5)),
)
MANY = st.lists(SAID, min_size=2, max_size=9).map(lambda each: [replace(s, name=f"n{n}") for n, s in enumerate(each)])

Parts = frozenset[frozenset[str]]
Work = Callable[[AsyncConnection, list[Said], random.Random], Awaitable[None]]


def expected(said: Iterable[Said], by_hand: Iterable[ByHand] = ()) -> Parts:
    """The stories of all, as the one function that decides on them has it."""
    known = {one.name: one for one in said}
    owners: dict[int, list[Told]] = {}
    for one in known.values():
        for key in set(one.keys):
            owners.setdefault(key, []).append(one.told)
    ties = [tie for key, of in owners.items() for tie in ties_of(key, of)]
    groups = stories_of([one.told for one in known.values()], ties, by_hand)
    return frozenset(frozenset(told.id for told in group) for group in groups)


async def arrive(connection: AsyncConnection, batch: Sequence[Said], *, is_edit: bool = False) -> None:
    """Keep entries, those of one source at a time, as passes do."""
    for of in dict.fromkeys(one.source for one in batch):
        ids = await ids_of(connection) if is_edit else {}
        entries = []
        for place, one in enumerate(each for each in batch if each.source == of):
            ((_, mark),) = marks([entry(0, entry_id=one.name, url=one.refined.url)])
            finding = Finding.CHANGED if is_edit else Finding.NEW
            entries.append((Verdict(finding, place, mark, ids.get(one.name)), one.refined))
        kept = await keep_entries(connection, source(of), entries, now=START)
        await record(connection, kept.changes, now=START)


async def ids_of(connection: AsyncConnection) -> dict[str, str]:
    return {row.entry_id: row.id for row in await connection.execute(select(item.c.entry_id, item.c.id))}


async def parts(connection: AsyncConnection) -> Parts:
    found: dict[str, set[str]] = {}
    oldest: dict[str, str] = {}
    for row in await connection.execute(select(item.c.entry_id, item.c.story, item.c.id).order_by(item.c.id)):
        found.setdefault(row.story, set()).add(row.entry_id)
        oldest.setdefault(row.story, row.id)
    assert all(story == item_id for story, item_id in oldest.items())
    return frozenset(frozenset(names) for names in found.values())


async def by_hand(connection: AsyncConnection) -> list[ByHand]:
    names = {item_id: name for name, item_id in (await ids_of(connection)).items()}
    rows = await connection.execute(select(story_hand))
    return [ByHand(names[row.one], names[row.other], row.is_same) for row in rows]


async def empty(connection: AsyncConnection) -> None:
    for table in (story_key, story_hand, sighting, item):
        await connection.execute(delete(table))


def batches(chance: random.Random, said: Sequence[Said]) -> list[list[Said]]:
    order = chance.sample(said, len(said))
    cuts = sorted(chance.sample(range(1, len(order)), chance.randint(0, len(order) - 1)))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


async def any_order(connection: AsyncConnection, said: list[Said], chance: random.Random) -> None:
    for _ in range(2):
        await empty(connection)
        for batch in batches(chance, said):
            await arrive(connection, batch)
        assert await parts(connection) == expected(said)


async def decide(connection: AsyncConnection, chance: random.Random) -> tuple[tuple[str, ...], bool]:
    """Join or split something, and tell what now is to stay together or apart."""
    ids = await ids_of(connection)
    one, other = chance.sample(sorted(ids), 2)
    if chance.random() < 0.5:
        await join_by_hand(connection, [ids[one], ids[other]], by="ana", now=START)
        return (one, other), True
    (story,) = [names for names in await parts(connection) if one in names]
    if len(story) == 1:
        with pytest.raises(NothingToSplitError):
            await split_by_hand(connection, ids[one], by="ana", now=START)
    else:
        await split_by_hand(connection, ids[one], by="ana", now=START)
    return (one, *(story - {one})), False


async def by_hand_for_ever(connection: AsyncConnection, said: list[Said], chance: random.Random) -> None:
    half = max(2, len(said) // 2)
    await empty(connection)
    await arrive(connection, said[:half])
    for _ in range(2):
        await decide(connection, chance)
    last, is_same = await decide(connection, chance)
    known = {one.name: one for one in said[:half]}
    for batch in batches(chance, said[half:]) if len(said) > half + 1 else [said[half:]]:
        await arrive(connection, batch)
        known |= {one.name: one for one in batch}
        edited = replace(chance.choice(said), name=chance.choice(sorted(known)))
        edited = replace(edited, source=known[edited.name].source)
        await arrive(connection, [edited], is_edit=True)
        known[edited.name] = edited
    now = await parts(connection)
    assert now == expected(known.values(), await by_hand(connection))
    first, *others = last
    assert all(any({first, other} <= names for names in now) is is_same for other in others)


async def at_once(database: Database, work: Work, said: list[Said], chance: random.Random) -> None:
    """Do it in one transaction as items are kept, which on SQLite takes half the time."""
    await database.keep([lambda connection: work(connection, said, chance)])


@pytest.fixture(scope="module")
def in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """Does some work in one database for all examples: each would otherwise have every statement compiled anew."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('stories')}/one.db"
    with asyncio.Runner() as runner:
        opened = open_database(url)
        database = runner.run(opened.__aenter__())
        yield lambda work, said, seed: runner.run(at_once(database, work, said, random.Random(seed)))
        runner.run(opened.__aexit__(None, None, None))


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(MANY, st.integers(0, 2**32))
def test_the_stories_are_the_same_in_whatever_order_and_batches_items_come(
    in_sqlite: Callable[..., None], said: list[Said], seed: int
) -> None:
    in_sqlite(any_order, said, seed)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(MANY, st.integers(0, 2**32))
def test_what_an_editor_decided_stays_whatever_comes_or_is_edited(
    in_sqlite: Callable[..., None], said: list[Said], seed: int
) -> None:
    in_sqlite(by_hand_for_ever, said, seed)


def some(number: int, chance: random.Random) -> Said:
    shared = (None, 1, 2)
    return Said(
        f"n{number}", chance.choice("abc"), chance.choice(("en", "fr")), chance.choice((0, 1, 9)),
        tuple(chance.sample(range(6), chance.randint(0, 2))), chance.randint(0, 3),
        chance.choice(shared), chance.choice(shared),
    )  # fmt: skip


@pytest.mark.parametrize("work", [any_order, by_hand_for_ever])
async def test_the_same_on_each_engine(database: Database, work: Work) -> None:
    chance = random.Random(7)
    for _ in range(6):
        said = [some(n, chance) for n in range(8)]
        await at_once(database, work, said, chance)


async def test_alike_texts_of_two_sources_are_one_story_and_of_one_source_two(database: Database) -> None:
    said = [Said("a", "one", text=0), Said("b", "one", text=1), Said("c", "two", text=0)]
    async with database.write() as connection:
        await arrive(connection, said[:2])
        assert await parts(connection) == {frozenset("a"), frozenset("b")}
        await arrive(connection, said[2:])
        # The nearer in time is the same; here the first by name. The other stays what it is.
        assert await parts(connection) == {frozenset("ac"), frozenset("b")}


async def test_a_picture_of_two_languages_joins_until_it_turns_out_to_be_a_decoration(database: Database) -> None:
    async with database.write() as connection:
        await arrive(connection, [Said("a", "one", "en", picture=1), Said("b", "one", "fr", picture=1)])
        assert await parts(connection) == {frozenset("ab")}
        await arrive(connection, [Said("c", "one", "fr", 1, picture=1)])
        assert await parts(connection) == {frozenset("a"), frozenset("b"), frozenset("c")}


async def test_a_page_under_which_a_source_lists_several_entries_is_no_story_and_parts_what_it_joined(
    database: Database,
) -> None:
    async with database.write() as connection:
        await arrive(connection, [Said("a", "a", page=1), Said("b", "b", page=1), Said("c", "c", addresses=(1,))])
        assert await parts(connection) == {frozenset("abc")}
        await arrive(connection, [Said("d", "a", page=1)])
        assert await parts(connection) == {frozenset("a"), frozenset("b"), frozenset("c"), frozenset("d")}


async def test_several_posts_of_one_account_about_an_article_are_its_story(database: Database) -> None:
    async with database.write() as connection:
        await arrive(connection, [Said("a", "a", page=1), *(Said(n, "toots", addresses=(1,)) for n in "bc")])
        assert await parts(connection) == {frozenset("abc")}


async def test_what_more_than_fifty_share_is_no_evidence_and_no_more_are_counted(database: Database) -> None:
    async with database.write() as connection:
        for n in range(60):
            await arrive(connection, [Said(f"{n}", f"s{n}", addresses=(1,))])
            assert len(await parts(connection)) == (1 if n < 50 else n + 1)
        owners = (await connection.execute(select(story_key))).all()
    assert len(owners) == 51


async def test_what_an_editor_took_out_does_not_draw_newcomers_away(database: Database) -> None:
    async with database.write() as connection:
        await arrive(connection, [Said(name, name, addresses=(1,)) for name in "abc"])
        ids = await ids_of(connection)
        (oldest, first), *others = sorted((item_id, name) for name, item_id in ids.items())
        # The story was named after the one that leaves it.
        assert await split_by_hand(connection, oldest, by="ana", now=START) == tuple(item_id for item_id, _ in others)
        await arrive(connection, [Said("d", "d", addresses=(1,))])
        assert await parts(connection) == {frozenset(first), frozenset("abcd") - {first}}


async def test_a_later_decision_about_a_pair_counts(database: Database) -> None:
    async with database.write() as connection:
        await arrive(connection, [Said(name, name, addresses=(1,)) for name in "abc"])
        ids = await ids_of(connection)
        await split_by_hand(connection, ids["c"], by="ana", now=START)
        await join_by_hand(connection, [ids["c"], ids["a"]], by="ana", now=START)
        assert await parts(connection) == {frozenset("abc")}
        assert await join_by_hand(connection, [ids["c"], ids["a"]], by="ana", now=START) == ()
        await split_by_hand(connection, ids["c"], by="ana", now=START)
        assert await parts(connection) == {frozenset("ab"), frozenset("c")}


async def test_what_is_unknown_or_alone_is_refused_and_nothing_is_kept(database: Database) -> None:
    async with database.write() as connection:
        await arrive(connection, [Said("a", "a")])
        ids = await ids_of(connection)
        with pytest.raises(UnknownItemError):
            await join_by_hand(connection, [ids["a"], "nobody"], by="ana", now=START)
        with pytest.raises(UnknownItemError):
            await split_by_hand(connection, "nobody", by="ana", now=START)
        with pytest.raises(NothingToSplitError):
            await split_by_hand(connection, ids["a"], by="ana", now=START)
        assert await by_hand(connection) == []


async def test_a_new_address_of_an_item_takes_it_to_another_story(database: Database) -> None:
    await keep(database, source("a"), [entry(1), entry(2)])
    await keep(database, source("b"), [entry(3, alternates=(Alternate("https://city.example/news/1"),))])
    await keep(database, source("b"), [entry(3, alternates=(Alternate("https://city.example/news/2"),))])
    async with database.read() as connection:
        assert await parts(connection) == {frozenset({"tag:1"}), frozenset({"tag:2", "tag:3"})}


async def test_the_stream_changes_with_its_stories(database: Database) -> None:
    await keep(database, source("a", AUTO), [entry(1), entry(2)])
    async with database.read() as connection:
        before = await read_counter(connection, "stream")
    # Waits, and is not seen; but what it makes one story is.
    bridge = entry(3, alternates=(Alternate("https://city.example/news/1"), Alternate("https://city.example/news/2")))
    await keep(database, source("b"), [bridge])
    async with database.write() as connection:
        assert await read_counter(connection, "stream") == before + 1
        ids = await ids_of(connection)
        moved = await split_by_hand(connection, ids["tag:2"], by="ana", now=START)
        assert moved == (ids["tag:2"],)
        assert [kind.value for kind, _ in await read_moves(connection, moved)] == ["item-changed", "item-published"]


async def test_two_sources_that_keep_the_same_story_at_the_same_time_see_each_other(database: Database) -> None:
    alike = [Said(f"n{n}", f"s{n}", text=0) for n in range(12)]

    async def one(said: Said) -> None:
        async with database.write() as connection:
            await arrive(connection, [said])

    await asyncio.gather(*map(one, alike))
    async with database.read() as connection:
        assert len(await parts(connection)) == 1
        keys = (await connection.execute(select(story_key.c.key))).scalars()
        assert {kind_of(key) for key in keys} == {Evidence.TEXT}
