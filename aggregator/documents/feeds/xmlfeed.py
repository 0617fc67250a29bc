"""What a feed's reader collected becomes values: the fields of RSS, Atom and RDF, each where it belongs.

Both readers hand over the same: `fastfeed`, and feedparser's in `feedreaders`.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.documents import fields
from aggregator.documents.datestrings import FIRST_YEAR, LAST_YEAR, read_date
from aggregator.documents.feeds import xmlparts
from aggregator.documents.feeds.rhythm import read_rhythm
from aggregator.errors import DocumentError
from aggregator.model import Author, Document, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.documents.feeds.xmlparts import Raw

_HTML = frozenset({"text/html", "application/xhtml+xml"})
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
    `guidislink`, a bool, and what feedparser read of the dates (`published_parsed`), a struct_time. `is_sound` says
    that there is no character in it that cannot be stored.
    """

    version: str
    feed: Raw
    entries: Sequence[Raw]
    deleted: Sequence[str]
    rhythm: Mapping[str, Sequence[str]]
    is_sound: bool = False


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
    authors = xmlparts.authors(feed, url) if is_atom else ()
    return Document(
        entries=fields.newest_sightings(
            [_sighting(raw, url, language, authors, is_atom=is_atom, is_sound=found.is_sound) for raw in entries]
        ),
        format=format_,
        title=_title(feed),
        home=fields.web_address(feed.get("link"), url),
        language=language,
        deleted=tuple(dict.fromkeys(fields.identifier(ref) for ref in found.deleted)),
        hubs=fields.distinct_hubs(xmlparts.related(feed, "hub", url)),
        topic=next(xmlparts.related(feed, "self", url), None),
        rhythm=read_rhythm(found.rhythm),
    )


def _sighting(
    raw: Raw,
    url: str,
    feed_language: str | None,
    feed_authors: tuple[Author, ...],
    *,
    is_atom: bool,
    is_sound: bool,
) -> Sighting:
    entry_id, own = raw.get("id", ""), raw.get("link")
    # Where there is no link, feedparser takes the guid. Only a whole address is one: "1234" is no page beside the feed.
    is_guid = raw.get("guidislink", False) and own == entry_id
    link = fields.web_address(own, None if is_guid else url)
    links = raw.get("links", ())
    if not link and links:
        link = next((page.url for page in xmlparts.pages(links, url)), None)
    elif links and not is_guid:
        # What says nothing but the entry's own address is done with.
        links = [one for one in links if one.get("href") != own or one.get("rel") != "alternate" or "hreflang" in one]
    body, summary = _body_and_summary(raw, url, is_sound=is_sound)
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
        xmlparts.authors(raw, url) or feed_authors,
        xmlparts.categories(raw["tags"]) if "tags" in raw else (),
        xmlparts.media(raw, links, url) if links or not raw.keys().isdisjoint(xmlparts.CARRIERS) else (),
        xmlparts.alternates(raw, links, url, link) if links or "feedburner_origlink" in raw else (),
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


def _body_and_summary(raw: Raw, url: str, *, is_sound: bool) -> tuple[str, str]:
    """Both as HTML; the summary is empty where it says the same as the body."""
    summary = raw.get("summary", "")
    chosen = _chosen(raw["content"]) if "content" in raw else None
    if chosen:
        text = chosen["value"]
        body = _as_html(text, chosen, url, is_sound=is_sound)
        return body, "" if summary == text else _as_html(summary, raw.get("summary_detail"), url, is_sound=is_sound)
    if summary := _as_html(summary, raw.get("summary_detail"), url, is_sound=is_sound):
        return summary, ""
    for key in ("dc_description", "itunes_summary", "media_text"):
        if text := _as_html(raw.get(key, ""), raw.get(f"{key}_detail"), url, is_sound=is_sound):
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


def _as_html(text: str, detail: Raw | None, url: str, *, is_sound: bool) -> str:
    if not text:
        return ""
    base = url
    if detail:
        if detail.get("type") == "text/plain":
            return fields.paragraphs(text)
        if said := detail.get("base"):
            base = fields.web_address(said, url) or url
    is_clean = is_sound and len(text) <= fields.MAX_BODY
    return fields.with_absolute_links(text.strip() if is_clean else fields.clean(text, fields.MAX_BODY), base)


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
