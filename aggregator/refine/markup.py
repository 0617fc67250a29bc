"""Turns any HTML into a shallow, balanced form of the few elements that an article needs, in one linear pass.

This is not the sanitiser: `text.py` gives what comes out of here to nh3. It stands before nh3 because HTML's own rules
make parsing quadratic, and its result larger without limit, on nested or unclosed elements: 25 000 `<ul><li>` keep nh3
busy for 9 seconds, 27 KB of unclosed `<b>` become 6 MB.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from aggregator.refine.attributes import attributes_of

MAX_HTML_LENGTH = 200_000
MAX_TAGS = 5000
MAX_DEPTH = 40
MAX_TAG_LENGTH = 4000
# A tag that ends nowhere is looked for up to MAX_TAG_LENGTH; that many times, then tags end at the next angle bracket.
MAX_ODD_TAGS = 200

BLOCKS = frozenset({
    "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
CELLS = frozenset({"td", "th", "caption"})
VOID = frozenset({"br", "hr"})
INLINE = frozenset({
    "a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "strong",
    "sub", "sup", "u", "var",
})  # fmt: skip
KEPT = BLOCKS | CELLS | INLINE | VOID
# Lines that say nothing.
BULLET = "•"
NO_LINES = frozenset({"", BULLET})
# What goes with all that is in it: code, other documents, players, fields, and namespaces that parsers stumble over.
DROPPED = frozenset({
    "applet", "audio", "button", "canvas", "embed", "frameset", "head", "iframe", "map", "math", "noembed",
    "noframes", "noscript", "object", "option", "script", "select", "style", "svg", "template", "textarea",
    "title", "video", "xmp",
})  # fmt: skip
# Of these, what a browser reads as text up to the end tag, or up to the end of all.
_RAW = frozenset({"iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"})

RENAMED = {
    "h1": "h2", "strike": "s", "tt": "code", "dir": "ul", "menu": "ul", "listing": "pre", "plaintext": "pre",
    "address": "div", "article": "div", "aside": "div", "body": "div", "center": "div", "details": "div",
    "fieldset": "div", "footer": "div", "form": "div", "header": "div", "hgroup": "div", "main": "div", "nav": "div",
    "section": "div", "summary": "div",
}  # fmt: skip
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_ROWS = frozenset({"tr", "tbody", "thead", "tfoot"})
_TABLE_PARTS = _ROWS | CELLS
_LISTS = frozenset({"ul", "ol", "dl"})
# An element of the key ends the open ones of the value, but only inside the nearest element of `_WALLS`.
_IMPLIED_ENDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(BLOCKS - _ROWS, frozenset({"p"})),
    **dict.fromkeys(_HEADINGS, frozenset({"p"}) | _HEADINGS),
    "li": frozenset({"p", "li"}),
    "dt": frozenset({"p", "dt", "dd"}),
    "dd": frozenset({"p", "dt", "dd"}),
    "a": frozenset({"a"}),
    **dict.fromkeys(CELLS, CELLS),
    "tr": CELLS | {"tr"},
    **dict.fromkeys(_ROWS - {"tr"}, _TABLE_PARTS),
}
_WALLS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_TABLE_PARTS, frozenset({"table"})),
    **dict.fromkeys(("li", "dt", "dd"), _LISTS | CELLS),
}

_MARK = re.compile(r"<(?:!--|[!?]|/?([a-zA-Z][^\s/<>]*))")
_TAG_END = re.compile(r"""(?:[^<>="']++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+>""")
_ROUGH_TAG_END = re.compile(r"[^<>]*>?")
_SPACE_ENTITY = re.compile(r"&(?:nbsp|#160|#[xX][aA]0|#8203|zwnj);")


def shallow(html: str, base_url: str | None) -> str:
    """`html` as balanced markup of `KEPT` elements, at most `MAX_DEPTH` deep, without empty ones.

    Links are made absolute against `base_url`; those that lead nowhere lose their element, not their text. The work
    grows with the length of `html` alone, which is cut at `MAX_HTML_LENGTH` characters and after `MAX_TAGS` tags.
    """
    return _Shallow(html[:MAX_HTML_LENGTH], base_url).run()


def image_tags(html: str, limit: int) -> list[str]:
    """The first `limit` `<img …>` tags of `html`, each as a document of its own for a real parser."""
    found: list[str] = []

    def keep(name: str, attributes: str) -> None:
        if name == "img" and len(found) < limit:
            found.append(f"<img {attributes}>")

    _Tokens(html[:MAX_HTML_LENGTH]).read(on_text=lambda _: None, on_start=keep, on_end=lambda _: None)
    return found


class _Tokens:
    """Cuts HTML into text, start tags and end tags. Comments, declarations and `DROPPED` elements are passed over."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._odd_tags = 0
        self._never_closed: set[str] = set()

    def read(
        self,
        on_text: Callable[[str], None],
        on_start: Callable[[str, str], None],
        on_end: Callable[[str], None],
    ) -> None:
        html, place = self._html, 0
        for _ in range(MAX_TAGS):
            mark = _MARK.search(html, place)
            if mark is None:
                on_text(html[place:])
                return
            if mark.start() > place:
                on_text(html[place : mark.start()])
            if mark[1] is None:
                place = self._after_declaration(mark)
                continue
            end = self._tag_end(mark.end())
            raw = html[mark.end() : end].removesuffix(">")
            name = mark[1].lower()
            place = end
            if html[mark.start() + 1] == "/":
                on_end(name)
            elif name in DROPPED:
                place = self._after_dropped(name, end)
            else:
                on_start(name, raw if len(raw) <= MAX_TAG_LENGTH else "")

    def _after_declaration(self, mark: re.Match[str]) -> int:
        is_comment = mark[0] == "<!--"
        closing = "-->" if is_comment else ">"
        # `<!-->` and `<!--->` are whole comments.
        found = self._html.find(closing, mark.start() + 2)
        return len(self._html) if found < 0 else found + len(closing)

    def _tag_end(self, place: int) -> int:
        if self._html.startswith(">", place):  # as most do
            return place + 1
        if self._odd_tags < MAX_ODD_TAGS:
            found = _TAG_END.match(self._html, place, place + MAX_TAG_LENGTH)
            if found is not None:
                return found.end()
            self._odd_tags += 1
        rough = _ROUGH_TAG_END.match(self._html, place)
        return place if rough is None else rough.end()

    def _after_dropped(self, name: str, place: int) -> int:
        if name == "embed" or name in self._never_closed:
            return place
        closing = re.compile(rf"</{name}(?=[\s/>])[^<>]*>?", re.IGNORECASE | re.ASCII).search(self._html, place)
        if closing is not None:
            return closing.end()
        self._never_closed.add(name)
        return len(self._html) if name in _RAW else place


class _Shallow:
    def __init__(self, html: str, base_url: str | None) -> None:
        self._tokens = _Tokens(html)
        self._base_url = base_url
        self._out: list[str] = []
        # Open elements: name, place of its tag in `_out`, and `_filled` when it was opened.
        self._open: list[tuple[str, int, int]] = []
        self._skipped: Counter[str] = Counter()
        self._filled = 0

    def run(self) -> str:
        self._tokens.read(self._text, self._start, self._end)
        self._close_down_to(0)
        return "".join(self._out)

    def _text(self, text: str) -> None:
        if self._out and self._out[-1].startswith("<pre"):
            text = text.lstrip("\n")  # HTML ignores the first one, so each parse would eat another
        if not is_blank(text):
            self._filled += 1
        self._out.append(text.replace("<", "&lt;").replace(">", "&gt;"))

    def _start(self, name: str, raw: str) -> None:
        name = RENAMED.get(name, name)
        if name not in KEPT:
            return
        self._end_implied(name)
        if name == "br":
            self._out.append("<br>")
        elif name == "hr":
            self._filled += 1
            self._out.append("<hr>")
        else:
            self._open_element(name, raw)

    def _open_element(self, name: str, raw: str) -> None:
        attributes = attributes_of(name, raw, self._base_url)
        if name == "a":
            self._skipped["a"] = 0
        misplaced = name in _TABLE_PARTS and not any(element[0] == "table" for element in self._open)
        if misplaced or len(self._open) >= MAX_DEPTH or (name == "a" and " href=" not in attributes):
            self._skipped[name] += 1
            if name in BLOCKS or name in CELLS:
                self._out.append(" ")
            return
        self._open.append((name, len(self._out), self._filled))
        self._out.append(f"<{name}{attributes}>")

    def _end(self, name: str) -> None:
        name = RENAMED.get(name, name)
        if self._skipped[name] > 0:
            self._skipped[name] -= 1
            return
        if name == "br":
            self._out.append("<br>")
            return
        walls = frozenset[str]() if name in _TABLE_PARTS or name == "table" else CELLS
        place = self._nearest(frozenset({name}), walls)
        if place is not None:
            self._close_down_to(place)

    def _end_implied(self, name: str) -> None:
        ended = _IMPLIED_ENDS.get(name)
        if ended is None or not self._open:
            return
        walls = _WALLS.get(name, CELLS)
        while (place := self._nearest(ended, walls)) is not None:
            self._close_down_to(place)

    def _nearest(self, names: frozenset[str], walls: frozenset[str]) -> int | None:
        for place in range(len(self._open) - 1, -1, -1):
            name = self._open[place][0]
            if name in names:
                return place
            if name in walls:
                return None
        return None

    def _close_down_to(self, count: int) -> None:
        while len(self._open) > count:
            name, place, filled = self._open.pop()
            if self._filled > filled or name in CELLS:
                self._out.append(f"</{name}>")
            elif name in INLINE:
                self._out[place] = ""
            else:
                # An empty block: paragraphs that held a picture, spacers, tables of nothing.
                del self._out[place:]
                self._out.append(" ")


def line_break(name: str, *, is_end: bool) -> str:
    """What a tag is to the lines of a text: the beginning of one, of one with a bullet, a space or nothing."""
    if name in {"td", "th"}:
        return " "
    if name == "li" and not is_end:
        return "\n• "
    return "" if name in INLINE else "\n"


def is_blank(text: str) -> bool:
    """Whether a piece of text between two tags shows nothing."""
    return not text or text.isspace() or ("&" in text and not _SPACE_ENTITY.sub("", text).strip())
