"""The prebuilt index that search.js searches: which items have which words. Values in, values out.

Items are counted within the month in which they were published, so that one that comes or goes changes the numbers of
its month alone. `m-202611.js` lists a month's items; `w-so.js` the words that begin so, each with its items: "202611 0
3,202610 7". `index.js` names the files of words that there are.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from aggregator.itemjson import timestamp
from aggregator.model import Configuration
from aggregator.store.search import fold
from aggregator.store.stream import StreamItem
from web.export.names import file_name
from web.export.pages import strings_for
from web.rows import heading_and_text

FOLDER: Final = "search"
START: Final = 2  # letters that the words of one file have in common, and the shortest word that is found
LONGEST: Final = 60
MONTH: Final = 1_000_000
_SCRIPT: Final = Path(__file__).with_name("search.js")
_WORD: Final = re.compile(rf"[^\W_]{{{START},}}")
_COMMENT: Final = re.compile(r"^\s*(?:/\*.*?\*/|//[^\n]*)$", re.DOTALL | re.MULTILINE)
# Where search.js can do without spaces: its texts hold none of these with a space beside it.
_SPARE: Final = re.compile(r" ?(=>|===|!==|&&|\?\?|=|,|;|\?|:|\(|\{|\}) ?")
# Harmless in a page, too, and to readers of JavaScript before 2019.
_ESCAPES: Final = {ord("<"): "\\u003c", 0x2028: "\\u2028", 0x2029: "\\u2029"}


@cache
def search_script() -> bytes:
    """search.js as it is put into an export."""
    lines = (line.strip() for line in _COMMENT.sub("", _SCRIPT.read_text("utf-8")).splitlines())
    return ("\n".join(_SPARE.sub(r"\1", line) for line in lines if line) + "\n").encode()


class Index:
    """Gathers the words of items, which come in the order of their publication."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._strings = strings_for(configuration.stream.languages[0])
        self._places: dict[str, array[int]] = {}
        self._month = 0
        self._shown: list[list[str]] = []
        self._labels = {tag.id: " ".join(tag.label.values()) for tag in configuration.tags}

    def add(self, item: StreamItem) -> Iterator[tuple[str, bytes]]:
        """Take the next item in. Yields the file of the month before, where this one begins another."""
        month = item.published_at.year * 100 + item.published_at.month
        if month != self._month:
            yield from self._close_month()
            self._month = month
        place = month * MONTH + len(self._shown)
        partner = self._configuration.partner(item.partner)
        name = partner.name if partner else item.partner
        heading, _ = heading_and_text(item, self._configuration, strings_for(item.language))
        day = self._strings.date(item.published_at)
        self._shown.append(
            [file_name(item.id), heading.text, heading.language, name, timestamp(item.published_at), day]
        )
        for word in _words([*_texts(item), name, *(self._labels.get(tag, tag) for tag in item.tags)]):
            self._places.setdefault(word, array("Q")).append(place)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files that are left when all items are in."""
        yield from self._close_month()
        starts: dict[str, list[str]] = {}
        for word in self._places:
            starts.setdefault(word[:START], []).append(word)
        for start, words in starts.items():
            yield _file(_name(start), [[word, _as_text(self._places[word])] for word in sorted(words)])
        yield _file("index", sorted(map(_name, starts)))
        yield f"{FOLDER}/search.js", search_script()

    def _close_month(self) -> Iterator[tuple[str, bytes]]:
        if self._shown:
            yield _file(f"m-{self._month}", self._shown)
        self._shown = []


def _texts(item: StreamItem) -> Iterator[str]:
    yield item.title or ""
    yield item.summary
    for words in item.translations.values():
        yield words.title or ""
        yield words.summary or ""


def _words(texts: Iterable[str]) -> set[str]:
    return {word[:LONGEST] for word in _WORD.findall(fold(" ".join(texts)))}


def _name(start: str) -> str:
    return f"w-{quote(start, safe='').replace('%', '-').lower()}"


def _as_text(places: Sequence[int]) -> str:
    """Months with the numbers of their items."""
    months: dict[int, list[str]] = {}
    for place in places:
        months.setdefault(place // MONTH, [str(place // MONTH)]).append(str(place % MONTH))
    return ",".join(" ".join(month) for month in months.values())


def _file(name: str, data: Any) -> tuple[str, bytes]:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return f"{FOLDER}/{name}.js", f'mpowerSearch("{name}",{text});\n'.encode("utf-8", "replace")
