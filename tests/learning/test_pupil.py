"""The model: the same from the same lessons however they are parted, and steady whatever it is given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.learning.pupil import TAG_WIDTH, WIDTH, Weights, judge, learn, read, seal, write
from aggregator.learning.specimens import EARLIER, Lesson, Specimen, WeightsError

texts = st.text(st.characters(), max_size=60) | st.sampled_from(["", "\0", "\ud800", "a" * 5000, "<script>", "🌍" * 50])
specimens = st.builds(
    Specimen, text=texts, language=texts, source=texts, partner=texts, kind=texts,
    tags=st.lists(st.sampled_from(["solar", "heat", "water", "\ud800"]), max_size=3, unique=True).map(tuple),
)  # fmt: skip
lessons = st.builds(
    Lesson, specimens, is_wanted=st.none() | st.booleans(),
    tags=st.none() | st.lists(st.sampled_from(["solar", "heat", "b\0d"]), max_size=2, unique=True).map(tuple),
)  # fmt: skip


def some_lessons(count: int) -> list[Lesson]:
    """Solar roofs are wanted, football is not."""
    found = []
    for n in range(count):
        is_wanted = n % 3 == 0
        text = f"{'a solar roof for the school' if is_wanted else 'the football cup'}, for the {n}th time"
        source = f"source-{n % 5}"
        specimen = Specimen(text, "en", source, "city", "article", ("solar",) if n % 6 == 0 else ())
        found.append(Lesson(specimen, is_wanted, ("solar",) if is_wanted else ()))
    return found


def in_parts(taught: list[Lesson], ends: list[int]) -> bytes:
    kept, begin = None, 0
    for end in [*ends, len(taught)]:
        kept = learn(kept, taught[max(0, begin - EARLIER) : begin], taught[begin:end])
        begin = end
    assert kept
    return kept


def test_it_tells_apart_what_it_was_taught_to() -> None:
    kept = learn(None, (), some_lessons(60))
    roof = Specimen("The roof of the school will be solar", "en", "source-9", "tni", "post")
    match = Specimen("Football tonight: the cup begins", "en", "source-9", "tni", "post")
    liked, disliked = judge(kept, [roof, match])
    assert liked.likely > 0.6
    assert disliked.likely < 0.4
    assert [tag for tag, _ in liked.tags] == ["solar"]
    assert disliked.tags == ()


@pytest.mark.parametrize("ends", [[1], [30, 31], [99, 100, 101], [250]], ids=str)
def test_lessons_teach_the_same_in_any_parts(ends: list[int]) -> None:
    taught = some_lessons(260)
    whole, parted = read(in_parts(taught, [])), read(in_parts(taught, ends))
    assert whole.seen == parted.seen == 260
    np.testing.assert_allclose(whole.wanted, parted.wanted, atol=1e-9)
    np.testing.assert_allclose(whole.tags["solar"], parted.tags["solar"], atol=1e-4)


@settings(max_examples=25)
@given(st.lists(lessons, min_size=1, max_size=12), st.lists(st.integers(0, 12), max_size=3), st.lists(specimens))
def test_whatever_it_is_taught_it_answers_with_a_likelihood(
    taught: list[Lesson], ends: list[int], asked: list[Specimen]
) -> None:
    kept = in_parts(taught, sorted(min(end, len(taught)) for end in ends))
    opinions = judge(kept, asked)
    assert len(opinions) == len(asked)
    for opinion in opinions:
        assert 0 <= opinion.likely <= 1
        assert all(0.5 <= how <= 1 for _, how in opinion.tags)
    assert read(kept).seen == len(taught)


@pytest.mark.parametrize("is_wanted", [True, False])
def test_one_kind_of_decision_alone_is_learnt_as_well(is_wanted: bool) -> None:
    taught = [Lesson(lesson.specimen, is_wanted) for lesson in some_lessons(30)]
    likely = judge(learn(None, (), taught), [taught[0].specimen])[0].likely
    assert likely > 0.7 if is_wanted else likely < 0.3


def test_nothing_to_learn_or_to_judge_is_nothing() -> None:
    kept = learn(None, (), ())
    assert judge(kept, ()) == []
    assert judge(kept, [some_lessons(1)[0].specimen])[0].likely == 0.5
    assert learn(kept, (), ()) == kept


def test_weights_come_back_as_they_were_kept() -> None:
    weights = Weights(np.linspace(-1, 1, WIDTH + 1), {"été": np.ones(TAG_WIDTH + 1)}, 7)
    again = read(write(weights))
    assert (again.seen, list(again.tags)) == (7, ["été"])
    np.testing.assert_array_equal(again.wanted, weights.wanted)


def test_weights_are_small() -> None:
    assert len(learn(None, (), some_lessons(300))) < 1_000_000


def pickled_array() -> bytes:
    out = io.BytesIO()
    np.savez(out, wanted=np.array([{}], dtype=object))
    return seal(out.getvalue())


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"PK",
        b"no weights",
        seal(b""),
        seal(b"no weights"),
        pickled_array(),
        write(Weights())[:-200],
        write(Weights(np.zeros(3))),
        write(Weights(np.full(WIDTH + 1, np.nan))),
    ],
    ids=[
        "nothing",
        "a beginning",
        "text",
        "nothing inside",
        "text inside",
        "pickled",
        "cut short",
        "another shape",
        "no numbers",
    ],
)
def test_what_are_no_weights_is_refused(kept: bytes) -> None:
    for ask in (
        lambda: read(kept),
        lambda: learn(kept, (), some_lessons(1)),
        lambda: judge(kept, [some_lessons(1)[0].specimen]),
    ):
        with pytest.raises(WeightsError):
            ask()


@settings(max_examples=30)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_damaged_weights_are_never_read(junk: bytes, place: int) -> None:
    kept = bytearray(write(Weights()))
    kept[place : place + len(junk)] = junk
    if kept != write(Weights()):
        with pytest.raises(WeightsError):
            read(bytes(kept))
