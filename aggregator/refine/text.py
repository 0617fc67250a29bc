"""Hostile text and HTML in, text and HTML that are safe to show out. Every outside text passes here once.

Two steps for HTML: `markup.py` makes it shallow, nh3 (a parser as browsers have it) guarantees what is left. Nothing
here knows of items, and no function raises, whatever the string.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Sequence

import nh3

from aggregator.refine.attributes import ATTRIBUTES, EVERYWHERE, unescape
from aggregator.refine.characters import few_marks, is_usual, shorten, single_spaced, visible, without_junk
from aggregator.refine.markup import (
    DROPPED,
    INLINE,
    KEPT,
    MAX_HTML_LENGTH,
    NO_LINES,
    line_break,
    shallow,
)
from aggregator.refine.settled import Settled, settle

TITLE_LENGTH = 300
NAME_LENGTH = 120
SUMMARY_LENGTH = 280
MAX_LINE_INPUT = 20_000
# A summary is looked for in so many characters more than it has, first.
ROOM_FOR_SPACES = 40
# Two rounds settle all but constructed cases; what is not settled after these is shown as plain text.
MAX_ROUNDS = 10

_CLEANER = nh3.Cleaner(
    tags=set(KEPT),
    clean_content_tags=set(DROPPED),
    attributes={**{tag: set(names) for tag, names in ATTRIBUTES.items()}, "*": set(EVERYWHERE)},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer ugc",
)
# Between texts that are cleaned together. Where one left a tag or a quotation open, this would become part of it or
# end it, and would not stay: so nothing of one text can hide in another.
_BETWEEN = '<hr>"<hr>'
_BLOCK_TAGS = KEPT - INLINE
_HTML_NAMES = KEPT | DROPPED | frozenset({
    "acronym", "address", "area", "article", "aside", "base", "basefont", "bdi", "bdo", "bgsound", "big", "blink",
    "body", "center", "col", "colgroup", "data", "datalist", "details", "dfn", "dialog", "dir", "fieldset",
    "font", "footer", "form", "frame", "h1", "header", "hgroup", "html", "image", "img", "input", "keygen",
    "label", "legend", "link", "listing", "main", "marquee", "menu", "meta", "meter", "nav", "nobr", "optgroup",
    "output", "param", "picture", "plaintext", "portal", "progress", "rb", "rp", "rt", "ruby", "search",
    "section", "slot", "source", "span", "strike", "summary", "time", "track", "tt", "wbr",
})  # fmt: skip

# Without one of these a text stays as it is (nh3 writes a hard space as an entity and a carriage return as a line end).
_MARKUP = re.compile("[<>&\xa0\r]")
_CLEAN_TAG = re.compile(r"<(/?)([a-z0-9]+)[^<>]*>")
_CUT_ENTITY = re.compile(r"&[#\w]{0,31}\Z")
_LINE_CODE = re.compile(r"<(script|style)(?=[\s/>]).*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_LINE_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<[!?][^<>]*>", re.DOTALL)
_LINE_TAG = re.compile(r"</?([a-zA-Z][^\s/<>]*)([^<>]*)(>|\Z)")


def clean_html(html: str, base_url: str | None) -> str:
    """`html` as markup that is safe inside another page: no script, style, form, picture, frame or handler.

    It causes no request by itself, its links are absolute http(s) or mailto with `rel="noopener noreferrer ugc"`, and
    cleaning it again changes nothing. Input is cut at `MAX_HTML_LENGTH` characters, and so is the result.
    """
    return _clean(html, base_url)[0]


def clean_with_text(html: str, base_url: str | None) -> tuple[str, str]:
    """What `clean_html` gives, and the `text_of` that."""
    cleaned, settled = _clean(html, base_url)
    return cleaned, text_of(cleaned) if settled is None else settled.text()


def clean_all_with_text(pages: Sequence[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """`clean_with_text` of each page and its base address: each step for all of them before the next one."""
    settled = [_settled_first(html, base_url) for html, base_url in pages]
    changed = _changed([page.html for page in settled if page is not None])
    return [
        clean_with_text(*as_given) if page is None or (changed and page.html in changed) else (page.html, page.text())
        for as_given, page in zip(pages, settled, strict=True)
    ]


def _settled_first(html: str, base_url: str | None) -> Settled | None:
    """Usual markup settled, if there is nothing in it that nh3 writes in another way."""
    settled = settle(html, base_url) if len(html) <= MAX_HTML_LENGTH and is_usual(html) else None
    if settled is None or settled.has_other_references() or len(settled.html) > MAX_HTML_LENGTH:
        return None
    return settled


def _changed(pages: Sequence[str]) -> set[str]:
    """Those of settled pages in which nh3 finds something to do; as a rule that is none, and then it is asked once."""
    together = _BETWEEN.join(pages)
    if _CLEANER.clean(together) == together:
        return set()
    return {page for page in pages if _CLEANER.clean(page).strip() != page}


def _clean(html: str, base_url: str | None) -> tuple[str, Settled | None]:
    text = _cut(html, MAX_HTML_LENGTH)
    for _ in range(MAX_ROUNDS):
        cleaned, settled = _clean_once(text, base_url)
        if cleaned == text:
            return cleaned, settled
        if len(cleaned) <= MAX_HTML_LENGTH:
            settled = settled or _settled(cleaned, base_url)
            if settled is not None:
                return cleaned, settled
            text = cleaned
        else:
            # Escaping makes text longer; once written out it no longer grows, but for a few end tags.
            text = _cut(cleaned, MAX_HTML_LENGTH * 9 // 10)
    return _paragraphs(plain_text(text)), None


def _cut(html: str, length: int) -> str:
    return html if len(html) <= length else _CUT_ENTITY.sub("", html[:length])


def _clean_once(html: str, base_url: str | None) -> tuple[str, Settled | None]:
    """`html` cleaned; also as settled markup, where it is known that cleaning it again changes nothing."""
    is_harmless = is_usual(html)
    plain = html if is_harmless else few_marks(without_junk(html))
    settled = settle(plain, base_url)
    if not _MARKUP.search(plain):
        cleaned = plain.strip()
    else:
        cleaned = _CLEANER.clean(shallow(plain, base_url) if settled is None else settled.html).strip()
    return cleaned, settled if is_harmless and settled is not None and settled.html == cleaned else None


def _settled(cleaned: str, base_url: str | None) -> Settled | None:
    settled = settle(cleaned, base_url) if is_usual(cleaned) else None
    return settled if settled is not None and settled.html == cleaned else None


def _paragraphs(text: str) -> str:
    lines = text[: MAX_HTML_LENGTH // 16].split("\n")
    return "".join(f"<p>{entities.escape(line, quote=False)}</p>" for line in lines if line)


def plain_text(html: str) -> str:
    """What `html` says, for reading: one line a block, `• ` before list items, nothing invisible, NFC."""
    html = _cut(html, MAX_HTML_LENGTH)
    settled = settle(html, None) if is_usual(html) else None
    if settled is None or settled.has_other_references():
        return text_of(_clean_once(html, None)[0])
    return settled.text()


def text_of(cleaned: str) -> str:
    """The same of what `clean_html` gave."""
    spaced = one_line(cleaned)
    resolved = visible(unescape(_CLEAN_TAG.sub(_boundary, spaced) if "<" in spaced else spaced))
    lines = map(one_line, resolved.split("\n"))
    return "\n".join(line for line in lines if line not in NO_LINES)


def _boundary(match: re.Match[str]) -> str:
    return line_break(match[2], is_end=bool(match[1]))


def plain_line(text_or_html: str, *, limit: int) -> str:
    """One line of at most `limit` characters for titles, names and tags: markup gone, also where it came escaped.

    What only looks like markup (`a < b & c`) stays. Empty where nothing visible is left.
    """
    text = text_or_html[:MAX_LINE_INPUT]
    if "<" not in text and "&" not in text and is_usual(text):
        return shorten(one_line(text), limit)
    text = without_junk(text)
    for _ in range(MAX_ROUNDS):
        stripped = unescape(_without_tags(text))
        if stripped == text:
            break
        text = without_junk(stripped)
    return shorten(one_line(visible(text)), limit)


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    return _LINE_TAG.sub(_tag_in_line, _LINE_COMMENT.sub("", _LINE_CODE.sub(" ", text)))


def _tag_in_line(match: re.Match[str]) -> str:
    name, rest, end = match[1].lower(), match[2], match[3]
    is_known, has_attribute = name in _HTML_NAMES, "=" in rest
    is_tag = (is_known or has_attribute) if end else (is_known and has_attribute)
    if not is_tag:
        return match[0]
    return " " if name in _BLOCK_TAGS else ""


def summary_of(text: str, limit: int = SUMMARY_LENGTH) -> str:
    """The beginning of `text` on one line, at most `limit` characters with the ellipsis, cut between words."""
    beginning = text[: limit + ROOM_FOR_SPACES]
    line = ""
    if is_usual(beginning):
        line = single_spaced(beginning.replace("\n", " ").replace("\r", " ")).strip(" ")
    if len(line) <= limit and (not line or len(beginning) < len(text)):
        line = one_line(visible(text[: limit * 4]))
    return shorten(line, limit)


def one_line(text: str) -> str:
    """`text` with one space wherever it has white space, and none at its ends."""
    return " ".join(text.split())
