"""Finds the articles that a newsletter links to.

A link counts as an article's where it stands in a heading, or alone in its block with words enough for a headline: two
at the sender's own site, four elsewhere. A button ("read more") takes the heading before it. What follows a link, up to
the next, is its summary. Front pages, and what a sentence links to in passing, are no articles.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from aggregator.documents import fields
from aggregator.documents.letters import letterpages
from aggregator.model import Media, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from aggregator.documents.letters.letterpages import LetterPage

MOST_ARTICLES = 50
MOST_SUMMARY = 500
_WORDS_AT_HOME, _WORDS_ELSEWHERE = 2, 4
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset({"p", "td", "th", "li", "div", "center", "section", "article", "body", *_HEADINGS})
_BUTTON = re.compile(
    r"\W*(?:read (?:more|on|the (?:article|full story))|more|learn more|find out more|continue reading|click here|here"
    r"|en savoir plus|lire (?:la suite|plus|l[’']article)|plus d[’']infos?|ici|weiterlesen"
    r"|mehr(?: (?:lesen|erfahren|infos?))?|zum artikel|hier|leer m[aá]s|seguir leyendo|m[aá]s informaci[oó]n"
    r"|ver m[aá]s|aqu[ií]|pročitaj(?:te)? više|više|opširnije|saznaj(?:te)? više|ovdje"
    r"|irakurri gehiago|gehiago(?: irakurri)?|informazio gehiago|hemen)\W*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Article:
    address: str
    title: str = ""
    picture: Media | None = None
    summary: list[str] = field(default_factory=list)


def articles(page: LetterPage, letter: Sighting, *, site: str) -> Iterator[Sighting]:
    """Each article as an entry, its address for its id; `letter` is the message, `site` its sender's host."""
    root = letterpages.parsed(page.markup)
    if root is None:
        return
    found: dict[str, _Article] = {}
    _walk(root, site.lower(), found)
    titled = [article for article in found.values() if article.title]
    for article in titled[:MOST_ARTICLES]:
        summary = fields.clean(" ".join(" ".join(article.summary).split()), MOST_SUMMARY)
        yield replace(
            letter,
            entry_id=article.address,
            url=article.address,
            title=fields.clean(article.title, fields.MAX_TITLE),
            body_html=f"<p>{html.escape(summary)}</p>" if summary else "",
            media=(article.picture,) if article.picture else (),
        )


def _walk(root: HtmlElement, site: str, found: dict[str, _Article]) -> None:
    """Gather the articles in the order of the page."""
    current: _Article | None = None
    heading = ""
    inside: HtmlElement | None = None  # the link or heading whose words are read already
    for event, element in _events(root):
        is_start = event == "start"
        if is_start and inside is None and isinstance(element.tag, str):
            if element.tag == "a" and (address := _address(element)):
                article = found.setdefault(address, _Article(address))
                if _entitle(article, element, heading, site):
                    current, heading = article, ""
                inside = element
            elif element.tag in _HEADINGS and next(element.iter("a"), None) is None:
                heading, inside, current = _words(element), element, None
            elif current:
                current.summary.append(element.text or "")
        if not is_start:
            if element is inside:
                inside = None
            if current and inside is None and len(current.summary) < MOST_SUMMARY:
                current.summary.append(element.tail or "")


def _events(root: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    """Start and end of each element, without recursion."""
    stack = [("start", root)]
    while stack:
        event, element = stack.pop()
        yield event, element
        if event == "start":
            stack.append(("end", element))
            stack.extend(("start", child) for child in reversed(element))


def _entitle(article: _Article, link: HtmlElement, heading: str, site: str) -> bool:
    """Give the article what its link says of it; whether that is its headline."""
    image = next(iter(link.iter("img")), None)
    if image is not None and not article.picture and (address := fields.web_address(image.get("src"))):
        alt = fields.clean(image.get("alt") or "", fields.MAX_ALT) or None
        article.picture = Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE), alt)
    words = _words(link)
    if _BUTTON.fullmatch(words):
        if heading and not article.title:
            article.title = heading
        return bool(heading)
    if article.title or not _is_headline(link, words, site):
        return False
    article.title = words
    return True


def _is_headline(link: HtmlElement, words: str, site: str) -> bool:
    host = (urlsplit(link.get("href") or "").hostname or "").lower()
    is_home = bool(site) and (
        host == site or host.endswith(f".{site}") or site.endswith(f".{host.removeprefix('www.')}")
    )
    block = next((one for one in link.iterancestors() if one.tag in _BLOCKS), None)
    if block is not None and any(one.tag in _HEADINGS for one in (block, *link.iterdescendants())):
        return bool(words)
    is_alone = block is None or len(_words(block)) == len(words)
    return is_alone and len(words.split()) >= (_WORDS_AT_HOME if is_home else _WORDS_ELSEWHERE)


def _address(link: HtmlElement) -> str | None:
    address = fields.web_address(urldefrag((link.get("href") or "").strip()).url)
    parts = urlsplit(address or "")
    return address if parts.path.strip("/") or parts.query else None


def _words(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())
