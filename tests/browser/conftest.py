"""What tests of the widget may ask for: our program, played; a guest's site; and a page in which nothing may be refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from tests.browser.guestsite import Guest, Program, serving


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    program = Program()
    async with serving(program.server):
        yield program
        program.hang_up()


@pytest.fixture
async def guest(program: Program) -> AsyncIterator[Guest]:
    guest = Guest(program)
    async with serving(guest.server):
        yield guest


@pytest.fixture
async def page(browser_page: Page) -> AsyncIterator[Page]:
    """A page that notes what a policy refuses, what fails, and what the element tells; nothing may be refused."""
    failures: list[str] = []
    browser_page.on("pageerror", lambda error: failures.append(str(error)))
    await browser_page.add_init_script(
        """window.refused = []; window.told = [];
        document.addEventListener("securitypolicyviolation", (e) => {
          if (!e.blockedURI.startsWith("data")) refused.push(`${e.violatedDirective} ${e.blockedURI}`);
        });
        for (const name of ["load", "more", "error", "open"]) {
          document.addEventListener(`mpower-stream:${name}`, (e) => told.push([name, e.detail]));
        }
        document.addEventListener("mpower-languages:change", (e) => told.push([e.type, e.detail]));"""
    )
    yield browser_page
    assert await browser_page.evaluate("window.refused ?? []") == []
    assert failures == []
