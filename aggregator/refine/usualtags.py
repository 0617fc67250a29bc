"""Reads tags of usual markup: what each is written as when cleaned, and where it may stand without HTML moving it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from aggregator.refine.attributes import attributes_of
from aggregator.refine.markup import DROPPED, INLINE, KEPT, MAX_TAG_LENGTH, RENAMED, VOID, line_break

# What nh3 writes into each link.
REL = ' rel="noopener noreferrer ugc"'
# Longer ones are mostly pictures, each of which comes once.
LONGEST_REMEMBERED = 300
MOST_REMEMBERED = 256

_BLOCKS = frozenset({"p", "h2", "h3", "h4", "h5", "h6"})
_HOLDERS = frozenset({"blockquote", "div", "figure", "figcaption"})
_LISTS = frozenset({"ul", "ol"})
# What each may stand in; the empty name is the text as a whole. Other elements take the long way.
_OUTER = _HOLDERS | {"li", ""}
_PARENTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_BLOCKS | _HOLDERS | _LISTS, _OUTER),
    **dict.fromkeys(INLINE | {"br"}, _OUTER | _BLOCKS | INLINE),
    "li": _LISTS,
}
_ANYWHERE = frozenset(_PARENTS) | {""}
_TAG = re.compile(
    r"""(/?)([a-zA-Z][a-zA-Z0-9:-]*+)((?:[ \t\n]++[a-zA-Z][\w:.-]*+(?:="[^"]*+"|='[^']*+')?+)*+[ \t\n]*+/?+)""",
    re.ASCII,
)


class UsualTag(NamedTuple):
    """A tag as it is understood: how it is written, what it is to the lines of a text, and what it may stand in.

    One that ends an element may stand in nothing. One without a name opens nothing.
    """

    name: str
    written: str = ""
    line: str = ""
    parents: frozenset[str] = frozenset()


def usual_tag(inside: str, base_url: str | None) -> UsualTag | None:
    """A tag from what stands between its angle brackets, or None where it is an odd one, or takes the long way."""
    if len(inside) > LONGEST_REMEMBERED:
        return _read(inside, base_url)
    # Of the elements here, only one whose name begins so has an address.
    return _remembered(inside, base_url if inside[:1] in {"a", "A"} else None)


def _read(inside: str, base_url: str | None) -> UsualTag | None:
    found = _TAG.fullmatch(inside) if len(inside) <= MAX_TAG_LENGTH else None
    if found is None:
        return None
    slash, given, raw = found.groups()
    name = RENAMED.get(given.lower(), given.lower())
    if name in _PARENTS:
        return _kept(name, raw, base_url, is_end=bool(slash))
    return None if name in KEPT or name in DROPPED else UsualTag("", parents=_ANYWHERE)


def _kept(name: str, raw: str, base_url: str | None, *, is_end: bool) -> UsualTag | None:
    line = line_break(name, is_end=is_end)
    if name in VOID:  # its end is read as one more of it
        return UsualTag("", f"<{name}>", line, _PARENTS[name])
    if is_end:
        return None if raw else UsualTag(name, f"</{name}>", line)
    attributes = attributes_of(name, raw, base_url)
    if name == "a":
        return UsualTag(name, f"<a{attributes}{REL}>", line, _PARENTS[name]) if " href=" in attributes else None
    return UsualTag(name, f"<{name}{attributes}>", line, _PARENTS[name])


_remembered = lru_cache(maxsize=MOST_REMEMBERED)(_read)
# The same for tags that say nothing but their name.
PLAIN_TAGS = {
    inside: tag
    for name in _PARENTS
    for inside in (name, f"/{name}", f"{name}/", f"{name} /")
    if (tag := _read(inside, None)) is not None
}
