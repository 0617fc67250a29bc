"""What one look at a source means for the next: when, at which address, and what is missing. Thinks only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aggregator import pace
from aggregator.collectors.contract import Collected
from aggregator.errors import CollectError, FetchError, RefusedError, SpentError
from aggregator.model import Source
from aggregator.refine.vanishing import Looked, Window, look_for_missing
from aggregator.store.habits import Habits
from aggregator.store.sources import SourceState

NOT_FOUND, GONE, TOO_MANY = 404, 410, 429


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be remembered of a source. `stopped` says that it is not asked again by itself."""

    due_at: datetime
    habits: Habits
    move: pace.Move
    looked: Looked
    stopped: bool = False


def after_success(
    source: Source,
    state: SourceState,
    asked: str,
    collected: Collected,
    *,
    window: Window,
    renamed: Mapping[str, str],
    has_news: bool,
    now: datetime,
    chance: float,
) -> Outlook:
    """After a look that went well. `asked` is the address that was asked, `window` the keys that the document shows."""
    document, habits = collected.document, state.habits
    rhythm = document.rhythm if document else habits.rhythm
    is_whole = document is not None and document.is_window
    looked = look_for_missing(habits.window, window, renamed) if is_whole else Looked(habits.window)
    following = pace.after_success(
        now,
        source.every,
        quiet_for=now - (now if has_news else state.arrived_at or now),
        is_live=source.push and pace.is_live(state.live_at, state.push_problem, now=now),
        chance=chance,
        wish=pace.Wish(collected.fresh_for, rhythm, collected.not_before),
    )
    return Outlook(
        following.due_at,
        Habits(looked.window, rhythm, following.why, following.wait_until),
        pace.moved(source.url, asked, state.move, collected.moved_to, now=now),
        looked,
    )


def after_failure(
    source: Source, state: SourceState, asked: str, error: CollectError, *, now: datetime, chance: float
) -> Outlook:
    """After a look that failed. A new address that fails makes the one in sources.toml count again."""
    status, retry_at = (error.status, error.retry_at) if isinstance(error, FetchError) else (None, None)
    is_elsewhere = asked != source.url
    gives_up = is_elsewhere and (
        status in {NOT_FOUND, GONE}
        or isinstance(error, RefusedError)
        or state.failures + 1 >= pace.MOST_FAILURES_ELSEWHERE
    )
    following = pace.after_failure(
        now,
        source.every,
        failures=0 if gives_up or isinstance(error, SpentError) else state.failures,
        chance=chance,
        retry_at=retry_at,
        asks_for_less=status == TOO_MANY and retry_at is None,
    )
    habits = state.habits
    return Outlook(
        following.due_at,
        Habits(habits.window, habits.rhythm, following.why, following.wait_until),
        pace.Move() if gives_up else state.move,
        Looked(habits.window),
        stopped=status == GONE and not is_elsewhere,
    )
