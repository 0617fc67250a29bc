"""Which of the stream's tags fit a text: by its words and hashtags, by what its feed calls it, by its source.

Only the words that sources.toml lists are known here; nothing is learned.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from aggregator.model import Tag, TagMatch
from aggregator.refine.characters import without_accents

FALLBACK = "en"
# Shorter words have too many others that begin like them.
SHORTEST_INFLECTED = 4
SHORTEST_STEM = 4
SHORTEST_COMPOUND = 8
MAX_HASHTAGS = 60
# As many letters as every stem keeps: `_inflected` never takes one of the first three.
BEGINNING = 3
# How many words each language's phrases remember the meaning of, about half a megabyte, and how long ones.
MOST_REMEMBERED = 4_000
LONGEST_REMEMBERED = 40
# As many are looked for one by one.
FEW_WORDS = 60

_HASHTAG = re.compile(r"(?<![\w&/])#(\w{2,80})")
_NO_WORDS = re.compile(rf"https?://\S+|{_HASHTAG.pattern}")
_PART_OF_HASHTAG = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|\d+|[A-Z]")
_WORD = re.compile(r"\w+")
_GAP = r"[\s\-‐‑–/'’.]*"
_NOT_DECOMPOSED = {"đ": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
_TRANSLATED = str.maketrans(_NOT_DECOMPOSED)
# Endings that a word of a language may take, as they look without accents. Other languages: up to three letters.
_ENDINGS = {
    "en": "(?:s|es|['’]s|d|ed|ing|er|ers|ly)?",
    "fr": "(?:e|s|es|x)?",
    "de": "(?:e|en|er|es|em|n|s|ern|ens|innen)?",
    **dict.fromkeys(("es", "pt", "gl", "ca", "it"), "(?:s|es|a|as|o|os|e|i)?"),
    **dict.fromkeys(("hr", "bs", "sr", "sl"), r"\w{0,4}"),
    "eu": r"\w{0,5}",
}
_OTHER_ENDINGS = r"\w{0,3}"
# Vowels that give way to an ending.
_YIELDING = {"fr": "e", "de": "e", "eu": "a", **dict.fromkeys(("es", "pt", "gl", "ca", "it"), "aeo")}
_YIELDING.update(dict.fromkeys(("hr", "bs", "sr", "sl"), "aeiou"))


def fold(text: str) -> str:
    """`text` as words are compared: without case and without accents."""
    if text.isascii():
        return text.lower()
    plain = without_accents(text.casefold())
    # `translate` takes as long as all the rest, and few languages have such letters.
    return plain.translate(_TRANSLATED) if any(letter in plain for letter in _NOT_DECOMPOSED) else plain


def words_in(folded: str) -> dict[str, None]:
    """The words of a folded text once each, in its order: one pass over it, however many phrases are looked for."""
    return dict.fromkeys(_WORD.findall(folded))


class _Phrase(NamedTuple):
    """A phrase as it is looked for: `stem` is what its first word keeps, whatever ending it takes.

    `second` is the same of its second word, or empty. `order` is its place among the phrases that begin like it.
    """

    stem: str
    second: str
    pattern: str
    order: int
    owner: str
    phrase: str

    def stands_at(self, folded: str, place: int) -> bool:
        return _compiled(self.pattern).match(folded, place) is not None

    def may_follow(self, word: str, beginnings: Collection[str]) -> bool:
        """Whether its second word may come after `word`, or in it, in a text whose words have these beginnings."""
        # A shorter one may have run together with the word after it.
        return len(self.second) < BEGINNING or self.second[:BEGINNING] in beginnings or self.second in word


class _Said(NamedTuple):
    """What a word says: the phrases that it is, and those it may begin."""

    alone: tuple[_Phrase, ...]
    longer: tuple[_Phrase, ...]

    def standing_at(
        self, places: Iterable[int], folded: str, longer: Sequence[_Phrase]
    ) -> Iterator[tuple[int, _Phrase]]:
        """Those that a text has which has the word at these places, each with the first place where it stands.

        `longer` are those of its longer ones that are to be looked for.
        """
        for number, place in enumerate(places):
            standing = [phrase for phrase in longer if phrase.stands_at(folded, place)]
            yield from ((place, phrase) for phrase in (standing if number else (*self.alone, *standing)))
            longer = [phrase for phrase in longer if phrase not in standing] if standing else longer
            if not longer:
                return


def _places(folded: str, word: str) -> Iterator[int]:
    """Where a text has a word, and not merely as a part of a longer one."""
    place = folded.find(word)
    while place >= 0:
        end = place + len(word)
        if not (_WORD.match(folded, end) or (place and _WORD.match(folded, place - 1))):
            yield place
        place = folded.find(word, end)


def _all_places(folded: str, words: Collection[str]) -> Mapping[str, Iterable[int]]:
    """The same for several words: one pass over the text where they are many."""
    if len(words) <= FEW_WORDS:
        return {word: _places(folded, word) for word in words}
    places: dict[str, list[int]] = {word: [] for word in words}
    for found in _WORD.finditer(folded):
        if found[0] in places:
            places[found[0]].append(found.start())
    return places


class Phrases:
    """Phrases with their owners, to be found in folded text with the endings that their language gives them.

    What a word says is found out once: nearly all the words of a text are words of the texts before it. So neither
    the number of phrases nor the length of a text costs much.
    """

    def __init__(self, phrases: Iterable[tuple[str, str, str]]) -> None:
        """Take triples of owner, language and phrase. Phrases without a letter or digit are passed over."""
        by_beginning: dict[str, dict[tuple[str, str], _Phrase]] = {}
        for owner, language, phrase in phrases:
            words = _WORD.findall(fold(phrase))
            if words:
                parts = [_inflected(word, language) for word in words]
                pattern = _GAP.join(f"{re.escape(stem)}{ending}" for stem, ending in parts)
                beginning = by_beginning.setdefault(words[0][:BEGINNING], {})
                second = parts[1][0] if len(parts) > 1 else ""
                read = _Phrase(parts[0][0], second, pattern, len(beginning), owner, phrase)
                beginning.setdefault((pattern, owner), read)
        self._by_beginning = {beginning: tuple(found.values()) for beginning, found in by_beginning.items()}
        self._silent: set[str] = set()
        self._telling: dict[str, _Said] = {}

    def found_in(self, folded: str, words: Mapping[str, None] | None = None) -> dict[str, str]:
        """Each owner that has a phrase in `folded`, with the first one as it was given.

        `words` are its `words_in`, where they are known already.
        """
        words = words_in(folded) if words is None else words
        told = words.keys() - self._silent
        telling = {word: said for word in words if word in told and (said := self._said_by(word))} if told else {}
        beginnings = {word[:BEGINNING] for word in words} if any(said.longer for said in telling.values()) else ()
        looked_for = {
            word: longer
            for word, said in telling.items()
            if (longer := [one for one in said.longer if one.may_follow(word, beginnings)]) or said.alone
        }
        standing = [
            one
            for word, places in _all_places(folded, looked_for).items()
            for one in telling[word].standing_at(places, folded, looked_for[word])
        ]
        found: dict[str, str] = {}
        for _, phrase in sorted(standing, key=lambda one: (one[0], one[1].order)):
            found.setdefault(phrase.owner, phrase.phrase)
        return found

    def owners_of(self, folded: str) -> set[str]:
        """The owners of which `folded` is a phrase and nothing else."""
        word = _WORD.match(folded)
        return {
            phrase.owner
            for phrase in (self._by_beginning.get(word[0][:BEGINNING], ()) if word else ())
            if folded.startswith(phrase.stem) and _compiled(phrase.pattern).fullmatch(folded)
        }

    def _said_by(self, word: str) -> _Said | None:
        said = self._telling.get(word)
        if said is None:
            said = self._read(word)
            if len(word) <= LONGEST_REMEMBERED:
                self._remember(word, said)
        return said

    def _read(self, word: str) -> _Said | None:
        candidates = self._by_beginning.get(word[:BEGINNING], ())
        perhaps = [phrase for phrase in candidates if word.startswith(phrase.stem)]
        alone = tuple(phrase for phrase in perhaps if not phrase.second and phrase.stands_at(word, 0))
        longer = tuple(phrase for phrase in perhaps if phrase.second)
        return _Said(alone, longer) if alone or longer else None

    def _remember(self, word: str, said: _Said | None) -> None:
        if len(self._silent) + len(self._telling) >= MOST_REMEMBERED:
            self._silent.clear()
            self._telling.clear()
        if said is None:
            self._silent.add(word)
        else:
            self._telling[word] = said


@lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern + r"(?!\w)")


def _inflected(word: str, language: str) -> tuple[str, str]:
    """What a word keeps, and a pattern of what may follow that."""
    if len(word) < SHORTEST_INFLECTED or word.isdigit():
        return word, ""
    if language == "de" and len(word) >= SHORTEST_COMPOUND:
        return word.removesuffix("e"), r"\w*"
    if language == "en":
        return _inflected_english(word)
    if language == "fr" and word.endswith("al"):
        return word[:-1], "(?:l|le|les|ux)"
    stem = word
    if len(word) > SHORTEST_STEM and word[-1] in _YIELDING.get(language, ""):
        stem = word[:-1]
    return stem, _ENDINGS.get(language, _OTHER_ENDINGS)


def _inflected_english(word: str) -> tuple[str, str]:
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1], "(?:y|ies|ied)"
    if word.endswith("e"):
        return word[:-1], "(?:e|es|ed|ing|er|ers)"
    doubled = f"|{word[-1]}(?:ed|ing|er|ers)" if word[-1] not in "aeiouwxy" else ""
    return word, f"(?:{_ENDINGS['en']}{doubled})"


class Tagger:
    """Finds tags by their words and labels. Built once from a configuration's tags; safe to share between threads."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        self._tags = tuple(tag.id for tag in tags)
        phrases = [phrase for tag in tags for phrase in _phrases(tag)]
        languages = {language for _, language, _ in phrases}
        self._by_language = {
            language: Phrases(phrase for phrase in phrases if phrase[1] == language) for language in languages
        }
        self._everywhere = Phrases(phrases)

    def match(
        self,
        text: str,
        *,
        language: str,
        categories: Sequence[str] = (),
        source_tags: Sequence[str] = (),
    ) -> tuple[TagMatch, ...]:
        """The tags of `text`, each once with its strongest origin: source, category, hashtag, then word.

        Words are those of `language` (a BCP-47 tag) and English, of all languages where it is `und` or none of the
        tags has words in it. Hashtags and categories count in any language. Within an origin, tags come in the
        configuration's order.
        """
        found: dict[str, TagMatch] = {}
        for tag in source_tags:
            found.setdefault(tag, TagMatch(tag, "source"))
        for match in (*self._of_categories(categories), *self._of_hashtags(text), *self._of_words(text, language)):
            found.setdefault(match.tag, match)
        return tuple(found.values())

    def _of_categories(self, categories: Sequence[str]) -> Iterator[TagMatch]:
        for category in categories:
            plain = fold(category).strip()
            owners = self._everywhere.owners_of(plain)
            yield from (TagMatch(tag, "category", category) for tag in self._tags if tag in owners or tag == plain)

    def _of_hashtags(self, text: str) -> Iterator[TagMatch]:
        if "#" not in text:
            return
        for hashtag in list(dict.fromkeys(_HASHTAG.findall(text)))[:MAX_HASHTAGS]:
            whole, parts = _readings(hashtag)
            owners = self._everywhere.owners_of(whole) | self._everywhere.found_in(parts).keys()
            yield from (TagMatch(tag, "hashtag", f"#{hashtag}") for tag in self._tags if tag in owners)

    def _of_words(self, text: str, language: str) -> Iterator[TagMatch]:
        folded = fold(_NO_WORDS.sub(" ", text) if "#" in text or "://" in text else text)
        code = language.partition("-")[0].lower()
        sets = [self._by_language[one] for one in dict.fromkeys((code, FALLBACK)) if one in self._by_language]
        if code not in self._by_language:
            sets = [self._everywhere]
        words = words_in(folded)
        found: dict[str, str] = {}
        for phrases in reversed(sets):
            found |= phrases.found_in(folded, words)
        yield from (TagMatch(tag, "word", found[tag]) for tag in self._tags if tag in found)


def _phrases(tag: Tag) -> Iterator[tuple[str, str, str]]:
    for language, label in tag.label.items():
        yield tag.id, language, label
    for language, words in tag.words.items():
        yield from ((tag.id, language, word) for word in words)


def _readings(hashtag: str) -> tuple[str, str]:
    """A hashtag in one piece and in its words: `#EnergiaPobrezia` is both `energiapobrezia` and two words."""
    unaccented = without_accents(hashtag.replace("_", " "))
    return fold(hashtag), fold(" ".join(_PART_OF_HASHTAG.findall(unaccented)) or unaccented)
