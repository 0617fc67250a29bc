"""A newsdesk on each engine."""

from __future__ import annotations

import pytest

from aggregator.machine import Machine
from tests.conftest import Clock
from tests.learning.newsdesk import Newsdesk


@pytest.fixture
def desk(machine: Machine, clock: Clock) -> Newsdesk:
    return Newsdesk(machine, clock)
