"""Makes web/widget/built from web/widget's modules and style: `make widget`. Needs Node; the program does not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "web" / "widget"
BUILT: Final = FOLDER / "built"
TERSER: Final = Path(__file__).parent / "minify" / "node_modules" / "terser" / "bin" / "terser"
# In this order each finds what it imports above it.
MODULES: Final = (
    "part.js", "row.js", "rows.js", "channel.js", "filters.js", "stream.js", "languages.js", "partners.js", "call.js",
    "widget.js",
)  # fmt: skip
_IMPORT: Final = re.compile(r"^import [^;]*;$", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=const |class |async )", re.MULTILINE)
_OPTIONS: Final = (
    "--module", "--mangle", "--ecma", "2022",
    "--compress", "passes=3,unsafe_arrows,unsafe_methods,pure_getters,keep_fargs=false",
)  # fmt: skip


def style() -> str:
    """widget.css without comments and needless space. No text in it holds either."""
    text = re.sub(r"/\*.*?\*/", "", _read("widget.css"), flags=re.DOTALL)
    text = re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\s+", " ", text)).replace(";}", "}")
    return re.sub(r"([:,]) ", r"\1", text).strip() + "\n"


def script() -> str:
    """The modules and the style as one module, made small by terser."""
    modules = "".join(_EXPORT.sub("", _IMPORT.sub("", _read(name))) for name in MODULES)
    place = 'const STYLE = "";'
    if modules.count(place) != 1 or re.search(r"^(import|export)\b", modules, re.MULTILINE):
        raise ValueError(f"the modules must hold this line once, and nothing may stay imported or exported: {place}")
    whole = modules.replace(place, f"const STYLE = {json.dumps(style().strip(), ensure_ascii=False)};")
    node = shutil.which("node")
    if node is None or not TERSER.exists():
        raise FileNotFoundError("terser is not here: make widget installs it where npm is at hand")
    return subprocess.run(  # noqa: S603 - our own command
        [node, TERSER, *_OPTIONS], input=whole, capture_output=True, check=True, encoding="utf-8", timeout=60
    ).stdout


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def main() -> None:
    """Write both files and say how big they are."""
    BUILT.mkdir(exist_ok=True)
    for name, text in (("widget.css", style()), ("widget.js", script())):
        (BUILT / name).write_text(text, "utf-8", newline="\n")
        print(f"{name}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
