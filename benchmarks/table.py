"""Lines of figures, and the goals they are held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: feeds of the large passes, repetitions, and whether that is all."""

    feeds: int
    repeats: int
    is_full: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One figure with its goal. `is_met` is None where there is none."""

    what: str
    figure: str
    goal: str = ""
    is_met: bool | None = None


def at_least(what: str, value: float, goal: float, unit: str = "×") -> Line:
    """A figure that should not be smaller."""
    return Line(what, f"{value:,.2f} {unit}", f"≥ {goal:g} {unit}", value >= goal)


def at_most(what: str, value: float, goal: float, unit: str) -> Line:
    """A figure that should not be larger."""
    return Line(what, f"{value:,.2f} {unit}", f"≤ {goal:g} {unit}", value <= goal)


def show(title: str, lines: Iterable[Line]) -> str:
    """The lines as a table."""
    signs = {True: "met", False: "NOT MET", None: ""}
    rows = [(line.what, line.figure, line.goal, signs[line.is_met]) for line in lines]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"== {title} ==", *shown, ""])
