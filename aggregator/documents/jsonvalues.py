"""Hostile JSON, value by value: what is missing or of another type reads as empty. Knows no interface."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aggregator.errors import DocumentError

Object = Mapping[str, object]
NOTHING: Object = {}


def parse(body: bytes | str, what: str) -> object:
    """The value. DocumentError, which says that `what` sent no JSON, where it is broken, cut short or absurdly deep."""
    try:
        value: object = json.loads(body)
    except RecursionError as error:
        raise DocumentError(f"What {what} sent is JSON nested too deep; it was not read.") from error
    except ValueError as error:
        raise DocumentError(f"What {what} sent is no JSON, or was cut short.") from error
    return value


def text(thing: Object, key: str) -> str:
    """The text under that key, or an empty one."""
    value = thing.get(key)
    return value if isinstance(value, str) else ""


def number(thing: Object, key: str) -> int | None:
    """The whole number under that key, or None."""
    value = thing.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def inner(thing: Object, *keys: str) -> Object:
    """The object under those keys, one inside the other, or an empty one."""
    for key in keys:
        value = thing.get(key)
        thing = value if isinstance(value, dict) else NOTHING
    return thing


def objects(thing: Object, key: str) -> list[Object]:
    """The objects of the list under that key."""
    value = thing.get(key)
    return objects_of(value)


def objects_of(value: object) -> list[Object]:
    """The objects of a list; none where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts(thing: Object, key: str) -> list[str]:
    """The texts of the list under that key."""
    value = thing.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
