"""Reads the public stream in one state and writes all of it down, in batches: what `mpower-stream export` does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.itemjson import Json
from aggregator.model import Configuration
from aggregator.store.engine import Database
from aggregator.store.stream import Counts, StreamItem, read_counts
from aggregator.store.whole import Outline, read_items, read_outlines, snapshot
from web.export import feeds, pages, search
from web.export.plan import Listing, plan_listings
from web.export.writing import ExportError, Figures, Writing, open_writing
from web.outputs.filterlists import partners_json, tags_json
from web.pagestyle import page_style
from web.strings import all_strings
from web.widgetfile import widget_files

BATCH: Final = 500
REMEMBERED: Final = 2_000  # items that are at hand for the next pages
STATIC: Final = Path(__file__).parents[1] / "static"
# Nobody answers a form here.
NO_CALLS: Final[Json] = {"calls": []}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an export comes from. `folder` is where sources.toml lies, `base_url` where the files will be, if known."""

    configuration: Configuration
    folder: Path
    media_dir: Path
    base_url: str = ""


def read_base_url(text: str) -> str:
    """The address of a folder, with its slash. Raises ExportError where it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ExportError(f"{text!r} is no address of a folder; write one such as https://example.org/archive/")
    return text.rstrip("/") + "/"


async def export_stream(database: Database, origin: Origin, folder: Path) -> Figures:
    """Write the public stream into `folder`, or what of it is not there yet. Raises ExportError."""
    if folder.resolve().is_relative_to(origin.media_dir.resolve()):
        raise ExportError(f"{folder} is in the program's own folder of pictures ({origin.media_dir}); name another one")
    with open_writing(folder) as writing:
        async with snapshot(database) as connection:
            outlines = await read_outlines(connection)
            # At once the list of pictures that there are: what the folder has lost is left out everywhere.
            pictures = _copy_pictures(writing, outlines, origin.media_dir)
            reading = Reading(connection, pictures)
            logos = _copy_logos(writing, origin)
            listings = plan_listings(outlines, origin.configuration.stream.languages[0])
            await _write_items(writing, reading, outlines, origin.configuration)
            await _write_lists(writing, reading, listings, origin, pictures)
            counts = await read_counts(connection)
        _write_fixed(writing, listings, origin, logos, counts)
        # Not in a thread: Ctrl-C would clear away what it is still putting in place.
        return writing.finish()


class Reading:
    """Items by their id, the last ones at hand. Of their pictures they have the copies that are there."""

    def __init__(self, connection: AsyncConnection, pictures: Collection[str]) -> None:
        self._connection = connection
        self._pictures = pictures
        self._at_hand: OrderedDict[str, StreamItem] = OrderedDict()

    async def read(self, ids: Sequence[str]) -> list[StreamItem]:
        """The items in that order."""
        wanted = [item_id for item_id in ids if item_id not in self._at_hand]
        for item_id, item in (await read_items(self._connection, wanted)).items():
            self._at_hand[item_id] = with_pictures(item, self._pictures)
        found = [self._at_hand[item_id] for item_id in ids]
        for item_id in ids:
            self._at_hand.move_to_end(item_id)
        while len(self._at_hand) > REMEMBERED:
            self._at_hand.popitem(last=False)
        return found


def with_pictures(item: StreamItem, there: Collection[str]) -> StreamItem:
    """The item with those copies of its picture alone that are there, of which the widest is its picture."""
    images = tuple(image for image in item.images if image.name in there)
    if item.image in there:
        return replace(item, images=images)
    if not images:
        return replace(item, image=None, images=())
    widest = images[-1]
    return replace(item, image=widest.name, image_width=widest.width, image_height=widest.height, images=images)


def _copy_pictures(writing: Writing, outlines: Iterable[Outline], media_dir: Path) -> dict[str, int]:
    """Copy what is there of the copies that items name. Returns their lengths in bytes."""
    there = {}
    for name in sorted({name for outline in outlines for name in outline.pictures}):
        if pages.PICTURE_NAME.fullmatch(name) and (media_dir / name).is_file():
            there[name] = writing.copy(f"media/{name}", media_dir / name)
    return there


def _copy_logos(writing: Writing, origin: Origin) -> dict[str, str]:
    """Copy the logos that sources.toml names. Returns their paths, by partner."""
    found, home = {}, origin.folder.resolve()
    for partner in origin.configuration.partners:
        path = pages.logo_path(partner)
        source = (home / (partner.logo or "")).resolve()
        if path and source.is_relative_to(home) and source.is_file():
            writing.copy(path, source)
            found[partner.id] = path
    return found


async def _write_items(
    writing: Writing, reading: Reading, outlines: Sequence[Outline], configuration: Configuration
) -> None:
    """Each item's own page, and the index to search by."""
    index = search.Index(configuration)
    ids = [outline.id for outline in sorted(outlines, key=lambda outline: (outline.published_at, outline.id))]
    for start in range(0, len(ids), BATCH):
        for item in await reading.read(ids[start : start + BATCH]):
            _put_all(writing, pages.item_pages(item, configuration))
            _put_all(writing, index.add(item))
    _put_all(writing, index.files())


async def _write_lists(
    writing: Writing, reading: Reading, listings: Sequence[Listing], origin: Origin, sizes: Mapping[str, int]
) -> None:
    """The pages of all lists. Those of one time come together, so that each item is read about once."""
    places = {entry.id: n for n, page in enumerate(listings[0].pages) for entry in page.entries}
    planned = [(listing, page) for listing in listings for page in listing.pages]
    planned.sort(key=lambda pair: max((places.get(entry.id, 0) for entry in pair[1].entries), default=0))
    for listing, page in planned:
        items = await reading.read([entry.id for entry in page.entries])
        shown = [replace(item, pinned=entry.is_pinned) for item, entry in zip(items, page.entries, strict=True)]
        configuration = origin.configuration
        writing.put(f"{listing.path}/{page.name}.html", pages.list_page(listing, page, shown, configuration))
        if listing.kind == "stream":
            feed = feeds.file_feed(page, shown, configuration, origin.base_url, sizes)
            writing.put(feeds.feed_path(page.name, "json"), feeds.json_page(feed))
            writing.put(feeds.feed_path(page.name, "atom"), feeds.atom_page(feed))


def _write_fixed(
    writing: Writing, listings: Sequence[Listing], origin: Origin, logos: Mapping[str, str], counts: Counts
) -> None:
    """What there is one of: the start page, the search page, the widget, what can be filtered by."""
    configuration = origin.configuration
    sizes = {listing.path: sum(len(page.entries) for page in listing.pages) for listing in listings}
    writing.put("index.html", pages.start_page(listings, sizes, configuration, logos))
    writing.put(pages.SEARCH_PAGE, pages.search_page(configuration))
    found = {partner: feeds.lead("partners.json", path, origin.base_url) for partner, path in logos.items()}
    partners = partners_json(configuration, counts, lambda partner: found.get(partner.id))
    in_order = replace(counts, languages=dict(sorted(counts.languages.items())))
    writing.put("partners.json", feeds.as_file(partners))
    writing.put("tags.json", feeds.as_file(tags_json(configuration, in_order)))
    writing.put("calls.json", feeds.as_file(NO_CALLS))
    _put_all(writing, _program_files())


@cache
def _program_files() -> tuple[tuple[str, bytes], ...]:
    """The widget with its words, and what the pages look like."""
    words = {f"strings/{code}.json": feeds.as_file(its.for_widget()) for code, its in all_strings().items()}
    static = {f"static/{name}": (STATIC / name).read_bytes() for name in ("export.css", "icon.svg")}
    static["static/pages.css"] = page_style().encode()
    return tuple({**words, **static, **widget_files()}.items())


def _put_all(writing: Writing, files: Iterable[tuple[str, bytes]]) -> None:
    for path, data in files:
        writing.put(path, data)
