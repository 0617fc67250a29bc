"""Languages: the six of the stream, Basque among them, and silence where a text says nothing."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine.language import detect
from tests.refine.strategies import any_text

DEVELOPMENT = Path(__file__).resolve().parents[2] / "../shared/language/dev.tsv"

TEXTS = {
    "en": "The council has agreed to insulate three hundred homes before next winter.",
    "eu": "Udalak hirurehun etxebizitza isolatzea erabaki du datorren negua baino lehen.",
    "hr": "Gradsko vijeće odlučilo je obnoviti tristo stanova prije iduće zime.",
    "fr": "La commune a décidé d’isoler trois cents logements avant l’hiver prochain.",
    "de": "Der Gemeinderat hat beschlossen, dreihundert Wohnungen vor dem Winter zu dämmen.",
    "es": "El ayuntamiento ha acordado aislar trescientas viviendas antes del próximo invierno.",
    "pt": "A câmara municipal decidiu isolar trezentas habitações antes do próximo inverno.",
    "it": "Il consiglio comunale ha deciso di isolare trecento abitazioni prima dell’inverno.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_recognised_without_any_hint(language: str) -> None:
    found = detect(TEXTS[language])
    assert found.code == language
    assert found.confidence > 0.9


@pytest.mark.parametrize("language", TEXTS)
def test_a_clear_text_wins_against_wrong_hints(language: str) -> None:
    others = [other for other in ("en", "es") if other != language]
    assert detect(TEXTS[language], candidates=others, declared=others[0]).code == language


def test_hints_decide_where_the_letters_do_not() -> None:
    assert detect("Madrid informa", candidates=["es"], declared="es").code == "es"
    assert detect("Ordenanza municipal", candidates=["es", "eu"]).evidence == "letters and source"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "👍🎉",
        "12:30 – 14:00",
        "https://city.example/post",
        "@someone #Energia",
        "\ud800\0",
        "a",
        "?!",
        "\u0301",
    ],
)
def test_a_text_without_words_is_in_no_language(text: str) -> None:
    assert detect(text, candidates=["eu"], declared="eu").code == "und"


def test_addresses_mentions_and_last_hashtags_are_not_read() -> None:
    text = f"{TEXTS['eu']} https://example.org/the-best-of-the-things @theverybest #TheThings #WithEnglishWords"
    assert detect(text) == detect(TEXTS["eu"])


def test_capitals_are_read_as_well() -> None:
    assert detect(TEXTS["hr"].upper()).code == "hr"


@pytest.mark.parametrize(
    ("candidates", "declared", "code"),
    [
        ((), None, "hr"),
        (("hr", "en"), None, "hr"),
        (("sr",), None, "sr"),
        (("en",), "bs", "bs"),
        (("hr", "sr"), "sr", "hr"),
    ],
)
def test_south_slavic_is_croatian_unless_the_source_says_otherwise(
    candidates: tuple[str, ...], declared: str | None, code: str
) -> None:
    assert detect(TEXTS["hr"], candidates=candidates, declared=declared).code == code


def test_declared_tags_may_have_any_form() -> None:
    assert detect(TEXTS["en"], declared="en-GB").evidence == "letters and declared"
    assert detect(TEXTS["en"], declared="EN_us ").evidence == "letters and declared"
    assert detect(TEXTS["en"], declared="\0").code == "en"


@settings(deadline=None, max_examples=100)
@given(any_text, st.lists(any_text, max_size=2), st.one_of(st.none(), any_text))
def test_no_text_and_no_hint_is_too_strange(text: str, candidates: list[str], declared: str | None) -> None:
    found = detect(text, candidates=candidates, declared=declared)
    assert 0 <= found.confidence <= 1
    assert detect(text, candidates=candidates, declared=declared) == found


@pytest.mark.parametrize(
    "text", ["word " * 200_000, "#a " * 300_000, "x" * 1_000_000, "http://" * 100_000, "a@" * 500_000]
)
def test_a_huge_text_ends(text: str) -> None:
    assert detect(text).confidence <= 1


def test_threads_get_the_same_answers() -> None:
    answers: list[str] = []

    def ask() -> None:
        answers.extend(detect(text).code for text in TEXTS.values())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == dict.fromkeys(TEXTS, 4)


@pytest.mark.corpus
def test_basque_is_found_in_short_texts() -> None:
    if not DEVELOPMENT.is_file():
        pytest.skip("../shared/language/dev.tsv is not here")
    right, asked = Counter[str](), Counter[str]()
    for line in DEVELOPMENT.read_text("utf-8").splitlines():
        language, condition, text = line.split("\t", 2)
        if language == "eu" and condition in {"t40", "t140"}:
            asked[condition] += 1
            right[condition] += detect(text).code == "eu"
    assert right["t40"] / asked["t40"] >= 0.95
    assert right["t140"] / asked["t140"] >= 0.99
