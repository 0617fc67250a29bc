"""When an answer asks not to be asked again before, out of its headers. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(days=1)
_TOO_MANY = 429
_RESETS = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset")


def retry_at(headers: Mapping[str, str], status: int, now: datetime) -> datetime | None:
    """What the answer says of when to come back, never more than a day away; None for nothing or what is past."""
    at = _moment(headers.get("Retry-After", ""), now)
    if at is None and status == _TOO_MANY:
        # Mastodon sends a date, Bluesky and X the seconds since 1970.
        named = next((headers[name] for name in _RESETS if name in headers), "")
        at = _moment(named, datetime.fromtimestamp(0, UTC))
    return min(at, now + LONGEST_WAIT) if at and at >= now else None


def _moment(text: str, start: datetime) -> datetime | None:
    """A moment as seconds after `start`, or as a date of HTTP (RFC 9110, 10.2.3) or ISO 8601."""
    try:
        if text.isascii() and text.isdigit():
            # Cut before it is read: more digits than these are beyond a day anyhow.
            return start + timedelta(seconds=int(text[:11]))
        at = datetime.fromisoformat(text) if "T" in text[8:11] else parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
