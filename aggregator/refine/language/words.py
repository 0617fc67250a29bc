"""What of a text is in a language: its words without addresses, mentions, emoji, figures and hashtags at the end."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_INPUT = 600
MAX_LENGTH = 500
# Hashtags at the end are read where there are so many letters with them and fewer without.
ENOUGH_LETTERS = 12

# Looked for first, for most texts have nothing of the kind. It begins with a set of characters, which is found quickly.
_PERHAPS_ADDRESS = re.compile(
    r"[@:.&](?:(?<=@)|(?<=:)//|(?<=&)#?\w++;|(?<=\.)(?:com|org|net|eu|info|coop)|(?<=www\.)\S)", re.IGNORECASE
)
_NO_WORDS = re.compile(
    r"https?://\S*+|www\.\S++|\S++@\S*+|@\w++|&#?\w++;"
    r"|(?<![\w-])[\w-]++(?:\.[\w-]++)*+\.(?:com|org|net|eu|eus|info|coop)\b\S*+|\bRT\b(?=\s*+@)",
    re.IGNORECASE,
)
_LAST_HASHTAGS = re.compile(r"(?:\s*+[#＃]\w++)+\W*+\Z")
_HASHTAG = re.compile(r"[#＃](\w++)")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|_")
_STRETCHED = re.compile(r"(\w)\1\1+")
# The same of any character, in less than half the time.
_PERHAPS_STRETCHED = re.compile(r"(.)\1\1")

# Characters that are named one by one are found faster than those of all scripts.
_OTHER_SCRIPTS = re.compile("[^\0-\u024f\u2000-\u206f\u20a0-\u20bf]")
_LATIN = "".join(letter for letter in map(chr, range(0x250)) if re.fullmatch(r"[^\W\d_]", letter))


class _Script(NamedTuple):
    word: re.Pattern[str]
    figure: re.Pattern[str]


def _script(letter: str, digit: str) -> _Script:
    word = rf"{letter}++(?:['’·-]{letter}++)*+[.,:;!?]*+|\n"
    # A number takes its unit with it: «462 kWh», «1.5 °C», «3 km».
    unit = r"\s?(?:[kMGT]?W[hp]?|°\s?[CF]|[kcm]?m[²³]?|k?g|t|h|CO₂?e?)(?!\w)"
    return _Script(re.compile(word), re.compile(rf"{digit}[\w.,:/%-]*+(?:{unit})?"))


_LATIN_SCRIPT, _ANY_SCRIPT = _script(f"[{_LATIN}]", "[0-9]"), _script(r"[^\W\d_]", r"\d")


def words_of(text: str) -> str:
    """The words of `text`, line by line, at most `MAX_LENGTH` characters. Empty where it has none."""
    plain, script = text[:MAX_INPUT].replace("\0", " "), _LATIN_SCRIPT
    if _OTHER_SCRIPTS.search(plain):
        plain, script = plain.encode("utf-8", "replace").decode(), _ANY_SCRIPT
    if _PERHAPS_ADDRESS.search(plain):
        plain = _NO_WORDS.sub(" ", plain)
    if "#" in plain or "＃" in plain:
        without = _LAST_HASHTAGS.sub(" ", plain)
        kept = plain if letters_in(without) < ENOUGH_LETTERS <= letters_in(plain) else without
        plain = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag[1]), kept)
    words = " ".join(script.word.findall(_without_figures(plain, script.figure)))[:MAX_LENGTH]
    return _STRETCHED.sub(r"\1", words) if _PERHAPS_STRETCHED.search(words) else words


def _without_figures(plain: str, figures: re.Pattern[str]) -> str:
    """A text with a space in place of each number and of the letters before it: «CO2»."""
    parts = []
    end = 0
    for figure in figures.finditer(plain):
        start = figure.start()
        while start > end and (plain[start - 1].isalnum() or plain[start - 1] == "_"):
            start -= 1
        parts.append(plain[end:start])
        end = figure.end()
    return " ".join([*parts, plain[end:]])


def letters_in(text: str) -> int:
    """How many letters `text` has."""
    return sum(map(str.isalpha, text))
