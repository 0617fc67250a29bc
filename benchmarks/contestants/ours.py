"""This program: one pass over the sources of a file, by a process that is ready, as the running program's is.

    python -m benchmarks.contestants.ours DATABASE SOURCES

Beside the seconds it prints, as JSON, what only this program is asked: its transactions, and how long its event loop
was away at most.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import uvloop
from sqlalchemy import event

from aggregator.machine import Machine, open_machine
from aggregator.passes import collect_all
from aggregator.settings import Settings

STEP_SECONDS = 0.002


def settings(database: str, sources: str) -> Settings:
    """The settings of a benchmark: everything in the database's folder, the whole farm within reach."""
    folder = Path(database).parent
    return Settings(
        database_url=f"sqlite+aiosqlite:///{database}",
        sources=Path(sources),
        secret_file=folder / "secret",
        media_dir=folder / "media",
        allow_private="127.1.0.0/16",
    )


def cpu_seconds() -> float:
    """What this process and its children, living and dead, have used."""
    used = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ticks = os.sysconf("SC_CLK_TCK")
    for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / ticks
    return used


async def longest_lag() -> float:
    """The longest that the loop was away, until it is cancelled."""
    longest = 0.0
    try:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(STEP_SECONDS)
            longest = max(longest, time.perf_counter() - before - STEP_SECONDS)
    except asyncio.CancelledError:
        return longest


async def measure(machine: Machine) -> dict[str, float]:
    """One pass, in figures."""
    writes: Counter[str] = Counter()
    for engine in machine.database.writing_engines:
        event.listen(engine, "commit", lambda _: writes.update(["commits"]))
    lag = asyncio.create_task(longest_lag())
    await asyncio.sleep(0.05)
    started, used = time.perf_counter(), cpu_seconds()
    problems = entries = 0
    seconds = []
    async for outcome in collect_all(machine, machine.configuration.sources):
        problems += outcome.problem is not None
        entries += outcome.new
        if outcome.problem is None:
            seconds.append(time.perf_counter() - started)
    figures = {"wall": time.perf_counter() - started, "cpu": cpu_seconds() - used}
    lag.cancel()
    figures |= {"lag": await lag, "problems": problems, "entries": entries, "commits": writes["commits"]}
    return figures | {"healthy": len(seconds), "healthy_99": seconds[max(0, round(len(seconds) * 0.99) - 1)]}


async def main() -> None:
    logging.disable(logging.CRITICAL)
    gc.freeze()  # both as the command line does it
    gc.set_threshold(5_000)
    async with open_machine(settings(sys.argv[1], sys.argv[2])) as machine:
        await machine.get_ready()  # as at the start of the running program; of nobody the start is counted
        figures = await measure(machine)
    sys.stdout.write(f"{figures['wall']} {figures['cpu']}\n{json.dumps(figures)}\n")


if __name__ == "__main__":
    uvloop.run(main())
