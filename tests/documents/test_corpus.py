"""Real recordings and hostile files, read in place: nothing of them is copied here. Skipped where they are not."""

from __future__ import annotations

import calendar
import functools
import html
import json
import pickle
import re
import socket
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import feedparser
import pytest

from aggregator.documents import fields
from aggregator.documents.datestrings import FIRST_YEAR, LAST_YEAR
from aggregator.documents.feeds.reading import read_feed
from aggregator.errors import DocumentError
from aggregator.model import Document

pytestmark = pytest.mark.corpus

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
BASE = "https://partner.example/a/feed/"
SECONDS = 30  # of CPU time: a hang, not a speed
MOST_BYTES = 20_000_000

# Where feedparser errs: what the first entry really says.
RIGHT_DATES = {
    "rss-parser__test-input-uolNoticias.xml": "2018-09-24T22:42:40Z",
    "rsparser__Tests-RSParserTests-Resources-kc0011.xml": "2020-01-10T14:33:00Z",
    "rss-parser__er-src-commonTest-resources-feed-image-enclosure.xml": "2022-11-22T12:16:00Z",
    "rss-parser__mmonTest-resources-feed-test-hindi-channel-image.xml": "2021-01-29T16:42:00Z",
    # From its <time datetime="…">.
    "rss-parser__ssparser-src-commonTest-resources-feed-test-time.xml": "2019-05-03T19:21:28Z",
}
# Nested deeper than any feed; feedparser reads it in a second and more.
REFUSED_ALTHOUGH_WELL_FORMED = {"own_deep-nesting.xml"}


def lines(name: str) -> list[dict[str, Any]]:
    path = CORPUS / name
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def expectations() -> dict[str, str]:
    path = CORPUS / "MANIFEST.tsv"
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return {row[0]: row[-1] for row in rows}


EXPECTED = {line["file"]: line for line in lines("expected.jsonl")}
FEEDPARSER = {line["file"]: line["feedparser_6.0.14"] for line in lines("hostile_feedparser.jsonl")}
NOTES = expectations()
XML = [file for file in EXPECTED if not file.endswith(".json")]
SOUND = [file for file in XML if not EXPECTED[file]["bozo"]]
JSON = [file for file in EXPECTED if file.endswith(".json")]
HOSTILE = sorted(f"hostile/{path.name}" for path in (CORPUS / "hostile").glob("*"))


def files(names: list[str]) -> pytest.MarkDecorator:
    """One test a file, or one that is skipped with the reason."""
    reason = pytest.mark.skip(reason="../shared/corpus is not here")
    return pytest.mark.parametrize(
        "file", names or [pytest.param("", marks=reason)], ids=lambda name: name.rpartition("/")[2]
    )


def body(file: str) -> bytes:
    raw = (CORPUS / file).read_bytes()
    if file.endswith(".gz"):
        # As a server's Content-Encoding is undone, up to a limit.
        try:
            return zlib.decompressobj(wbits=31).decompress(raw, MOST_BYTES)
        except zlib.error:
            return raw
    return raw


@functools.cache
def reading(file: str) -> Document:
    return read_feed(body(file), url=BASE)


def read_or_none(file: str) -> Document | None:
    try:
        return reading(file)
    except DocumentError:
        return None


def words(text: str | None, *, is_html: bool) -> str:
    """What one reads: without markup where it is markup, and with single spaces."""
    text = text or ""
    return " ".join((html.unescape(re.sub(r"<[^>]*>", "", text)) if is_html else text).split())


def moment(entry: dict[str, Any]) -> datetime | None:
    """The date that feedparser understood: published, else updated, else created; None out of range."""
    parsed = (dict.get(entry, f"{key}_parsed") for key in ("published", "updated", "created"))
    first = next((value for value in parsed if value), None)
    if not first or not FIRST_YEAR <= first[0] <= LAST_YEAR:
        return None
    return datetime.fromtimestamp(calendar.timegm(first), UTC)


def address(entry: dict[str, Any]) -> str | None:
    """The link of feedparser as a web address; the guid that it takes for one where there is none must be whole."""
    link = dict.get(entry, "link") or ""
    is_guid = dict.get(entry, "guidislink") and link == dict.get(entry, "id")
    joined = urljoin(BASE, link) if link and not is_guid else link
    return joined if joined.startswith(("http://", "https://")) else None


@files(SOUND)
def test_a_well_formed_feed_says_what_feedparser_reads(file: str) -> None:
    # Neither cleaning nor resolving changes ids, links, dates or the words of a title, and both take their time.
    oracle = feedparser.parse(body(file), sanitize_html=False, resolve_relative_uris=False)
    document = reading(file)
    wrong = " ".join(EXPECTED[file]["feedparser_wrong"])
    assert document.format == oracle.version
    assert len(document.entries) == len(oracle.entries) == EXPECTED[file]["n_entries"]
    for ours, theirs in zip(document.entries, oracle.entries, strict=True):
        is_html = theirs.get("title_detail", {}).get("type") != "text/plain"
        assert ours.entry_id == (dict.get(theirs, "id") or "")
        assert words(ours.title, is_html=False) == words(theirs.get("title"), is_html=is_html)
        if "link" not in wrong:
            assert ours.url == address(theirs)
        if "date" not in wrong:
            assert (ours.published_at or ours.updated_at) == moment(theirs)


@files(SOUND)
def test_the_first_entry_of_a_well_formed_feed_is_as_recorded(file: str) -> None:
    recorded = EXPECTED[file]
    wrong = " ".join(recorded["feedparser_wrong"])
    entries = reading(file).entries
    if not entries:
        assert recorded["n_entries"] == 0
        return
    date = entries[0].published_at or entries[0].updated_at
    written = date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else None
    assert entries[0].entry_id == (recorded["first_id"] or "")
    assert words(entries[0].title, is_html=False) in {
        words(recorded["first_title"], is_html=yes) for yes in (True, False)
    }
    if "link" in wrong:
        assert entries[0].url != recorded["first_link"]
    else:
        assert entries[0].url == (urljoin(BASE, recorded["first_link"]) if recorded["first_link"] else None)
    if "date" in wrong:
        assert written == RIGHT_DATES[file.rpartition("/")[2]]
    elif not (recorded["first_date_utc"] or "").startswith("1-01-01"):
        assert written == recorded["first_date_utc"]


@files([file for file in XML if EXPECTED[file]["bozo"]])
def test_an_ill_formed_feed_loses_nothing(file: str) -> None:
    document = reading(file)
    recorded = EXPECTED[file]
    assert len(document.entries) >= recorded["n_entries"]
    assert document.entries[0].entry_id == (recorded["first_id"] or "")
    assert words(document.entries[0].title, is_html=False) == words(recorded["first_title"], is_html=True)


def test_dates_that_feedparser_cannot_read_are_read() -> None:
    if not EXPECTED:
        pytest.skip("../shared/corpus is not here")
    for name, date in RIGHT_DATES.items():
        first = reading(f"feeds/{name}").entries[0]
        assert first.published_at == datetime.fromisoformat(date), name


@files(JSON)
def test_a_json_feed_gives_all_its_items(file: str) -> None:
    document = reading(file)
    assert document.format.startswith("json")
    assert len(document.entries) == EXPECTED[file]["raw_items"]
    for entry in document.entries:
        assert entry.entry_id
        assert entry.url
        assert entry.body_html
        assert entry.published_at


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a document made us open a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@files(HOSTILE)
def test_a_hostile_file_is_read_or_refused_and_nothing_else(file: str, no_network: None) -> None:
    reading.cache_clear()
    started = time.process_time()
    document = read_or_none(file)
    assert time.process_time() - started < SECONDS
    if document is None:
        return
    said = repr(document)
    said.encode("utf-8")
    pickle.dumps(document)
    assert "root:x:0" not in said
    assert len(document.entries) <= fields.MAX_ENTRIES
    for entry in document.entries:
        assert not re.fullmatch(r"&\w+;", entry.title or "")
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", entry.body_html + (entry.title or ""))
        addresses = [entry.url, *(one.url for one in entry.media), *(one.url for one in entry.alternates)]
        assert all(url.startswith(("http://", "https://")) for url in addresses if url)


@files([f for f in FEEDPARSER if not FEEDPARSER[f].get("bozo", 1) and FEEDPARSER[f].get("n")])
def test_what_is_only_odd_loses_nothing(file: str) -> None:
    document = read_or_none(file)
    if file.rpartition("/")[2] in REFUSED_ALTHOUGH_WELL_FORMED:
        assert document is None
    else:
        assert document is not None
        assert len(document.entries) == min(FEEDPARSER[file]["n"], fields.MAX_ENTRIES)


@files([file for file, note in NOTES.items() if re.search(r"title is exactly", note)])
def test_the_letters_are_right_whatever_encoding_they_came_in(file: str) -> None:
    exactly = re.search(r"title is exactly: (.*?) \(or flagged", NOTES[file])
    document = read_or_none(file)
    assert document is not None
    assert exactly is not None
    assert document.entries[0].title == exactly[1]


@files(
    [
        file
        for file in HOSTILE
        if re.search(
            r"own_(truncated|billion|quadratic|xxe|zero|whitespace|html-login|maintenance|pdf|json-error)", file
        )
    ]
)
def test_what_is_cut_short_or_a_bomb_or_no_feed_is_refused(file: str) -> None:
    assert read_or_none(file) is None


def test_the_dates_of_the_hostile_corpus_are_what_they_should_be() -> None:
    path = CORPUS / "hostile/own_dates.expected.json"
    if not path.exists():
        pytest.skip("../shared/corpus is not here")
    document = reading("hostile/own_dates.xml")
    for case, entry in zip(json.loads(path.read_text("utf-8")), document.entries, strict=True):
        exact = re.match(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", case["expected"])
        if exact:
            assert entry.published_at == datetime.fromisoformat(exact[0]).replace(tzinfo=UTC), case
        elif case["expected"].startswith(("invalid", "ambiguous")) or not case["expected"]:
            assert entry.published_at is None, case
