"""The words that pages and widget show to people, and which language a request gets. Writes no words itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, cast

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

FALLBACK: Final = "en"
FOLDER: Final = Path(__file__).parent / "widget" / "strings"
_RANGE: Final = re.compile(r"\s*(?P<tag>[A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=(?P<q>[01](?:\.\d{0,3})?))?\s*")

# Words of the pages that the widget's filters say, too; each filter's under the name of the attribute that it sets.
_SHARED: Final = {
    "any": "any",
    "filter": "filter",
    "filter_languages": "filter_language",
    "filter_tag": "filter_tag",
    "filter_partner": "filter_partner",
}

# Languages whose names a browser is told, which are those that items are recognised in, and Europe's. Of any other it
# shows the code: to ask its own Intl takes a phone 0.2 s.
_NAMED: Final = (
    "af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy is it ja ka kn ko ku lb lo "
    "lt lv mk ml mr ms mt nb nl nn no oc or pa pl pt ro ru sk sl sq sr sv ta te th tl tr uk ur vi yo zh"
)

Plural = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Strings:
    """One interface language. `name` is its own name, `widget` and `page` hold the words by key."""

    language: str
    locale: str
    name: str
    widget: Mapping[str, str | Plural]
    page: Mapping[str, str | list[str]]

    def for_widget(self) -> dict[str, object]:
        """What the widget needs to speak this language; the body of /strings/LANGUAGE.json."""
        shared = {key: self.page[word] for key, word in _SHARED.items()}
        names = {language: strings.name for language, strings in all_strings().items()}
        return {"locale": self.locale, "names": names, **self.widget, **shared, **_spoken(self.locale)}

    def word(self, key: str) -> str:
        """A widget's word without a plural."""
        return cast("str", self.widget[key])

    def text(self, key: str) -> str:
        """A page's text of one piece."""
        return cast("str", self.page[key])

    def date(self, moment: datetime) -> str:
        """The day in UTC, in words, as the widget writes it too."""
        return _day(moment.date(), self.locale)

    def language_name(self, code: str) -> str | None:
        """What this language calls that one; None for itself and for what is not known."""
        primary = primary_subtag(code)
        if primary in {"und", self.language}:
            return None
        return str(self._babel.languages.get(primary, primary))

    @property
    def _babel(self) -> Locale:
        return Locale.parse(self.locale, sep="-")


@cache
def _spoken(locale: str) -> dict[str, object]:
    """What a browser need not know of a language: its dates, month by month, and what it calls languages."""
    babel = Locale.parse(locale, sep="-")
    pattern = babel.date_formats["long"].format
    months = babel.months["format"]["wide"]
    days = [pattern % {"d": "{day}", "MMMM": months[month], "y": "{year}"} for month in range(1, 13)]
    return {"days": days, "known": {code: babel.languages[code] for code in _NAMED.split()}}


@lru_cache(maxsize=4_000)
def _day(day: date, locale: str) -> str:
    """Babel takes 60 µs for each."""
    return format_date(day, "long", locale=Locale.parse(locale, sep="-"))


@cache
def all_strings() -> Mapping[str, Strings]:
    """Every interface language by its code, read once."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"))}


def _read(path: Path) -> Strings:
    values = json.loads(path.read_text("utf-8"))
    return Strings(language=path.stem, **values)


@lru_cache(maxsize=500)
def own_name(code: str) -> str | None:
    """What a language calls itself; its code where that is not known, None for `und`."""
    primary = primary_subtag(code)
    if primary == "und":
        return None
    try:
        name = Locale.parse(primary).languages.get(primary)
    except (UnknownLocaleError, ValueError):
        name = None
    return str(name or primary)


def primary_subtag(code: str) -> str:
    """`pt` of `pt-BR`."""
    return code.partition("-")[0].lower()


def choose_language(wished: Iterable[str | None], accept_language: str, default: str = FALLBACK) -> str:
    """The interface language of a request: the first wish that there are words for, else what the browser asks for.

    `accept_language` is the header's value (RFC 9110, 12.5.4); what is malformed in it is passed over.
    """
    known = all_strings()
    for wish in wished:
        if wish and primary_subtag(wish) in known:
            return primary_subtag(wish)
    ranges = filter(None, map(_RANGE.fullmatch, accept_language[:500].split(",")))
    weights = [(float(match["q"] or 1), match["tag"].lower()) for match in ranges]
    liked = [(weight, tag) for weight, tag in weights if weight > 0 and tag in known]
    if liked:
        return max(liked, key=lambda pair: pair[0])[1]
    return default if default in known else FALLBACK
