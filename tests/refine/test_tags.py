"""Tags: words with their endings, hashtags, categories, and where each tag came from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Tag, TagMatch
from aggregator.refine.endings import inflected
from aggregator.refine.folding import fold
from aggregator.refine.phrases import SHORTEST_RUN_TOGETHER, Phrases
from aggregator.refine.tags import MOST_BY_WORDS, WORDS_LENGTH, Tagger
from tests.examples import examples
from tests.refine.strategies import any_text

TAGS = (
    Tag(
        "energy-poverty",
        {"en": "Energy poverty", "es": "Pobreza energética", "hr": "Energetsko siromaštvo", "eu": "Energia-pobrezia"},
        {"en": ("fuel poverty", "energy poor"), "de": ("Energiearmut",), "fr": ("précarité énergétique",)},
    ),
    Tag("retrofit", {"en": "Retrofit", "fr": "Rénovation"}, {"en": ("insulation",), "eu": ("birgaitze",)}),
    Tag("wind", {"en": "Wind", "eu": "Haizea"}, {"de": ("Windkraft",), "hr": ("vjetroelektrana",)}),
    Tag("heat", {"en": "Heat", "de": "Wärme"}, {"en": ("heat pump", "district heating")}),
)
TAGGER = Tagger(TAGS)

_words = st.sampled_from(
    [
        *("energy", "energies", "poverty", "luz", "de", "la", "calle", "dela", "co", "op", "coop", "heat", "heats"),
        *("heated", "pump", "pumps", "council", "wind", "window", "häuser", "abc", "abcd", "abcde", "abcdefghi"),
        *("abcdefghijk", "C40", "40", "cœur", "東京", "жар", "a", "s"),
    ]
)
_gaps = st.sampled_from((" ", " ", " ", "-", "’", " – ", ". ", ", ", "", "/", "\n", "’s ", "  ", "_", "!"))
_texts = st.lists(st.tuples(_words, _gaps), max_size=20).map(lambda parts: "".join(map("".join, parts)))
_phrases = st.tuples(
    st.sampled_from("ABC"),
    st.sampled_from(("en", "es", "de", "eu", "xx")),
    st.lists(_words, min_size=1, max_size=3).map(" ".join),
)


def tags_of(text: str, language: str, **given: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(match.tag, match.origin) for match in TAGGER.match(text, language=language, **given)]


@pytest.mark.parametrize(
    ("text", "language", "tag"),
    [
        ("Fuel poverty grows", "en", "energy-poverty"),
        ("FUEL-POVERTY grows", "en", "energy-poverty"),
        ("La pobreza energetica en casa", "es", "energy-poverty"),
        ("Borba protiv energetskog siromaštva", "hr", "energy-poverty"),
        ("Energia-pobreziaren aurka", "eu", "energy-poverty"),
        ("energia pobrezia", "eu", "energy-poverty"),
        ("Energiearmutsbericht", "de", "energy-poverty"),
        ("la précarité\nénergétique", "fr", "energy-poverty"),
        ("les rénovations", "fr", "retrofit"),
        ("retrofitting homes", "en", "retrofit"),
        ("etxeak birgaitzeko", "eu", "retrofit"),
        ("haizearen indarra", "eu", "wind"),
        ("vjetroelektrane", "hr", "wind"),
        ("Windkraftanlagen", "de", "wind"),
        ("Fuel poverty", "eu", "energy-poverty"),
        ("Energiearmut", "und", "energy-poverty"),
        ("Energiearmut", "sv", "energy-poverty"),
        ("Energiearmut", "de-AT", "energy-poverty"),
    ],
)
def test_a_word_is_found_with_the_endings_of_its_language(text: str, language: str, tag: str) -> None:
    assert (tag, "word") in tags_of(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Open the window", "en"),
        ("rewind it", "en"),
        ("theatre", "en"),
        ("poverty of energy", "en"),
        ("Energiearmut", "es"),
        ("", "en"),
        ("cheats", "en"),
    ],
)
def test_what_only_looks_alike_is_not_found(text: str, language: str) -> None:
    assert tags_of(text, language) == []


def test_hashtags_are_read_in_their_words_and_in_one_piece() -> None:
    assert tags_of("Gaur #EnergiaPobrezia", "eu") == [("energy-poverty", "hashtag")]
    assert tags_of("#fuelpoverty", "es") == [("energy-poverty", "hashtag")]
    assert tags_of("#HeatPumps4All!", "en") == [("heat", "hashtag")]
    assert tags_of("https://city.example/#heat", "es") == []


def test_categories_count_whole_and_in_any_language() -> None:
    assert tags_of("", "en", categories=("Pobreza Energética", "Heat")) == [
        ("energy-poverty", "category"),
        ("heat", "category"),
    ]
    assert tags_of("", "en", categories=("energy-poverty",)) == [("energy-poverty", "category")]
    assert tags_of("", "en", categories=("Heat of the moment", "")) == []


def test_a_tag_comes_once_with_its_strongest_origin() -> None:
    found = TAGGER.match(
        "Heat pumps against #EnergyPoverty and fuel poverty; insulation",
        language="en",
        categories=("Retrofit",),
        source_tags=("wind", "heat"),
    )
    assert found == (
        TagMatch("wind", "source"),
        TagMatch("heat", "source"),
        TagMatch("retrofit", "category", "Retrofit"),
        TagMatch("energy-poverty", "hashtag", "#EnergyPoverty"),
    )


def test_the_evidence_is_the_phrase_as_it_was_configured() -> None:
    assert TAGGER.match("insulated? no: INSULATION", language="en")[0].evidence == "insulation"


def test_comparing_ignores_case_and_accents() -> None:
    assert fold("Précarité ÉNERGÉTIQUE, Đakovo, Straße") == "precarite energetique, dakovo, strasse"


def test_words_without_letters_are_no_phrases() -> None:
    phrases = Phrases([("a", "en", "–"), ("b", "en", ""), ("c", "en", "C40")])
    assert phrases.found_in("– C40 – c400") == {"c": "C40"}


@settings(deadline=None, max_examples=examples(100))
@given(any_text)
def test_no_text_and_no_phrase_is_too_strange(text: str) -> None:
    TAGGER.match(text, language=text, categories=(text,), source_tags=(text,))
    Tagger([Tag("t", {"en": text}, {text: (text,)})]).match(text, language="und", categories=(text,))


@pytest.mark.parametrize(
    "text", ["energ" * 200_000, "#" * 1_000_000, "#aB" * 300_000, "fuel " * 200_000, "é" * 1_000_000]
)
def test_a_huge_text_ends(text: str) -> None:
    assert tags_of(text, "en") in ([], [("energy-poverty", "word")])


@pytest.mark.parametrize("text", ["la luz dela calle", "luzdelacalle", "una luz, luz de la calle", "luz-de-la-calles"])
def test_a_phrase_is_found_where_its_words_run_together_or_begin_twice(text: str) -> None:
    assert Phrases([("street", "es", "luz de la calle")]).found_in(text) == {"street": "luz de la calle"}


def test_the_first_phrase_in_the_text_is_the_evidence_however_many_words_say_something() -> None:
    phrases = Phrases([("heat", "en", "heat pump"), ("heat", "en", "district heating"), ("heat", "de", "wärmenetz")])
    many = " ".join(f"warmenetz{number}x" for number in range(200))
    assert phrases.found_in(f"heat, district heating, heat pump, {many}") == {"heat": "district heating"}
    assert phrases.found_in(f"heat, {many}, district heating") == {"heat": "wärmenetz"}


@settings(deadline=None, max_examples=examples(100))
@given(st.lists(_phrases, max_size=8), st.lists(_texts, max_size=8))
def test_what_was_read_before_changes_nothing(phrases: list[tuple[str, str, str]], texts: list[str]) -> None:
    shared = Phrases(phrases)
    assert [shared.found_in(text) for text in texts] == [Phrases(phrases).found_in(text) for text in texts]


def test_nothing_is_found_of_no_phrases() -> None:
    assert Phrases([]).found_in("heat") == {}
    assert Phrases([("a", "en", "*")]).owners_of("heat") == set()
    assert Tagger([]).match("heat #heat", language="en", categories=("heat",)) == ()


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("pay bills", True),
        ("They pay their last winter’s bills", True),
        ("pay-as-you-go bills", True),
        ("pay one two three four five bills", False),
        ("pay 1.250.000 old bills", True),
        ("They pay. Bills come.", False),
        ("They pay 3. Bills come.", False),
        ("the bill they pay", False),
        ("paybills", False),
    ],
)
def test_a_star_stands_for_a_few_words_of_a_sentence(text: str, is_there: bool) -> None:
    assert Phrases([("debt", "en", "pay * bill")]).found_in(text) == ({"debt": "pay * bill"} if is_there else {})


@pytest.mark.parametrize(
    ("text", "language", "is_there"),
    [
        ("Balkonsolaranlage", "de", True),
        ("Bürgerenergiegenossenschaften", "de", True),
        ("Mieterstromgesetzes", "de", True),
        ("Eindämmung", "de", False),
        ("Akkreditierung", "de", False),
        ("Balkonsolaranlage", "es", False),
        ("fortgesetzt", "de", False),
    ],
)
def test_a_german_word_is_found_in_a_later_part_of_a_compound(text: str, language: str, is_there: bool) -> None:
    words = ("Solaranlage", "Genossenschaft", "Gesetz", "Dämmung", "Kredit")
    assert bool(Phrases([("it", language, word) for word in words]).found_in(text)) == is_there


def test_short_croatian_words_take_endings_but_become_no_other_words() -> None:
    phrases = Phrases([("town", "hr", "grad"), ("grid", "hr", "mreža")])
    for text in ("grad", "grada", "gradu", "gradom", "gradovi", "gradovima", "gradska", "gradskih"):
        assert phrases.found_in(text) == {"town": "grad"}
    assert phrases.found_in("mrežama") == {"grid": "mreža"}
    assert phrases.found_in("građani građanska gradivo") == {}


def test_words_count_where_a_text_says_what_it_is_about() -> None:
    text = f"{'so ' * (WORDS_LENGTH // 3 - 2)}heat{'s' * 20} wind"
    assert TAGGER.match(text, language="en") == ()
    assert [match.tag for match in TAGGER.match(f"wind {text} #heat", language="en")] == ["heat", "wind"]
    assert [match.tag for match in TAGGER.match(f"wind{'x' * 2 * WORDS_LENGTH}", language="eu")] == []


def test_of_many_tags_those_are_found_that_have_most_words() -> None:
    topics = ("bus", "grid", "heat", "jobs", "solar", "wind")
    tagger = Tagger([Tag(topic, {"en": topic}, {"en": (f"{topic} plan", f"new {topic}")}) for topic in topics])
    once = " and ".join(topics)
    assert [match.tag for match in tagger.match(once, language="en")] == [*topics[:MOST_BY_WORDS]]
    said = f"{once}: the new wind, the new solar; wind again #jobs"
    assert [match.tag for match in tagger.match(said, language="en")] == ["jobs", "bus", "grid", "solar", "wind"]
    few = f"{once.partition(' and heat')[0]}, the new wind"
    assert [match.tag for match in tagger.match(few, language="en")] == ["bus", "grid", "wind"]


def test_a_phrase_of_the_language_is_named_before_an_english_one() -> None:
    tags = [Tag("heat", {"en": "Heat", "es": "Calor"}, {"es": ("bomba de calor",)})]
    text = "Heat, calor y una bomba de calor"
    assert Tagger(tags).match(text, language="es") == (TagMatch("heat", "word", "Calor"),)
    assert Tagger(tags).match(text, language="en") == (TagMatch("heat", "word", "Heat"),)
    assert Tagger(tags).match("heat pump", language="es") == (TagMatch("heat", "word", "Heat"),)


def test_a_genitive_may_stand_in_a_phrase() -> None:
    phrases = Phrases([("council", "en", "council meeting")])
    assert phrases.found_in("The council’s meeting") == {"council": "council meeting"}
    assert phrases.found_in("The council, meeting") == {}


@settings(deadline=None, max_examples=examples(300))
@given(st.lists(_phrases, max_size=8), st.lists(_phrases, max_size=3), _texts)
def test_phrases_are_found_as_if_each_were_looked_for_by_itself(
    phrases: list[tuple[str, str, str]], fallback: list[tuple[str, str, str]], text: str
) -> None:
    assert Phrases(phrases, fallback).found_in(text) == one_by_one(fallback, text) | one_by_one(phrases, text)


def one_by_one(phrases: list[tuple[str, str, str]], text: str) -> dict[str, str]:
    found = []
    for number, (owner, language, phrase) in enumerate(phrases):
        words = fold(phrase).split()
        parts = [inflected(word, language) for word in words]
        if len(parts[0][0]) < SHORTEST_RUN_TOGETHER:
            parts[0] = (parts[0][0], r"(?!\w)")
        pattern = r"[\s\-‐‑–/'’.]*".join(f"{re.escape(stem)}{ending}" for stem, ending in parts)
        begins = (
            r"(?:(?<!\w)|(?<=\w{4}))" if language == "de" and len(words) == 1 and len(words[0]) >= 6 else r"(?<!\w)"
        )
        if first := re.search(rf"{begins}(?:{pattern})(?!\w)", fold(text)):
            found.append((first.start(), number, owner, phrase))
    return {owner: phrase for _, _, owner, phrase in sorted(found, reverse=True)}
