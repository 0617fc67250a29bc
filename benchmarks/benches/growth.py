"""Whether a feed costs more the more items are kept: the same pass beside few and beside many old items."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from benchmarks.field import Grounds, farm, ours
from benchmarks.measure import Used
from benchmarks.table import Line, Scale, at_most

TITLE = "Growth"
FEEDS = 100
FEW = 10_000
ROWS_AT_ONCE = 20_000


def measure(scale: Scale) -> list[Line]:
    """Processor time of a cold pass beside that many items, against the same beside 10,000."""
    many = 1_000_000 if scale.is_full else 100_000
    with farm(FEEDS) as grounds:
        few, lots = _pass_beside(FEW, grounds), _pass_beside(many, grounds)
    what = f"processor time a feed beside {many:,} items, against {FEW:,}"
    return [at_most(what, lots.cpu / few.cpu, 1.2, "×")]


def _pass_beside(items: int, grounds: Grounds) -> Used:
    program = ours()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grounds.set(version=0)
        program.prepare(folder, grounds)
        program.pass_(folder, grounds)  # makes the database and its first items
        with sqlite3.connect(folder / "database.sqlite") as database:
            for start in range(0, items, ROWS_AT_ONCE):
                _copy(database, start, min(ROWS_AT_ONCE, items - start))
        grounds.set(version=1, every=FEEDS and 2)
        used = program.pass_(folder, grounds)
        grounds.set(version=0, every=20)
        return used


def _copy(database: sqlite3.Connection, start: int, count: int) -> None:
    """Multiply what is kept: as many items of a source that is not asked, with their sightings and stories."""
    names = [row[1] for row in database.execute("PRAGMA table_info(item)")]
    own = {"id": "?1 || n.i", "source_id": "'old-' || (n.i % 500)", "story": "?1 || n.i"}
    values = ", ".join(own.get(name, f"item.{name}") for name in names)
    numbers = "WITH RECURSIVE n(i) AS (SELECT ?2 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2 + ?3)"
    one = "(SELECT * FROM item ORDER BY id LIMIT 1) AS item"
    database.execute(
        f"{numbers} INSERT INTO item ({', '.join(names)}) SELECT {values} FROM n, {one}", ("old", start, count)
    )
    database.execute(
        f"{numbers} INSERT INTO sighting (source_id, entry_key, item_id, digest, url_key, alike_key, title_key, dated,"
        " seen_at) SELECT 'old-' || (n.i % 500), n.i, ?1 || n.i, 'd', 'old.example/' || n.i, 'a' || n.i, 't', '', "
        "'2026-01-01 00:00:00.000000' FROM n",
        ("old", start, count),
    )
