"""Recognises markup that cleaning would leave as it is, so that most of what feeds carry is cleaned once, not thrice.

Says yes only to a small, strictly nested part of HTML, in which `markup.shallow` and nh3 change nothing but the `rel`
of links. It cleans nothing: what it says yes to still goes through nh3 before anybody is shown it.
"""

from __future__ import annotations

import html as entities
import re

from aggregator.refine.characters import is_usual
from aggregator.refine.links import link_target

MAX_DEPTH = 20
MOST_TAGS = 1000

_BLOCKS = frozenset({"p", "h2", "h3", "h4", "h5", "h6"})
_HOLDERS = frozenset({"blockquote", "div"})
_LISTS = frozenset({"ul", "ol"})
_INLINE = frozenset({"a", "b", "code", "em", "i", "small", "strong", "sub", "sup", "u"})
# Where a block may stand.
_OUTER = _HOLDERS | {"li", ""}
_KNOWN = _BLOCKS | _HOLDERS | _LISTS | _INLINE | {"li"}

_TAG = re.compile(r'<(/?)([a-z0-9]{1,10})(?: href="([^"<>]{1,2000})"(?: rel="noopener noreferrer ugc")?)?>')
_OTHER_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|nbsp);)")
_EMPTY = re.compile(r"<([a-z0-9]+)[^<>]*>(?:\s|&nbsp;|<br>)*</\1>")


def is_settled(html: str, base_url: str | None) -> bool:
    """Whether cleaning `html` would give the same again, but for the `rel` of its links.

    No is always a right answer: it costs time alone.
    """
    if html.count("<") > MOST_TAGS or "\xa0" in html or "\r" in html or html != html.strip():
        return False
    tags = _TAG.findall(html)
    if len(tags) != html.count("<") or len(tags) != html.count(">"):
        return False
    return (
        _OTHER_ENTITY.search(html) is None
        and _EMPTY.search(html) is None
        and is_usual(html)
        and _is_nested(tags, base_url)
    )


def _is_nested(tags: list[tuple[str, str, str]], base_url: str | None) -> bool:
    opened = [""]
    for closing, name, href in tags:
        if closing:
            if href or opened.pop() != name or not opened:
                return False
        elif name == "br":
            if href:
                return False
        elif not _may_open(name, href, opened, base_url):
            return False
        else:
            opened.append(name)
    return opened == [""]


def _may_open(name: str, href: str, opened: list[str], base_url: str | None) -> bool:
    if name not in _KNOWN or len(opened) > MAX_DEPTH or (name == "a") != bool(href):
        return False
    inside = opened[-1]
    if name in _INLINE:
        return inside not in _LISTS and name not in opened and (name != "a" or _stays(href, base_url))
    return inside in (_LISTS if name == "li" else _OUTER)


def _stays(href: str, base_url: str | None) -> bool:
    target = link_target(entities.unescape(href), base_url)
    return target is not None and entities.escape(target) == href
