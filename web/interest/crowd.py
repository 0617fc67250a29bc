"""How often one address may send a form: counted in memory, under digests that nobody can take back after a day."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(hours=1)
# High, because a whole office, or everyone behind a reverse proxy, may share one address.
POSTS_AN_ADDRESS: Final = 120
MOST_ADDRESSES: Final = 10_000


class Crowd:
    """Those who sent a form within the last hour, to this process."""

    def __init__(self) -> None:
        self._times: dict[bytes, list[datetime]] = {}
        self._day: date | None = None
        self._salt = b""

    def admit(self, address: str, now: datetime) -> timedelta | None:
        """Count a post of that address; or, where there were too many, say how long to wait."""
        if self._day != now.date():
            # With the salt goes all that could be held against an address.
            self._day, self._salt, self._times = now.date(), secrets.token_bytes(32), {}
        key = hashlib.sha256(self._salt + address.encode()).digest()
        times = [at for at in self._times.pop(key, []) if at > now - WINDOW]
        if len(times) >= POSTS_AN_ADDRESS:
            self._times[key] = times
            return times[0] + WINDOW - now
        self._times[key] = [*times, now]  # last: the first ones are those who were quiet for longest
        self._forget(now)
        return None

    def _forget(self, now: datetime) -> None:
        while self._times:
            quietest = next(iter(self._times))
            if len(self._times) <= MOST_ADDRESSES and self._times[quietest][-1] > now - WINDOW:
                return
            del self._times[quietest]
