"""Passes over the whole farm, all contestants by turns: everything new, nothing new, one feed in twenty with news."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.field import Contestant, Grounds, contestants, farm
from benchmarks.measure import Used
from benchmarks.table import Line, Scale, at_least, at_most

TITLE = "Passes over all feeds, side by side"
SCENARIOS = ("cold", "nothing new", "5 % changed")
OURS, ONE_CORE = "mPOWER Stream", "mPOWER Stream, one core"
Figures = dict[tuple[str, str], list[Used]]


def measure(scale: Scale) -> list[Line]:
    """Feeds a second, processor seconds and memory of each; then the ratios."""
    here, absent = contestants()
    figures: Figures = {}
    with farm(scale.feeds) as grounds, tempfile.TemporaryDirectory() as folder:
        for turn in range(scale.repeats):
            # Another order each time: what else this machine does hits all alike.
            for contestant in here[turn % len(here) :] + here[: turn % len(here)]:
                place = Path(folder) / f"{contestant.name.replace(' ', '-')}-{turn}"
                place.mkdir()
                _one(contestant, place, grounds, figures)
    lines = [Line(f"absent: {reason}", "") for reason in absent]
    for scenario in SCENARIOS:
        lines.append(Line(f"{scenario}, {scale.feeds:,} feeds", "feeds/s · processor s · MB"))
        lines += [Line(f"  {one.name}", _shown(figures[one.name, scenario], scale.feeds)) for one in here]
    return lines + _ratios(figures, scale)


def _one(contestant: Contestant, place: Path, grounds: Grounds, figures: Figures) -> None:
    grounds.set(version=0)
    contestant.prepare(place, grounds)
    for scenario in SCENARIOS:
        if scenario == "5 % changed":
            grounds.set(version=1)
        used = contestant.pass_(place, grounds)
        figures.setdefault((contestant.name, scenario), []).append(used)
        sys.stderr.write(f"{contestant.name}: {scenario}: {used.wall:.2f} s\n")


def _shown(runs: list[Used], feeds: int) -> str:
    wall, cpu = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu"))
    return f"{feeds / wall:9,.1f}  {cpu:8.2f}  {max(run.megabytes for run in runs):6.0f}"


def _ratios(figures: Figures, scale: Scale) -> list[Line]:
    def wall(name: str, scenario: str) -> float:
        return statistics.median(run.wall for run in figures[name, scenario])

    cold = wall(OURS, "cold")
    goals = {"reader": 5, "newsboat": 2.5}
    lines = []
    for name in ("reader", "newsboat", "rss2email", "feedparser + sqlite3"):
        if (name, "cold") in figures:
            ratio = wall(name, "cold") / cold
            what = f"cold: times as fast as {name}"
            lines.append(at_least(what, ratio, goals[name]) if name in goals else Line(what, f"{ratio:,.2f} ×"))
    mine = ONE_CORE if (ONE_CORE, "cold") in figures else OURS
    share = 100 * wall("floor", "cold") / wall(mine, "cold")
    lines.append(at_least("cold on one core: share of the floor", share, 30, "%"))
    lines.append(Line("cold on both cores: share of the floor", f"{100 * wall('floor', 'cold') / cold:,.2f} %"))
    told = figures[OURS, "cold"][-1]
    lines.append(at_most("event loop: longest stall in a cold pass", 1000 * told.told["lag"], 50, "ms"))
    lines.append(at_most("transactions a feed, cold", told.told["commits"] / scale.feeds, 1, ""))
    lines.append(at_most("memory, cold, all processes", told.megabytes, 120, "MB"))
    return lines
