"""What a row of the stream shows in a visitor's language. Values in, values out; the markup is in templates/row.html.

The widget makes the same rows from /stream.json (`rowOf` in widget/row.js); a browser test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aggregator.itemjson import timestamp
from aggregator.model import Configuration
from aggregator.refine.links import host_name
from aggregator.store.stream import AlsoOn, StreamItem, Translation
from web.strings import FALLBACK, Strings, own_name, primary_subtag

# A lazy picture knows its width by itself in most browsers; for the others this is near to what it has on any screen.
SIZES: Final = "auto, 24rem"
_BEGINNING: Final = re.compile(r".{15,90}?[.!?…](?!\S)|.{1,80}(?!\S)|.{80}", re.DOTALL)
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text and the language that it is in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's address, its alternative text (empty: decoration) and its size in pixels.

    `srcset` are all our copies of it for a browser to choose from by `sizes`, `colour` stands for it while it loads.
    """

    src: str
    alt: str
    width: int | None
    height: int | None
    srcset: str = ""
    colour: str | None = None
    sizes: str = SIZES


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same story elsewhere.

    `language` is what its language calls itself where that is not the visitor's, `code` the language's tag then; `host`
    tells places of the same partner apart.
    """

    name: str
    url: str | None
    language: str | None
    code: str | None
    host: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a post quotes, and whom."""

    url: str
    text: str
    author: str


@dataclass(frozen=True, slots=True)
class When:
    """An event's beginning or end: for programs, and in words."""

    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One item, ready to be shown. `original` is set where heading or text are an editor's translation.

    `also` are the ids of the story's other items. `warning` stands before the text until a visitor asks for it; there
    is no picture then.
    """

    id: str
    story: str
    also: str
    kind: str
    language: str
    url: str | None
    heading: Words
    text: Words | None
    original: tuple[str, ...]
    partner: str
    date: str
    day: str
    pinned: bool
    language_name: str | None
    picture: Picture | None
    elsewhere: tuple[Elsewhere, ...]
    topics: tuple[str, ...]
    warning: Words | None = None
    shared_by: str | None = None
    card: Link | None = None
    quoted: Quoted | None = None
    times: tuple[When, ...] = ()
    place: str | None = None


def make_row(item: StreamItem, configuration: Configuration, strings: Strings, root: str = "") -> Row:
    """The row of an item for a visitor who reads `strings`. `root` stands before the addresses of pictures."""
    ours = strings.language
    translation = _translation(item, ours)
    partner = _partner_name(item.partner, configuration)
    warning = _warning(item, strings)
    heading, text = heading_and_text(item, configuration, strings)
    return Row(
        id=item.id,
        story=item.story,
        also=" ".join(other.item for other in item.also_on),
        kind=item.kind,
        language=item.language,
        url=web_address(item.url),
        heading=heading,
        text=text if text.text else None,
        original=tuple(part for part in (item.title, item.summary) if part) if translation else (),
        partner=partner,
        date=timestamp(item.published_at),
        day=strings.date(item.published_at),
        pinned=item.pinned,
        language_name=strings.language_name(item.language),
        picture=None if warning else _picture(item, root),
        elsewhere=tuple(_elsewhere(other, item, configuration, strings) for other in item.also_on),
        topics=tuple(_tag_label(tag, configuration, ours) for tag in item.tags),
        warning=warning,
        shared_by=_shared_by(item, strings),
        card=_card(item),
        quoted=_quoted(item),
        times=_times(item, strings),
        place=item.about.place,
    )


def heading_and_text(item: StreamItem, configuration: Configuration, strings: Strings) -> tuple[Words, Words]:
    """What heads the row, never empty, and what stands below it."""
    ours = strings.language
    heading, text = _words(item, _translation(item, ours), ours, _warning(item, strings))
    if not heading.text:
        partner = _partner_name(item.partner, configuration)
        heading = Words(strings.word("untitled").replace("{partner}", partner), ours)
    return heading, text


def _translation(item: StreamItem, ours: str) -> Translation | None:
    return None if primary_subtag(item.language) == ours else item.translations.get(ours)


def _picture(item: StreamItem, root: str) -> Picture | None:
    if not item.image:
        return None
    return Picture(
        f"{root}/media/{item.image}",
        item.image_alt or "",
        item.image_width,
        item.image_height,
        ",".join(f"{root}/media/{image.name} {image.width}w" for image in item.images),
        item.image_colour,
    )


def _warning(item: StreamItem, strings: Strings) -> Words | None:
    if item.about.warning:
        return Words(item.about.warning, item.language)
    return Words(strings.word("sensitive"), strings.language) if item.about.is_sensitive else None


def _shared_by(item: StreamItem, strings: Strings) -> str | None:
    by = item.about.boosted_by
    return strings.word("shared_by").replace("{name}", by.name) if by else None


def _card(item: StreamItem) -> Link | None:
    card = item.about.card
    return Link(card.url, card.title or card.url) if card and web_address(card.url) else None


def _quoted(item: StreamItem) -> Quoted | None:
    quote = item.about.quote
    if not quote or not quote.text or not web_address(quote.url):
        return None
    return Quoted(quote.url, quote.text, quote.author.name if quote.author else "")


def _times(item: StreamItem, strings: Strings) -> tuple[When, ...]:
    """When an event begins and ends, in UTC; a day alone where it lasts whole days."""
    starts, ends = item.starts_at, item.ends_at
    if starts is None or ends is None:
        return ()
    if _is_midnight(starts) and _is_midnight(ends):
        last = ends - timedelta(days=1) if ends > starts else ends
        days = (starts,) if last.date() == starts.date() else (starts, last)
        return tuple(When(f"{day:%Y-%m-%d}", strings.date(day)) for day in days)
    begin_ = When(timestamp(starts), f"{strings.date(starts)}, {starts:%H:%M} UTC")
    if ends == starts:
        return (begin_,)
    same_day = starts.date() == ends.date()
    words = f"{ends:%H:%M} UTC" if same_day else f"{strings.date(ends)}, {ends:%H:%M} UTC"
    return begin_, When(timestamp(ends), words)


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute) == (0, 0)


def web_address(url: str | None) -> str | None:
    """The address if a link may lead there, else None. Items are clean when they come here; this is the second lock."""
    return url if url and _WEB.match(url) else None


def _words(item: StreamItem, translation: Translation | None, ours: str, warning: Words | None) -> tuple[Words, Words]:
    title = Words(item.title or "", item.language)
    text = Words(item.summary, item.language)
    if translation and translation.title:
        title = Words(translation.title, ours)
    if translation and translation.summary:
        text = Words(translation.summary, ours)
    if title.text:
        return title, text
    if warning:
        return warning, text
    beginning, rest = begin(text.text)
    return Words(beginning, text.language), Words(rest, text.language)


def begin(text: str) -> tuple[str, str]:
    """The beginning of a text, fit to be its heading, and what follows: a sentence, else some words of it."""
    match = _BEGINNING.match(text)
    return (match[0], text[match.end() :].strip()) if match else ("", "")


def _elsewhere(other: AlsoOn, item: StreamItem, configuration: Configuration, strings: Strings) -> Elsewhere:
    name, url = _partner_name(other.partner, configuration), web_address(other.url)
    if primary_subtag(other.language) not in {"und", strings.language}:
        return Elsewhere(name, url, own_name(other.language), other.language, None)
    host = host_name(url) if other.partner == item.partner else None
    return Elsewhere(name, url, None, None, host.removeprefix("www.") if host else None)


def _partner_name(partner_id: str, configuration: Configuration) -> str:
    partner = configuration.partner(partner_id)
    return partner.name if partner else partner_id


def _tag_label(tag_id: str, configuration: Configuration, language: str) -> str:
    tag = next((tag for tag in configuration.tags if tag.id == tag_id), None)
    return tag.label.get(language) or tag.label.get(FALLBACK) or tag_id if tag else tag_id
