"""Finds phrases in a text, in any of their forms, as many as there may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from aggregator.refine.endings import inflected
from aggregator.refine.folding import fold, fold_and_part

# As many letters as every stem keeps.
BEGINNING = 3
OPENING = 2
# How many words the phrases of each language remember, and how long ones. Most of them say nothing.
MOST_REMEMBERED = 5_000
LONGEST_REMEMBERED = 40
# Of so few stems, the words that begin like one of them are looked for by a pattern.
FEW_STEMS = 60

_WORD = re.compile(r"\w+")
_NEXT_WORD = re.compile(r" +(\w+)")
_GAP = r"[\s\-‐‑–/'’.]*"
_NO_PHRASES: Sequence[tuple[str, str, str]] = ()


class _Phrase(NamedTuple):
    """A phrase as it is looked for: `stem` is what its first word keeps, `ending` a pattern of what it may take.

    `second` is the stem of its second word, or empty. `followed_by` is how a text may go on behind the first word,
    `order` the place among all phrases.
    """

    is_fallback: bool
    order: int
    owner: str
    phrase: str
    stem: str
    ending: str
    second: str
    followed_by: tuple[str, str]
    pattern: str


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

        A phrase of `fallback` is found for an owner only where none of its `phrases` is.
        """
        read: dict[tuple[str, str], _Phrase] = {}
        for is_fallback, triples in ((False, phrases), (True, fallback)):
            for owner, language, phrase in triples:
                stem, ending, second, pattern = _read(language, phrase)
                if stem:
                    followed_by = (second, f"s{second}")
                    its = _Phrase(is_fallback, len(read), owner, phrase, stem, ending, second, followed_by, pattern)
                    read.setdefault((pattern, owner), its)
        # By the first letters of their stems, then by all of them.
        self._by_beginning: dict[str, dict[str, list[_Phrase]]] = {}
        for its in read.values():
            self._by_beginning.setdefault(its.stem[:BEGINNING], {}).setdefault(its.stem, []).append(its)
        stems = {its.stem for its in read.values()}
        # A word that is not taken out of a text costs little, but a pattern of many stems costs more than all words do.
        self._words_in: Callable[[str], list[str]] = (
            re.compile(f" ({_any_of(stems)}[^ ]*+)").findall if 0 < len(stems) <= FEW_STEMS else str.split
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
            if _compiled(its.pattern).fullmatch(folded)
        }

    def _beginning_like(self, word: str) -> list[_Phrase]:
        """The phrases of which the first word keeps what a word begins with."""
        stems = self._by_beginning.get(word[:BEGINNING], {})
        return [its for stem, all_its in stems.items() if word.startswith(stem) for its in all_its]

    def _told_by(self, words: set[str]) -> Mapping[str, _Said]:
        """What words say, for those of `words` that say something, and for others."""
        memory = self._memory
        unread = words - memory.words
        if not unread:
            return memory.telling
        if len(memory.words) + len(unread) > MOST_REMEMBERED:
            # Another thread may be reading the full one.
            memory, unread = _Memory(), words
        said = {word: its for word in unread if word[:BEGINNING] in self._by_beginning and (its := self._said_by(word))}
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
            is_first = _compiled(its.ending).fullmatch(word, len(its.stem))
            if is_first and its.second:
                longer.append(its)
            # Words may have run together.
            if its.second in word or len(its.second) < OPENING if its.second else is_first:
                phrases.append(its)
        by_opening: dict[str, list[_Phrase]] = {}
        for its in longer:
            for opening in {beginning[:OPENING] for beginning in ("s", *its.followed_by)}:
                by_opening.setdefault(opening, []).append(its)
        return _Said(phrases, by_opening) if phrases or longer else None


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
        return its.phrase if not its.second or _compiled(its.pattern).search(folded) else None
    standing = (
        (its.is_fallback, place.start(), its.order, its.phrase)
        for its in phrases
        if (place := _compiled(its.pattern).search(folded))
    )
    return min(standing, default=(None,))[-1]


@lru_cache(maxsize=20_000)
def _read(language: str, phrase: str) -> tuple[str, str, str, str]:
    """What its first word keeps and takes, what its second keeps, and the pattern of all. Empty where there is none."""
    words = [inflected(word, language) for word in _WORD.findall(fold(phrase))]
    if not words:
        return "", "", "", ""
    (stem, ending), *others = words
    # Looked for by its letters, which is quick; only where they are it is asked whether a word begins with them.
    first = rf"{re.escape(stem)}(?<!\w.{{{len(stem)}}}){ending}"
    if len(stem) < BEGINNING:  # too short to be told in a word that has run together with the next one
        first += r"(?!\w)"
    pattern = _GAP.join([first, *(f"{re.escape(stem)}{ending}" for stem, ending in others)])
    return stem, ending, others[0][0] if others else "", rf"{pattern}(?!\w)"


@lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
