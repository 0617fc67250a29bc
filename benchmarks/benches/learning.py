"""How well the queue is ordered by what editors decided, on a made-up newsroom, beside a rule that needs no model."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from statistics import fmean

from aggregator.learning.asking import judge, learn
from aggregator.learning.specimens import EARLIER, Lesson
from benchmarks.newsroom import Newsroom, Proposed
from benchmarks.table import Line, Scale, at_least, at_most

TITLE = "Learning (precision among the first 20 of 100 that wait, against the share of what is wanted)"
STEPS = (30, 50, 100, 200, 500, 1000)
WAITING, FIRST = 100, 20
GOAL_AFTER, GOAL = 200, 1.5


def measure(scale: Scale) -> list[Line]:
    """A line for each number of decisions, over several newsrooms."""
    runs = [curve(seed, STEPS) for seed in range(30 if scale.is_full else 12)]
    lines = []
    for place, step in enumerate(STEPS):
        base, ours, by_source, best = (fmean(run[place][part] for run in runs) for part in range(4))
        beside = (
            f"{ours:.0%} of {base:.0%}; by source {by_source / base:.2f} ×, whoever knew her liking {best / base:.2f} ×"
        )
        what = f"after {step} decisions: {beside}"
        if step == GOAL_AFTER:
            lines.append(at_least(what, ours / base, GOAL))
        else:
            lines.append(Line(what, f"{ours / base:,.2f} ×"))
    return [*lines, *_expense()]


def curve(seed: int, steps: Sequence[int]) -> list[tuple[float, float, float, float]]:
    """Shares of what is wanted after each of those numbers of decisions.

    Among all that wait then, and among the first of them as we order them, as their sources were approved, and as the
    editor likes them.
    """
    stream = list(islice(Newsroom(seed).stream(), steps[-1] + WAITING))
    lessons = [Lesson(one.specimen, one.is_wanted, tuple(one.tags) if one.is_wanted else None) for one in stream]
    found, kept, begin = [], None, 0
    for step in steps:
        kept = learn(kept, lessons[max(0, begin - EARLIER) : begin], lessons[begin:step])
        begin = step
        waiting = stream[step : step + WAITING]
        likely = [opinion.likely for opinion in judge(kept, [one.specimen for one in waiting])]
        by_source = _by_source(stream[:step], waiting)
        liking = [one.liking for one in waiting]
        base = fmean(one.is_wanted for one in waiting)
        found.append((base, *(_precision(waiting, order) for order in (likely, by_source, liking))))
    return found


def _by_source(decided: Sequence[Proposed], waiting: Sequence[Proposed]) -> list[float]:
    """How often each one's source was approved, one that is hardly known as often as all."""
    usual = fmean(one.is_wanted for one in decided)
    all_of = Counter(one.specimen.source for one in decided)
    wanted = Counter(one.specimen.source for one in decided if one.is_wanted)
    return [(wanted[one.specimen.source] + 2 * usual) / (all_of[one.specimen.source] + 2) for one in waiting]


def _precision(waiting: Sequence[Proposed], order: Sequence[float]) -> float:
    # Of the same likeliness, the newest first.
    first = sorted(range(len(waiting)), key=lambda place: (-order[place], -place))[:FIRST]
    return fmean(waiting[place].is_wanted for place in first)


def _expense() -> list[Line]:
    stream = list(islice(Newsroom(99).stream(), 1200))
    started = time.process_time()
    kept = learn(None, (), [Lesson(one.specimen, one.is_wanted, tuple(one.tags)) for one in stream[:200]])
    taught = time.process_time()
    judge(kept, [one.specimen for one in stream[200:]])
    judged = time.process_time()
    return [
        at_most("a decision learnt", 1e3 * (taught - started) / 200, 20, "ms"),
        at_most("an item judged", 1e3 * (judged - taught) / 1000, 5, "ms"),
        at_most("the weights", len(kept) / 1e6, 3, "MB"),
    ]
