"""Finds phrases in a text, in any of their forms, as many as there may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from aggregator.refine.endings import inflected
from aggregator.refine.folding import fold, fold_and_part

# As many letters as every stem keeps.
BEGINNING = 3
# As many letters of a stem are looked for at first: with all of them the pattern would take longer to compile.
FIRST_LETTERS = 6
OPENING = 2
# How many words the phrases of each language remember the meaning of, and how long ones.
MOST_REMEMBERED = 4_000
LONGEST_REMEMBERED = 40

_WORD = re.compile(r"\w+")
_GAP = r"[\s\-‐‑–/'’.]*"
_NO_PHRASES: Sequence[tuple[str, str, str]] = ()


class _Phrase(NamedTuple):
    """A phrase as it is looked for: `stem` is what its first word keeps, whatever ending it takes.

    `second` is the same of its second word, or empty. `followed_by` is how a text may go on behind the first word,
    `order` the place among all phrases.
    """

    is_fallback: bool
    order: int
    owner: str
    phrase: str
    stem: str
    second: str
    followed_by: tuple[str, ...]
    pattern: str


class _Stem(NamedTuple):
    """The phrases whose first word keeps the same, those of one word and longer ones.

    `openings` are the first two letters of what may follow the first word of a longer one.
    """

    stem: str
    single: tuple[_Phrase, ...]
    longer: tuple[_Phrase, ...]
    openings: frozenset[str]


class _Said(NamedTuple):
    """What a word says: phrases that are looked for whatever follows it, and the stems of longer ones."""

    phrases: tuple[_Phrase, ...]
    stems: tuple[_Stem, ...]


class Phrases:
    """Phrases with their owners, to be found in text with the endings that their language gives them.

    One pass over a text tells which words a phrase may begin with, and what such a word says is remembered. So neither
    the number of phrases nor the length of a text costs much. May be shared between threads.
    """

    def __init__(
        self, phrases: Iterable[tuple[str, str, str]], fallback: Iterable[tuple[str, str, str]] = _NO_PHRASES
    ) -> None:
        """Take triples of owner, language and phrase. Phrases without a letter or digit are passed over.

        A phrase of `fallback` is found for an owner only where none of its `phrases` is.
        """
        read: dict[tuple[str, str], _Phrase] = {}
        for is_fallback, triples in ((False, phrases), (True, fallback)):
            for owner, language, phrase in triples:
                stem, second, pattern = _read(language, phrase)
                # Of a genitive, «energy's poverty», the second word is the next but one.
                followed_by = (second, "s ", f"s{second}")
                if stem:
                    its = _Phrase(is_fallback, len(read), owner, phrase, stem, second, followed_by, pattern)
                    read.setdefault((pattern, owner), its)
        self._by_beginning: dict[str, list[_Stem]] = {}
        for group in _stems(read.values()):
            self._by_beginning.setdefault(group.stem[:BEGINNING], []).append(group)
        self._remembered: dict[str, _Said] = {}

    def found_in(self, text: str) -> dict[str, str]:
        """Each owner that has a phrase in `text`, with the first one as it was given."""
        folded, parted = fold_and_part(text)
        perhaps: dict[int, _Phrase] = {}
        for word, following in self._beginnings.findall(f" {parted}"):
            said = self._remembered.get(word) or self._said_by(word)
            if said.phrases:
                perhaps |= {its.order: its for its in said.phrases}
            for stem in said.stems:
                if following[:OPENING] in stem.openings:
                    perhaps |= {its.order: its for its in stem.longer if following.startswith(its.followed_by)}
        standing = [
            (its.is_fallback, place.start(), its.order, its)
            for its in perhaps.values()
            if (place := _compiled(its.pattern).search(folded))
        ]
        found: dict[str, str] = {}
        for *_, its in sorted(standing):
            found.setdefault(its.owner, its.phrase)
        return found

    def owners_of(self, folded: str) -> set[str]:
        """The owners of which a folded text is a phrase and nothing else."""
        word = _WORD.match(folded)
        return {
            its.owner
            for stem in (self._by_beginning.get(word[0][:BEGINNING], ()) if word else ())
            if folded.startswith(stem.stem)
            for its in (*stem.single, *stem.longer)
            if _compiled(its.pattern).fullmatch(folded)
        }

    @cached_property
    def _beginnings(self) -> re.Pattern[str]:
        """What finds, in parted text, the words that begin like a phrase, and with each the one behind it."""
        beginnings = {stem.stem[:FIRST_LETTERS] for stems in self._by_beginning.values() for stem in stems}
        return re.compile(f" (?={_any_of(beginnings) if beginnings else '(?!)'})(?=([^ ]+) *([^ ]* ?))")

    def _said_by(self, word: str) -> _Said:
        stems = [stem for stem in self._by_beginning.get(word[:BEGINNING], ()) if word.startswith(stem.stem)]
        single = [its for stem in stems for its in stem.single if _compiled(its.pattern).fullmatch(word)]
        longer = [its for stem in stems for its in stem.longer if its.second in word or len(its.second) < OPENING]
        said = _Said((*single, *longer), tuple(stem for stem in stems if stem.longer))
        if len(word) <= LONGEST_REMEMBERED:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[word] = said
        return said


def _stems(phrases: Iterable[_Phrase]) -> Iterator[_Stem]:
    by_stem: dict[str, list[_Phrase]] = {}
    for its in phrases:
        by_stem.setdefault(its.stem, []).append(its)
    for stem, all_its in by_stem.items():
        longer = tuple(its for its in all_its if its.second)
        openings = frozenset(beginning[:OPENING] for its in longer for beginning in its.followed_by)
        yield _Stem(stem, tuple(its for its in all_its if not its.second), longer, openings)


def _any_of(beginnings: Iterable[str]) -> str:
    """A pattern for any of these strings, letter by letter: so a word is left at its first letter that none has."""
    by_letter: dict[str, set[str]] = {}
    for beginning in beginnings:
        by_letter.setdefault(beginning[:1], set()).add(beginning[1:])
    if "" in by_letter:
        return ""
    alternatives = [re.escape(letter) + _any_of(rest) for letter, rest in by_letter.items()]
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


@lru_cache(maxsize=20_000)
def _read(language: str, phrase: str) -> tuple[str, str, str]:
    """What its first and second word keep, and the pattern of all of it. All empty where a phrase has no word."""
    words = [inflected(word, language) for word in _WORD.findall(fold(phrase))]
    if not words:
        return "", "", ""
    (stem, ending), *others = words
    # Looked for by its letters, which is quick; only where they are it is asked whether a word begins with them.
    first = rf"{re.escape(stem)}(?<!\w.{{{len(stem)}}}){ending}"
    if len(stem) < BEGINNING:  # too short to be told in a word that has run together with the next one
        first += r"(?!\w)"
    pattern = _GAP.join([first, *(f"{re.escape(stem)}{ending}" for stem, ending in others)])
    return stem, others[0][0] if others else "", rf"{pattern}(?!\w)"


@lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
