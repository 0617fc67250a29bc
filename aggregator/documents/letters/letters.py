"""Newsletters (RFC 5322, MIME) as entries: a message as one, or each article that it links to.

A newsletter is written to one reader. Nothing of that reader may be seen by others: no address, no link that is his.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from itertools import islice
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.documents.datestrings import read_date
from aggregator.documents.encodings import decode
from aggregator.documents.letters import letterlinks, letterpages
from aggregator.errors import DocumentError
from aggregator.model import Author, Kind, MailItems, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PARTS = 200
_LONGEST_HEADER = 4_000
_LINK_IN_HEADER = re.compile(r"<\s*((?:https?|mailto):[^<>\s]{1,4000})\s*>", re.IGNORECASE)
_TO_THE_READER = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "To", "X-Envelope-To")
_ADDRESS = re.compile(r"[^\s<>\"',;:@()]{1,64}@[^\s<>\"',;:@()]{1,250}")
# What the standard library's reader raises for headers and bodies that it did not foresee.
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RuntimeError, ArithmeticError)


def read_letter(
    body: bytes, *, items: MailItems = MailItems.MESSAGE, user: str = "", received_at: datetime | None = None
) -> tuple[Sighting, ...]:
    """The entries of a message; none where it is no newsletter but a machine's answer.

    `user` is who signed in, `received_at` when the server took the message. Raises DocumentError where it is none.
    """
    try:
        message = email.message_from_bytes(body, policy=email.policy.default)
        return tuple(_entries(message, items, user, received_at))
    except _BROKEN as error:
        raise DocumentError(f"the message cannot be read ({type(error).__name__})") from error


def _entries(message: EmailMessage, items: MailItems, user: str, received_at: datetime | None) -> Iterator[Sighting]:
    said = {name: _header(message, name) for name in ("Subject", "From", "Date", "Message-ID")}
    if not any(said.values()):
        raise DocumentError("this is no message: it has neither sender, subject nor date")
    if _is_automatic(message):
        return
    readers = tuple(_readers(message, user))
    name, address = parseaddr(said["From"])
    markup = _markup(message)
    page = letterpages.read_page(markup, readers=readers, unwanted=frozenset(_unsubscribing(message)))
    sender = fields.plain_text(name, fields.MAX_NAME)
    letter = Sighting(
        entry_id=_entry_id(said),
        url=_archived_at(message) or page.online_at,
        title=fields.clean(letterpages.without(readers, said["Subject"]), fields.MAX_TITLE) or None,
        body_html=fields.clean(page.markup, fields.MAX_BODY),
        language=fields.language_tag(_header(message, "Content-Language").partition(",")[0]),
        authors=(Author(sender),) if sender and "@" not in sender else (),
        published_at=read_date(said["Date"]) or (received_at.astimezone(UTC) if received_at else None),
        kind=Kind.ARTICLE,
    )
    if items is MailItems.MESSAGE:
        yield letter
    else:
        yield from letterlinks.articles(page, letter, site=address.rpartition("@")[2])


def _header(message: EmailMessage, name: str) -> str:
    """A header's text, encoded words read; empty where it is missing or cannot be read."""
    try:
        raw = next(iter(_headers(message, name)), "")
        return fields.clean(" ".join(str(email.policy.default.header_factory(name, raw)).split()), _LONGEST_HEADER)
    except _BROKEN:
        return ""


def _headers(message: EmailMessage, name: str) -> list[str]:
    """The headers of that name as they came, cut: the standard library reads long ones in quadratic time."""
    values = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return [" ".join(str(value)[:_LONGEST_HEADER].split()) for value in islice(values, 20)]


def _entry_id(said: dict[str, str]) -> str:
    """The Message-ID, which stays the same wherever the message is kept; else what its headers say."""
    if said["Message-ID"]:
        return fields.identifier(said["Message-ID"].strip("<> "))[:400]
    return "sha256:" + hashlib.sha256("\x1f".join(said.values()).encode("utf-8", "surrogatepass")).hexdigest()


def _is_automatic(message: EmailMessage) -> bool:
    """Whether this is an answer of a machine: somebody is on holiday, or a message did not arrive (RFC 3834, 3464)."""
    return (
        _header(message, "Auto-Submitted").lower().startswith("auto-replied")
        or message.get_content_type() == "multipart/report"
        or bool(_header(message, "X-Autoreply") or _header(message, "X-Autorespond"))
    )


def _readers(message: EmailMessage, user: str) -> Iterator[str]:
    """The addresses that the message was sent to."""
    for text in (user, *(value for name in _TO_THE_READER for value in _headers(message, name))):
        yield from (found.lower() for found in _ADDRESS.findall(text[:2_000]))


def _unsubscribing(message: EmailMessage) -> Iterator[str]:
    """Addresses by which this reader leaves the list (RFC 2369)."""
    for value in _headers(message, "List-Unsubscribe"):
        yield from _LINK_IN_HEADER.findall(value)


def _archived_at(message: EmailMessage) -> str | None:
    """Where the message stands for everybody (RFC 5064). List-Archive is the page of all of them, so it is no one's."""
    for value in _headers(message, "Archived-At"):
        if found := _LINK_IN_HEADER.search(f"<{value.strip().strip('<>')}>"):
            return fields.web_address(found[1])
    return None


def _markup(message: EmailMessage) -> str:
    """The body as HTML: the styled one, where there is one."""
    plain = ""
    for number, part in enumerate(message.walk()):
        if number > MOST_PARTS:
            break
        type_ = part.get_content_type()
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if type_ == "text/html":
            return _text(part, is_page=True)
        if type_ == "text/plain" and not plain:
            plain = _text(part, is_page=False)
    return fields.paragraphs(plain)


def _text(part: EmailMessage, *, is_page: bool) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return decode(payload, f"charset={part.get_content_charset()}", is_page=is_page)
    except DocumentError:
        return payload.decode("utf-8", "replace")
