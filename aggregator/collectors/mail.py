"""Collects the newsletters in a folder of a mailbox (IMAP), and hears of new ones at once (IDLE, RFC 2177).

What a message means is documents/letters/letters.py's part. Nothing in the mailbox is changed, not even what is read.
"""

from __future__ import annotations

import functools
import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.mailbox import IDLE_SECONDS, QUIET_SECONDS, Account, Session, open_mailbox
from aggregator.documents.letters.letters import read_letter
from aggregator.errors import CollectError, DocumentError
from aggregator.model import Document, MailItems, Sighting, Source
from aggregator.refine.links import canonical_url
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

NEWEST = 20
MOST_AT_ONCE = 50
log = logging.getLogger(__name__)


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Read what has come since last time; at first, and where the server has numbered anew, the newest few."""
    async with open_mailbox(_account(source), outside) as session:
        document, place = await _look(source, session, cursor.place, outside)
    return Collected(document, Cursor(place=place), source.url)


async def listen(source: Source, cursor: Cursor, outside: Outside) -> AsyncGenerator[Collected, None]:
    """Yield what comes while it comes. Ends at once where the server does not tell of it."""
    async with open_mailbox(_account(source), outside) as session:
        if not session.mailbox.can_idle:
            return
        yield Collected(None, Cursor(), source.url)
        place = cursor.place
        while True:
            # First a look: what came between the last look and the first IDLE is told of by nobody.
            document, now_at = await _look(source, session, place, outside)
            if now_at != place:
                place = now_at
                yield Collected(document, Cursor(place=place), source.url)
            else:
                await session.run(session.mailbox.wait, seconds=IDLE_SECONDS + 3 * QUIET_SECONDS)


async def _look(
    source: Source, session: Session, place: Mapping[str, object], outside: Outside
) -> tuple[Document | None, dict[str, object]]:
    """What is new since that place, and the place after it."""
    mailbox = session.mailbox
    last = place.get("last_uid")
    is_known = place.get("validity") == mailbox.validity and isinstance(last, int)
    if is_known and isinstance(last, int):
        uids = (await session.run(mailbox.since, last))[:MOST_AT_ONCE]
    else:
        uids = await session.run(mailbox.newest, NEWEST)
    entries: list[Sighting] = []
    for uid in uids:
        letter = await session.run(mailbox.letter, uid)
        if letter is None:
            continue
        reading = functools.partial(
            read_letter, items=source.items, user=source.user or "", received_at=letter.received_at
        )
        try:
            entries += await outside.reader.run(reading, letter.body)
        except DocumentError as error:
            log.warning("%s: a message is left out: %s", source.id, error)
    reached = max([*uids, last if is_known and isinstance(last, int) else 0])
    if source.items is MailItems.LINK:
        # One article is one entry, in however many newsletters and with whatever tracking it is linked to.
        entries = [replace(entry, entry_id=canonical_url(entry.url) or entry.entry_id) for entry in entries]
    document = Document(tuple(entries), format="mail", is_window=False) if uids else None
    return document, {"validity": mailbox.validity, "last_uid": reached}


def _account(source: Source) -> Account:
    parts = urlsplit(source.url)
    if not source.user or source.token is None:
        raise CollectError("a mailbox needs `user` and `token`: who signs in, and the password")
    return Account(
        url=source.url,
        host=parts.hostname or "",
        is_tls=parts.scheme.lower() == "imaps",
        folder=unquote(parts.path.strip("/")) or "INBOX",
        user=source.user,
        password=source.token.reveal().strip("\r\n"),
    )


def _fits(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        return "has a part behind ? or #; it ends with the folder, with %3F and %23 for such characters in its name"
    if not unquote(parts.path).isprintable():
        return "names a folder with control characters; write its name as the server has it"
    return None


KIND = SourceKind(
    collect,
    Rules(
        options=frozenset({"items", "push"}),
        needs=frozenset({"user", "token"}),
        schemes=("imaps", "imap"),
        fits=_fits,
    ),
    listen=listen,
)
