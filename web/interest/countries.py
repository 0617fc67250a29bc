"""The countries of ISO 3166 by name, in the order of the visitor's alphabet."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from babel import Locale

# What CLDR names beside them: unions, made-up regions for tests, and islands that belong to a country of the list.
NO_COUNTRIES: Final = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
# Letters that come after another one; elsewhere marks only count where all else is the same.
LETTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "hr": {"č": "c~1", "ć": "c~2", "dž": "d~1", "đ": "d~2", "lj": "l~", "nj": "n~", "š": "s~", "ž": "z~"},
    "es": {"ñ": "n~"},
    "eu": {"ñ": "n~"},
}


@cache
def countries(locale: str) -> Mapping[str, str]:
    """The name of each country by its two letters, in alphabetical order; `locale` is such as pt-PT."""
    spoken = Locale.parse(locale, sep="-")
    names = {
        code: str(name)
        for code, name in spoken.territories.items()
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES  # noqa: PLR2004
    }
    return dict(sorted(names.items(), key=lambda pair: _place(pair[1], spoken.language)))


def _place(name: str, language: str) -> tuple[str, str]:
    """Where a name stands in that language's alphabet."""
    lowered = unicodedata.normalize("NFC", name).lower()
    for letter, after in LETTERS.get(language, {}).items():
        lowered = lowered.replace(letter, after)
    plain = "".join(part for part in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(part))
    return "".join(part for part in plain if part.isalnum() or part in " ~"), lowered
