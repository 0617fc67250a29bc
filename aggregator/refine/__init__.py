"""Thinking: from an entry as a source showed it to one that is clean, dated, recognised and tagged.

Plain functions from values to values: no clock, network, database or event loop, and no text makes them raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from aggregator.model import Author, Card, Detection, Kind, Quote, Refined, Sensitive, Sighting, Source, TagMatch
from aggregator.refine.boilerplate import without_boilerplate
from aggregator.refine.dates import modified, published
from aggregator.refine.evidence import address_keys, link_keys, picture_keys
from aggregator.refine.folding import fold, fold_and_part, searchable
from aggregator.refine.language import detect_each
from aggregator.refine.likeness import text_keys
from aggregator.refine.links import canonical_url, url_key
from aggregator.refine.phrases import Phrases
from aggregator.refine.picture import choose_picture
from aggregator.refine.tags import Tagger
from aggregator.refine.text import (
    NAME_LENGTH,
    TITLE_LENGTH,
    clean_all_with_text,
    clean_html,
    plain_line,
    plain_text,
    summary_of,
)

CATEGORY_LENGTH = 80
MAX_AUTHORS = 10
MAX_CATEGORIES = 60
MAX_ALTERNATES = 20
CARD_LENGTH = 2000
# What an article is about, and in which language, stands at its beginning; further down it names everything.
TAGGED_LENGTH = 4000

_MASTODON_PROFILE = re.compile(r"\A([^/@\s]+)/@([^/@\s]+)\Z")
_MAIL_AND_NAME = re.compile(r"[^\s()<>]+@[^\s()<>]+\s*(?:\((.*)\))?")


class _Words(NamedTuple):
    """The words of an entry, clean. `text` is that of the body without what a program added to it."""

    title: str | None
    summary: str
    content_html: str
    content_text: str
    text: str


def refine(
    sighting: Sighting,
    *,
    source: Source,
    base_url: str | None,
    feed_language: str | None,
    tagger: Tagger,
    now: datetime,
) -> Refined:
    """What `sighting` says, ready to become an item.

    `base_url` is what relative addresses start from, `feed_language` what the feed says of itself, `now` an aware
    moment that no date exceeds. The title is None where the entry has none: its text does not stand in for it.
    """
    (refined,) = refine_all(
        [sighting], source=source, base_url=base_url, feed_language=feed_language, tagger=tagger, now=now
    )
    return refined


def refine_all(
    sightings: Sequence[Sighting],
    *,
    source: Source,
    base_url: str | None,
    feed_language: str | None,
    tagger: Tagger,
    now: datetime,
) -> list[Refined]:
    """The same of several entries of a source, in their order.

    Each step is taken for all of them before the next one: the code and the tables of all steps together are more than
    the caches of a processor hold, and reading them anew for each entry costs a fifth of the time.
    """
    words = _words(sightings, base_url)
    texts = [f"{said.title or ''}\n{said.text}"[:TAGGED_LENGTH] for said in words]
    declared = [sighting.language or feed_language for sighting in sightings]
    detections = detect_each(texts, candidates=source.languages, declared=declared)
    folded = [fold_and_part(text) for text in texts]
    tags = tagger.match_each(
        texts,
        folded=folded,
        languages=[detection.code for detection in detections],
        categories=[_categories(sighting.categories) for sighting in sightings],
        source_tags=source.tags,
    )
    # The front page and the feed itself are no story's address.
    nobodys = frozenset({url_key(base_url), url_key(source.url)})
    return [
        _refined(sighting, said, _search_text(said, text, plain), parted, detection, matches, nobodys, base_url, now)
        for sighting, said, text, (plain, parted), detection, matches in zip(
            sightings, words, texts, folded, detections, tags, strict=True
        )
    ]


def _words(sightings: Sequence[Sighting], base_url: str | None) -> list[_Words]:
    cleaned = clean_all_with_text(
        [
            (sighting.body_html or sighting.summary_html, base_url or canonical_url(sighting.url))
            for sighting in sightings
        ]
    )
    titles = [plain_line(sighting.title or "", limit=TITLE_LENGTH) or None for sighting in sightings]
    texts = [without_boilerplate(content_text) for _, content_text in cleaned]
    declared = [
        without_boilerplate(plain_text(sighting.summary_html)) if sighting.body_html and sighting.summary_html else ""
        for sighting in sightings
    ]
    summaries = [summary_of(said or text) for said, text in zip(declared, texts, strict=True)]
    return [
        _Words(title, summary, *content, text)
        for title, summary, content, text in zip(titles, summaries, cleaned, texts, strict=True)
    ]


def _search_text(said: _Words, text: str, folded: str) -> str | None:
    """What of an entry is searched in, where that is what is read for tags, which is folded already."""
    is_same = said.text and said.text == said.content_text and len(text) < TAGGED_LENGTH and "\0" not in text
    return searchable(folded) if is_same else None


def _refined(
    sighting: Sighting,
    said: _Words,
    search_text: str | None,
    parted: str,
    detection: Detection,
    tags: tuple[TagMatch, ...],
    nobodys: frozenset[str | None],
    base_url: str | None,
    now: datetime,
) -> Refined:
    url = canonical_url(sighting.url, base_url)
    base = base_url or url
    published_at = published(sighting.published_at, sighting.updated_at, now)
    happening = sighting.happening
    if happening:
        happening = replace(happening, place=plain_line(happening.place or "", limit=TITLE_LENGTH) or None)
    picture = choose_picture(sighting.media, sighting.body_html or sighting.summary_html, base)
    story_keys = address_keys(_story_addresses(url, sighting, base_url, nobodys))
    if not happening:  # one text, one picture and one link announce many evenings
        body = parted[len(fold(said.title or "")) + 1 :]
        story_keys += [
            *text_keys(body, detection.code), *picture_keys(picture), *link_keys(said.content_html, url)
        ]  # fmt: skip
    return Refined(
        url,
        said.title,
        said.summary,
        said.content_html,
        said.content_text,
        _authors(sighting.authors, base),
        picture,
        published_at,
        modified(sighting.updated_at, published_at, now),
        detection,
        tags,
        tuple(story_keys),
        sighting.kind or (Kind.ARTICLE if said.title else Kind.POST),
        _card(sighting.card, base) if sighting.card else None,
        _quote(sighting.quote, base) if sighting.quote else None,
        next(iter(_authors((sighting.boosted_by,), base)), None) if sighting.boosted_by else None,
        (plain_line(sighting.warning, limit=TITLE_LENGTH) or None) if sighting.warning else None,
        sighting.is_sensitive,
        happening,
        sighting.entry_id,
        is_dated=sighting.published_at is not None,
        search_text=search_text,
    )


def may_be_shown(sighting: Sighting, source: Source, block: Iterable[str] = ()) -> bool:
    """Whether the entry is one that `source` lets in at all, whatever it says.

    `block` names authors by name, handle or address; it is held against those who wrote a post, and against whoever
    passed it on.
    """
    if sighting.hidden:
        return False
    if sighting.is_sensitive and source.sensitive is Sensitive.DROP:
        return False
    if (sighting.reply_to and not source.replies) or (sighting.boosted_by and not source.boosts):
        return False
    blocked = {_handle(name) for name in block}
    if not blocked:
        return True
    people = (*sighting.authors, *((sighting.boosted_by,) if sighting.boosted_by else ()))
    return not any(_handle(word) in blocked for person in people for word in (person.name, person.url) if word)


@lru_cache(maxsize=2048)
def _handle(name: str) -> str:
    """What a name, a handle (`@name@host`) and an address are compared by; `https://host/@name` is that handle, too."""
    bare = name.strip().casefold().removeprefix("@").removeprefix("https://").removeprefix("http://").rstrip("/")
    return _MASTODON_PROFILE.sub(r"\2@\1", bare)


def _card(card: Card, base: str | None) -> Card | None:
    url = canonical_url(card.url, base)
    if url is None:
        return None
    title = plain_line(card.title or "", limit=TITLE_LENGTH) or None
    return Card(url, title, summary_of(plain_line(card.text or "", limit=CARD_LENGTH)) or None)


def _quote(quote: Quote, base: str | None) -> Quote | None:
    url = canonical_url(quote.url, base)
    if url is None:
        return None
    author = next(iter(_authors((quote.author,), base)), None) if quote.author else None
    return Quote(url, author, summary_of(plain_text(clean_html(quote.text, base))))


def wanted(refined: Refined, source: Source) -> bool:
    """Whether `source` lets this entry in: it has one of the words of `match_any`, or the source names none."""
    if not source.match_any:
        return True
    phrases = _phrases(source.match_any, source.languages)
    return bool(phrases.found_in(f"{refined.title or ''}\n{refined.summary}\n{refined.content_text}"))


@lru_cache(maxsize=64)
def _phrases(words: tuple[str, ...], languages: tuple[str, ...]) -> Phrases:
    return Phrases(("", language, word) for word in words for language in languages or ("",))


def _authors(authors: tuple[Author, ...], base: str | None) -> tuple[Author, ...]:
    if len(authors) == 1 and authors[0].url is None:
        return _of_one_author(authors[0].name)
    return _distinct(authors, base)


@lru_cache(maxsize=256)
def _of_one_author(name: str) -> tuple[Author, ...]:
    """Most feeds have a few authors, of whom only a name is known: pickled, too, each of them is one."""
    return _distinct((Author(name),), None)


def _distinct(authors: Iterable[Author], base: str | None) -> tuple[Author, ...]:
    found: dict[str, Author] = {}
    for author in authors:
        name = plain_line(author.name, limit=NAME_LENGTH)
        mail = _MAIL_AND_NAME.fullmatch(name) if "@" in name else None
        if mail is not None:  # RSS asks for an address here; nobody wants theirs on other people's pages
            name = (mail[1] or "").strip()
        if name and name not in found:
            found[name] = Author(name, canonical_url(author.url, base))
        if len(found) == MAX_AUTHORS:
            break
    return tuple(found.values())


def _categories(categories: tuple[str, ...]) -> tuple[str, ...]:
    lines = [plain_line(category, limit=CATEGORY_LENGTH) for category in categories[:MAX_CATEGORIES]]
    return tuple(dict.fromkeys(filter(None, lines)))


def _story_addresses(
    url: str | None, sighting: Sighting, base_url: str | None, nobodys: frozenset[str | None]
) -> tuple[str, ...]:
    """This story's addresses, as `url_key` has them, but for those in `nobodys`."""
    if not (sighting.card or sighting.alternates or sighting.happening):
        key = url_key(url)
        return (key,) if key and key not in nobodys and ("/" in key or "?" in key) else ()
    addresses = [url]
    if sighting.card:
        addresses.append(canonical_url(sighting.card.url, base_url))
    if sighting.alternates:
        addresses += [canonical_url(alternate.url, base_url) for alternate in sighting.alternates[:MAX_ALTERNATES]]
    # One page announces many evenings: an event shares its story with what is said of the same evening alone.
    when = f" {sighting.happening.starts_at.isoformat()}" if sighting.happening else ""
    keys = dict.fromkeys(map(url_key, addresses))
    return tuple([f"{key}{when}" for key in keys if key and key not in nobodys and ("/" in key or "?" in key)])
