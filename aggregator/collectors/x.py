"""Collects an account on X. It costs money, so it is off until it has a limit; what is asked is xapi.py's part.

Deleted posts are not noticed: to ask for each of them costs as much as to read it anew.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from yarl import URL

from aggregator.collectors.contract import Collected, Outside, SourceKind
from aggregator.collectors.hosts import is_at
from aggregator.collectors.xapi import X_HOSTS, PaidApi, Wish
from aggregator.documents.networks.xposts import Account, Timeline
from aggregator.errors import CollectError
from aggregator.model import Document, Sighting, Source
from aggregator.sourcesfile import Rules
from aggregator.store.sources import Cursor

PER_PAGE = 10
MOST_PAGES = 5
NO_NAMES = frozenset({"explore", "hashtag", "home", "i", "intent", "messages", "notifications", "search", "settings"})
NAME = re.compile(r"/@?([A-Za-z0-9_]{1,15})/?")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """How far an account was read: all up to `since`, and of what came after that all but what is older than `until`.

    `newest` is where `since` will be when that gap is closed.
    """

    account: Account
    since: str | None = None
    until: str | None = None
    newest: str | None = None


@dataclass(slots=True)
class Look:
    """What one look has brought so far: kept even where its next request fails, since it was paid for."""

    place: Place | None
    entries: list[Sighting] = field(default_factory=list)
    has_paid: bool = False


async def collect(source: Source, cursor: Cursor, outside: Outside) -> Collected:
    """Ask for the posts since the last look. Raises CollectError, with the cure, where the month's limit forbids it."""
    if not source.monthly_limit:
        raise CollectError(
            "X takes money for every post that is read, so this source is off until it has a limit: write, for five US "
            "dollars a month, monthly_limit = 5"
        )
    if source.token is None:
        raise CollectError('X needs a bearer token: write token = "env:NAME", and set NAME in the environment')
    look = Look(_remembered(cursor.place))
    api = PaidApi(source, outside, source.token.reveal().strip())
    try:
        await _look(look, api)
    except CollectError as error:
        if not look.has_paid:
            raise
        log.info("%s: %s", source.id, error)  # the next look will say so again
    place = {key: value for key, value in asdict(look.place).items() if value} if look.place else {}
    document = Document(tuple(look.entries), "x", is_window=False) if look.entries else None
    return Collected(document, Cursor(place=place), source.url)


async def _look(look: Look, api: PaidApi) -> None:
    if look.place is None:
        look.place = Place(await api.find_account(_name_in(api.source.url)))
        look.has_paid = True
    start, token = look.place, None
    for _ in range(MOST_PAGES):
        wish = Wish(start.account, PER_PAGE, start.since, start.until, token)
        timeline = await api.read_posts(wish)
        look.entries += timeline.entries
        look.has_paid = True
        look.place = _further(look.place, timeline)
        token = timeline.next_token
        # The first look is content with the newest posts.
        if token is None or start.since is None:
            return


def _further(place: Place, timeline: Timeline) -> Place:
    newest = place.newest or timeline.newest or place.since
    if timeline.next_token and place.since:
        # A page may be empty although more follow: X leaves out replies only after it has cut its pages.
        return Place(place.account, place.since, timeline.oldest or place.until, newest)
    return Place(place.account, newest)


def _remembered(place: Mapping[str, Any]) -> Place | None:
    account = place.get("account")
    account_id, username, name = (
        (account.get("id"), account.get("username"), account.get("name"))
        if isinstance(account, dict)
        else (None, None, None)
    )
    if not isinstance(account_id, str) or not isinstance(username, str):
        return None
    ids = {key: value for key in ("since", "until", "newest") if isinstance(value := place.get(key), str)}
    return Place(Account(account_id, username, name if isinstance(name, str) else ""), **ids)


def _name_in(url: str) -> str:
    found = NAME.fullmatch(URL(url).path)
    return found[1] if found else ""


def _fits(url: str) -> str | None:
    if not is_at(url, *X_HOSTS):
        # The token goes where the address leads.
        return "is not at x.com; write it as https://x.com/NAME"
    if _name_in(url).lower() in NO_NAMES | {""}:
        return "is no account's address; write it as https://x.com/NAME"
    return None


KIND = SourceKind(
    collect,
    Rules(
        options=frozenset({"replies", "boosts", "sensitive"}),
        needs=frozenset({"token", "monthly_limit"}),
        fits=_fits,
    ),
    pages_tell=False,
)
