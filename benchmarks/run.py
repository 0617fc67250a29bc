"""Measures everything side by side and prints the table.

make bench                        a few minutes
make bench ARGS=--full            1,000 feeds, repeated, and what takes long
make bench ARGS="--only passes"   one of: passes, quiet, waiting, writes, pushed, growth, stories, memory, language,
                                  learning, serving, widget, lighthouse
"""

from __future__ import annotations

import argparse
import os
import platform
import sys

from benchmarks.benches import (
    growth,
    languages,
    learning,
    lighthouse,
    memory,
    passes,
    pushed,
    quiet,
    serving,
    stories,
    waiting,
    widget,
    writes,
)
from benchmarks.table import Scale, show

BENCHES = {
    "widget": widget,
    "lighthouse": lighthouse,
    "language": languages,
    "learning": learning,
    "pushed": pushed,
    "serving": serving,
    "waiting": waiting,
    "writes": writes,
    "growth": growth,
    "stories": stories,
    "memory": memory,
    "quiet": quiet,
    "passes": passes,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Benchmarks, side by side.")
    parser.add_argument("--full", action="store_true", help="measure more feeds, more often")
    parser.add_argument("--feeds", type=int, help="how many feeds the passes have (200; in full 1000)")
    parser.add_argument("--only", action="append", choices=BENCHES, help="one bench alone; may be repeated")
    words = parser.parse_args()
    if not sys.platform.startswith("linux"):
        sys.stderr.write("The benchmarks need Linux: /proc, and all of 127.0.0.0/8.\n")
        return 1
    scale = Scale(words.feeds or (1000 if words.full else 200), 3 if words.full else 1, words.full)
    tables = []
    for name in words.only or BENCHES:
        sys.stderr.write(f"… {name}\n")
        tables.append(show(BENCHES[name].TITLE, BENCHES[name].measure(scale)))
    load = os.getloadavg()[0]
    sys.stdout.write(
        f"\nPython {platform.python_version()}, {os.cpu_count()} processors, load {load:.1f}, {scale.feeds} feeds. "
        "Each contestant reads every feed of the farm; the others get our JSON Feeds as RSS.\n\n"
    )
    sys.stdout.write("\n".join(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
