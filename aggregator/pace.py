"""Says when a source is asked next, and why. Values in, values out: chance and the clock are the caller's.

`every` of sources.toml is how often a source is asked at the most. What makes it less often: no news for a while, news
that come by themselves, the source's own wish, a request to wait, a failure. Nothing but a day to be skipped, as the
feed itself says, keeps it from being asked for longer than a day (or than `every`, where that is longer).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.model import Rhythm

LONGEST = timedelta(days=1)
# A source that had news two hours ago is looked at every six minutes or `every`, whichever is longer.
QUIET_SHARE = 20
QUIET_TIMES = 4
LONGEST_QUIET = timedelta(hours=6)
# A push may be lost: what pushes is looked at all the same.
PUSHED_EVERY = timedelta(hours=6)
LIVE_FOR = timedelta(days=1)
BY_THEMSELVES = "its news come by themselves"
JITTER = 0.05
# Who asks to be asked less often (429) and names no time.
SHORTEST_REST = timedelta(minutes=15)
MOST_DOUBLINGS = 20
WEEK_HOURS = 7 * 24

MOVED_FOR = timedelta(days=7)
# So often in a row a new address may fail before the one in sources.toml is asked again.
MOST_FAILURES_ELSEWHERE = 5

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[\s,])no-(?:cache|store)\b(?!\s*=)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a source itself wishes to be asked: what its answer, its document and its interface say."""

    fresh_for: timedelta | None = None
    rhythm: Rhythm | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class NextLook:
    """When a source is asked next. `why` is empty where that is just as sources.toml says.

    `wait_until` is the moment before which it has asked not to be asked again.
    """

    due_at: datetime
    why: str = ""
    wait_until: datetime | None = None


NO_WISH = Wish()


def after_success(
    now: datetime, every: timedelta, *, quiet_for: timedelta, is_live: bool, chance: float, wish: Wish = NO_WISH
) -> NextLook:
    """The next look at a source that was read. `quiet_for` is how long it has had no news, `chance` is 0.0 to 1.0."""
    span, why = every, ""
    wished = max(wish.fresh_for or every, (wish.rhythm and wish.rhythm.at_most_every) or every)
    for other, reason in (
        (_when_quiet(every, quiet_for), "it has had no news for a while"),
        (PUSHED_EVERY if is_live else every, BY_THEMSELVES),
        (min(wished, LONGEST), "it wishes to be asked less often"),
    ):
        if other > span:
            span, why = other, reason
    due_at = now + span * (1 + JITTER * chance)
    wait_until = _wait_until(now, wish.not_before)
    if wait_until and wait_until > due_at:
        due_at, why = wait_until + every * (JITTER * chance), "it asked to wait"
    allowed_at = _not_skipped(due_at, wish.rhythm)
    if allowed_at != due_at:
        due_at, why = allowed_at, "it wishes not to be asked at some hours"
    return NextLook(due_at, why, wait_until)


def after_failure(
    now: datetime,
    every: timedelta,
    *,
    failures: int,
    chance: float,
    retry_at: datetime | None = None,
    asks_for_less: bool = False,
) -> NextLook:
    """The next look at a source that could not be read, `failures` times before this one.

    `asks_for_less` is for a 429 that names no time. Twice as long each time, never less than `every` and never longer
    than a day.
    """
    rest = max(every, SHORTEST_REST) if asks_for_less else every
    span = min(rest * 2 ** min(failures, MOST_DOUBLINGS), LONGEST)
    due_at = now + min(max(span * (1 - 2 * JITTER + 4 * JITTER * chance), every), LONGEST)
    wait_until = _wait_until(now, retry_at)
    if wait_until and wait_until > due_at:
        return NextLook(wait_until + every * (JITTER * chance), "it asked to wait", wait_until)
    return NextLook(due_at, "", wait_until)


def _when_quiet(every: timedelta, quiet_for: timedelta) -> timedelta:
    return max(min(quiet_for / QUIET_SHARE, QUIET_TIMES * every, LONGEST_QUIET), every)


def _wait_until(now: datetime, moment: datetime | None) -> datetime | None:
    return min(moment, now + LONGEST) if moment and moment > now else None


def _not_skipped(due_at: datetime, rhythm: Rhythm | None) -> datetime:
    """The first moment from then on whose hour and day (UTC) are not skipped; the same where all are."""
    if rhythm is None:
        return due_at
    moment = due_at.astimezone(UTC)
    for _ in range(WEEK_HOURS):
        if moment.hour not in rhythm.skip_hours and moment.weekday() not in rhythm.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return due_at


def is_live(live_at: datetime | None, push_problem: str | None, *, now: datetime) -> bool:
    """Whether a source's news come by themselves: something pushed lately, and nothing is known to be wrong with it."""
    return live_at is not None and not push_problem and now - live_at < LIVE_FOR


def fresh_for(headers: Mapping[str, str]) -> timedelta | None:
    """How long an answer says that it holds (RFC 9111, 5.2.2.1), less what it has spent in caches on its way."""
    control = headers.get("cache-control", "")
    found = _MAX_AGE.search(control)
    if found is None or _NOT_KEPT.search(control):
        return None
    age = headers.get("age", "")
    spent = int(age[:10]) if age.isascii() and age.isdigit() else 0
    seconds = int(found[1]) - spent
    return timedelta(seconds=seconds) if seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Move:
    """Where a source says that it lives for good from now on, and since when it has said so without a break."""

    to: str | None = None
    since: datetime | None = None


def address_to_ask(url: str, move: Move, *, now: datetime) -> str:
    """The address that is asked: the one in sources.toml, until a week of the same permanent redirect has passed."""
    return move.to if move.to and move.since and now - move.since >= MOVED_FOR else url


def moved(url: str, asked: str, move: Move, moved_to: str | None, *, now: datetime) -> Move:
    """What is known of a source's moving house, after `asked` was read and said that it lives at `moved_to`."""
    if moved_to is None:
        return move if asked != url else Move()
    if moved_to == url or (url.startswith("https:") and not moved_to.startswith("https:")):
        return Move()
    return move if moved_to == move.to else Move(moved_to, now)
