"""A page in a throttled chromium, and what it took until it showed something: for benches of what people see."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, CDPSession, Page, Route, async_playwright

from benchmarks.contestants.widgets import FILES, PAGE, PER_PAGE, Answer, Widget

SLOWER = 4  # times, as Lighthouse has it for a phone
PATIENCE_SECONDS = 20
QUIET_SECONDS = 1.5
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
TYPES = {"js": "text/javascript", "css": "text/css"}
# Looks at each frame whether so many items are there. Everybody is looked at in the same way.
WATCH = """
window.seen = {}; window.shifts = 0; window.long = 0;
const note = (type, add) =>
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type, buffered: true });
note("layout-shift", (one) => { if (!one.hadRecentInput) shifts += one.value; });
note("longtask", (one) => { long += one.duration - 50; });
const roots = (root) => [...root.querySelectorAll("*")].map((node) => node.shadowRoot).filter(Boolean);
window.found = (selector, root = document) =>
  [...root.querySelectorAll(selector), ...roots(root).flatMap((inner) => found(selector, inner))];
window.until = (name, selector, count) => { const look = () => {
  if (found(selector).length >= count) seen[name] = performance.now(); else requestAnimationFrame(look); }; look(); };
addEventListener("click", (event) => { seen.click = event.timeStamp; }, { capture: true });
"""


@dataclass
class Seen:
    """What one visit showed. Times are in milliseconds; None where there was nothing of the kind."""

    first_item: float | None = None  # after the first contentful paint
    shifts: float = 0
    blocked: float = 0
    more: float | None = None
    shifts_at_more: float | None = None
    axe: tuple[str, ...] = ()  # the rule and place of each fault
    bodies: list[bytes] = field(default_factory=list)  # of scripts and styles
    requests: int = 0  # besides the page and pictures, until it is quiet
    third_party: int = 0
    is_quiet: bool = False


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's, for as long as it is needed. Raises RuntimeError where there is none."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise RuntimeError("there is no chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def visit(browser: Browser, widget: Widget, own: frozenset[str], axe: str | None = None) -> Seen:
    """Open its page, wait until it is quiet, load more. `own` are the hosts that are no third party to its page."""
    seen = Seen()
    context = await browser.new_context(viewport={"width": 1000, "height": 900})
    try:
        page = await context.new_page()
        await page.route("**/*", _answering(widget, own, seen))
        devtools = await context.new_cdp_session(page)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        await page.add_init_script(f"{WATCH}; until('item', {widget.item!r}, 1)")
        await page.goto(f"{PAGE}/")
        await _fill_in(page, devtools, widget, seen)
        if axe:
            await devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            seen.axe = await _faults(page, axe)
    finally:
        await context.close()
    return seen


def _answering(widget: Widget, own: frozenset[str], seen: Seen) -> Callable[[Route], Any]:
    async def answer(route: Route) -> None:
        address, kind = route.request.url, route.request.resource_type
        found = _answer(widget, address)
        seen.requests += not seen.is_quiet and kind not in {"document", "image"}
        seen.third_party += not seen.is_quiet and urlsplit(address).netloc not in own
        if found and kind in {"script", "stylesheet"} and not address.endswith("/start.js"):
            seen.bodies.append(found.body)
        if found is None:
            await route.abort()
            return
        headers = {"Access-Control-Allow-Origin": "*"}
        await route.fulfill(body=found.body, content_type=found.content_type, headers=headers)

    return answer


def _answer(widget: Widget, address: str) -> Answer | None:
    if address == f"{PAGE}/":
        return Answer(widget.page.encode(), "text/html")
    if address.startswith(FILES):
        path = widget.files.get(address.removeprefix(f"{FILES}/"))
        return Answer(path.read_bytes(), TYPES[address.rpartition(".")[2]]) if path else None
    if address.endswith((".png", ".webp")):  # everybody's pictures are the same one
        return Answer(PIXEL, "image/png")
    return widget.answer(address)


async def _fill_in(page: Page, devtools: CDPSession, widget: Widget, seen: Seen) -> None:
    await _wait(devtools, "'item' in seen")
    await asyncio.sleep(QUIET_SECONDS)
    seen.is_quiet = True
    painted = await _ask(devtools, "performance.getEntriesByName('first-contentful-paint')[0].startTime")
    seen.first_item = max(0.0, await _ask(devtools, "seen.item") - painted)
    seen.shifts, seen.blocked = await _ask(devtools, "[shifts, long]")
    if widget.more is None:
        return
    item, more = json.dumps(widget.item), json.dumps(widget.more)
    x, y = await _ask(
        devtools,
        f"""shifts = 0; until('more', {item}, found({item}).length + {PER_PAGE});
        found({more}).at(-1).scrollIntoView({{ block: 'center' }});
        seen.box = found({more}).at(-1).getBoundingClientRect();
        [seen.box.x + seen.box.width / 2, seen.box.y + seen.box.height / 2]""",
    )
    await asyncio.sleep(QUIET_SECONDS / 2)
    await page.mouse.click(x, y)
    await _wait(devtools, "'more' in seen")
    await asyncio.sleep(QUIET_SECONDS / 2)
    seen.more = await _ask(devtools, "seen.more - seen.click")
    seen.shifts_at_more = await _ask(devtools, "shifts")


async def _ask(devtools: CDPSession, expression: str) -> Any:
    """What it is in the page. Not by Playwright's own way, whose script takes a tenth of a second of a slow page."""
    answer = await devtools.send("Runtime.evaluate", {"expression": expression, "returnByValue": True})
    if "exceptionDetails" in answer:
        raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
    return answer["result"].get("value")


async def _wait(devtools: CDPSession, condition: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await _ask(devtools, condition):
            await asyncio.sleep(0.2)


async def _faults(page: Page, axe: str) -> tuple[str, ...]:
    await page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await page.evaluate("(tags) => axe.run({ runOnly: tags, resultTypes: ['violations'] })", tags)
    return tuple(f"{rule['id']} {node['target'][0]}" for rule in found["violations"] for node in rule["nodes"])
