"""One file a kind of source. To add a kind: write its file, give it a line here, and a page in docs/sources/."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import replace
from importlib import import_module
from typing import TypeVar

from aggregator.collectors.contract import SourceKind
from aggregator.collectors.patience import in_time
from aggregator.sourcesfile import Rules

T = TypeVar("T")
_NAMES = (
    "bluesky",
    "calendar",
    "discover",
    "feed",
    "flickr",
    "hook",
    "mail",
    "mastodon",
    "page",
    "peertube",
    "reddit",
    "telegram",
    "wordpress",
    "x",
    "youtube",
)


class _Named(MutableMapping[str, T]):
    """What there is by those names, each found when it is first asked for."""

    def __init__(self, names: Iterable[str], find: Callable[[str], T]) -> None:
        self._found: dict[str, T | None] = dict.fromkeys(names)
        self._find = find

    def __getitem__(self, name: str) -> T:
        found = self._found[name]
        if found is None:
            found = self._found[name] = self._find(name)
        return found

    def __setitem__(self, name: str, value: T) -> None:
        self._found[name] = value

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _kind(name: str) -> SourceKind:
    # Only when a source is of that kind: with their parsers all of them take 5 MB more than feeds do.
    module = import_module(f"aggregator.collectors.{name}")
    # What a site turns out to be is any of the others.
    kind: SourceKind = module.kind_among(KINDS) if name == "discover" else module.KIND
    return replace(kind, collect=in_time(kind.collect))


def _rules(name: str) -> Rules:
    return KINDS[name].rules


KINDS = _Named(_NAMES, _kind)
RULES = _Named(_NAMES, _rules)
