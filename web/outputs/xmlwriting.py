"""Writes XML 1.0 that is well-formed whatever the text. Knows no format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from lxml import etree

# XML 1.0, section 2.2: what no document may hold, not even as a reference.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def allowed(text: str) -> str:
    """The text without the characters that XML forbids."""
    return _FORBIDDEN.sub("", text)


def element(name: str, namespaces: Mapping[str | None, str], **attributes: str | None) -> etree._Element:
    """A root element that declares these namespaces; that of None is the one of names without prefix."""
    root = etree.Element(name, nsmap=cast("Mapping[str, str]", namespaces))
    _set(root, attributes)
    return root


def add(
    parent: etree._Element, name: str, text: str | None = None, *, lang: str | None = None, **attributes: str | None
) -> etree._Element:
    """A further child, with text and attributes; an attribute that is None is left out.

    A name without a namespace is of the document's own.
    """
    own = parent.nsmap.get(cast("str", None))
    child = etree.SubElement(parent, name if own is None or name.startswith("{") else f"{{{own}}}{name}")
    if text is not None:
        child.text = allowed(text)
    if lang is not None:
        child.set(XML_LANG, lang)
    _set(child, attributes)
    return child


def written(root: etree._Element) -> bytes:
    """The document in UTF-8."""
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))


def _set(element: etree._Element, attributes: dict[str, str | None]) -> None:
    for name, value in attributes.items():
        if value is not None:
            element.set(name, allowed(value))
