"""Makes the widget's served files from the written ones: modules, style and English words go into one."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from web.strings import FALLBACK, all_strings

FOLDER: Final = Path(__file__).parent / "widget"
_PLACE: Final = 'const BUILT = { style: "", words: {}, languages: [] };'
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./([a-z]+\.js)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=const |class )", re.MULTILINE)
_SCRIPT_COMMENT: Final = re.compile(r"^\s*(?:/\*.*?\*/|//[^\n]*)$", re.DOTALL | re.MULTILINE)
_STYLE_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)


@cache
def widget_module() -> str:
    """/widget.js: one file with all that the element needs for its first rows in English."""
    strings = all_strings()
    built = {"style": widget_style(), "words": strings[FALLBACK].for_widget(), "languages": sorted(strings)}
    data = json.dumps(built, ensure_ascii=False, separators=(",", ":"))
    script = _small(_IMPORT.sub(lambda found: _EXPORT.sub("", _read(found[1])), _read("widget.js")), _SCRIPT_COMMENT)
    if script.count(_PLACE) != 1 or re.search(r"^(import|export)\b", script, re.MULTILINE):
        raise ValueError(f"widget.js must hold this line once, and nothing may stay imported or exported: {_PLACE}")
    return script.replace(_PLACE, f"const BUILT = {data};")


@cache
def widget_style() -> str:
    """/widget.css: for pages that hold rows before the script runs."""
    return re.sub(r"\s*([{};])\s*", r"\1", _small(_read("widget.css"), _STYLE_COMMENT))


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _small(source: str, comment: re.Pattern[str]) -> str:
    # A modest shrinking that cannot change meaning: no file has a text over several lines, and comments in scripts
    # have lines of their own.
    lines = (line.strip() for line in comment.sub("", source).splitlines())
    return "\n".join(line for line in lines if line) + "\n"
