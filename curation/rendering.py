"""Turns values into the editors' pages, and sends the files that belong to them. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from curation.access import IDENTITY, anyone, is_in_room
from curation.application import MACHINE
from curation.problems import PROBLEM_PAGE, Problem

STATIC = Path(__file__).parent / "static"
TEMPLATES = web.AppKey("templates", Environment)
FILES: web.AppKey[Mapping[str, Path]] = web.AppKey("files")


def install(app: web.Application) -> None:
    """Give an application the templates, and the page for problems."""
    app[TEMPLATES] = open_templates()
    # Names are looked up, never joined to a path: nothing a visitor sends can lead out of the folder.
    app[FILES] = {path.name: path for path in STATIC.iterdir() if path.is_file()}
    app[PROBLEM_PAGE] = show_problem


@anyone
async def send_file(request: web.Request) -> web.StreamResponse:
    """A style sheet, script or picture of these pages; revalidated each time, so that a new version shows at once."""
    path = request.config_dict[FILES].get(request.match_info["name"])
    if path is None:
        raise Problem(HTTPStatus.NOT_FOUND)
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def show_problem(request: web.Request, problem: Problem) -> web.StreamResponse | None:
    """A problem as a page for people, if it is one of this room's."""
    if not is_in_room(request.path):
        return None
    response = show(request, "problem.html", status=problem.status, problem=problem)
    response.headers.update(problem.headers)
    return response


@cache
def open_templates() -> Environment:
    """The templates, which escape all that is put in, and stop at a name that is not given; compiled once a process."""
    templates = Environment(
        loader=PackageLoader("curation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"iso": _iso, "moment": _moment, "day": _day}
    return templates


def show(request: web.Request, template: str, /, *, status: int = HTTPStatus.OK, **values: object) -> web.Response:
    """A page: the template of that name with those values."""
    identity = request.get(IDENTITY)
    text = (
        request.config_dict[TEMPLATES]
        .get_template(template)
        .render(
            {
                "me": identity,
                "room": "",
                "stream_title": request.config_dict[MACHINE].configuration.stream.title,
                **values,
            }
        )
    )
    return web.Response(status=status, text=text, content_type="text/html")


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""


def _day(at: datetime | None) -> str:
    return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%b %Y}" if at else ""


def _moment(at: datetime | None) -> Markup:
    if at is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(_iso(at), f"{_day(at)}, {at.astimezone(UTC):%H:%M}")
