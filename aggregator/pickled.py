"""Makes small values cheap to make and to pickle: entries go to a process of the sandbox and back by the thousand."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar, cast, overload

C = TypeVar("C", bound=type)
T = TypeVar("T")


def quickly_made(cls: C) -> C:
    """Have a frozen dataclass with slots, of two fields or more, made in a third of the time, and pickled in half.

    What `dataclass` writes for frozen ones sets each field by a call. Here the fields are those of a class of the same
    layout that is open until the value is whole, and then becomes one of `cls`. Default values may be no factories.
    """
    names, closed = [field.name for field in fields(cls)], cast("Any", cls)
    scope: dict[str, Any] = {"Open": type(cls.__name__, (), {"__slots__": tuple(names)}), "Closed": cls}
    lines = [f"def __new__(cls, {', '.join(names)}):", "self = Open()", *(f"self.{name} = {name}" for name in names)]
    exec("\n ".join([*lines, "self.__class__ = Closed", "return self"]), scope)  # noqa: S102 - as `dataclass` does
    scope["__new__"].__defaults__ = closed.__init__.__defaults__
    closed.__new__ = staticmethod(scope["__new__"])
    del closed.__init__
    # Pickled as the call that makes it: left to `dataclass`, its fields are looked up anew for each value, both ways.
    values = attrgetter(*names)
    closed.__reduce__ = lambda self: (cls, values(self))
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
