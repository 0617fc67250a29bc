"""Reads what a request brings into plain values that a database can hold. Knows no field by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from curation.problems import Problem, wrong_value

FORM = "application/x-www-form-urlencoded"


async def read_form(request: web.Request) -> Mapping[str, str]:
    """The fields of a posted form, the first of each name; empty where the body is not a plain form.

    Raises Problem 400 for one that cannot be read.
    """
    if request.content_type != FORM:
        return {}
    try:
        posted = await request.post()
    except (ValueError, LookupError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The form cannot be read.") from error
    fields: dict[str, str] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            _refuse_what_is_no_text(name, value)
            fields.setdefault(name, value)
    return fields


async def read_json(request: web.Request) -> dict[str, object]:
    """The JSON object in the body. Raises Problem 400 or 415 for anything else, however deep or strange it is."""
    if request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
    try:
        value = json.loads(await request.read(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not JSON, or holds what cannot be kept.") from error
    if not isinstance(value, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not a JSON object.")
    for name, member in value.items():
        _check_texts(name, member)
    return value


def _check_texts(name: str, value: object) -> None:
    """Look at every text in a value. As deep as the parser went is as deep as this goes."""
    waiting = [value, name]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            _refuse_what_is_no_text(name, value)
        elif isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _refuse_constant(name: str) -> None:
    msg = f"{name} is no number"
    raise ValueError(msg)


def _refuse_what_is_no_text(name: str, value: str) -> None:
    """NUL is refused by PostgreSQL, half of a surrogate pair by UTF-8: both would be an error of ours later."""
    shown = name.encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
    if "\0" in value:
        raise wrong_value(shown, "holds a NUL")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise wrong_value(shown, "holds half of a surrogate pair") from error
