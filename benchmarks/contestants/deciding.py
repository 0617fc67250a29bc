"""An editor's decisions, and how soon they show: on pages of this process, of another, and on an open line of events.

python -m benchmarks.contestants.deciding DATABASE FOLDER
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import statistics
import sys
import time
from pathlib import Path

import uvloop
from aiohttp import ClientSession

from aggregator.machine import Machine, open_machine
from benchmarks.contestants.serving import fill, served, settings
from curation.decisions import decide

TIMES = 20
WIDGET_WAITS_MS = 300  # web/widget/channel.js: a random time up to this, so that not all ask in one moment


async def decide_and_see(machine: Machine, item_id: str, action: str, pages: ClientSession) -> float:
    """Milliseconds from the decision's beginning until a new request is answered with it."""
    wanted = action == "approve"
    began = time.perf_counter()
    deciding = asyncio.create_task(decide(machine, item_id, action=action, editor="bench"))
    while True:
        async with pages.get("/stream.json") as answer:
            text = await answer.text()
        if (f'"id": "{item_id}"' in text) is wanted:
            await deciding
            return 1000 * (time.perf_counter() - began)
        await asyncio.sleep(0.001)


async def decide_and_hear(machine: Machine, item_id: str, action: str, line: ClientSession) -> float:
    """Milliseconds from the decision's beginning until an open line tells of it."""
    async with line.get("/events") as events:
        await events.content.readuntil(b"\n\n")
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        await decide(machine, item_id, action=action, editor="bench")
        while item_id.encode() not in await events.content.readuntil(b"\n\n"):
            pass
        return 1000 * (time.perf_counter() - began)


async def measure(machine: Machine, here: str, there: str) -> dict[str, float]:
    """Twenty decisions for each, by turns published and withdrawn."""
    async with ClientSession(here) as pages, pages.get("/stream.json?limit=1") as answer:
        item_id = (await answer.json())["items"][0]["id"]
    figures: dict[str, float] = {"times": TIMES, "widget waits": WIDGET_WAITS_MS}
    actions = ["reject", "approve"] * (TIMES // 2)
    for name, address in (("same process", here), ("other process", there)):
        async with ClientSession(address) as pages:
            times = [await decide_and_see(machine, item_id, action, pages) for action in actions]
        figures |= {f"{name} median": statistics.median(times), f"{name} slowest": max(times)}
    async with ClientSession(there) as line:
        times = [await decide_and_hear(machine, item_id, action, line) for action in actions]
    return figures | {"event median": statistics.median(times), "event slowest": max(times)}


async def main() -> None:
    logging.disable(logging.CRITICAL)
    database, folder = sys.argv[1:]
    async with open_machine(settings(database, Path(folder))) as machine:
        await fill(machine)
        gc.freeze()  # as the command line does it
        other = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.contestants.serving", database, folder, "ours",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert other.stdin
        assert other.stdout
        try:
            there = f"http://127.0.0.1:{int(await other.stdout.readline())}"
            async with served(machine, "ours") as port:
                figures = await measure(machine, f"http://127.0.0.1:{port}", there)
        finally:
            other.stdin.close()
            await other.wait()
    sys.stdout.write(f"0 0\n{json.dumps(figures)}\n")


if __name__ == "__main__":
    uvloop.run(main())
