"""How often the disk is made to write for good: fsync and fdatasync, counted by strace where it is installed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.field import farm, ours
from benchmarks.table import Line, Scale, at_most

TITLE = "Writing"
FEEDS = 100


def measure(_scale: Scale) -> list[Line]:
    """Syncs of a cold pass, a feed."""
    if not shutil.which("strace"):
        return [Line("absent: strace is not installed, so syncs are not counted", "")]
    with farm(FEEDS) as grounds, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = folder / "syncs"
        command = ("strace", "-f", "-qq", "-c", "-e", "trace=fsync,fdatasync", "-o", str(counts))
        program = ours(prefix=command)
        program.prepare(folder, grounds)
        told = program.pass_(folder, grounds).told
        rows = [line.split() for line in counts.read_text().splitlines()]
    syncs = sum(int(row[3]) for row in rows if row and row[-1] in {"fsync", "fdatasync"})
    return [
        at_most("transactions a feed", told["commits"] / FEEDS, 1, ""),
        at_most("syncs a feed", syncs / FEEDS, 2, ""),
    ]
