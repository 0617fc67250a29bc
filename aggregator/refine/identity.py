"""Decides which entries are new, changed, renamed or known. Thinks only; what is known comes in, a plan goes out.

An entry is known by its own id. Where that fails, because a feed renews its ids or moves house, it is known by its
address, then by its place on another host, then by its words and date: so old posts do not come back as new ones. What
says the same as an old post at another place and on another day is a new one: a meeting is called every month.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from aggregator.model import Sighting
from aggregator.pickled import quickly_made
from aggregator.refine.links import url_key

ALIKE_CHARACTERS = 200
# The first words of nearly every text are within so many characters of its markup.
_FIRST_LOOK = 400
_TAG = re.compile(r"<[^>]*>?")
_BEHIND_HOST = re.compile(r"[/?#].*", re.DOTALL)
_BEFORE_WORDS = re.compile(r"(?:\s*<[^>]*>)*\s*")
_SELDOM = (
    "language", "media", "alternates", "kind", "hashtags", "card", "quote", "boosted_by", "reply_to", "warning",
    "is_sensitive", "hidden", "happening",
)  # fmt: skip
# What an entry says that most entries say nothing in, and how that looks.
_SAID_SELDOM = attrgetter(*_SELDOM)
_NOTHING = _SAID_SELDOM(Sighting(""))


class Finding(StrEnum):
    """What an entry is to us."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"


@quickly_made
@dataclass(frozen=True, slots=True)
class Mark:
    """What an entry is recognised by. `digest` changes with anything that it says; `dated` is empty without a date."""

    entry_key: str
    digest: str
    url_key: str | None
    alike_key: str
    title_key: str
    dated: str


@quickly_made
@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry of the source that is kept already."""

    mark: Mark
    item_id: str


@quickly_made
@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about one entry, which stands at that place in its document, counted from 0.

    `was_key` is the key it had before, where that is another one.
    """

    finding: Finding
    place: int
    mark: Mark
    item_id: str | None = None
    was_key: str | None = None


def marks(sightings: Sequence[Sighting]) -> list[tuple[int, Mark]]:
    """The place and the mark of each entry; of those that are the same thing twice, of the first.

    Some feeds give all entries one id: there the address is part of the key.
    """
    # Each step is taken for all of them before the next one, as `refine_all` does, and for the same reason.
    links = [url_key(sighting.url) for sighting in sightings]
    digests = [_digest(sighting) for sighting in sightings]
    beginnings = [_beginning(sighting) for sighting in sightings]
    dates = [_dated(sighting) for sighting in sightings]
    title_keys = list(map(_title_key, sightings, beginnings, dates))
    alike_keys = list(map(_hash, title_keys, beginnings, dates))
    keys = _entry_keys(sightings, links, alike_keys)
    marked: dict[str, tuple[int, Mark]] = {}
    for place, mark in enumerate(map(Mark, keys, digests, links, alike_keys, title_keys, dates)):
        marked.setdefault(mark.entry_key, (place, mark))
    return list(marked.values())


def _entry_keys(sightings: Sequence[Sighting], links: Sequence[str | None], alike_keys: Sequence[str]) -> Iterator[str]:
    ambiguous = _ambiguous_ids(sightings)
    for sighting, link, alike in zip(sightings, links, alike_keys, strict=True):
        if not sighting.entry_id:
            yield _short(f"{link or ''} | {alike}")
        elif sighting.entry_id in ambiguous:
            yield _short(f"{sighting.entry_id} | {link or alike}")
        else:
            yield _short(sighting.entry_id)


def _ambiguous_ids(sightings: Sequence[Sighting]) -> set[str]:
    """The ids that stand for more than one address."""
    ids = Counter([sighting.entry_id for sighting in sightings])
    if len(ids) == len(sightings):
        return set()
    pairs = {(sighting.entry_id, sighting.url) for sighting in sightings}
    return {entry_id for entry_id, count in Counter([entry_id for entry_id, _ in pairs]).items() if count > 1}


def judge(marked: Sequence[tuple[int, Mark]], known: Iterable[KnownEntry], *, ids_hold: bool = False) -> list[Verdict]:
    """Compare a document's entries with what is known of its source, in the document's order.

    Where `ids_hold`, another id is another entry, however alike the two are.
    """
    by_key = {entry.mark.entry_key: entry for entry in known}
    if not by_key:
        return [Verdict(Finding.NEW, place, mark) for place, mark in marked]
    present = {mark.entry_key for _, mark in marked}
    present |= {key for _, mark in marked if (key := _shared_key(mark, by_key))}
    absent = [entry for key, entry in by_key.items() if key not in present]
    urls = Counter(mark.url_key for _, mark in marked)
    twins = Counter((mark.title_key, mark.dated) for _, mark in marked)
    verdicts = []
    for place, mark in marked:
        entry = by_key.get(mark.entry_key) or by_key.get(_shared_key(mark, by_key) or "")
        if entry is None and absent and not ids_hold:
            is_own = urls[mark.url_key] == 1, twins[mark.title_key, mark.dated] == 1
            entry = _renamed(mark, absent, is_own_url=is_own[0], is_own_moment=is_own[1])
            if entry:
                absent.remove(entry)
        verdicts.append(_verdict(place, mark, entry))
    return verdicts


def _verdict(place: int, mark: Mark, entry: KnownEntry | None) -> Verdict:
    if entry is None:
        return Verdict(Finding.NEW, place, mark)
    was_key = entry.mark.entry_key
    finding = Finding.KNOWN if entry.mark.digest == mark.digest else Finding.CHANGED
    return Verdict(finding, place, mark, entry.item_id, was_key if was_key != mark.entry_key else None)


def _shared_key(mark: Mark, by_key: Mapping[str, KnownEntry]) -> str | None:
    """The key of an entry that once shared its id with others, now that it stands alone, or the other way round."""
    if mark.entry_key in by_key or not mark.url_key:
        return None
    alone, _, _ = mark.entry_key.partition(" | ")
    for key in (f"{mark.entry_key} | {mark.url_key}", alone):
        entry = by_key.get(key)
        if entry and key != mark.entry_key and entry.mark.url_key == mark.url_key:
            return key
    return None


def _renamed(mark: Mark, absent: Sequence[KnownEntry], *, is_own_url: bool, is_own_moment: bool) -> KnownEntry | None:
    """The known entry that this one was before its id changed: one that the document no longer shows.

    `is_own_url` and `is_own_moment` say that no other entry has its address, or its title and date.
    """
    # A page of events has one address for many of them: an address alone is not enough.
    agreeing = [entry for entry in absent if _agree(mark, entry.mark)]
    same_url = [entry for entry in agreeing if mark.url_key and entry.mark.url_key == mark.url_key]
    alike = [entry for entry in absent if entry.mark.alike_key == mark.alike_key]
    both = [entry for entry in same_url if entry in alike]
    if both:
        return both[0]
    if is_own_url and len(same_url) == 1:
        return same_url[0]
    place = _behind_host(mark)
    same_place = [entry for entry in agreeing if place and _behind_host(entry.mark) == place]
    if is_own_url and len(same_place) == 1:
        return same_place[0]
    if len(alike) == 1:
        return alike[0]
    twins = [entry for entry in agreeing if _is_twin(mark, entry.mark)]
    return twins[0] if is_own_moment and len(twins) == 1 else None


def _agree(mark: Mark, other: Mark) -> bool:
    return mark.title_key == other.title_key or mark.dated == other.dated != ""


def _is_twin(mark: Mark, other: Mark) -> bool:
    """Whether both have one title and one moment. A mere day is no moment: notices of a day may share a title.

    At one address a day is enough: there, words that changed are an edit.
    """
    is_enough = "T00:00:00" not in mark.dated or (mark.url_key and mark.url_key == other.url_key)
    return bool(is_enough) and mark.title_key == other.title_key and mark.dated == other.dated != ""


def _behind_host(mark: Mark) -> str:
    """What stays of an address when its site moves to another host; empty for a front page."""
    found = _BEHIND_HOST.search(mark.url_key or "")
    return found[0] if found else ""


def key_of(entry_id: str) -> str:
    """The key of the entry with that id, where the id is its own alone."""
    return _short(entry_id)


def _short(key: str) -> str:
    """A key that a database index can hold, the same for the same text."""
    if len(key) <= 500:  # noqa: PLR2004
        if key.isascii() and "\0" not in key:
            return key  # itself, which is pickled once with the id
        return key.replace("\0", "").encode("utf-8", "replace").decode()
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def _title_key(sighting: Sighting, beginning: str, dated: str) -> str:
    title = _one_line(sighting.title or beginning).casefold()
    # What takes place every week under one title is not one thing that gets new ids.
    return _hash(title, dated) if sighting.happening else _hash(title)


def _beginning(sighting: Sighting) -> str:
    """The first words, without markup: links and pictures move with their site. Of what has no words, the markup."""
    text = sighting.body_html or sighting.summary_html
    begins = before.end() if (before := _BEFORE_WORDS.match(text)) else 0
    first = text[begins : begins + ALIKE_CHARACTERS]
    if len(first) == ALIKE_CHARACTERS and _is_as_it_comes_out(first):
        return first
    looked_at = _FIRST_LOOK
    words = _words(text[:looked_at])
    while len(words) < ALIKE_CHARACTERS and looked_at < len(text):
        looked_at *= 4
        words = _words(text[:looked_at])
    return (words or _one_line(text))[:ALIKE_CHARACTERS]


def _is_as_it_comes_out(first: str) -> bool:
    """Whether words have neither markup nor more than a space between them, as at the beginning of most texts."""
    return "<" not in first and "  " not in first and first[-1] != " " and first.isprintable()


def _words(markup: str) -> str:
    return _one_line(_TAG.sub(" ", markup))


def _one_line(text: str) -> str:
    """The words with one space between them, as `" ".join(text.split())` has them, in a third of the time."""
    line = text.replace("\n", " ")
    # Of all white space, only the space itself is printable.
    if not line.isprintable():
        return " ".join(text.split())
    while "  " in line:
        line = line.replace("  ", " ")
    return line.strip()


def _digest(sighting: Sighting) -> str:
    """A hash of all that an entry says but its id: one that changes while nothing else does is no change of it."""
    seldom = _SAID_SELDOM(sighting)
    # Joined, for the `repr` of texts, dates and authors takes most of the time that a mark does.
    return _hash(
        sighting.url or "",
        sighting.title or "",
        sighting.body_html,
        sighting.summary_html,
        "\x1e".join([f"{author.name}\x1d{author.url}" for author in sighting.authors]),
        "\x1e".join(sighting.categories),
        _moment(sighting.published_at),
        _moment(sighting.updated_at),
        "" if seldom == _NOTHING else repr(seldom),
    )


def _dated(sighting: Sighting) -> str:
    starts_at = sighting.happening.starts_at if sighting.happening else None
    return _moment(starts_at or sighting.published_at or sighting.updated_at)


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
