"""A calendar on a real server: read when it changed and once a day, and never put back to what it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from aggregator.collectors import KINDS, RULES
from aggregator.collectors.contract import Collected
from aggregator.errors import DocumentError, FetchError, SettingsError
from aggregator.model import Configuration
from aggregator.sourcesfile import parse_sources
from aggregator.store.sources import Cursor, read_states
from aggregator.store.tables import item
from tests.builders import source
from tests.collectors.outside import open_outside
from tests.conftest import Clock
from tests.documents.icals import calendar, event
from tests.partner import PartnerSite

KIND = KINDS["calendar"]
WEEKLY = event(
    "w", ":20261130T180000Z", "RRULE:FREQ=WEEKLY", "SUMMARY:Repair evening", "URL:https://city.example/repair"
)


def fair(*lines: str, start: str = ":20261201T180000Z") -> str:
    return event("fair", start, "SUMMARY:Energy fair", "URL:https://city.example/fair", *lines)


async def look(site: PartnerSite, clock: Clock, cursor: Cursor | None = None) -> Collected:
    async with open_outside(clock) as outside:
        return await KIND.collect(source(kind="calendar", url=f"{site.url}/agenda.ics"), cursor or Cursor(), outside)


def titles(collected: Collected) -> list[str | None]:
    assert collected.document
    return [entry.title for entry in collected.document.entries]


async def test_a_calendar_is_asked_for_changes_and_read_once_a_day_all_the_same(
    site: PartnerSite, clock: Clock
) -> None:
    site.put("/agenda.ics", calendar(WEEKLY, fair()), "text/calendar")
    first = await look(site, clock)
    assert len(titles(first)) == 14
    again = await look(site, clock, first.cursor)
    assert (again.document, again.cursor) == (None, first.cursor)
    clock.forward(days=7)
    week_later = await look(site, clock, again.cursor)
    assert week_later.document
    assert len(week_later.document.entries) == 15
    assert [status for _, status in site.asked] == [200, 304, 200]


async def test_an_older_version_never_takes_the_place_of_a_newer_one(site: PartnerSite, clock: Clock) -> None:
    cursor, seen = Cursor(), []
    for sequence, title in ((1, "One"), (3, "Three"), (2, "Two"), (3, "Three again"), (4, "Four")):
        site.put("/agenda.ics", calendar(event("a", ":20261201T180000Z", f"SEQUENCE:{sequence}", f"SUMMARY:{title}")))
        collected = await look(site, clock, cursor)
        cursor = collected.cursor
        seen += titles(collected)
        assert collected.document
        assert collected.document.is_window is (title != "Two")
    assert seen == ["One", "Three", "Three again", "Four"]


async def test_an_old_copy_does_not_call_off_an_event_that_is_on_again(site: PartnerSite, clock: Clock) -> None:
    cursor, deleted = Cursor(), []
    for lines in (
        ("SEQUENCE:1", "STATUS:CANCELLED"),
        ("SEQUENCE:2",),
        ("SEQUENCE:1", "STATUS:CANCELLED"),
        ("SEQUENCE:3", "STATUS:CANCELLED"),
    ):
        site.put("/agenda.ics", calendar(fair(*lines)))
        collected = await look(site, clock, cursor)
        cursor = collected.cursor
        assert collected.document
        deleted.append(collected.document.deleted)
    assert deleted == [("fair",), (), (), ("fair",)]


async def test_of_the_same_sequence_the_later_change_counts(site: PartnerSite, clock: Clock) -> None:
    cursor, seen = Cursor(), []
    for modified in ("20261101T100000Z", "20261103T100000Z", "20261102T100000Z"):
        site.put("/agenda.ics", calendar(fair(f"LAST-MODIFIED:{modified}")))
        collected = await look(site, clock, cursor)
        cursor = collected.cursor
        seen.append(len(titles(collected)))
    assert seen == [1, 1, 0]


async def test_webcal_is_https(clock: Clock) -> None:
    async with open_outside(clock) as outside:
        with pytest.raises(FetchError, match=r"127\.0\.0\.1:9"):
            await KIND.collect(source(kind="calendar", url="webcal://127.0.0.1:9/a.ics"), Cursor(), outside)


async def test_a_page_instead_of_a_calendar_is_said_so(site: PartnerSite, clock: Clock) -> None:
    site.put("/agenda.ics", "<!doctype html><title>Sign in</title>", "text/html")
    with pytest.raises(DocumentError, match="web page"):
        await look(site, clock)


def parse(url: str, more: str = "") -> Configuration:
    return parse_sources(
        f'[stream]\ntitle = "T"\nlanguages = ["en"]\n[[partner]]\nid = "city"\nname = "City"\n'
        f'[[source]]\nid = "a"\npartner = "city"\nkind = "calendar"\nurl = "{url}"\n{more}',
        name="sources.toml",
        kinds=RULES,
    )


@pytest.mark.parametrize(
    "url", ["https://city.example/a.ics", "http://city.example/a.ics", "webcal://city.example/a.ics"]
)
def test_a_calendars_address_fits(url: str) -> None:
    assert parse(url, 'vanished = "withdraw"').sources[0].url == url


UNFIT = {
    "a page of Google's": ("https://calendar.google.com/calendar/embed?src=x", "Public address in iCal format"),
    "another page of Google's": ("https://calendar.google.com/calendar/u/0?cid=x", "Public address in iCal format"),
    "a page of Outlook's": ("https://outlook.office365.com/owa/calendar/a/b/calendar.html", "ends in .ics"),
    "mail": ("imaps://city.example/a", "begins with https:// or http:// or webcal://"),
}


@pytest.mark.parametrize(("url", "words"), UNFIT.values(), ids=UNFIT)
def test_an_address_that_does_not_fit_is_named_with_the_cure(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse(url)


@pytest.fixture
def agenda(machine, site: PartnerSite) -> PartnerSite:
    """The machine's trusted source is a calendar."""
    path = machine.settings.sources
    old = f'kind = "feed"\nurl = "{site.url}/trusted"'
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, f'kind = "calendar"\nurl = "{site.url}/agenda.ics"'))
    site.publish([])
    return site


async def events(machine) -> list:
    async with machine.database.read() as connection:
        states = await read_states(connection)
        assert states["trusted"].problem is None
        return (await connection.execute(select(item).order_by(item.c.starts_at))).all()


async def test_a_moved_event_is_an_edit_of_its_item(machine, agenda, work_off, clock) -> None:
    agenda.put("/agenda.ics", calendar(fair("LOCATION:Town hall", "SEQUENCE:1")))
    await work_off()
    (before,) = await events(machine)
    assert (before.kind, before.about["place"], f"{before.starts_at:%d %H}") == ("event", "Town hall", "01 18")
    for number, lines in enumerate((("LOCATION:Library",), ("LOCATION:Library", "DTEND:20261201T200000Z")), start=2):
        agenda.put("/agenda.ics", calendar(fair(*lines, f"SEQUENCE:{number}")))
        clock.forward(hours=1)
        await work_off()
        (row,) = await events(machine)
        assert (row.id, row.version, row.about["place"]) == (before.id, number, "Library")
    agenda.put("/agenda.ics", calendar(fair("LOCATION:Town hall", "SEQUENCE:1")))
    clock.forward(hours=1)
    await work_off()
    assert (await events(machine))[0].about["place"] == "Library"


async def test_a_cancelled_event_is_withdrawn(machine, agenda, work_off, clock) -> None:
    agenda.put("/agenda.ics", calendar(fair()))
    await work_off()
    agenda.put("/agenda.ics", calendar(fair("STATUS:CANCELLED")))
    clock.forward(hours=1)
    await work_off()
    assert [row.state for row in await events(machine)] == ["withdrawn"]


async def test_each_week_brings_one_evening_more_and_changes_none(machine, agenda, work_off, clock) -> None:
    agenda.put("/agenda.ics", calendar(WEEKLY))
    await work_off()
    before = {row.entry_id: (row.id, row.version, row.starts_at) for row in await events(machine)}
    assert len({row.story for row in await events(machine)}) == len(before) == 13
    for weeks in range(1, 4):
        clock.forward(days=7)
        await work_off()
        rows = await events(machine)
        assert len(rows) == 13 + weeks
        assert {row.entry_id: (row.id, row.version, row.starts_at) for row in rows}.items() >= before.items()
