"""Makes small values cheap to pickle: entries go to a process of the sandbox and back by the thousand."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TypeVar

C = TypeVar("C", bound=type)


def quickly_pickled(cls: C) -> C:
    """Have a dataclass of two fields or more pickled as the call that makes it, in half the time.

    What `dataclass` itself does for frozen ones with slots looks their fields up anew for each value, both ways.
    """
    values = attrgetter(*(field.name for field in fields(cls)))
    cls.__reduce__ = lambda self: (cls, values(self))  # type: ignore[method-assign, assignment, misc]
    return cls
