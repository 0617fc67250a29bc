"""This program, given one item at a time as if it were pushed: how long until each stands in the queue.

python -m benchmarks.contestants.pushing DATABASE SOURCES
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import time
from dataclasses import replace

import uvloop

from aggregator.collectors.contract import Collected
from aggregator.machine import Machine, open_machine
from aggregator.model import Document, Sighting
from aggregator.passes import collect_all
from aggregator.store.sources import Cursor
from benchmarks.contestants.ours import settings

TIMES = 20


async def push(machine: Machine, number: int) -> float:
    """Push one item and say how many seconds it took until it was kept."""
    source = replace(machine.configuration.sources[number], push=True)
    sighting = Sighting(
        f"pushed-{time.perf_counter_ns()}",
        url=f"https://pushed.example/{time.perf_counter_ns()}",
        body_html="<p>The council has agreed to insulate three hundred homes before next winter.</p>",
    )
    pushed = Document((sighting,), "push", is_window=False)
    before = time.perf_counter()
    await machine.shop.take(source, Collected(pushed, Cursor(), source.url))
    return time.perf_counter() - before


async def measure(machine: Machine) -> dict[str, float]:
    """The longest of some pushes, with nothing else to do and while everything is being collected."""
    first = await push(machine, 0)
    quiet = [await push(machine, number) for number in range(TIMES)]

    async def collect() -> None:
        async for _ in collect_all(machine, machine.configuration.sources[TIMES:]):
            pass

    collecting = asyncio.create_task(collect())
    busy = []
    for number in range(TIMES):
        await asyncio.sleep(0.05)
        busy.append(await push(machine, number))
    collecting.cancel()
    return {"first": first, "quiet": max(quiet), "busy": max(busy)}


async def main() -> None:
    logging.disable(logging.CRITICAL)
    gc.freeze()  # as the command line does it
    async with open_machine(settings(sys.argv[1], sys.argv[2])) as machine:
        await machine.get_ready()  # as the running program does
        figures = await measure(machine)
    sys.stdout.write(f"0 0\n{json.dumps(figures)}\n")


if __name__ == "__main__":
    uvloop.run(main())
