"""A page of the stream as a feed: what JSON Feed, Atom and RSS all say of it, and where its other pages are.

Knows neither request nor database; web/outputs/feeds.py reads the page, streamjson.py, atom.py and rss.py write it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from aggregator.filters import Asked, write_query
from aggregator.itemjson import item_page
from aggregator.model import Author, Configuration
from aggregator.store.stream import StreamItem, StreamPage

# What the ids of items are made from in formats that ask for an IRI. Never change it: readers would see all items anew.
ITEMS: Final = uuid.UUID("3d0e7bb0-52c3-4d5c-9d0b-6f6b0a5a4e11")
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
PICTURE_TYPE: Final = "image/webp"


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of the stream, how it was asked for and at which of our addresses.

    `hub` pushes it (WebSub) or is None; `size_of` gives the length in bytes of our copy of a picture, or None.
    """

    page: StreamPage
    asked: Asked
    path: str
    configuration: Configuration
    public_url: str
    hub: str | None = None
    size_of: Callable[[str], int | None] = lambda _name: None

    @property
    def root(self) -> str:
        """Our address, without a slash at its end."""
        return self.public_url.rstrip("/")

    @property
    def id(self) -> str:
        """What names the whole feed for good (RFC 4287, section 4.2.6)."""
        return self.first_url

    @property
    def home_url(self) -> str:
        """The page that whoever finds the feed first wants to see."""
        return f"{self.root}/"

    @property
    def self_url(self) -> str:
        """This page's own address."""
        return feed_address(self.root, self.path, self.asked)

    @property
    def first_url(self) -> str:
        """The first page's address, which names the whole feed: a hub's topic, and its id."""
        return feed_address(self.root, self.path, replace(self.asked, cursor=None))

    @property
    def next_url(self) -> str | None:
        """The address of the page with what is older (RFC 5005, section 3), or None at the end."""
        if self.page.next_cursor is None:
            return None
        return feed_address(self.root, self.path, replace(self.asked, cursor=self.page.next_cursor))

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs that push this page. Pages further on change with every new item and are nobody's topic."""
        return (self.hub,) if self.hub and self.asked.cursor is None else ()

    @property
    def html_url(self) -> str:
        """The same for people."""
        return feed_address(self.root, "/stream", replace(self.asked, cursor=None))

    @property
    def language(self) -> str:
        """That of the feed's own words."""
        return self.configuration.stream.languages[0]

    @property
    def description(self) -> str:
        """What the stream is, in its first language; its title where the file does not say."""
        stream = self.configuration.stream
        return stream.intro.get(self.language) or stream.headline.get(self.language) or stream.title

    @property
    def updated_at(self) -> datetime:
        """When what it shows last changed."""
        return max((updated_at(item) for item in self.page.items), default=NEVER)

    def label(self, tag_id: str) -> str:
        """What the tag is called in the feed's language, else its id."""
        tag = next((tag for tag in self.configuration.tags if tag.id == tag_id), None)
        return (tag.label.get(self.language) if tag else None) or tag_id

    def authors(self, item: StreamItem) -> tuple[Author, ...]:
        """Who wrote the item; the partner where nobody is named."""
        if item.authors:
            return item.authors
        partner = self.configuration.partner(item.partner)
        return (Author(partner.name, partner.url) if partner else Author(item.partner),)

    def leads_to(self, item: StreamItem) -> str:
        """The item at its source, else its own page here."""
        return item.url or self.page_of(item.id)

    def page_of(self, item_id: str) -> str:
        """An item's own page here."""
        return item_page(item_id, self.root)

    def links(self) -> str:
        """The value of the header `Link` (RFC 8288): which topic this is and who pushes it (WebSub, section 4)."""
        named = [(self.self_url, "self"), *((hub, "hub") for hub in self.hubs)]
        named += [(self.first_url, "first"), *([(self.next_url, "next")] if self.next_url else [])]
        return ", ".join(f'<{url}>; rel="{rel}"' for url, rel in named)


def feed_address(root: str, path: str, asked: Asked) -> str:
    """The one address of what is asked for, among all that mean the same."""
    return f"{root}{path}{write_query(asked.filters, limit=asked.limit, cursor=asked.cursor, prefer=asked.prefer)}"


def urn(item_id: str) -> str:
    """The item's id as an IRI that stays when the program moves to another host (RFC 4287, section 4.2.6)."""
    return uuid.uuid5(ITEMS, item_id).urn


def updated_at(item: StreamItem) -> datetime:
    """When the item last changed in a way that its source calls a change."""
    return max(item.published_at, item.modified_at or item.published_at)
