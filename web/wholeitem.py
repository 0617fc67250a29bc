"""What an item's own page shows, on a running program's host and in an export. Values in, values out.

Search engines may read such a page, and are told that the page at the source is the one to show: the partner's text is
copied so that it can be read and found, not to stand before the partner's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from aggregator.model import Configuration
from aggregator.refine.text import clean_html
from aggregator.store.stream import StreamItem
from web.rows import Link, Row, Words
from web.strings import Strings, own_name, primary_subtag
from web.views import in_language


@dataclass(frozen=True, slots=True)
class Version:
    """The same story on another page of ours. `language` is what its language calls itself where that is another."""

    url: str
    code: str
    language: str | None
    partner: str


@dataclass(frozen=True, slots=True)
class Whole:
    """An item with all that is known of it. What a row has, too, is in the row."""

    heading: Words
    content: Markup
    authors: tuple[str, ...]
    source: str | None
    versions: tuple[Version, ...]
    topics: tuple[Link, ...]


def view_whole(
    item: StreamItem,
    row: Row,
    configuration: Configuration,
    strings: Strings,
    *,
    page_of: Callable[[str], str],
    list_of: Callable[[str], str],
) -> Whole:
    """The item beneath `row`. `page_of` says where an item's own page is, `list_of` where all of a tag's items are."""
    return Whole(
        heading=_heading(item, row, strings),
        # It is clean since it was collected: this is the second lock. What is clean holds no picture either.
        content=Markup(clean_html(item.content_html, None)),  # noqa: S704
        authors=tuple(author.name for author in item.authors),
        source=row.url,
        versions=_versions(item, configuration, page_of),
        topics=_topics(item, configuration, strings, list_of),
    )


def _heading(item: StreamItem, row: Row, strings: Strings) -> Words:
    """What heads the page: the title; of a post, whose text is below as a whole, whose it is."""
    if item.title or row.original:
        return row.heading
    return Words(strings.word("untitled").replace("{partner}", row.partner), strings.language)


def _versions(item: StreamItem, configuration: Configuration, page_of: Callable[[str], str]) -> tuple[Version, ...]:
    found = []
    for other in item.also_on:
        partner = configuration.partner(other.partner)
        is_other = primary_subtag(other.language) != primary_subtag(item.language)
        name = own_name(other.language) if is_other else None
        found.append(Version(page_of(other.item), other.language, name, partner.name if partner else other.partner))
    return tuple(found)


def _topics(
    item: StreamItem, configuration: Configuration, strings: Strings, list_of: Callable[[str], str]
) -> tuple[Link, ...]:
    labels = {tag.id: in_language(tag.label, strings.language).text for tag in configuration.tags}
    return tuple(Link(list_of(tag), labels.get(tag) or tag) for tag in item.tags)
