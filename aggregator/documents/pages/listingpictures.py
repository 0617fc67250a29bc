"""Finds the picture of an entry on a page, wherever its builder has put the address: `src` is often only a stand-in."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.model import Media

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

# Lazy loading: the real picture waits in one of these until it is scrolled into view.
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-image", "data-background", "data-bg")
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_CANDIDATE = re.compile(r"([^\s,]\S{0,4000})(?:\s+(\d{1,6}(?:\.\d{1,3})?)([wx]))?\s*(?:,|$)")
_BACKGROUND = re.compile(
    r"""background(?:-image)?\s*:[^;]{0,500}?url\(\s*["']?([^"')]{1,4000})["']?\s*\)""", re.IGNORECASE
)
WIDE_ENOUGH = 1_600
_SMALLEST = 2


def pictures(elements: Iterable[HtmlElement], base: str) -> tuple[Media, ...]:
    """The first picture in those elements, with what it says of itself; none where there is none."""
    for element in elements:
        for tag in element.iter():
            if isinstance(tag.tag, str) and (address := next(_addresses(tag, base), None)):
                alt = fields.clean(tag.get("alt") or "", fields.MAX_ALT) or None
                width, height = (
                    fields.whole_number(tag.get("width") or ""),
                    fields.whole_number(tag.get("height") or ""),
                )
                if (width or _SMALLEST) < _SMALLEST or (height or _SMALLEST) < _SMALLEST:
                    continue  # a counter's pixel
                type_ = fields.media_type(None, address, otherwise=fields.ANY_PICTURE)
                return (Media(address, type_, alt, width, height),)
    return ()


def _addresses(tag: HtmlElement, base: str) -> Iterator[str]:
    """The addresses of a picture that a tag names, the likeliest first."""
    said = [_best(tag.get(name) or "") for name in _SETS]
    said += [tag.get(name) for name in _LAZY]
    if tag.tag == "img":
        said.append(tag.get("src"))
    if found := _BACKGROUND.search(html.unescape(tag.get("style") or "")):
        said.append(found[1])
    for text in said:
        if text and (address := fields.web_address(text.strip(), base)):
            yield address


def _best(candidates: str) -> str | None:
    """Of a `srcset` the widest that is not wider than is ever shown, else the least wide."""
    found = [
        (float(size or 1) * (1 if unit == "w" else 1_000), address.rstrip(","))
        for address, size, unit in _CANDIDATE.findall(candidates[:20_000])
    ]
    if not found:
        return None
    fitting = [one for one in found if one[0] <= WIDE_ENOUGH]
    _, address = max(fitting, key=lambda one: one[0]) if fitting else min(found, key=lambda one: one[0])
    return str(address)
