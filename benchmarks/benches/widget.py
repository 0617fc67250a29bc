"""What the widget costs the page that embeds it, beside its peers: each on the same page, as far from its server."""

from __future__ import annotations

import asyncio
import functools
import re
import statistics
import subprocess
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser

from benchmarks.contestants.widgets import OURS, PAGE, Answer, Widget, nothing, peers
from benchmarks.demo import demo
from benchmarks.looking import Seen, chromium, visit
from benchmarks.table import Line, Scale, at_most

TITLE = "The widget in a page, processor 4 times slower, servers that answer at once, medians"
RUNS, FULL_RUNS = 7, 15
PEERS = Path(__file__).parents[2] / ".venv/bench/peers"
WANTED = ("bsky-embed", "mastodon-embed-timeline", "emfed", "bluesky-comments-tag")
ALONE, EARLY, FROM_SERVER = "ours, its two lines", "ours, asked for early", "ours, rows from the server"
PLAIN = "the same rows without script"
OWN = frozenset({urlsplit(PAGE).netloc, urlsplit(OURS).netloc})


def measure(scale: Scale) -> list[Line]:
    """Ours by its script alone, the same asked for early, and with rows from the server; and whoever else could be had.

    What a page's own HTML takes is not the widget's: where the rows are part of it, blocking time counts from that page
    without the script, which stands in the table, too.
    """
    others = list(peers(PEERS))
    axe = PEERS / "node_modules/axe-core/axe.min.js"
    with demo() as address:
        contestants = [*_ours(address), *others]
        runs = FULL_RUNS if scale.is_full else RUNS
        looked = asyncio.run(_look(contestants, runs, axe.read_text("utf-8") if axe.exists() else None))
    alone, plain = looked.pop(nothing().name), looked.get(PLAIN)
    assert isinstance(alone, list)
    lines: list[Line] = []
    for name, seen in looked.items():
        if isinstance(seen, str):
            lines.append(Line(name, "not measured", seen))
        else:
            before = plain if name == FROM_SERVER and isinstance(plain, list) else alone
            lines += _goals(name, seen, before) if name.startswith("ours") else [Line(name, _summary(seen, alone))]
    there = " ".join(looked)
    return lines + [Line(name, "absent", "npm could not install it here") for name in WANTED if name not in there]


def _ours(address: str) -> Iterable[Widget]:
    """As the demo serves it: `address` is read once, and then answered for as everybody else is."""

    @functools.cache
    def ask(url: str) -> Answer | None:
        parts = urlsplit(url)
        if parts.path == "/events" or not url.startswith(OURS):
            return None
        with urllib.request.urlopen(f"{address}{parts.path}?{parts.query}", timeout=20) as answer:
            body = answer.read().replace(address.encode(), OURS.encode())
            return Answer(body, answer.headers.get_content_type())

    script = f'<script type="module" src="{OURS}/widget.js"></script>'
    style = f'<link rel="stylesheet" href="{OURS}/widget.css">'
    page = ask(f"{OURS}/stream?ui=en")
    assert page
    found = re.search(r"<mpower-stream.*</mpower-stream>", page.body.decode(), re.DOTALL)
    assert found
    inside = found[0].replace(' live=""', "").replace("<mpower-stream", f'<mpower-stream src="{OURS}"', 1)
    inside = re.sub(r'(src|href|data-next)="/', rf'\1="{OURS}/', inside)
    make = functools.partial(Widget, item="mpower-stream li", more="a.mpower-more", answer=ask, files={})
    room = 'style="display:block;min-height:100vh"'  # as README has it
    element = f'<mpower-stream src="{OURS}" lang="en" {room}></mpower-stream>'
    asked = (f"{OURS}/stream.json?prefer=en", f"{OURS}/strings/en.json")  # as docs/embedding.md has it
    early = "".join(f'<link rel="preload" as="fetch" crossorigin href="{url}">' for url in asked)
    yield make(ALONE, script, element)
    yield make(EARLY, early + script, element)
    yield make(FROM_SERVER, style + script, inside)
    yield make(PLAIN, style, inside, more=None)


async def _look(contestants: list[Widget], runs: int, axe: str | None) -> dict[str, list[Seen] | str]:
    """By turns, so that what else this machine does meets all alike. Who fails is named with the reason."""
    seen: dict[str, list[Seen] | str] = {}
    async with chromium() as browser:
        for turn in range(runs):
            for widget in (nothing(), *contestants):
                so_far = seen.setdefault(widget.name, [])
                if isinstance(so_far, str):
                    continue
                try:
                    so_far.append(await _once(browser, widget, None if turn else axe))
                except Exception as error:  # noqa: BLE001  # whatever a contestant does: the others are still measured
                    seen[widget.name] = str(error).splitlines()[0][:120]
    return seen


async def _once(browser: Browser, widget: Widget, axe: str | None) -> Seen:
    async with asyncio.timeout(60):
        return await visit(browser, widget, OWN, axe)


def _median(seen: list[Seen], of: Callable[[Seen], float | None]) -> float | None:
    figures = [figure for one in seen if (figure := of(one)) is not None]
    return statistics.median(figures) if figures else None


def _blocked(seen: list[Seen], alone: list[Seen]) -> float:
    """What it adds to the time in which the page hears nothing."""
    return max(0.0, (_median(seen, lambda one: one.blocked) or 0) - (_median(alone, lambda one: one.blocked) or 0))


def _faults(seen: list[Seen], alone: list[Seen]) -> list[str]:
    return [fault for fault in seen[0].axe if fault not in alone[0].axe]


def _kilobytes(seen: list[Seen]) -> float:
    return sum(map(_brotli, seen[0].bodies)) / 1000


@functools.cache
def _brotli(body: bytes) -> int:
    program = "process.stdout.write(String(require('zlib').brotliCompressSync(require('fs').readFileSync(0)).length))"
    done = subprocess.run(["node", "-e", program], input=body, capture_output=True, check=True)
    return int(done.stdout)


def _goals(name: str, seen: list[Seen], alone: list[Seen]) -> list[Line]:
    faults = _faults(seen, alone)
    return [
        at_most(f"{name}: script and style, brotli", _kilobytes(seen), 5, "KB"),
        at_most(f"{name}: first item after first paint", _median(seen, lambda one: one.first_item) or 0, 120, "ms"),
        at_most(f"{name}: layout shift on load", max(one.shifts for one in seen), 0, ""),
        at_most(f"{name}: layout shift on Load More", max(one.shifts_at_more or 0 for one in seen), 0, ""),
        at_most(f"{name}: blocking time added", _blocked(seen, alone), 80, "ms"),
        at_most(f"{name}: Load More of 10", _median(seen, lambda one: one.more) or 0, 100, "ms"),
        at_most(f"{name}: requests besides pictures", seen[0].requests, 3, ""),
        at_most(f"{name}: third-party requests", seen[0].third_party, 0, ""),
        at_most(f"{name}: faults that axe finds", len(faults), 0, ""),
        *[Line("  the fault", fault) for fault in faults],
    ]


def _summary(seen: list[Seen], alone: list[Seen]) -> str:
    more = _median(seen, lambda one: one.more)
    return (
        f"{_kilobytes(seen):.1f} KB, first item {_median(seen, lambda one: one.first_item):.0f} ms, "
        f"shift {max(one.shifts for one in seen):.3f}, blocking {_blocked(seen, alone):.0f} ms, "
        f"Load More {f'{more:.0f} ms' if more is not None else 'none'}, {seen[0].requests} requests, "
        f"{seen[0].third_party} third-party, axe {len(_faults(seen, alone))}"
    )
