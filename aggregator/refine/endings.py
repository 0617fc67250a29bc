"""The endings that words take in a language, roughly: enough to find "retrofitting" where tags have "retrofit"."""

from __future__ import annotations

# Shorter words have too many others that begin like them.
SHORTEST_INFLECTED = 4
SHORTEST_STEM = 4
SHORTEST_COMPOUND = 8

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


def inflected(word: str, language: str) -> tuple[str, str]:
    """What a folded word keeps, its first three letters at least, and a pattern of what may follow that."""
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
