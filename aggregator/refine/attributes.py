"""Which attributes of an element are kept, and how they are written."""

from __future__ import annotations

import html as entities
import re

from aggregator.refine.links import link_target

ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset({"href", "hreflang"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan"}),
}
EVERYWHERE = frozenset({"lang", "dir"})
_ALLOWED = {name: attributes | EVERYWHERE for name, attributes in ATTRIBUTES.items()}

_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))?""")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{1,8}){0,4}")
_SMALL_NUMBER = re.compile(r"[0-9]{1,3}")
_PATTERNS = {"lang": _LANGUAGE, "hreflang": _LANGUAGE, "dir": re.compile(r"ltr|rtl|auto")}


def unescape(text: str) -> str:
    """`text` with its character references resolved: those that end in a semicolon, and numbers of sane length.

    `html.unescape` reads `&copy=1` in an address as a sign and raises on numbers of 5000 digits.
    """
    return _ENTITY.sub(_resolved, text) if "&" in text else text


def _resolved(match: re.Match[str]) -> str:
    return entities.unescape(match[0])


def attributes_of(name: str, raw: str, base_url: str | None) -> str:
    """Those attributes of a tag that are kept, as they are written out, from all that stands behind its name."""
    if "=" not in raw:
        return ""
    allowed = _ALLOWED.get(name, EVERYWHERE)
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(raw):
        key = match[1].lower()
        if key in allowed and key not in found and match[2] is not None:
            value = _value(key, unescape(match[2].strip("\"'")), base_url)
            if value:
                found[key] = value
    return "".join(f' {key}="{_escaped(value)}"' for key, value in sorted(found.items()))


def _value(key: str, value: str, base_url: str | None) -> str | None:
    if key == "href":
        return link_target(value, base_url)
    pattern = _PATTERNS.get(key, _SMALL_NUMBER)
    return value if pattern.fullmatch(value) else None


def _escaped(value: str) -> str:
    # As nh3 writes it: a value stands in double quotes.
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
