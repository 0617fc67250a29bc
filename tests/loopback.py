"""A server on loopback for as long as a test needs it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def everywhere(answer: Answer, method: str = "GET") -> web.Application:
    """An application whose every path is answered by that function."""
    application = web.Application()
    application.router.add_route(method, "/{path:.*}", answer)
    return application


@asynccontextmanager
async def on_loopback(
    application: web.Application, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """The address of the application, without a path, while it is served at a port of its own."""
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, host, 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
