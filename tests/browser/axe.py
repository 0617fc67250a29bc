"""What axe finds in a page: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

# What colours and sizes are only when it is painted and nothing moves any more. Only what is found is told: to hand over
# the rest takes as long as a third of the look. Sheets need not be read for the rules that are asked for, sounds must.
LOOK = """async (options) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
  await Promise.all(document.getAnimations().map((one) => one.finished));
  const { violations } = await axe.run({ resultTypes: ["violations"], preload: { assets: ["media"] }, ...options });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id} at ${target.join(" ")}: ${failureSummary.split("\\n").at(-1).trim()}`));
}"""


async def bring_axe(page: Page) -> None:
    """Have it in whatever that page opens from now on. It puts styles into pages that a strict policy refuses."""
    await page.add_init_script(AXE_SCRIPT)


async def faults(page: Page, where: str, **options: Any) -> list[str]:
    """What it finds on the page as it is now, each with its rule and place."""
    return [f"{where}: {found}" for found in await page.evaluate(LOOK, options)]
