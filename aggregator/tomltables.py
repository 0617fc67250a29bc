"""What the tables of a TOML file may hold, key by key, and what is said of every value that does not fit.

A check is handed what tomllib read, and returns what is meant or raises ValueError with the cure. It is not left to
pydantic, since that would take 9 MB of every pass, where nothing else needs it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any, TypeVar

from aggregator.tomllines import Place

Check = Callable[[object], Any]
Step = TypeVar("Step", bound=str | int)
LONGEST_SHOWN = 60


class Mistakes(ValueError):  # noqa: N818 - it is what they are
    """What is wrong, and at which places inside of what was checked."""

    def __init__(self, found: Sequence[tuple[Place, str]]) -> None:
        super().__init__(*found)
        self.found = found


@dataclass(frozen=True, slots=True)
class Table:
    """The keys that a table may have, with the check of each, and those that it must have."""

    keys: Mapping[str, Check]
    needs: Collection[str] = ()

    def __call__(self, value: object) -> dict[str, Any]:
        """What is there, checked. Raises Mistakes."""
        given = _mapping(value)
        found, mistakes = _checked({key: self.keys.get(key) or self._unknown(key) for key in given}, given)
        missing = [key for key in self.needs if key not in given]
        mistakes += [((key,), f"is missing; add {_form(key, self.keys[key])}") for key in missing]
        if mistakes:
            raise Mistakes(mistakes)
        return found

    def _unknown(self, key: str) -> Check:
        def refuse(_: object) -> None:
            close = difflib.get_close_matches(key, self.keys, n=1)
            cure = f"did you mean {close[0]!r}?" if close else f"it can hold: {', '.join(self.keys)}"
            raise Mistakes([((), f"is no key of this table; {cure}")])

        return refuse


def plain(value: object) -> str:
    """A text as it is."""
    if not isinstance(value, str):
        raise ValueError("write a text, in quotes")  # noqa: TRY004 - as all that is wrong here
    return value


def text(value: object) -> str:
    """Any text but an empty one, without the space around it."""
    stripped = plain(value).strip()
    if not stripped:
        raise ValueError("write at least one letter")
    return stripped


def fitting(pattern: str, cure: str) -> Callable[[object], str]:
    """A text that fits the pattern as a whole."""
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        said = plain(value)
        if not compiled.fullmatch(said):
            raise Mistakes([((), f"{said!r} does not fit; {cure}")])
        return said

    return check


def yes_or_no(value: object) -> bool:
    """A switch."""
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes")  # noqa: TRY004
    return value


def number(least: float, most: float) -> Callable[[object], float]:
    """A number within those."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"write a number from {least:,} to {most:,}")
        return float(value)

    return check


def one_of(names: type[StrEnum]) -> Check:
    """One of the names."""
    known = {name.value: name for name in names}

    def check(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in known:
            *first, last = (f'"{name}"' for name in known)
            raise ValueError(f"write {', '.join(first)} or {last}")
        return known[value]

    return check


def several(check: Check, *, least: int = 0) -> Callable[[object], tuple[Any, ...]]:
    """A list of so many at least."""

    def check_all(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueError("write a list, in brackets")  # noqa: TRY004
        if len(value) < least:
            raise ValueError(f"write at least {least}")
        found, mistakes = _checked(dict.fromkeys(range(len(value)), check), dict(enumerate(value)))
        if mistakes:
            raise Mistakes(mistakes)
        return tuple(found.values())

    return check_all


def by(key: Check, check: Check, *, least: int = 0) -> Callable[[object], dict[str, Any]]:
    """A table whose keys are checked, too, of so many at least."""

    def check_all(value: object) -> dict[str, Any]:
        given = _mapping(value)
        if len(given) < least:
            raise ValueError(f"write at least {least}")
        _, of_keys = _checked(dict.fromkeys(given, key), {name: name for name in given})
        found, mistakes = _checked(dict.fromkeys(given, check), given)
        if of_keys or mistakes:
            raise Mistakes([*of_keys, *mistakes])
        return found

    return check_all


def _form(key: str, check: Check) -> str:
    return f"a table [{key}]" if isinstance(check, Table) else f"{key} = …"


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("write a table, in braces or under a head of its own")  # noqa: TRY004
    return value


def _checked(
    checks: Mapping[Step, Check], given: Mapping[Step, object]
) -> tuple[dict[Step, Any], list[tuple[Place, str]]]:
    """What the values are meant to be, and what is wrong with the others, by where they stand."""
    found: dict[Step, Any] = {}
    mistakes: list[tuple[Place, str]] = []
    for step, value in given.items():
        try:
            found[step] = checks[step](value)
        except Mistakes as several_wrong:
            mistakes += [((step, *inside), words) for inside, words in several_wrong.found]
        except ValueError as wrong:
            said = str(wrong)
            mistakes.append(((step,), f"{_short(value)}{':' if said.startswith('write') else ''} {said}"))
    return found, mistakes


def _short(value: object) -> str:
    value = re.sub(r"//[^/@]*@", "//…@", value) if isinstance(value, str) else value
    shown = value.isoformat() if isinstance(value, date | time) else repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 3]}…"
