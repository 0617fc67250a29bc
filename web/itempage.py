"""An item's own page: in the visitor's language, with the whole text, for people, search engines and shared links."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from aggregator.itemjson import item_page
from aggregator.store.single import GoneError, read_single
from aggregator.store.stream import StreamItem
from curation.application import MACHINE
from curation.problems import Problem
from web.outputs.structured import as_data, item_data
from web.rows import make_row
from web.site import answer, site_of
from web.views import translate_bar
from web.wholeitem import view_whole

GONE = "This item was withdrawn."


async def page_of_item(request: web.Request) -> web.Response:
    """`GET /item/{id}`: 410 for what was public once, 404 for what never was."""
    machine, site = request.app[MACHINE], site_of(request, request.query.get("ui"))
    item = await read_public(request, request.match_info["id"])
    row = make_row(item, machine.configuration, site.strings, site.root)
    address = item_page(item.id, site.public_url)
    ui = site.strings.language
    whole = view_whole(
        item,
        row,
        machine.configuration,
        site.strings,
        page_of=lambda other: item_page(other, site.public_url),
        list_of=lambda tag: f"{site.root}/stream?tag={tag}&ui={ui}",
    )
    return answer(
        site,
        "item.html",
        row=row,
        whole=whole,
        bar=translate_bar(site.configuration),
        address=address,
        page_address=f"{address}?ui={ui}",
        image=f"{site.public_url}/media/{item.image}" if row.picture else None,
        data=as_data(item_data(item, row.heading.text, site.configuration, site.public_url)),
        feed_query="",
    )


async def read_public(request: web.Request, item_id: str) -> StreamItem:
    """The public item of that id, or a Problem that tells nothing of others."""
    try:
        async with request.app[MACHINE].database.read() as connection:
            item = await read_single(connection, item_id)
    except GoneError:
        raise Problem(HTTPStatus.GONE, GONE) from None
    if item is None:
        raise Problem(HTTPStatus.NOT_FOUND)
    return item


ROUTES = (("/item/{id}", page_of_item),)
