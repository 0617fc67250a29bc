"""Which picture stands for an entry. Looks at addresses and attributes alone; nothing is fetched or decoded here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from aggregator.model import Media
from aggregator.refine.links import canonical_url, url_key
from aggregator.refine.markup import image_tags
from aggregator.refine.text import plain_line

ALT_LENGTH = 1000
SMALLEST_SIDE = 100
# Wider candidates of a srcset only cost time: the copy that visitors see is smaller.
WIDEST = 2000
MAX_IMAGES = 40
MAX_MEDIA = 50
MAX_SRCSET_LENGTH = 6000

_PICTURE_PATH = re.compile(r"\.(?:jpe?g|png|webp|gif|avif|jfif)$", re.IGNORECASE)
_OTHER_PATH = re.compile(
    r"\.(?:svgz?|ico|mp[34]|m4[av]|og[gv]|webm|mov|avi|pdf|docx?|xlsx?|zip|html?|php|aspx?)$", re.IGNORECASE
)
_NO_PICTURE = re.compile(
    r"gravatar\.com/avatar|/avatars?/|s\.w\.org/images/core/emoji|/emoji/|twemoji|/smil(?:ies|eys)/|/wp-includes/"
    r"|feeds\.feedburner\.com/|feedsportal\.com|stats\.wordpress\.com|pixel\.wp\.com|doubleclick\.net"
    r"|google-analytics\.com|facebook\.com/tr\b|/piwik|/matomo|addtoany|sharethis|/share[-_]?buttons?/"
    r"|[/_\-.](?:favicon|spacer|blank|pixel|tracking|transparent|1x1|icons?|emoji|smiley)(?:[/_\-.?\d]|$)",
    re.IGNORECASE,
)
_NO_PICTURE_CLASS = re.compile(r"\b(?:wp-smiley|smiley|emoji|avatar|icon|tracking|pixel)\b", re.IGNORECASE)
_IMAGE = re.compile("<[iI][mM][gG]")  # begins with what is found quickly
_CANDIDATE = re.compile(r"\s*+(\S++)(?:\s++(\d{1,5})(?:\.\d+)?([wx]))?\s*+(?:,|$)")
_PIXELS = re.compile(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*")
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-orig-file")


def first_picture(html: str, base_url: str | None) -> Media | None:
    """The first picture of a body that shows something: no pixel, emoji, avatar or icon, no `data:` address."""
    return next(_pictures(html, base_url), None)


def choose_picture(media: tuple[Media, ...], html: str, base_url: str | None) -> Media | None:
    """The picture of an entry: the largest that it declares as its own, else the first fitting of its body.

    A declared one without words of its own takes the alternative text of the same picture in the body.
    """
    declared = [fitting for one in media[:MAX_MEDIA] if (fitting := _declared(one, base_url)) is not None]
    if not declared:
        return first_picture(html, base_url)
    chosen = max(declared, key=_area)
    if chosen.alt is None:
        same = (one.alt for one in _pictures(html, base_url) if one.alt and url_key(one.url) == url_key(chosen.url))
        chosen = replace(chosen, alt=next(same, None))
    return chosen


def _area(media: Media) -> int:
    """Pixels; an undeclared size is taken for a usual one, so that the first of equals is chosen."""
    return (media.width or 600) * (media.height or 400)


def _declared(media: Media, base_url: str | None) -> Media | None:
    url = canonical_url(media.url, base_url)
    kind = (media.type or "").strip().lower()
    if url is None or _NO_PICTURE.search(url) or _is_small(media.width, media.height):
        return None
    path = url.partition("?")[0]
    if kind:
        is_picture = kind.startswith("image/") and not kind.startswith("image/svg")
    else:
        is_sized = media.width is not None and _OTHER_PATH.search(path) is None
        is_picture = _PICTURE_PATH.search(path) is not None or is_sized
    if not is_picture or path.lower().endswith((".svg", ".svgz")):
        return None
    alt = plain_line(media.alt, limit=ALT_LENGTH) if media.alt else ""
    return replace(media, url=url, alt=alt or None)


def _pictures(html: str, base_url: str | None) -> Iterator[Media]:
    if _IMAGE.search(html) is None:
        return
    for tag in image_tags(html, MAX_IMAGES):
        attributes = _attributes(tag)
        found = _picture(attributes, base_url)
        if found is not None:
            yield found


def _attributes(tag: str) -> dict[str, str]:
    # Only here: lxml takes 4 MB of each process, and the main one only names what others do.
    from lxml import etree, html  # noqa: PLC0415

    try:
        parser = html.HTMLParser(no_network=True)
        element = html.fragment_fromstring(tag.encode("utf-8", "replace").decode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return {}
    return {str(name): str(value) for name, value in element.attrib.items()}


def _picture(attributes: dict[str, str], base_url: str | None) -> Media | None:
    width, height = _pixels(attributes.get("width")), _pixels(attributes.get("height"))
    if _is_small(width, height) or _NO_PICTURE_CLASS.search(attributes.get("class", "")):
        return None
    source, candidate_width = _best_source(attributes)
    url = canonical_url(source, base_url)
    if url is None or _NO_PICTURE.search(url) or url.partition("?")[0].lower().endswith((".svg", ".svgz", ".ico")):
        return None
    if candidate_width is not None:
        height = round(height * candidate_width / width) if width and height else None
        width = candidate_width
    alt = plain_line(attributes.get("alt", ""), limit=ALT_LENGTH)
    return Media(url=url, type=None, alt=alt or None, width=width, height=height)


def _best_source(attributes: dict[str, str]) -> tuple[str | None, int | None]:
    """The address to take, and its width where a srcset names it."""
    srcset = attributes.get("srcset") or attributes.get("data-srcset") or ""
    best: tuple[int, str] | None = None
    for match in _CANDIDATE.finditer(srcset[:MAX_SRCSET_LENGTH]):
        address, number, unit = match[1].rstrip(","), match[2], match[3]
        if unit == "w" and SMALLEST_SIDE <= int(number) <= WIDEST and (best is None or int(number) > best[0]):
            best = (int(number), address)
    if best is not None:
        return best[1], best[0]
    addresses = (attributes.get(name, "") for name in (*_LAZY, "src"))
    return next((address for address in addresses if address and not address.lstrip().startswith("data:")), None), None


def _pixels(text: str | None) -> int | None:
    found = _PIXELS.fullmatch(text or "")
    return int(found[1]) if found else None


def _is_small(width: int | None, height: int | None) -> bool:
    return any(side is not None and side < SMALLEST_SIDE for side in (width, height))
