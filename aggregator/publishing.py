"""Tells others that the stream has changed (WebSub): the hub in sources.toml, or those who subscribed at ours."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import FetchError
from aggregator.events import DeliveryDue, StreamChanged
from aggregator.model import Configuration
from aggregator.outgoing import Fetch
from aggregator.sources import CurrentSources
from aggregator.store.changes import note_counter, read_counter
from aggregator.store.engine import Commit, Database
from aggregator.store.hubsubscriptions import read_live
from aggregator.websub import FORM
from aggregator.work import WorkList, retry_after

OWN, NONE = "own", "none"
PATHS = ("/stream.json", "/stream.atom", "/stream.rss")
ANNOUNCED = "announced"  # the counter of the last version of the stream that others were told of
KEY = "announce"
# A hub that is away for hours learns of it from the next change.
MOST_TRIES = 12
LONGEST_PAUSE = timedelta(hours=1)
log = logging.getLogger(__name__)


def hub_address(configuration: Configuration, public_url: str) -> str | None:
    """The hub that pushes the stream: the one in sources.toml, ours, or None."""
    hub = configuration.stream.hub
    return {OWN: f"{public_url.rstrip('/')}/hub", NONE: None}.get(hub, hub)


def topics(public_url: str) -> tuple[str, ...]:
    """The whole stream's addresses as a feed. Those with filters are known to our own hub alone."""
    return tuple(public_url.rstrip("/") + path for path in PATHS)


async def is_unannounced(connection: AsyncConnection) -> bool:
    """Whether the stream looks different from what others were told of last."""
    return await read_counter(connection, "stream") > await read_counter(connection, ANNOUNCED)


@dataclass(frozen=True, slots=True)
class Publishing:
    """The handler of `StreamChanged`. However much changes while it waits, it tells once."""

    database: Database
    fetch: Fetch
    sources: CurrentSources
    work: WorkList
    public_url: str
    now: Callable[[], datetime]

    async def announce(self, event: StreamChanged) -> Commit:
        """Tell the hub, or put the work of telling each of our subscribers."""
        version = await self.database.look(functools.partial(read_counter, name="stream"))
        hub = hub_address(self.sources.configuration, self.public_url)
        if self.sources.configuration.stream.hub == OWN:
            return functools.partial(self._put_deliveries, version)
        try:
            for topic in topics(self.public_url) if hub else ():
                await self.fetch.post(hub or "", _told(topic), content_type=FORM)
        except FetchError as error:
            log.info("the hub of the stream could not be told: %s", error)
            if event.tries < MOST_TRIES:
                return functools.partial(self._try_again, event, error.retry_at)
        return functools.partial(note_counter, name=ANNOUNCED, value=version)

    async def _try_again(self, event: StreamChanged, at: datetime | None, connection: AsyncConnection) -> None:
        tries = event.tries + 1
        due_at = max(at or self.now(), self.now() + min(retry_after(tries), LONGEST_PAUSE))
        await self.work.put(connection, replace(event, tries=tries), due_at=due_at, key=KEY)

    async def _put_deliveries(self, version: int, connection: AsyncConnection) -> None:
        live = await read_live(connection, now=self.now())
        due = [(delivery_key(wanted), DeliveryDue(wanted)) for wanted in live]
        await self.work.put_all(connection, due, due_at=self.now())
        await note_counter(connection, name=ANNOUNCED, value=version)


def delivery_key(wanted: str) -> str:
    """What makes a delivery one of its kind: at most one to a subscriber is under way."""
    return f"deliver:{wanted}"


def _told(topic: str) -> bytes:
    # The recommendation leaves this to hubs: older ones read hub.url, some newer ones hub.topic.
    return urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
