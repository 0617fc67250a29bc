"""Writes [[source]] and [[partner]] blocks for sources.toml, with ids that nobody has yet. Changes no file."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

LONGEST_ID = 50
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans({"ß": "ss", "đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe"})


def make_id(text: str, taken: Collection[str], otherwise: str = "source") -> str:
    """An id made of a name: lower-case letters, digits and dashes, none of those that are taken."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    made = _NO_LETTERS.sub("-", plain).strip("-")[:LONGEST_ID].strip("-") or otherwise
    number, unique = 2, made
    while unique in taken:
        number, unique = number + 1, f"{made}-{number}"
    return unique


def source_block(
    source_id: str, *, partner: str, kind: str, url: str, languages: Sequence[str] = (), every: str | None = None
) -> str:
    """A [[source]] block. No value in it can break out of its line."""
    values: dict[str, object] = {"id": source_id, "partner": partner, "kind": kind, "url": url}
    if languages:
        values["languages"] = list(languages)
    if every:
        values["every"] = every
    return _block("source", values)


def partner_block(partner_id: str, *, name: str, url: str | None) -> str:
    """A [[partner]] block."""
    return _block("partner", {"id": partner_id, "name": name, **({"url": url} if url else {})})


def _block(table: str, values: Mapping[str, object]) -> str:
    # What JSON writes for texts and lists of texts is TOML, too; it leaves one control character as it is.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "") for key, value in values.items()]
    return "\n".join([f"[[{table}]]", *lines]) + "\n"
