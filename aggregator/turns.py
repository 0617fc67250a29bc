"""Who may ask a host now: a few requests at a time, however many sources live there. Opens nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from yarl import URL


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    users: int = 0


class Turns:
    """Lets a few requests at a time go to one host. Remembers only hosts that are being asked."""

    def __init__(self, per_host: int, gap_seconds: float) -> None:
        self._per_host = per_host
        self._gap_seconds = gap_seconds
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def at(self, url: URL) -> AsyncIterator[None]:
        """Wait for a place at the address's host and keep it as long as the context lasts."""
        name = url.host or ""
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self._per_host)))
        host.users += 1
        try:
            await host.places.acquire()
        except asyncio.CancelledError:
            self._leave(name, host)
            raise
        try:
            yield
        finally:
            if self._gap_seconds:
                asyncio.get_running_loop().call_later(self._gap_seconds, self._give_back, name, host)
            else:
                self._give_back(name, host)

    def _give_back(self, name: str, host: _Host) -> None:
        host.places.release()
        self._leave(name, host)

    def _leave(self, name: str, host: _Host) -> None:
        host.users -= 1
        if not host.users:
            del self._hosts[name]
