"""Languages by the letters of a text: langdetect's statistics and Basque ones of ours, read by an exact rule.

langdetect itself draws letter sequences at random until it is sure; here each sequence of the text counts once, which
needs no seed, gives the same answer each time, and was measured to be better on short texts. Statistics are read from
disk at the first call, which may come from any thread.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from math import exp, log
from threading import Lock

from langdetect.utils.ngram import NGram

# Sequences of letters, not letters: ten of them are about one word of nine letters.
FEWEST_SEQUENCES = 4
MAX_LENGTH = 600

# The stream's own languages come first; the others are there so that a stranger is not taken for one of these.
SITE_LANGUAGES = ("en", "eu", "hr", "fr", "de", "es")
OTHER_LANGUAGES = (
    "pt", "it", "ca", "nl", "pl", "cs", "da", "sv", "no", "fi", "ro", "sk", "sl", "hu", "el", "bg", "mk", "ru",
    "uk", "tr", "lt", "lv", "et", "sq", "cy", "ar", "fa", "he", "zh-cn", "ja", "ko",
)  # fmt: skip

# Weights and priors were tuned on short texts in 23 languages: the longer a text, the less a prior can move.
_BIGRAM_WEIGHT = 0.21
_TRIGRAM_WEIGHT = 0.45
_UNSEEN = 2e-4
_STEPS = 30
_RAREST = 1e-4
_OTHER_PRIOR = 0.25
_CANDIDATE_PRIOR = 4.0
_DECLARED_PRIOR = 6.0


def likeliest(words: str, *, likely: Collection[str] = (), claimed: str = "") -> tuple[str, float] | None:
    """The likeliest language of cleaned words and how likely it is, or None where they say too little.

    `likely` and `claimed` name languages that are expected.
    """
    statistics = _statistics()
    known = [sequence for sequence in _sequences(words[:MAX_LENGTH]) if sequence in statistics.places]
    if len(known) < FEWEST_SEQUENCES:
        return None
    return statistics.choose(known, likely, claimed)


def _sequences(words: str) -> set[str]:
    """Each two and three letters in a row, with the spaces around words. Those over a space are in no statistics."""
    # Nor do any end with two capitals: a text of little else must not look like one without letters.
    words = words.lower() if sum(map(str.isupper, words)) * 2 > sum(map(str.isalpha, words)) else words
    row = f" {' '.join(''.join(map(_normal, words)).split())} "
    return {*map("".join, pairwise(row)), *map("".join, zip(row, row[1:], row[2:], strict=False))}


@lru_cache(maxsize=2000)
def _normal(character: str) -> str:
    """A character as langdetect counts it: what is no letter is a space, and some letters stand for others."""
    return str(NGram.normalize(character))


class _Statistics:
    """How much each sequence of two and three letters speaks for each language: the logarithm of its share there.

    `places` says where the figures of a sequence begin, one for each language, in one long row: as a row for each
    sequence they would take four times the memory. A figure is a byte, `_STEPS` for each e times the share, and none
    where it is no larger than that of what was never seen.
    """

    def __init__(self, languages: tuple[str, ...], places: Mapping[str, int], evidence: bytes) -> None:
        self._languages = languages
        self.places = places
        self._evidence = evidence

    def choose(self, sequences: Sequence[str], likely: Collection[str], claimed: str) -> tuple[str, float]:
        """The likeliest language of these known sequences, and how likely."""
        scores = [_prior(language, likely, claimed) for language in self._languages]
        for length, weight in ((2, _BIGRAM_WEIGHT), (3, _TRIGRAM_WEIGHT)):
            places = [self.places[sequence] for sequence in sequences if len(sequence) == length]
            sums = map(sum, zip(*[self._evidence[place : place + len(scores)] for place in places], strict=True))
            scores = (
                [score + weight / _STEPS * its for score, its in zip(scores, sums, strict=True)] if places else scores
            )
        best = max(scores)
        return self._languages[scores.index(best)], 1 / sum(exp(score - best) for score in scores)


def _prior(language: str, likely: Collection[str], claimed: str) -> float:
    prior = 1.0 if language in SITE_LANGUAGES else _OTHER_PRIOR
    prior *= _CANDIDATE_PRIOR if language in likely else 1.0
    prior *= _DECLARED_PRIOR if language == claimed else 1.0
    return log(prior)


_loading = Lock()
_loaded: list[_Statistics] = []


def _statistics() -> _Statistics:
    with _loading:
        if not _loaded:
            _loaded.append(_load())
        return _loaded[0]


def _load() -> _Statistics:
    """Read the profiles. What is kept is the logarithm of each share, for that is all that is ever asked for."""
    languages = (*SITE_LANGUAGES, *OTHER_LANGUAGES)
    nothing = bytes(len(languages))
    places: dict[str, int] = {}
    evidence = bytearray()
    for number, language in enumerate(languages):
        for sequence, share in _profile(language):
            place = places.setdefault(sequence, len(evidence))
            if place == len(evidence):
                evidence.extend(nothing)
            evidence[place + number] = round(_STEPS * log(share / _UNSEEN + 1))
    return _Statistics(tuple(language.removesuffix("-cn") for language in languages), places, bytes(evidence))


def _profile(language: str) -> Iterator[tuple[str, float]]:
    """Each sequence with its share. Profiles were cut at different rarities: the same cut for all makes them equal."""
    is_ours = language == "eu"
    folder = resources.files("aggregator.refine.language" if is_ours else "langdetect") / "profiles"
    profile = json.loads((folder / (f"{language}.json" if is_ours else language)).read_text(encoding="utf-8"))
    totals = profile["n_words"]
    for sequence, count in profile["freq"].items():
        are_capitals = len(sequence) > 1 and sequence[-1].isupper() and sequence[-2].isupper()
        if len(sequence) in {2, 3} and count >= totals[0] * _RAREST and not are_capitals:
            yield sequence, count / totals[len(sequence) - 1]
