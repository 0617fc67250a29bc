"""What goes to a process of the sandbox comes back as it was."""

from __future__ import annotations

import pickle
from copy import copy
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields, is_dataclass, make_dataclass, replace
from datetime import UTC, datetime

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
from aggregator.pickled import Packed, packed, quickly_made
from aggregator.refine.batch import Considered
from aggregator.refine.identity import KnownEntry, Mark, Verdict

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
    Detection("en", 0.9, "by its words"), (TagMatch("heat", "word"),), (-8,), happening=ENTRY.happening,
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
    for one in (*quick, Considered, KnownEntry, Mark, Verdict):
        assert len(fields(one)) > 1
        assert all(field.init and not field.kw_only for field in fields(one)), one
        assert all(field.default_factory is MISSING for field in fields(one)), one
        assert not hasattr(one, "__post_init__"), one


def test_what_is_made_quickly_is_what_dataclass_itself_makes() -> None:
    @dataclass(frozen=True, slots=True)
    class Plain:
        name: str
        size: int = 3
        of: tuple[str, ...] = ()

    quick = quickly_made(make_dataclass("Plain", [(f.name, f.type, f) for f in fields(Plain)], frozen=True, slots=True))
    plain, made = Plain("a", of=("b",)), quick("a", of=("b",))
    assert type(made) is quick
    assert repr(made) == repr(plain).rpartition(".")[2]
    assert hash(made) == hash(plain)
    assert made == quick("a", 3, ("b",)) == replace(quick("c", of=("b",)), name="a")
    assert made != plain
    assert copy(made) == made
    for wrong in ((), ("a", 3, (), 4)):
        with pytest.raises(TypeError):
            quick(*wrong)
    with pytest.raises(TypeError):
        quick("a", other=1)
    with pytest.raises(FrozenInstanceError):
        made.name = "b"
    with pytest.raises(FrozenInstanceError):
        del made.name


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
