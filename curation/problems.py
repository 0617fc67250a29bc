"""Answers for what goes wrong: problem documents of RFC 9457, never a trace. Decides nothing about who may do what."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from aggregator.errors import StoreError

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is more than this address takes in one request.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here. It has been noted in the log.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database cannot be reached just now. Nothing was changed; try again soon.",
}


class Problem(Exception):  # noqa: N818
    """What could not be done and why, in words for the caller. Raise it in a handler; `answer_problems` sends it.

    `members` are further members of the problem document, such as `field` for the field that was wrong.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = HTTPStatus(status)
        self.detail = detail or DETAILS.get(self.status, self.status.phrase)
        self.title = title or self.status.phrase
        self.headers = dict(headers or {})
        self.members = members

    def answer(self) -> web.Response:
        """The problem as `application/problem+json`."""
        document = {
            "type": "about:blank",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            **self.members,
        }
        return web.Response(
            status=self.status,
            body=json.dumps(document, ensure_ascii=False).encode(),
            content_type="application/problem+json",
            headers=self.headers,
        )


def wrong_value(field: str, why: str) -> Problem:
    """A 400 that names the field."""
    return Problem(HTTPStatus.BAD_REQUEST, f"{field}: {why}", field=field)


ProblemPage = Callable[[web.Request, Problem], web.StreamResponse | None]
# An application that sets it answers people with a page; without it, or where it has none, they get the document.
PROBLEM_PAGE: web.AppKey[ProblemPage] = web.AppKey("problem_page")


def wants_page(request: web.Request) -> bool:
    """True for a browser that asked for a page, false for programs and for everything under an `/api/`."""
    return "/api/" not in request.path and "text/html" in request.headers.get("Accept", "")


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an answer; what nobody expected becomes a 500 that is logged."""
    try:
        _refuse_what_is_no_text(request)
        return await handler(request)
    except Problem as error:
        problem = error
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST or error.content_type == "application/problem+json":
            raise
        allow = error.headers.get("Allow")
        problem = Problem(error.status, headers={"Allow": allow} if allow else None)
    except json.JSONDecodeError as error:
        problem = Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}.")
    except Exception as error:
        if isinstance(error, ConnectionError) and _is_gone(request):
            return web.Response()  # nobody is there to read it, and nothing is wrong with us
        _give_up_where_begun(request, error)
        problem = _fault(error)
        is_away = problem.status == HTTPStatus.SERVICE_UNAVAILABLE
        what = "the database is out of reach" if is_away else "failed"
        log.exception("%s %s: %s", request.method, _route(request), what)
    make_page = request.config_dict.get(PROBLEM_PAGE)
    page = make_page(request, problem) if make_page is not None and wants_page(request) else None
    return page if page is not None else problem.answer()


def _fault(error: Exception) -> Problem:
    """Out of reach is not broken: a PostgreSQL that starts up or is full says so by a plain DBAPIError."""
    is_ours = isinstance(error, (DataError, IntegrityError, ProgrammingError))
    if isinstance(error, (StoreError, DBAPIError, PoolTimeoutError, ConnectionError)) and not is_ours:
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR)


def _refuse_what_is_no_text(request: web.Request) -> None:
    """No database keeps halves of surrogate pairs, and PostgreSQL no NUL: they would be errors of ours in any query."""
    address = request.path + request.rel_url.query_string
    if "\0" in address or any("\ud800" <= letter <= "\udfff" for letter in address):
        raise Problem(HTTPStatus.BAD_REQUEST, "The address is not text.")


def _give_up_where_begun(request: web.Request, error: Exception) -> None:
    """Of an answer that is already on its way the rest cannot be replaced: let the connection break."""
    if request.writer.output_size > 0:
        raise error


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _route(request: web.Request) -> str:
    """The route and not the address: an address may hold a sign-in link."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(no route)"
