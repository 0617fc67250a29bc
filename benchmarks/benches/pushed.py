"""What is pushed: how long until it stands in the queue."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.field import ENVIRONMENT, farm, write_sources
from benchmarks.measure import run
from benchmarks.table import Line, Scale, at_most

TITLE = "Pushed items"


def measure(_scale: Scale) -> list[Line]:
    """The longest time of twenty, alone and during a cold pass."""
    with farm(200) as grounds, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sources(folder, grounds)
        words = [str(folder / "database.sqlite"), str(folder / "sources.toml")]
        told = run(
            [sys.executable, "-m", "benchmarks.contestants.pushing", *words], folder, environment=ENVIRONMENT
        ).told
    return [
        at_most("the first after the start", 1000 * told["first"], 300, "ms"),
        at_most("the slowest of 20, nothing else to do", 1000 * told["quiet"], 300, "ms"),
        at_most("the slowest of 20 during a cold pass", 1000 * told["busy"], 300, "ms"),
    ]
