"""Languages by py3langid, in the frame of eldc's scores: what answers on machines that eldc is not built for.

It is plain Python over numpy, so it installs nearly everywhere. It is slower than eldc, and its model takes 90 MB.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
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


def score(words: str) -> Mapping[str, float] | None:
    """How well cleaned words fit each language, best first, at most `_CERTAIN`; None where py3langid cannot be used."""
    identifier = _identifier()
    if identifier is None:
        return None
    shares = dict(identifier.rank(words))
    slavic = sum(shares.pop(language, 0.0) for language in SOUTH_SLAVIC)
    found = sorted([*shares.items(), (SOUTH_SLAVIC[0], slavic)], key=lambda pair: pair[1], reverse=True)
    return {language: value for language, share in found if share and (value := _CERTAIN + _SPREAD * log(share)) > 0}


_loading = Lock()


def _identifier() -> _Identifier | None:
    with _loading:  # two threads at once would load it twice, and that takes two seconds
        return _loaded()


@cache
def _loaded() -> _Identifier | None:
    # numpy's algebra sets 40 MB of addresses aside for each thread, and a process of the sandbox has few.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except (ImportError, OSError):  # not installed; or no temporary folder, which the model is unpacked in
        return None
    identifier.set_languages(LANGUAGES)
    found: _Identifier = identifier
    return found
