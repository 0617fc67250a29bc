"""What a card of the queue says: names for ids, words for codes. Values in, values out; reads and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from babel import Locale, UnknownLocaleError

from aggregator.model import Configuration, State, TagMatch
from curation.queue import QueueItem

EXCERPT = 600
UNSURE_BELOW = 0.6
UNKNOWN_LANGUAGE = "und"

STATE_NAMES: Mapping[State, str] = {
    State.WAITING: "Waiting",
    State.APPROVED: "Approved",
    State.SCHEDULED: "Scheduled",
    State.REJECTED: "Rejected",
    State.WITHDRAWN: "Withdrawn",
}
EMPTY: Mapping[State, str] = {
    State.WAITING: "Nothing waits. What comes in shows up here by itself.",
    State.APPROVED: "Nothing has been approved yet.",
    State.SCHEDULED: "Nothing is scheduled.",
    State.REJECTED: "Nothing has been rejected.",
    State.WITHDRAWN: "Nothing has been withdrawn.",
}
ORIGINS: Mapping[str, str] = {
    "source": "Put on everything from this source",
    "word": "A word in the text",
    "category": "The source’s own category",
    "hashtag": "A hashtag in the text",
    "model": "Recognised by the model",
    "editor": "Set by an editor",
}
QUICK_REASONS: Mapping[str, str] = {
    "off-topic": "Off topic",
    "duplicate": "Already in the stream",
    "outdated": "Out of date",
    "advertising": "Advertising",
    "broken": "Broken or unreadable",
}
# Who decided, where no editor did.
DECIDERS: Mapping[str, str] = {"rule": "a rule", "source": "its source"}
# What an action is called once it is done: the `said` of an address and the script's collapsed cards.
DONE: Mapping[str, str] = {
    "approve": "Approved",
    "reject": "Rejected",
    "undo": "Undone",
}


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a card."""

    name: str
    label: str
    look: str = ""
    key: str = ""


APPROVE = Action("approve", "Approve", "good", "a")
REJECT = Action("reject", "Reject…", "bad", "r")
UNDO = Action("undo", "Undo the decision")
ACTIONS: Mapping[State, tuple[Action, ...]] = {
    State.WAITING: (APPROVE, REJECT),
    State.SCHEDULED: (Action("approve", "Approve now", "good", "a"), REJECT),
    State.APPROVED: (UNDO, Action("reject", "Take down…", "bad", "r")),
    State.REJECTED: (UNDO, APPROVE),
    State.WITHDRAWN: (UNDO,),
}


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag and, in words, where it came from."""

    label: str
    origin: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same story at another partner's."""

    partner_name: str
    url: str
    language: str


@dataclass(frozen=True, slots=True)
class Card:
    """One item as its card shows it. The text is cut in two where "More" stands; both together are all of it."""

    id: str = ""
    version: int = 0
    state: str = ""
    title: str = ""
    text: str = ""
    rest: str = ""
    url: str = ""
    image: str = ""
    image_alt: str = ""
    partner_name: str = ""
    source_name: str = ""
    language: str = ""
    language_label: str = ""
    language_evidence: str = ""
    is_unsure: bool = False
    tags: tuple[TagLine, ...] = ()
    also_on: tuple[Elsewhere, ...] = ()
    about: str = ""
    why: str = ""
    flag: str = ""
    published_at: datetime | None = None
    at: datetime | None = None  # what the list is ordered by


def make_card(item: QueueItem, configuration: Configuration) -> Card:
    """The card of an item."""
    text, rest = cut(item.content_text or item.summary or "", EXCERPT)
    return Card(
        id=item.id,
        version=item.version,
        state=item.state,
        title=item.title or "",
        text=text,
        rest=rest,
        url=_web_address(item.url),
        image=item.image or "",
        image_alt=item.image_alt or "",
        partner_name=partner_name(configuration, item.partner),
        source_name=f"{item.source} · {item.kind}",
        language=item.language,
        language_label=language_label(item.language, item.confidence),
        language_evidence=item.language_evidence,
        is_unsure=item.language == UNKNOWN_LANGUAGE or item.confidence < UNSURE_BELOW,
        tags=tuple(_tag_line(match, configuration) for match in item.tag_matches),
        also_on=tuple(
            Elsewhere(partner_name(configuration, other.partner), url, other.language or "")
            for other in item.also_on
            if (url := _web_address(other.url))
        ),
        about=about(item),
        why=why(item),
        flag=flag(item),
        published_at=item.published_at,
        at=item.collected_at if item.state is State.WAITING else item.decided_at or item.collected_at,
    )


def cut(text: str, length: int) -> tuple[str, str]:
    """A text in two: at most `length` characters that end with a paragraph, sentence or word, and the rest.

    A rest that is hardly worth a click is not cut off.
    """
    text = text.strip()
    if len(text) <= length + length // 4:
        return text, ""
    marks = ("\n", ". ", "! ", "? ", "… ", " ")
    ends = (text.rfind(mark, length // 2, length) + len(mark.rstrip(" ")) for mark in marks)
    end = next((end for mark, end in zip(marks, ends, strict=True) if end >= length // 2), length)
    return text[:end].rstrip(), text[end:].lstrip()


def language_label(code: str, confidence: float) -> str:
    """A language's English name and how sure the recognition is."""
    if code == UNKNOWN_LANGUAGE:
        return "Language unknown"
    try:
        name = Locale.parse(code, sep="-").get_display_name("en") or code
    except (UnknownLocaleError, ValueError):
        name = code
    return f"{name} {confidence:.0%}"


def partner_name(configuration: Configuration, partner_id: str) -> str:
    """What a partner is called; its id where sources.toml no longer names it."""
    partner = configuration.partner(partner_id)
    return partner.name if partner else partner_id


def about(item: QueueItem) -> str:
    """What a post or an event says beyond its words, in a line; the script writes the same."""
    said = item.about
    warning = said.warning or ("marked as sensitive" if said.is_sensitive else "")
    parts = (
        warning and f"Warning: {warning}",
        item.starts_at and f"Begins {item.starts_at:%Y-%m-%d %H:%M} UTC",
        item.ends_at and f"Ends {item.ends_at:%Y-%m-%d %H:%M} UTC",
        said.place and f"Place: {said.place}",
        said.boosted_by and f"Shared by {said.boosted_by.name}",
        said.card and f"Links to: {said.card.title or said.card.url}",
        said.quote and f"Quotes {said.quote.author.name if said.quote.author else said.quote.url}: {said.quote.text}",
    )
    return " · ".join(part for part in parts if part)


def why(item: QueueItem) -> str:
    """Why an item waits, or who decided and why."""
    if item.state is State.WAITING:
        return sentence(item.reason or "A decision was taken back, so it waits again")
    who = DECIDERS.get(item.decided_by or "", item.decided_by)
    decided = f"{STATE_NAMES[item.state]} by {who}" if who else STATE_NAMES[item.state]
    return sentence(f"{decided}: {item.reason}" if item.reason else decided)


def flag(item: QueueItem) -> str:
    """What has become of an item at its source, if it is not there any more."""
    if item.missing_at:
        return f"No longer in its feed since {_day(item.missing_at)}."
    return f"Its page was not there on {_day(item.gone_at)}." if item.gone_at else ""


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%b %Y}"


def sentence(text: str) -> str:
    """A reason as a sentence."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) or not text else ".")


def names_for_script(configuration: Configuration) -> dict[str, Mapping[str, str]]:
    """The names that the page's script needs to write cards itself."""
    return {
        "partners": {partner.id: partner.name for partner in configuration.partners},
        "tags": {tag.id: tag.label.get("en", tag.id) for tag in configuration.tags},
        "origins": ORIGINS,
        "states": {state.value: name for state, name in STATE_NAMES.items()},
        "deciders": DECIDERS,
    }


def _web_address(url: str | None) -> str:
    """The address, if it is one that a click may lead to."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""


def _tag_line(match: TagMatch, configuration: Configuration) -> TagLine:
    label = next((tag.label.get("en", tag.id) for tag in configuration.tags if tag.id == match.tag), match.tag)
    origin = ORIGINS.get(match.origin, match.origin)
    return TagLine(label, f"{origin}: {match.evidence}" if match.evidence else origin)
