"""The public pages `/`, `/stream`, `/embed` and that for mistakes. Each reads, asks, answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from aiohttp import web

from aggregator.filters import Asked, WrongValue, read_query
from aggregator.store.stream import Counts, CursorError, StreamFilters, StreamPage, read_counts, read_page
from curation.application import MACHINE
from curation.problems import Problem
from web.fragment import LAYOUTS, SWITCH, fragment, is_fragment, one_of, read_shown
from web.interest.opencalls import open_calls
from web.outputs.structured import as_data, list_data
from web.site import Site, answer, site_of
from web.strings import all_strings
from web.views import (
    as_query,
    kept_fields,
    paragraphs,
    preferred,
    show_call,
    show_choices,
    show_stream,
    translate_bar,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What browsers ask for as pages and programs read.
FOR_PROGRAMS: Final = (".json", ".atom", ".rss", ".opml", ".xml", ".txt", "/oembed", "/hub")


async def host_page(request: web.Request) -> web.Response:
    """`/`: how a site embeds the stream. `lang` is the visitor's language here; `only=1` leaves other languages out."""
    site = site_of(request, request.query.get("lang"))
    language = site.strings.language
    only = request.query.get("only") == "1"
    asked = read_query(request.query)
    asked = replace(asked, filters=replace(asked.filters, lang=(language,) if only else ()), cursor=None)
    page = await _read(request, asked, site)
    stream = site.configuration.stream
    return answer(
        site,
        "host.html",
        view=show_stream(page, asked, site.configuration, site.strings, root=site.root),
        only=only,
        bar=translate_bar(site.configuration),
        headline=stream.headline.get(language),
        intro=stream.intro.get(language),
        more=paragraphs(stream.more.get(language)),
        calls=[show_call(call, language, root=site.root) for call in open_calls(request)],
        partners=[partner for partner in site.configuration.partners if partner.listed],
        page_address=f"{site.public_url}/?lang={language}",
        # Where no language is asked for it is the page for every language (`x-default`), which is no other's copy.
        canonical=f"{site.public_url}/?lang={language}" if request.query.get("lang") else f"{site.public_url}/",
        feed_query=as_query(Asked(asked.filters, prefer=asked.prefer)),
    )


async def stream_page(request: web.Request) -> web.Response:
    """`/stream`: all of it, with filters, without script. `ui` is the visitor's language, `lang` the items'.

    With `fragment=1` it is the element alone, for other sites' servers (`web.fragment`).
    """
    asked = read_query(request.query)
    site = site_of(request, request.query.get("ui"), *asked.filters.lang[:1])
    if is_fragment(request.query):
        shown = read_shown(request.query)
        return fragment(await _read(request, asked, site), asked, shown, site)
    page, counts = await _read(request, asked, site), await _count(request)
    first, ui = replace(asked, cursor=None), {"ui": site.strings.language}
    address, heading = f"{site.public_url}/stream{as_query(asked, more=ui)}", site.strings.text("stream_title")
    return answer(
        site,
        "stream.html",
        page_address=address,
        bar=translate_bar(site.configuration),
        elsewhere={language: as_query(asked, more={"ui": language}) for language in all_strings()},
        description=site.configuration.stream.intro.get(site.strings.language),
        data=as_data(list_data(page.items, heading, site.strings.language, address, site.public_url)),
        view=show_stream(page, asked, site.configuration, site.strings, root=site.root, heading_level=2),
        cursor=asked.cursor,
        newest=f"{site.root}/stream{as_query(first, more=ui)}",
        choices=show_choices(counts, asked.filters, site.configuration, site.strings),
        kept=kept_fields(asked),
        q=asked.filters.q or "",
        filtered=asked.filters != StreamFilters(),
        feed_query=as_query(first),
    )


async def embed_page(request: web.Request) -> web.Response:
    """`/embed`: the widget alone, for an iframe. Takes `layout` and `images` as the element does."""
    asked = read_query(request.query)
    site = site_of(request, request.query.get("ui"), *asked.filters.lang[:1])
    wished = {"layout": one_of(request.query, "layout", LAYOUTS), "images": one_of(request.query, "images", SWITCH)}
    looks = {name: value for name, value in wished.items() if value is not None}
    page = await _read(request, asked, site)
    view = show_stream(
        page,
        asked,
        site.configuration,
        site.strings,
        root=site.root,
        path="/embed",
        heading_level=2,
        looks=looks,
        target="_self",
    )
    address = f"{site.public_url}/embed{as_query(asked, more={'ui': site.strings.language, **looks})}"
    query = as_query(replace(asked, cursor=None))
    return answer(site, "embed.html", view=view, page_address=address, feed_query=query)


def problem_page(request: web.Request, problem: Problem) -> web.Response | None:
    """A mistake or failure as a page in the visitor's language; None where the address is one for programs."""
    if request.path.endswith(FOR_PROGRAMS):
        return None
    site = site_of(request, request.query.get("ui"), request.query.get("lang"))
    said, detail = "problem_failed", ""
    if problem.status == HTTPStatus.NOT_FOUND:
        said = "problem_missing"
    elif problem.status == HTTPStatus.GONE:
        said = "problem_gone"
    elif problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        said, detail = "problem_unreadable", problem.detail.rstrip(".") + "."
    response = answer(
        site, "problem.html", status=problem.status, said=site.strings.text(said), detail=detail, feed_query=""
    )
    response.headers.update({**problem.headers, "Cache-Control": "no-store"})
    return response


ROUTES: tuple[tuple[str, Handler], ...] = (
    ("/", host_page),
    ("/stream", stream_page),
    ("/embed", embed_page),
)


async def _read(request: web.Request, asked: Asked, site: Site) -> StreamPage:
    prefer = preferred(asked, site.strings)
    try:
        async with request.config_dict[MACHINE].database.read() as connection:
            return await read_page(connection, asked.filters, limit=asked.limit, cursor=asked.cursor, prefer=prefer)
    except CursorError as error:
        raise WrongValue("cursor", str(error)) from error


async def _count(request: web.Request) -> Counts:
    async with request.config_dict[MACHINE].database.read() as connection:
        return await read_counts(connection)
