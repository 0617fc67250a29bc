"""Makes small values cheap to pickle: entries go to a process of the sandbox and back by the thousand."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, fields, make_dataclass
from functools import wraps
from operator import attrgetter
from typing import TypeVar, overload

C = TypeVar("C", bound=type)
T = TypeVar("T")


def quickly_pickled(cls: C) -> C:
    """Have a dataclass of two fields or more pickled as the call that makes it, in half the time.

    What `dataclass` itself does for frozen ones with slots looks their fields up anew for each value, both ways.
    """
    values = attrgetter(*(field.name for field in fields(cls)))
    cls.__reduce__ = lambda self: (cls, values(self))  # type: ignore[method-assign, assignment, misc]
    return cls


def quickly_made(cls: C) -> C:
    """Have a frozen dataclass with slots and many fields made in a third of the time.

    While it is made it is of a class that is not frozen: `frozen` has each field set by a call.
    """
    its = [(one.name, object, field(default=one.default)) for one in fields(cls)]
    open_class: type = make_dataclass(cls.__name__, its, slots=True, repr=False, eq=False, match_args=False)
    fill: Callable[..., None] = vars(open_class)["__init__"]

    @wraps(vars(cls)["__init__"])
    def make(self: object, *values: object, **named: object) -> None:
        object.__setattr__(self, "__class__", open_class)
        fill(self, *values, **named)
        self.__class__ = cls

    cls.__init__ = make  # type: ignore[misc]
    return cls


class Packed(Sequence[T]):
    """Values that stay pickled until somebody looks at one: passing them on copies bytes alone.

    To everybody who looks it is the tuple of these values; only how many they are is known without looking.
    """

    __slots__ = ("_count", "_values", "pickled")

    def __init__(self, pickled: bytes, count: int) -> None:
        self.pickled = pickled
        self._count = count
        self._values: tuple[T, ...] | None = None

    def _unpacked(self) -> tuple[T, ...]:
        if self._values is None:
            self._values = pickle.loads(self.pickled)  # noqa: S301 - see `packed`
        return self._values

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self._unpacked()[place]

    def __iter__(self) -> Iterator[T]:
        return iter(self._unpacked())

    def __eq__(self, other: object) -> bool:
        return self._unpacked() == (other._unpacked() if isinstance(other, Packed) else other)

    def __hash__(self) -> int:
        return hash(self._unpacked())

    def __repr__(self) -> str:
        return repr(self._unpacked())

    def __reduce__(self) -> tuple[Callable[..., Packed[T]], tuple[object, ...]]:
        return Packed, (self.pickled, self._count)


def packed(values: Sequence[T]) -> Packed[T]:
    """Those values, packed, or as they are where they are it already."""
    if isinstance(values, Packed):
        return values
    return Packed(pickle.dumps(tuple(values), pickle.HIGHEST_PROTOCOL), len(values))
