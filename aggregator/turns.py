"""Who may ask a host now: a few requests at a time, and in no rush, however many sources live there."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from yarl import URL

from aggregator.addresses import is_public


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
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

    @asynccontextmanager
    async def at(self, url: URL) -> AsyncIterator[None]:
        """Wait for a place at the address's host and keep it as long as the context lasts."""
        name = url.host or ""
        gap = self._gap_seconds if _is_somebody_elses(name) else 0.0
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self._per_host)))
        host.users += 1
        loop = asyncio.get_running_loop()
        try:
            async with host.places:
                if gap:
                    begins_at = max(loop.time(), host.free_at)
                    host.free_at = begins_at + gap
                    await asyncio.sleep(begins_at - loop.time())
                yield
        finally:
            if gap and host.free_at > loop.time():
                loop.call_at(host.free_at, self._leave, name, host)
            else:
                self._leave(name, host)

    def _leave(self, name: str, host: _Host) -> None:
        host.users -= 1
        if not host.users:
            del self._hosts[name]


def _is_somebody_elses(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return True  # a name
