"""Opens a server for an application on a socket, with the quick way where there is one."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from web.serving.answering import SHELF
from web.serving.quick import QuickHandler, is_able

BACKLOG: Final = 512
# No request's body is ever unpacked: nobody needs that, and a kilobyte may hold a gigabyte.
# A connection on which nothing is asked is closed: aiohttp would keep it for an hour, and whoever opens some hundreds
# could keep all others out. It is longer than the minute for which nginx keeps its own, so that nginx closes first.
OPTIONS: Final[dict[str, Any]] = {"access_log": None, "auto_decompress": False, "keepalive_timeout": 75.0}
log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(
    app: web.Application, listener: socket.socket, *, shutdown_seconds: float, is_quick: bool = True
) -> AsyncIterator[None]:
    """Serve on that socket while the context lasts; what is under way at its end has that long to come to its own."""
    runner = web.AppRunner(app, shutdown_timeout=shutdown_seconds, **OPTIONS)
    await runner.setup()
    server, loop = cast("web.Server", runner.server), asyncio.get_running_loop()

    def connection() -> RequestHandler:
        return QuickHandler(app[SHELF], server, loop=loop, **OPTIONS)

    if is_quick and not is_able():
        log.warning("this aiohttp is not known here: pages are served the ordinary way")
        is_quick = False
    accepting = await loop.create_server(connection if is_quick else server, sock=listener, backlog=BACKLOG)
    try:
        yield
    finally:
        accepting.close()
        await runner.cleanup()
