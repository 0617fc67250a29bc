"""What of a text is read for its language: words, and nothing that is the same in every language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine.language import words
from aggregator.refine.language.words import MAX_LENGTH, words_of_each
from tests.examples import examples
from tests.refine.strategies import any_text


@pytest.mark.parametrize(
    ("text", "read"),
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
def test_addresses_and_mentions_are_no_words(text: str, read: str) -> None:
    assert words_of_each([text]) == [read]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Die Stadt dämmt Häuser #EnergyTransition #climate", "Die Stadt dämmt Häuser"),
        (
            "Die Stadt dämmt #dreihundertWohnungen bis zum Winter",
            "Die Stadt dämmt dreihundert Wohnungen bis zum Winter",
        ),
        ("Bai! #UdalakEnergiaKontuak #herritarren_batzarra", "Bai! Udalak Energia Kontuak herritarren batzarra"),
        ("Bai! #Energia", "Bai!"),
        ("Energia 🔋⚡ denontzat 👩‍👩‍👧", "Energia denontzat"),
        ("462 kWh, 1.5 °C, 14.3.2020, CO2", ""),
        ("Buenaaaas noooches", "Buenas noches"),
        ("A &amp; B&#8217;s", "A B s"),
    ],
)
def test_hashtags_are_words_where_little_else_is(text: str, read: str) -> None:
    assert words_of_each([text]) == [read]


def test_only_the_beginning_is_read() -> None:
    assert words_of_each(["word " * 200_000]) == [("word " * 200)[:MAX_LENGTH]]


@settings(deadline=None, max_examples=examples(200))
@given(st.one_of(any_text, st.text("aBéÑčŽ²½ª012 _.,:!?'’·-@#&/\n\xa0", max_size=60)))
def test_latin_words_are_the_same_as_words_of_any_script(text: str) -> None:
    found = words.words_of_each([text])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(words, "_LATIN_SCRIPT", words._ANY_SCRIPT)
        assert words.words_of_each([text]) == found


_signs = st.sampled_from(
    [
        *(
            "word ",
            "Déjà",
            "x",
            "CO2 ",
            "3 km², ",
            "a-b",
            "a--b",
            "a-b-c",
            "l’eau. ",
            " - ",
            "…",
            "(",
            ") ",
            "• ",
            "“no” ",
        ),
        *(".", ", ", "?!", "...", "e.g. ", "\n", "\n\n", "\t", "\xa0", "  ", "aaa", "!!!", "½", "№", "жар ", "\0"),
        *(
            "&",
            "&amp;",
            "&#8217;",
            "#Tag ",
            "@me ",
            "_",
            "/",
            "://",
            "http://a.b ",
            "www.",
            "www.!",
            "city.eu ",
            "RT @",
        ),
    ]
)


@settings(deadline=None, max_examples=examples(500))
@given(st.lists(st.one_of(any_text, st.lists(_signs, max_size=30).map("".join)), max_size=6))
def test_usual_words_of_many_texts_are_the_same_as_any_others(texts: list[str]) -> None:
    found = words.words_of_each(texts)
    assert found == [words.words_of_each([text])[0] for text in texts]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(words, "encoded", lambda _: None)
        assert words.words_of_each(texts) == found
