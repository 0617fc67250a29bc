"""Keeps what others bring to our door: what hubs deliver (WebSub) and what partners post themselves.

Who calls has been heard out by then: signatures are checked here, sizes at the door (web/push.py).
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from aggregator.collectors import KINDS
from aggregator.collectors.contract import Collected
from aggregator.documents.feeds.pushlinks import header_links, offered
from aggregator.documents.feeds.reading import read_feed
from aggregator.documents.posteditems import Misfit, read_posted
from aggregator.errors import DocumentError
from aggregator.handlers import Outcome, Workshop
from aggregator.model import Document, Source
from aggregator.refine.identity import Finding, judge, marks
from aggregator.store.items import read_known
from aggregator.store.sources import Cursor, read_state
from aggregator.store.subscriptions import Subscription
from aggregator.websub import is_same_topic, is_signed

TAKEN = "taken"  # in a source's place: marks of the bodies that were posted last
MOST_TAKEN, MARK_LETTERS = 1000, 16
log = logging.getLogger(__name__)
AskFor = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a hub posted, with the headers that count."""

    body: bytes
    content_type: str | None
    signature: str
    links: str


async def deliver(
    shop: Workshop, ask_for: AskFor, source: Source, known: Subscription, delivery: Delivery
) -> Outcome | None:
    """Keep what a hub delivers; None where it is none of ours. Raises StoreError where it cannot be kept now.

    A delivery that is no feed still says that there is something new: then the source is asked at once.
    """
    if not is_signed(delivery.signature, delivery.body, known.secret):
        log.warning("%s: a delivery without a right signature was ignored", source.id)
        return None
    _, topic = offered(header_links(delivery.links), known.topic)
    if topic and not is_same_topic(topic, known.topic):
        log.warning("%s: a delivery for another topic was ignored", source.id)
        return None
    reading = functools.partial(read_feed, url=known.topic, content_type=delivery.content_type)
    try:
        way_out = shop.quick_thinker.way_out(source)
        document = await way_out.read(reading, delivery.body, url=known.topic)
    except DocumentError as error:
        log.info("%s: what its hub delivered is no feed, so it is asked itself: %s", source.id, error)
        await ask_for(source.id)
        return Outcome(source.id)
    document = replace(KINDS[source.kind].shape(document), is_window=False)
    if KINDS[source.kind].delivers_thin:
        document = await _only_new(shop, source, document)
    return await shop.take(source, Collected(document, Cursor(), known.topic))


async def take_posted(shop: Workshop, source: Source, body: bytes) -> Outcome | Misfit:
    """Keep what a partner's own system posted, once its signature was found right.

    A body that was taken before, byte for byte, is not taken again: neither a sender's second try nor somebody who
    has overheard it can bring back what was changed or withdrawn since. Raises StoreError where it cannot be kept now.
    """
    async with shop.database.read() as connection:
        state = await read_state(connection, source.id)
    taken = list(state.cursor.place.get(TAKEN, ())) if state else []
    mark = hashlib.sha256(body).hexdigest()[:MARK_LETTERS]
    if mark in taken:
        return Outcome(source.id, was_same=True)
    reading = functools.partial(read_posted, url=source.url)
    document = await shop.outside.at_once().reader.run(reading, body)
    if isinstance(document, Misfit):
        return document
    place = {TAKEN: [*taken, mark][-MOST_TAKEN:]}
    return await shop.take(source, Collected(document, Cursor(place=place), source.url))


async def _only_new(shop: Workshop, source: Source, document: Document) -> Document:
    """The document without the entries that are kept already, and said more where they were read."""
    marked = marks(document.entries)
    async with shop.database.read() as connection:
        verdicts = judge(marked, await read_known(connection, source.id, (mark for _, mark in marked)))
    entries = tuple(document.entries[verdict.place] for verdict in verdicts if verdict.finding is Finding.NEW)
    return replace(document, entries=entries)
