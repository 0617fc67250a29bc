"""Hosts that take their time: an answer after 50 ms each, and hosts that hang or fail beside healthy ones."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.farm import fault_of
from benchmarks.field import Grounds, farm, ours
from benchmarks.measure import Used
from benchmarks.table import Line, Scale, at_most

TITLE = "Slow, hanging and failing hosts"
FEEDS = 200
FEW_ENTRIES = 2
DELAY = 0.05
# By turns in one run, and their median: what else this machine does would decide between two passes.
TURNS, FULL_TURNS = 3, 7


def measure(scale: Scale) -> list[Line]:
    """Cold passes with latency and without; and when 99 % of the healthy feeds are kept beside faulty ones."""
    turns = FULL_TURNS if scale.is_full else TURNS
    return [*_latency(turns), *_faults(turns)]


def _latency(turns: int) -> list[Line]:
    with farm(FEEDS) as grounds:
        grounds.set(delay=DELAY)
        many = _median([_cold(grounds).wall for _ in range(turns)])
    with farm(FEEDS, most=FEW_ENTRIES) as grounds:
        at_once, later = [], []
        for _ in range(turns):
            grounds.set(delay=0)
            at_once.append(_cold(grounds).wall)
            grounds.set(delay=DELAY)
            later.append(_cold(grounds).wall)
    few = f"{FEEDS} feeds of {FEW_ENTRIES} entries"
    return [
        at_most(f"{FEEDS} feeds cold, 50 ms latency", many, 1.5, "s"),
        at_most(f"{few}, 50 ms latency", _median(later), 1.5, "s"),
        at_most(f"{few}: what the latency adds", _median(later) - _median(at_once), 0.5, "s"),
    ]


def _faults(turns: int) -> list[Line]:
    clean, faulty, failed = [], [], []
    with farm(FEEDS) as grounds:
        for _ in range(turns):
            grounds.set(faults=0)
            clean.append(_cold(grounds).told["healthy_99"])
            grounds.set(faults=1)
            told = _cold(grounds).told
            faulty.append(told["healthy_99"])
            failed.append(told["problems"])
    faults = sum(fault_of(number) is not None for number in range(FEEDS))
    ratios = sorted(late / soon for late, soon in zip(faulty, clean, strict=True))
    what = f"99 % of the healthy kept, {faults} of {FEEDS} faulty, against none"
    return [
        at_most(what, _median(ratios), 1.2, "×"),
        Line("the same in each pair of passes", " ".join(f"{ratio:.2f}" for ratio in ratios)),
        Line("feeds that failed, of the faulty", f"{_median(failed):.0f} of {faults}"),
    ]


def _median(figures: list[float]) -> float:
    return statistics.median(figures)


def _cold(grounds: Grounds) -> Used:
    program = ours()
    with tempfile.TemporaryDirectory() as folder:
        program.prepare(Path(folder), grounds)
        return program.pass_(Path(folder), grounds)
