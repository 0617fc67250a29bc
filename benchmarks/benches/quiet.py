"""What most passes are: nothing new, or one feed in twenty with one entry more. Of start-up only the sandbox counts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.field import farm, ours
from benchmarks.table import Line, Scale, at_most

TITLE = "Little or nothing new"
FEEDS = 1_000
TURNS, FULL_TURNS = 3, 9


def measure(scale: Scale) -> list[Line]:
    """Processor seconds of 1,000 feeds. Not of fewer: the sandbox's start would be multiplied with them."""
    turns = FULL_TURNS if scale.is_full else TURNS
    same, changed = [], []
    program = ours()
    with farm(FEEDS) as grounds, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program.prepare(folder, grounds)
        program.pass_(folder, grounds)
        for turn in range(turns):
            same.append(program.pass_(folder, grounds))
            grounds.set(version=turn + 1)
            changed.append(program.pass_(folder, grounds))
    of = f"processor time, the least of {turns}"
    return [
        at_most(f"nothing new: {of}", min(used.cpu for used in same), 0.75, "s"),
        at_most(f"5 % changed: {of}", min(used.cpu for used in changed), 1.2, "s"),
        at_most("nothing new: memory", max(used.megabytes for used in same), 120, "MB"),
        at_most("5 % changed: memory", max(used.megabytes for used in changed), 120, "MB"),
    ]
