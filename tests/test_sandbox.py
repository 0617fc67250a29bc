"""What happens to documents that hang, crash or swell their reader: the others are read all the same."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import feedparser
import lxml.html
import pytest
from PIL import Image, features

from aggregator.errors import DocumentError, FetchError
from aggregator.sandbox import CROWD, MAX_REPLY_BYTES, Sandbox, open_sandbox

ROOT = Path(__file__).parent.parent


# --- What runs in the worker ---


def hang(mark: str = "") -> None:
    """Keep the interpreter locked for good, as a parser in C does; first leave word of who does."""
    if mark:
        Path(mark).write_text(str(os.getpid()))
    re.match(r"(a+)+$", "a" * 60 + "b")


def wait_for(mark: str) -> None:
    """Say that one waits, and wait until the file is there."""
    Path(f"{mark}.waits").touch()
    while not Path(mark).exists():
        time.sleep(0.001)


def swell() -> int:
    return len(bytes(3_000_000_000))


def nest() -> list[object]:
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


def enumerate_lazily() -> object:
    return (number for number in range(3))


def fail(kind: str) -> None:
    if kind == "fetch":
        raise FetchError("gone", status=410)
    if kind == "document":
        raise DocumentError("this is no feed")
    if kind == "unicode":
        "\udc80".encode()
    if kind == "recursion":
        fail(kind)
    raise LookupError("odd\nvery " + "x" * 1000)


def crash(how: str) -> None:
    if how == "exit":
        sys.exit(3)
    signal.raise_signal(signal.Signals[how])


def talk() -> str:
    sys.stdout.write("to whoever listens")
    sys.stdout.flush()
    os.write(1, b"to whoever listens")
    return sys.stdin.read()


def reach_out(how: str, port: int) -> None:
    if how == "connect":
        socket.create_connection(("127.0.0.1", port)).close()
    if how == "look up":
        socket.getaddrinfo("partner.example", 80)
    if how == "start a program":
        subprocess.run(["true"], check=True)


def environment() -> Mapping[str, str]:
    return dict(os.environ)


def read_with_everything(feed: bytes) -> list[str]:
    assert Image.new("RGB", (4000, 4000)).resize((10, 10)).size == (10, 10)
    assert features.check("webp")
    assert lxml.html.fromstring("<p>Solar").text == "Solar"
    return [entry.title for entry in feedparser.parse(feed).entries]


# --- Tests ---


def processes() -> dict[int, tuple[str, int]]:
    """State and parent of every process, from proc(5)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended in between
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
            found[int(stat.parent.name)] = (state, int(parent))
    return found


def children() -> set[int]:
    return {pid for pid, (state, parent) in processes().items() if parent == os.getpid() and state != "Z"}


def open_files() -> set[str]:
    return {one.name for one in Path("/proc/self/fd").iterdir()}


def lives(pid: int) -> bool:
    return processes().get(pid, ("Z", 0))[0] != "Z"


# Modules that processes need: with any, the first process becomes two.
needs: tuple[str, ...] = ()


@pytest.fixture(autouse=True, params=[(), ("string",)], ids=["alone", "paired"])
def _needs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "needs", request.param)


@asynccontextmanager
async def sandbox(**options: float) -> AsyncIterator[Sandbox]:
    before = children()
    async with open_sandbox(needs=needs, **options) as opened:  # type: ignore[arg-type]
        yield opened
    assert children() <= before, "a closed sandbox leaves no process"


async def test_a_function_runs_in_another_process_which_is_used_again() -> None:
    async with sandbox(processes=1) as box:
        assert await box.run(sorted, [3, 1, 2]) == [1, 2, 3]
        pids = {await box.run(os.getpid) for _ in range(5)}
    assert len(pids) == 1
    assert pids != {os.getpid()}


async def test_nothing_stays_open_of_processes_that_ended_or_never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sandbox(processes=1) as box:
        await box.run(len, b"abc")
    before = open_files()
    async with sandbox(processes=1) as box:
        for how in ("exit", "SIGKILL"):
            with pytest.raises(DocumentError):
                await box.run(crash, how)
        starting = asyncio.ensure_future(box.run(len, b"abc"))
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(DocumentError, match="cannot be started"):
            await box.run(len, b"abc")
    await asyncio.sleep(0)
    assert open_files() == before


async def test_no_process_is_started_before_one_is_needed() -> None:
    before = children()
    async with sandbox():
        assert children() == before


async def test_large_documents_go_through_both_ways() -> None:
    document = os.urandom(10_000_000)
    async with sandbox(processes=1, seconds=60) as box:
        assert await box.run(bytes.swapcase, document) == document.swapcase()


async def test_a_document_that_hangs_its_reader_is_stopped_and_the_next_is_read() -> None:
    async with sandbox(processes=1, seconds=600) as box:
        first = await box.run(os.getpid)
        box._seconds = 0.1
        with pytest.raises(DocumentError, match=r"longer than 0\.1 s"):
            await box.run(hang)
        assert not lives(first)
        box._seconds = 600
        assert await box.run(len, b"abc") == 3


async def test_one_document_that_hangs_does_not_keep_others_from_being_read(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with sandbox(processes=2, seconds=600) as box:
        hanging = asyncio.ensure_future(box.run(hang, str(mark)))
        await until(lambda: mark.exists() and mark.read_text() != "")
        assert await asyncio.gather(*(box.run(len, b"x" * size) for size in range(20))) == list(range(20))
        assert not hanging.done()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert not lives(int(mark.read_text()))


async def test_a_document_that_swells_its_reader_is_stopped_and_the_next_is_read() -> None:
    async with sandbox(processes=1, megabytes=512) as box:
        with pytest.raises(DocumentError, match="more than 512 MB"):
            await box.run(swell)
        assert await box.run(len, b"abc") == 3


async def test_what_is_too_long_to_hand_back_is_an_error() -> None:
    async with sandbox(processes=1, seconds=60) as box:
        with pytest.raises(DocumentError, match="longer than 64,000,000 bytes"):
            await box.run(bytes, MAX_REPLY_BYTES)
        assert await box.run(len, b"abc") == 3


@pytest.mark.parametrize(("how", "words"), [("SIGSEGV", "SIGSEGV"), ("SIGABRT", "SIGABRT"), ("exit", "status 3")])
async def test_a_document_that_brings_its_reader_down_is_named_and_the_next_is_read(how: str, words: str) -> None:
    async with sandbox(processes=1) as box:
        with pytest.raises(DocumentError, match=words):
            await box.run(crash, how)
        assert await box.run(len, b"abc") == 3


async def test_a_reader_that_is_killed_in_the_middle_is_named_as_such(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with sandbox(processes=1, seconds=600) as box:
        reading = asyncio.ensure_future(box.run(hang, str(mark)))
        await until(lambda: mark.exists() and mark.read_text() != "")
        os.kill(int(mark.read_text()), signal.SIGKILL)
        with pytest.raises(DocumentError, match="killed from outside"):
            await reading


async def test_a_reader_that_is_killed_while_idle_is_replaced_without_a_word() -> None:
    async with sandbox(processes=1) as box:
        for _ in range(3):
            pid = await box.run(os.getpid)
            os.kill(pid, signal.SIGKILL)
            assert await box.run(len, b"abc") == 3


@pytest.mark.parametrize("one", [0, 1])
async def test_no_reader_ends_with_the_other(one: int) -> None:
    async with sandbox(processes=2) as box:
        await box.prepare(CROWD + 1, os.getpid)
        pids = sorted(worker.process.pid for worker in box._living)
        os.kill(pids[one], signal.SIGKILL)
        await until(lambda: not lives(pids[one]))
        await asyncio.sleep(0.05)
        assert lives(pids[1 - one])
        assert await asyncio.gather(*(box.run(len, b"abc") for _ in range(3 * CROWD))) == [3] * 3 * CROWD


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has orphans adopted")
async def test_orphans_of_others_are_not_left_to_us() -> None:
    def adopts() -> bool:
        answer = ctypes.c_int(-1)
        assert ctypes.CDLL(None).prctl(37, ctypes.byref(answer), 0, 0, 0) == 0  # PR_GET_CHILD_SUBREAPER
        return bool(answer.value)

    async with sandbox(processes=2) as box:
        await box.prepare(CROWD + 1, os.getpid)
        assert len(box._living) == 2
        assert not adopts()
    async with sandbox(processes=2) as box:
        await box.run(len, b"abc")
        await until(lambda: not adopts())


async def test_how_each_reader_ended_is_told() -> None:
    async with sandbox(processes=2) as box:
        await box.prepare(CROWD + 1, os.getpid)
        ended = await asyncio.gather(*(box.run(crash, "SIGSEGV") for _ in range(2)), return_exceptions=True)
        assert all("SIGSEGV" in str(one) for one in ended)
        assert await box.run(len, b"abc") == 3


async def test_errors_of_our_own_come_through_as_they_are() -> None:
    async with sandbox(processes=1) as box:
        with pytest.raises(DocumentError, match=r"^this is no feed$"):
            await box.run(fail, "document")
        with pytest.raises(FetchError) as caught:
            await box.run(fail, "fetch")
    assert caught.value.status == 410


@pytest.mark.parametrize(
    ("kind", "words"),
    [("unicode", "UnicodeEncodeError"), ("recursion", "RecursionError"), ("other", "LookupError: odd very")],
)
async def test_every_other_exception_becomes_an_error_that_names_it(kind: str, words: str) -> None:
    async with sandbox(processes=1) as box:
        with pytest.raises(DocumentError, match=words) as caught:
            await box.run(fail, kind)
        assert len(str(caught.value)) < 300
        assert await box.run(len, b"abc") == 3


async def test_a_result_that_cannot_be_handed_back_is_an_error() -> None:
    async with sandbox(processes=1) as box:
        with pytest.raises(DocumentError, match="RecursionError"):
            await box.run(nest)
        with pytest.raises(DocumentError, match="TypeError"):
            await box.run(enumerate_lazily)


async def test_what_a_reader_prints_gets_nowhere_and_it_has_nothing_to_read() -> None:
    async with sandbox(processes=1) as box:
        assert await box.run(talk) == ""
        assert await box.run(talk) == ""


@pytest.mark.parametrize("how", ["connect", "look up", "start a program"])
async def test_a_reader_reaches_nothing_outside(how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        async with sandbox(processes=1) as box:
            with pytest.raises(DocumentError, match="PermissionError"):
                await box.run(reach_out, how, inside.getsockname()[1])
        inside.setblocking(False)
        with pytest.raises(BlockingIOError):
            inside.accept()


async def test_a_reader_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPOWER_DATABASE_URL", "postgresql+asyncpg://mpower:hush@db/mpower")
    async with sandbox(processes=1) as box:
        assert "hush" not in str(await box.run(environment))


async def test_the_parsers_work_within_the_usual_limit_on_memory() -> None:
    feed = b"<rss version='2.0'><channel><item><title>Wind</title></item></channel></rss>"
    async with sandbox(processes=1, seconds=60) as box:
        assert await box.run(read_with_everything, feed) == ["Wind"]


async def test_no_more_processes_run_than_are_asked_for() -> None:
    before = children()
    async with sandbox(processes=2) as box:
        await asyncio.gather(*(box.run(len, b"abc") for _ in range(20)))
        assert len(children() - before) <= 2


async def test_another_process_is_started_only_where_one_is_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.sandbox.PATIENCE", 600)
    async with sandbox(processes=2) as box:
        assert len(set(await asyncio.gather(*(box.run(os.getpid) for _ in range(CROWD))))) == 1
        await asyncio.gather(*(box.run(os.getpid) for _ in range(10 * CROWD)))
        assert len(box._living) == 2


@pytest.mark.parametrize(("documents", "processes"), [(1, 1), (CROWD, 1), (CROWD + 1, 2)])
async def test_as_many_processes_are_prepared_as_so_many_documents_keep_busy(documents: int, processes: int) -> None:
    async with sandbox(processes=2) as box:
        await box.prepare(documents, os.getpid)
        prepared = {worker.process.pid for worker in box._living}
        assert len(prepared) == processes
        assert await box.run(os.getpid) in prepared


async def test_whoever_has_no_time_waits_for_what_is_under_way_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.sandbox.IMPATIENCE", 600)
    done: list[str] = []

    async def note(name: str, work: Awaitable[object]) -> None:
        await work
        done.append(name)

    async with sandbox(processes=1, seconds=600) as box:
        under_way = asyncio.ensure_future(box.run(wait_for, str(tmp_path / "go")))
        await until((tmp_path / "go.waits").exists)
        waiting = [asyncio.ensure_future(note("any", box.run(len, b"abc"))) for _ in range(5)]
        await asyncio.sleep(0)
        urgent = asyncio.ensure_future(note("urgent", box.at_once.run(len, b"abc")))
        await asyncio.sleep(0)
        (tmp_path / "go").touch()
        await asyncio.gather(under_way, urgent, *waiting)
    assert done[0] == "urgent"
    assert len(done) == 6


async def test_those_without_time_do_not_keep_out_the_others() -> None:
    done: list[str] = []

    async def note(name: str, work: Awaitable[object]) -> None:
        await work
        done.append(name)

    async with sandbox(processes=1) as box:
        await asyncio.gather(
            *(note("urgent", box.at_once.run(len, b"abc")) for _ in range(20)),
            note("any", box.run(len, b"abc")),
            *(note("urgent", box.at_once.run(len, b"abc")) for _ in range(20)),
        )
    assert done.index("any") < 30


async def test_whoever_is_cancelled_is_cancelled_and_frees_the_place(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with sandbox(processes=1, seconds=600) as box:
        reading = asyncio.ensure_future(box.run(hang, str(mark)))
        waiting = asyncio.ensure_future(box.run(len, b"abc"))
        await until(lambda: mark.exists() and mark.read_text() != "")
        waiting.cancel()
        reading.cancel()
        for cancelled in (reading, waiting):
            with pytest.raises(asyncio.CancelledError):
                await cancelled
        assert await box.run(len, b"abc") == 3


async def test_closing_fails_what_is_being_read_and_what_waits(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with sandbox(processes=1, seconds=600) as box:
        reading = asyncio.ensure_future(box.run(hang, str(mark)))
        waiting = asyncio.ensure_future(box.run(len, b"abc"))
        await until(lambda: mark.exists() and mark.read_text() != "")
    for unread in (reading, waiting):
        with pytest.raises(DocumentError):
            await unread


async def test_a_closed_sandbox_reads_nothing_any_more() -> None:
    async with sandbox(processes=2) as box:
        assert await box.run(len, b"abc") == 3
    for closed in (box, box.at_once):
        with pytest.raises(DocumentError, match="ending"):
            await closed.run(len, b"abc")


async def test_whoever_loses_patience_while_it_closes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.sandbox.PATIENCE", 0.0)
    async with sandbox(processes=2, seconds=600) as box:
        hanging = [asyncio.ensure_future(box.run(hang, str(tmp_path / str(n)))) for n in range(4)]
        await until(lambda: all((tmp_path / str(n)).exists() for n in range(2)))
    for unread in hanging:
        with pytest.raises(DocumentError):
            await unread


async def test_a_process_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async with sandbox(processes=1) as box:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(DocumentError, match="cannot be started: No such file"):
            await box.run(len, b"abc")
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(DocumentError, match="cannot be started"):
            await box.run(len, b"abc")
        monkeypatch.undo()
        assert await box.run(len, b"abc") == 3


PARENT = """
import asyncio, os, sys
sys.path[:0] = [{tests!r}, {root!r}]
from aggregator.sandbox import open_sandbox
from test_sandbox import hang

async def main():
    async with open_sandbox(processes=2, seconds=600, needs={needs}) as box:
        print(await box.run(os.getpid), flush=True)
        await asyncio.gather(*(box.run(hang, f"{folder}/{{number}}") for number in range(2)))

asyncio.run(main())
"""


async def test_a_parent_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    script = PARENT.format(needs=needs, tests=str(ROOT / "tests"), root=str(ROOT), folder=tmp_path)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    try:
        assert parent.stdout
        first = int(await parent.stdout.readline())
        marks = [tmp_path / "0", tmp_path / "1"]
        await until(lambda: all(mark.exists() and mark.read_text() != "" for mark in marks))
        workers = {first, *(int(mark.read_text()) for mark in marks)}
        assert len(workers) == 2
        assert all(lives(pid) for pid in workers)
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not any(lives(pid) for pid in workers))


async def until(holds: Callable[[], bool]) -> None:
    """Let others work until something holds that they bring about; fail after a minute."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "waited for a minute in vain"
        await asyncio.sleep(0.005)
