"""What a card of the queue says: names for ids, words for codes. Values in, values out; reads and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aggregator.model import Configuration, State
from curation.cardlines import (
    ORIGIN_MARKS,
    ORIGINS,
    STATE_NAMES,
    Elsewhere,
    Suggestion,
    TagLine,
    because,
    elsewhere,
    partner_name,
    suggestions,
    tag_line,
)
from curation.languages import in_words, is_unsure, language_label, language_name
from curation.queue import QueueItem

PICTURE_WIDTH = 480  # twice that of the box
EXCERPT = 600

EMPTY: Mapping[State, str] = {
    State.WAITING: "Nothing waits. What comes in shows up here by itself.",
    State.APPROVED: "Nothing has been approved yet.",
    State.SCHEDULED: "Nothing is scheduled.",
    State.REJECTED: "Nothing has been rejected.",
    State.WITHDRAWN: "Nothing has been withdrawn.",
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
# The same of what changes an item and moves it nowhere.
EDITED: Mapping[str, str] = {
    "language": "Language set",
    "tags": "Tags changed",
    "words": "Words changed",
    "join": "Joined to one story",
    "split": "Taken out of its story",
}
SAID: Mapping[str, str] = {**DONE, **EDITED}


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
class Card:
    """One item as its card shows it. The text is cut in two where "More" stands; both together are all of it.

    `edited` names what an editor changed; `recognised` is the language found, where an editor says it is another.
    """

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
    recognised: str = ""
    is_unsure: bool = False
    edited: tuple[str, ...] = ()
    summary: str = ""
    tags: tuple[TagLine, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    story: tuple[Elsewhere, ...] = ()
    because: str = ""
    about: str = ""
    why: str = ""
    flag: str = ""
    published_at: datetime | None = None
    at: datetime | None = None  # what the list is ordered by


def _picture(item: QueueItem) -> str:
    """The file name of the narrowest copy that does for a card, also on a screen with two pixels to each."""
    return next((copy.name for copy in item.images if copy.width >= PICTURE_WIDTH), item.image or "")


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
        image=_picture(item),
        image_alt=item.image_alt or "",
        partner_name=partner_name(configuration, item.partner),
        source_name=f"{item.source} · {item.kind}",
        language=item.language,
        **_language_words(item),
        edited=tuple(sorted(item.original)),
        summary=item.summary or "",
        tags=tuple(tag_line(match, configuration) for match in item.tag_matches),
        suggestions=suggestions(item, configuration),
        story=tuple(elsewhere(other, item, configuration) for other in item.companions),
        because=because(item.likely, item.because),
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


def names_for_script(configuration: Configuration) -> dict[str, object]:
    """The names that the page's script needs to write cards itself, and the languages in the order of their keys."""
    return {
        "languages": configuration.stream.languages,
        "partners": {partner.id: partner.name for partner in configuration.partners},
        "tags": {tag.id: tag.label.get("en", tag.id) for tag in configuration.tags},
        "origins": ORIGINS,
        "marks": ORIGIN_MARKS,
        "states": {state.value: name for state, name in STATE_NAMES.items()},
        "deciders": DECIDERS,
    }


def _web_address(url: str | None) -> str:
    """The address, if it is one that a click may lead to."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""


def _language_words(item: QueueItem) -> dict[str, Any]:
    """What a card says of the language: an editor's word, or what the recognition found and went by."""
    evidence = in_words(item.language_evidence)
    if "language" not in item.original:
        return {
            "language_label": language_label(item.language, item.confidence),
            "language_evidence": evidence,
            "is_unsure": is_unsure(item.language, item.confidence),
        }
    recognised = language_label(str(item.original["language"]), item.confidence)
    return {
        "language_label": language_name(item.language),
        "language_evidence": f"set by an editor; recognised: {recognised}",
        "recognised": recognised,
    }
