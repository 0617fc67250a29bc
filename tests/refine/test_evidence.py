"""What counts as evidence of one story, and what does not."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Media
from aggregator.refine import likeness
from aggregator.refine.evidence import Evidence, address_keys, key_of, kind_of, link_keys, picture_keys
from aggregator.refine.folding import fold_and_part
from aggregator.refine.grouping import Told, ties_of
from aggregator.refine.likeness import is_alike, rows_in, text_keys

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TEXT = (
    "The council has decided to insulate three hundred homes in the old town before the winter comes, and to pay for it "
    "with the money that the regional energy fund gives to places where many people cannot heat their flats. Work begins "
    "in March; whoever rents a flat there is asked to come to the town hall on Tuesday evening with all questions."
)


def keys(text: str, language: str = "en") -> set[int]:
    return set(text_keys(fold_and_part(text)[1], language))


@given(st.sampled_from(Evidence), st.text())
def test_a_key_says_what_it_is_of_and_fits_the_column(kind: Evidence, value: str) -> None:
    key = key_of(kind, value)
    assert kind_of(key) is kind
    assert -(2**63) <= key < 2**63


@given(st.text())
def test_any_text_has_keys_or_none_and_they_fit_the_column(text: str) -> None:
    for key in keys(text) | keys(text * 20):
        assert kind_of(key) is Evidence.TEXT
        assert -(2**63) <= key < 2**63


def test_keys_are_the_same_for_ever() -> None:
    """They are kept: whoever changes how they are made has to make those that are kept anew."""
    assert address_keys(["city.example/news/1"]) == [871165357609902240]
    assert text_keys(fold_and_part(TEXT)[1], "en") == [-5004894608692902628, -5281016119148692236, -5751111722899110820]


@pytest.mark.parametrize(
    ("other", "is_found"),
    [
        (TEXT.upper(), True),
        (TEXT.replace("Tuesday", "Wednesday"), True),
        (TEXT.replace("three hundred", "400"), True),
        ("In the mountains of the north, wind turbines are to be taken down before they are old. " * 3, False),
    ],
    ids=["another case", "another day", "another number", "another text"],
)
def test_alike_texts_are_found_by_a_key_that_they_share(other: str, is_found: bool) -> None:
    assert bool(keys(TEXT) & keys(other)) is is_found
    assert not keys(TEXT) & keys(other, "fr")


def alike(one: str, other: str) -> bool:
    answers = {is_alike(rows_in(one), rows_in(other)), is_alike(rows_in(other), rows_in(one))}
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.parametrize("text", [TEXT, " ".join(TEXT.split()[:40])], ids=["long", "short"])
def test_a_few_words_that_were_changed_leave_a_text_alike(text: str) -> None:
    edited = text.replace("decided", "resolved").replace("the winter", "next winter")
    assert alike(text, edited)
    assert keys(text) & keys(edited)
    assert alike(text, f"{edited} More soon.")


def test_texts_with_different_numbers_are_two_notices_of_one_form() -> None:
    notice = TEXT.replace("three hundred", "{}").replace("Tuesday evening", "Tuesday {} at 18:00").format
    assert alike(notice(300, 3), notice(300, 3))
    assert not alike(notice(300, 3), notice(300, 10))
    assert not alike(notice(300, 3), notice(120, 3))
    assert alike(notice(300, 3), notice("three hundred", 3))


def test_other_words_on_one_subject_are_not_alike() -> None:
    words = TEXT.split()
    assert not alike(TEXT, " ".join(words[:30] + words[:29:-1]))
    assert not alike(TEXT, "")
    assert not alike("", "")


def test_a_short_text_says_what_many_say() -> None:
    assert keys("Happy new year to all of you from the whole team!") == set()
    assert rows_in("Happy new year to all of you from the whole team!") == frozenset()


def test_where_no_library_for_it_is_installed_texts_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)
    likeness._minhash.cache_clear()
    try:
        assert keys(TEXT) == set()
    finally:
        likeness._minhash.cache_clear()


@pytest.mark.parametrize(
    ("picture", "key"),
    [
        ("https://www.city.example/up/2026/roof-1024x683.jpg?sig=1", "city.example/up/2026/roof.jpg"),
        ("https://city.example/up/2026/roof.jpg", "city.example/up/2026/roof.jpg"),
        ("https://city.example/image?id=7", "city.example/image?id=7"),
        ("https://city.example/up/default-image.png", None),
        ("https://city.example/up/City-Logo-2024.png", None),
        ("https://city.example/up/og-image.jpg", None),
    ],
)
def test_a_picture_is_the_same_in_all_sizes_and_what_stands_for_anything_is_none(picture: str, key: str | None) -> None:
    assert picture_keys(Media(picture)) == ([key_of(Evidence.PICTURE, key)] if key else [])


def test_links_count_where_they_lead_to_one_thing_elsewhere() -> None:
    links = (
        "https://city.example/news/2026/11/something-of-our-own",
        "https://www.city.example/news/2026/11/something-of-our-own",
        "https://europa.example/",
        "https://europa.example/energy",
        "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fcity.example%2Fa-long-address",
        "https://social.example/tags/a-hashtag-that-is-quite-long",
        "https://europa.example/press/2026/11/20/directive",
        "https://fund.example/the-call-for-energy-communities?a=1&amp;utm_source=x",
        "https://europa.example/press/2026/11/20/directive#top",
    )
    html = "".join(f'<a href="{link}">x</a>' for link in links)
    assert link_keys(html, "https://city.example/news/1") == [
        key_of(Evidence.LINK, "europa.example/press/2026/11/20/directive"),
        key_of(Evidence.LINK, "fund.example/the-call-for-energy-communities?a=1"),
    ]
    many = "".join(f'<a href="https://else.example/a/b/c/{n}">x</a>' for n in range(9))
    assert len(link_keys(many, None)) == 3


def told(number: int, language: str = "en", days: float = 0, source: str | None = None, text: str = "") -> Told:
    return Told(f"{number}", source or f"s{number}", language, NOW + timedelta(days=days), f"{number}", text)


def tied(kind: Evidence, *owners: Told) -> set[tuple[str, str]]:
    key = key_of(kind, "x")
    found = {(tie.one.id, tie.other.id) for tie in ties_of(key, owners)}
    assert found == {(tie.one.id, tie.other.id) for tie in ties_of(key, owners[::-1])}
    return {(min(pair), max(pair)) for pair in found}


@pytest.mark.parametrize("kind", [Evidence.PICTURE, Evidence.LINK])
def test_what_is_shared_joins_languages_that_have_it_once_each(kind: Evidence) -> None:
    assert tied(kind, told(1, "en"), told(2, "fr", 1)) == {("1", "2")}
    assert tied(kind, told(1, "en"), told(2, "fr"), told(3, "eu")) == {("1", "2"), ("1", "3"), ("2", "3")}
    assert tied(kind, told(1, "en"), told(2, "en")) == set()
    assert tied(kind, told(1, "en"), told(2, "fr"), told(3, "fr", 1)) == set()
    assert tied(kind, told(1, "en"), told(2, "fr", 4)) == set()
    assert tied(kind, told(1, "en"), told(2, "und")) == set()
    assert tied(kind, *(told(n, f"l{n}") for n in range(9))) == set()


def test_a_picture_that_ever_comes_again_in_a_language_is_a_decoration() -> None:
    later = told(3, "en", 300)
    assert tied(Evidence.PICTURE, told(1, "en"), told(2, "fr"), later) == set()
    assert tied(Evidence.LINK, told(1, "en"), told(2, "fr"), later) == {("1", "2")}


def test_posts_that_lead_to_a_page_join_for_a_fortnight_unless_the_page_is_an_item() -> None:
    soon, late = told(1), told(2, days=15)
    assert tied(Evidence.ADDRESS, soon, told(2, days=13)) == {("1", "2")}
    assert tied(Evidence.ADDRESS, soon, late) == set()
    assert tied(Evidence.ADDRESS, *(replace(of, is_event=True) for of in (soon, late))) == {("1", "2")}
    key = key_of(Evidence.ADDRESS, "city.example/join")
    page = replace(told(3), url="https://city.example/join")
    assert {(tie.one.id, tie.other.id) for tie in ties_of(key, [soon, late, page])} == {("1", "3"), ("3", "2")}


def test_alike_texts_join_other_sources_of_the_same_fortnight() -> None:
    near = TEXT.replace("Tuesday", "Wednesday")
    assert tied(Evidence.TEXT, told(1, text=TEXT), told(2, text=near, days=13)) == {("1", "2")}
    assert tied(Evidence.TEXT, told(1, text=TEXT), told(2, text=near, days=15)) == set()
    assert tied(Evidence.TEXT, told(1, text=TEXT, source="s"), told(2, text=near, source="s")) == set()
    assert tied(Evidence.TEXT, told(1, text=TEXT), told(2, text=TEXT[: len(TEXT) // 2])) == set()


def test_what_too_many_have_is_no_evidence() -> None:
    assert len(tied(Evidence.ADDRESS, *(told(n) for n in range(50)))) == 50 * 49 / 2
    assert tied(Evidence.ADDRESS, *(told(n) for n in range(51))) == set()
