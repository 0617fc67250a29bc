"""Memory with many sources: all processes together, at their highest, over a cold pass and one with nothing new."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.field import farm, ours
from benchmarks.table import Line, Scale, at_most

TITLE = "Memory"
GOALS = {1000: 120, 5000: 250}


def measure(scale: Scale) -> list[Line]:
    """The peak of 1,000 sources, and in full of 5,000."""
    lines = []
    for sources, goal in GOALS.items():
        if sources > scale.feeds and not scale.is_full:
            lines.append(Line(f"{sources:,} sources: with ARGS=--full", ""))
            continue
        program = ours()
        with farm(sources) as grounds, tempfile.TemporaryDirectory() as name:
            program.prepare(Path(name), grounds)
            cold = program.pass_(Path(name), grounds)
            same = program.pass_(Path(name), grounds)
        lines.append(at_most(f"{sources:,} sources, cold", cold.megabytes, goal, "MB"))
        lines.append(at_most(f"{sources:,} sources, nothing new", same.megabytes, goal, "MB"))
    return lines
