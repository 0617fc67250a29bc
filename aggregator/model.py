"""The values that pass between the rooms. Frozen, plain, and free of clock, network and database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an item stands. Only `APPROVED` is public."""

    WAITING = "waiting"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ReviewMode(StrEnum):
    """What happens to a new item: an editor decides, nobody does, or silence is consent."""

    HOLD = "hold"
    AUTO = "auto"
    VETO = "veto"


@dataclass(frozen=True, slots=True)
class Review:
    """How a source's new items are let in. `delay` is set for `VETO` alone."""

    mode: ReviewMode
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """The `[stream]` table: what the whole stream is called and offers."""

    title: str
    languages: tuple[str, ...]
    review: Review
    headline: Mapping[str, str] = field(default_factory=dict)
    intro: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that one or more sources speak for. `logo` is a path beside sources.toml."""

    id: str
    name: str
    country: str | None = None
    url: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One place that is listened to. `id` is stable: items keep it."""

    id: str
    partner: str
    kind: str
    url: str
    languages: tuple[str, ...]
    every: timedelta
    review: Review
    tags: tuple[str, ...] = ()
    match_any: tuple[str, ...] = ()
    expect_every: timedelta | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with its label and its words, each by language."""

    id: str
    label: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the host page shows: its words by language and where its button leads."""

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    button: Mapping[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of sources.toml, checked: every partner and tag that a source names exists."""

    stream: Stream
    partners: tuple[Partner, ...]
    sources: tuple[Source, ...]
    tags: tuple[Tag, ...]
    calls: tuple[Call, ...] = ()

    def source(self, source_id: str) -> Source | None:
        """The source of that id, or None where the file does not (any longer) name it."""
        return next((source for source in self.sources if source.id == source_id), None)

    def partner(self, partner_id: str) -> Partner | None:
        """The partner of that id, or None."""
        return next((partner for partner in self.partners if partner.id == partner_id), None)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote an entry, as the source says it."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, sound or film that an entry carries. Sizes are in pixels, as declared, unchecked."""

    url: str
    type: str | None = None
    alt: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same thing elsewhere: another language (`hreflang`) or another address, as the entry declares it."""

    url: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One entry as a source showed it, before anything is cleaned. All text is hostile.

    `entry_id` is the entry's own id (RSS guid, Atom id, JSON Feed id) or empty where it has none.
    """

    entry_id: str
    url: str | None = None
    title: str | None = None
    body_html: str = ""
    summary_html: str = ""
    language: str | None = None
    authors: tuple[Author, ...] = ()
    categories: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What a feed document says, in the order it says it.

    `deleted` holds the ids that it declares gone (RFC 6721, `at:deleted-entry`); `left_out` counts the older entries
    that were more than are read of one document.
    """

    entries: tuple[Sighting, ...]
    format: str
    title: str | None = None
    home: str | None = None
    language: str | None = None
    deleted: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Detection:
    """A recognised language: a BCP-47 tag or `und`, 0.0 to 1.0, and why."""

    code: str
    confidence: float
    evidence: str


@dataclass(frozen=True, slots=True)
class TagMatch:
    """A tag and where it came from: `source`, `word`, `category`, `hashtag`, `model` or `editor`."""

    tag: str
    origin: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Refined:
    """An entry after thinking: clean, dated, recognised and tagged, but not yet an item.

    `story_keys` are the addresses that the entry shares with the same story elsewhere; `alike_keys` recognise the
    same entry of the same source after its id has changed.
    """

    url: str | None
    title: str | None
    summary: str
    content_html: str
    content_text: str
    authors: tuple[Author, ...]
    picture: Media | None
    published_at: datetime
    modified_at: datetime | None
    detection: Detection
    tags: tuple[TagMatch, ...]
    story_keys: tuple[str, ...]
