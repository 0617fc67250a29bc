"""feedparser's parser with its mistakes put right: what it collects is handed to `xmlfeed`, to nobody else.

It is used directly, and not through `feedparser.parse`, because what that returns no longer tells a picture's
description from a post's, or an enclosure's address from the entry's. All else is as feedparser has it.
"""

from __future__ import annotations

import xml.sax.handler
from typing import Any
from xml.sax.expatreader import ExpatParser

from feedparser.api import StrictFeedParser

from aggregator.documents.feeds.xmlfeed import DETAILS, LISTS, TEXTS, Found
from aggregator.documents.feeds.xmlparts import Raw
from aggregator.documents.fields import MAX_CATEGORIES, MAX_DELETED, MAX_ENTRIES, MAX_MEDIA, MAX_NAME
from aggregator.errors import DocumentError

# Entries that stand within others are not thinned out before they are read, so reading stops here.
MAX_READ = 5 * MAX_ENTRIES
_DATED = frozenset({"published", "updated", "created"})
_RHYTHM = frozenset({"ttl", "hour", "day", "sy_updateperiod", "sy_updatefrequency"})
# What feedparser lets out when a document is odd enough. RuntimeError is also RecursionError.
_READING_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class _Enough(Exception):  # noqa: N818 - not an error: reading simply stops
    """More entries were read than will be kept."""


class Reader(StrictFeedParser):  # type: ignore[misc]
    """What is put right: after reading, `version`, `feeddata`, `entries`, `deleted` and `rhythm` hold what was found.

    An entry holds, besides feedparser's keys: `found_media` (media:content and media:thumbnail in order, each a dict
    of its attributes with `kind` and perhaps `alt`), `media_text` (a media:description that is not one medium's),
    `itunes_summary`, `dc_description`, `picture` (an RSS item's own image) and `declared_language`.
    """

    # Both are done elsewhere, in less time: cleaning in `refine`, and addresses in `fields`.
    sanitize_html = False
    resolve_relative_uris = False

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.rhythm: dict[str, list[str]] = {}
        self._medium: dict[str, Any] | None = None
        self._has_blank_link = False
        # No base address: what the document itself names (xml:base) is applied, and where it was fetched from is left
        # to the caller, since an id that is no address must not change with that.
        super().__init__("", None, "utf-8")

    # Elements of any name

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """Where every element enters."""
        if tag.endswith("deleted-entry") and not self.incontent and len(self.deleted) < MAX_DELETED:
            self.deleted.extend(value for name, value in attrs if name == "ref" and value)
        super().unknown_starttag(tag, attrs)

    def pop(self, element: str, strip_whitespace: int = 1) -> Any:
        """Where the text of every element is taken; None where nothing of that name is open."""
        text = super().pop(element, strip_whitespace)
        if element in _RHYTHM and text and not self.inentry:
            # feedparser keeps the last hour alone.
            self.rhythm.setdefault(element, []).append(text)
        return text

    def _start_item(self, attrs_d: dict[str, str]) -> None:
        if len(self.entries) >= MAX_READ:
            raise _Enough
        super()._start_item(attrs_d)
        self._medium = None
        self.entries[-1]["declared_language"] = attrs_d.get("xml:lang") or attrs_d.get("lang") or ""

    _start_entry = _start_item

    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        # feedparser compares each category with all before it.
        if len(self._get_context().setdefault("tags", [])) < 2 * MAX_CATEGORIES:
            super()._add_tag(term, scheme, label)

    def _end_category(self) -> None:
        self._get_context().setdefault("tags", [])
        super()._end_category()

    _end_keywords = _end_category

    def _end_author(self) -> None:
        # feedparser takes a mail address out of the text, but does not know that domains end in more than four letters.
        text = self.pop("author")
        self.inauthor = 0
        authors = dict.get(self._get_context(), "authors")
        if text and authors and not authors[-1]:
            authors[-1]["name"] = text

    _end_managingeditor = _end_author

    def _sync_author_detail(self, key: str = "author") -> None:
        # feedparser looks for an e-mail address here by a pattern that is quadratic in the length of the text.
        context = self._get_context()
        name = dict.get(context, key)
        if isinstance(name, str) and len(name) > MAX_NAME:
            context[key] = name[:MAX_NAME]
        super()._sync_author_detail(key)

    # Links

    def _start_link(self, attrs_d: dict[str, str]) -> None:
        # Some static exporters write <link href="">the address</link>.
        self._has_blank_link = "href" in attrs_d and not attrs_d["href"].strip()
        if self._has_blank_link:
            del attrs_d["href"]
        super()._start_link(attrs_d)

    def _end_link(self) -> None:
        context = self._get_context()
        if not dict.get(context, "links"):
            context["links"] = [{}]
        before = dict.get(context, "link")
        super()._end_link()
        if self._has_blank_link and not dict.get(context, "link"):
            context["link"] = self.resolve_uri("")
        # <link rel="enclosure">address</link> says nothing about the entry's own address.
        if context["links"][-1].get("rel", "alternate") != "alternate" and dict.get(context, "link") != before:
            if before is None:
                dict.pop(context, "link")
            else:
                context["link"] = before

    def _start_enclosure(self, attrs_d: dict[str, str]) -> None:
        if attrs_d.get("url") or attrs_d.get("href"):
            super()._start_enclosure(attrs_d)
        else:
            self.push("enclosure", 1)

    def _end_enclosure(self) -> None:
        address = self.pop("enclosure")
        if address:
            self._get_context().setdefault("links", []).append({"rel": "enclosure", "href": address})

    # Texts that are not the entry's own

    def _start_media_description(self, attrs_d: dict[str, str]) -> None:
        self.push_content("media_description", attrs_d, "text/html", 1)

    def _end_media_description(self) -> None:
        text = self.pop_content("media_description")
        if text and self._medium is not None:
            self._medium.setdefault("alt", text)
        elif text:
            self._get_context().setdefault("media_text", text)

    def _start_title(self, attrs_d: dict[str, str]) -> None:
        if self.inentry and self.inimage:
            self.push("image_title", 0)
        else:
            super()._start_title(attrs_d)

    def _end_title(self) -> None:
        if self.elementstack and self.elementstack[-1][0] == "image_title":
            self.pop("image_title")
        else:
            super()._end_title()

    def _start_media_title(self, attrs_d: dict[str, str]) -> None:
        if self._medium is None:
            super()._start_media_title(attrs_d)
        else:
            self.push("media_title", 1)

    def _end_media_title(self) -> None:
        if self._medium is None:
            super()._end_media_title()
        else:
            self.pop("media_title")

    def _start_itunes_summary(self, attrs_d: dict[str, str]) -> None:
        self.push_content("itunes_summary", attrs_d, "text/html", 1)

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")

    def _start_dc_description(self, attrs_d: dict[str, str]) -> None:
        self.push_content("dc_description", attrs_d, "text/html", 1)

    def _end_dc_description(self) -> None:
        self.pop_content("dc_description")

    # Drupal writes <pubDate><time datetime="2019-05-03T19:21:28Z">Fri, 05/03/2019 - 15:21</time></pubDate>

    def _start_time(self, attrs_d: dict[str, str]) -> None:
        if self.elementstack and self.elementstack[-1][0] in _DATED and attrs_d.get("datetime"):
            self.elementstack[-1][2][:] = [attrs_d["datetime"]]
        self.push("time", 0)

    def _end_time(self) -> None:
        inside_date = len(self.elementstack) > 1 and self.elementstack[-2][0] in _DATED
        text = self.pop("time")
        if text and inside_date and not "".join(self.elementstack[-1][2]).strip():
            self.elementstack[-1][2].append(text)

    # Media

    def _start_media_content(self, attrs_d: dict[str, str]) -> None:
        self._medium = self._note_medium("content", attrs_d)

    def _end_media_content(self) -> None:
        self._medium = None

    def _start_media_thumbnail(self, attrs_d: dict[str, str]) -> None:
        self._note_medium("thumbnail", attrs_d)

    def _note_medium(self, kind: str, attrs_d: dict[str, str]) -> dict[str, Any]:
        medium = {**attrs_d, "kind": kind}
        found = self._get_context().setdefault("found_media", [])
        if len(found) < 2 * MAX_MEDIA:
            found.append(medium)
        return medium

    # feedparser trips over closing tags that close nothing, and nobody asks for the size of a feed's logo.

    def _end_width(self) -> None:
        self.pop("width")

    def _end_height(self) -> None:
        self.pop("height")

    def _end_image(self) -> None:
        address = self.pop("image")
        self.inimage = 0
        if address and self.inentry:
            self.entries[-1].setdefault("picture", address)

    def _end_url(self) -> None:
        if self.inentry and self.inimage:
            self.entries[-1].setdefault("picture", self.pop("href"))
        else:
            super()._end_url()


def read(xml_bytes: bytes) -> Found:
    """Reads a well-formed UTF-8 document without DTD; raises DocumentError where even so it cannot be read."""
    reader = Reader()
    parser = ExpatParser()
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(reader)
    parser.setErrorHandler(reader)
    try:
        # All at once: fed in pieces, expat looks at a long token again for every piece.
        parser.feed(xml_bytes)
        parser.close()
    except _Enough:
        pass
    except (xml.sax.SAXException, *_READING_ERRORS) as error:
        raise DocumentError(f"The feed could not be read ({type(error).__name__}: {error}).") from error
    return Found(
        version=reader.version,
        feed=_asked_for(reader.feeddata),
        entries=[_asked_for(entry) for entry in reader.entries],
        deleted=reader.deleted,
        rhythm=reader.rhythm,
    )


def _asked_for(found: dict[str, Any]) -> Raw:
    """What `xmlfeed` asks for, past feedparser's own look-up, which invents `updated` where there is `published`."""
    asked_for: Raw = {}
    for key, value in dict.items(found):
        if key in TEXTS:
            if isinstance(value, str):
                asked_for[key] = value
        elif key in DETAILS:
            if isinstance(value, dict):
                asked_for[key] = _texts(value)
        elif key in LISTS:
            if isinstance(value, list):
                asked_for[key] = [_texts(one) for one in value if isinstance(one, dict)]
        elif key == "guidislink" or key.endswith("_parsed"):
            asked_for[key] = value
    return asked_for


def _texts(found: dict[str, Any]) -> Raw:
    return {key: value for key, value in dict.items(found) if isinstance(value, str)}
