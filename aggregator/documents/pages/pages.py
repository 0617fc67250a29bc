"""Where a web page says that its feeds and the like are. Fetches nothing, and does not know whether they are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

import lxml.etree
import lxml.html

from aggregator.documents import fields
from aggregator.documents.encodings import decode
from aggregator.errors import DocumentError

# Where feeds are when no page names them, relative to the site's address, the likeliest first.
USUAL_PATHS = (
    "feed/",
    "feed",
    "rss",
    "rss.xml",
    "atom.xml",
    "feed.xml",
    "index.xml",
    "feed.json",
    "feed.atom",
    "feeds/posts/default",
    "blog/feed/",
    "news/rss.xml",
    "?feed=rss2",
)
_MOST_FEEDS = 50
_MOST_TAGS = 200
_LONGEST_TAG = 3_000
_PAGE_CHARACTERS = 2_000_000
_RANKS = {
    "application/atom+xml": 0,
    "application/rss+xml": 1,
    "application/rdf+xml": 1,
    "application/feed+json": 2,
}
# Types that other things have too: WordPress names its posts' JSON and an editor's XML in the same way.
_VAGUE_RANKS = {"application/xml": 1, "text/xml": 1, "application/json": 2}
_LIKE_A_FEED = re.compile(r"feed|rss|atom|index\.xml", re.IGNORECASE)
# Only these tags reach the HTML parser, and no long ones: a tag of 100 000 attributes took it 95 s. What is in comments
# and scripts is not on the page. Each alternative consumes what it begins, and none gives back what it took.
_TAGS = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<raw>script|style)\b.*?(?:</(?P=raw)|\Z)"
    r"|(?P<tag><(?:link|base)\b(?:[^<>\"']++|\"[^\"]{0,4000}\"|'[^']{0,4000}'){0,200}+>)",
    re.IGNORECASE | re.DOTALL,
)
_PEERTUBE = re.compile(r"""<meta\s+property=["']og:platform["']\s+content=["']PeerTube["']""", re.IGNORECASE)
# In English, the Romance languages, Croatian, German and Basque.
_OF_COMMENTS = re.compile(r"comment|coment|koment|komment|iruzkin", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that a page names: its absolute address, its title where it has one, and its media type as named."""

    url: str
    title: str | None
    type: str


@dataclass(frozen=True, slots=True)
class OtherWays:
    """How a site may be read besides by feeds: WordPress's own interface, calendars, PeerTube."""

    has_wordpress_api: bool
    calendars: tuple[str, ...]
    is_peertube: bool


@dataclass(frozen=True, slots=True)
class _Link:
    url: str
    relations: frozenset[str]
    type: str
    title: str


def find_feeds(body: bytes, *, url: str, charset: str | None = None) -> tuple[FoundFeed, ...]:
    """The feeds that a page's `<link rel="alternate">` name, the likeliest first; none where there are none.

    The site's own come before those of comments, Atom before RSS before JSON Feed, else the page's order holds.
    `url` is where the page was fetched from, `charset` what its server says. Raises DocumentError where the page
    cannot be read at all.
    """
    links = _links(body, url, charset)
    found = [feed for link in links if (feed := _feed(link))]
    distinct: dict[str, FoundFeed] = {}
    for feed in found:
        distinct.setdefault(feed.url, feed)
    return tuple(sorted(distinct.values(), key=_preference))[:_MOST_FEEDS]


def find_related(body: bytes, relation: str, *, url: str, charset: str | None = None) -> str | None:
    """The address of the page's first `<link>` of that relation, or None. Raises DocumentError as `find_feeds`."""
    links = _links(body, url, charset)
    return next((link.url for link in links if relation in link.relations), None)


def find_other_ways(body: bytes, *, url: str, charset: str | None = None) -> OtherWays:
    """What a page says of ways to read its site that are no feeds. Arguments and errors as for `find_feeds`."""
    links = _links(body, url, charset)
    calendars = (link.url for link in links if link.type == "text/calendar" and "alternate" in link.relations)
    text = decode(body, f"charset={charset}" if charset else None, is_page=True)[:_PAGE_CHARACTERS]
    return OtherWays(
        has_wordpress_api=any("https://api.w.org/" in link.relations for link in links),
        calendars=tuple(dict.fromkeys(calendars))[:_MOST_FEEDS],
        is_peertube=bool(_PEERTUBE.search(text)),
    )


def _links(body: bytes, url: str, charset: str | None) -> list[_Link]:
    """Every `<link>` of a page that leads somewhere, in order."""
    text = decode(body, f"charset={charset}" if charset else None, is_page=True)[:_PAGE_CHARACTERS]
    named = (found["tag"] for found in _TAGS.finditer(text))
    tags = list(islice((tag for tag in named if tag and len(tag) <= _LONGEST_TAG), _MOST_TAGS))
    if not tags:
        return []
    try:
        page = lxml.html.document_fromstring("".join(tags).encode("utf-8", "replace"), parser=_parser())
    except (lxml.etree.LxmlError, ValueError) as error:
        raise DocumentError(f"The page could not be read: {error}.") from error
    base = next((fields.web_address(tag.get("href"), url) for tag in page.iter("base") if tag.get("href")), None)
    return [link for tag in page.iter("link") if (link := _link(tag, base or url))]


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", no_network=True)


def _link(tag: lxml.html.HtmlElement, base: str) -> _Link | None:
    address = fields.web_address(tag.get("href"), base)
    if not address:
        return None
    type_ = (tag.get("type") or "").partition(";")[0].strip().lower()
    return _Link(address, frozenset((tag.get("rel") or "").lower().split()), type_, tag.get("title") or "")


def _feed(link: _Link) -> FoundFeed | None:
    if not {"alternate", "feed"} & link.relations or "stylesheet" in link.relations:
        return None
    if link.type not in _RANKS and not (link.type in _VAGUE_RANKS and _LIKE_A_FEED.search(link.url)):
        return None
    return FoundFeed(link.url, fields.clean(link.title, fields.MAX_NAME) or None, link.type)


def _preference(feed: FoundFeed) -> tuple[bool, int]:
    of_comments = bool(_OF_COMMENTS.search(feed.title or "") or _OF_COMMENTS.search(feed.url))
    return of_comments, _RANKS.get(feed.type, _VAGUE_RANKS.get(feed.type, 3))
