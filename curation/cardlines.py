"""The lines of a card: its tags with their origins, its story, and why it stands where it does. Reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.model import Configuration, State, TagMatch
from curation.companions import Companion
from curation.queue import QueueItem

STATE_NAMES: Mapping[State, str] = {
    State.WAITING: "Waiting",
    State.APPROVED: "Approved",
    State.SCHEDULED: "Scheduled",
    State.REJECTED: "Rejected",
    State.WITHDRAWN: "Withdrawn",
}
ORIGINS: Mapping[str, str] = {
    "source": "Put on everything from this source",
    "word": "A word in the text",
    "category": "The source’s own category",
    "hashtag": "A hashtag in the text",
    "model": "Recognised by the model",
    "editor": "Set by an editor",
}
# The same in a word, as each tag carries it.
ORIGIN_MARKS: Mapping[str, str] = {
    "source": "source",
    "word": "word",
    "category": "category",
    "hashtag": "hashtag",
    "model": "model",
    "editor": "editor",
}


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag and where it came from, in a word and in a sentence."""

    id: str = ""
    label: str = ""
    mark: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag that the model thinks of."""

    id: str = ""
    label: str = ""
    sureness: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another item of the same story. `standing` is its state, where it is not like this card's, and why it is here."""

    id: str = ""
    name: str = ""
    title: str = ""
    standing: str = ""


def partner_name(configuration: Configuration, partner_id: str) -> str:
    """What a partner is called; its id where sources.toml no longer names it."""
    partner = configuration.partner(partner_id)
    return partner.name if partner else partner_id


def because(likely: float | None, reason: str) -> str:
    """How likely an editor says yes, and why that is thought."""
    parts = (f"{likely:.0%} likely" if likely is not None else "", reason)
    return ": ".join(part for part in parts if part)


def tag_line(match: TagMatch, configuration: Configuration) -> TagLine:
    """A tag as its chip shows it."""
    mark, origin = ORIGIN_MARKS.get(match.origin, match.origin), ORIGINS.get(match.origin, match.origin)
    how = f"{origin}: {match.evidence}" if match.evidence else origin
    return TagLine(match.tag, _tag_label(match.tag, configuration), mark, how)


def _tag_label(tag_id: str, configuration: Configuration) -> str:
    return next((tag.label.get("en", tag.id) for tag in configuration.tags if tag.id == tag_id), tag_id)


def suggestions(item: QueueItem, configuration: Configuration) -> tuple[Suggestion, ...]:
    """The tags that the model thinks of and the item has not, likeliest first."""
    return tuple(
        Suggestion(tag, _tag_label(tag, configuration), f"{sureness:.0%}")
        for tag, sureness in item.suggested
        if tag not in item.tags
    )


def elsewhere(other: Companion, item: QueueItem, configuration: Configuration) -> Elsewhere:
    """Another item of the story, as the card of `item` names it."""
    state = [] if other.state is item.state else [STATE_NAMES[other.state].lower()]
    why = [reason.why for reason in item.story_why if reason.item == other.item]
    name = f"{partner_name(configuration, other.partner)} ({other.language})"
    return Elsewhere(other.item, name, other.title or "Without a title", " · ".join(state + why))
