"""Parts of JSON that may be anything: each is read as what it should be, or as nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from aggregator.errors import DocumentError

Object = Mapping[str, object]
NOTHING: Object = {}


def read_object(body: bytes | str, what: str) -> Object:
    """The object that `body` is. DocumentError for anything else; `what` names it in the message: "the answer"."""
    try:
        value = json.loads(body)
    except RecursionError as error:
        raise DocumentError(f"{what} is nested too deep; it was not read.") from error
    except ValueError as error:
        raise DocumentError(f"{what} is no JSON, or is cut short.") from error
    if not isinstance(value, dict):
        raise DocumentError(f"{what} is JSON, but no object.")
    return value


def as_object(value: object) -> Object:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else NOTHING


def object_at(thing: Object, *keys: str) -> Object:
    """The object that one key after the other leads to, or an empty one."""
    for key in keys:
        thing = as_object(thing.get(key))
    return thing


def text_at(thing: Object, key: str) -> str:
    """The text at the key, or an empty one."""
    value = thing.get(key)
    return value if isinstance(value, str) else ""


def whole_at(thing: Object, key: str) -> int | None:
    """The whole number at the key, or None."""
    value = thing.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def objects_at(thing: Object, key: str, most: int) -> Iterator[Object]:
    """The objects in the list at the key, of which `most` places are looked at."""
    value = thing.get(key)
    return (one for one in value[:most] if isinstance(one, dict)) if isinstance(value, list) else iter(())
