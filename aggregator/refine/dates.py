"""When an entry was published and changed, in UTC and never in the future. The clock is an argument."""

from __future__ import annotations

from datetime import UTC, datetime

# Before the first web page. What claims to be older is an empty field (1970), a typing error or a joke.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def published(published_at: datetime | None, updated_at: datetime | None, now: datetime) -> datetime:
    """The moment an item is sorted by: as declared, else as changed, else `now`; never later than `now`.

    A date without a zone is UTC, one before 1990 counts as missing. `now` is aware.
    """
    latest = now.astimezone(UTC)
    moment = _plausible(published_at) or _plausible(updated_at)
    return latest if moment is None else min(moment, latest)


def modified(updated_at: datetime | None, published_at: datetime, now: datetime) -> datetime | None:
    """The moment of the last change after `published_at` (an aware one), never later than `now`, or None."""
    moment = _plausible(updated_at)
    if moment is None:
        return None
    moment = min(moment, now.astimezone(UTC))
    return moment if moment > published_at else None


def _plausible(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):  # year 1 or 9999 with an offset that leaves the calendar
        return None
    return utc if utc >= EARLIEST else None
