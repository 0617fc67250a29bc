"""The gate in every way out: which of a host's addresses a connection may go to, judged where it connects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.addresses import PUBLIC_PORTS, Allowed, refusal
from aggregator.errors import FetchError

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType

# As many as collect at once: with fewer, name servers that do not answer keep other names waiting.
LOOKUP_THREADS = 64

Lookup = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, best first. Blocks; OSError or UnicodeError where there is no such name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedResolver(AbstractResolver):
    """Looks a name up once a connection, and gives only the addresses that may be reached.

    So the name cannot change sides between check and connection (DNS rebinding).
    """

    def __init__(self, allowed: Allowed, lookup: Lookup, seconds: float) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._seconds = seconds
        # Its own threads: name servers that never answer must not use up everyone's.
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        """See aiohttp's AbstractResolver. Raises FetchError, RefusedError where no address may be reached."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self.permitted(host, port)
        ]

    async def permitted(self, host: str, port: int, ports: Collection[int] = PUBLIC_PORTS) -> list[str]:
        """The addresses of the host that may be reached at this port, best first; never none."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                found = await loop.run_in_executor(self._threads, self._lookup, host, port)
        except TimeoutError:
            raise FetchError(f"the name {host} could not be looked up within {self._seconds:g} s") from None
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise FetchError(
                f"there is no host of the name {host}: look how it is written, and whether the site is still there"
            )
        permitted = [address for address in found if self._allowed.permits(address, port, ports)]
        if not permitted:
            raise refusal(host, found, port, ports)
        return permitted

    async def close(self) -> None:
        """Let go of the threads that look names up."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_sockets(allowed: Allowed) -> Callable[[AddrInfoType], socket.socket]:
    """The last gate: every connection passes here with the very address that it goes to."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, (host, port, *_) = info
        address = str(host)
        if not allowed.permits(address, port):
            raise refusal(address, [address], port)
        return socket.socket(family, kind, protocol)

    return make
