"""What a document comes to is the same however and wherever its entries were looked at."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collectors.contract import Collected
from aggregator.machine import Machine
from aggregator.model import Document, Kind, Sighting, Source
from aggregator.pickled import Packed
from aggregator.refine import refine
from aggregator.refine.batch import (
    FEW,
    MOST,
    MOST_CHARACTERS,
    Frame,
    ReadEntries,
    pack_tags,
    read_and_consider,
    refine_entries,
)
from aggregator.refine.identity import Finding, judge, marks
from aggregator.store.items import keep_entries
from aggregator.store.sources import Cursor
from aggregator.thinking import Thinker, Thoughts
from tests.builders import START, sighting, source
from tests.collectors.way_out import ReadHere

URL = "https://city.example/feed"


class CountingReader(ReadHere):
    """Counts the ways to the other process."""

    def __init__(self) -> None:
        self.ways = 0

    async def run(self, function, *arguments):
        self.ways += 1
        return await super().run(function, *arguments)


@pytest.fixture
def reader() -> CountingReader:
    return CountingReader()


@pytest.fixture
def thinker(machine: Machine, reader: CountingReader) -> Thinker:
    return replace(machine.shop.thinker, outside=replace(machine.outside, reader=reader))


@pytest.fixture
def held(machine: Machine) -> Source:
    found = machine.configuration.source("held")
    assert found
    return found


def just(document: Document, _body: bytes) -> Document:
    """A reading that always reads the same."""
    return document


def entries(count: int, **values: object) -> list[Sighting]:
    return [
        sighting(n, body_html=f'<p>Solar panels on roof {n}, <a href="/{n}">more</a></p>', **values)
        for n in range(count)
    ]


async def read(thinker: Thinker, source: Source, seen: Sequence[Sighting], *, is_first: bool = False) -> Document:
    way_out = thinker.way_out(source, is_first=is_first)
    return await way_out.read(functools.partial(just, Document(tuple(seen), "rss", language="en")), b"", url=URL)


async def think(thinker: Thinker, source: Source, document: Document, *, is_first: bool = False) -> Thoughts:
    return await thinker.think(source, Collected(document, Cursor(), URL), is_first=is_first)


async def keep(machine: Machine, source: Source, thoughts: Thoughts) -> None:
    async with machine.database.write() as connection:
        await keep_entries(connection, source, thoughts.entries, now=machine.now())


@pytest.mark.parametrize("count", [0, 1, FEW, FEW + 1, MOST, MOST + 1, 2 * MOST + 1])
async def test_entries_that_were_thought_about_as_they_were_read_come_to_the_same(
    machine: Machine, thinker: Thinker, held: Source, count: int
) -> None:
    seen = entries(count)
    for is_first in (True, False):
        along = await think(thinker, held, await read(thinker, held, seen, is_first=is_first), is_first=is_first)
        later = await think(thinker, held, Document(tuple(seen), "rss", language="en"), is_first=is_first)
        assert along == later
        assert [refined for _, refined in along.entries] == [
            refine(
                one, source=replace(held, token=None), base_url=URL, feed_language="en",
                tagger=machine.sources.tagger, now=machine.now(),
            )
            for one in seen
        ]  # fmt: skip


async def test_a_first_look_is_one_way_and_unpacks_nothing_here(
    thinker: Thinker, reader: CountingReader, held: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await read(thinker, held, entries(MOST), is_first=True)
    monkeypatch.setattr(Packed, "_unpacked", lambda _: pytest.fail("an entry was looked at"))
    assert len((await think(thinker, held, document, is_first=True)).entries) == MOST
    assert reader.ways == 1


async def test_entries_of_a_first_look_stay_where_they_were_read_unless_they_are_too_many(
    thinker: Thinker, held: Source
) -> None:
    document = await read(thinker, held, entries(MOST), is_first=True)
    assert (len(document.entries), bool(document.entries)) == (MOST, True)
    assert f"{MOST} entries" in repr(document)
    for look in (lambda: document.entries[0], lambda: list(document.entries), lambda: document.entries == ()):
        with pytest.raises(LookupError, match="stayed where they were read"):
            look()
    for count, is_first in ((0, True), (MOST + 1, True), (FEW, False), (FEW + 1, False)):
        seen = entries(count)
        assert (await read(thinker, held, seen, is_first=is_first)).entries == tuple(seen)


async def test_only_what_is_new_or_changed_is_refined(
    machine: Machine, thinker: Thinker, reader: CountingReader, held: Source
) -> None:
    seen = entries(20)
    await keep(machine, held, await think(thinker, held, await read(thinker, held, seen, is_first=True), is_first=True))
    reader.ways = 0
    same = await think(thinker, held, await read(thinker, held, seen))
    assert (list(same.entries), len(same.present), reader.ways) == ([], 20, 1)
    seen = [sighting(99), replace(seen[0], title="Corrected"), *seen[1:]]
    for document in (await read(thinker, held, seen), Document(tuple(seen), "rss", language="en")):
        thoughts = await think(thinker, held, document)
        found = [(verdict.finding, refined.title, refined.entry_id) for verdict, refined in thoughts.entries]
        assert found == [(Finding.NEW, "News 99", "tag:99"), (Finding.CHANGED, "Corrected", "tag:0")]


async def test_what_is_kept_is_wanted_though_its_new_words_are_not(
    machine: Machine, thinker: Thinker, held: Source
) -> None:
    held = replace(held, match_any=("solar",))
    kept = entries(FEW)
    await keep(machine, held, await think(thinker, held, await read(thinker, held, kept)))
    now = [sighting(n, body_html="<p>Wind</p>") for n in range(FEW - 1)] + [sighting(50, body_html="<p>Wind</p>")]
    thoughts = await think(thinker, held, await read(thinker, held, now))
    assert [verdict.finding for verdict, _ in thoughts.entries] == [Finding.CHANGED] * (FEW - 1)


async def test_what_was_thought_is_thought_again_where_the_document_turned_out_to_be_another(
    thinker: Thinker, held: Source
) -> None:
    document = await read(thinker, held, entries(2))
    elsewhere = Collected(document, Cursor(), "https://town.example/feed")
    thoughts = await thinker.think(held, elsewhere)
    assert all("https://town.example/" in refined.content_html for _, refined in thoughts.entries)
    spanish = replace(document, language="es")
    assert await think(thinker, held, spanish, is_first=True) == await think(
        thinker, held, Document(tuple(entries(2)), "rss", language="es"), is_first=True
    )
    films = replace(document, entries=tuple(replace(entry, kind=Kind.VIDEO) for entry in document.entries))
    thoughts = await think(thinker, held, films, is_first=True)
    assert {refined.kind for _, refined in thoughts.entries} == {Kind.VIDEO}


async def test_very_long_entries_are_not_refined_with_the_reading(thinker: Thinker, held: Source) -> None:
    seen = [sighting(1, body_html="Solar " * (MOST_CHARACTERS // 6 + 1))]
    document = await read(thinker, held, seen, is_first=True)
    assert isinstance(document.entries, ReadEntries)
    assert not document.entries.considered.answers
    assert len((await think(thinker, held, document, is_first=True)).entries) == 1


async def test_a_kind_that_makes_others_of_its_entries_has_them_read_alone(thinker: Thinker, held: Source) -> None:
    document = await read(thinker, replace(held, kind="youtube"), entries(2), is_first=True)
    assert not isinstance(document.entries, ReadEntries)


texts = st.text(max_size=20)
any_entries = st.lists(
    st.builds(
        Sighting,
        entry_id=st.sampled_from(["", "a", "b"]),
        url=st.sampled_from([None, "https://x.example/1", "/2", "not a url"]),
        title=st.none() | texts,
        body_html=texts,
        hidden=st.sampled_from([None, None, "private"]),
    ),
    max_size=6,
)


@given(any_entries, st.booleans())
def test_what_is_told_of_entries_is_theirs(seen: list[Sighting], is_first: bool) -> None:
    src = source(match_any=("a",))
    frame = Frame(src, URL, "en", pack_tags(()), (), START)
    reading = functools.partial(just, Document(seen, "rss", language="en"))
    document = read_and_consider(replace(frame, feed_language=None), is_first, reading, b"")
    assert isinstance(document.entries, ReadEntries)
    assert len(document.entries) == len(seen)
    assert (is_first and document.entries) or document.entries == tuple(seen)
    considered = document.entries.considered
    assert considered.marked == marks(seen)
    for verdict in judge(considered.marked, []):
        answer = considered.answer(frame, verdict)
        assert answer is None or [answer] == refine_entries(frame, seen, [(verdict.place, False)])
        assert (answer is None) == (len(considered.marked) > FEW and not is_first)
        assert considered.answer(replace(frame, base_url=None), verdict) is None


async def test_a_process_is_made_ready(machine: Machine) -> None:
    await machine.get_ready()
    assert {"aggregator.refine.batch", "aggregator.documents.feeds.reading"} <= await machine.outside.reader.run(loaded)


def loaded() -> set[str]:
    """What the process that runs this has imported."""
    return set(sys.modules)
