"""Recognising languages of short texts, side by side: right answers, the time for a text, and the memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.refine.language import detect
from benchmarks import prose
from benchmarks.contestants.recognisers import OURS, PEERS
from benchmarks.field import ENVIRONMENT, ROOT
from benchmarks.field import PEERS as PEERS_PYTHON
from benchmarks.languagetexts import CONDITIONS, Text, shares, texts
from benchmarks.table import Line, Scale, at_least, at_most

TITLE = "Languages"
KNOWN = "mPOWER Stream, the source's languages known"
# Shares of right answers in per cent, without hints and with those of the source.
GOALS = {"t40": 99.0, "t140": 99.8}
GOALS_KNOWN = {"t20": 99.0, "t40": 99.4, "t140": 99.9, "social40": 99.5, "post": 98.5}
WIDTH = 9


@dataclass(frozen=True, slots=True)
class Told:
    """What a contestant said of the texts."""

    shares: Mapping[str, float]
    microseconds: float
    megabytes: float


def measure(_scale: Scale) -> list[Line]:
    """The table, and our figures held against their goals."""
    rows, which = texts()
    asked = [("mPOWER Stream", sys.executable, False), (KNOWN, sys.executable, True)]
    asked += [(name, sys.executable, False) for name in [*OURS][1:]]
    asked += [(name, str(PEERS_PYTHON), False) for name in PEERS]
    figures, absent = {}, []
    for name, python, is_known in asked:
        told = _told(name, python, rows, is_known=is_known)
        if isinstance(told, Told):
            figures[name] = told
        else:
            absent.append(f"absent: {name}: {told}")
    return [
        Line(f"right in %, mean of six languages, {len(rows):,} texts: {which}", ""),
        Line("", "".join(column.rjust(WIDTH) for column in (*CONDITIONS, "µs", "MB"))),
        *(Line(f"  {name}", _shown(told)) for name, told in figures.items()),
        *(Line(reason, "") for reason in absent),
        *(_held(figures) if len(rows) > 1_000 else []),  # a sample proves nothing
        *_usual(figures["mPOWER Stream"]),
    ]


def _told(name: str, python: str, rows: Sequence[Text], *, is_known: bool) -> Told | str:
    """What a contestant said, or why it said nothing."""
    asked = [(row.text, row.expected if is_known else ()) for row in rows]
    contestant = "mPOWER Stream" if name == KNOWN else name
    command = [python, "-m", "benchmarks.contestants.recognisers", contestant]
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [*done.stderr.strip().splitlines(), "it failed"][-2 if done.stderr.strip() else -1]
    told = json.loads(done.stdout.splitlines()[-1])
    return Told(shares(rows, told["codes"]), told["microseconds"], told["megabytes"])


def _shown(told: Told) -> str:
    cells = [*(f"{told.shares[condition]:.1f}" for condition in CONDITIONS)]
    cells += [f"{told.microseconds:,.0f}", f"{told.megabytes:,.0f}"]
    return "".join(cell.rjust(WIDTH) for cell in cells)


def _held(figures: Mapping[str, Told]) -> list[Line]:
    known, unknown = figures[KNOWN].shares, figures["mPOWER Stream"].shares
    lines = [at_least(f"{name}, no hints", unknown[name], goal, "%") for name, goal in GOALS.items()]
    return lines + [at_least(f"{name}, source known", known[name], goal, "%") for name, goal in GOALS_KNOWN.items()]


def _usual(ours: Told) -> list[Line]:
    wrong = sum(detect(text).code != language for language, its in prose.SENTENCES.items() for text in its)
    sentences = sum(map(len, prose.SENTENCES.values()))
    return [
        at_most("a text", ours.microseconds, 100, "µs"),
        at_most("memory", ours.megabytes, 40, "MB"),
        at_most(f"wrong, of {sentences} sentences of our own", wrong, 0, ""),
    ]
