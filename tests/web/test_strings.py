"""Words are there in every language, with the same places to fill, and a request gets the language it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from aggregator.refine.language import langid
from web.strings import FALLBACK, FOLDER, all_strings, choose_language

LANGUAGES = ["de", "en", "es", "eu", "fr", "hr", "pt"]
OTHERS = [language for language in LANGUAGES if language != FALLBACK]
BAR = ["eu", "hr", "fr", "de", "es", "en"]


def places(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


def is_one_alone(language: str) -> bool:
    form = Locale.parse(all_strings()[language].locale, sep="-").plural_form
    return [n for n in range(200) if form(n) == "one"] == [1]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def test_the_languages_of_the_project_have_words() -> None:
    assert sorted(all_strings()) == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("part", ["widget", "page"])
def test_every_language_has_every_key(language: str, part: str) -> None:
    ours, english = (getattr(all_strings()[code], part) for code in (language, FALLBACK))
    assert sorted(ours) == sorted(english)
    for key in english:
        assert type(ours[key]) is type(english[key]), key


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("part", ["widget", "page"])
def test_every_language_fills_the_same_places(language: str, part: str) -> None:
    ours, english = (getattr(all_strings()[code], part) for code in (language, FALLBACK))
    for key, value in english.items():
        wanted = {tuple(places(text)) for text in texts(value)}
        texts_in_ours = texts(ours[key])
        if isinstance(value, Mapping) and is_one_alone(language):
            # Where that form is for 1 alone, a word may stand for the number.
            texts_in_ours = texts({form: text for form, text in ours[key].items() if form != "one"})
        assert {tuple(places(text)) for text in texts_in_ours} == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    for text in texts(json.loads((FOLDER / f"{language}.json").read_text("utf-8"))):
        assert text
        assert text == text.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_the_forms_of_their_language(language: str) -> None:
    # `many` is for a million and its like in Romance languages; `other` serves there.
    strings = all_strings()[language]
    needed = ({*Locale.parse(strings.locale, sep="-").plural_form.tags} - {"many"}) | {"other"}
    for key in ("loaded", "new"):
        assert set(strings.widget[key]) == needed


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_and_languages_that_the_widget_writes_are_those_that_the_pages_write(language: str) -> None:
    strings = all_strings()[language]
    told = cast("dict[str, Any]", strings.for_widget())
    for month in range(1, 13):
        day = datetime(2026, month, 7, 12, 0, tzinfo=UTC)
        assert told["days"][month - 1].format(year=2026, day=7) == strings.date(day)
    assert {*LANGUAGES, *langid.LANGUAGES} < {*told["known"]}
    for code, name in told["known"].items():
        assert name == strings.language_name(code) or code == language


def test_names_of_languages_are_in_the_visitors_language() -> None:
    assert all_strings()["en"].language_name("eu") == "Basque"
    assert all_strings()["fr"].language_name("pt-BR") == "portugais"


@pytest.mark.parametrize("code", ["en", "en-GB", "und"])
def test_the_visitors_own_language_and_an_unknown_one_are_not_worth_a_mark(code: str) -> None:
    assert all_strings()["en"].language_name(code) is None


@pytest.mark.parametrize(
    ("wished", "header", "chosen"),
    [
        pytest.param(["eu"], "fr", "eu", id="the wish comes before the browser"),
        pytest.param([None, "hr"], "fr", "hr", id="the first wish that is one"),
        pytest.param(["tlh"], "fr", "fr", id="a wish without words"),
        pytest.param(["pt-BR"], "", "pt", id="a region of a language"),
        pytest.param([], "de-AT,de;q=0.9,en;q=0.8", "de", id="the browser's first"),
        pytest.param([], "en;q=0.2, fr;q=0.7, es;q=0.3", "fr", id="by weight, not by place"),
        pytest.param([], "it, nl;q=0.9", "en", id="none that we have"),
        pytest.param([], "fr;q=0, *;q=0.5", "en", id="a language that is refused"),
        pytest.param([], "", "en", id="nothing asked"),
        pytest.param([], ";;q=,fr;q=x,\x00", "en", id="nonsense"),
    ],
)
def test_a_request_gets_the_language_it_asks_for(wished: list[str | None], header: str, chosen: str) -> None:
    assert choose_language(wished, header) == chosen


def test_the_default_is_the_streams_first_language() -> None:
    assert choose_language([], "it", "hr") == "hr"
    assert choose_language([], "it", "tlh") == FALLBACK


@given(wish=st.text(), header=st.text())
def test_no_header_at_all_breaks_the_choice(wish: str, header: str) -> None:
    assert choose_language([wish], header) in all_strings()


def test_the_bar_names_each_language_in_itself() -> None:
    assert [all_strings()[code].name for code in BAR] == [
        "Euskara", "Hrvatski", "Français", "Deutsch", "Español", "English",
    ]  # fmt: skip
