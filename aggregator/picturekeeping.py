"""Keeps our own copies of items' pictures, so that no visitor's browser asks a third party for one."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator import picturefolder
from aggregator.collectors.contract import Outside
from aggregator.documents.pictures import Picture, shrink
from aggregator.errors import CollectError, FetchError, RefusedError
from aggregator.events import ItemsArrived
from aggregator.model import State
from aggregator.store.changes import ChangeKind, record, touch_stream
from aggregator.store.edits import is_same_file
from aggregator.store.engine import Commit, Database
from aggregator.store.pictures import NO_IMAGE, files_of
from aggregator.store.tables import item
from aggregator.work import WorkList

PICTURE_BYTES = 8_000_000
# How long after each attempt that found nobody there the next one comes.
WAITS = (timedelta(minutes=2), timedelta(minutes=20), timedelta(hours=3), timedelta(hours=12))
LONGEST_WAIT = timedelta(days=1)
# What was found at an address is known so long: many items of one source may name the same picture.
KNOWN_FOR = timedelta(minutes=1)
MOST_KNOWN = 200
# Statuses below 500 that say "not now" (RFC 9110, section 15.5.9; RFC 8470; RFC 6585), and None: nobody answered.
_NOT_NOW = frozenset({None, 408, 425, 429})
log = logging.getLogger(__name__)

Found = Mapping[str, Any] | CollectError  # what items' rows say of a picture, or why there is none


@dataclass(frozen=True, slots=True)
class PictureKeeping:
    """The handler of items with a picture that we have no copy of. Copies are files in `media_dir`."""

    database: Database
    outside: Outside
    work: WorkList
    media_dir: Path
    now: Callable[[], datetime]
    known: OrderedDict[str, tuple[datetime, Found]] = field(default_factory=OrderedDict)
    turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def keep(self, event: ItemsArrived) -> Commit | None:
        """Fetch and shrink the pictures of items, so that no visitor's browser asks a third party for one.

        Where nobody answers, it is tried again a few times; what is refused, or no picture, is not asked for again.
        """
        columns = (item.c.id, item.c.picture_url, item.c.image, item.c.images)
        wanting = item.c.id.in_(event.item_ids) & item.c.picture_url.is_not(None)
        async with self.database.read() as connection:
            rows = (await connection.execute(select(*columns).where(wanting))).all()
        lacking = await asyncio.to_thread(self._without_copies, rows)
        addresses = list({row.picture_url for row in lacking})
        found = await asyncio.gather(*(self._picture(url) for url in addresses))
        if not found:
            return None
        return functools.partial(self._keep, lacking, dict(zip(addresses, found, strict=True)), event.tries)

    def _without_copies(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Those without a copy, or whose copies are not in the folder any more."""
        return [row for row in rows if not all((self.media_dir / name).is_file() for name in files_of(row) or ("",))]

    async def _picture(self, url: str) -> Found:
        """What is found at the address, asked for once however many want it at the same time."""
        async with self.turns.setdefault(url, asyncio.Lock()):
            at, found = self.known.get(url, (None, None))
            if at is None or found is None or self.now() - at >= KNOWN_FOR:
                found = await self._fetch(url)
                self.known[url] = self.now(), found
                self.known.move_to_end(url)
                while len(self.known) > MOST_KNOWN:
                    self.known.popitem(last=False)
            return found

    async def _fetch(self, url: str) -> Found:
        try:
            answer = await self.outside.fetch.get(url, accept="image/webp, image/*", max_bytes=PICTURE_BYTES)
            picture = await self.outside.reader.run(shrink, answer.body)
        except CollectError as error:
            log.info("a picture is left out: %s", error)
            return error
        await asyncio.to_thread(self._write, picture)
        return _columns(picture)

    def _write(self, picture: Picture) -> None:
        for copy in picture.copies:
            picturefolder.put(self.media_dir, picturefolder.name_of(copy.data, picture.extension), copy.data)

    async def _keep(
        self, rows: Sequence[Any], found: Mapping[str, Found], tries: int, connection: AsyncConnection
    ) -> None:
        now = self.now()
        shown: dict[str, tuple[str, Mapping[str, Any]]] = {}
        later: dict[str, datetime] = {}
        for row in rows:
            picture = found[row.picture_url]
            if not isinstance(picture, CollectError):
                shown[row.id] = (row.picture_url, picture)
            elif next_try := _next_try(picture, tries, now):
                later[row.id] = next_try
            elif row.image and not _is_temporary(picture):
                shown[row.id] = (row.picture_url, NO_IMAGE)  # its copies are lost, and it cannot be had any more
        await self._show(shown, connection)
        if later:
            await self.work.put(connection, ItemsArrived(tuple(later), tries + 1), due_at=max(later.values()))

    async def _show(self, shown: Mapping[str, tuple[str, Mapping[str, Any]]], connection: AsyncConnection) -> None:
        """Give the items their pictures, but for those whose source has taken another one meanwhile."""
        its = (item.c.id, item.c.picture_url, item.c.state)
        held = select(*its).where(item.c.id.in_(shown)).order_by(item.c.id).with_for_update()
        changes, is_public = [], False
        for row in (await connection.execute(held)).all():
            url, columns = shown[row.id]
            if is_same_file(url, row.picture_url):
                await connection.execute(update(item).where(item.c.id == row.id).values(**columns))
                changes.append((ChangeKind.CHANGED, row.id))
                is_public |= row.state == State.APPROVED
        await record(connection, changes, now=self.now())
        if is_public:
            await touch_stream(connection)


def _columns(picture: Picture) -> dict[str, Any]:
    """What an item's row says of its picture."""
    images = [
        {"name": picturefolder.name_of(copy.data, picture.extension), "width": copy.width, "height": copy.height}
        for copy in picture.copies
    ]
    widest = images[-1]
    size = {"image_width": widest["width"], "image_height": widest["height"]}
    return {"image": widest["name"], **size, "image_colour": picture.colour, "images": images}


def _is_temporary(error: CollectError) -> bool:
    if not isinstance(error, FetchError) or isinstance(error, RefusedError):
        return False
    return error.status in _NOT_NOW or (error.status or 0) >= 500  # noqa: PLR2004


def _next_try(error: CollectError, tries: int, now: datetime) -> datetime | None:
    """When to ask again after so many attempts before this one; None for never."""
    if tries >= len(WAITS) or not _is_temporary(error):
        return None
    asked_for = error.retry_at if isinstance(error, FetchError) and error.retry_at else now
    return min(max(now + WAITS[tries], asked_for), now + LONGEST_WAIT)
