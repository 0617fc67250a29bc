"""Hostile JSON, part by part: each is read as what it should be, or as nothing. Knows no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from aggregator.errors import DocumentError

T = TypeVar("T")
Object = Mapping[str, object]
NOTHING: Object = {}
# What databases and other programs take for a whole number.
MOST_DIGITS, LARGEST = 20, 2**63 - 1


def parse(body: bytes | str) -> object:
    """The value. ValueError, in words for whoever sent it, for what is no JSON, is cut short or is nested too deep.

    NaN, Infinity and numbers of thousands of digits, none of which JSON's readers agree on, are read as null.
    """
    try:
        return json.loads(body, parse_constant=_nothing)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError:  # a number of more digits than Python reads
        return json.loads(body, parse_constant=_nothing, parse_int=_short_whole)


def _nothing(_name: str) -> None:
    return None


def _short_whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= MOST_DIGITS else None


def read_value(body: bytes | str, what: str) -> object:
    """The value. DocumentError where it is none; `what` names it at the beginning of the message: "The answer"."""
    try:
        return parse(body)
    except ValueError as error:
        raise DocumentError(f"{what} is no JSON that can be read, or is cut short: {error}.") from error


def read_object(body: bytes | str, what: str) -> Object:
    """The object that `body` is. DocumentError for anything else."""
    value = read_value(body, what)
    if not isinstance(value, dict):
        raise DocumentError(f"{what} should be an object, and is {kind_of(value)}.")
    return value


def read_list(body: bytes | str, what: str) -> Sequence[object]:
    """The list that `body` is. DocumentError for anything else."""
    value = read_value(body, what)
    if not isinstance(value, list):
        raise DocumentError(f"{what} should be a list, and is {kind_of(value)}.")
    return value


def usable(things: Sequence[object], read: Callable[[Object], T | None], what: str) -> list[T]:
    """What `read` makes of the objects among the things; what is none, or is read as None, is left out.

    DocumentError where there are things and none can be used: to read that as "nothing" would say that all is gone.
    """
    found = [one for thing in things if isinstance(thing, dict) and (one := read(thing)) is not None]
    if things and not found:
        raise DocumentError(
            f"{what} holds a list of which nothing can be used ({_kinds(things)}; {len(things)} in all)."
        )
    return found


def kind_of(value: object) -> str:
    """What JSON calls such a value, for messages."""
    return _KINDS.get(type(value), "something else")


def _kinds(things: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(kind_of(thing) for thing in things))


_KINDS: Mapping[type, str] = {
    dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false",
    type(None): "null",
}  # fmt: skip


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
    """The whole number at the key, or None; also for one that no database takes."""
    value = thing.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST else None


def list_at(thing: Object, key: str) -> Sequence[object]:
    """The list at the key, or an empty one."""
    value = thing.get(key)
    return value if isinstance(value, list) else ()


def objects_at(thing: Object, key: str, most: int | None = None) -> list[Object]:
    """The objects in the list at the key, of which `most` places are looked at."""
    return objects_of(list_at(thing, key)[:most])


def objects_of(value: object) -> list[Object]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list | tuple) else []


def texts_at(thing: Object, key: str) -> list[str]:
    """The texts in the list at the key."""
    return [one for one in list_at(thing, key) if isinstance(one, str)]
