"""Finds phrases in a text, in any of their forms, as many as there may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from aggregator.refine.endings import BEFORE_INNER, inflected, may_stand_inside
from aggregator.refine.folding import fold, fold_and_part

# As many letters as every stem keeps.
BEGINNING = 3
OPENING = 2
NO_MORE = r"(?!\w)"
LONGEST = 1 << 30
# How many words the phrases of each language remember, and how long ones. Most of them say nothing.
MOST_REMEMBERED = 5_000
LONGEST_REMEMBERED = 40
# Of so few stems, the words that begin like one of them are looked for by a pattern.
FEW_STEMS = 60

_WORD = re.compile(r"\w+")
_NEXT_WORD = re.compile(r" +(\w+)")
_GAP = r"[\s\-‐‑–/'’.]*"
# What a star stands for: up to four words of the same sentence.
_SOME_WORDS = r"(?:[^\w.!?]+\w+){0,4}?[^\w.!?]+"
_NO_PHRASES: Sequence[tuple[str, str, str]] = ()


class _Reading(NamedTuple):
    """How a phrase is looked for: `stem` is what its first word keeps, `ending` a pattern of what it may take.

    `second` is the stem of the word that follows the first, or empty. `has_more` says that there are more words than
    one, `is_inner` that the first may also stand within a word.
    """

    stem: str
    ending: str
    second: str
    has_more: bool
    is_inner: bool
    pattern: str


class _Phrase(NamedTuple):
    """A phrase of an owner: `order` is its place among all, `followed_by` how a text goes on behind its first word."""

    is_fallback: bool
    order: int
    owner: str
    phrase: str
    reading: _Reading
    followed_by: tuple[str, str]


class _Said(NamedTuple):
    """What a word says: phrases that are looked for whatever follows it, and longer ones, which ask for another word.

    The latter are by the first two letters of what may follow the word.
    """

    phrases: Sequence[_Phrase]
    longer: Mapping[str, Sequence[_Phrase]]


class _Memory:
    """The words that were read, and what some of them say. It only ever grows, so that threads may share it."""

    __slots__ = ("telling", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.telling: dict[str, _Said] = {}


class Phrases:
    """Phrases with their owners, to be found in text with the endings that their language gives them.

    What a word says is remembered, and most words say nothing: no phrase begins with them. So neither the number of
    phrases nor the length of a text costs much. May be shared between threads.
    """

    def __init__(
        self, phrases: Iterable[tuple[str, str, str]], fallback: Iterable[tuple[str, str, str]] = _NO_PHRASES
    ) -> None:
        """Take triples of owner, language and phrase. Phrases without a letter or digit are passed over.

        A star in a phrase, «pay * bills», stands for up to four words of one sentence, or none.

        A phrase of `fallback` is found for an owner only where none of its `phrases` is.
        """
        read: dict[tuple[str, str], _Phrase] = {}
        for is_fallback, triples in ((False, phrases), (True, fallback)):
            for owner, language, phrase in triples:
                reading = _read(language, phrase)
                if reading:
                    followed_by = (reading.second, f"s{reading.second}")
                    its = _Phrase(is_fallback, len(read), owner, phrase, reading, followed_by)
                    read.setdefault((reading.pattern, owner), its)
        self._by_beginning = _by_beginning(read.values())
        self._inner = _by_beginning(its for its in read.values() if its.reading.is_inner)
        stems = {its.reading.stem for its in read.values()}
        # A word that is not taken out of a text costs little, but a pattern of many stems costs more than all words do.
        self._words_in: Callable[[str], list[str]] = (
            re.compile(f" ({_any_of(stems)}[^ ]*+)").findall
            if 0 < len(stems) <= FEW_STEMS and not self._inner
            else str.split
        )
        self._memory = _Memory()

    def found_in(self, text: str) -> dict[str, str]:
        """Each owner that has a phrase in `text`, with the first one as it was given."""
        return self.found_in_each([fold_and_part(text)])[0]

    def found_in_each(self, folded: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        """The same of several texts that are folded and parted: each step for all of them before the next one."""
        # A set for each text would cost as much as all that is done with it.
        words = [self._words_in(f" {parted}") for _, parted in folded]
        telling = self._told_by(set().union(*words))
        perhaps = [
            _perhaps(telling.keys() & its, telling, parted) for its, (_, parted) in zip(words, folded, strict=True)
        ]
        return [
            {owner: first for owner, its in by_owner.items() if (first := _first_of([*its.values()], text))}
            for by_owner, (text, _) in zip(perhaps, folded, strict=True)
        ]

    def owners_of(self, folded: str) -> set[str]:
        """The owners of which a folded text is a phrase and nothing else."""
        word = _WORD.match(folded)
        return {
            its.owner
            for its in (self._beginning_like(word[0]) if word else ())
            if _compiled(its.reading.pattern).fullmatch(folded)
        }

    def _beginning_like(self, word: str) -> list[_Phrase]:
        """The phrases of which the first word keeps what a word begins with."""
        return _keeping(self._by_beginning, word, 0)

    def _told_by(self, words: set[str]) -> Mapping[str, _Said]:
        """What words say, for those of `words` that say something, and for others."""
        memory = self._memory
        unread = words - memory.words
        if not unread:
            return memory.telling
        if len(memory.words) + len(unread) > MOST_REMEMBERED:
            # Another thread may be reading the full one.
            memory, unread = _Memory(), words
        # A later part of a compound may say something, too.
        longest = BEFORE_INNER if self._inner else LONGEST
        said = {
            word: its
            for word in unread
            if (word[:BEGINNING] in self._by_beginning or len(word) > longest) and (its := self._said_by(word))
        }
        kept = [word for word in unread if len(word) <= LONGEST_REMEMBERED][:MOST_REMEMBERED]
        # In this order: a word that is known must not seem to say nothing.
        memory.telling.update((word, said[word]) for word in kept if word in said)
        memory.words.update(kept)
        self._memory = memory
        return memory.telling if len(kept) == len(unread) else memory.telling | said

    def _said_by(self, word: str) -> _Said | None:
        """What a word says, or None where that is nothing."""
        phrases, longer = [], []
        for its in self._beginning_like(word):
            second = its.reading.second
            is_first = _ends_in(word, its.reading, 0)
            if is_first and second:
                longer.append(its)
            # Words may have run together.
            if second in word or len(second) < OPENING if second else is_first:
                phrases.append(its)
        if self._inner:
            for place in range(BEFORE_INNER, len(word) - BEGINNING):
                phrases += [its for its in _keeping(self._inner, word, place) if _ends_in(word, its.reading, place)]
        by_opening: dict[str, list[_Phrase]] = {}
        for its in longer:
            for opening in {beginning[:OPENING] for beginning in ("s", *its.followed_by)}:
                by_opening.setdefault(opening, []).append(its)
        return _Said(phrases, by_opening) if phrases or longer else None


def _by_beginning(phrases: Iterable[_Phrase]) -> dict[str, dict[str, list[_Phrase]]]:
    """Phrases by the first letters of their stems, then by all of them."""
    found: dict[str, dict[str, list[_Phrase]]] = {}
    for its in phrases:
        found.setdefault(its.reading.stem[:BEGINNING], {}).setdefault(its.reading.stem, []).append(its)
    return found


def _keeping(phrases: Mapping[str, Mapping[str, list[_Phrase]]], word: str, place: int) -> list[_Phrase]:
    """The phrases of which the first word keeps what stands in `word` at a place."""
    stems = phrases.get(word[place : place + BEGINNING], {})
    return [its for stem, all_its in stems.items() if word.startswith(stem, place) for its in all_its]


def _ends_in(word: str, reading: _Reading, place: int) -> bool:
    """Whether behind the stem at that place `word` has nothing but an ending."""
    return _compiled(reading.ending).fullmatch(word, place + len(reading.stem)) is not None


def _any_of(beginnings: Iterable[str]) -> str:
    """A pattern of what begins like one of these. Each letter is read once, however many begin with it."""
    by_letter: dict[str, set[str]] = {}
    for beginning in beginnings:
        by_letter.setdefault(beginning[:1], set()).add(beginning[1:])
    if "" in by_letter:
        return ""
    return f"(?:{'|'.join(re.escape(letter) + _any_of(rest) for letter, rest in sorted(by_letter.items()))})"


def _perhaps(words: set[str], telling: Mapping[str, _Said], parted: str) -> dict[str, dict[int, _Phrase]]:
    """The phrases that may stand in a text, by owner and order, for its words that say something."""
    found: dict[str, dict[int, _Phrase]] = {}
    for word in words:
        phrases, longer = telling[word]
        for its in chain(phrases, _going_on(longer, _behind(word, parted))) if longer else phrases:
            found.setdefault(its.owner, {})[its.order] = its
    return found


def _going_on(longer: Mapping[str, Sequence[_Phrase]], words: Iterable[str]) -> Iterator[_Phrase]:
    """The longer phrases of a word that may go on with one of `words`."""
    for word in words:
        for its in longer.get(word[:OPENING], ()):
            # Of a genitive, «energy's poverty», the second word is the next but one.
            if word.startswith(its.followed_by) or word == "s":
                yield its


def _behind(word: str, parted: str) -> set[str]:
    """The words that stand behind a word, wherever it is, in a text of words and spaces."""
    text, spaced = f" {parted} ", f" {word} "
    found = set[str]()
    place = text.find(spaced)
    while place >= 0:
        place += len(spaced) - 1  # that space may be the one before the same word
        if behind := _NEXT_WORD.match(text, place):
            found.add(behind[1])
        place = text.find(spaced, place)
    return found


def _first_of(phrases: Sequence[_Phrase], folded: str) -> str | None:
    """Which of these phrases, as it was given, stands first in a text. One of a single word is known to be there."""
    if len(phrases) == 1:
        (its,) = phrases
        return its.phrase if not its.reading.has_more or _compiled(its.reading.pattern).search(folded) else None
    standing = (
        (its.is_fallback, place.start(), its.order, its.phrase)
        for its in phrases
        if (place := _compiled(its.reading.pattern).search(folded))
    )
    return min(standing, default=(None,))[-1]


@lru_cache(maxsize=20_000)
def _read(language: str, phrase: str) -> _Reading | None:
    """How a phrase is looked for, or None where it has no word."""
    pieces = [words for piece in fold(phrase).split("*") if (words := _WORD.findall(piece))]
    if not pieces:
        return None
    has_more = sum(map(len, pieces)) > 1
    is_inner = not has_more and may_stand_inside(pieces[0][0], language)
    patterns = [[_pattern(*inflected(word, language)) for word in words] for words in pieces]
    stem, ending = inflected(pieces[0][0], language)
    # Looked for by its letters, which is quick; only where they are it is asked whether a word begins with them.
    begins = rf"(?<!\w.{{{len(stem)}}})"
    if is_inner:
        begins = rf"(?:{begins}|(?<=\w{{{BEFORE_INNER}}}.{{{len(stem)}}}))"
    # Too short a stem cannot be told in a word that has run together with the next one.
    patterns[0][0] = rf"{re.escape(stem)}{begins}{ending}{'' if len(stem) >= BEGINNING else NO_MORE}"
    pattern = _SOME_WORDS.join(map(_GAP.join, patterns))
    second = inflected(pieces[0][1], language)[0] if len(pieces[0]) > 1 else ""
    return _Reading(stem, ending, second, has_more, is_inner, f"{pattern}{NO_MORE}")


def _pattern(stem: str, ending: str) -> str:
    return re.escape(stem) + ending


@lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
