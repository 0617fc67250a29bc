"""The pages of an export. Rows are those of the live pages; here is what stands around them, and what leads where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aggregator.model import Configuration, Partner
from aggregator.store.stream import StreamItem
from web.export.feeds import feed_path, item_path, root_of
from web.export.names import file_name
from web.export.plan import FIRST, Listing, Page
from web.outputs.structured import as_data, item_data
from web.rows import Row, make_row
from web.strings import FALLBACK, Strings, all_strings, own_name, primary_subtag
from web.views import View, in_language, paragraphs, render
from web.wholeitem import Version, view_whole

SEARCH_PAGE: Final = "search.html"
PICTURE_NAME: Final = re.compile(r"[0-9a-f]{40}\.(?:webp|avif|jpg|png)")
# From the folder alone, be it on a host or, by `file:`, on a stick; nothing runs but on the search page.
_POLICY: Final = "default-src 'none'; style-src 'self' file:; img-src 'self' file:; base-uri 'none'; form-action 'none'"
POLICY: Final = f"{_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'"
SEARCH_POLICY: Final = (
    f"{_POLICY}; script-src 'self' file:; require-trusted-types-for 'script'; trusted-types mpower-search"
)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A list as the start page names it."""

    name: str
    language: str
    path: str
    count: int
    logo: str | None = None


def strings_for(language: str) -> Strings:
    """The words of a page in that language; English where there are none."""
    known = all_strings()
    return known.get(primary_subtag(language), known[FALLBACK])


def list_page(listing: Listing, page: Page, items: Sequence[StreamItem], configuration: Configuration) -> bytes:
    """A page of a list. Its rows lead to the items' own pages here, which lead on to where they appeared."""
    path = f"{listing.path}/{page.name}.html"
    root, strings = root_of(path), strings_for(listing.language)
    name, language = _title(listing, configuration, strings)
    view = View(
        rows=tuple(_row(item, configuration, strings, root) for item in items),
        more=f"{page.next}.html" if page.next else None,
        next=f"{root}/{feed_path(page.next, 'json')}" if page.next and listing.kind == "stream" else "",
        attributes={},
        heading_level=2,
        images=True,
        target=None,
        filtered=False,
    )
    values = {"view": view, "heading": name, "heading_language": language, "newest": None if page.is_first else FIRST}
    return _page("list", path, configuration, strings, **values)


def item_pages(item: StreamItem, configuration: Configuration) -> Iterator[tuple[str, bytes]]:
    """An item's own page, in its own language, and one for each language that an editor put it into.

    They are the pages that a running program has: all of its text, its versions, and where it was first published.
    """
    own = strings_for(item.language)
    for language in (None, *_translated(item)):
        path = item_path(item.id, language)
        yield path, _item_page(item, configuration, strings_for(language) if language else own, path)


def _item_page(item: StreamItem, configuration: Configuration, strings: Strings, path: str) -> bytes:
    root = root_of(path)
    row = make_row(item, configuration, strings, root)

    def page_of(item_id: str, below: str = root) -> str:
        return f"{below}/{item_path(item_id)}"

    whole = view_whole(
        item,
        row,
        configuration,
        strings,
        page_of=page_of,
        list_of=lambda tag: f"{root}/tag/{file_name(tag)}/{FIRST}.html",
    )
    versions = (*_own_versions(item, row.partner, path), *whole.versions)
    data = as_data(item_data(item, row.heading.text, configuration, root, page_of))
    values = {"row": row, "whole": replace(whole, versions=versions), "address": page_of(item.id), "data": data}
    return _page("item", path, configuration, strings, **values)


def _own_versions(item: StreamItem, partner: str, path: str) -> Iterator[Version]:
    """The item's own pages beside the one at `path`."""
    translated = _translated(item)
    for code in (None, *translated) if translated else ():
        if item_path(item.id, code) != path:
            told = code or item.language
            yield Version(item_path(item.id, code).rpartition("/")[2], told, own_name(told), partner)


def _translated(item: StreamItem) -> tuple[str, ...]:
    """The languages in which an item has a page beside its own."""
    known, own = all_strings(), strings_for(item.language).language
    return tuple(sorted(code for code in item.translations if code in known and code != own))


def start_page(
    listings: Sequence[Listing], counts: Mapping[str, int], configuration: Configuration, logos: Mapping[str, str]
) -> bytes:
    """The page to begin with: what this is, in the stream's languages, and the way into every list."""
    stream, known = configuration.stream, all_strings()
    strings = strings_for(stream.languages[0])
    groups: dict[str, list[Entrance]] = {"language": [], "tag": [], "partner": []}
    for listing in listings[1:]:
        name, language = _title(listing, configuration, strings)
        logo = logos.get(listing.of) if listing.kind == "partner" else None
        groups[listing.kind].append(
            Entrance(name, language, f"{listing.path}/{FIRST}.html", counts[listing.path], logo)
        )
    for entrances in groups.values():
        entrances.sort(key=lambda entrance: (entrance.name.casefold(), entrance.path))
    there = {listing.of for listing in listings if listing.kind == "language"}
    spoken = [known[code] for code in stream.languages if code in known]
    intros = [
        {
            "language": its.language,
            "name": its.name,
            "headline": stream.headline.get(its.language),
            "intro": paragraphs(stream.intro.get(its.language)),
            "path": f"language/{its.language}/{FIRST}.html" if its.language in there else None,
        }
        for its in spoken
    ]
    headline = stream.headline.get(strings.language) or stream.title
    more = paragraphs(stream.more.get(strings.language))
    return _page(
        "start", "index.html", configuration, strings, headline=headline, intros=intros, more=more, groups=groups
    )


def search_page(configuration: Configuration) -> bytes:
    """The page that searches, by a script of this folder."""
    strings = strings_for(configuration.stream.languages[0])
    return _page("search", SEARCH_PAGE, configuration, strings, policy=SEARCH_POLICY)


def logo_path(partner: Partner) -> str | None:
    """The file of a partner's logo, or None where it has none that every host shows as a picture."""
    _, dot, ending = (partner.logo or "").rpartition(".")
    known = dot and ending.lower() in {"svg", "png", "webp", "jpg", "jpeg", "gif"}
    return f"logos/{file_name(partner.id)}.{ending.lower()}" if known else None


def _row(item: StreamItem, configuration: Configuration, strings: Strings, root: str) -> Row:
    """A row that stays in the folder: it leads to the item's own page here, and so do the story's others."""
    row = make_row(item, configuration, strings, root)
    pairs = zip(row.elsewhere, item.also_on, strict=True)
    elsewhere = tuple(replace(place, url=f"{root}/{item_path(other.item)}") for place, other in pairs)
    language = strings.language if strings.language in _translated(item) else None
    return replace(row, url=f"{root}/{item_path(item.id, language)}", elsewhere=elsewhere)


def _title(listing: Listing, configuration: Configuration, strings: Strings) -> tuple[str, str]:
    """What a list is called, and the language of that."""
    if listing.kind == "language":
        name = own_name(listing.of) or listing.of
        return name[:1].upper() + name[1:], listing.of
    if listing.kind == "partner":
        partner = configuration.partner(listing.of)
        return partner.name if partner else listing.of, "und"
    if listing.kind == "tag":
        tag = next((tag for tag in configuration.tags if tag.id == listing.of), None)
        words = in_language(tag.label, strings.language) if tag else None
        return (words.text, words.language) if words and words.text else (listing.of, "und")
    return strings.text("stream_title"), strings.language


def _page(template: str, path: str, configuration: Configuration, strings: Strings, **values: object) -> bytes:
    shared = {
        "title": configuration.stream.title,
        "strings": strings,
        "root": root_of(path),
        "policy": POLICY,
        "feed_query": "",
    }
    return (render(f"export/{template}.html", shared | values) + "\n").encode("utf-8", "replace")
