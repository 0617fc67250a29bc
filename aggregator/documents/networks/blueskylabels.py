"""What the labels on Bluesky's posts and accounts ask of whoever shows them (lexicon com.atproto.label.defs).

Labels come from the moderators that the AppView listens to and from authors themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aggregator.documents.jsonparts import as_object, object_at, objects_at, text_at

# An author's wish, set in Bluesky's settings: only people who are signed in are to see the account.
SIGNED_IN_ONLY = "!no-unauthenticated"
SIGNED_IN_REASON = "its author shows it only to people who are signed in to Bluesky"
MODERATORS_REASON = "Bluesky's moderators have taken it down"
MOST_LABELS = 100

_TAKEN_DOWN = frozenset({"!hide", "!takedown", "!suspend"})
_WARNINGS: Mapping[str, str] = {
    "!warn": "content warning",
    "porn": "adult content",
    "sexual": "sexual content",
    "sexual-figurative": "sexual content",
    "nudity": "nudity",
    "graphic-media": "graphic pictures",
    "gore": "graphic pictures",
    "self-harm": "self-harm",
    "sensitive": "sensitive content",
    "extremist": "extremism",
    "intolerant": "intolerance",
    "threat": "threats",
    "rude": "rudeness",
    "illicit": "illicit content",
    "misinformation": "possibly untrue",
    "misleading": "possibly untrue",
    "security": "unsafe links",
    "unsafe-link": "unsafe links",
    "scam": "possibly a scam",
    "spam": "possibly spam",
    "impersonation": "possibly not who it says",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hidden` says why nobody may be shown the thing; `warnings` are for readers, once each, in order."""

    hidden: str | None = None
    warnings: tuple[str, ...] = ()

    def __or__(self, other: Verdict) -> Verdict:
        """Both: hidden where one of them is."""
        return Verdict(self.hidden or other.hidden, tuple(dict.fromkeys((*self.warnings, *other.warnings))))


def judge_labels(*things: object) -> Verdict:
    """The verdict of all labels on the things: views of posts or accounts, or records that label themselves."""
    names = [name for thing in things for name in _names(thing)]
    hidden = next((reason for name in names if (reason := _hidden(name))), None)
    return Verdict(hidden, tuple(dict.fromkeys(_WARNINGS[name] for name in names if name in _WARNINGS)))


def _hidden(name: str) -> str | None:
    if name == SIGNED_IN_ONLY:
        return SIGNED_IN_REASON
    return MODERATORS_REASON if name in _TAKEN_DOWN else None


def _names(thing: object) -> Iterator[str]:
    view = as_object(thing)
    # A record's own labels (com.atproto.label.defs#selfLabels) lie one deeper.
    for holder, key in ((view, "labels"), (object_at(view, "labels"), "values")):
        for label in objects_at(holder, key, MOST_LABELS):
            if label.get("neg") is not True:
                yield text_at(label, "val")
