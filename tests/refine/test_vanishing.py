"""What was taken out of a feed, and what only slid off its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.refine.vanishing import MOST_WATCHED, Looked, Window, look_for_missing, watched

DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)


def window(*numbers: int | str) -> Window:
    """Entries named after their days; those named by a text have no date."""
    return tuple((str(n), (DAY + timedelta(days=n)).isoformat() if isinstance(n, int) else "") for n in numbers)


def missing(before: Window, now: Window, **renamed: str) -> tuple[str, ...]:
    return look_for_missing(before, now, renamed).missing


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        (window(5, 4, 3, 2, 1), window(5, 4, 3, 2, 1), ()),
        (window(5, 4, 3, 2, 1), window(6, 5, 4, 3, 2), ()),
        (window(5, 4, 3, 2, 1), window(7, 6, 5, 4, 3), ()),
        (window(5, 4, 3, 2, 1), window(5, 4, 2, 1), ("3",)),
        (window(5, 4, 3, 2, 1), window(6, 5, 4, 2, 1), ("3",)),
        (window(5, 4, 3, 2, 1), window(4, 3, 2, 1), ("5",)),
        (window(5, 4, 3, 2, 1), window(6, 4, 3, 2, 1), ("5",)),
        (window(5, 4, 3, 2, 1), window(5, 2, 1, 0), ("4", "3")),
        (window(5, 4, 3, 2, 1), window(6, 5, 4, 2), ("3",)),
        (window(5, 4, 3, 2, 1), window(5, 3, 2, 1, 0), ("4",)),
        (window(3, 2, 1), window(3, 1), ("2",)),
        (window(2, 1), window(1), ("2",)),
        # The oldest may have slid off, whatever else happened.
        (window(5, 4, 3, 2, 1), window(5, 4, 3, 2), ()),
        # Oldest first.
        (window(1, 2, 3, 4, 5), window(2, 3, 4, 5, 6), ()),
        (window(1, 2, 3, 4, 5), window(1, 2, 4, 5, 6), ("3",)),
        # A pinned old entry on top, and one below.
        (window(0, 9, 8, 7, 6), window(0, 10, 9, 8, 7), ()),
        (window(0, 9, 8, 7, 6), window(0, 10, 9, 7, 6), ("8",)),
        (window(9, 8, 7, 6, 0), window(10, 9, 8, 7, 0), ()),
        # No dates: only what stood between others that are still there.
        (window("a", "b", "c"), window("a", "c"), ("b",)),
        (window("a", "b", "c"), window("b", "c"), ()),
        (window("a", "b", "c"), window("x", "a", "b"), ()),
        # Ordered by when they were changed: what was pushed out is not the oldest by date.
        (window(5, 1, 3, 2), window(0, 5, 1, 3), ()),
        # The first look, and another feed altogether.
        ((), window(3, 2, 1), ()),
        (window(3, 2, 1), window(9, 8, 7), ()),
    ],
)
def test_what_is_missing_from_the_middle_is_told_from_what_slid_off(
    before: Window, now: Window, gone: tuple[str, ...]
) -> None:
    assert look_for_missing(before, now, {}) == Looked(now, gone)


@pytest.mark.parametrize("now", [(), window(1), window(5, 1)], ids=["empty", "one left", "two left"])
def test_where_most_is_missing_at_once_it_is_the_feed_that_broke(now: Window) -> None:
    before = window(5, 4, 3, 2, 1)
    assert look_for_missing(before, now, {}) == Looked(before, (), too_many=True)


def test_an_empty_feed_that_was_empty_before_is_no_fault() -> None:
    assert look_for_missing((), (), {}) == Looked(())


def test_an_entry_with_a_new_key_is_not_missing() -> None:
    assert missing(window(5, 4, 3, 2, 1), window(5, 4, 33, 2, 1), **{"3": "33"}) == ()


def test_an_old_post_with_a_new_date_pushes_nobody_into_the_middle() -> None:
    now = (("1", (DAY + timedelta(days=9)).isoformat()), *window(6, 5, 4, 3))
    assert missing(window(5, 4, 3, 2, 1), now) == ()


def test_of_a_feed_that_shows_all_it_ever_had_the_newest_are_watched() -> None:
    entries = window(*range(MOST_WATCHED + 50))
    assert watched(entries) == entries[50:]
    assert watched(entries[::-1]) == entries[::-1][:MOST_WATCHED]
    assert watched(window(2, 1)) == window(2, 1)


@given(st.integers(1, 30), st.lists(st.integers(0, 5), max_size=30))
def test_a_feed_that_only_ever_adds_never_misses_any(size: int, steps: list[int]) -> None:
    last, before = size, window(*range(size, 0, -1))
    for step in steps:
        last += step
        now = window(*range(last, max(last - size, 0), -1))
        looked = look_for_missing(before, now, {})
        assert looked.missing == ()
        before = looked.window


entries = st.lists(
    st.tuples(st.text("abcdef", min_size=1, max_size=2), st.sampled_from(["", *(d for _, d in window(1, 2, 3))])),
    max_size=12,
    unique_by=lambda entry: entry[0],
).map(tuple)


@given(entries, entries)
def test_what_is_missing_was_there_before_is_not_there_now_and_is_not_most_of_all(before: Window, now: Window) -> None:
    looked = look_for_missing(before, now, {})
    were, are = {key for key, _ in before}, {key for key, _ in now}
    assert set(looked.missing) <= were - are
    assert 2 * len(looked.missing) <= len(looked.missing) + len(were & are)
    assert looked.window in (before, now)
