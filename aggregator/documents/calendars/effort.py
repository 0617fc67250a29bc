"""Bounds the work that a library may do on one piece of a hostile document, so that the other pieces come through.

Counted in calls and not in seconds: documents are read without a clock, and a limit on calls is the same on every
machine. The sandbox's limit of time stands behind it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _TooMuch(BaseException):
    """The limit is reached. No Exception: those a library may swallow."""


@contextmanager
def at_most(calls: int) -> Iterator[None]:
    """Raise DocumentError as soon as what runs inside has made more than so many calls, of Python or C functions."""
    left = calls
    before = sys.getprofile()

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooMuch

    sys.setprofile(count)
    try:
        yield
    except _TooMuch:
        raise DocumentError("it takes more work to read than it can be worth") from None
    finally:
        sys.setprofile(before)
