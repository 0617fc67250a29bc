"""Reads documents in processes that can be killed; knows nothing of what a document is.

A legal feed of 1 MB can keep its parser busy for minutes with the interpreter locked, so neither a thread nor a limit
on bytes helps. The processes are kept here and not by multiprocessing, whose own helpers (the resource tracker, the
fork server) outlive every pool, and whose spawned workers import the whole program again. What runs in them stands in
`sandboxed.py`, which imports little.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aggregator.child import Adopted, Child, adopting, start, streams
from aggregator.errors import AggregatorError, DocumentError
from aggregator.sandboxed import LENGTH, REPLY, START_SECONDS, STARTED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

T = TypeVar("T")

MAX_REPLY_BYTES = 64_000_000
# What a worker is given of our environment: enough to find Python and its libraries, and no passwords.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")
# A process costs as much as some hundred documents: another one is started where so many wait, or one so long.
CROWD = 16
PATIENCE, IMPATIENCE = 2.0, 0.05


@asynccontextmanager
async def open_sandbox(
    *, processes: int = 2, seconds: float = 10, megabytes: int = 1024, needs: Sequence[str] = ()
) -> AsyncIterator[Sandbox]:
    """A sandbox of so many processes at once, each with so much time a document and so much address space.

    `needs` are modules that each process has imported before it is asked anything.

    A process starts when it is first needed, the next ones when there is more to do than it can. At the end none is
    left, whatever it was doing; none outlives this program on Linux, however that ends.
    """
    sandbox = Sandbox(processes, seconds, megabytes, needs)
    try:
        yield sandbox
    finally:
        await sandbox.close()


class Sandbox:
    """Runs functions on bytes apart from this process. Made by `open_sandbox`."""

    def __init__(self, processes: int, seconds: float, megabytes: int, needs: Sequence[str] = ()) -> None:
        self._needs = needs
        self._starting = asyncio.Lock()
        self._twin: asyncio.Task[Child | None] | None = None  # a process that the first one forks, until it is used
        self._seconds = seconds
        self._megabytes = megabytes
        self._processes = processes
        self._is_closed = False
        self._open = 1  # so many processes may there be by now
        self._places = asyncio.Semaphore(self._open)
        # Who has time waits here, so that hardly anybody stands before those at the places who have none.
        self._turns = asyncio.Semaphore(self._open)
        self._asking = 0
        self._idle: list[Child] = []
        self._living: set[Child] = set()

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """What `function`, which stands at the top of a module, makes of `args`; all of it must pickle.

        Its AggregatorErrors come through. DocumentError for every other exception, and where it takes too long, too
        much memory, or its process down. To cancel the caller stops the process.
        """
        self._asking += 1
        try:
            if self._asking > CROWD:
                self._open_another()
            await self._enter(self._turns, PATIENCE)
            try:
                return await self._run(function, *args)
            finally:
                self._turns.release()
        finally:
            self._asking -= 1

    async def prepare(self, documents: int, function: Callable[..., object], *args: object) -> None:
        """Run `function` in as many processes as so many documents keep busy, before they come."""
        if documents > CROWD:
            self._open_another()
        await asyncio.gather(*(self._run(function, *args) for _ in range(self._open)))

    @property
    def at_once(self) -> AtOnce:
        """The same for those who have no time to wait for all who came before them."""
        return AtOnce(self._run)

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        await self._enter(self._places, IMPATIENCE)
        try:
            request = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)  # not before: thousands may wait
            reply = await self._ask(request)
            if reply is None:  # its process had died since it was last used; a fresh one is asked once more
                reply = await self._ask(request)
        finally:
            self._places.release()
        if reply is None:
            raise DocumentError("the process that reads documents cannot be started")
        is_result, value = pickle.loads(reply)  # noqa: S301 - our own worker's
        if not is_result:
            raise cast("AggregatorError", value)
        return cast("T", value)

    async def close(self) -> None:
        """End every process. Documents that are being read fail."""
        self._is_closed = True
        for worker in self._living:
            worker.kill()
        for door in (self._turns, self._places):  # until nobody waits for a worker any more
            for _ in range(self._open):
                await door.acquire()
        if self._twin and (twin := await self._twin):
            self._living.add(twin)
        for worker in tuple(self._living):
            await self._end(worker)

    async def _enter(self, door: asyncio.Semaphore, patience: float) -> None:
        self._check_open()  # else it would wait behind `close`, for ever
        if self._open == self._processes or not door.locked():
            await door.acquire()
            return
        try:
            async with asyncio.timeout(patience):
                await door.acquire()
        except TimeoutError:
            self._check_open()
            self._open_another()
            await door.acquire()

    def _check_open(self) -> None:
        if self._is_closed:
            raise DocumentError("no document is read any more: the program is ending")

    def _open_another(self) -> None:
        if self._open < self._processes:
            self._open += 1
            self._turns.release()
            self._places.release()

    async def _ask(self, request: bytes) -> bytes | None:
        """The reply, or None where the process died before it began."""
        worker = await self._worker()
        is_well = False
        try:
            if not await _send(worker, request):
                return None
            reply = await self._receive(worker)
            is_well = True
        finally:
            if is_well:
                self._idle.append(worker)
            else:
                await self._end(worker)
        return reply

    async def _receive(self, worker: Child) -> bytes:
        answers = worker.answers
        try:
            async with asyncio.timeout(self._seconds):
                try:
                    head = await answers.readexactly(len(REPLY) + LENGTH)
                    length = int.from_bytes(head[len(REPLY) :], "big")
                    if length > MAX_REPLY_BYTES:
                        raise DocumentError(f"what the document holds is longer than {MAX_REPLY_BYTES:,} bytes")
                    return await answers.readexactly(length)
                except (ConnectionError, asyncio.IncompleteReadError):
                    raise DocumentError(self._cause_of_death(await worker.wait())) from None
        except TimeoutError:
            raise DocumentError(f"the document took longer than {self._seconds:g} s to read and was stopped") from None

    def _cause_of_death(self, status: int) -> str:
        if status == -signal.SIGKILL:
            return "the reading of the document was killed from outside, most likely for want of memory"
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        return f"the document brought its reader down ({how}); it had {self._megabytes:,} MB"

    async def _worker(self) -> Child:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await self._end(worker)
        async with self._starting:
            self._check_open()
            twin = await asyncio.shield(self._twin) if self._twin else None
            self._twin = None
            worker = twin or await self._started()
            self._living.add(worker)
        return worker

    async def _started(self) -> Child:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        # rensa's allocator would take a gigabyte of addresses beforehand, and the limit counts addresses.
        environment["MIMALLOC_ARENA_RESERVE"] = "16MiB"
        limits = (os.getpid(), self._seconds, self._megabytes)

        async def begin(way: int = 0) -> Child:
            command = (sys.executable, "-P", "-m", "aggregator.sandboxed", *map(str, (*limits, way)), *self._needs)
            return await start(command, environment, passing=[way] if way else ())

        try:
            if not self._needs or self._processes == 1 or self._living:
                return await begin()
            with contextlib.ExitStack() as held:
                if not held.enter_context(adopting()):
                    return await begin()
                # The first one becomes two before it reads anything: both share the memory of what they need.
                ours, theirs = socket.socketpair()
                with theirs, contextlib.ExitStack() as on_failure:
                    answers, requests = await streams(ours)
                    on_failure.callback(requests.close)
                    worker = await begin(theirs.fileno())
                    on_failure.pop_all()
                self._twin = asyncio.create_task(_twin(answers, requests, held.pop_all()))
                return worker
        except OSError as error:
            raise DocumentError(f"the process that reads documents cannot be started: {error.strerror}") from error

    async def _end(self, worker: Child) -> None:
        await worker.end()
        self._living.discard(worker)


class AtOnce:
    """A sandbox for the impatient, see `Sandbox.at_once`."""

    def __init__(self, run: Callable[..., Awaitable[Any]]) -> None:
        self._run = run

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """As `Sandbox.run`. Only what is under way is waited for; others with as little time take turns."""
        return cast("T", await self._run(function, *args))


async def _twin(
    answers: asyncio.StreamReader, requests: asyncio.StreamWriter, until_then: contextlib.ExitStack
) -> Child | None:
    """The process that the first one forks: it tells its number. None where it ended with the one that forks it."""
    with until_then:
        try:
            async with asyncio.timeout(START_SECONDS):
                number = int.from_bytes(await answers.readexactly(LENGTH), "big")
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            requests.close()
            return None
        return Child(Adopted(number), requests, answers)


async def _send(worker: Child, request: bytes) -> bool:
    """Hand the request over and wait until it is begun. False where the process is gone before that."""
    try:
        async with asyncio.timeout(START_SECONDS):
            worker.requests.write(len(request).to_bytes(LENGTH, "big") + request)
            await worker.requests.drain()
            await worker.answers.readexactly(len(STARTED))
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        return False
    return True
