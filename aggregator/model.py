"""The values that pass between the rooms. Frozen, plain, and free of clock, network and database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.calls import Call
from aggregator.errors import CollectError
from aggregator.pickled import quickly_made


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


@quickly_made
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
    block: tuple[str, ...] = ()  # authors who are never shown: a handle, an address or a name
    hub: str = "own"  # who pushes the stream (WebSub): a hub's address, "own" or "none"


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation that one or more sources speak for. `logo` is a path beside sources.toml.

    `listed` is false for what speaks in the stream and is none of those who carry it, such as the network itself: the
    partner strip leaves it out.
    """

    id: str
    name: str
    country: str | None = None
    url: str | None = None
    logo: str | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token as sources.toml gives it: itself, or `env:NAME`, whose value may be missing.

    No text that shows a Secret shows its value.
    """

    name: str
    value: str | None = field(default=None, repr=False)

    @property
    def is_written_out(self) -> bool:
        """True where the file itself holds the value."""
        return not self.name.startswith("env:")

    def reveal(self) -> str:
        """The value. Raises CollectError where the environment lacks it, which stops this source alone."""
        if not self.value:
            raise CollectError(f"{self.name.removeprefix('env:')} is not set in the environment of this program")
        return self.value


@dataclass(frozen=True, slots=True)
class Selectors:
    """Where things stand on a page without a feed: CSS selectors; all but `item` are looked for inside an item."""

    item: str
    link: str = "a"
    title: str | None = None
    date: str | None = None
    picture: str | None = None
    text: str | None = None


class Sensitive(StrEnum):
    """What happens to posts that their authors marked as sensitive or put behind a warning."""

    HOLD = "hold"
    DROP = "drop"
    SHOW = "show"


class Vanished(StrEnum):
    """What an entry's absence from the middle of its feed means: an editor is told, or the item is withdrawn."""

    TELL = "tell"
    WITHDRAW = "withdraw"


class MailItems(StrEnum):
    """What of a newsletter becomes an item: the whole message, or each article that it links to."""

    MESSAGE = "message"
    LINK = "link"


@quickly_made
@dataclass(frozen=True, slots=True)
class Source:
    """One place that is listened to. `id` is stable: items keep it.

    From `user` on stand the options of some kinds only; which kind has which is said beside its collector.
    """

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
    push: bool = True
    vanished: Vanished = Vanished.TELL
    user: str | None = None
    token: Secret | None = None
    replies: bool = False
    boosts: bool = False
    sensitive: Sensitive = Sensitive.HOLD
    monthly_limit: float = 0.0  # US dollars
    items: MailItems = MailItems.MESSAGE
    select: Selectors | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with its label and its words, each by language."""

    id: str
    label: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of sources.toml, checked: every partner and tag that a source names exists."""

    stream: Stream
    partners: tuple[Partner, ...]
    sources: tuple[Source, ...]
    tags: tuple[Tag, ...]
    calls: tuple[Call, ...] = ()
    _by_id: Mapping[str, Source] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make sources quick to find: every piece of work asks for one."""
        object.__setattr__(self, "_by_id", {source.id: source for source in reversed(self.sources)})

    def source(self, source_id: str) -> Source | None:
        """The source of that id, or None where the file does not (any longer) name it."""
        return self._by_id.get(source_id)

    def partner(self, partner_id: str) -> Partner | None:
        """The partner of that id, or None."""
        return next((partner for partner in self.partners if partner.id == partner_id), None)

    def call(self, call_id: str) -> Call | None:
        """The call of that id, or None."""
        return next((call for call in self.calls if call.id == call_id), None)

    def open_calls(self, now: datetime) -> tuple[Call, ...]:
        """The calls that people can answer now, in the file's order."""
        return tuple(call for call in self.calls if call.is_open(now))

    def calls_change_at(self, now: datetime) -> datetime | None:
        """When the next of them opens or closes, or None where none ever will."""
        turns = (moment for call in self.calls for moment in (call.opens_at, call.closes_at))
        return min((moment for moment in turns if moment and moment > now), default=None)


@quickly_made
@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote an entry, as the source says it."""

    name: str
    url: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Media:
    """A picture, sound or film that an entry carries. Sizes are in pixels, as declared, unchecked."""

    url: str
    type: str | None = None
    alt: str | None = None
    width: int | None = None
    height: int | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Alternate:
    """The same thing elsewhere: another language (`hreflang`) or another address, as the entry declares it."""

    url: str
    language: str | None = None


class Kind(StrEnum):
    """What an item is to a reader."""

    ARTICLE = "article"
    POST = "post"
    VIDEO = "video"
    EVENT = "event"


@quickly_made
@dataclass(frozen=True, slots=True)
class Card:
    """The preview of a page that a post links to."""

    url: str
    title: str | None = None
    text: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Quote:
    """What a post quotes. The text is empty where the quoted post may not be shown."""

    url: str
    author: Author | None = None
    text: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Happening:
    """When and where an event takes place. `ends_at` is the first moment at which it is over."""

    starts_at: datetime
    ends_at: datetime
    place: str | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Sighting:
    """One entry as a source showed it, before anything is cleaned. All text is hostile.

    `entry_id` is the entry's own id (RSS guid, Atom id, JSON Feed id, a post's id) or empty where it has none.
    `kind` is None where the entry does not say: then one with a title is an article, one without a post. `boosted_by`
    is set where the source only passes on somebody else's post: `authors` are those who wrote it. `reply_to` is the
    address or id of what it answers. `warning` stands before the text until a reader asks for it; `hidden` says why
    nobody may be shown the entry at all (its author's wish, or it is not public).
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
    kind: Kind | None = None
    hashtags: tuple[str, ...] = ()
    card: Card | None = None
    quote: Quote | None = None
    boosted_by: Author | None = None
    reply_to: str | None = None
    warning: str | None = None
    is_sensitive: bool = False
    hidden: str | None = None
    happening: Happening | None = None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a document wishes to be asked for: RSS `ttl`, `skipHours` (UTC), `skipDays` (0 is Monday), `sy:`."""

    at_most_every: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@quickly_made
@dataclass(frozen=True, slots=True)
class Document:
    """What a feed document or an answer of an interface says, in the order it says it.

    `deleted` holds the ids that it declares gone (RFC 6721, `at:deleted-entry`; a network's word of a deletion);
    `left_out` counts the older entries that were more than are read of one document. `is_window` is true for what
    shows everything from its oldest entry on, so that what is missing between was taken away; false for a part, such
    as what was pushed. `ids_hold` says that another id is another entry, however alike the two are. `is_gone` says that
    the account itself is no more, and all it ever showed with it. `hubs` and `topic` are where it can be had by push
    (WebSub).
    """

    entries: Sequence[Sighting]
    format: str
    title: str | None = None
    home: str | None = None
    language: str | None = None
    deleted: tuple[str, ...] = ()
    left_out: int = 0
    is_window: bool = True
    ids_hold: bool = False
    is_gone: bool = False
    hubs: tuple[str, ...] = ()
    topic: str | None = None
    rhythm: Rhythm | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Detection:
    """A recognised language: a BCP-47 tag or `und`, 0.0 to 1.0, and why."""

    code: str
    confidence: float
    evidence: str


@quickly_made
@dataclass(frozen=True, slots=True)
class TagMatch:
    """A tag and where it came from: `source`, `word`, `category`, `hashtag`, `model` or `editor`."""

    tag: str
    origin: str
    evidence: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Refined:
    """An entry after thinking: clean, dated, recognised and tagged, but not yet an item.

    `story_keys` are the evidence by which the entry may be one story with others, as `refine.evidence` has it.
    `entry_id` is the entry's own, as it is; `is_dated` is false where it names no date of publication, so that
    `published_at` stands in for it. `search_text` is its title and text as the store makes them searchable, or None
    where that is left to the store.
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
    story_keys: tuple[int, ...]
    kind: Kind = Kind.ARTICLE
    card: Card | None = None
    quote: Quote | None = None
    boosted_by: Author | None = None
    warning: str | None = None
    is_sensitive: bool = False
    happening: Happening | None = None
    entry_id: str = ""
    is_dated: bool = True
    search_text: str | None = None
