"""What all our own pages look like: inside each page on a running program's host, as one file in an export."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from web.widgetfile import widget_style

STATIC: Final = Path(__file__).parent / "static"
STYLES: Final = ("host", "item", "interest")


@cache
def page_style() -> str:
    """The rows' style and our own. A file that a page waits for would cost a slow phone a round trip."""
    return widget_style().strip() + tight("".join((STATIC / f"{name}.css").read_text("utf-8") for name in STYLES))


@cache
def style_source() -> str:
    """How a policy allows that style alone to stand in a page (Content Security Policy 3, section 2.3.1)."""
    digest = hashlib.sha256(page_style().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def tight(style: str) -> str:
    """A style without comments and needless space. No text in it may hold either."""
    style = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    style = re.sub(r"\s*([{};])\s*", r"\1", style).replace(";}", "}")
    style = re.sub(r"(?<![\d.])0(?=\.\d)", "", re.sub(r" ([>+]) (?!\d)", r"\1", style))
    return re.sub(r"([:,]) ", r"\1", style).strip()
