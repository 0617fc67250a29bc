"""What programs add to an entry is found, though most texts are only glanced at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine import boilerplate
from aggregator.refine.boilerplate import without_boilerplate
from tests.examples import examples

_phrases = st.lists(
    st.sampled_from(
        ["The post A title appeared first on City.", "La entrada A se publicó primero en City.", "O post A apareceu primeiro em X", "L’articolo x proviene da y", "sembra essere il primo su z", "het bericht b", "verscheen eerst op q", "Objava A", "pojavila se prvi puta na City", "Der Beitrag A erschien zuerst auf City.", "Read more", "[…]", "[...]", "(more…)", "(plus)", "Pročitajte više", "Leer más", "seguir leyendo", "weiterlesen", "Mehr lesen", "lire la suite", "irakurri gehiago", "jarraitu irakurtzen hau", "leia mais", "opširnije", "…", "a", "word " * 35]
    ),
    max_size=6,
).map(lambda words: " ".join(" ".join(words).split()))  # fmt: skip


@settings(deadline=None, max_examples=examples(500))
@given(_phrases)
def test_a_text_that_is_passed_over_at_a_glance_has_nothing_to_be_found(text: str) -> None:
    end = text[-200:].lower()
    tail = text[-500:]
    if boilerplate._APPEARED.search(end) is None:
        assert boilerplate._POST_APPEARED.search(tail) is None
    if boilerplate._TELLTALE.search(end) is None:
        read_on = boilerplate._READ_ON.search(tail)
        assert read_on is None or not read_on[0].strip()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It begins. The post A title appeared first on City.", "It begins."),
        ("It begins so […]", "It begins so…"),
        ("It begins so, read more about it", "It begins so,…"),
        ("It begins [1].", "It begins [1]."),
        ("The first one.", "The first one."),
        ("word " * 200 + "Weiterlesen", ("word " * 200).strip() + "…"),
        ("…and so it went", "and so it went"),
    ],
)
def test_what_was_added_goes_and_the_words_stay(text: str, kept: str) -> None:
    assert without_boilerplate(text) == kept
