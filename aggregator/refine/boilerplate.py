"""What programs add to the words of an entry: «The post … appeared first on …», «Read more» and the like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

# What WordPress plug-ins add to each entry.
_POST_APPEARED = re.compile(
    r"(?:^|(?<=\s))(?:the post|la entrada|el post|cet article|l[’']article|l[’']articolo|l[’']entrada|der beitrag"
    r"|o post|a publicação|o artigo|objava|članak|prispevek|het bericht)\s.{1,300}?\s(?:appeared first on"
    r"|(?:se publicó|aparece|apareció|apareix|ha aparegut) primer[oa]? (?:en|a)|est apparu en premier sur"
    r"|erschien zuerst auf|(?:apareceu|aparece) primeiro em|(?:proviene da|sembra essere il primo su)"
    r"|(?:se )?pojavi(?:o|la|lo)(?: se)? (?:najprije|prvi puta?|prvo)(?: na)?|verscheen eerst op)\s.{1,150}$",
    re.IGNORECASE,
)
_READ_ON = re.compile(
    r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\((?:more|más|plus)[….]*\))?\s*"
    r"(?:(?:continue reading|read more|seguir leyendo|leer más|continuar leyendo|lire la suite|weiterlesen|mehr lesen"
    r"|pročitaj(?:te)? više|opširnije|irakurri gehiago|jarraitu irakurtzen|leia mais)\b.{0,160})?$",
    re.IGNORECASE,
)
_TAIL_LENGTH = 500
# One of these is among so many last characters of each text in which the two find something, for at most 160 follow it.
# They are looked for first: that takes a fiftieth of the time. None begins with a vowel, which half of all letters are.
_END_LENGTH = 200
_APPEARED_WORDS = (
    "first on", "primer", "premier sur", "zuerst auf", "primeiro em", "proviene da", "primo su", "pojavi",
    "cheen eerst op",
)  # fmt: skip
_READ_ON_WORDS = (
    "continue reading", "read more", "leyendo", "leer más", "lire la suite", "lesen", "pročitaj", "pširnije",
    "kurri gehiago", "kurtzen", "leia mais", "[", "(more", "(más", "(plus",
)  # fmt: skip


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """A pattern that finds any of `words`: by their first letters, so that most places are passed over at a glance."""
    by_letter = groupby(sorted(words), key=itemgetter(0))
    return re.compile(
        "|".join(
            f"{re.escape(letter)}(?:{'|'.join(re.escape(word[1:]) for word in alike)})" for letter, alike in by_letter
        )
    )


_APPEARED = _any_of(_APPEARED_WORDS)
_TELLTALE = _any_of(_APPEARED_WORDS + _READ_ON_WORDS)


def without_boilerplate(text: str) -> str:
    """A text of clean lines (`text_of`) without what a program added to its end; «…» stands for «read on»."""
    end = text[-_END_LENGTH:].lower()
    if _TELLTALE.search(end) is None:
        return text.strip().removeprefix("…")
    head, tail = text[:-_TAIL_LENGTH], text[-_TAIL_LENGTH:]
    kept = (tail if _APPEARED.search(end) is None else _POST_APPEARED.sub("", tail)).rstrip()
    read_on = _READ_ON.search(kept, max(0, len(kept) - _END_LENGTH))
    if read_on is not None and read_on[0].strip():
        kept = kept[: read_on.start()].rstrip(" .…[") + "…"
    return (head + kept).strip().removeprefix("…")
