"""New, changed, renamed or known: what a feed may do to its ids without refilling the queue."""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Alternate, Author, Card, Happening, Kind, Media, Quote, Sighting
from aggregator.refine.identity import ALIKE_CHARACTERS, Finding, KnownEntry, Mark, judge, marks

DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)


def entries(count: int) -> list[Sighting]:
    return [
        Sighting(
            entry_id=f"https://city.example/?p={n}",
            url=f"https://city.example/news/{n}",
            title=f"Post {n}",
            body_html=f"<p>What happened on day {n}.</p>",
            published_at=DAY + timedelta(days=n),
        )
        for n in range(count)
    ]


def keep(sightings: list[Sighting]) -> list[KnownEntry]:
    return [KnownEntry(mark, f"item-{n}") for n, (_, mark) in enumerate(marks(sightings))]


def findings(sightings: list[Sighting], known: list[KnownEntry]) -> list[Finding]:
    return [verdict.finding for verdict in judge(marks(sightings), known)]


def test_the_same_again_is_known() -> None:
    assert set(findings(entries(5), keep(entries(5)))) == {Finding.KNOWN}


def test_one_more_is_new_and_an_edit_is_a_change() -> None:
    known = keep(entries(2))
    first, second, third = entries(3)
    edited = replace(first, title="Post 0, corrected")
    assert findings([edited, second, third], known) == [Finding.CHANGED, Finding.KNOWN, Finding.NEW]


def test_new_ids_overnight_bring_nothing_back() -> None:
    known = keep(entries(20))
    renamed = [replace(entry, entry_id=f"urn:uuid:{n}") for n, entry in enumerate(entries(20))]
    verdicts = judge(marks(renamed), known)
    assert {verdict.finding for verdict in verdicts} == {Finding.KNOWN}
    assert [verdict.item_id for verdict in verdicts] == [f"item-{n}" for n in range(20)]
    assert all(verdict.was_key for verdict in verdicts)


def test_a_move_to_https_with_new_ids_brings_nothing_back() -> None:
    known = keep([replace(entry, url=entry.url.replace("https", "http")) for entry in entries(5)])
    moved = [replace(entry, entry_id=entry.url) for entry in entries(5)]
    assert Finding.NEW not in findings(moved, known)


def test_a_move_to_another_host_with_new_ids_brings_nothing_back() -> None:
    known = keep(entries(5))
    moved = [replace(e, entry_id=f"new-{n}", url=e.url.replace("city", "town")) for n, e in enumerate(entries(5))]
    assert Finding.NEW not in findings(moved, known)


def test_an_old_post_with_a_new_date_is_a_change() -> None:
    redated = [replace(entry, published_at=DAY + timedelta(days=300)) for entry in entries(3)]
    assert set(findings(redated, keep(entries(3)))) == {Finding.CHANGED}


def test_entries_that_all_link_to_the_front_page_are_told_apart() -> None:
    front = [replace(entry, url="https://city.example/") for entry in entries(4)]
    assert findings(front[1:], keep(front[:3])) == [Finding.KNOWN, Finding.KNOWN, Finding.NEW]


def test_entries_that_all_have_one_id_are_told_apart() -> None:
    same = [replace(entry, entry_id="urn:feed") for entry in entries(4)]
    assert len(marks(same)) == 4
    assert findings(same, keep(same[:3])) == [Finding.KNOWN] * 3 + [Finding.NEW]


def test_an_entry_that_shared_its_id_is_known_when_it_stands_alone() -> None:
    same = [replace(entry, entry_id="urn:feed") for entry in entries(3)]
    verdict = judge(marks(same[1:2]), keep(same))[0]
    assert (verdict.finding, verdict.item_id) == (Finding.KNOWN, "item-1")


def test_the_same_id_twice_in_one_document_is_one_entry() -> None:
    first, _ = entries(2)
    assert len(marks([first, first])) == 1


def test_entries_without_any_id_are_known_by_address_and_words() -> None:
    bare = [replace(entry, entry_id="") for entry in entries(3)]
    assert set(findings(bare, keep(bare))) == {Finding.KNOWN}
    wordless = [Sighting(entry_id="", title=f"Note {n}") for n in range(3)]
    assert len(marks(wordless)) == 3


def test_an_id_of_a_megabyte_is_kept_short_and_stable() -> None:
    huge = Sighting(entry_id="x" * 1_000_000, title="Huge")
    (_, mark), (_, again) = marks([huge])[0], marks([huge])[0]
    assert mark == again
    assert len(mark.entry_key) < 600


def test_a_mark_is_what_databases_hold_already() -> None:
    """Another digest for the same words would refine every entry of an installation again after an upgrade."""
    sighting = Sighting(
        entry_id="https://city.example/?p=7",
        url="https://www.city.example/news/7/",
        title="  Heat\n for\xa0all",
        body_html="<p>It's <b>warm</b> \\ é ’</p>\n<p>again</p>",
        authors=(Author("Ana Ž"),),
        categories=("heat",),
        media=(Media("https://city.example/a.jpg", "image/jpeg", width=3),),
        alternates=(Alternate("https://city.example/eu/7", "eu"),),
        published_at=DAY,
        kind=Kind.POST,
    )
    assert marks([sighting])[0][1] == Mark(
        entry_key="https://city.example/?p=7",
        digest="56839c6626b4619ee048fc57e59babac",
        url_key="city.example/news/7",
        alike_key="75224d217450b65713880a8129544aa1",
        title_key="6418d47c23edadb1960a2f235b0ee8e2",
        dated="2026-11-01T09:00:00+00:00",
    )


SAYING_MORE = {
    "url": "https://city.example/2",
    "title": "Other",
    "body_html": "Other",
    "summary_html": "Other",
    "language": "eu",
    "authors": (Author("Ana", "https://ana.example/"),),
    "categories": ("heat",),
    "media": (Media("https://city.example/a.jpg"),),
    "alternates": (Alternate("https://city.example/eu/1", "eu"),),
    "published_at": DAY + timedelta(days=99),
    "updated_at": DAY + timedelta(days=99),
    "kind": Kind.POST,
    "hashtags": ("heat",),
    "card": Card("https://city.example/3"),
    "quote": Quote("https://city.example/3"),
    "boosted_by": Author("Ana"),
    "reply_to": "1",
    "warning": "loud",
    "is_sensitive": True,
    "hidden": "its author's wish",
    "happening": Happening(DAY, DAY),
}


def test_whatever_else_an_entry_says_changes_its_digest_but_for_its_id() -> None:
    assert SAYING_MORE.keys() == {field.name for field in fields(Sighting)} - {"entry_id"}
    (entry,) = entries(1)
    told = [entry, *(replace(entry, **{name: value}) for name, value in SAYING_MORE.items())]
    told.append(replace(entry, authors=(Author("Ana"),)))
    digests = {mark.digest for one in told for _, mark in marks([one])}
    assert len(digests) == len(told)
    assert marks([replace(entry, entry_id="another")])[0][1].digest in digests


markup = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<", ">", "<a href='x>'>", " ", "  ", "\n", "\xa0", "\x85", "\u2003", "word", "é", "ß"]
    )
    | st.text(max_size=5),
    max_size=20,
).flatmap(lambda pieces: st.integers(1, 60).map(lambda times: "".join(pieces) * times))


@given(markup)
def test_an_entry_is_alike_by_its_first_words_without_markup(text: str) -> None:
    words = re.sub("<[^>]*>?", " ", text).split() or text.split()
    title_key, beginning = hashed("a title"), " ".join(words)[:ALIKE_CHARACTERS]
    (_, mark), *_ = marks([Sighting("a", title="A \xa0 title", body_html=text)])
    assert (mark.title_key, mark.alike_key) == (title_key, hashed(title_key, beginning, ""))
    (_, untitled), *_ = marks([Sighting("a", summary_html=text)])
    assert untitled.title_key == hashed(" ".join(beginning.split()).casefold())


def hashed(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


texts = st.text(max_size=20)
sightings = st.builds(
    Sighting,
    entry_id=st.sampled_from(["", "a", "b", "c"]),
    url=st.sampled_from([None, "https://x.example/1", "http://x.example/1/", "https://x.example/2", "not a url"]),
    title=st.none() | texts,
    body_html=texts,
    published_at=st.none() | st.just(DAY),
)


@given(st.lists(sightings, max_size=12))
def test_collecting_the_same_again_never_finds_anything_new(document: list[Sighting]) -> None:
    first = marks(document)
    known = [KnownEntry(mark, f"item-{n}") for n, (_, mark) in enumerate(first)]
    again = judge(marks(document), known)
    assert all(verdict.finding is Finding.KNOWN and not verdict.was_key for verdict in again)


@given(st.lists(sightings, max_size=10), st.lists(sightings, max_size=10))
def test_no_item_is_claimed_by_two_entries(before: list[Sighting], after: list[Sighting]) -> None:
    known = [KnownEntry(mark, f"item-{n}") for n, (_, mark) in enumerate(marks(before))]
    claimed = [verdict.item_id for verdict in judge(marks(after), known) if verdict.item_id]
    assert len(claimed) == len(set(claimed))


@given(st.lists(sightings, max_size=10), st.lists(sightings, max_size=10))
def test_keys_after_a_pass_are_one_an_entry(before: list[Sighting], after: list[Sighting]) -> None:
    """Renaming never makes two kept entries of a source share a key: the database would refuse it."""
    kept = {mark.entry_key: f"item-{n}" for n, (_, mark) in enumerate(marks(before))}
    known = [KnownEntry(mark, kept[mark.entry_key]) for _, mark in marks(before)]
    for verdict in judge(marks(after), known):
        if verdict.was_key:
            assert verdict.mark.entry_key not in kept
            kept[verdict.mark.entry_key] = kept.pop(verdict.was_key)
        elif verdict.finding is Finding.NEW:
            assert verdict.mark.entry_key not in kept
            kept[verdict.mark.entry_key] = "new"


def test_another_event_on_the_same_page_is_a_new_entry() -> None:
    events = [
        Sighting(
            f"event-{n}",
            "https://city.example/events",
            f"Event {n}",
            f"<p>{n}</p>",
            published_at=DAY + timedelta(days=n),
        )
        for n in range(2)
    ]
    assert findings(events[1:], keep(events[:1])) == [Finding.NEW]


# What a site may do to its old posts, alone and together


def rich(count: int) -> list[Sighting]:
    """As WordPress has them: links and pictures of their own site in every body."""
    return [
        replace(
            entry,
            entry_id=f"http://city.example/?p={n}",
            url=f"http://city.example/news/post-{n}",
            body_html=f"<p>What happened on day {n}. <a href='http://city.example/about'>About us</a>"
            f"<img src='http://city.example/{n}.jpg'></p>",
        )
        for n, entry in enumerate(entries(count))
    ]


def told_anew(entry: Sighting, old: str, new: str) -> Sighting:
    return replace(
        entry,
        entry_id=entry.entry_id.replace(old, new),
        url=(entry.url or "").replace(old, new),
        body_html=entry.body_html.replace(old, new),
    )


DOINGS = {
    "renews its guids": lambda entry, n: replace(entry, entry_id=f"urn:uuid:{n}"),
    "takes its addresses for guids": lambda entry, _n: replace(entry, entry_id=entry.url),
    "loses its guids": lambda entry, _n: replace(entry, entry_id=""),
    "moves to https": lambda entry, _n: told_anew(entry, "http:", "https:"),
    "moves to another host": lambda entry, _n: told_anew(entry, "city", "www.town"),
    "dates old posts to today": lambda entry, _n: replace(entry, published_at=DAY + timedelta(days=300)),
    "mistakes its time zone": lambda entry, _n: replace(
        entry, published_at=entry.published_at and entry.published_at + timedelta(hours=2)
    ),
    "forgets its dates": lambda entry, _n: replace(entry, published_at=None),
    "shows whole texts": lambda entry, _n: replace(entry, body_html=f"<h2>At last</h2>{entry.body_html}<p>All of it."),
}


@given(st.lists(st.sampled_from(sorted(DOINGS)), max_size=6), st.integers(1, 8), st.randoms(use_true_random=False))
def test_nothing_that_a_site_does_to_its_old_posts_refills_the_queue(doings: list[str], count: int, random) -> None:
    document = list(enumerate(rich(count)))
    known = keep(rich(count))
    for doing in doings:
        document = [(n, DOINGS[doing](entry, n)) for n, entry in document]
    random.shuffle(document)
    verdicts = judge(marks([entry for _, entry in document]), known)
    assert [verdict.item_id for verdict in verdicts] == [f"item-{n}" for n, _ in document]


@given(st.lists(st.sampled_from(sorted(DOINGS)), max_size=6))
def test_a_new_post_among_old_ones_that_changed_is_still_new(doings: list[str]) -> None:
    document, known = rich(6), keep(rich(5))
    for doing in doings:
        document = [DOINGS[doing](entry, n) for n, entry in enumerate(document)]
    findings_ = [verdict.finding for verdict in judge(marks(document), known)]
    assert [finding is Finding.NEW for finding in findings_] == [False] * 5 + [True]


def test_a_site_that_is_rebuilt_at_other_addresses_is_known_by_titles_and_dates() -> None:
    rebuilt = [
        replace(entry, entry_id=f"new-{n}", url=f"https://town.example/{n}", body_html=f"<div>Rebuilt, day {n}</div>")
        for n, entry in enumerate(rich(5))
    ]
    assert Finding.NEW not in findings(rebuilt, keep(rich(5)))


def test_a_call_that_is_repeated_every_month_is_new_every_month() -> None:
    def call(month: int) -> Sighting:
        return Sighting(
            f"call-{month}",
            f"https://city.example/2026/{month}/monthly-meeting",
            "Monthly meeting",
            "<p>Come to our monthly meeting at the town hall.</p>",
            published_at=datetime(2026, month, 1, 18, tzinfo=UTC),
        )

    assert findings([call(10), call(9)], keep([call(9), call(8)])) == [Finding.NEW, Finding.KNOWN]
    assert findings([call(10)], keep([call(9)])) == [Finding.NEW]


def test_notices_of_one_day_under_one_title_are_told_apart() -> None:
    notices = [
        Sighting(
            f"n-{n}", f"https://city.example/notice/{n}", "Notice", f"<p>Street {n} is closed.</p>", published_at=DAY
        )
        for n in range(4)
    ]
    assert findings(notices[2:], keep(notices[:2])) == [Finding.NEW, Finding.NEW]


def test_an_edit_of_one_of_many_notices_without_ids_on_one_page_is_a_change() -> None:
    midnight = DAY.replace(hour=0)
    notices = [
        Sighting("", "https://city.example/notices", f"Notice {n}", f"<p>Street {n}</p>", published_at=midnight)
        for n in range(4)
    ]
    edited = [replace(notices[0], body_html="<p>Street 0 and 1</p>"), *notices[1:]]
    assert findings(edited, keep(notices)) == [Finding.CHANGED, Finding.KNOWN, Finding.KNOWN, Finding.KNOWN]


def test_where_ids_hold_another_id_is_another_entry_however_alike() -> None:
    market = Sighting("market-1", "https://city.example/market", "Market day", "<p>With music.</p>")
    verdicts = judge(marks([replace(market, entry_id="market-2")]), keep([market]), ids_hold=True)
    assert [verdict.finding for verdict in verdicts] == [Finding.NEW]


def test_pictures_without_words_are_told_apart() -> None:
    pictures = [Sighting("", body_html=f"<img src='https://city.example/{n}.jpg'>") for n in range(3)]
    assert len(marks(pictures)) == 3
