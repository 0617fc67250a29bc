"""What people read, in their language, where an address leads to no page. Knows neither requests nor pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """One language's words. After `unreadable` stands what is wrong, in English."""

    missing: str
    unreadable: str
    failed: str


PROBLEM_WORDS: Final[Mapping[str, ProblemWords]] = {
    "de": ProblemWords(
        missing="Diese Seite gibt es hier nicht.",
        unreadable="Diese Adresse lässt sich nicht lesen:",
        failed="Hier ist etwas schiefgegangen. Bitte versuchen Sie es gleich noch einmal.",
    ),
    "en": ProblemWords(
        missing="That page is not here.",
        unreadable="That address cannot be read:",
        failed="Something went wrong here. Please try again soon.",
    ),
    "es": ProblemWords(
        missing="Esa página no está aquí.",
        unreadable="Esa dirección no se puede leer:",
        failed="Algo ha fallado aquí. Inténtelo de nuevo en un momento.",
    ),
    "eu": ProblemWords(
        missing="Orri hori ez dago hemen.",
        unreadable="Helbide hori ezin da irakurri:",
        failed="Zerbaitek huts egin du hemen. Saiatu berriro laster.",
    ),
    "fr": ProblemWords(
        missing="Cette page est introuvable.",
        unreadable="Cette adresse ne peut pas être lue\N{NO-BREAK SPACE}:",
        failed="Une erreur s’est produite ici. Réessayez dans un instant.",
    ),
    "hr": ProblemWords(
        missing="Te stranice ovdje nema.",
        unreadable="Ta se adresa ne može pročitati:",
        failed="Ovdje je nešto pošlo po zlu. Pokušajte ponovno za koji trenutak.",
    ),
    "pt": ProblemWords(
        missing="Essa página não está aqui.",
        unreadable="Esse endereço não pode ser lido:",
        failed="Algo falhou aqui. Tente de novo daqui a pouco.",
    ),
}
