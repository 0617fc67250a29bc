"""Which pages an export has: the same rows as the live stream, cut so that a change stays where it happens."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from aggregator.model import State
from aggregator.store.engine import Database
from aggregator.store.stream import StreamFilters, read_page
from aggregator.store.tables import item
from aggregator.store.whole import Outline, read_items, read_outlines, snapshot
from tests.builders import START
from tests.web.exports import fill
from web.export.names import file_name, is_safe
from web.export.plan import REACH, Entry, Page, cut_pages, order_stories, plan_listings


def pages_of(ids: list[str]) -> dict[str, Page]:
    return {page.name: page for page in cut_pages((), [Entry(item_id, is_pinned=False) for item_id in ids])}


def ids_of(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=26)) for _ in range(count)]


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 150), st.data())
def test_one_more_or_less_changes_its_page_and_at_most_those_beside_it(
    seed: int, count: int, data: st.DataObject
) -> None:
    ids = ids_of(count, seed)
    place = data.draw(st.integers(0, count))
    others = [*ids[:place], "01M6B5CJM01W64YND3KAQF000M", *ids[place:]]
    before, after = pages_of(ids), pages_of(others)
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    # Cuts move where the new one has a say: within its reach. A page before these has a link to the next one.
    assert len(changed) <= 8
    for name in changed:
        for pages, sequence in ((before, ids), (after, others)):
            if name in pages and pages[name].next in (before.keys() & after.keys()) | {None}:
                at = [sequence.index(entry.id) for entry in pages[name].entries]
                assert not at or (min(at) <= place + REACH + 1 and max(at) >= place - 4 * REACH - 60)


@given(st.integers(0, 10_000), st.integers(0, 200))
def test_pages_hold_every_row_once_in_order_and_none_is_short(seed: int, count: int) -> None:
    ids = ids_of(count, seed)
    pages = cut_pages((), [Entry(item_id, is_pinned=False) for item_id in ids])
    assert [entry.id for page in pages for entry in page.entries] == ids
    assert [page.next for page in pages] == [*(page.name for page in pages[1:]), None]
    if len(pages) > 1:
        assert min(len(page.entries) for page in pages) >= REACH
    # A new item at the top leaves all pages but the first as they are.
    more = cut_pages((), [Entry(item_id, is_pinned=False) for item_id in [*ids_of(1, seed + 1), *ids]])
    assert {page.name: page for page in pages[1:]}.items() <= {page.name: page for page in more}.items()


def outline(n: int, **values: object) -> Outline:
    moment = START + timedelta(hours=n)
    defaults = {
        "id": f"{n:026}", "story": f"{n:026}", "stream_at": moment, "published_at": moment, "pinned_at": None, "kind": "article",
        "language": "en", "partner": "city", "pictures": (), "translations": frozenset(), "tags": (),
    }  # fmt: skip
    return Outline(**{**defaults, **values})


def test_of_a_story_that_is_pinned_twice_the_later_pin_has_the_row() -> None:
    pin = START + timedelta(days=1)
    outlines = [
        outline(1, story="a", pinned_at=pin),
        outline(2, pinned_at=pin + timedelta(1)),
        outline(3, story="a", pinned_at=pin + timedelta(2)),
        outline(4),
    ]
    pinned, others = order_stories(outlines, ("en",))
    assert [int(entry.id) for entry in pinned] == [
        1,
        2,
    ]  # the version that was published first, in the later pin's place
    assert [int(entry.id) for entry in others] == [4]


async def test_each_list_has_the_rows_of_the_live_stream_in_its_order(database: Database) -> None:
    await fill(database)
    async with database.read() as connection:
        outlines = await read_outlines(connection)
        listings = plan_listings(outlines, "en")
        assert {listing.path for listing in listings} >= {"stream", "language/eu", "tag/solar", "partner/tni"}
        for listing in listings:
            filters = StreamFilters()
            if listing.kind != "stream":
                filters = StreamFilters(**{{"language": "lang"}.get(listing.kind, listing.kind): (listing.of,)})
            live = await read_page(connection, filters, limit=100, prefer=(listing.language,))
            entries = [entry for page in listing.pages for entry in page.entries]
            assert [(entry.id, entry.is_pinned) for entry in entries] == [(i.id, i.pinned) for i in live.items]
            items = await read_items(connection, [entry.id for entry in entries])
            for shown in live.items:
                if not shown.pinned:
                    assert items[shown.id] == shown


@pytest.mark.parametrize(
    "hostile", ["../../up", "..", ".", "", "/etc/passwd", "a/b", "con", "index", "a\\b", "a.b", "A", "é", "\ud800", "x" * 200, "a b"]
)  # fmt: skip
def test_no_id_leads_out_of_the_folder_or_to_another_file(hostile: str) -> None:
    name = file_name(hostile)
    assert is_safe(f"item/{name}.html")
    assert name not in {file_name(other) for other in ("a", "up", "01M6B5CJM01W64YND3KAQF000M")}
    assert file_name(name) != name  # so that no other id can take the name


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", ".git/config", "a//b", "a/", "", "a\\b", "a/b/c/d/e", "x\n"])
def test_no_other_path_is_written_or_removed(path: str) -> None:
    assert not is_safe(path)


async def test_what_is_decided_while_it_is_read_does_not_mix_into_it(database: Database) -> None:
    await fill(database, 9)
    async with snapshot(database) as connection:
        outlines = await read_outlines(connection)
        async with database.write() as writing:
            await writing.execute(update(item).values(state=State.WITHDRAWN, title="Later"))
        items = await read_items(connection, [outline.id for outline in outlines])
    assert len(items) == len(outlines) == 12
    assert "Later" not in {shown.title for shown in items.values()}
