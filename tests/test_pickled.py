"""What goes to a process of the sandbox comes back as it was."""

from __future__ import annotations

import pickle
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass, make_dataclass
from datetime import UTC, datetime
from inspect import signature

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import model
from aggregator.model import (
    Alternate,
    Author,
    Card,
    Detection,
    Happening,
    Kind,
    Media,
    Quote,
    Refined,
    Sighting,
    TagMatch,
)
from aggregator.pickled import Packed, packed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANNE = Author("Anne Example", "https://town.example/anne")
ENTRY = Sighting(
    "urn:1", "https://town.example/1", "A title", "<p>Words</p>", authors=(ANNE,), hashtags=("heat",),
    media=(Media("https://town.example/1.png", alt="A well"),), alternates=(Alternate("https://town.example/eu", "eu"),),
    published_at=NOW, kind=Kind.POST, card=Card("https://town.example/2"), quote=Quote("https://town.example/3", ANNE),
    boosted_by=ANNE, is_sensitive=True, happening=Happening(NOW, NOW, "The hall"),
)  # fmt: skip
REFINED = Refined(
    "https://town.example/1", "A title", "Words", "<p>Words</p>", "Words", (ANNE,), None, NOW, None,
    Detection("en", 0.9, "by its words"), (TagMatch("heat", "word"),), ("town.example/1",), happening=ENTRY.happening,
)  # fmt: skip


@pytest.mark.parametrize("value", [ENTRY, REFINED, Sighting("")], ids=["an entry", "a refined one", "an empty one"])
def test_a_value_comes_back_as_it_was(value: object) -> None:
    back = pickle.loads(pickle.dumps(value))
    assert back == value
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_every_value_of_the_model_that_is_pickled_quickly_can_be_made_of_all_its_fields() -> None:
    quick = [
        value
        for value in vars(model).values()
        if isinstance(value, type) and is_dataclass(value) and "__reduce__" in vars(value)
    ]
    assert {Sighting, Refined, Author} <= set(quick)
    for one in quick:
        assert len(fields(one)) > 1
        assert all(field.init and not field.kw_only for field in fields(one)), one


@pytest.mark.parametrize("one", [Sighting, Refined])
def test_a_value_that_is_made_quickly_is_what_dataclasses_make(one: type) -> None:
    plain = make_dataclass(one.__name__, [(of.name, of.type, of) for of in fields(one)], frozen=True, slots=True)
    least = [of for of in fields(one) if of.default is MISSING]
    for those in (least, fields(one)):
        values = {of.name: f"its {of.name}" for of in those}
        made = one(**values)
        assert type(made) is one
        assert made == one(*values.values())
        assert repr(made) == repr(plain(**values))
        with pytest.raises(FrozenInstanceError):
            made.url = "another"
        with pytest.raises(FrozenInstanceError):
            del made.url
    assert str(signature(one)) == str(signature(plain))
    for wrong in ({}, {**values, "no_field": 1}):
        with pytest.raises(TypeError):
            one(**wrong)


values = st.lists(st.one_of(st.text(max_size=5), st.integers(), st.just(ENTRY)), max_size=5)


@given(values)
def test_what_is_packed_is_the_tuple_of_it_to_everybody_who_looks(all_of_them: list[object]) -> None:
    plain, one = tuple(all_of_them), packed(all_of_them)
    assert (one, plain) == (plain, one)
    assert one == packed(plain)
    assert one != (*plain, "more")
    assert (len(one), bool(one), tuple(one), one[1:], repr(one)) == (
        len(plain),
        bool(plain),
        plain,
        plain[1:],
        repr(plain),
    )
    assert [one[place] for place in range(len(plain))] == all_of_them
    assert list(reversed(one)) == all_of_them[::-1]
    assert hash(one) == hash(plain)


def test_what_is_packed_is_passed_on_and_counted_without_being_unpacked() -> None:
    sealed: Packed[str] = Packed(b"no pickle", 3)
    back = pickle.loads(pickle.dumps(sealed))
    assert (len(back), back.pickled) == (3, b"no pickle")
    assert packed(back) is back
    with pytest.raises(pickle.UnpicklingError):
        back[0]
