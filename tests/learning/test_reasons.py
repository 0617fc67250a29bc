"""Reasons in words: counts that anybody can check, and that speak for the same side as the model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.learning.reasons import Names, Tally, because

NAMES = Names({"tni": "TNI", "city": "City"}, {"poverty": "Energy poverty", "eu": "EU funds"})


def tally(*counts: tuple[str, str, tuple[str, ...], int, int]) -> Tally:
    found = Tally()
    for partner, source, tags, yes, no in counts:
        for number in range(yes + no):
            found.count(partner, source, tags, is_wanted=number < yes)
    return found


def test_the_narrowest_kind_that_agrees_is_named() -> None:
    counted = tally(("tni", "tni-news", ("poverty",), 14, 0), ("tni", "tni-news", (), 2, 9), ("city", "news", (), 5, 9))
    assert (
        because(0.9, counted, "tni", "tni-news", ("poverty",), NAMES)
        == "like 14 approved from TNI about energy poverty"
    )
    assert because(0.1, counted, "city", "news", (), NAMES) == "like 9 rejected from news (5 approved)"


def test_what_speaks_against_is_told_as_well() -> None:
    counted = tally(("tni", "a", ("eu",), 8, 1), ("city", "b", (), 0, 9))
    assert because(0.9, counted, "tni", "x", ("eu",), NAMES) == "like 8 approved from TNI about EU funds (1 rejected)"


def test_counts_that_disagree_with_the_model_are_no_reason() -> None:
    counted = tally(("tni", "a", (), 9, 1), ("city", "b", (), 1, 9))
    assert because(0.1, counted, "tni", "a", (), NAMES) == "worded like what was rejected"
    assert because(0.9, counted, "city", "b", (), NAMES) == "worded like what was approved"
    assert because(0.45, counted, "tni", "a", (), NAMES) == ""


def test_few_are_no_reason() -> None:
    assert because(0.52, tally(("tni", "a", (), 2, 0), ("city", "b", (), 2, 4)), "tni", "a", (), NAMES) == ""
    assert because(0.5, Tally(), "tni", "a", ("eu",), NAMES) == ""


def test_nothing_is_worded_like_what_there_was_none_of() -> None:
    assert because(0.2, tally(("tni", "a", (), 0, 40)), "city", "b", (), NAMES) == ""
    assert because(0.8, tally(("tni", "a", (), 40, 0)), "city", "b", (), NAMES) == ""
    assert because(0.2, tally(("tni", "a", (), 2, 40)), "city", "b", (), NAMES) == ""


ids = st.sampled_from(["tni", "city", "x"])
counts = st.lists(
    st.tuples(
        ids, ids, st.lists(st.sampled_from(["poverty", "eu", ""]), max_size=2, unique=True).map(tuple), st.booleans()
    )
)


@given(counts, st.floats(0, 1), ids, ids, st.sets(st.sampled_from(["poverty", "eu", "none"])))
def test_a_reason_names_no_more_than_was_decided(
    decided: list[tuple[str, str, tuple[str, ...], bool]], likely: float, partner: str, source: str, tags: set[str]
) -> None:
    counted = Tally()
    for its_partner, its_source, its_tags, is_wanted in decided:
        counted.count(its_partner, its_source, its_tags, is_wanted=is_wanted)
    words = because(likely, counted, partner, source, tags, NAMES)
    if words.startswith("like "):
        verdict = "approved" if likely >= counted.usual else "rejected"
        assert words.split()[2] == verdict
        assert 3 <= int(words.split()[1]) <= sum(is_wanted == (verdict == "approved") for *_, is_wanted in decided)
