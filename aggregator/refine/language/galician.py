"""Galician, which no statistics here know: told from Spanish and Portuguese by its small words and its spelling.

Asked only where a source or entry says that Galician is to be expected; elsewhere such a text counts as Spanish or
Portuguese, as it does with most of what is written about languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SPANISH, PORTUGUESE, GALICIAN = "es", "pt", "gl"
# What a word or a spelling adds to a score; Galician is what its source usually writes.
_WORD = 0.10
_SPELLING = 0.08
_EXPECTED = 0.03
_UNEXPECTED = 0.08

# Words of all three are left out.
_WORDS_OF = {
    GALICIAN: (
        "ado algunha ao aos as ata aínda cando co coa coas con cos cun cunha da das deica dende do dos dous dun "
        "dunha dunhas dúas e ela eles en esa esas ese eses están eu foi foron grazas hai hoxe isto lle lles mañá "
        "moi moita moito máis na nas nesta neste nin ningunha non nos nun nunha o onde os ou outra outro pero "
        "pode poden pola polas polo polos quen segundo sempre sen seu seus son só súa súas tamén temos ten teñen "
        "tras un unha unhas uns xa á ás é"
    ),
    SPANISH: (
        "ahora al ayer bien con cuando del donde el ella ellos en eres es esa esas ese esos esto estoy están fue "
        "fueron gracias ha hace han hasta hay hoy la las le les lo los luego mañana mi muy más ni no nosotros "
        "otra otro pero porque puede pueden según si sin soy su sus también tengo tiene tienen todavía tu un una "
        "unas unos usted y ya yo"
    ),
    PORTUGUESE: (
        "agora ainda amanhã ao aos as até bem com da das depois do dos dum duma e ela eles em essa esse estão eu "
        "foi foram hoje há isso isto já lhe mais mas muito na nas nem no nos num numa não o obrigado onde ontem "
        "os ou outra outro pela pelas pelo pelos pode podem quando quem segundo sem sempre seu seus sua suas são "
        "só também tem temos têm um uma umas uns você à às é"
    ),
}
_OWN_WORDS = {language: frozenset(words.split()) for language, words in _WORDS_OF.items()}
_SPELLINGS = {
    GALICIAN: re.compile(r"x[aeiouáéíóú]|ñ|ción|eir[oa]s?\b|[nd]?unhas?\b"),
    SPANISH: re.compile(r"[gj][eiéí]|ciones\b|ñ|ie[rnlst]|ue[rnlst]"),
    PORTUGUESE: re.compile(r"[ãõçâêô]|(?:(?<!u)n|l)h[aeiou]|ss|[aeo]m\b"),
}
_WORDS = re.compile(r"[^\W\d_]+")


def is_galician(words: str, scores: Mapping[str, float], expected: frozenset[str]) -> bool:
    """Whether cleaned words that look Spanish or Portuguese are Galician.

    `scores` are those of eldc, `expected` the languages that are. Spanish and Portuguese that are not expected need
    more for being believed.
    """
    lowered = words.lower()
    found = _WORDS.findall(lowered)
    best = max(scores.get(SPANISH, 0.0), scores.get(PORTUGUESE, 0.0))
    sums = {SPANISH: scores.get(SPANISH, 0.0), PORTUGUESE: scores.get(PORTUGUESE, 0.0), GALICIAN: best + _EXPECTED}
    for language, own in _OWN_WORDS.items():
        sums[language] += _WORD * sum(word in own for word in found)
        sums[language] += _SPELLING * len(_SPELLINGS[language].findall(lowered))
        sums[language] -= 0.0 if language in expected else _UNEXPECTED
    return max(sums, key=sums.__getitem__) == GALICIAN
