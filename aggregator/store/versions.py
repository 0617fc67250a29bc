"""Which of its versions stands for a story. Values in, values out; knows no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from aggregator.model import Kind

_LAST: Final = 1_000_000


class Version(Protocol):
    """An item as one of the versions of its story."""

    id: Any
    kind: Any
    language: Any
    translations: Any
    published_at: Any
    pinned_at: Any


V = TypeVar("V", bound=Version)


def choose_version(versions: Iterable[V], prefer: Sequence[str]) -> V:
    """The version that stands for a story, the same whatever the order in which they come.

    First counts the language: that which is preferred most, be it the item's own or, second to it, one that an editor
    translated it into. Then what an editor has pinned; then an article before a video or an event and a post last,
    which mostly points at the article; then the one published first, to whom the others owe it.
    """

    def rank(version: V) -> tuple[Any, ...]:
        kind = {Kind.ARTICLE: 0, Kind.POST: 2}.get(version.kind, 1)
        language = _language_rank(version.language, version.translations, prefer)
        return language, version.pinned_at is None, kind, version.published_at, version.id

    return min(versions, key=rank)


def _language_rank(language: str, translations: Mapping[str, Any] | None, prefer: Sequence[str]) -> tuple[int, int]:
    for place, tag in enumerate(prefer):
        if language == tag or language.startswith(f"{tag}-"):
            return place, 0
        if _primary(language) == _primary(tag):
            return place, 1
        if translations and (tag in translations or _primary(tag) in translations):
            return place, 2
    return _LAST, 0


def _primary(language: str) -> str:
    return language.partition("-")[0]
