"""The whole web side: which address leads where. Thinks of no content."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from aggregator.filters import WrongValue
from aggregator.machine import Machine
from aggregator.picturefolder import NAME
from aggregator.store.changes import Change, ChangeKind
from aggregator.store.stream import CursorError
from curation import access, api, live
from curation import pages as curation_pages
from curation.application import MACHINE
from curation.eventstream import stream_events
from curation.problems import PROBLEM_PAGE, Problem, wrong_value
from curation.rendering import show_problem
from web import health, hub, itempage, pages, push, widgetroutes
from web.interest import routes as interest
from web.interest.crowd import Crowd
from web.outputs import feeds, listings, oembed, sitemap, sourcelist
from web.serving.answering import OPEN, SHELF, cached, open_shelf
from web.serving.reads import Handler

STATIC = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
# What people and browsers ask for, and where it is.
MOVED: Mapping[str, str] = {"/stream/": "/stream", "/embed/": "/embed", "/favicon.ico": "/static/icon.svg"}


KEPT = (
    *pages.ROUTES, *itempage.ROUTES, *feeds.ROUTES, *listings.ROUTES, *interest.CACHED_ROUTES, *sourcelist.ROUTES,
    *sitemap.ROUTES, *oembed.ROUTES, *widgetroutes.ROUTES,
)  # fmt: skip


def build_application(machine: Machine) -> web.Application:
    """The application, public and editors' rooms together. The machine stays the caller's to close."""
    app = web.Application(middlewares=[_explain], client_max_size=1_000_000)
    app[MACHINE] = machine
    app[SHELF] = open_shelf(machine)
    app[interest.CROWD] = Crowd()
    for path, handler in KEPT:
        app.router.add_get(path, cached(handler))
    for path, target in MOVED.items():
        app.router.add_get(path, _moved(target))
    app.router.add_static("/static/", STATIC)
    app.router.add_get("/events", public_events)
    app.router.add_get("/media/{name}", media)
    app.router.add_get("/logos/{partner}", logo)
    for path, handler in (*health.ROUTES, *interest.PAGES):
        app.router.add_get(path, handler)
    app.router.add_get("/curation/events", live.events)
    for method, path, handler in (*api.ROUTES, *push.ROUTES, *hub.ROUTES, *interest.ROUTES):
        app.router.add_route(method, path, handler)
    curation_pages.install(app)
    app[PROBLEM_PAGE] = _show_problem
    app.on_response_prepare.append(_open_problems)
    app.on_shutdown.append(_send_home)
    access.install(
        app,
        access.Access(
            machine.database, machine.secret, machine.settings.public_url, machine.now, curation_pages.note_denied
        ),
    )
    return app


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except WrongValue as error:
        raise wrong_value(error.field, error.detail) from error
    except CursorError as error:
        raise wrong_value("cursor", str(error)) from error
    except web.HTTPForbidden as error:
        # aiohttp's answer where a static address is a folder.
        if request.path.startswith("/static/"):
            raise web.HTTPNotFound from error
        raise
    except OSError as error:
        # The same where it is longer than a file's name can be.
        if request.path.startswith("/static/") and error.errno == errno.ENAMETOOLONG:
            raise web.HTTPNotFound from error
        raise


def _show_problem(request: web.Request, problem: Problem) -> web.StreamResponse | None:
    show = show_problem if access.is_in_room(request.path) else pages.problem_page
    return show(request, problem)


async def _open_problems(request: web.Request, response: web.StreamResponse) -> None:
    """A widget on another site reads what went wrong, too; and a page for people is no answer to a program."""
    if response.status >= HTTPStatus.BAD_REQUEST and not access.is_in_room(request.path):
        response.headers.update({**OPEN, hdrs.VARY: f"{hdrs.ACCEPT}, {hdrs.ACCEPT_LANGUAGE}"})


async def _send_home(app: web.Application) -> None:
    """Pages that wait for news would hold up the end for as long as it may take."""
    app[MACHINE].watchers.close()


def _moved(target: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        root, query = urlsplit(request.app[MACHINE].settings.public_url).path, request.rel_url.raw_query_string
        raise web.HTTPPermanentRedirect(f"{root}{target}?{query}" if query else root + target)

    return answer


async def public_events(request: web.Request) -> web.StreamResponse:
    """`GET /events`: `item-published` and `item-withdrawn` with the item's id, as they happen."""

    async def tell(change: Change) -> Mapping[str, Any]:
        return {"id": change.item_id}

    kinds = (ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN)
    return await stream_events(request, request.app[MACHINE], kinds, tell, OPEN)


async def media(request: web.Request) -> web.StreamResponse:
    """`GET /media/{digest}.webp`: our copy of a picture. Its name is its digest, so it never changes."""
    name = request.match_info["name"]
    path = request.app[MACHINE].settings.media_dir / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such picture.")
    response = _file(path, FOR_EVER)
    response.content_type = "image/webp"  # which Python 3.11 does not know
    return response


async def logo(request: web.Request) -> web.StreamResponse:
    """`GET /logos/{partner}`: the file that sources.toml names for the partner; nothing else is served from there."""
    machine = request.app[MACHINE]
    partner = machine.configuration.partner(request.match_info["partner"])
    path = (machine.sources.folder / partner.logo).resolve() if partner and partner.logo else None
    if path is None or not path.is_relative_to(machine.sources.folder.resolve()) or not path.is_file():
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such logo.")
    return _file(path, "public, max-age=3600")


def _file(path: Path, caching: str) -> web.FileResponse:
    # A drawing that somebody opens by itself must not run as a page of ours.
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    headers = {"Cache-Control": caching, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy}
    return web.FileResponse(path, headers={**OPEN, **headers})
