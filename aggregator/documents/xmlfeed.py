"""What a feed's reader collected becomes values: the fields of RSS, Atom and RDF, each where it belongs.

Both readers hand over the same: `fastfeed`, and feedparser's in `feedreaders`.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aggregator.documents import fields
from aggregator.documents.datestrings import FIRST_YEAR, LAST_YEAR, read_date
from aggregator.documents.rhythm import read_rhythm
from aggregator.errors import DocumentError
from aggregator.model import Alternate, Author, Document, Media, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_PAGE = _HTML | {""}
# Where what an entry carries may stand, besides its links.
_CARRIERS = frozenset({"found_media", "image", "picture"})
_MEDIUM_TYPES = {"image": fields.ANY_PICTURE, "video": "video/*", "audio": "audio/*"}
_MAIL = r"[^\s@<>()]{1,200}@[^\s@<>()]{1,200}"
_NAME_IN_BRACKETS = re.compile(rf"\s*{_MAIL}\s*\(([^()]*)\)\s*")
_MAIL_BESIDE_NAME = re.compile(rf"[<(]?\b{_MAIL}[>)]?")
_FACE = re.compile(r"https?://(?:[\w-]+\.)?gravatar\.com/", re.IGNORECASE)

# What a reader found of the feed or of an entry, by feedparser's names; such dicts go no further than this file.
Raw = dict[str, Any]
# All that is asked for here, and of what type it is. Inside lists and details, each value is a text or None.
TEXTS = frozenset({
    "created", "dc_description", "declared_language", "feedburner_origlink", "id", "itunes_summary", "language", "link",
    "media_text", "picture", "published", "summary", "title", "updated",
})  # fmt: skip
DETAILS = frozenset({
    "dc_description_detail", "image", "itunes_summary_detail", "media_text_detail", "summary_detail", "title_detail",
})  # fmt: skip
LISTS = frozenset({"authors", "content", "found_media", "links", "tags"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader that has read to the end found, in the document's order.

    `feed` and `entries` hold the names of TEXTS, DETAILS and LISTS, each with a value of its type or not at all; and
    `guidislink`, a bool, and what feedparser read of the dates (`published_parsed`), a struct_time.
    """

    version: str
    feed: Raw
    entries: Sequence[Raw]
    deleted: Sequence[str]
    rhythm: Mapping[str, Sequence[str]]


def document(found: Found, url: str) -> Document:
    """What was found, as values; relative addresses are joined to `url`.

    Raises DocumentError where that is no feed at all.
    """
    feed, entries = found.feed, found.entries
    if not found.version and not entries and not feed.get("title"):
        raise DocumentError("This is not a feed: it has neither a title nor entries.")
    format_ = found.version or "rss"
    is_atom = format_.startswith("atom")
    language = fields.language_tag(feed.get("language"))
    # RFC 4287, 4.2.1: an entry without author has the feed's.
    authors = _authors(feed, url) if is_atom else ()
    return Document(
        entries=fields.newest_sightings([_sighting(raw, url, language, authors, is_atom=is_atom) for raw in entries]),
        format=format_,
        title=_title(feed),
        home=fields.web_address(feed.get("link"), url),
        language=language,
        deleted=tuple(dict.fromkeys(fields.identifier(ref) for ref in found.deleted)),
        hubs=fields.distinct_hubs(_related(feed, "hub", url)),
        topic=next(_related(feed, "self", url), None),
        rhythm=read_rhythm(found.rhythm),
    )


def _related(raw: Raw, relation: str, url: str) -> Iterator[str]:
    for link in raw.get("links", ()):
        if link.get("rel") == relation and (address := fields.web_address(link.get("href"), url)):
            yield address


def _sighting(
    raw: Raw, url: str, feed_language: str | None, feed_authors: tuple[Author, ...], *, is_atom: bool
) -> Sighting:
    entry_id, own = raw.get("id", ""), raw.get("link")
    # Where there is no link, feedparser takes the guid. Only a whole address is one: "1234" is no page beside the feed.
    is_guid = raw.get("guidislink", False) and own == entry_id
    link = fields.web_address(own, None if is_guid else url)
    links = raw.get("links", ())
    if not link and links:
        link = next((page.url for page in _pages(links, url)), None)
    elif links and not is_guid:
        # What says nothing but the entry's own address is done with.
        links = [one for one in links if one.get("href") != own or one.get("rel") != "alternate" or "hreflang" in one]
    body, summary = _body_and_summary(raw, url)
    updated_at = _date(raw, "updated") if "updated" in raw else None
    published_at = _date(raw, "published") if "published" in raw else None
    if not published_at and "created" in raw:
        published_at = _date(raw, "created")
    if not is_atom:
        # RSS knows no updates: its dc:date, which feedparser files under `updated`, is the date of publication.
        published_at = published_at or updated_at
    return Sighting(
        fields.identifier(entry_id),
        link,
        _title(raw),
        body,
        summary,
        _language(raw, feed_language),
        _authors(raw, url) or feed_authors,
        _categories(raw["tags"]) if "tags" in raw else (),
        _media(raw, links, url) if links or not raw.keys().isdisjoint(_CARRIERS) else (),
        _alternates(raw, links, url, link) if links or "feedburner_origlink" in raw else (),
        published_at,
        updated_at,
    )


def _title(raw: Raw) -> str | None:
    """The title as plain text, whatever it was: nothing in it is markup any more."""
    title = raw.get("title")
    if not title:
        return None
    if "title_detail" in raw and raw["title_detail"].get("type") in _HTML:
        return fields.plain_text(title, fields.MAX_TITLE) or None
    return fields.clean(title, fields.MAX_TITLE) or None


def _pages(links: Iterable[Raw], url: str) -> Iterator[Alternate]:
    for link in links:
        is_page = link.get("rel") == "alternate" and link.get("type", "") in _PAGE
        if is_page and (address := fields.web_address(link.get("href"), url)):
            yield Alternate(address, fields.language_tag(link.get("hreflang")))


def _alternates(raw: Raw, links: Iterable[Raw], url: str, link: str | None) -> tuple[Alternate, ...]:
    found = [*_pages(links, url)] if links else []
    if address := fields.web_address(raw.get("feedburner_origlink")):
        found.append(Alternate(address))
    return fields.distinct_alternates(found, link) if found else ()


def _body_and_summary(raw: Raw, url: str) -> tuple[str, str]:
    """Both as HTML; the summary is empty where it says the same as the body."""
    summary = raw.get("summary", "")
    chosen = _chosen(raw["content"]) if "content" in raw else None
    if chosen:
        text = chosen["value"]
        body = _as_html(text, chosen, url)
        return body, "" if summary == text else _as_html(summary, raw.get("summary_detail"), url)
    if summary := _as_html(summary, raw.get("summary_detail"), url):
        return summary, ""
    for key in ("dc_description", "itunes_summary", "media_text"):
        if text := _as_html(raw.get(key, ""), raw.get(f"{key}_detail"), url):
            return text, ""
    return "", ""


def _chosen(contents: Iterable[Raw]) -> Raw | None:
    """The first content that is HTML, or else plain text, and that is not empty."""
    plain = None
    for content in contents:
        type_, value = content.get("type"), content.get("value")
        if value and not value.isspace():
            if type_ in _HTML:
                return content
            if type_ == "text/plain" and plain is None:
                plain = content
    return plain


def _as_html(text: str, detail: Raw | None, url: str) -> str:
    if not text:
        return ""
    base = url
    if detail:
        if detail.get("type") == "text/plain":
            return fields.paragraphs(text)
        if said := detail.get("base"):
            base = fields.web_address(said, url) or url
    return fields.with_absolute_links(fields.clean(text, fields.MAX_BODY), base)


def _language(raw: Raw, feed_language: str | None) -> str | None:
    """What the entry itself declares; what it only inherits from the feed stands in `Document.language`."""
    for key in ("language", "declared_language"):
        if key in raw and (declared := fields.language_tag(raw[key])):
            return declared
    for detail in (*raw.get("content", ()), raw.get("summary_detail"), raw.get("title_detail")):
        language = detail.get("language") if detail else None
        if language and language != feed_language and (tag := fields.language_tag(language)) != feed_language and tag:
            return tag
    return None


def _authors(raw: Raw, url: str) -> tuple[Author, ...]:
    authors = raw.get("authors")
    if not authors:
        return ()
    if len(authors) == 1 and "href" not in authors[0]:
        return _of_one_author(authors[0].get("name", "")[: fields.MAX_NAME])
    return fields.distinct_authors(
        Author(_person(one.get("name", "")[: fields.MAX_NAME]), fields.web_address(one.get("href"), url))
        for one in authors
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


def _categories(tags: Iterable[Raw]) -> tuple[str, ...]:
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


def _media(raw: Raw, links: Iterable[Raw], url: str) -> tuple[Media, ...]:
    """What the entry carries: first what is said to be content, then enclosures, and last small pictures of it."""
    found = raw.get("found_media", ())
    media: list[Media] = []
    if found:
        # A description beside the media describes them, unless it is all the text that the entry has.
        shared = raw.get("media_text", "") if raw.get("summary") or raw.get("content") else ""
        media += _each_medium((one for one in found if one["kind"] == "content"), url, shared)
    for link in links:
        if link.get("rel") == "enclosure" and (address := fields.web_address(link.get("href"), url)):
            media.append(Media(address, fields.media_type(link.get("type"), address)))
    if found:
        media += _each_medium((one for one in found if one["kind"] == "thumbnail"), url, "")
    for picture in (raw.get("picture"), raw["image"].get("href") if "image" in raw else None):
        if picture and (address := fields.web_address(picture, url)):
            media.append(Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE)))
    return fields.distinct_media(media) if media else ()


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


def _date(raw: Raw, key: str) -> datetime | None:
    """Our own reading; for scripts that it cannot read (Greek, Hungarian, Korean dates) feedparser's."""
    text = raw[key]
    moment = read_date(text)
    if moment or text.isascii():
        return moment
    parsed = raw.get(f"{key}_parsed")
    if not parsed or not FIRST_YEAR <= parsed[0] <= LAST_YEAR:
        return None
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
