"""The stream for programs, as files: a running program's feeds with the addresses of files. Values in, values out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import dirname, relpath

from aggregator.filters import Asked
from aggregator.itemjson import Json
from aggregator.model import Configuration
from aggregator.store.stream import StreamFilters, StreamItem, StreamPage
from web.export.names import file_name
from web.export.plan import FIRST, Page
from web.outputs.atom import write_atom
from web.outputs.feed import Feed, urn
from web.outputs.streamjson import json_of


def item_path(item_id: str, language: str | None = None) -> str:
    """The file of an item's own page; of its page in a language that an editor put it into, if that is named."""
    return f"item/{file_name(item_id)}{f'.{language}' if language else ''}.html"


def feed_path(name: str, ending: str) -> str:
    """The file of a page of the whole stream: `stream.json`, and those that follow in a folder."""
    return f"stream.{ending}" if name == FIRST else f"stream/{name}.{ending}"


def lead(origin: str, target: str, base_url: str = "") -> str:
    """How the file `origin` names the file `target`: from where it lies itself, else below `base_url`."""
    return base_url + target if base_url else relpath(target, dirname(origin) or ".")


def root_of(origin: str) -> str:
    """What in the file `origin` stands before a path of the export."""
    return "/".join([".."] * origin.count("/")) or "."


def as_file(value: Json) -> bytes:
    """JSON, the same for the same value."""
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class FileFeed(Feed):
    """A page of the stream as a file of an export, of the kind `ending`; `Feed.public_url` is where the files will be.

    JSON Feed and Atom want whole addresses (an Atom reader takes others as well, RFC 4287, section 2). Where no host is
    known yet they are relative to the file that they stand in, as in HTML.
    """

    name: str = FIRST
    following: str | None = None
    ending: str = "json"

    @property
    def root(self) -> str:
        """What stands before every address of the folder."""
        return self.public_url.rstrip("/") or root_of(self._file)

    @property
    def id(self) -> str:
        """The same wherever the files are put."""
        return urn(f"stream {self.configuration.stream.title}")

    @property
    def home_url(self) -> str:
        """The page to begin with."""
        return self._lead("index.html")

    @property
    def html_url(self) -> str:
        """The same page for people."""
        return self._lead(f"stream/{self.name}.html")

    @property
    def self_url(self) -> str:
        """This file."""
        return self._lead(self._file)

    @property
    def first_url(self) -> str:
        """The file with what is newest."""
        return self._lead(feed_path(FIRST, self.ending))

    @property
    def next_url(self) -> str | None:
        """The file with what is older."""
        return self._lead(feed_path(self.following, self.ending)) if self.following else None

    def page_of(self, item_id: str) -> str:
        """An item's own page."""
        return self._lead(item_path(item_id))

    @property
    def _file(self) -> str:
        return feed_path(self.name, self.ending)

    def _lead(self, target: str) -> str:
        return lead(self._file, target, self.public_url)


def file_feed(
    page: Page, items: Sequence[StreamItem], configuration: Configuration, base_url: str, sizes: Mapping[str, int]
) -> FileFeed:
    """That page of the stream. `base_url` ends in a slash or is empty, `sizes` are the pictures' lengths in bytes."""
    # The stream's version counts changes; two databases that hold the same may have counted differently.
    read, asked = StreamPage(tuple(items), None, 0), Asked(StreamFilters())
    return FileFeed(read, asked, "", configuration, base_url, size_of=sizes.get, name=page.name, following=page.next)


def json_page(feed: FileFeed) -> bytes:
    """It as JSON Feed 1.1. `_mpower.static` says that no program answers here: whoever reads it filters by itself."""
    said = json_of(replace(feed, ending="json"))
    named = {name: value for name, value in said["_mpower"].items() if name != "version"}
    return as_file({**said, "_mpower": {"static": True, **named}})


def atom_page(feed: FileFeed) -> bytes:
    """It as Atom; an item has the id that it has in a running program's feed, so that no reader sees it twice."""
    return write_atom(replace(feed, ending="atom")) + b"\n"
