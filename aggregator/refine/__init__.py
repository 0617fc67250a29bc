"""Thinking: from an entry as a source showed it to one that is clean, dated, recognised and tagged.

Plain functions from values to values: no clock, network, database or event loop, and no text makes them raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from aggregator.model import Author, Card, Kind, Quote, Refined, Sensitive, Sighting, Source
from aggregator.refine.dates import modified, published
from aggregator.refine.language import detect
from aggregator.refine.links import canonical_url, url_key
from aggregator.refine.phrases import Phrases
from aggregator.refine.picture import choose_picture
from aggregator.refine.tags import Tagger
from aggregator.refine.text import NAME_LENGTH, TITLE_LENGTH, clean_html, plain_line, plain_text, summary_of, text_of

CATEGORY_LENGTH = 80
MAX_AUTHORS = 10
MAX_CATEGORIES = 60
MAX_ALTERNATES = 20
LANGUAGE_LENGTH = 2000
# What an article is about stands at its beginning; further down it names everything.
TAGGED_LENGTH = 4000

# What WordPress plug-ins add to each entry, in the languages that partners write.
_POST_APPEARED = re.compile(
    r"(?:^|(?<=\s))(?:the post|la entrada|el post|cet article|l[’']article|l[’']articolo|l[’']entrada|der beitrag"
    r"|o post|a publicação|o artigo|objava|članak|prispevek|het bericht)\s.{1,300}?\s(?:appeared first on"
    r"|(?:se publicó|aparece|apareció|apareix|ha aparegut) primer[oa]? (?:en|a)|est apparu en premier sur"
    r"|erschien zuerst auf|(?:apareceu|aparece) primeiro em|(?:proviene da|sembra essere il primo su)"
    r"|(?:se )?pojavi(?:o|la|lo)(?: se)? (?:najprije|prvi puta?|prvo)(?: na)?|verscheen eerst op)\s.{1,150}$",
    re.IGNORECASE,
)
_READ_ON = re.compile(
    r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\((?:more|más|plus)[….]*\))?\s*"
    r"(?:(?:continue reading|read more|seguir leyendo|leer más|continuar leyendo|lire la suite|weiterlesen|mehr lesen"
    r"|pročitaj(?:te)? više|opširnije|irakurri gehiago|jarraitu irakurtzen|leia mais)\b.{0,160})?$",
    re.IGNORECASE,
)
_TAIL_LENGTH = 500
# One of these is in every text that the two find something in: looked for first, for it takes a fiftieth of the time.
_APPEARED_WORDS = (
    "first on",
    "primer",
    "premier sur",
    "zuerst auf",
    "primeiro",
    "proviene da",
    "primo su",
    "prv",
    "najprije",
    "eerst op",
)
_READ_ON_WORDS = (
    "continue reading", "read more", "seguir leyendo", "leer más", "continuar leyendo", "lire la suite", "weiterlesen",
    "mehr lesen", "više", "opširnije", "irakurri gehiago", "irakurtzen", "leia mais", "[", "(more", "(más", "(plus",
)  # fmt: skip
_MASTODON_PROFILE = re.compile(r"\A([^/@\s]+)/@([^/@\s]+)\Z")
_MAIL_AND_NAME = re.compile(r"[^\s()<>]+@[^\s()<>]+\s*(?:\((.*)\))?")


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
    url = canonical_url(sighting.url, base_url)
    base = base_url or url
    body = sighting.body_html or sighting.summary_html
    content_html = clean_html(body, base)
    content_text = text_of(content_html)
    title = plain_line(sighting.title or "", limit=TITLE_LENGTH) or None
    text = _without_boilerplate(content_text)
    detection = detect(
        f"{title or ''}\n{text}"[:LANGUAGE_LENGTH],
        candidates=source.languages,
        declared=sighting.language or feed_language,
    )
    published_at = published(sighting.published_at, sighting.updated_at, now)
    return Refined(
        url=url,
        title=title,
        summary=_summary(sighting.summary_html if sighting.body_html else "", text),
        content_html=content_html,
        content_text=content_text,
        authors=_authors(sighting.authors, base),
        picture=choose_picture(sighting.media, body, base),
        published_at=published_at,
        modified_at=modified(sighting.updated_at, published_at, now),
        detection=detection,
        tags=tagger.match(
            f"{title or ''}\n{text}"[:TAGGED_LENGTH],
            language=detection.code,
            categories=_categories(sighting.categories),
            source_tags=source.tags,
        ),
        story_keys=_story_keys(url, sighting, base_url, source),
        kind=sighting.kind or (Kind.ARTICLE if title else Kind.POST),
        card=_card(sighting.card, base),
        quote=_quote(sighting.quote, base),
        boosted_by=next(iter(_authors((sighting.boosted_by,), base)), None) if sighting.boosted_by else None,
        warning=plain_line(sighting.warning or "", limit=TITLE_LENGTH) or None,
        is_sensitive=sighting.is_sensitive,
        happening=sighting.happening
        and replace(sighting.happening, place=plain_line(sighting.happening.place or "", limit=TITLE_LENGTH) or None),
        entry_id=sighting.entry_id,
        is_dated=sighting.published_at is not None,
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
    people = (*sighting.authors, *((sighting.boosted_by,) if sighting.boosted_by else ()))
    return not any(_handle(word) in blocked for person in people for word in (person.name, person.url) if word)


def _handle(name: str) -> str:
    """What a name, a handle (`@name@host`) and an address are compared by; `https://host/@name` is that handle, too."""
    bare = name.strip().casefold().removeprefix("@").removeprefix("https://").removeprefix("http://").rstrip("/")
    return _MASTODON_PROFILE.sub(r"\2@\1", bare)


def _card(card: Card | None, base: str | None) -> Card | None:
    url = canonical_url(card.url, base) if card else None
    if card is None or url is None:
        return None
    title = plain_line(card.title or "", limit=TITLE_LENGTH) or None
    return Card(url, title, summary_of(plain_line(card.text or "", limit=LANGUAGE_LENGTH)) or None)


def _quote(quote: Quote | None, base: str | None) -> Quote | None:
    url = canonical_url(quote.url, base) if quote else None
    if quote is None or url is None:
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


def _summary(summary_html: str, text: str) -> str:
    declared = _without_boilerplate(plain_text(summary_html)) if summary_html else ""
    return summary_of(declared or text)


def _without_boilerplate(text: str) -> str:
    """`text` without «The post … appeared first on …» and «Read more» at its end."""
    head, tail = text[:-_TAIL_LENGTH], text[-_TAIL_LENGTH:]
    small = tail.lower()
    kept = tail.rstrip()
    if any(word in small for word in _APPEARED_WORDS):
        kept = _POST_APPEARED.sub("", tail).rstrip()
    read_on = _READ_ON.search(kept) if any(word in small for word in _READ_ON_WORDS) else None
    if read_on is not None and read_on[0].strip():
        kept = kept[: read_on.start()].rstrip(" .…[") + "…"
    return (head + kept).strip().removeprefix("…")


def _authors(authors: Iterable[Author], base: str | None) -> tuple[Author, ...]:
    found: dict[str, Author] = {}
    for author in authors:
        name = plain_line(author.name, limit=NAME_LENGTH)
        mail = _MAIL_AND_NAME.fullmatch(name)
        if mail is not None:  # RSS asks for an address here; nobody wants theirs on other people's pages
            name = (mail[1] or "").strip()
        if name and name not in found:
            found[name] = Author(name, canonical_url(author.url, base))
        if len(found) == MAX_AUTHORS:
            break
    return tuple(found.values())


def _categories(categories: tuple[str, ...]) -> tuple[str, ...]:
    lines = (plain_line(category, limit=CATEGORY_LENGTH) for category in categories[:MAX_CATEGORIES])
    return tuple(dict.fromkeys(line for line in lines if line))


def _story_keys(url: str | None, sighting: Sighting, base_url: str | None, source: Source) -> tuple[str, ...]:
    """The addresses of this story. The front page and the feed itself are no story's address."""
    alternates = (canonical_url(alternate.url, base_url) for alternate in sighting.alternates[:MAX_ALTERNATES])
    shared = canonical_url(sighting.card.url, base_url) if sighting.card else None
    keys = (url_key(address) for address in (url, shared, *alternates))
    nobodys = {url_key(base_url), url_key(source.url)}
    # One page announces many evenings: an event shares its story with what is said of the same evening alone.
    when = f" {sighting.happening.starts_at.isoformat()}" if sighting.happening else ""
    return tuple(
        dict.fromkeys(f"{key}{when}" for key in keys if key and key not in nobodys and ("/" in key or "?" in key))
    )
