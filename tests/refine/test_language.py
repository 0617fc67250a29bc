"""Languages: the six of the stream, Basque among them, and silence where a text says nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import LanguageIdentifier

from aggregator.refine.language import detect, langid, scores, words
from tests.refine.strategies import any_text

DEVELOPMENT = Path(__file__).resolve().parents[2] / "../shared/language/dev.tsv"

SITE_LANGUAGES = ("en", "eu", "hr", "fr", "de", "es")


@pytest.fixture(params=["eldc", "py3langid", "letters alone"])
def each_voter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where eldc cannot be installed another one answers, or the letters' statistics alone: what holds must hold there."""
    if request.param == "eldc":
        pytest.importorskip("eldc", reason="eldc is not built for this platform")
    else:
        monkeypatch.setattr(scores, "eldc", None)
    if request.param == "letters alone":
        monkeypatch.setattr(langid, "_identifier", lambda: None)


@pytest.fixture(params=["eldc", "py3langid"])
def each_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """One of the two that give scores."""
    if request.param == "eldc":
        pytest.importorskip("eldc", reason="eldc is not built for this platform")
    else:
        monkeypatch.setattr(scores, "eldc", None)
    return str(request.param)


@pytest.fixture
def eldc() -> None:
    pytest.importorskip("eldc", reason="eldc is not built for this platform")


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


MORE = {
    "en": "Everybody who lives nearby may come to the next meeting about heating.",
    "eu": "Inguruan bizi den edonor etor daiteke berokuntzari buruzko hurrengo bilerara.",
    "hr": "Svatko tko živi u blizini može doći na sljedeći sastanak o grijanju.",
    "fr": "Tous ceux qui habitent le quartier peuvent venir à la prochaine réunion.",
    "de": "Wer in der Nähe wohnt, darf zum nächsten Treffen über das Heizen kommen.",
    "es": "Quien viva en el barrio puede venir a la próxima reunión sobre calefacción.",
    "pt": "Quem mora no bairro pode vir à próxima reunião sobre o aquecimento.",
    "it": "Chi abita nel quartiere può venire alla prossima riunione sul riscaldamento.",
}


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.usefixtures("each_voter")
def test_a_sentence_is_recognised_without_any_hint(language: str) -> None:
    found = detect(TEXTS[language])
    assert found.code == language
    assert found.confidence > 0.9


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.usefixtures("each_voter")
def test_a_clear_text_wins_against_wrong_hints(language: str) -> None:
    others = [other for other in ("en", "es") if other != language]
    assert detect(TEXTS[language], candidates=others, declared=others[0]).code == language


@pytest.mark.usefixtures("each_voter")
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
@pytest.mark.usefixtures("each_voter")
def test_a_text_without_words_is_in_no_language(text: str) -> None:
    assert detect(text, candidates=["eu"], declared="eu").code == "und"


@pytest.mark.usefixtures("each_voter")
def test_addresses_mentions_and_last_hashtags_are_not_read() -> None:
    text = f"{TEXTS['eu']} https://example.org/the-best-of-the-things @theverybest #TheThings #WithEnglishWords"
    assert detect(text) == detect(TEXTS["eu"])


@pytest.mark.usefixtures("each_voter")
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
@pytest.mark.usefixtures("each_voter")
def test_south_slavic_is_croatian_unless_the_source_says_otherwise(
    candidates: tuple[str, ...], declared: str | None, code: str
) -> None:
    assert detect(TEXTS["hr"], candidates=candidates, declared=declared).code == code


@pytest.mark.usefixtures("each_voter")
def test_declared_tags_may_have_any_form() -> None:
    assert detect(TEXTS["en"], declared="en-GB").evidence == "letters and declared"
    assert detect(TEXTS["en"], declared="EN_us ").evidence == "letters and declared"
    assert detect(TEXTS["en"], declared="\0").code == "en"


@settings(deadline=None, max_examples=100)
@given(any_text, st.lists(any_text, max_size=2), st.one_of(st.none(), any_text))
@pytest.mark.usefixtures("each_voter")
def test_no_text_and_no_hint_is_too_strange(text: str, candidates: list[str], declared: str | None) -> None:
    found = detect(text, candidates=candidates, declared=declared)
    assert 0 <= found.confidence <= 1
    assert detect(text, candidates=candidates, declared=declared) == found


@pytest.mark.parametrize(
    "text", ["word " * 200_000, "#a " * 300_000, "x" * 1_000_000, "http://" * 100_000, "a@" * 500_000]
)
@pytest.mark.usefixtures("each_voter")
def test_of_a_huge_text_only_the_beginning_is_read(text: str) -> None:
    assert detect(text) == detect(text[: words.MAX_INPUT])


def test_a_huge_tag_is_no_language() -> None:
    assert detect(TEXTS["eu"], candidates=["en" * 500_000], declared="x" * 1_000_000) == detect(TEXTS["eu"])


@pytest.mark.usefixtures("each_voter")
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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("462 kWh, 1.5 °C", "und"),
        ("+25 % 🌍 14.3.2020 10:00 – 3 km²", "und"),
        ("&amp; @someone", "und"),
        ("RT @someone: https://city.example/the-best-of-the-things", "und"),
        ("#UdalakEnergiaKontuak #HerritarrenBatzarra", "eu"),
        ("Buenaaaas noooches a todoooos", "es"),
        ("Die Stadt dämmt #dreihundertWohnungen bis zum Winter", "de"),
        ("Градско веће је одлучило да обнови тристо станова пре следеће зиме.", "sr"),
    ],
)
@pytest.mark.usefixtures("eldc")
def test_what_is_no_word_is_not_read_and_what_is_one_is(text: str, code: str) -> None:
    assert detect(text, candidates=["sr"] if code == "sr" else []).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("O concello acordou illar trescentas vivendas antes do vindeiro inverno.", "gl"),
        ("A xunta de veciños reúnese mañá para falar da enerxía e das facturas", "gl"),
        ("A cooperativa de inquilinos é agora dona das placas da escola", "gl"),
        ("O prezo da luz baixou desde que a aldea comprou o muíño", "gl"),
        ("El ayuntamiento ha acordado aislar trescientas viviendas antes del próximo invierno.", "es"),
        ("Excelente reunión con la asociación de vecinos, con mucha participación", "es"),
        ("Se trata de un proyecto de la cooperativa de inquilinos", "es"),
        ("Más información en la próxima convocatoria", "es"),
        ("A câmara municipal decidiu isolar trezentas habitações antes do próximo inverno.", "pt"),
        ("The neighbours met on Thursday to talk about heat", "en"),
    ],
)
@pytest.mark.usefixtures("each_library")
def test_galician_is_found_where_it_is_expected(text: str, code: str) -> None:
    assert detect(text, candidates=["gl", "es", "en"]).code == code


@pytest.mark.parametrize("between", [" ", "\n", " / ", " | ", " – ", " 🇪🇺 "])
@pytest.mark.parametrize(("main", "second"), [*permutations(TEXTS, 2)])
@pytest.mark.usefixtures("each_library")
def test_a_text_in_two_languages_names_the_second_in_its_evidence(main: str, second: str, between: str) -> None:
    found = detect(f"{TEXTS[main]} {MORE[main]}{between}{TEXTS[second]}", candidates=[main])
    assert (found.code, found.evidence) == (main, f"letters and source; also {second}")


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.usefixtures("each_voter")
def test_a_text_in_one_language_names_no_second(language: str) -> None:
    assert "also" not in detect(f"{TEXTS[language]} {MORE[language]}", candidates=["eu", "en"]).evidence


@pytest.mark.parametrize("missing", ["", "; scores.eldc = None"])
def test_many_threads_may_be_the_first_to_ask(missing: str) -> None:
    """In a fresh process: here everything is loaded already."""
    program = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        f"from aggregator.refine.language import detect, scores{missing}\n"
        f"texts = {list(TEXTS.values())!r} * 4\n"
        "with ThreadPoolExecutor(8) as pool: print(*(found.code for found in pool.map(detect, texts)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*TEXTS] * 4


def test_a_library_that_cannot_be_loaded_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise FileNotFoundError("no usable temporary folder")

    monkeypatch.setattr(LanguageIdentifier, "from_model_file", fail)
    assert langid._loaded.__wrapped__() is None


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.sampled_from([*TEXTS.values()]), any_text).map(lambda text: words.words_of_each([text])[0]))
@pytest.mark.usefixtures("eldc")
def test_the_best_language_is_the_first_of_the_scores(text: str) -> None:
    assert scores.best_of_each([text]) == [next(iter(scores.score(text) or {}), "")]


# What is asked of both libraries: the share of right answers, mean of the site's languages.
GOALS = {
    ("none", "t40"): (0.99, 0.99),
    ("none", "t140"): (0.998, 0.998),
    ("source", "t20"): (0.99, 0.965),
    ("source", "t40"): (0.994, 0.994),
    ("source", "t140"): (0.999, 0.999),
    ("source", "social40"): (0.995, 0.995),
    ("source", "social140"): (0.998, 0.998),
    ("source", "post"): (0.985, 0.98),
    ("off", "t40"): (0.985, 0.985),
}
HINTS = {"none": [], "source": ["en", "es", "fr"], "off": ["pl", "it"]}


@pytest.mark.corpus
@pytest.mark.parametrize(("hints", "condition"), GOALS)
def test_short_texts_are_recognised(hints: str, condition: str, each_library: str) -> None:
    right, asked = Counter[str](), Counter[str]()
    for language, text in _development(condition):
        if language in SITE_LANGUAGES:
            asked[language] += 1
            own = [language] if hints == "source" else []
            right[language] += detect(text, candidates=[*own, *HINTS[hints]]).code == language
    share = GOALS[hints, condition][each_library != "eldc"]
    assert sum(right[language] / asked[language] for language in asked) / len(asked) >= share
    assert all(right[language] / asked[language] >= 0.95 for language in asked)


@pytest.mark.corpus
@pytest.mark.usefixtures("each_library")
def test_each_language_is_recognised_where_it_is_expected() -> None:
    right, asked = Counter[str](), Counter[str]()
    for condition in ("t40", "t140", "social140"):
        for language, text in _development(condition):
            asked[language] += 1
            right[language] += detect(text, candidates=[language, "en"]).code == language
    shares = [right[language] / asked[language] for language in asked]
    assert len(shares) == 23
    assert sum(shares) / len(shares) >= 0.99
    assert min(shares) >= 0.93


@pytest.mark.corpus
@pytest.mark.usefixtures("each_voter")
def test_noise_is_in_no_language() -> None:
    codes = [detect(text, candidates=["eu", "es", "en"]).code for _, text in _development("noise")]
    assert codes.count("und") / len(codes) >= 0.99


@pytest.mark.corpus
@pytest.mark.usefixtures("each_voter")
def test_basque_is_found_in_short_texts() -> None:
    for condition, share in (("t40", 0.95), ("t140", 0.99)):
        codes = [detect(text).code for language, text in _development(condition) if language == "eu"]
        assert codes.count("eu") / len(codes) >= share


def _development(condition: str) -> list[tuple[str, str]]:
    if not DEVELOPMENT.is_file():
        pytest.skip("../shared/language/dev.tsv is not here")
    rows = (line.split("\t", 2) for line in DEVELOPMENT.read_text("utf-8").splitlines())
    return [(language, text) for language, its_condition, text in rows if its_condition == condition]
