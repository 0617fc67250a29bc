"""What of a text is read for its language: words, and nothing that is the same in every language."""

from __future__ import annotations

import pytest

from aggregator.refine.language.words import MAX_LENGTH, words_of_each


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Read city.eu, it is good", "Read it is good"),
        ("News at city.eu.", "News at"),
        ("More at a.city.eus/berriak?x=1 now", "More at now"),
        ("Ask city.coop:8080/x now", "Ask now"),
        ("Look: bit.ly/2abc, pic.twitter.com/x", "Look:"),
        ("No llovía hoy.Es verdad", "No llovía hoy. Es verdad"),
        ("Ask the Mayor.Company news", "Ask the Mayor. Company news"),
        ("z. B. so/oder anders", "z. B. so oder anders"),
        ("Write to a.b@city.eu or c+d@mail.city.example today", "Write to or today"),
        ("Gracias!!@someone hola", "Gracias!! hola"),
        ("Thanks @name@city.social and @name.city.example too", "Thanks and too"),
        ("Read this via @someone", "Read this"),
        ("RT @someone: Read this", "Read this"),
        ("We went via Vienna", "We went via Vienna"),
        ("https://city.example/a-good-thing http://x www.city.example", ""),
    ],
)
def test_addresses_and_mentions_are_no_words(text: str, words: str) -> None:
    assert words_of_each([text]) == [words]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Die Stadt dämmt Häuser #EnergyTransition #climate", "Die Stadt dämmt Häuser"),
        ("Die Stadt dämmt #dreihundertWohnungen bis zum Winter", "Die Stadt dämmt dreihundert Wohnungen bis zum Winter"),
        ("Bai! #UdalakEnergiaKontuak #herritarren_batzarra", "Bai! Udalak Energia Kontuak herritarren batzarra"),
        ("Bai! #Energia", "Bai!"),
        ("Energia 🔋⚡ denontzat 👩‍👩‍👧", "Energia denontzat"),
        ("462 kWh, 1.5 °C, 14.3.2020, CO2", ""),
        ("Buenaaaas noooches", "Buenas noches"),
        ("A &amp; B&#8217;s", "A B s"),
    ],
)
def test_hashtags_are_words_where_little_else_is(text: str, words: str) -> None:
    assert words_of_each([text]) == [words]


def test_only_the_beginning_is_read() -> None:
    assert words_of_each(["word " * 200_000]) == [("word " * 200)[:MAX_LENGTH]]
