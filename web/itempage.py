"""An item's own page: in the visitor's language, with the whole text, for people, search engines and shared links.

Search engines may read it, and are told that the page at the source is the one to show: the partner's text is copied
here so that it can be read and found, not to stand before the partner's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from markupsafe import Markup

from aggregator.itemjson import item_page
from aggregator.refine.text import clean_html
from aggregator.store.single import GoneError, read_single
from aggregator.store.stream import StreamItem
from curation.application import MACHINE
from curation.problems import Problem
from web.rows import Link, Row, Words, make_row
from web.site import Site, answer, site_of
from web.strings import own_name, primary_subtag
from web.structured import as_data, item_data
from web.views import in_language, translate_bar

GONE = "This item was withdrawn."


@dataclass(frozen=True, slots=True)
class Version:
    """The same story on another page of ours."""

    url: str
    code: str
    language: str | None
    partner: str


async def page_of_item(request: web.Request) -> web.Response:
    """`GET /item/{id}`: 410 for what was public once, 404 for what never was."""
    machine, site = request.app[MACHINE], site_of(request, request.query.get("ui"))
    item = await read_public(request, request.match_info["id"])
    row = make_row(item, machine.configuration, site.strings, site.root)
    address = item_page(item.id, site.public_url)
    return answer(
        site,
        "item.html",
        row=row,
        heading=_heading(item, row, site),
        # It is clean since it was collected: this is the second lock. What is clean holds no picture either.
        content=Markup(clean_html(item.content_html, None)),  # noqa: S704
        authors=[author.name for author in item.authors],
        topics=_topics(item, site),
        versions=_versions(item, site),
        bar=translate_bar(site.configuration),
        address=address,
        page_address=f"{address}?ui={site.strings.language}",
        source=row.url,
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


def _heading(item: StreamItem, row: Row, site: Site) -> Words:
    """What heads the page: the title; of a post, whose text is below as a whole, whose it is."""
    if item.title or row.original:
        return row.heading
    return Words(site.strings.word("untitled").replace("{partner}", row.partner), site.strings.language)


def _topics(item: StreamItem, site: Site) -> list[Link]:
    labels = {tag.id: in_language(tag.label, site.strings.language).text for tag in site.configuration.tags}
    ui = site.strings.language
    return [Link(f"{site.root}/stream?tag={tag}&ui={ui}", labels.get(tag, tag)) for tag in item.tags]


def _versions(item: StreamItem, site: Site) -> list[Version]:
    found = []
    for other in item.also_on:
        partner = site.configuration.partner(other.partner)
        is_other = primary_subtag(other.language) != primary_subtag(item.language)
        name = own_name(other.language) if is_other else None
        url = item_page(other.item, site.public_url)
        found.append(Version(url, other.language, name, partner.name if partner else other.partner))
    return found


ROUTES = (("/item/{id}", page_of_item),)
