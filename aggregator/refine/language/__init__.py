"""Which language a text is in: eldc's scores, and a second voter where those are weak.

Pure, and the same each time; may be called from any thread, and no text makes it raise.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from math import exp
from typing import NamedTuple

from aggregator.model import Detection
from aggregator.refine.language.galician import GALICIAN, OTHERS, is_galician
from aggregator.refine.language.scores import best_of_each, score
from aggregator.refine.language.words import letters_in, words_of_each

UNKNOWN = "und"
TAG_LENGTH = 35
FEWEST_LETTERS = 4
MOST_NOISE = 80
# Among so many characters there are nearly always as many letters.
NEARLY_ENOUGH = 8

# What a source usually writes and what an entry claims tip the scales; a clear text wins against both.
CANDIDATE_BONUS = 0.12
DECLARED_BONUS = 0.05
# A lower score, or another language as near as that, is weak, and so is a word or two in a language that nobody
# expects: the second voter is asked.
WEAK_SCORE = 0.5
WEAK_LEAD = 0.02
WEAK_LENGTH = 10
# A text that is so nearly Spanish or Portuguese may be Galician, where that is expected.
NEARLY_BEST = 0.04
# How sure the second voter must be: where it says the same, and where it says otherwise.
AGREED = 0.25
SURE = 0.6
# Scores that lie so far apart are e times as likely, as measured on short texts.
_SPREAD = 0.07

# Latin-script South Slavic is Croatian here unless the source says that it writes another of these.
SOUTH_SLAVIC = ("hr", "bs", "sr", "cnr", "sh")
# langdetect's statistics know no Serbian: in Cyrillic it looks like one of these.
CYRILLIC = ("mk", "bg", "ru", "uk")
_CYRILLIC_LETTER = re.compile("[\u0400-\u04ff]")

# So near to each other that a sentence of one is often taken for another.
_RELATED = (frozenset({*SOUTH_SLAVIC, "sl", "mk"}), frozenset({"gl", "es"}), frozenset({"gl", "pt"}))
# A sentence of so many characters that is clearly in another language than the whole is told of.
SENTENCE_LENGTH = 30
CLEAR_SCORE = 0.7
CLEAR_LEAD = 0.12
_SENTENCE_END = re.compile(r"[.!?;:\n](?:(?<=\n)|\s+)")


class _Choice(NamedTuple):
    """The likeliest language, how likely it is, and whether that is enough. `code` is empty where there is none."""

    code: str
    confidence: float
    is_clear: bool


_NOTHING = _Choice("", 0.0, False)


class _Hints(NamedTuple):
    """What is expected of a text, in the codes that are chosen from, and by how much that tips the scales."""

    likely: frozenset[str]
    claimed: str
    expected: frozenset[str]
    bonuses: tuple[tuple[str, float], ...]


def detect(text: str, *, candidates: Sequence[str] = (), declared: str | None = None) -> Detection:
    """The language of `text` as a BCP-47 primary tag, or `und` where the text says too little.

    `candidates` (what the source usually writes) and `declared` (what the feed or entry claims) tip the scales of a
    short or mixed text; a clear one wins against them. The evidence of a text in two languages names the other one.
    """
    return detect_each([text], candidates=candidates, declared=[declared])[0]


def detect_each(
    texts: Sequence[str], *, candidates: Sequence[str] = (), declared: Sequence[str | None]
) -> list[Detection]:
    """The same of several texts of a source: each step for all of them before the next one."""
    likely = frozenset([_primary(candidate[:TAG_LENGTH]) for candidate in candidates]) - {""}
    claims = [_primary(claim[:TAG_LENGTH]) if claim else "" for claim in declared]
    rows = [row if _says_enough(row) else "" for row in words_of_each(texts)]
    scores = [score(row) if row else {} for row in rows]
    hints = [_hints(likely, claimed) for claimed in claims]
    chosen = [
        _choose(row, plain, its) if row else _NOTHING for row, plain, its in zip(rows, scores, hints, strict=True)
    ]
    codes = [
        _among_cousins(choice.code, row, likely, claimed) if choice.is_clear else ""
        for choice, row, claimed in zip(chosen, rows, claims, strict=True)
    ]
    others = _other_languages(rows, codes)
    return [
        _detection(choice, code, other, claimed, likely)
        for choice, code, other, claimed in zip(chosen, codes, others, claims, strict=True)
    ]


def _says_enough(row: str) -> bool:
    if row[:FEWEST_LETTERS].isalpha():  # as most do
        return len(row) >= FEWEST_LETTERS
    return any(letters_in(row[:length]) >= FEWEST_LETTERS for length in (NEARLY_ENOUGH, MOST_NOISE))


def _detection(choice: _Choice, code: str, other: str | None, claimed: str, likely: Collection[str]) -> Detection:
    if not choice.code:
        return Detection(UNKNOWN, 0.0, "too little text")
    if not code:
        return Detection(UNKNOWN, choice.confidence, f"unclear, perhaps {choice.code}")
    evidence = "letters"
    if code == claimed:
        evidence += " and declared"
    if code in likely:
        evidence += " and source"
    return Detection(code, choice.confidence, f"{evidence}; also {other}" if other else evidence)


@lru_cache(maxsize=512)
def _primary(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _as_chosen(code: str) -> str:
    """The code among those that are chosen from: there, all that is South Slavic in Latin script is Croatian."""
    return "hr" if code in SOUTH_SLAVIC else code


@lru_cache(maxsize=512)
def _hints(candidates: frozenset[str], declared: str) -> _Hints:
    likely, claimed = frozenset(map(_as_chosen, candidates)), _as_chosen(declared)
    bonuses = {
        code: (CANDIDATE_BONUS if code in likely else 0.0) + (DECLARED_BONUS if code == claimed else 0.0)
        for code in (*likely, claimed)
    }
    return _Hints(likely, claimed, likely | {claimed}, tuple(bonuses.items()))


def _choose(words: str, plain: Mapping[str, float] | None, hints: _Hints) -> _Choice:
    """The likeliest language of words with these scores."""
    if plain is None:
        return _by_letters(words, hints)
    scores = _tipped(plain, hints)
    values = [*scores.values()]
    top, second_best = [*sorted(values, reverse=True)[:2], 0.0, 0.0][:2]
    code = [*scores][values.index(top)] if scores else ""
    confidence = 1 / sum(map(exp, [(other - top) / _SPREAD for other in values])) if code else 0.0
    expected = hints.expected
    if GALICIAN in expected and _is_iberian(scores, top) and is_galician(words, plain, expected):
        return _Choice(GALICIAN, confidence, True)
    is_short = len(words) < WEAK_LENGTH and code not in expected
    if not is_short and top >= WEAK_SCORE and top - second_best >= WEAK_LEAD:
        return _Choice(code, confidence, True)
    second, sureness, _ = _by_letters(words, hints)
    if second == code:
        return _Choice(code, max(confidence, sureness), sureness >= AGREED)
    return _Choice(second, sureness, True) if sureness >= SURE else _Choice(code or second, confidence, False)


def _by_letters(words: str, hints: _Hints) -> _Choice:
    # Only here, because it is a tenth of what a reading process loads: many of them never see a text that needs it.
    from aggregator.refine.language.letters import likeliest  # noqa: PLC0415

    found = likeliest(words, likely=hints.likely, claimed=hints.claimed)
    return _Choice(*found, found[1] >= AGREED) if found else _NOTHING


def _is_iberian(scores: Mapping[str, float], top: float) -> bool:
    return max(scores.get(language, 0.0) for language in OTHERS) > max(top - NEARLY_BEST, 0.0)


def _tipped(plain: Mapping[str, float], hints: _Hints) -> dict[str, float]:
    scores = dict(plain)
    if "sr" in scores:
        scores = {}
        for language, value in plain.items():  # the better ones come first
            scores.setdefault("hr" if language == "sr" else language, value)
    for code, bonus in hints.bonuses:
        if code in scores:
            scores[code] += bonus
    return scores


def _among_cousins(code: str, words: str, likely: Collection[str], claimed: str) -> str:
    """Croatian or what its neighbours call it; Cyrillic letters are Serbian ones."""
    if code != "hr" and code not in CYRILLIC:
        return code
    hinted = {*likely, claimed}
    is_serbian = code == "hr" or (code not in hinted and "sr" in hinted)
    if is_serbian and _CYRILLIC_LETTER.search(words):
        return "sr"
    if code != "hr" or "hr" in hinted:
        return code
    return next((other for other in SOUTH_SLAVIC if other in hinted), code)


def _other_languages(rows: Sequence[str], codes: Sequence[str]) -> list[str | None]:
    """For each row of words in the language beside it, if it is known, the first other one of a sentence.

    That is one that the sentence is clearly in and that is not the whole's.
    """
    all_sentences = [
        [sentence for sentence in _SENTENCE_END.split(row) if len(sentence) >= SENTENCE_LENGTH]
        if code and len(row) >= 2 * SENTENCE_LENGTH
        else []
        for row, code in zip(rows, codes, strict=True)
    ]
    bests = iter(best_of_each([sentence for sentences in all_sentences for sentence in sentences]))
    return [
        _first_other(code, [(sentence, next(bests)) for sentence in sentences])
        for code, sentences in zip(codes, all_sentences, strict=True)
    ]


def _first_other(code: str, sentences: Sequence[tuple[str, str]]) -> str | None:
    for sentence, its_best in sentences:
        if its_best == code or not its_best:
            continue
        # Mappings of scores begin with the best.
        first, second = [*(score(sentence) or {}).items(), ("", 0.0), ("", 0.0)][:2]
        if first[0] not in {code, ""} and first[1] >= CLEAR_SCORE and first[1] - second[1] >= CLEAR_LEAD:
            return None if any({first[0], code} <= family for family in _RELATED) else first[0]
    return None
