"""The style inside our pages: the same rules as in the files it is made of, and what the policy allows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page

from tools.widget import STYLES as WIDGET_STYLES
from web.pagestyle import STATIC, STYLES, page_style

pytestmark = pytest.mark.browser

RULES = """(style) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  return [...sheet.cssRules].map((rule) => rule.cssText);
}"""
WIDGET = Path(__file__).parents[2] / "web/widget"


async def test_a_browser_reads_the_same_rules_from_the_tight_style_as_from_its_files(browser_page: Page) -> None:
    loose = [*(WIDGET / name for name in WIDGET_STYLES), *(STATIC / f"{name}.css" for name in STYLES)]
    rules = await browser_page.evaluate(RULES, "".join(path.read_text("utf-8") for path in loose))
    assert len(rules) > 100
    assert list(map(alike, await browser_page.evaluate(RULES, page_style()))) == list(map(alike, rules))


def alike(rule: str) -> str:
    """What a browser leaves as it was written, since it does not know yet what it stands for."""
    return re.sub(r"(?<![\d.])0(?=\.\d)", "", rule.replace(", ", ","))
