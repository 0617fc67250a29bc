"""Makes web/widget/built from web/widget's modules and style: `make widget`. Needs Node; the program does not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import brotli

from web.pagestyle import tight

FOLDER: Final = Path(__file__).parents[1] / "web" / "widget"
BUILT: Final = FOLDER / "built"
TERSER: Final = Path(__file__).parent / "minify" / "node_modules" / "terser" / "bin" / "terser"
# The modules of each served file, the style that it carries last. In this order each finds what it imports above it.
MODULES: Final = {
    "widget.js": (
        "part.js", "row.js", "rows.js", "partners.js", "call.js", "languages.js", "stream.js", "widget.js",
        "widget.css",
    ),
    "widget-extras.js": ("channel.js", "filters.js", "live.js", "extras.js", "extras.css"),
}  # fmt: skip
# What is in /widget.css.
STYLES: Final = ("widget.css", "extras.css", "linked.css")
_KEPT: Final = "export const extrasOf"
_IMPORT: Final = re.compile(r"^import [^;]*;$", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?!const extrasOf)", re.MULTILINE)
_OPTIONS: Final = (
    "--module", "--mangle", "--ecma", "2022",
    "--compress",
    "passes=3,unsafe_arrows,unsafe_methods,pure_getters,keep_fargs=false,reduce_funcs=false,evaluate=false",
)  # fmt: skip


def style(*names: str) -> str:
    """Styles as they are served."""
    return tight("".join(map(_read, names))) + "\n"


def script(name: str) -> str:
    """A served module: its modules and its style as one, made small by terser."""
    *names, looks = MODULES[name]
    modules = "".join(_EXPORT.sub("", _IMPORT.sub("", _read(module))) for module in names)
    place = 'const STYLE = "";'
    if modules.count(place) != 1 or re.search(r"^(import|export)\b", modules.replace(_KEPT, ""), re.MULTILINE):
        raise ValueError(f"the modules must hold this line once, and nothing may stay imported or exported: {place}")
    whole = modules.replace(place, f"const STYLE = {json.dumps(style(looks).strip(), ensure_ascii=False)};")
    node = shutil.which("node")
    if node is None or not TERSER.exists():
        raise FileNotFoundError("terser is not here: make widget installs it where npm is at hand")
    return subprocess.run(  # noqa: S603 - our own command
        [node, TERSER, *_OPTIONS], input=whole, capture_output=True, check=True, encoding="utf-8", timeout=60
    ).stdout


def files() -> dict[str, str]:
    """What is served, by name."""
    return {"widget.css": style(*STYLES), **{name: script(name) for name in MODULES}}


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def main() -> None:
    """Write both files and say how big they are."""
    BUILT.mkdir(exist_ok=True)
    for name, text in files().items():
        (BUILT / name).write_text(text, "utf-8", newline="\n")
        print(f"{name}: {len(text.encode()):,} bytes, {len(brotli.compress(text.encode())):,} by brotli")


if __name__ == "__main__":
    sys.exit(main())
