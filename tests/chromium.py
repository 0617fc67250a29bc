"""A real chromium for the tests that look at pages. Where there is none, they are skipped with that reason."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


@pytest.fixture(scope="session")
def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("there is no chromium: make test installs it where apt-get and root are at hand")
    pytest.skip("there is no chromium: install it and run make test again")


@asynccontextmanager
async def launched(chromium_path: str) -> AsyncIterator[Browser]:
    """That chromium, for as long as it is needed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with launched(chromium_path) as browser:
        yield browser


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
