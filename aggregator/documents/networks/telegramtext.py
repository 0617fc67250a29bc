"""The text of a Telegram post, as its preview page writes it, as plain HTML, written anew in one walk."""

from __future__ import annotations

import html

import lxml.etree
import lxml.html

from aggregator.documents import fields

_KEPT = frozenset({"a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "strong", "u"})
_SILENT = frozenset({"script", "style"})


def inner_html(element: lxml.html.HtmlElement, base: str) -> tuple[str, list[str]]:
    """What stands in the element, and the hashtags in it. It is not cleaned: that is done elsewhere.

    Links are absolute; a hashtag's, which searches the channel at Telegram, is none. Emoji, which the page draws as
    pictures with the sign inside, are signs, and spoilers, which a click opens, are open.
    """
    parts: list[str] = []
    hashtags: list[str] = []
    ends: list[str] = []
    emoji = silent = 0
    for event, each in lxml.etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event == "start":
            emoji += _is_emoji(each)
            silent += each.tag in _SILENT
            start, end = ("", "") if emoji or each is element else _tags(each, base, hashtags)
            parts += [start, "" if silent else html.escape(each.text or "", quote=False)]
            ends.append(end)
            continue
        if event == "end":
            emoji -= _is_emoji(each)
            silent -= each.tag in _SILENT
            parts.append(ends.pop())
        if each is not element:
            parts.append("" if silent else html.escape(each.tail or "", quote=False))
    return fields.clean("".join(parts), fields.MAX_BODY), hashtags


def _is_emoji(element: lxml.html.HtmlElement) -> bool:
    return "emoji" in (element.get("class") or "").split()


def _tags(element: lxml.html.HtmlElement, base: str, hashtags: list[str]) -> tuple[str, str]:
    """What begins and ends it. A hashtag is noted."""
    if element.tag == "br":
        return "<br>", ""
    if element.tag not in _KEPT:
        return "", ""
    if element.tag != "a":
        return f"<{element.tag}>", f"</{element.tag}>"
    href = element.get("href") or ""
    if href.startswith("?q="):
        words = words_of(element)
        hashtags += [words[1:]] if words.startswith("#") and len(hashtags) < fields.MAX_CATEGORIES else []
        return "", ""
    address = fields.web_address(href, base)
    return (f'<a href="{html.escape(address)}">', "</a>") if address else ("", "")


def words_of(element: lxml.html.HtmlElement) -> str:
    """Its text, with spaces as one."""
    return " ".join("".join(str(each) for each in element.itertext()).split())
