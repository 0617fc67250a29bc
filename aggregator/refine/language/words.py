"""What of a text is in a language: its words without addresses, mentions, emoji, figures and hashtags at the end."""

from __future__ import annotations

import re

MAX_INPUT = 600
MAX_LENGTH = 500
# Hashtags at the end are read where there are so many letters with them and fewer without.
ENOUGH_LETTERS = 12

# Looked for first, for most texts have nothing of the kind.
_PERHAPS_ADDRESS = re.compile(r"@|[./&]\w")
_NO_WORDS = re.compile(
    r"https?://\S*+|www\.\S++|\S++@\S*+|@\w++|&#?\w++;"
    r"|(?<![\w-])[\w-]++(?:\.[\w-]++)*+\.(?:com|org|net|eu|eus|info|coop)\b\S*+|\bRT\b(?=\s*+@)",
    re.IGNORECASE,
)
_LAST_HASHTAGS = re.compile(r"(?:\s*+[#＃]\w++)+\W*+\Z")
_HASHTAG = re.compile(r"[#＃](\w++)")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|_")
# A number takes its unit with it: «462 kWh», «1.5 °C», «3 km».
_FIGURES = re.compile(
    r"(?<!\w)[^\W\d]*+\d[\w.,:/%-]*+(?:\s?(?:[kMGT]?W[hp]?|°\s?[CF]|[kcm]?m[²³]?|k?g|t|h|CO₂?e?)(?!\w))?"
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+(?:['’·-][^\W\d_]+)*+[.,:;!?]*+|\n")
_STRETCHED = re.compile(r"(\w)\1\1+")


def words_of(text: str) -> str:
    """The words of `text`, line by line, at most `MAX_LENGTH` characters. Empty where it has none."""
    plain = text[:MAX_INPUT].replace("\0", " ").encode("utf-8", "replace").decode()
    if _PERHAPS_ADDRESS.search(plain):
        plain = _NO_WORDS.sub(" ", plain)
    if "#" in plain or "＃" in plain:
        without = _LAST_HASHTAGS.sub(" ", plain)
        kept = plain if letters_in(without) < ENOUGH_LETTERS <= letters_in(plain) else without
        plain = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag[1]), kept)
    if _DIGIT.search(plain):
        plain = _FIGURES.sub(" ", plain)
    words = " ".join(_WORD.findall(plain))[:MAX_LENGTH]
    return _STRETCHED.sub(r"\1", words) if any(letter * 3 in words for letter in set(words)) else words


def letters_in(text: str) -> int:
    """How many letters `text` has."""
    return sum(map(str.isalpha, text))
