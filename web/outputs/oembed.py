"""How another site shows an address of ours as more than a link (https://oembed.com): the provider's side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from multidict import MultiDict
from yarl import URL

from aggregator.filters import WrongValue, read_query
from aggregator.model import Configuration
from aggregator.store.single import GoneError, read_single
from aggregator.store.stream import StreamItem
from curation.application import MACHINE
from curation.problems import Problem
from web.outputs.xmlwriting import add, element, written
from web.rows import begin
from web.strings import all_strings, choose_language, primary_subtag
from web.views import as_query

WIDTH: Final = 600
HEIGHT: Final = 900
CACHED_SECONDS: Final = 3600
PAGES: Final = ("/", "/stream", "/embed")
NO_PAGE: Final = "There is nothing of ours to embed at this address."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a consumer asks for. `url` is relative to us: a path and a query."""

    url: URL
    max_width: int | None
    max_height: int | None
    is_xml: bool


async def oembed(request: web.Request) -> web.Response:
    """`GET /oembed?url=…`: a frame with the stream for its pages, a described link for an item's page."""
    machine = request.app[MACHINE]
    wanted = read_wanted(request, machine.settings.public_url)
    root = machine.settings.public_url.rstrip("/")
    said: dict[str, Any] = {
        "version": "1.0",
        "provider_name": machine.configuration.stream.title,
        "provider_url": f"{root}/",
        "cache_age": CACHED_SECONDS,
    }
    if wanted.url.path in PAGES:
        said |= show_stream(wanted, machine.configuration, root)
    else:
        said |= show_item(await _item(request, wanted.url.path), wanted, machine.configuration, root)
    if wanted.is_xml:
        return web.Response(body=_as_xml(said), content_type="text/xml", charset="utf-8")
    return web.json_response(said)


def read_wanted(request: web.Request, public_url: str) -> Wanted:
    """What is asked for. Raises Problem (404 for addresses that are not ours, 501 for other formats) and WrongValue."""
    form = request.query.get("format", "json")
    if form not in {"json", "xml"}:
        raise Problem(HTTPStatus.NOT_IMPLEMENTED, "format: json and xml are what there is.")
    root = public_url.rstrip("/")
    given = request.query.get("url", "")
    if not given:
        raise WrongValue("url", "is missing; give the address of a page of ours")
    if given != root and not given.startswith((f"{root}/", f"{root}?")):
        raise Problem(HTTPStatus.NOT_FOUND, NO_PAGE)
    parts = urlsplit(given)
    path = parts.path.removeprefix(urlsplit(root).path) or "/"
    try:
        url = URL.build(path=path, query_string=parts.query, encoded=True)
    except ValueError:
        raise Problem(HTTPStatus.NOT_FOUND, NO_PAGE) from None
    if path not in PAGES and not path.startswith("/item/"):
        raise Problem(HTTPStatus.NOT_FOUND, NO_PAGE)
    return Wanted(url, _pixels(request, "maxwidth"), _pixels(request, "maxheight"), form == "xml")


def show_stream(wanted: Wanted, configuration: Configuration, root: str) -> dict[str, Any]:
    """The stream in a frame, with the filters and in the language of the page that was named."""
    query = wanted.url.query
    named = "lang" if wanted.url.path == "/" else "ui"
    default = primary_subtag(configuration.stream.languages[0])
    language = choose_language([query.get(named), query.get("lang")], "", default)
    # On the host page `lang` is the visitor's language and filters nothing.
    given = MultiDict((name, value) for name, value in query.items() if wanted.url.path != "/" or name != "lang")
    asked = replace(read_query(given), cursor=None)
    strings = all_strings()[language]
    width, height = _within(WIDTH, wanted.max_width), _within(HEIGHT, wanted.max_height)
    source = f"{root}/embed{as_query(asked, more={'ui': language})}"
    title = f"{strings.text('stream_title')} · {configuration.stream.title}"
    frame = (
        f'<iframe src="{escape(source)}" title="{escape(title)}" width="{width}" height="{height}" '
        'style="border:0;max-width:100%" loading="lazy"></iframe>'
    )
    return {"type": "rich", "title": title, "html": frame, "width": width, "height": height}


def show_item(item: StreamItem, wanted: Wanted, configuration: Configuration, root: str) -> dict[str, Any]:
    """An item as a link that is described: its text stays its partner's."""
    partner = configuration.partner(item.partner)
    said: dict[str, Any] = {
        "type": "link",
        "title": item.title or begin(item.summary)[0],
        "author_name": item.authors[0].name if item.authors else partner.name if partner else item.partner,
        "author_url": item.authors[0].url if item.authors else partner.url if partner else None,
    }
    fits = item.image_width and item.image_height and not item.about.warning and not item.about.is_sensitive
    fits = fits and (item.image_width or 0) <= (wanted.max_width or WIDTH * 10)
    if item.image and fits and (item.image_height or 0) <= (wanted.max_height or HEIGHT * 10):
        said |= {"thumbnail_url": f"{root}/media/{item.image}"}
        said |= {"thumbnail_width": item.image_width, "thumbnail_height": item.image_height}
    return {name: value for name, value in said.items() if value}


async def _item(request: web.Request, path: str) -> StreamItem:
    try:
        async with request.app[MACHINE].database.read() as connection:
            item = await read_single(connection, path.removeprefix("/item/"))
    except GoneError:
        item = None
    if item is None:
        raise Problem(HTTPStatus.NOT_FOUND, NO_PAGE)
    return item


def _within(usual: int, most: int | None) -> int:
    return usual if most is None else min(usual, most)


def _pixels(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):  # noqa: PLR2004
        raise WrongValue(name, "must be a whole number of pixels")
    return int(text)


def _as_xml(said: dict[str, Any]) -> bytes:
    root = element("oembed", {})
    for name, value in said.items():
        add(root, name, str(value))
    return written(root)


ROUTES = (("/oembed", oembed),)
