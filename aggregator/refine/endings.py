"""The endings that words take in a language, roughly: enough to find "retrofitting" where tags have "retrofit"."""

from __future__ import annotations

import re

# Shorter words have too many others that begin like them.
SHORTEST_INFLECTED = 4
SHORTEST_STEM = 4
SHORTEST_COMPOUND = 8
SHORTEST_FRENCH_VERB = 6
LONGEST_SHORT_STEM = 5
# In a German compound a phrase may be a later part, too, if it is so long and so many letters stand before it: shorter
# ones are in words that have nothing to do with them, and fewer letters mostly are a verb's prefix.
SHORTEST_INNER = 6
BEFORE_INNER = 4

_ROMANCE = ("es", "pt", "gl", "ca", "it")
_SLAVIC = ("hr", "bs", "sr", "sl")
# Endings that a word of a language may take, as they look without accents. Other languages: up to three letters.
_ENDINGS = {
    "en": "(?:s|es|['’]s|d|ed|ing|er|ers|ly)?",
    "fr": "(?:e|s|es|x)?",
    "de": "(?:e|en|er|es|em|n|s|ern|ens|innen)?",
    **dict.fromkeys(_ROMANCE, "(?:s|es|a|as|o|os|e|i)?"),
    **dict.fromkeys(_SLAVIC, r"\w{0,4}"),
    "eu": r"\w{0,8}",
}
_OTHER_ENDINGS = r"\w{0,3}"
# Of short stems only these: with any letters behind it, "grad", a town, would be in "građani", its people.
_SHORT_SLAVIC = r"(?:[aeiou]|[eo]m|[eo]g|oj|i[mh]|[ai]ma|[eo]ga|[eo]m[eu]|[eo]v[aei]|[eo]vima|ju|n\w{1,3}|sk\w{1,3})?"
_FRENCH_VERB = "(?:er|e|es|ee|ees|ent|ant|ons|ez|ait|aient|a|era|eront|ers)"
# "sanieren" is looked for as "sanier", which is in "saniert" and "Sanierung", too.
_GERMAN_VERB_OR_E = re.compile("(?<=ier)en$|e$")
# Vowels that give way to an ending.
_YIELDING = {"fr": "e", "de": "e", "eu": "a", **dict.fromkeys(_ROMANCE, "aeo"), **dict.fromkeys(_SLAVIC, "aeiou")}


def inflected(word: str, language: str) -> tuple[str, str]:
    """What a folded word keeps, its first three letters at least, and a pattern of what may follow that."""
    if len(word) < SHORTEST_INFLECTED or word.isdigit():
        return word, ""
    if language == "de" and len(word) >= SHORTEST_COMPOUND:
        return _GERMAN_VERB_OR_E.sub("", word), r"\w*"
    if language == "en":
        return _inflected_english(word)
    if language == "fr" and (ending := _french_ending(word)):
        return ending
    yields = len(word) > SHORTEST_STEM and word[-1] in _YIELDING.get(language, "")
    stem = word[:-1] if yields else word
    if language in _SLAVIC and len(stem) <= LONGEST_SHORT_STEM:
        return stem, _SHORT_SLAVIC
    return stem, _ENDINGS.get(language, _OTHER_ENDINGS)


def may_stand_inside(word: str, language: str) -> bool:
    """Whether a folded word is looked for as a later part of a compound, too."""
    return language == "de" and len(word) >= SHORTEST_INNER and not word.isdigit()


def _french_ending(word: str) -> tuple[str, str] | None:
    if word.endswith("al"):
        return word[:-1], "(?:l|le|les|ux)"
    if word.endswith("er") and len(word) >= SHORTEST_FRENCH_VERB:
        return word[:-2], _FRENCH_VERB
    return None


def _inflected_english(word: str) -> tuple[str, str]:
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1], "(?:y|ies|ied)"
    if word.endswith("e"):
        return word[:-1], "(?:e|es|ed|ing|er|ers)"
    doubled = f"|{word[-1]}(?:ed|ing|er|ers)" if word[-1] not in "aeiouwxy" else ""
    return word, f"(?:{_ENDINGS['en']}{doubled})"
