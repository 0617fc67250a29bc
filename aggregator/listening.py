"""Keeps a connection to each source that pushes, one in all processes, and keeps what comes over it.

A push may be lost, so every source is asked on schedule, too, and at once whenever a connection was made anew. What
comes twice is recognised. What a network's messages mean is its collector's part.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from aggregator.collectors import KINDS
from aggregator.errors import AggregatorError, CollectError, StoreError, not_kept
from aggregator.handlers import Workshop
from aggregator.holders import has_died, name_of_this_process
from aggregator.model import Source
from aggregator.store.listeners import give_up, note_push, read_holders, take_place
from aggregator.store.sources import fall_back, read_state

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 20.0
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 900.0
NOTHING_TO_PUSH_SECONDS = 3600.0
STEADY_AFTER = timedelta(minutes=2)
LIVE_AGAIN = timedelta(hours=1)
log = logging.getLogger(__name__)

AskFor = Callable[[str], Awaitable[None]]


class Listening:
    """The listeners of one process. `ask_for` has a source collected now."""

    def __init__(self, shop: Workshop, ask_for: AskFor) -> None:
        self._shop = shop
        self._ask_for = ask_for
        self._name = name_of_this_process()
        self._running: dict[str, tuple[Source, asyncio.Task[None]]] = {}
        self._live: dict[str, datetime] = {}  # connections that stand, and when that was last noted

    async def run(self) -> None:
        """Listen for ever, to what sources.toml names right now."""
        try:
            while True:
                try:
                    await self._follow()
                except (SQLAlchemyError, OSError, StoreError) as error:
                    log.warning("the listeners could not look: %s", error)
                await asyncio.sleep(RENEW_SECONDS)
        finally:
            await self._stop(list(self._running))
            with contextlib.suppress(SQLAlchemyError, OSError, StoreError):
                async with self._shop.database.write() as connection:
                    await give_up(connection, self._name)

    async def _follow(self) -> None:
        """Start what is new, stop what was changed, is gone or is another process's by now."""
        wanted = {
            source.id: source
            for source in self._shop.sources.configuration.sources
            if source.enabled and source.push and KINDS[source.kind].listen
        }
        until = self._shop.now() + LEASE
        mine: set[str] = set()
        if wanted:
            async with self._shop.database.write() as connection:
                died = [name for name in await read_holders(connection, wanted) if has_died(name)]
                now = self._shop.now()
                mine = await take_place(connection, wanted, holder=self._name, now=now, until=until, died=died)
        self._forget_broken()
        left = [name for name, (source, _) in self._running.items() if wanted.get(name) != source or name not in mine]
        await self._stop(left)
        for source_id in mine - set(self._running):
            source = wanted[source_id]
            self._running[source_id] = (source, asyncio.create_task(self._listen(source)))
        for source_id, noted_at in list(self._live.items()):
            if source_id in self._running and self._shop.now() - noted_at >= LIVE_AGAIN:
                await self._note(self._running[source_id][0], None, is_live=True)

    def _forget_broken(self) -> None:
        """A fault of ours ends one listener; it is said and the listener begins anew."""
        for name, (_, listening) in tuple(self._running.items()):
            if listening.done() and not listening.cancelled():
                log.error("listening to %s broke off", name, exc_info=listening.exception())
                del self._running[name]

    async def _stop(self, names: list[str]) -> None:
        stopped = [self._running.pop(name)[1] for name in names]
        for listening in stopped:
            listening.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)

    async def _listen(self, source: Source) -> None:
        """Connect, and connect again, waiting longer each time until something comes."""
        pause = SHORTEST_PAUSE / 2
        while True:
            began = self._shop.now()
            problem, came = await self._connection(source)
            # One that breaks as soon as it stands is not made anew every second.
            is_steady = came and self._shop.now() - began >= STEADY_AFTER
            pause = SHORTEST_PAUSE if is_steady else min(pause * 2, LONGEST_PAUSE)
            await self._note(source, problem)
            await asyncio.sleep(NOTHING_TO_PUSH_SECONDS if problem is None else pause * random.uniform(0.8, 1.2))  # noqa: S311

    async def _connection(self, source: Source) -> tuple[str | None, bool]:
        """Listen until it ends: why it did (None where there is nothing to push), and whether anything came."""
        came = False
        listen = KINDS[source.kind].listen
        try:
            async with self._shop.database.read() as connection:
                state = await read_state(connection, source.id)
            if state is None or listen is None:
                return "it has no state yet", False
            async with contextlib.aclosing(listen(source, state.cursor, self._shop.outside.at_once())) as pushed:
                async for collected in pushed:
                    if not came:
                        await self._note(source, None, is_live=True)
                        # What was said while nobody listened.
                        await self._ask_for(source.id)
                    came = True
                    if collected.document or collected.cursor.place:
                        await self._shop.take(source, collected)
        except CollectError as error:
            log.info("%s pushes no more: %s", source.id, error)
            return str(error), came
        except (SQLAlchemyError, OSError, AggregatorError) as error:
            log.warning("%s: what was pushed could not be kept: %s", source.id, error)
            return not_kept(error), came
        return ("the connection was closed", came) if came else (None, False)

    async def _note(self, source: Source, problem: str | None, *, is_live: bool = False) -> None:
        now = self._shop.now()
        with contextlib.suppress(SQLAlchemyError, OSError, StoreError):
            async with self._shop.database.write() as connection:
                state = await read_state(connection, source.id)
                await note_push(connection, source.id, problem, live_at=now if is_live else None)
                # What does not push (any more) is asked as any other.
                if not is_live and (problem or (state and state.live_at)):
                    await fall_back(connection, source.id, at=now + source.every)
        if is_live:
            self._live[source.id] = now
        else:
            self._live.pop(source.id, None)
