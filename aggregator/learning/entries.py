"""Which lines of the log of decisions teach something, and what is left of them when some were taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WANTED: Mapping[str, bool] = {"approve": True, "schedule": True, "reject": False}
UNDO, EDIT = "undo", "edit"
TELLING = (*WANTED, UNDO, EDIT)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log that a person wrote. `has_tags` is true of an edit that set the item's tags."""

    id: int
    item_id: str
    action: str
    undoes: int | None = None
    has_tags: bool = False

    @property
    def is_wanted(self) -> bool | None:
        """What it says of the item: that it is wanted, that it is not, or nothing."""
        return WANTED.get(self.action)

    @property
    def tells_tags(self) -> bool:
        """Whether an editor has seen the item's tags and left them as they are, or set them."""
        return self.is_wanted is True or (self.action == EDIT and self.has_tags)


def undone(entries: Sequence[Entry]) -> set[int]:
    """The decisions that were taken back."""
    return {entry.undoes for entry in entries if entry.action == UNDO and entry.undoes is not None}


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Those that teach something: decisions that nobody took back, and edits of tags. In their order."""
    gone = undone(entries)
    return [entry for entry in entries if entry.id not in gone and (entry.is_wanted is not None or entry.tells_tags)]


def count_decisions(entries: Sequence[Entry]) -> int:
    """How many of them are decisions."""
    return sum(entry.is_wanted is not None for entry in entries)


def last_words(entries: Sequence[Entry]) -> dict[str, bool]:
    """What was said of each item last, where it was decided on."""
    return {entry.item_id: entry.is_wanted for entry in entries if entry.is_wanted is not None}
