"""Wires it all, in one place: opens what the program needs, starts what runs by itself, and closes it in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from yarl import URL

from aggregator import rechecks
from aggregator.addresses import Allowed
from aggregator.bell import Bell, open_bell
from aggregator.collectors import RULES
from aggregator.collectors.contract import Outside
from aggregator.errors import DocumentError, SettingsError, StoreError
from aggregator.events import RecheckDue, SourceDue, StreamChanged
from aggregator.fetch import open_fetch
from aggregator.handlers import FOLLOWS, ReadContent, Workshop, handlers
from aggregator.learning.study import is_installed
from aggregator.learning.training import is_told, tell
from aggregator.listening import Listening
from aggregator.model import Configuration
from aggregator.picturesweeping import sweep_pictures
from aggregator.publishing import KEY, hub_address, is_unannounced
from aggregator.readiness import load
from aggregator.sandbox import Sandbox, open_sandbox
from aggregator.settings import Settings, read_secret
from aggregator.sources import CurrentSources
from aggregator.store.changes import forget_changes, read_counter, record
from aggregator.store.engine import Database, open_database
from aggregator.store.hubsubscriptions import forget_over
from aggregator.store.interest import forget_expired
from aggregator.store.learned import is_unjudged
from aggregator.store.rechecks import pass_over, to_be_checked, withdraw_over
from aggregator.store.sources import due_sources, hasten, know_sources, read_state, read_states
from aggregator.store.spending import DatabasePurse
from aggregator.store.subscriptions import forget_validators
from aggregator.store.tables import task
from aggregator.subscribing import pushed_again, wake_changed
from aggregator.watchers import Watchers
from aggregator.work import Worker, WorkList, hurry, keys_not_due

TICK_SECONDS = 1
OVER_SECONDS = 60
RECHECK_SECONDS = 300
JUDGE_SECONDS = 5
# Whatever changes within it is told once.
ANNOUNCE_SECONDS = 1
# A connection that breaks again and again has a source asked no more often than this.
CATCH_UP_PAUSE = timedelta(minutes=1)
MOST_A_HOST = 4
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def user_agent(contact: str) -> str:
    """Who we say we are: the service, its version and where its operator can be reached (RFC 9110, section 10.1.5)."""
    return f"mPOWER-Stream/{version('mpower-stream')} (+{contact})"


@dataclass(frozen=True, slots=True)
class Machine:
    """The whole aggregator, wired. Everything in it is open while its context lasts."""

    settings: Settings
    secret: bytes
    database: Database
    bell: Bell
    work: WorkList
    sources: CurrentSources
    outside: Outside
    shop: Workshop
    watchers: Watchers
    now: Callable[[], datetime]
    sandbox: Sandbox

    @property
    def configuration(self) -> Configuration:
        """The sources.toml that counts right now."""
        return self.sources.configuration

    async def ask_for(self, source_id: str) -> None:
        """Have a source collected now."""
        async with self.database.write() as connection:
            await self.work.put(connection, SourceDue(source_id), due_at=self.now(), key=f"source:{source_id}")
            await hurry(connection, f"source:{source_id}", now=self.now())
        await self.bell.ring()

    async def tick(self) -> None:
        """See which sources are due, and put the work. What is due is the database's to say."""
        try:
            await self.reload()
            await self._put_due()
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("the tick could not look: %s", error)

    async def reload(self) -> None:
        """Read sources.toml again if it was changed. Raises what the database raises; then it is tried again."""
        before = self.configuration
        await asyncio.to_thread(self.sources.reload_if_changed)
        if not self.sources.is_known:
            await self.know_sources()
            await self._read_whole(pushed_again(before, self.configuration))

    async def _read_whole(self, source_ids: Collection[str]) -> None:
        """Have sources read anew as they are: which hub they name is seen only then."""
        if source_ids:
            async with self.database.write() as connection:
                await forget_validators(connection, source_ids)

    async def make_up_for_silence(self) -> None:
        """Have sources that pushed asked at once: what was said while this program did not run, nobody says again."""
        async with self.database.write() as connection:
            for source_id, state in (await read_states(connection)).items():
                if state.live_at:
                    await hasten(connection, source_id, at=self.now())

    async def know_sources(self) -> None:
        """Give every source of the file a state."""
        configuration = self.configuration
        async with self.database.write() as connection:
            await know_sources(connection, configuration.sources, now=self.now())
            await wake_changed(connection, configuration, now=self.now())
        self.sources.is_known = configuration is self.configuration

    async def _put_due(self) -> None:
        hosts = {source.id: URL(source.url).authority for source in self.configuration.sources if source.enabled}
        async with self.database.read() as connection:
            due = await due_sources(connection, hosts, now=self.now())
            if not due:
                return
            keys = select(task.c.key).where(task.c.key.startswith("source:"))
            under_way = {row.key.split(":")[1] for row in await connection.execute(keys)}
        # No more of one host than it may be asked at once, and a few in reserve: the rest would only wait in the way.
        asked = Counter(hosts.get(source_id) for source_id in under_way)
        chosen = []
        for source_id in due:
            host = hosts[source_id]
            if source_id not in under_way and asked[host] < MOST_A_HOST:
                asked[host] += 1
                chosen.append(source_id)
        if not chosen:
            return
        async with self.database.write() as connection:
            # Another process may have looked at some since: those are due no more.
            due = await due_sources(connection, chosen, now=self.now())
            events = [(f"source:{source_id}", SourceDue(source_id)) for source_id in due]
            await self.work.put_all(connection, events, due_at=self.now())
        await self.bell.ring()

    async def sweep(self) -> None:
        """Forget what nobody can ask for any more."""
        async with self.database.write() as connection:
            await forget_changes(connection, now=self.now())
            await forget_expired(connection, self.now())
            await forget_over(connection, now=self.now())

    async def sweep_pictures(self) -> None:
        """Take away copies of pictures that nothing shows any more, and have lost ones fetched again."""
        try:
            removed = await sweep_pictures(self.database, self.work, self.settings.media_dir, now=self.now())
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("the folder of pictures could not be swept: %s", error)
        else:
            log.debug("%d pictures that nothing shows are removed", removed)
            await self.bell.ring()

    async def put_rechecks(self) -> None:
        """Put the work of holding some public items against their sources again."""
        try:
            async with self.database.read() as connection:
                states, now = await read_states(connection), self.now()
                resting = await keys_not_due(connection, rechecks.RESTS, now=now)
                most = rechecks.able_to_tell(self.configuration, states, resting, now=now)
                items = await to_be_checked(connection, most, now=self.now())
            chosen, cannot = rechecks.choose(items, self.configuration, most)
            async with self.database.write() as connection:
                await pass_over(connection, cannot, now=self.now())
                for source_id, share in chosen.items():
                    due = RecheckDue(source_id, tuple(one.id for one in share))
                    await self.work.put(connection, due, due_at=self.now(), key=f"recheck:{source_id}")
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("what is to be checked again could not be looked up: %s", error)
        else:
            await self.bell.ring()

    async def put_judging(self) -> None:
        """Put the work of judging what came to wait, where enough was learnt for that.

        Not where it is kept: a pass over many sources is not to know of it.
        """
        try:
            async with self.database.read() as connection:
                if not is_installed() or await is_told(connection) or not await is_unjudged(connection):
                    return
            async with self.database.write() as connection:
                await tell(connection, self.work, now=self.now())
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("what is to be judged could not be looked up: %s", error)
        else:
            await self.bell.ring()

    async def put_announcing(self) -> None:
        """Put the work of telling others that the stream has changed, where somebody is to be told."""
        if hub_address(self.configuration, self.settings.public_url) is None:
            return
        try:
            async with self.database.read() as connection:
                if not await is_unannounced(connection):
                    return
            async with self.database.write() as connection:
                await self.work.put(connection, StreamChanged(), due_at=self.now(), key=KEY)
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("whether the stream has changed could not be looked up: %s", error)
        else:
            await self.bell.ring()

    async def withdraw_over(self) -> None:
        """Withdraw the events that are over."""
        try:
            async with self.database.write() as connection:
                changes = await withdraw_over(connection, now=self.now())
                await record(connection, changes, now=self.now())
        except (SQLAlchemyError, OSError, StoreError) as error:
            log.warning("events that are over could not be withdrawn: %s", error)
        else:
            if changes:
                await self.bell.ring()

    async def catch_up(self, source_id: str) -> None:
        """Have a source collected soon, but not before it wishes, and not over and over."""
        async with self.database.write() as connection:
            state = await read_state(connection, source_id)
            # Not when it was tried: that is noted of a push as well, and a push is no look.
            looks = [at for at in (state.collected_at, state.problem_at) if at] if state else []
            await hasten(connection, source_id, at=max([self.now(), *(at + CATCH_UP_PAUSE for at in looks)]))

    async def get_ready(self, documents: int = 1) -> None:
        """Have the processes started that so many documents keep busy, and all that they need loaded.

        So what is pushed first need not wait for it, and what is asked for does while answers are on their way.
        """
        with contextlib.suppress(DocumentError):
            await self.sandbox.prepare(documents, load, self.sources.packed_tags)

    async def stream_version(self) -> int:
        """The number that grows whenever the public stream looks different."""
        async with self.database.read() as connection:
            return await read_counter(connection, "stream")


@asynccontextmanager
async def open_machine(
    settings: Settings, *, now: Callable[[], datetime] = utc_now, contents: ReadContent | None = None
) -> AsyncIterator[Machine]:
    """Open everything. Raises SettingsError or StoreError, with the cure, before anything runs.

    `contents` writes the feeds that our hub pushes; without it nobody is told there.
    """
    allowed = Allowed.parse(settings.allow_private)
    sources = CurrentSources(settings.sources, kinds=RULES, allowed=allowed, environment=settings.environment)
    secret = read_secret(settings.secret_file)
    _check_folder(settings.media_dir)
    contact = sources.configuration.stream.contact or settings.public_url
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_url))
        bell = await stack.enter_async_context(open_bell(database))
        reader = await stack.enter_async_context(open_sandbox(needs=(load.__module__,)))
        fetch = await stack.enter_async_context(open_fetch(allowed=allowed, user_agent=user_agent(contact), now=now))
        work = WorkList(FOLLOWS)
        outside = Outside(fetch, reader, now, DatabasePurse(database, now), quick=reader.at_once)
        shop = Workshop(database, bell, outside, sources, work, settings.media_dir, now, settings.public_url)
        shop = replace(shop, contents=contents)
        stack.push_async_callback(shop.study.close)
        watchers = Watchers(database, bell)
        machine = Machine(settings, secret, database, bell, work, sources, outside, shop, watchers, now, reader)
        await machine.know_sources()
        yield machine


def _check_folder(path: Path) -> None:
    """Make sure that pictures can be kept: found out later, each would be fetched again and again."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SettingsError(
            f"MPOWER_MEDIA_DIR {path} cannot be written: {error.strerror}; name another folder"
        ) from error


@asynccontextmanager
async def at_work(machine: Machine) -> AsyncIterator[None]:
    """Tick and work while the context lasts. On the way out, what is under way is given back."""
    # Only where something ticks: it imports multiprocessing and more, 2 MB.
    from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415

    scheduler = AsyncIOScheduler(timezone=UTC)
    once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(machine.tick, "interval", seconds=TICK_SECONDS, **once)
    # At the start, too: entries of a call go after their time also where the program never runs for six hours.
    scheduler.add_job(machine.sweep, "interval", hours=6, next_run_time=utc_now(), **once)
    scheduler.add_job(machine.sweep_pictures, "interval", hours=1, **once)
    scheduler.add_job(machine.withdraw_over, "interval", seconds=OVER_SECONDS, **once)
    scheduler.add_job(machine.put_judging, "interval", seconds=JUDGE_SECONDS, **once)
    scheduler.add_job(machine.put_announcing, "interval", seconds=ANNOUNCE_SECONDS, **once)
    scheduler.add_job(machine.put_rechecks, "interval", seconds=RECHECK_SECONDS, **once)
    collecting = _worker(machine, only=("collect",), slots=48)
    # Pictures on a slow host must not take the places of those who collect.
    following = _worker(machine, only=("keep_pictures", "publish", "subscribe", "recheck", "learn"), slots=16)
    # Nor those of slow subscribers the places of both; and whoever asks our hub to ask many others holds up no news.
    announcing = _worker(machine, only=("announce",), slots=1)
    telling = _worker(machine, only=("deliver",), slots=16)
    confirming = _worker(machine, only=("verify",), slots=4)
    listening = Listening(machine.shop, machine.catch_up)
    async with (
        running(machine.get_ready()),
        running(collecting.run()),
        running(following.run()),
        running(announcing.run()),
        running(telling.run()),
        running(confirming.run()),
        running(listening.run()),
    ):
        scheduler.start()
        try:
            await machine.make_up_for_silence()
            await machine.tick()
            yield
        finally:
            scheduler.shutdown(wait=False)


def _worker(machine: Machine, *, only: tuple[str, ...], slots: int) -> Worker:
    return Worker(
        machine.database, machine.bell, handlers(machine.shop), machine.now, slots=slots, only=only,
        lease=machine.settings.lease, on_failure=machine.shop.note_failure,
    )  # fmt: skip


@asynccontextmanager
async def in_step(machine: Machine) -> AsyncIterator[None]:
    """Follow changes of sources.toml while the context lasts, for a process that does not tick."""

    async def follow() -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await machine.reload()
            except (SQLAlchemyError, OSError, StoreError) as error:
                log.warning("sources.toml could not be taken over: %s", error)

    async with running(machine.get_ready()), running(follow()):
        yield


@asynccontextmanager
async def on_watch(machine: Machine) -> AsyncIterator[None]:
    """Pass changes on to those who watch while the context lasts."""
    async with running(machine.watchers.run(await machine.watchers.last())):
        try:
            yield
        finally:
            machine.watchers.close()


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that runs beside the context's body and is cancelled with it."""
    beside = asyncio.create_task(work)
    try:
        yield
    finally:
        beside.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beside
