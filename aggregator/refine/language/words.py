"""What of a text is in a language: its words without addresses, mentions, emoji, figures and hashtags at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from aggregator.refine.alphabet import decoded, encoded, table

MAX_INPUT = 600
MAX_LENGTH = 500
# Hashtags at the end are read where there are so many letters with them and fewer without.
ENOUGH_LETTERS = 12

# Looked for first, for most texts have nothing of the kind. It begins with a set of characters, which is found quickly.
_PERHAPS_ADDRESS = re.compile(
    r"[@:.&](?:(?<=@)|(?<=:)//|(?<=&)#?\w++;|(?<=\.)(?:com|org|net|eu|info|coop|[a-z]{2,}+/)|(?<=www\.)\S)",
    re.IGNORECASE,
)
# Endings that are no words: «city.eu» in running text is an address, «hoy.Es» is a space that was forgotten.
_ENDINGS = ("com", "org", "net", "eu", "eus", "info", "coop")
_ADDRESS = (
    r"(?<![\w-])[\w-]++(?:\.[\w-]++)++"
    rf"(?:(?<=[a-z]{{2}})(?=/)|{'|'.join(rf'(?<=[.]{ending})' for ending in _ENDINGS)})(?:[/?#]\S*+|:\d\S*+)?"
)
_MAILBOX = r"[\w.+-]++@[\w-]++(?:\.[\w-]++)++"
_MENTION = r"@\w++(?:[@.-]\w++)*+"  # «@name@city.social», «@name.city.eu»
# What stands before a mention and belongs to it.
_PASSED_ON = r"\b(?:RT|via|vía)\b(?=\s*+@)"
_NO_WORDS = re.compile(
    rf"https?://\S*+|www\.\S++|{_MAILBOX}|{_MENTION}|&#?\w++;|{_ADDRESS}|{_PASSED_ON}", re.IGNORECASE
)
_BETWEEN = (" / ", " // ", " | ", " – ", " — ", " • ", " · ")
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]+")
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


def words_of_each(texts: Sequence[str]) -> list[str]:
    """The words of each text, line by line, at most `MAX_LENGTH` characters. Empty where it has none.

    Texts that are usual are read as if they were one, each step once for all of them.
    """
    plains = [_in_parts(text[:MAX_INPUT].replace(_END, " ")) for text in texts]
    return [
        _unstretched(_of_any(plain)[:MAX_LENGTH]) if words is None else words
        for plain, words in zip(plains, _of_usual(plains), strict=True)
    ]


def _in_parts(plain: str) -> str:
    """The text with a new line where it is likely to go on in another language: «Kaixo denoi / Hola a todos»."""
    for sign in _BETWEEN:
        if sign in plain:
            plain = plain.replace(sign, "\n")
    return plain


def _unstretched(words: str) -> str:
    return _STRETCHED.sub(r"\1", words) if _PERHAPS_STRETCHED.search(words) else words


# What a character of the usual alphabet is to words. Anything else is a space between them.
_KINDS_OF = {"a": r"[^\W\d_]", ".": "[.,:;!?]", "-": "['’·-]", "0": "[0-9]", "&": "&", "/": "/", "#": "[@#_]"}


# Between texts that are read as one. None of them has it, it is neither a space nor part of a number.
_END = "\0"


def _kind(character: str) -> str:
    return next((kind for kind, pattern in _KINDS_OF.items() if re.fullmatch(pattern, character)), " ")


_SPACES = re.compile(b"  +")
_KINDS = table(lambda character: character if character == _END else _kind(character))
_SPACED = table(lambda character: character if character in {"\n", _END} or _kind(character) in "a.-" else " ")


def _of_usual(plains: Sequence[str]) -> Sequence[str | None]:
    """The words of each text in the usual alphabet that has each sign where it belongs. None for any other text."""
    parts = [*map(encoded, plains)]
    odd: set[int] = set()
    if None in parts:
        odd.update(place for place, part in enumerate(parts) if part is None)
        plains = ["" if part is None else plain for plain, part in zip(plains, parts, strict=True)]
    codes = b"\0".join([part or b"" for part in parts])
    kinds = codes.translate(_KINDS)
    odd |= _addressing(kinds, codes)
    if len(odd) == len(plains):
        return [None] * len(plains)
    # The odd ones are read on with the others, whatever that gives: to take them out would cost more.
    if b"0" in kinds:
        joined = _END.join(plains)
        codes = b" ".join([codes[part] for part in _between(_usual_figures(joined, kinds), joined)])
    row = b" %b " % codes.translate(_SPACED).replace(b"\n", b" \n ").replace(b"\0", b" \0 ")
    odd |= _misplaced(row.translate(_KINDS))
    row = _SPACES.sub(b" ", row)
    words = [its.strip(" ")[:MAX_LENGTH] for its in decoded(row).split(_END)]
    if _has_three_alike(row):
        words = [*map(_unstretched, words)]
    return [None if place in odd else its for place, its in enumerate(words)] if odd else words


def _addressing(kinds: bytes, codes: bytes) -> set[int]:
    """Places of the texts that perhaps have hashtags, mentions, addresses or names of characters."""
    odd = _having(b"#", kinds) | _having(b".a", kinds) | _having(b"www.", codes.lower())
    if b"/" in kinds:
        odd |= _having(b"./", kinds)
    if b"&" in kinds:
        odd |= _having(b"&a", kinds) | _having(b"&0", kinds)
    return odd


def _misplaced(kinds: bytes) -> set[int]:
    """Places of the texts with a stop that is not behind a letter; elsewhere, with what stands inside words."""
    odd = _having(b" .", kinds)
    if (inside := kinds.count(b"-")) and inside > kinds.count(b"a-a"):  # quickly seen not to be there
        odd |= {place for place, its in enumerate(kinds.split(b"\0")) if its.count(b"-") > its.count(b"a-a")}
    return odd


def _having(sign: bytes, row: bytes) -> set[int]:
    """Places of the texts in a row of them that have such a sign."""
    having, place, start = set[int](), 0, 0
    while (found := row.find(sign, start)) >= 0:
        place += row.count(b"\0", start, found)
        having.add(place)
        start = found + 1
    return having


def _has_three_alike(row: bytes) -> bool:
    """Whether a byte comes three times in a row: it differs from the next one by nothing, twice."""
    number = int.from_bytes(row, "big")
    return b"\0\0" in (number ^ number >> 8).to_bytes(len(row), "big")


def _usual_figures(plain: str, kinds: bytes) -> Iterator[re.Match[str]]:
    start = kinds.find(b"0")
    while start >= 0 and (figure := _LATIN_SCRIPT.figure.match(plain, start)):
        yield figure
        start = kinds.find(b"0", figure.end())


def _of_any(plain: str) -> str:
    script = _LATIN_SCRIPT
    if _OTHER_SCRIPTS.search(plain):
        plain, script = _FLAGS.sub("\n", plain.encode("utf-8", "replace").decode()), _ANY_SCRIPT
    if _PERHAPS_ADDRESS.search(plain):
        plain = _NO_WORDS.sub(" ", plain)
    if "#" in plain or "＃" in plain:
        without = _LAST_HASHTAGS.sub(" ", plain)
        kept = plain if letters_in(without) < ENOUGH_LETTERS <= letters_in(plain) else without
        plain = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag[1]), kept)
    without_figures = " ".join([plain[part] for part in _between(script.figure.finditer(plain), plain)])
    return " ".join(script.word.findall(without_figures))


def _between(figures: Iterator[re.Match[str]], plain: str) -> Iterator[slice]:
    """The parts of a text between its numbers and the letters before each: «CO2»."""
    end = 0
    for figure in figures:
        start = figure.start()
        while start > end and (plain[start - 1].isalnum() or plain[start - 1] == "_"):
            start -= 1
        yield slice(end, start)
        end = figure.end()
    yield slice(end, len(plain))


def letters_in(text: str) -> int:
    """How many letters `text` has."""
    return sum(map(str.isalpha, text))
