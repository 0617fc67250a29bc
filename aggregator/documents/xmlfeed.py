"""What a feed's reader collected becomes values: the fields of RSS, Atom and RDF, each where it belongs.

Both readers hand over the same: `fastfeed`, and feedparser's in `feedreaders`.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime
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
_MEDIUM_TYPES = {"image": fields.ANY_PICTURE, "video": "video/*", "audio": "audio/*"}
_MAIL = r"[^\s@<>()]{1,200}@[^\s@<>()]{1,200}"
_NAME_IN_BRACKETS = re.compile(rf"\s*{_MAIL}\s*\(([^()]*)\)\s*")
_MAIL_BESIDE_NAME = re.compile(rf"[<(]?\b{_MAIL}[>)]?")
_FACE = re.compile(r"https?://(?:[\w-]+\.)?gravatar\.com/", re.IGNORECASE)

# The dicts that feedparser fills; they go no further than this file. Read with `dict.get`, past feedparser's own
# look-up, which invents `updated` where there is only `published`.
_Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a reader that has read to the end found, in the document's order, by feedparser's names."""

    version: str
    feed: _Raw
    entries: Sequence[_Raw]
    deleted: Sequence[str]
    rhythm: Mapping[str, Sequence[str]]


def document(found: Found, url: str) -> Document:
    """What was found, as values; relative addresses are joined to `url`.

    Raises DocumentError where that is no feed at all.
    """
    feed, entries = found.feed, found.entries
    if not found.version and not entries and not _text(feed, "title"):
        raise DocumentError("This is not a feed: it has neither a title nor entries.")
    format_ = found.version or "rss"
    language = fields.language_tag(_text(feed, "language"))
    # RFC 4287, 4.2.1: an entry without author has the feed's.
    authors = _authors(feed, url) if format_.startswith("atom") else ()
    return Document(
        entries=fields.newest_sightings([_sighting(raw, url, format_, language, authors) for raw in entries]),
        format=format_,
        title=_title(feed),
        home=fields.web_address(_text(feed, "link"), url),
        language=language,
        deleted=tuple(dict.fromkeys(fields.identifier(ref) for ref in found.deleted)),
        hubs=fields.distinct_hubs(_related(feed, "hub", url)),
        topic=next(_related(feed, "self", url), None),
        rhythm=read_rhythm(found.rhythm),
    )


def _related(raw: _Raw, relation: str, url: str) -> Iterator[str]:
    for link in _dicts(raw, "links"):
        if _text(link, "rel") == relation and (address := fields.web_address(_text(link, "href"), url)):
            yield address


def _sighting(
    raw: _Raw, url: str, format_: str, feed_language: str | None, feed_authors: tuple[Author, ...]
) -> Sighting:
    link = _link(raw, url)
    body, summary = _body_and_summary(raw, url)
    updated_at = _date(raw, "updated")
    published_at = _date(raw, "published") or _date(raw, "created")
    if not format_.startswith("atom"):
        # RSS knows no updates: its dc:date, which feedparser files under `updated`, is the date of publication.
        published_at = published_at or updated_at
    return Sighting(
        entry_id=fields.identifier(_text(raw, "id")),
        url=link,
        title=_title(raw),
        body_html=body,
        summary_html=summary,
        language=_language(raw, feed_language),
        authors=_authors(raw, url) or feed_authors,
        categories=fields.distinct_names(_category_names(raw)),
        media=fields.distinct_media(_media(raw, url)),
        alternates=fields.distinct_alternates(_alternates(raw, url), link),
        published_at=published_at,
        updated_at=updated_at,
    )


def _text(raw: _Raw, key: str) -> str:
    value = dict.get(raw, key)
    return value if isinstance(value, str) else ""


def _dicts(raw: _Raw, key: str) -> list[_Raw]:
    value = dict.get(raw, key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _dict(raw: _Raw, key: str) -> _Raw:
    value = dict.get(raw, key)
    return value if isinstance(value, dict) else {}


def _title(raw: _Raw) -> str | None:
    """The title as plain text, whatever it was: nothing in it is markup any more."""
    title = _text(raw, "title")
    if _text(_dict(raw, "title_detail"), "type") in _HTML:
        return fields.plain_text(title, fields.MAX_TITLE) or None
    return fields.clean(title, fields.MAX_TITLE) or None


def _link(raw: _Raw, url: str) -> str | None:
    """The entry's own page; feedparser's choice, unless that is no web address."""
    link = _text(raw, "link")
    # Where there is no link, feedparser takes the guid. Only a whole address is one: "1234" is no page beside the feed.
    is_guid = bool(dict.get(raw, "guidislink")) and link == _text(raw, "id")
    return fields.web_address(link, None if is_guid else url) or next((page.url for page in _pages(raw, url)), None)


def _pages(raw: _Raw, url: str) -> Iterator[Alternate]:
    for link in _dicts(raw, "links"):
        is_page = _text(link, "rel") == "alternate" and _text(link, "type") in _PAGE
        if is_page and (address := fields.web_address(_text(link, "href"), url)):
            yield Alternate(address, fields.language_tag(_text(link, "hreflang")))


def _alternates(raw: _Raw, url: str) -> Iterator[Alternate]:
    yield from _pages(raw, url)
    if address := fields.web_address(_text(raw, "feedburner_origlink")):
        yield Alternate(address)


def _body_and_summary(raw: _Raw, url: str) -> tuple[str, str]:
    """Both as HTML; the summary is empty where it says the same as the body."""
    contents = [content for content in _dicts(raw, "content") if _text(content, "value").strip()]
    chosen = next((one for one in contents if _text(one, "type") in _HTML), None) or next(
        (one for one in contents if _text(one, "type") == "text/plain"), None
    )
    summary = _as_html(_text(raw, "summary"), _dict(raw, "summary_detail"), url)
    if chosen:
        body = _as_html(_text(chosen, "value"), chosen, url)
        return body, "" if _text(raw, "summary") == _text(chosen, "value") else summary
    if summary:
        return summary, ""
    for key in ("dc_description", "itunes_summary", "media_text"):
        if text := _as_html(_text(raw, key), _dict(raw, f"{key}_detail"), url):
            return text, ""
    return "", ""


def _as_html(text: str, detail: _Raw, url: str) -> str:
    if _text(detail, "type") == "text/plain":
        return fields.paragraphs(text)
    base = fields.web_address(_text(detail, "base"), url) or url
    return fields.with_absolute_links(fields.clean(text, fields.MAX_BODY), base)


def _language(raw: _Raw, feed_language: str | None) -> str | None:
    """What the entry itself declares; what it only inherits from the feed stands in `Document.language`."""
    if declared := fields.language_tag(_text(raw, "language")) or fields.language_tag(_text(raw, "declared_language")):
        return declared
    details = (*_dicts(raw, "content"), _dict(raw, "summary_detail"), _dict(raw, "title_detail"))
    tags = (fields.language_tag(_text(detail, "language")) for detail in details)
    return next((tag for tag in tags if tag and tag != feed_language), None)


def _authors(raw: _Raw, url: str) -> tuple[Author, ...]:
    return fields.distinct_authors(
        Author(_person(_text(one, "name")), fields.web_address(_text(one, "href"), url))
        for one in _dicts(raw, "authors")
    )


def _person(text: str) -> str:
    """The name in `a@b.example (Name)` or `Name <a@b.example>`; a mail address is nobody's name and not passed on."""
    name = text[: fields.MAX_NAME]
    if "@" in name:
        named = _NAME_IN_BRACKETS.fullmatch(name)
        name = named[1] if named else _MAIL_BESIDE_NAME.sub("", name)
    return fields.plain_text(name, fields.MAX_NAME).strip("\"' ")


def _category_names(raw: _Raw) -> Iterator[str]:
    for tag in _dicts(raw, "tags"):
        label, term = _text(tag, "label"), _text(tag, "term")
        if label:
            yield fields.plain_text(label, fields.MAX_NAME)
        # A term that is an address (YouTube, Blogger) classifies for machines.
        if term and not fields.web_address(term):
            yield fields.plain_text(term, fields.MAX_NAME)


def _media(raw: _Raw, url: str) -> Iterator[Media]:
    """What the entry carries: first what is said to be content, then enclosures, and last small pictures of it."""
    found = _dicts(raw, "found_media")
    # A description beside the media describes them, unless it is all the text that the entry has.
    shared = _text(raw, "media_text") if _text(raw, "summary") or _dicts(raw, "content") else ""
    yield from _each_medium((one for one in found if one["kind"] == "content"), url, shared)
    for link in _dicts(raw, "links"):
        if _text(link, "rel") == "enclosure" and (address := fields.web_address(_text(link, "href"), url)):
            yield Media(address, fields.media_type(_text(link, "type"), address))
    yield from _each_medium((one for one in found if one["kind"] == "thumbnail"), url, "")
    for picture in (_text(raw, "picture"), _text(_dict(raw, "image"), "href")):
        if address := fields.web_address(picture, url):
            yield Media(address, fields.media_type(None, address, otherwise=fields.ANY_PICTURE))


def _each_medium(found: Iterable[_Raw], url: str, shared_alt: str) -> Iterator[Media]:
    for one in found:
        address = fields.web_address(_text(one, "url") or _text(one, "href"), url)
        # WordPress.com lists its author's face as an entry's medium.
        if not address or _FACE.match(address):
            continue
        medium = "image" if one["kind"] == "thumbnail" else _text(one, "medium")
        type_ = fields.media_type(_text(one, "type"), address, otherwise=_MEDIUM_TYPES.get(medium))
        alt = _text(one, "alt") or (shared_alt if type_ and type_.startswith("image/") else "")
        yield Media(
            address,
            type_,
            fields.plain_text(alt, fields.MAX_ALT) or None,
            fields.whole_number(_text(one, "width")),
            fields.whole_number(_text(one, "height")),
        )


def _date(raw: _Raw, key: str) -> datetime | None:
    """Our own reading; for scripts that it cannot read (Greek, Hungarian, Korean dates) feedparser's."""
    text = _text(raw, key)
    if not text:
        return None
    moment = read_date(text)
    parsed = dict.get(raw, f"{key}_parsed")
    if moment or not parsed or text.isascii() or not FIRST_YEAR <= parsed[0] <= LAST_YEAR:
        return moment
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
