"""What all our own pages look like, as one file, on a running program's host and in an export."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from web.widgetfile import widget_style

STATIC: Final = Path(__file__).parent / "static"
STYLES: Final = ("host", "item", "interest")


@cache
def page_style() -> str:
    """The rows' style and our own. Each file that a page waits for costs a slow phone a round trip."""
    return "".join([widget_style(), *((STATIC / f"{name}.css").read_text("utf-8") for name in STYLES)])
