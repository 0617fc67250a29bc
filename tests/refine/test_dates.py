"""Dates: UTC, never in the future, never from before the web."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.refine.dates import EARLIEST, modified, published

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("published_at", "updated_at", "expected"),
    [
        pytest.param(YESTERDAY, None, YESTERDAY, id="as declared"),
        pytest.param(None, YESTERDAY, YESTERDAY, id="changed stands in for published"),
        pytest.param(None, None, NOW, id="missing is now"),
        pytest.param(NOW + timedelta(days=3650), None, NOW, id="future is now"),
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), YESTERDAY, YESTERDAY, id="the epoch counts as missing"),
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), None, NOW, id="before the calendar"),
        pytest.param(
            datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), None, NOW, id="after the calendar"
        ),
        pytest.param(datetime(2026, 11, 22, 9), None, YESTERDAY, id="no zone is UTC"),  # noqa: DTZ001
        pytest.param(datetime(2026, 11, 22, 11, tzinfo=timezone(timedelta(hours=2))), None, YESTERDAY, id="to UTC"),
    ],
)
def test_an_entry_is_published_when_it_says_so_plausibly(
    published_at: datetime | None, updated_at: datetime | None, expected: datetime
) -> None:
    moment = published(published_at, updated_at, NOW)
    assert moment == expected
    assert moment.tzinfo is UTC


def test_a_change_counts_only_after_publication() -> None:
    hour = timedelta(hours=1)
    assert modified(None, YESTERDAY, NOW) is None
    assert modified(YESTERDAY, YESTERDAY, NOW) is None
    assert modified(YESTERDAY - hour, YESTERDAY, NOW) is None
    assert modified(YESTERDAY + hour, YESTERDAY, NOW) == YESTERDAY + hour
    assert modified(NOW + hour, YESTERDAY, NOW) == NOW
    assert modified(datetime(1970, 1, 1, tzinfo=UTC), YESTERDAY, NOW) is None


_moments = st.one_of(
    st.none(),
    st.datetimes(),
    st.datetimes(timezones=st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))),
)


@given(_moments, _moments)
def test_every_date_is_between_the_first_web_page_and_now(
    published_at: datetime | None, updated_at: datetime | None
) -> None:
    moment = published(published_at, updated_at, NOW)
    assert EARLIEST <= moment <= NOW
    change = modified(updated_at, moment, NOW)
    assert change is None or moment < change <= NOW
