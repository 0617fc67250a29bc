"""The contestants and the farm, ready to run: who takes part, with which command, in which folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.farm import address
from benchmarks.feeds import MOST, language_of
from benchmarks.measure import Used, run

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".venv" / "bench" / "bin" / "python"
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True)
class Grounds:
    """A running farm."""

    port: int
    feeds: int

    def urls(self, *, for_all: bool) -> list[str]:
        """The addresses of its feeds, each at a host of its own."""
        form = "/xml" if for_all else ""
        return [f"http://{address(number)}:{self.port}/{number}{form}" for number in range(self.feeds)]

    def set(self, **values: float) -> None:
        """Have it answer otherwise from now on."""
        query = "&".join(f"{name}={value}" for name, value in values.items())
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/set?{query}", timeout=120).close()


@contextmanager
def farm(feeds: int, *, most: int = MOST) -> Iterator[Grounds]:
    """A farm of so many feeds, each of so many entries at most, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.farm", "--feeds", str(feeds), "--most", str(most)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout
        yield Grounds(int(process.stdout.readline()), feeds)
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True, slots=True)
class Contestant:
    """One who takes part. `prepare` sets up its folder for feeds; `pass_` is one look at all of them."""

    name: str
    prepare: Callable[[Path, Grounds], None]
    pass_: Callable[[Path, Grounds], Used]


def _nothing(_folder: Path, _grounds: Grounds) -> None:
    pass


def _script(name: str, python: str, *, prefix: tuple[str, ...] = ()) -> Contestant:
    def one(folder: Path, grounds: Grounds) -> Used:
        command = [*prefix, python, "-m", f"benchmarks.contestants.{name}", str(folder / "database.sqlite")]
        return run(command, folder, stdin="\n".join(grounds.urls(for_all=True)), environment=ENVIRONMENT)

    shown = {"of_reader": "reader", "plain": "feedparser + sqlite3"}.get(name, name)
    return Contestant(shown, _nothing, one)


def write_sources(folder: Path, grounds: Grounds) -> None:
    """A sources.toml with every feed of the farm, and tags as a network has them."""
    lines = [
        '[stream]\ntitle = "Benchmark"\nlanguages = ["en", "eu", "hr", "fr", "de", "es"]\nreview = "hold"\n',
        '[[partner]]\nid = "farm"\nname = "Farm"\n',
    ]
    lines += [
        f'[[source]]\nid = "feed-{number}"\npartner = "farm"\nkind = "feed"\nurl = "{url}"\n'
        f'languages = ["{language_of(number)}"]\nevery = "30m"\n'
        for number, url in enumerate(grounds.urls(for_all=False))
    ]
    words = {
        "retrofit": 'en = ["insulate", "retrofit"], de = ["dämmen"], es = ["aislar"], fr = ["isoler"]',
        "heat": 'en = ["heat network"], de = ["Wärmenetz"], es = ["red de calor"], fr = ["réseau de chaleur"]',
        "poverty": 'en = ["fuel poverty"], de = ["Energiearmut"], es = ["pobreza energética"], hr = ["siromaštvo"]',
        "solar": 'en = ["solar panels"], de = ["Solarzellen"], es = ["placas solares"], hr = ["sunčanih ploča"]',
        "wind": 'en = ["turbine"], de = ["Windrad"], es = ["molino"], fr = ["éolienne"]',
    }
    lines += [f'[[tag]]\nid = "{tag}"\nlabel = {{ en = "{tag}" }}\nwords = {{ {of} }}\n' for tag, of in words.items()]
    (folder / "sources.toml").write_text("\n".join(lines))


def ours(name: str = "mPOWER Stream", *, prefix: tuple[str, ...] = ()) -> Contestant:
    """This program, as it is in this folder."""

    def one(folder: Path, _grounds: Grounds) -> Used:
        words = [str(folder / "database.sqlite"), str(folder / "sources.toml")]
        command = [*prefix, sys.executable, "-m", "benchmarks.contestants.ours", *words]
        return run(command, folder, environment=ENVIRONMENT)

    return Contestant(name, write_sources, one)


def _newsboat() -> Contestant:
    def prepare(folder: Path, grounds: Grounds) -> None:
        (folder / "urls").write_text("\n".join(grounds.urls(for_all=True)))
        (folder / "config").write_text("reload-threads 10\nmax-items 0\n")

    def one(folder: Path, _grounds: Grounds) -> Used:
        files = ("-u", "urls", "-c", "cache.db", "-C", "config")
        return run(["newsboat", *files, "-x", "reload"], folder, environment={"HOME": str(folder)})

    return Contestant("newsboat", prepare, one)


def _rss2email() -> Contestant:
    def prepare(folder: Path, grounds: Grounds) -> None:
        feeds = [f"[feed.f{number}]\nurl = {url}\n" for number, url in enumerate(grounds.urls(for_all=True))]
        (folder / "config").write_text("[DEFAULT]\nto = nobody@example.org\n\n" + "\n".join(feeds))

    def one(folder: Path, _grounds: Grounds) -> Used:
        return run(["r2e", "-c", "config", "-d", "data.json", "run", "--no-send"], folder)

    return Contestant("rss2email", prepare, one)


ONE_CORE = ("taskset", "-c", "0")


def contestants() -> tuple[list[Contestant], list[str]]:
    """Everybody who can take part here, and who cannot, with the reason."""
    here = [ours()]
    absent = []
    if (os.cpu_count() or 1) > 1 and shutil.which("taskset"):
        here.append(ours("mPOWER Stream, one core", prefix=ONE_CORE))
        here.append(_script("floor", str(PEERS), prefix=ONE_CORE))
    else:
        here.append(_script("floor", str(PEERS)))
    here += [_script("of_reader", str(PEERS)), _script("plain", str(PEERS))]
    for command, make in (("newsboat", _newsboat), ("r2e", _rss2email)):
        if shutil.which(command):
            here.append(make())
        else:
            absent.append(f"{command} is not installed (apt-get install newsboat rss2email)")
    return here, absent
