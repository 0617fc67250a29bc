"""Which language a text is in: langdetect's letter statistics and a Basque one of ours, read by an exact rule.

langdetect itself draws letter sequences at random until it is sure; here each sequence of the text counts once, which
needs no seed, gives the same answer each time, and was measured to be better on short texts. Statistics are read from
disk at the first call; `detect` may be called from any thread and never raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from math import exp, log
from threading import Lock

from langdetect.utils.ngram import NGram

from aggregator.model import Detection

UNKNOWN = "und"
MAX_LENGTH = 600
# Sequences of letters, not letters: ten of them are about one word of nine letters.
FEWEST_SEQUENCES = 4
LEAST_CONFIDENCE = 0.4

# The stream's own languages come first; the others are there so that a stranger is not taken for one of these.
SITE_LANGUAGES = ("en", "eu", "hr", "fr", "de", "es")
OTHER_LANGUAGES = (
    "pt", "it", "ca", "nl", "pl", "cs", "da", "sv", "no", "fi", "ro", "sk", "sl", "hu", "el", "bg", "mk", "ru",
    "uk", "tr", "lt", "lv", "et", "sq", "cy", "ar", "fa", "he", "zh-cn", "ja", "ko",
)  # fmt: skip
# Latin-script South Slavic is Croatian here unless the source says that it writes another of these.
SOUTH_SLAVIC = ("hr", "bs", "sr", "cnr", "sh")
# langdetect knows no Serbian: in Cyrillic it looks like one of these.
CYRILLIC = ("mk", "bg", "ru", "uk")

# Weights and priors were tuned on short texts in 23 languages: the longer a text, the less a prior can move.
_BIGRAM_WEIGHT = 0.21
_TRIGRAM_WEIGHT = 0.45
_UNSEEN = 2e-4
_RAREST = 1e-4
_OTHER_PRIOR = 0.25
_CANDIDATE_PRIOR = 4.0
_DECLARED_PRIOR = 6.0

_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|@\w+|&\w+;|\b\S+\.(?:com|org|net|eu|eus)/\S*", re.IGNORECASE)
_LAST_HASHTAGS = re.compile(r"(?:\s*+#\w++)+\s*+$")
_LETTER = re.compile(r"[^\W\d_]")


def detect(text: str, *, candidates: Sequence[str] = (), declared: str | None = None) -> Detection:
    """The language of `text` as a BCP-47 primary tag, or `und` where the text says too little.

    `candidates` (what the source usually writes) and `declared` (what the feed or entry claims) tip the scales of a
    short or mixed text; a clear one wins against them. The confidence is that of the choice among the known languages.
    """
    likely = {_primary(candidate) for candidate in candidates} - {""}
    claimed = _primary(declared or "")
    sequences = _sequences(_words_of(text[: MAX_LENGTH * 4])[:MAX_LENGTH])
    known = [sequence for sequence in sequences if sequence in _statistics().frequencies]
    if len(known) < FEWEST_SEQUENCES:
        return Detection(UNKNOWN, 0.0, "too little text")
    code, confidence = _statistics().choose(known, likely, claimed)
    if confidence < LEAST_CONFIDENCE:
        return Detection(UNKNOWN, confidence, f"unclear, perhaps {code}")
    helped = [name for name, helps in (("declared", code == claimed), ("source", code in likely)) if helps]
    return Detection(code, confidence, " and ".join(["letters", *helped]))


def _primary(tag: str) -> str:
    return re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]


def _words_of(text: str) -> str:
    """`text` without what is in no language: addresses, mentions, hashtags at the end. Others keep their word."""
    words = _LAST_HASHTAGS.sub(" ", _NO_WORDS.sub(" ", text)).replace("#", " ")
    letters = _LETTER.findall(words)
    # langdetect passes over words in capitals, so a text of nothing else must not look like one.
    return words.lower() if sum(map(str.isupper, letters)) * 2 > len(letters) else words


def _sequences(words: str) -> set[str]:
    found: set[str] = set()
    window = NGram()
    for character in f" {words} ":
        window.add_char(character)
        if not window.capitalword:
            found.update(window.grams[-length:] for length in (2, 3) if len(window.grams) >= length)
    return found


class _Statistics:
    """How often each sequence of two and three letters is in each language."""

    def __init__(self, languages: tuple[str, ...], frequencies: Mapping[str, Sequence[float]]) -> None:
        self._languages = languages
        self.frequencies = frequencies
        self._evidence: dict[str, tuple[float, ...]] = {}

    def choose(self, sequences: Sequence[str], likely: set[str], claimed: str) -> tuple[str, float]:
        """The likeliest language of these known sequences, and how likely."""
        scores = [self._prior(language, likely, claimed) for language in self._languages]
        for sequence in sequences:
            for place, value in enumerate(self._evidence_of(sequence)):
                scores[place] += value
        best = max(scores)
        code = self._languages[scores.index(best)]
        return _among_cousins(code, likely, claimed), 1 / sum(exp(score - best) for score in scores)

    def _prior(self, language: str, likely: set[str], claimed: str) -> float:
        cousins = set(SOUTH_SLAVIC) if language == "hr" else {language}
        prior = 1.0 if language in SITE_LANGUAGES else _OTHER_PRIOR
        prior *= _CANDIDATE_PRIOR if cousins & likely else 1.0
        prior *= _DECLARED_PRIOR if claimed in cousins else 1.0
        return log(prior)

    def _evidence_of(self, sequence: str) -> tuple[float, ...]:
        found = self._evidence.get(sequence)
        if found is None:
            weight = _BIGRAM_WEIGHT if len(sequence) == 2 else _TRIGRAM_WEIGHT  # noqa: PLR2004 - two letters
            found = tuple(weight * log(share + _UNSEEN) for share in self.frequencies[sequence])
            self._evidence[sequence] = found
        return found


def _among_cousins(code: str, likely: set[str], claimed: str) -> str:
    hinted = likely | {claimed}
    if code in CYRILLIC and code not in hinted and "sr" in hinted:
        return "sr"
    if code != "hr" or "hr" in hinted:
        return code
    return next((other for other in SOUTH_SLAVIC if other in hinted), code)


_loading = Lock()
_loaded: list[_Statistics] = []


def _statistics() -> _Statistics:
    if not _loaded:
        with _loading:
            if not _loaded:
                _loaded.append(_load())
    return _loaded[0]


def _load() -> _Statistics:
    languages = (*SITE_LANGUAGES, *OTHER_LANGUAGES)
    frequencies: dict[str, list[float]] = {}
    for place, language in enumerate(languages):
        for sequence, share in _profile(language):
            frequencies.setdefault(sequence, [0.0] * len(languages))[place] = share
    return _Statistics(tuple(language.removesuffix("-cn") for language in languages), frequencies)


def _profile(language: str) -> Iterator[tuple[str, float]]:
    """Each sequence with its share. Profiles were cut at different rarities: the same cut for all makes them equal."""
    folder = resources.files("aggregator.refine" if language == "eu" else "langdetect") / "profiles"
    name = "eu.json" if language == "eu" else language
    profile = json.loads((folder / name).read_text(encoding="utf-8"))
    totals = profile["n_words"]
    for sequence, count in profile["freq"].items():
        if len(sequence) in {2, 3} and count >= totals[0] * _RAREST:
            yield sequence, count / totals[len(sequence) - 1]
