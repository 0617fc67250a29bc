"""What a row of the stream shows in a visitor's language. Values in, values out; the markup is in templates/row.html.

The widget makes the same rows from /stream.json (`rowOf` in widget/widget.js); a browser test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aggregator.itemjson import timestamp
from aggregator.model import Configuration
from aggregator.store.stream import AlsoOn, StreamItem, Translation
from web.strings import FALLBACK, Strings, primary_subtag

_BEGINNING: Final = re.compile(r".{15,90}?[.!?…](?=\s|\Z)|.{1,80}(?=\s|\Z)|.{1,80}", re.DOTALL)
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text and the language that it is in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's address, its alternative text (empty: decoration) and its size in pixels."""

    src: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same story at another partner. `language` is its name, where it is worth saying."""

    name: str
    url: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One item, ready to be shown. `original` is set where heading or text are an editor's translation."""

    id: str
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


def make_row(item: StreamItem, configuration: Configuration, strings: Strings, root: str = "") -> Row:
    """The row of an item for a visitor who reads `strings`. `root` stands before the addresses of pictures."""
    ours = strings.language
    translation = None if primary_subtag(item.language) == ours else item.translations.get(ours)
    partner = _partner_name(item.partner, configuration)
    heading, text = _words(item, translation, ours)
    if not heading.text:
        heading = Words(strings.word("untitled").replace("{partner}", partner), ours)
    picture = None
    if item.image:
        picture = Picture(f"{root}/media/{item.image}", item.image_alt or "", item.image_width, item.image_height)
    return Row(
        id=item.id,
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
        picture=picture,
        elsewhere=tuple(_elsewhere(other, configuration, strings) for other in item.also_on),
        topics=tuple(_tag_label(tag, configuration, ours) for tag in item.tags),
    )


def web_address(url: str | None) -> str | None:
    """The address if a link may lead there, else None. Items are clean when they come here; this is the second lock."""
    return url if url and _WEB.match(url) else None


def _words(item: StreamItem, translation: Translation | None, ours: str) -> tuple[Words, Words]:
    title = Words(item.title or "", item.language)
    text = Words(item.summary, item.language)
    if translation and translation.title:
        title = Words(translation.title, ours)
    if translation and translation.summary:
        text = Words(translation.summary, ours)
    if title.text:
        return title, text
    beginning, rest = begin(text.text)
    return Words(beginning, text.language), Words(rest, text.language)


def begin(text: str) -> tuple[str, str]:
    """The beginning of a text, fit to be its heading, and what follows: a sentence, else some words of it."""
    match = _BEGINNING.match(text)
    return (match[0], text[match.end() :].strip()) if match else ("", "")


def _elsewhere(other: AlsoOn, configuration: Configuration, strings: Strings) -> Elsewhere:
    name = _partner_name(other.partner, configuration)
    return Elsewhere(name, web_address(other.url), strings.language_name(other.language))


def _partner_name(partner_id: str, configuration: Configuration) -> str:
    partner = configuration.partner(partner_id)
    return partner.name if partner else partner_id


def _tag_label(tag_id: str, configuration: Configuration, language: str) -> str:
    tag = next((tag for tag in configuration.tags if tag.id == tag_id), None)
    return tag.label.get(language) or tag.label.get(FALLBACK) or tag_id if tag else tag_id
