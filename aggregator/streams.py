"""What lasts: lines out of an answer without end, messages out of a WebSocket, a bare connection. Judges no address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp

from aggregator.errors import FetchError
from aggregator.faultwords import plain_words

MOST_LINE = 1_000_000
# The other side of a stream says something every 15 s (Mastodon) or answers a ping.
QUIET_SECONDS = 90.0
PATIENT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=QUIET_SECONDS)
# Nothing to say is no fault of a socket: that it still stands, it shows by answering pings.
PATIENT_SOCKET = aiohttp.ClientWSTimeout(ws_receive=None, ws_close=5.0)
PING_SECONDS = QUIET_SECONDS / 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def stay(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Take a redirect in answer to a WebSocket's request for a refusal: aiohttp would follow it, unchecked.

    A middleware for aiohttp's session.
    """
    response = await handler(request)
    if response.status in REDIRECTS and request.headers.get("Upgrade", "").lower() == "websocket":
        response.close()
        raise aiohttp.WSServerHandshakeError(
            response.request_info, (), status=response.status, message="redirected", headers=response.headers
        )
    return response


async def read_lines(host: str, response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """Each line without its end, as it comes."""
    waiting = bytearray()
    with plain_words(host, PATIENT):
        async for chunk in response.content.iter_any():
            *whole, rest = (waiting + chunk).split(b"\n")
            waiting = bytearray(rest)
            if len(waiting) > MOST_LINE:
                raise FetchError(f"{host} sends a line without end")
            for line in whole:
                yield line.rstrip(b"\r").decode("utf-8", "replace")


async def read_messages(host: str, socket_: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    """Each text message, as it comes."""
    with plain_words(host, PATIENT):
        while True:
            message = await socket_.receive()
            if message.type is aiohttp.WSMsgType.ERROR:
                raise FetchError(f"the connection to {host} broke off")
            if message.type is not aiohttp.WSMsgType.TEXT:
                if message.type is aiohttp.WSMsgType.BINARY:
                    continue
                return
            yield str(message.data)


async def connected(address: str, port: int, seconds: float | None) -> socket.socket:
    """A blocking connection, made without one: in threads, hosts that do not answer would take those of others."""
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(connection, (address, port))
        connection.settimeout(seconds)
    except BaseException:
        connection.close()
        raise
    return connection
