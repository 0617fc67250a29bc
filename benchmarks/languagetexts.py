"""Texts whose language is known: the shared development data where it is, else a small sample of our own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.prose import SENTENCES

SHARED = Path(__file__).resolve().parents[2] / "shared" / "language" / "dev.tsv"
SITE_LANGUAGES = ("en", "eu", "hr", "fr", "de", "es")
CONDITIONS = ("t20", "t40", "t140", "social40", "post")

_POSTS = {
    "en": (
        "So proud of our team today!! 💪 #retrofit",
        "Can't believe the bill we got this month 😡",
        "RT @city: Doors open at six, see you there",
        "Anyone been to the repair café yet?",
        "Warm homes for all 🏠 https://city.example/warm",
        "Last few tickets left, don't miss it",
    ),
    "eu": (
        "Eskerrik asko guztioi etortzeagatik!! 💚",
        "Bihar arratsaldean elkartuko gara plazan ☀️",
        "RT @city: Izena emateko azken eguna da gaur",
        "Zer moduz asteburua? Guk oso ondo 😊",
        "Argindarra merkeago nahi dugu ⚡ #energia",
        "Ez ahaztu batzarrera etortzea https://city.example/bai",
    ),
    "hr": (
        "Hvala svima koji su došli sinoć!! 💚",
        "Vidimo se sutra u pet ispred knjižnice 😊",
        "RT @city: Prijave su otvorene do petka",
        "Ima li netko iskustva s toplinskim pumpama?",
        "Računi su opet viši nego lani 😡 #energija",
        "Dođite na radionicu, ulaz je slobodan https://city.example/dan",
    ),
    "fr": (
        "Merci à tous d'être venus hier soir !! 💚",
        "On se retrouve demain devant la mairie 😊",
        "RT @city : il reste quelques places, inscrivez-vous",
        "Quelqu'un a déjà isolé ses combles ?",
        "Encore une facture qui fait mal 😡 #énergie",
        "Venez nombreux samedi https://city.example/fete",
    ),
    "de": (
        "Danke an alle, die gestern da waren!! 💚",
        "Wir sehen uns morgen vor dem Rathaus 😊",
        "RT @city: Noch sind ein paar Plätze frei",
        "Hat hier jemand schon eine Wärmepumpe?",
        "Schon wieder eine höhere Rechnung 😡 #Strompreis",
        "Kommt am Samstag vorbei https://city.example/fest",
    ),
    "es": (
        "¡Gracias a todas por venir ayer! 💚",
        "Nos vemos mañana delante del ayuntamiento 😊",
        "RT @city: quedan pocas plazas, apúntate ya",
        "¿Alguien ha cambiado ya las ventanas?",
        "Otra vez ha subido la factura 😡 #luz",
        "Os esperamos el sábado https://city.example/fiesta",
    ),
}
_AROUND = ("RT @city: ", " #EnergyTransition #H2020 https://city.example/a-new-report 🔋")


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and what it is an example of."""

    language: str
    condition: str
    text: str

    @property
    def expected(self) -> tuple[str, ...]:
        """What a source of that language is usually configured with."""
        return (self.language, *(other for other in ("en", "es") if other != self.language))


def texts() -> tuple[list[Text], str]:
    """The texts in the site's languages, and what they are."""
    if not SHARED.is_file():
        return _sample(), "a small sample of our own"
    rows = [line.split("\t", 2) for line in SHARED.read_text("utf-8").splitlines()]
    found = [Text(*row) for row in rows if row[0] in SITE_LANGUAGES and row[1] in CONDITIONS]
    return found, "the shared development data"


def _sample() -> list[Text]:
    found = []
    for language in SITE_LANGUAGES:
        sentences = SENTENCES[language]
        for sentence, following in zip(sentences, (*sentences[1:], sentences[0]), strict=True):
            forty = _cut(sentence, 40)
            found += [
                Text(language, "t20", _cut(sentence, 20)),
                Text(language, "t40", forty),
                Text(language, "t140", _cut(f"{sentence} {following}", 140)),
                Text(language, "social40", forty.join(_AROUND)),
            ]
        found += [Text(language, "post", post) for post in _POSTS[language]]
    return found


def _cut(text: str, length: int) -> str:
    """The text's beginning, at the end of a word."""
    return text if len(text) <= length else text[: length + 1].rpartition(" ")[0]


def shares(rows: Sequence[Text], codes: Sequence[str]) -> Mapping[str, float]:
    """For each condition, the mean of the languages' shares of right answers in per cent."""
    right = defaultdict[str, defaultdict[str, list[bool]]](lambda: defaultdict(list))
    for row, code in zip(rows, codes, strict=True):
        right[row.condition][row.language].append(code.lower().partition("-")[0] == row.language)
    return {
        condition: 100 * sum(sum(its) / len(its) for its in languages.values()) / len(languages)
        for condition, languages in right.items()
    }
