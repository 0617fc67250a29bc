"""Who may ask a host now: a few requests at a time, and in no rush, however many sources live there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from yarl import URL

from aggregator.addresses import is_numeric, is_public


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    gap_seconds: float
    users: int = 0
    free_at: float = 0.0  # by the event loop's clock: when the next request may begin


class Turns:
    """Lets a few requests at a time go to one host, and each begin `gap_seconds` after the one before it.

    An address that is not on the public internet, which only an operator can allow, is that operator's own machine: it
    is asked without a gap. Remembers only hosts that are being asked.
    """

    def __init__(self, per_host: int, gap_seconds: float) -> None:
        self._per_host = per_host
        self._gap_seconds = gap_seconds
        self._hosts: dict[str, _Host] = {}

    def turn(self) -> Turn:
        """For one who asks one host, or one after the other."""
        return Turn(self)

    @asynccontextmanager
    async def at(self, url: URL) -> AsyncIterator[None]:
        """Wait for a place at the address's host and keep it as long as the context lasts."""
        turn = Turn(self)
        try:
            await turn.take(url)
            yield
        finally:
            turn.leave()

    def come(self, name: str) -> _Host:
        """Remember a host as long as somebody is there."""
        host = self._hosts.get(name)
        if host is None:
            is_ours = is_numeric(name) and not is_public(name)
            host = _Host(asyncio.Semaphore(self._per_host), 0.0 if is_ours else self._gap_seconds)
            self._hosts[name] = host
        host.users += 1
        return host

    def go(self, name: str, host: _Host) -> None:
        """Forget it, though not before the gap is over."""
        if host.gap_seconds and host.free_at > (loop := asyncio.get_running_loop()).time():
            loop.call_at(host.free_at, self._forget, name, host)
        else:
            self._forget(name, host)

    def _forget(self, name: str, host: _Host) -> None:
        host.users -= 1
        if not host.users:
            del self._hosts[name]


class Turn:
    """A place at one host at most: to hold two could lock up. Made by `Turns.turn`."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._name = ""
        self._host: _Host | None = None
        self._has_place = False

    async def take(self, url: URL) -> None:
        """Give back the place that is held, and wait for one at the address's host."""
        self.leave()
        self._name = url.host or ""
        self._host = host = self._turns.come(self._name)
        await host.places.acquire()
        self._has_place = True
        if host.gap_seconds:
            now = asyncio.get_running_loop().time()
            begins_at = max(now, host.free_at)
            host.free_at = begins_at + host.gap_seconds
            await asyncio.sleep(begins_at - now)

    def leave(self) -> None:
        """Give the place back, or no longer wait for it."""
        if self._host is None:
            return
        if self._has_place:
            self._host.places.release()
        self._turns.go(self._name, self._host)
        self._host, self._has_place = None, False
