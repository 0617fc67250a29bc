"""What an entry carries besides its texts: authors, categories, media and links, from what a reader found.

Nothing else is known of RSS and Atom here; relative addresses are joined to the given one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aggregator.documents import fields
from aggregator.model import Alternate, Author, Media

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a reader found of the feed or of an entry, by feedparser's names; see `xmlfeed.Found`.
Raw = dict[str, Any]
_PAGE = frozenset({"text/html", "application/xhtml+xml", ""})
# Where what an entry carries may stand, besides its links.
CARRIERS = frozenset({"found_media", "image", "picture"})
_MEDIUM_TYPES = {"image": fields.ANY_PICTURE, "video": "video/*", "audio": "audio/*"}
_MAIL = r"[^\s@<>()]{1,200}@[^\s@<>()]{1,200}"
_NAME_IN_BRACKETS = re.compile(rf"\s*{_MAIL}\s*\(([^()]*)\)\s*")
_MAIL_BESIDE_NAME = re.compile(rf"[<(]?\b{_MAIL}[>)]?")
_FACE = re.compile(r"https?://(?:[\w-]+\.)?gravatar\.com/", re.IGNORECASE)


def related(raw: Raw, relation: str, url: str) -> Iterator[str]:
    """The addresses of the links with that `rel`."""
    for link in raw.get("links", ()):
        if link.get("rel") == relation and (address := fields.web_address(link.get("href"), url)):
            yield address


def pages(links: Iterable[Raw], url: str) -> Iterator[Alternate]:
    """The web pages among the links."""
    for link in links:
        is_page = link.get("rel") == "alternate" and link.get("type", "") in _PAGE
        if is_page and (address := fields.web_address(link.get("href"), url)):
            yield Alternate(address, fields.language_tag(link.get("hreflang")))


def alternates(raw: Raw, links: Iterable[Raw], url: str, link: str | None) -> tuple[Alternate, ...]:
    """The same thing elsewhere; `link` is the entry's own address."""
    found = [*pages(links, url)] if links else []
    if address := fields.web_address(raw.get("feedburner_origlink")):
        found.append(Alternate(address))
    return fields.distinct_alternates(found, link) if found else ()


def authors(raw: Raw, url: str) -> tuple[Author, ...]:
    """Who wrote it, once each by name."""
    people = raw.get("authors")
    if not people:
        return ()
    if len(people) == 1 and "href" not in people[0]:
        return _of_one_author(people[0].get("name", "")[: fields.MAX_NAME])
    return fields.distinct_authors(
        Author(_person(one.get("name", "")[: fields.MAX_NAME]), fields.web_address(one.get("href"), url))
        for one in people
    )


@lru_cache(maxsize=256)
def _of_one_author(name: str) -> tuple[Author, ...]:
    """An entry's authors where there is one, of whom only a name is known: most feeds have a few of them."""
    return fields.distinct_authors([Author(_person(name))])


def _person(name: str) -> str:
    """The name in `a@b.example (Name)` or `Name <a@b.example>`; a mail address is nobody's name and not passed on."""
    if "@" in name:
        named = _NAME_IN_BRACKETS.fullmatch(name)
        name = named[1] if named else _MAIL_BESIDE_NAME.sub("", name)
    return fields.plain_text(name, fields.MAX_NAME).strip("\"' ")


def categories(tags: Iterable[Raw]) -> tuple[str, ...]:
    """The names of the categories, for people."""
    names = []
    for tag in tags:
        if label := tag.get("label"):
            names.append(_name(label))
        # A term that is an address (YouTube, Blogger) classifies for machines.
        if (term := tag.get("term")) and not (":" in term and fields.web_address(term)):
            names.append(_name(term))
    return fields.distinct_names(names)


def _name(text: str) -> str:
    return _short_name(text) if len(text) <= fields.MAX_NAME else fields.plain_text(text, fields.MAX_NAME)


@lru_cache(maxsize=512)
def _short_name(text: str) -> str:
    """A category in words; the entries of a feed share theirs."""
    return fields.plain_text(text, fields.MAX_NAME)


def media(raw: Raw, links: Iterable[Raw], url: str) -> tuple[Media, ...]:
    """What the entry carries: first what is said to be content, then enclosures, and last small pictures of it."""
    found = raw.get("found_media", ())
    carried: list[Media] = []
    if found:
        # A description beside the media describes them, unless it is all the text that the entry has.
        shared = raw.get("media_text", "") if raw.get("summary") or raw.get("content") else ""
        carried += _each_medium((one for one in found if one["kind"] == "content"), url, shared)
    for link in links:
        if link.get("rel") == "enclosure" and (address := fields.web_address(link.get("href"), url)):
            carried.append(Media(address, fields.media_type(link.get("type"), address)))
    if found:
        carried += _each_medium((one for one in found if one["kind"] == "thumbnail"), url, "")
    for picture in (raw.get("picture"), raw["image"].get("href") if "image" in raw else None):
        if picture and (address := fields.web_address(picture, url)):
            carried.append(Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE)))
    return fields.distinct_media(carried) if carried else ()


def _each_medium(found: Iterable[Raw], url: str, shared_alt: str) -> Iterator[Media]:
    for one in found:
        address = fields.web_address(one.get("url") or one.get("href"), url)
        # WordPress.com lists its author's face as an entry's medium.
        if not address or _FACE.match(address):
            continue
        medium = "image" if one["kind"] == "thumbnail" else one.get("medium", "")
        type_ = fields.media_type(one.get("type"), address, otherwise=_MEDIUM_TYPES.get(medium))
        alt = one.get("alt") or (shared_alt if type_ and type_.startswith("image/") else "")
        yield Media(
            address,
            type_,
            fields.plain_text(alt, fields.MAX_ALT) or None,
            fields.whole_number(one.get("width", "")),
            fields.whole_number(one.get("height", "")),
        )
