"""The text of a Telegram post, as its preview page writes it, as plain HTML."""

from __future__ import annotations

import html

import lxml.html

from aggregator.documents import fields

# Drawn by the page in its own way: emoji as pictures with the sign inside, spoilers that a click opens.
_UNWRAPPED = ("tg-emoji", "tg-spoiler")


def inner_html(element: lxml.html.HtmlElement, base: str) -> tuple[str, list[str]]:
    """What stands in the element, and the hashtags in it. The element is changed.

    Links are absolute; a hashtag's, which searches the channel at Telegram, is none. It is cleaned elsewhere.
    """
    hashtags = []
    for emoji in element.find_class("emoji"):
        emoji.text = words_of(emoji)
        tail = emoji.tail
        for inner in list(emoji):
            emoji.remove(inner)
        emoji.tail = tail
        if emoji is not element:
            emoji.drop_tag()
    for wrapped in list(element.iter(*_UNWRAPPED)):
        if wrapped is not element:
            wrapped.drop_tag()
    for link in list(element.iter("a")):
        if (link.get("href") or "").startswith("?q="):
            words = words_of(link)
            hashtags += [words[1:]] if words.startswith("#") else []
            if link is not element:
                link.drop_tag()
        elif address := fields.web_address(link.get("href"), base):
            link.set("href", address)
    written = [lxml.html.tostring(each, encoding="unicode") for each in element]
    return fields.clean(html.escape(element.text or "") + "".join(written), fields.MAX_BODY), hashtags


def words_of(element: lxml.html.HtmlElement) -> str:
    """Its text, with spaces as one."""
    return " ".join("".join(str(each) for each in element.itertext()).split())
