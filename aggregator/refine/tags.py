"""Which of the stream's tags fit a text: by its words and hashtags, by what its feed calls it, by its source.

Only the words that sources.toml lists are known here; nothing is learned.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

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


def beginnings_of(folded: str) -> set[str]:
    """What the words of a folded text begin with: one pass over it, however many phrases are looked for."""
    return {word[:BEGINNING] for word in _WORD.findall(folded)}


class Phrases:
    """Phrases with their owners, to be found in folded text with the endings that their language gives them.

    Phrases are looked up by the letters they begin with, so their number costs little.
    """

    def __init__(self, phrases: Iterable[tuple[str, str, str]]) -> None:
        """Take triples of owner, language and phrase. Phrases without a letter or digit are passed over."""
        self._by_beginning: dict[str, dict[str, tuple[str, str]]] = {}
        for owner, language, phrase in phrases:
            words = _WORD.findall(fold(phrase))
            if words:
                pattern = _GAP.join(_inflected(word, language) for word in words)
                beginning = self._by_beginning.setdefault(words[0][:BEGINNING], {})
                beginning.setdefault(f"{pattern}\0{owner}", (owner, phrase))
        self._compiled: dict[str, list[tuple[re.Pattern[str], str, str]]] = {}

    def found_in(self, folded: str, beginnings: Collection[str] | None = None) -> dict[str, str]:
        """Each owner that has a phrase in `folded`, with the first one as it was given.

        `beginnings` are those of its words, where they are known already.
        """
        found: dict[str, str] = {}
        known = self._by_beginning.keys() & (beginnings_of(folded) if beginnings is None else beginnings)
        if not known:
            return found
        for word in _WORD.finditer(folded):
            if word[0][:BEGINNING] in known:
                for pattern, owner, phrase in self._candidates(word[0]):
                    if owner not in found and pattern.match(folded, word.start()):
                        found[owner] = phrase
        return found

    def owners_of(self, folded: str) -> set[str]:
        """The owners of which `folded` is a phrase and nothing else."""
        word = _WORD.match(folded)
        candidates = self._candidates(word[0]) if word else ()
        return {owner for pattern, owner, _ in candidates if pattern.fullmatch(folded)}

    def _candidates(self, word: str) -> Sequence[tuple[re.Pattern[str], str, str]]:
        beginning = word[:BEGINNING]
        if beginning not in self._by_beginning:
            return ()
        return self._compiled.get(beginning) or self._compile(beginning)

    def _compile(self, beginning: str) -> list[tuple[re.Pattern[str], str, str]]:
        keys = self._by_beginning[beginning].items()
        compiled = [(_compiled(key.partition("\0")[0]), owner, phrase) for key, (owner, phrase) in keys]
        self._compiled[beginning] = compiled
        return compiled


@lru_cache(maxsize=20_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern + r"(?!\w)")


def _inflected(word: str, language: str) -> str:
    if len(word) < SHORTEST_INFLECTED or word.isdigit():
        return re.escape(word)
    if language == "de" and len(word) >= SHORTEST_COMPOUND:
        return re.escape(word.removesuffix("e")) + r"\w*"
    if language == "en":
        return _inflected_english(word)
    if language == "fr" and word.endswith("al"):
        return re.escape(word[:-1]) + "(?:l|le|les|ux)"
    stem = word
    if len(word) > SHORTEST_STEM and word[-1] in _YIELDING.get(language, ""):
        stem = word[:-1]
    return re.escape(stem) + _ENDINGS.get(language, _OTHER_ENDINGS)


def _inflected_english(word: str) -> str:
    if word.endswith("y") and word[-2] not in "aeiou":
        return re.escape(word[:-1]) + "(?:y|ies|ied)"
    if word.endswith("e"):
        return re.escape(word[:-1]) + "(?:e|es|ed|ing|er|ers)"
    doubled = f"|{word[-1]}(?:ed|ing|er|ers)" if word[-1] not in "aeiouwxy" else ""
    return re.escape(word) + f"(?:{_ENDINGS['en']}{doubled})"


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
        beginnings = beginnings_of(folded)
        found: dict[str, str] = {}
        for phrases in reversed(sets):
            found |= phrases.found_in(folded, beginnings)
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
