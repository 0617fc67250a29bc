"""Runs a command and says what it used: seconds, processor seconds of all its processes, their memory at its peak."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Used:
    """What one run used. `wall` and `cpu` are those of the pass alone where the contestant tells them."""

    wall: float
    cpu: float
    megabytes: float
    told: Mapping[str, float] = field(default_factory=dict)


def run(command: Sequence[str], folder: Path, *, stdin: str = "", environment: Mapping[str, str] | None = None) -> Used:
    """Run the command in that folder to its end. Raises RuntimeError where it fails."""
    peak = [0.0]
    started = time.perf_counter()
    with (folder / "errors").open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **(environment or {})},
        )
    watching = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watching.start()
    assert process.stdin
    assert process.stdout
    with process.stdin, suppress(BrokenPipeError):
        process.stdin.write(stdin.encode())
    with process.stdout:
        said = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    watching.join()
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {(folder / 'errors').read_text()[-2000:]}")
    used = Used(wall, usage.ru_utime + usage.ru_stime, peak[0])
    lines = said.splitlines()
    with suppress(ValueError, IndexError):
        own_wall, own_cpu = map(float, lines[0].split())
        used = Used(own_wall, own_cpu, peak[0], json.loads(lines[1]) if len(lines) > 1 else {})
    return used


def _watch(process: int, peak: list[float]) -> None:
    while Path(f"/proc/{process}/smaps_rollup").exists():
        memory = megabytes(process)
        if not memory:
            return
        peak[0] = max(peak[0], memory)
        time.sleep(SAMPLE_SECONDS)


def megabytes(process: int) -> float:
    """The memory of a process and its children, pages that they share counted once (proportional set size)."""
    kilobytes = 0
    for one in (process, *_children(process)):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1000


def processor_seconds(process: int) -> float:
    """What a process and its children have used of all processors since they began."""
    ticks = 0
    for one in (process, *_children(process)):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found
