"""The public pages `/`, `/stream`, `/embed` and that for mistakes, and the widget's. Each reads, asks, answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from aggregator.filters import Asked, WrongValue, read_query
from aggregator.model import Configuration
from aggregator.store.stream import Counts, CursorError, StreamFilters, StreamPage, read_counts, read_page
from curation.application import MACHINE
from curation.problems import Problem
from web.strings import Strings, all_strings, choose_language, primary_subtag
from web.views import (
    as_query,
    kept_fields,
    paragraphs,
    preferred,
    render,
    show_call,
    show_choices,
    show_stream,
    translate_bar,
)
from web.widgetfile import widget_module, widget_style

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LAYOUTS: Final = ("list", "cards", "compact")
SWITCH: Final = ("on", "off")

# The widget's files change with the program alone, not with the stream.
WIDGET_CACHING: Final = "public, max-age=300, stale-while-revalidate=86400"


@dataclass(frozen=True, slots=True)
class Site:
    """Where and in which language a page is shown. `root` is the path of the public address, mostly empty."""

    configuration: Configuration
    public_url: str
    strings: Strings

    @property
    def root(self) -> str:
        """What stands before every address of ours."""
        return urlsplit(self.public_url).path

    @property
    def policy(self) -> str:
        """Our pages load from us alone. Pictures may come by our public address, whatever name led here."""
        address = urlsplit(self.public_url)
        parts = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "connect-src": "'self'",
            "img-src": f"'self' {address.scheme}://{address.netloc}",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "*",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        return "; ".join(f"{name} {value}" for name, value in parts.items())


async def host_page(request: web.Request) -> web.Response:
    """`/`: how a site embeds the stream. `lang` is the visitor's language here; `only=1` leaves other languages out."""
    site = _site(request, request.query.get("lang"))
    language = site.strings.language
    only = request.query.get("only") == "1"
    asked = read_query(request.query)
    asked = replace(asked, filters=replace(asked.filters, lang=(language,) if only else ()), cursor=None)
    page = await _read(request, asked, site)
    stream = site.configuration.stream
    return _answer(
        site,
        "host.html",
        view=show_stream(page, asked, site.configuration, site.strings, root=site.root),
        only=only,
        bar=translate_bar(site.configuration),
        headline=stream.headline.get(language),
        intro=stream.intro.get(language),
        more=paragraphs(stream.more.get(language)),
        calls=[show_call(call, language) for call in site.configuration.calls],
        partners=site.configuration.partners,
        feed_query=as_query(Asked(asked.filters, prefer=asked.prefer)),
    )


async def stream_page(request: web.Request) -> web.Response:
    """`/stream`: all of it, with filters, without script. `ui` is the visitor's language, `lang` the items'."""
    asked = read_query(request.query)
    site = _site(request, request.query.get("ui"), *asked.filters.lang[:1])
    page, counts = await _read(request, asked, site), await _count(request)
    first = replace(asked, cursor=None)
    return _answer(
        site,
        "stream.html",
        view=show_stream(page, asked, site.configuration, site.strings, root=site.root, heading_level=2),
        cursor=asked.cursor,
        newest=f"{site.root}/stream{as_query(first, more={'ui': site.strings.language})}",
        choices=show_choices(counts, asked.filters, site.configuration, site.strings),
        kept=kept_fields(asked),
        q=asked.filters.q or "",
        filtered=asked.filters != StreamFilters(),
        feed_query=as_query(first),
    )


async def embed_page(request: web.Request) -> web.Response:
    """`/embed`: the widget alone, for an iframe. Takes `layout` and `images` as the element does."""
    asked = read_query(request.query)
    site = _site(request, request.query.get("ui"), *asked.filters.lang[:1])
    wished = {"layout": _one_of(request, "layout", LAYOUTS), "images": _one_of(request, "images", SWITCH)}
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
    return _answer(site, "embed.html", view=view, feed_query=as_query(replace(asked, cursor=None)))


def problem_page(request: web.Request, problem: Problem) -> web.Response | None:
    """A mistake or failure as a page in the visitor's language; None where the address is one for programs."""
    if request.path.endswith(".json"):
        return None
    site = _site(request, request.query.get("ui"), request.query.get("lang"))
    said, detail = "problem_failed", ""
    if problem.status == HTTPStatus.NOT_FOUND:
        said = "problem_missing"
    elif problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        said, detail = "problem_unreadable", problem.detail.rstrip(".") + "."
    response = _answer(
        site, "problem.html", status=problem.status, said=site.strings.text(said), detail=detail, feed_query=""
    )
    response.headers.update({**problem.headers, "Cache-Control": "no-store"})
    return response


async def widget_script(request: web.Request) -> web.Response:
    """`/widget.js`: the element, its style and its English words in one file."""
    return _file(request, widget_module(), "text/javascript")


async def widget_css(request: web.Request) -> web.Response:
    """`/widget.css`: the element's style, for pages that hold rows before the script runs."""
    return _file(request, widget_style(), "text/css")


async def widget_words(request: web.Request) -> web.Response:
    """`/strings/LANGUAGE.json`: the element's words in another language."""
    strings = all_strings().get(request.match_info["language"])
    if strings is None:
        raise web.HTTPNotFound
    return _file(request, json.dumps(strings.for_widget(), ensure_ascii=False), "application/json")


ROUTES: tuple[tuple[str, Handler], ...] = (
    ("/", host_page),
    ("/stream", stream_page),
    ("/embed", embed_page),
    ("/widget.js", widget_script),
    ("/widget.css", widget_css),
    ("/strings/{language}.json", widget_words),
)


def _site(request: web.Request, *wishes: str | None) -> Site:
    machine = request.config_dict[MACHINE]
    default = primary_subtag(machine.configuration.stream.languages[0])
    language = choose_language(wishes, request.headers.get("Accept-Language", ""), default)
    return Site(machine.configuration, machine.settings.public_url.rstrip("/"), all_strings()[language])


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


def _file(request: web.Request, text: str, content_type: str) -> web.Response:
    tag = hashlib.sha256(text.encode()).hexdigest()[:24]
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": WIDGET_CACHING, "Access-Control-Allow-Origin": "*"}
    if any(known.value == tag for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(text=text, content_type=content_type, charset="utf-8", headers=headers)


def _answer(site: Site, template: str, *, status: int = HTTPStatus.OK, **values: object) -> web.Response:
    shared = {
        "title": site.configuration.stream.title,
        "public_url": site.public_url,
        "strings": site.strings,
        "root": site.root,
    }
    return web.Response(
        status=status,
        text=render(template, shared | values),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Language": site.strings.language, "Content-Security-Policy": site.policy},
    )


def _one_of(request: web.Request, name: str, values: tuple[str, ...]) -> str | None:
    value = request.query.get(name)
    if value and value not in values:
        raise WrongValue(name, f"must be one of {', '.join(values)}")
    return value or None
