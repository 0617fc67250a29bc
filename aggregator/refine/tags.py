"""Which of the stream's tags fit a text: by its words and hashtags, by what its feed calls it, by its source.

Only the words that sources.toml lists are known here; nothing is learned.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property, lru_cache

from aggregator.model import Tag, TagMatch
from aggregator.refine.characters import without_accents
from aggregator.refine.folding import fold, fold_and_part
from aggregator.refine.phrases import Phrases

FALLBACK = "en"
MAX_HASHTAGS = 60
# What a text is about stands at its beginning; further down it names everything.
WORDS_LENGTH = 1500
# A long text that names everything once is not about all of it.
MOST_BY_WORDS = 4
# The same categories and hashtags come again and again.
MOST_REMEMBERED = 2_000

_HASHTAG = re.compile(r"#(?<![\w&/]#)(\w{2,80})")
_NO_WORDS = re.compile(r"[h#](?:(?<=h)ttps?://\S+|(?<=#)(?<![\w&/]#)\w{2,80})")
_PART_OF_HASHTAG = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|\d+|[A-Z]")


class Tagger:
    """Finds tags by their words and labels. Built once from a configuration's tags; safe to share between threads."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        self._places = {tag.id: place for place, tag in reversed([*enumerate(tags)])}
        phrases = [phrase for tag in tags for phrase in _phrases(tag)]
        self._of_phrase = {(tag, phrase): TagMatch(tag, "word", phrase) for tag, _, phrase in phrases}
        self._phrases = phrases
        self._by_language: dict[str, Phrases] = {}
        self._of_category = lru_cache(maxsize=MOST_REMEMBERED)(self._read_category)
        self._of_hashtag = lru_cache(maxsize=MOST_REMEMBERED)(self._read_hashtag)

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
        tags has words in it, as far as they stand in its first 1,500 characters. Of more than four tags that have words
        there, only the four are found that have most of them. Hashtags and categories count in any language. Within an
        origin, tags come in the configuration's order.
        """
        (tags,) = self.match_each(
            [text],
            folded=[fold_and_part(text)],
            languages=[language],
            categories=[categories],
            source_tags=source_tags,
        )
        return tags

    def match_each(
        self,
        texts: Sequence[str],
        *,
        folded: Sequence[tuple[str, str]],
        languages: Sequence[str],
        categories: Sequence[Sequence[str]],
        source_tags: Sequence[str] = (),
    ) -> list[tuple[TagMatch, ...]]:
        """The same of several texts of a source, each with its language and categories, one step after the other.

        `folded` are the texts as `fold_and_part` has them.
        """
        of_source = [TagMatch(tag, "source") for tag in source_tags]
        in_words = self._of_words(texts, folded, languages)
        return [
            self._matches(of_source, its, text, words)
            for its, text, words in zip(categories, texts, in_words, strict=True)
        ]

    def _matches(
        self, of_source: Sequence[TagMatch], categories: Sequence[str], text: str, in_words: Sequence[TagMatch]
    ) -> tuple[TagMatch, ...]:
        found = {match.tag: match for match in of_source}
        for category in categories:
            for match in self._of_category(category):
                found.setdefault(match.tag, match)
        for hashtag in _hashtags(text):
            for match in self._of_hashtag(hashtag):
                found.setdefault(match.tag, match)
        for match in in_words:
            found.setdefault(match.tag, match)
        return tuple(found.values())

    def _read_category(self, category: str) -> tuple[TagMatch, ...]:
        plain = fold(category).strip()
        owners = self._everywhere.owners_of(plain) | ({plain} & self._places.keys())
        return tuple(TagMatch(tag, "category", category) for tag in self._in_order(owners))

    def _read_hashtag(self, hashtag: str) -> tuple[TagMatch, ...]:
        whole, parts = _readings(hashtag)
        owners = self._everywhere.owners_of(whole) | self._everywhere.found_in(parts).keys()
        return tuple(TagMatch(tag, "hashtag", f"#{hashtag}") for tag in self._in_order(owners))

    def _of_words(
        self, texts: Sequence[str], folded: Sequence[tuple[str, str]], languages: Sequence[str]
    ) -> list[list[TagMatch]]:
        plain = [
            _beginning(fold_and_part(_NO_WORDS.sub(" ", text)) if "#" in text or "://" in text else its)
            for text, its in zip(texts, folded, strict=True)
        ]
        found = [
            self._phrases_of(language.partition("-")[0].lower()).found_in_folded(*its)
            for its, language in zip(plain, languages, strict=True)
        ]
        return [[self._of_phrase[tag, its[tag]] for tag in self._in_order([*its][:MOST_BY_WORDS])] for its in found]

    @cached_property
    def _everywhere(self) -> Phrases:
        return Phrases(self._phrases)

    def _phrases_of(self, language: str) -> Phrases:
        """Those of a language, put together when they are first asked for: few sources write in more than two."""
        found = self._by_language.get(language)
        if found is None:
            its = [phrase for phrase in self._phrases if phrase[1] == language]
            fallback = [phrase for phrase in self._phrases if phrase[1] == FALLBACK != language]
            found = self._by_language[language] = Phrases(its, fallback) if its else self._everywhere
        return found

    def _in_order(self, owners: Collection[str]) -> list[str]:
        return sorted(owners, key=self._places.__getitem__)


def _phrases(tag: Tag) -> Iterator[tuple[str, str, str]]:
    for language, label in tag.label.items():
        yield tag.id, language, label
    for language, words in tag.words.items():
        yield from ((tag.id, language, word) for word in words)


def _beginning(folded: tuple[str, str]) -> tuple[str, str]:
    text, parted = folded
    if len(text) <= WORDS_LENGTH:
        return folded
    # A word that is cut in two may be another one.
    end = max(parted.rfind(" ", 0, WORDS_LENGTH + 1), 0) or WORDS_LENGTH
    return text[:end], parted[:end]


def _hashtags(text: str) -> Sequence[str]:
    return [*dict.fromkeys(_HASHTAG.findall(text))][:MAX_HASHTAGS] if "#" in text else ()


def _readings(hashtag: str) -> tuple[str, str]:
    """A hashtag in one piece and in its words: `#EnergiaPobrezia` is both `energiapobrezia` and two words."""
    unaccented = without_accents(hashtag.replace("_", " "))
    return fold(hashtag), " ".join(_PART_OF_HASHTAG.findall(unaccented)) or unaccented
