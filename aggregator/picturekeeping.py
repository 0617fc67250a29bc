"""Keeps our own copies of items' pictures, so that no visitor's browser asks a third party for one."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.collectors.contract import Outside
from aggregator.documents.pictures import Picture, shrink
from aggregator.errors import CollectError
from aggregator.events import ItemsArrived
from aggregator.model import State
from aggregator.store.changes import ChangeKind, record, touch_stream
from aggregator.store.engine import Commit, Database
from aggregator.store.tables import item

PICTURE_BYTES = 8_000_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PictureKeeping:
    """The handler of items with a new picture. Pictures are files in `media_dir`, named by their digest."""

    database: Database
    outside: Outside
    media_dir: Path
    now: Callable[[], datetime]

    async def keep(self, event: ItemsArrived) -> Commit | None:
        """Fetch and shrink the pictures of new items, so that no visitor's browser asks a third party for one."""
        columns = (item.c.id, item.c.picture_url)
        wanting = item.c.id.in_(event.item_ids) & item.c.picture_url.is_not(None) & item.c.image.is_(None)
        async with self.database.read() as connection:
            rows = (await connection.execute(select(*columns).where(wanting))).all()
        addresses = {row.picture_url for row in rows}
        found = await asyncio.gather(*(self._picture(url) for url in addresses))
        pictures = {url: kept for url, kept in zip(addresses, found, strict=True) if kept}
        if not pictures:
            return None
        items = [(row.id, row.picture_url) for row in rows if row.picture_url in pictures]
        return functools.partial(self._show, items, pictures)

    async def _picture(self, url: str) -> tuple[str, Picture] | None:
        try:
            answer = await self.outside.fetch.get(url, accept="image/webp, image/*", max_bytes=PICTURE_BYTES)
            picture = await self.outside.reader.run(shrink, answer.body)
        except CollectError as error:
            log.info("a picture is left out: %s", error)
            return None
        name = f"{hashlib.sha256(picture.data).hexdigest()[:40]}.{picture.extension}"
        await asyncio.to_thread(_write_whole, self.media_dir / name, picture.data)
        return name, picture

    async def _show(
        self,
        items: Sequence[tuple[str, str]],
        pictures: Mapping[str, tuple[str, Picture]],
        connection: AsyncConnection,
    ) -> None:
        shown, is_public = [], False
        for item_id, url in items:
            name, picture = pictures[url]
            statement = (
                update(item)
                .where(item.c.id == item_id, item.c.picture_url == url)
                .values(image=name, image_width=picture.width, image_height=picture.height, image_colour=picture.colour)
                .returning(item.c.state)
            )
            if state := (await connection.execute(statement)).scalar_one_or_none():
                shown.append((ChangeKind.CHANGED, item_id))
                is_public |= state == State.APPROVED
        await record(connection, shown, now=self.now())
        if is_public:
            await touch_stream(connection)


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file that is never seen half written. One that is there has the same bytes: its name is their digest."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)  # noqa: PTH105
