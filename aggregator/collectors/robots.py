"""Asks a site's robots.txt before a page that was not made for programs is read (RFC 9309). Feeds are made for them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.documents.pages.robots import PRODUCT, may_ask
from aggregator.errors import CollectError, DocumentError, FetchError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.collectors.contract import Outside

HOLDS_FOR = timedelta(days=1)
ASK_AGAIN = timedelta(hours=1)
_TOO_MANY, _SERVER_FAULT = 429, 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out for one address: whether it may be asked for, and when that was."""

    is_allowed: bool
    at: datetime


class Verdicts:
    """What a cursor's place holds of verdicts, by address, and what is to be kept there from now on."""

    def __init__(self, place: Mapping[str, Any]) -> None:
        self._kept = {
            url: Verdict(is_allowed, datetime.fromisoformat(at))
            for url, (is_allowed, at) in place.get("robots", {}).items()
        }
        self._used: dict[str, Verdict] = {}

    def as_place(self) -> dict[str, Any]:
        """Those that were asked for."""
        return {url: [verdict.is_allowed, verdict.at.isoformat()] for url, verdict in self._used.items()}

    async def check(self, url: str, outside: Outside) -> None:
        """Return where the address may be asked for.

        A verdict holds for a day, and for longer where the file is out of reach meanwhile. Raises CollectError where
        the site does not want it, or cannot be asked whether it does.
        """
        verdict = self._kept.get(url)
        if verdict is None or outside.now() - verdict.at >= HOLDS_FOR:
            verdict = await _ask(url, verdict, outside)
        self._used[url] = verdict
        if not verdict.is_allowed:
            raise CollectError(
                f"{urlsplit(url).hostname} does not want programs to read this page: its robots.txt says so; ask the "
                f"partner for a feed, or to allow “{PRODUCT}” there"
            )


async def _ask(url: str, known: Verdict | None, outside: Outside) -> Verdict:
    parts = urlsplit(url)
    try:
        answer = await outside.fetch.get(f"{parts.scheme}://{parts.netloc}/robots.txt", accept="text/plain, */*;q=0.5")
        is_allowed = await outside.reader.run(functools.partial(may_ask, url=url), answer.body)
    except RefusedError:
        raise
    except FetchError as error:
        if error.status is not None and error.status < _SERVER_FAULT and error.status != _TOO_MANY:
            return Verdict(is_allowed=True, at=outside.now())  # there is no such file
        if known:
            return known
        raise FetchError(
            f"the page is not read now, since its site's robots.txt is out of reach: {error}",
            retry_at=error.retry_at or outside.now() + ASK_AGAIN,
        ) from error
    except DocumentError:
        is_allowed = True  # what is no robots.txt has no rules
    return Verdict(is_allowed, outside.now())
