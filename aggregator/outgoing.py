"""What can be asked of the outside and what comes back: the port that fetch.py fills. Opens nothing itself."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

FEEDS_FIRST = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
MAX_BYTES = 10_000_000

# What `connect` opens, by a name for those who may open none themselves.
Connection = socket.socket


def hang_up(connection: Connection) -> None:
    """End a connection at once, whichever thread reads from it: that one reads the end. It is still to be closed."""
    with contextlib.suppress(OSError, ValueError):
        connection.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole and unpacked. Everything in it is hostile.

    `url` is where it came from after redirects; `permanent_url` is the same where every redirect on the way was
    permanent (301, 308) and none led from https to http, else None. `headers` have lower-case names. With
    `not_modified` the body is empty, and the validators are those that go on holding.
    """

    status: int
    url: str
    body: bytes
    content_type: str | None = None
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    not_modified: bool = False
    permanent_url: str | None = None


class Fetch(Protocol):
    """The port through which everything inside gets at the outside."""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEEDS_FIRST,
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
        only_once: bool = False,
    ) -> Answer:
        """Get the document at `url`, by a conditional request where a validator is given.

        FetchError for everything but a whole 200 and a 304 that was asked for; RefusedError for where this program
        does not go. `max_bytes` is counted after unpacking. `headers` are for the origin of `url` alone: a redirect
        to another one drops them. A connection that breaks before an answer begins is otherwise made
        anew, and the request sent again; with `only_once`, for what costs money, it is not.
        """
        ...

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str,
        accept: str = "*/*",
        max_bytes: int = MAX_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post the body. FetchError for every answer but one in the two hundreds; only 307 and 308 are followed."""
        ...

    def lines(
        self, url: str, *, accept: str = "text/event-stream", headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """An answer that never ends, line by line without line ends, as it comes. It ends where the other side ends.

        FetchError where it cannot be had, breaks off, is silent for `QUIET_SECONDS`, or sends a line of absurd length.
        """
        ...

    def messages(
        self, url: str, *, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The text messages of a WebSocket (`ws://`, `wss://`), as they come. It ends where the other side ends.

        FetchError where it cannot be had, breaks off, answers no ping, or sends a message of absurd length. Silence
        alone is no fault.
        """
        ...

    async def connect(self, url: str) -> Connection:
        """A bare connection to an address such as imaps://host: blocking, not encrypted yet, the caller's to close."""
        ...

    def tls(self) -> ssl.SSLContext:
        """With what such a connection is to be encrypted: whom this program trusts, as for https."""
        ...
