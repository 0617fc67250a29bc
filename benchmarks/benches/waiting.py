"""Hosts that take their time: an answer after 50 ms each, and hosts that hang or fail beside healthy ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.farm import fault_of
from benchmarks.field import Grounds, farm, ours
from benchmarks.measure import Used
from benchmarks.table import Line, Scale, at_most

TITLE = "Slow, hanging and failing hosts"
FEEDS = 200


def measure(_scale: Scale) -> list[Line]:
    """A cold pass with latency; and when 99 % of the healthy feeds are kept, with and without faulty ones."""
    with farm(FEEDS) as grounds:
        grounds.set(delay=0.05)
        slow = _cold(grounds)
        grounds.set(delay=0)
        clean = _cold(grounds)
        grounds.set(faults=1)
        faulty = _cold(grounds)
    ratio = faulty.told["healthy_99"] / clean.told["healthy_99"]
    faults = sum(fault_of(number) is not None for number in range(FEEDS))
    return [
        at_most(f"{FEEDS} feeds cold, 50 ms latency", slow.wall, 1.5, "s"),
        at_most(f"99 % of the healthy kept, {faults} of {FEEDS} faulty, against none", ratio, 1.2, "×"),
        Line("feeds that failed, of the faulty", f"{faulty.told['problems']:.0f} of {faults}"),
    ]


def _cold(grounds: Grounds) -> Used:
    program = ours()
    with tempfile.TemporaryDirectory() as folder:
        program.prepare(Path(folder), grounds)
        return program.pass_(Path(folder), grounds)
