"""Takes away copies of pictures that no item names any more, and has those made anew that are lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from aggregator import picturefolder
from aggregator.events import ItemsArrived
from aggregator.picturekeeping import WAITS
from aggregator.store.engine import Database
from aggregator.store.pictures import read_wanted
from aggregator.work import WorkList

# A file is there before the row that names it: within this time it is surely committed, or never.
GRACE = timedelta(days=1)
# A sweep must not hold up what else reads the disk, nor ask other hosts for a thousand pictures at once.
MOST_REMOVED = 1_000
MOST_FETCHED = 100


async def sweep_pictures(database: Database, work: WorkList, folder: Path, *, now: datetime) -> int:
    """Sweep the folder once; how many copies went. Several processes may do so at the same time."""
    before = now - GRACE
    # The folder first: what is written and named meanwhile is not among what it shows.
    listing = await asyncio.to_thread(picturefolder.listing, folder, before=before)
    async with database.read() as connection:
        wanted = await read_wanted(connection, listing.names, now=now)
    unnamed = [name for name in listing.old if name not in wanted.names][:MOST_REMOVED]
    removed = await asyncio.to_thread(picturefolder.remove, folder, unnamed, before=before)
    await asyncio.to_thread(picturefolder.remove_leftovers, folder, listing.leftovers)
    if wanted.lacking:
        await _fetch_again(database, work, wanted.lacking, now=now)
    return removed


async def _fetch_again(database: Database, work: WorkList, lacking: Sequence[str], *, now: datetime) -> None:
    """Some by chance, so that none stands before the others for ever. Each is asked for once: a sweep comes again."""
    chosen = random.sample(lacking, min(len(lacking), MOST_FETCHED))
    events = [(f"picture:{item_id}", ItemsArrived((item_id,), tries=len(WAITS))) for item_id in chosen]
    async with database.write() as connection:
        await work.put_all(connection, events, due_at=now)
