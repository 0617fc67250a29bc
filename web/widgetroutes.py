"""The widget's files as they are served. They change with the program alone, not with the stream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web

from web.strings import all_strings
from web.widgetfile import widget_extras, widget_module, widget_style

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WIDGET_CACHING: Final = "public, max-age=300, stale-while-revalidate=86400"


async def widget_script(request: web.Request) -> web.Response:
    """`/widget.js`: the elements and their style in one file."""
    return _file(request, widget_module(), "text/javascript")


async def widget_extras_script(request: web.Request) -> web.Response:
    """`/widget-extras.js`: what the element asks for where it is `live` or has `filters` or `history`."""
    return _file(request, widget_extras(), "text/javascript")


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
    ("/widget.js", widget_script),
    ("/widget-extras.js", widget_extras_script),
    ("/widget.css", widget_css),
    ("/strings/{language}.json", widget_words),
)


def _file(request: web.Request, text: str, content_type: str) -> web.Response:
    tag = hashlib.sha256(text.encode()).hexdigest()[:24]
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": WIDGET_CACHING, "Access-Control-Allow-Origin": "*"}
    if any(known.value == tag for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(text=text, content_type=content_type, charset="utf-8", headers=headers)
