"""Languages by py3langid, in the frame of eldc's scores: what answers on machines that eldc is not built for.

It is plain Python over numpy, so it installs nearly everywhere. It is slower than eldc, and its model takes 90 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from math import log
from threading import Lock
from typing import Protocol

# Those that langdetect's statistics know, too: among 139 languages a short text is often one that nobody here writes.
LANGUAGES = (
    "en", "eu", "hr", "fr", "de", "es", "pt", "it", "ca", "gl", "nl", "pl", "cs", "da", "sv", "no", "fi", "ro", "sk",
    "sl", "hu", "el", "bg", "mk", "ru", "uk", "tr", "lt", "lv", "et", "sq", "cy", "ar", "fa", "he", "zh", "ja", "ko",
    "bs", "sr",
)  # fmt: skip
# One language to whoever chooses: which of them it is the source says, and the alphabet.
SOUTH_SLAVIC = ("hr", "bs", "sr")

# A language that is e times as likely scores so much more, as with eldc, and one that is certain scores so much.
_SPREAD = 0.07
_CERTAIN = 0.72


class _Identifier(Protocol):
    def rank(self, text: str, /) -> list[tuple[str, float]]: ...


@cache
def is_installed() -> bool:
    """Whether py3langid is here."""
    return find_spec("py3langid") is not None


def score(words: str) -> Mapping[str, float]:
    """How well cleaned words fit each language, best first; not above `_CERTAIN`. Empty where they are too few."""
    ranked = _identifier().rank(words)
    shares = dict(ranked)
    slavic = sum(shares.pop(language, 0.0) for language in SOUTH_SLAVIC)
    found = sorted([*shares.items(), (SOUTH_SLAVIC[0], slavic)], key=lambda pair: pair[1], reverse=True)
    return {language: value for language, share in found if share and (value := _CERTAIN + _SPREAD * log(share)) > 0}


_loading = Lock()


def _identifier() -> _Identifier:
    with _loading:  # two threads at once would load it twice, and that takes two seconds
        return _loaded()


@cache
def _loaded() -> _Identifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    found: _Identifier = identifier
    return found
