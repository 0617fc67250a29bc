"""A real chromium for the tests that look at pages. Where there is none, they are skipped with that reason."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

# Without these it asks the network for updates at every start; tests reach loopback alone.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


# The first is the same browser without windows: a page takes a fifth of the processor time that it takes in the others.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("there is no chromium: make test installs it where apt-get and root are at hand")
    pytest.skip("there is no chromium: install it and run make test again")


@pytest.fixture(scope="session")
def chromium_address(chromium_path: str) -> Iterator[str]:
    """Where one chromium for all tests of this process is spoken to: its start takes a second of a processor."""
    with tempfile.TemporaryDirectory(prefix="mpower-chromium-", ignore_cleanup_errors=True) as folder:
        arguments = [*ARGUMENTS, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
        # Debian's command is a script that waits for the browser: both are ended together.
        started = subprocess.Popen(
            [chromium_path, *arguments, "about:blank"],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{_port(Path(folder) / 'DevToolsActivePort', started)}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGTERM)
            started.wait(30)


def _port(file: Path, started: subprocess.Popen[bytes]) -> int:
    """The port that chromium has taken: it writes it down when it listens."""
    until = time.monotonic() + 60
    while time.monotonic() < until and started.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(file.read_text().splitlines()[0])
        time.sleep(0.05)
    pytest.fail("chromium does not start; run it by hand with --headless=new to see why")


@pytest.fixture(scope="session")
async def chromium(chromium_address: str) -> AsyncIterator[Browser]:
    """That chromium, driven from here: the driver takes a second of a processor, too."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium_address)
        yield browser
        await browser.close()


@pytest.fixture
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The chromium of this process. Each test makes contexts of its own in it, and they go with the test."""
    yield chromium
    for context in chromium.contexts:
        if context is not chromium.contexts[0]:
            await context.close()


@pytest.fixture
async def browser_page(browser: Browser) -> AsyncIterator[Page]:
    """A page in a context of its own. Anything that goes wrong in its scripts fails the test."""
    context = await browser.new_context(viewport={"width": 1100, "height": 900})
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where screenshots go: var/screenshots, which git does not keep."""
    folder = Path(__file__).parents[1] / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
