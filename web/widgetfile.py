"""The widget's served files. They are made from the written modules by tools/widget.py, and kept beside them."""

from __future__ import annotations

from collections.abc import Mapping
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
def widget_files() -> Mapping[str, bytes]:
    """Every file that stands in the root of a host for the widget, by its name."""
    return {path.name: path.read_bytes() for path in sorted(BUILT.iterdir()) if path.suffix in {".js", ".css"}}


@cache
def widget_extras() -> str:
    """/widget-extras.js: what a stream asks for that is `live` or has `filters` or `history`; beside /widget.js."""
    return (BUILT / "widget-extras.js").read_text("utf-8")


@cache
def widget_style() -> str:
    """/widget.css: for pages that hold rows before the script runs."""
    return (BUILT / "widget.css").read_text("utf-8")
