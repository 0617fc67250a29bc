"""Where each table and key of a TOML text stands, for messages that name a line. Reads no values: tomllib does."""

from __future__ import annotations

import re

Place = tuple[str | int, ...]

HEADER = re.compile(r"\s*(\[{1,2})\s*([\w.\"' -]+?)\s*\]{1,2}\s*(?:#.*)?$")
KEY = re.compile(r"\s*([\w-]+|\"[^\"]+\"|'[^']+')(\s*\.\s*[\w-]+)*\s*=")


def lines_of(text: str) -> dict[Place, int]:
    """The line of each table and key. tomllib keeps no places, so they are looked up in the text once more."""
    lines: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    in_string = False
    for number, line in enumerate(text.splitlines(), start=1):
        opens_or_closes = (line.count('"""') + line.count("'''")) % 2 == 1
        if not in_string:
            if header := HEADER.match(line):
                table = _place(header[2], counts, is_array=header[1] == "[[")
                lines.setdefault(table, number)
            elif key := KEY.match(line):
                name = line[: key.end() - 1].replace('"', "").replace("'", "")
                lines.setdefault((*table, *(part.strip() for part in name.split("."))), number)
        in_string ^= opens_or_closes
    return lines


def _place(header: str, counts: dict[str, int], *, is_array: bool) -> Place:
    first, *rest = (part.strip().strip("\"'") for part in header.split("."))
    if is_array and not rest:
        counts[first] = counts.get(first, -1) + 1
    return (first, counts[first], *rest) if first in counts else (first, *rest)
