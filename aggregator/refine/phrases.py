"""Finds phrases in a text, in any of their forms, as many as there may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from ahocorasick import Automaton

from aggregator.refine.endings import BEFORE_INNER, inflected, may_stand_inside
from aggregator.refine.folding import fold, fold_and_part

# A first word of fewer letters cannot be told where it has run together with the next one.
SHORTEST_RUN_TOGETHER = 3
MOST_REMEMBERED = 20_000

_WORD = re.compile(r"\w+")
_NO_MORE = r"(?!\w)"
_GAP = r"[\s\-‐‑–/'’.]*"
# What a star stands for: up to four words of the same sentence.
_SOME_WORDS = r"(?:[^\w.!?]+\w+(?:\.\d+)*){0,4}?[^\w.!?]+"
_NO_PHRASES: Sequence[tuple[str, str, str]] = ()


class _Reading(NamedTuple):
    """How a phrase is looked for: by `pattern`, in a text of words and spaces that has the letters of `anchor`."""

    anchor: str
    pattern: str


class _Phrase(NamedTuple):
    """A phrase of an owner. `order` is its place among all."""

    is_fallback: bool
    order: int
    owner: str
    phrase: str
    pattern: str


class Phrases:
    """Phrases with their owners, to be found in text with the endings that their language gives them.

    One pass over a text finds the letters that each phrase keeps in any form; only phrases of which it has those are
    looked for one by one. So the number of phrases costs nearly nothing. May be shared between threads.
    """

    def __init__(
        self, phrases: Iterable[tuple[str, str, str]], fallback: Iterable[tuple[str, str, str]] = _NO_PHRASES
    ) -> None:
        """Take triples of owner, language and phrase. Phrases without a letter or digit are passed over.

        A star in a phrase, «pay * bills», stands for up to four words of one sentence, or none. A phrase of `fallback`
        is found for an owner only where none of its `phrases` is.
        """
        read: dict[tuple[str, str], tuple[str, _Phrase]] = {}
        for is_fallback, triples in ((False, phrases), (True, fallback)):
            for owner, language, phrase in triples:
                if reading := _read(language, phrase):
                    its = _Phrase(is_fallback, len(read), owner, phrase, reading.pattern)
                    read.setdefault((reading.pattern, owner), (reading.anchor, its))
        by_anchor: dict[str, list[_Phrase]] = {}
        for anchor, its in read.values():
            by_anchor.setdefault(anchor, []).append(its)
        self._by_anchor = [*by_anchor.values()]
        self._anchors = Automaton()
        for place, anchor in enumerate(by_anchor):
            self._anchors.add_word(anchor, place)
        self._anchors.make_automaton()

    def found_in(self, text: str) -> dict[str, str]:
        """Each owner that has a phrase in `text`, with the first one as it was given.

        Owners of whom the text says most come first: those whose phrases stand in most places, then who is named first.
        """
        return self.found_in_folded(*fold_and_part(text))

    def found_in_folded(self, folded: str, parted: str) -> dict[str, str]:
        """The same of a text that is folded and parted."""
        first: dict[str, tuple[bool, int, int, str]] = {}
        places: dict[str, set[int]] = {}
        for its in self._perhaps_in(parted):
            place = _compiled(its.pattern).search(folded)
            if place:
                standing = (its.is_fallback, place.start(), its.order, its.phrase)
                # "Crowdfunding" and "crowdfund" in one place say the same.
                places.setdefault(its.owner, set()).add(place.start())
                if its.owner not in first or standing < first[its.owner]:
                    first[its.owner] = standing
        strongest = sorted(places, key=lambda owner: (-len(places[owner]), min(places[owner]), first[owner]))
        return {owner: first[owner][-1] for owner in strongest}

    def owners_of(self, folded: str) -> set[str]:
        """The owners of which a folded text is a phrase and nothing else."""
        return {
            its.owner for its in self._perhaps_in(fold_and_part(folded)[1]) if _compiled(its.pattern).fullmatch(folded)
        }

    def _perhaps_in(self, parted: str) -> Iterator[_Phrase]:
        """The phrases of which a text of words and spaces has the letters that they keep in any form."""
        if self._by_anchor:  # it has to have something to look for
            for place in {place for _, place in self._anchors.iter(f" {parted}")}:
                yield from self._by_anchor[place]


@lru_cache(maxsize=MOST_REMEMBERED)
def _read(language: str, phrase: str) -> _Reading | None:
    """How a phrase is looked for, or None where it has no word."""
    pieces = [words for piece in fold(phrase).split("*") if (words := _WORD.findall(piece))]
    if not pieces:
        return None
    forms = [[inflected(word, language) for word in words] for words in pieces]
    patterns = [[re.escape(stem) + ending for stem, ending in words] for words in forms]
    stem, ending = forms[0][0]
    is_inner = len(pieces) == len(pieces[0]) == 1 and may_stand_inside(pieces[0][0], language)
    # Looked for by its letters, which is quick; only where they are it is asked whether a word begins with them.
    begins = rf"(?<!\w.{{{len(stem)}}})"
    if is_inner:
        begins = rf"(?:{begins}|(?<=\w{{{BEFORE_INNER}}}.{{{len(stem)}}}))"
    alone = "" if len(stem) >= SHORTEST_RUN_TOGETHER else _NO_MORE
    patterns[0][0] = rf"{re.escape(stem)}{begins}{ending}{alone}"
    # The longest word is in the fewest texts. Only the first is sure to have a space before it.
    others = [stem for words in forms for stem, _ in words][1:]
    anchor = max([stem if is_inner else f" {stem}", *others], key=len)
    return _Reading(anchor, _SOME_WORDS.join(map(_GAP.join, patterns)) + _NO_MORE)


@lru_cache(maxsize=MOST_REMEMBERED)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
