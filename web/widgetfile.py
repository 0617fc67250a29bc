"""The widget's served files. They are made from the written modules by tools/widget.py, and kept beside them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "widget"
BUILT: Final = FOLDER / "built"


@cache
def widget_module() -> str:
    """/widget.js: one file with the elements and their style; their words are asked for."""
    return (BUILT / "widget.js").read_text("utf-8")


@cache
def widget_extras() -> str:
    """/widget-extras.js: what a stream asks for that is `live` or has `filters` or `history`; beside /widget.js."""
    return (BUILT / "widget-extras.js").read_text("utf-8")


@cache
def widget_style() -> str:
    """/widget.css: for pages that hold rows before the script runs."""
    return (BUILT / "widget.css").read_text("utf-8")
