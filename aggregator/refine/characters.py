"""Single characters: what of a text can be seen, and where it may be cut. Knows nothing of markup.

No function raises, whatever the string.
"""

from __future__ import annotations

import re
import unicodedata

MAX_MARKS = 4
ELLIPSIS = "…"
FIRST_MARK = "\u0300"

_JUNK = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff"  # controls, halves of characters
    "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates that reorder what follows
    "\u200b\u2060-\u2064\u206a-\u206f\ufeff\u00ad\u034f\u180e\u115f\u1160\u3164\uffa0"  # invisible
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]",
)
# What holds nothing else has neither junk nor marks and is in NFC: ASCII, Latin, Greek and Cyrillic letters, usual
# punctuation, currencies, symbols, emoji.
_UNUSUAL = re.compile(
    "[^\t\n\r -~\xa0-\xac\xae-\u02ff\u0370-\u0373\u0375-\u037d\u037f-\u0386\u0388-\u0482\u048a-\u052f\u1e00-\u1eff"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2100-\u2125\u212c-\u2328\u232b-\u27bf\U0001f300-\U0001faff]"
)
_PAGE_BREAK = re.compile("[\x0b\x0c]")  # white space, but none that XML may hold
_FLAG_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]{1,16})|[\U000e0000-\U000e007f]+")
_JOINERS = re.compile("\u200d+")
_NON_JOINERS = re.compile("\u200c+")
_MARKS_PERHAPS = re.compile(rf"[^\w\s]{{{MAX_MARKS + 1},}}")
# All the combining characters that Latin, Greek and Cyrillic letters decompose to.
_ACCENTS = re.compile("[\u0300-\u036f]+")
_OTHER_SCRIPTS = re.compile("[\u0483-\u1dff\u20d0-\u20ff\u2c00-\U0010ffff]")
_VIRAMA = 9


def is_usual(text: str) -> bool:
    """Whether `text` holds nothing but what most texts hold, so that nothing of it has to go."""
    return (text.isascii() and text.isprintable()) or _UNUSUAL.search(text) is None


def single_spaced(text: str) -> str:
    """Usual text with one space for any number of spaces, tabs and hard spaces. The ends of its lines stay."""
    text = text.replace("\t", " ").replace("\xa0", " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def visible(text: str) -> str:
    """`text` in NFC without what cannot be seen or only harms: controls, bidi overrides, piles of combining marks."""
    if is_usual(text):
        return text
    return few_marks(unicodedata.normalize("NFC", without_junk(text)))


def without_junk(text: str) -> str:
    """`text` without controls, lone surrogates, bidi controls and invisible characters; white space stays.

    A zero-width joiner stays where it joins emoji or follows an Indic virama, a non-joiner between letters that are
    not ASCII, flag tags after a black flag.
    """
    if is_usual(text):
        return text
    text = _JUNK.sub("", _PAGE_BREAK.sub(" ", text))
    text = _FLAG_TAGS.sub(lambda match: match[1] or "", text)
    if "\u200d" in text:
        text = _JOINERS.sub(_useful_joiner, text)
    return _NON_JOINERS.sub(_useful_non_joiner, text) if "\u200c" in text else text


def without_accents(text: str) -> str:
    """`text` in NFKD without combining characters."""
    if text.isascii():
        return text
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    if _OTHER_SCRIPTS.search(plain) is None:
        return plain
    return "".join(character for character in plain if not unicodedata.combining(character))


def few_marks(text: str) -> str:
    """`text` with at most `MAX_MARKS` combining marks on one base."""
    return text if is_usual(text) else _MARKS_PERHAPS.sub(_first_marks, text)


def shorten(line: str, limit: int) -> str:
    """`line`, or its beginning and an ellipsis in at most `limit` characters: whole words and signs where it can."""
    if len(line) <= limit:
        return line
    room = limit - len(ELLIPSIS)
    end = room
    while end > room // 2 and _joins(line, end):
        end -= 1
    end = end if end > room // 2 else room
    kept = line[:end]
    space = kept.rfind(" ")
    # A language without spaces, or one endless word, is cut where the room ends.
    if not line[end].isspace() and space > limit // 2:
        kept = kept[:space]
    return kept.rstrip(" ,;:–—-(\"'«“„") + ELLIPSIS


def _joins(line: str, place: int) -> bool:
    """Whether a cut before `place` would take a mark, a joined sign or half a flag from what it belongs to."""
    before, after = line[place - 1], line[place]
    if before < FIRST_MARK and after < FIRST_MARK:
        return False
    if _is_regional(before) and _is_regional(after):
        first = place
        while first > 0 and _is_regional(line[first - 1]):
            first -= 1
        return (place - first) % 2 == 1
    return (
        unicodedata.category(after)[0] == "M"
        or "\u200d" in {before, after}
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or "\U000e0020" <= after <= "\U000e007f"
    )


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _useful_joiner(match: re.Match[str]) -> str:
    before, after = _neighbours(match)
    in_emoji = unicodedata.category(after) == "So" and unicodedata.category(before) in {"So", "Sk", "Mn"}
    return "\u200d" if in_emoji or unicodedata.combining(before) == _VIRAMA else ""


def _useful_non_joiner(match: re.Match[str]) -> str:
    return "\u200c" if all(_is_foreign_letter(character) for character in _neighbours(match)) else ""


def _neighbours(match: re.Match[str]) -> tuple[str, str]:
    """The characters before and after; a space where the text ends."""
    text, start, end = match.string, match.start(), match.end()
    return text[start - 1 : start] or " ", text[end : end + 1] or " "


def _is_foreign_letter(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character)[0] in {"L", "M"}


def _first_marks(match: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in match[0]:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
