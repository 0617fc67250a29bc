"""In which order items wait."""

from __future__ import annotations

from enum import StrEnum


class Order(StrEnum):
    """How the queue is ordered."""

    LIKELY = "likely"
    NEWEST = "newest"
