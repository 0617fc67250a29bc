"""A call: what people are asked to take part in, when, and what they agree to. Values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

USUAL_KEEP = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class CallOption:
    """One of the things that a call offers, such as a course, with its label by language."""

    id: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the host page shows: its words by language and where its button leads.

    That is `url`, or, without one, a form of our own. `consent` is what people agree to there, by language; where it
    is empty, the program's own wording stands. An entry is kept for `keep` from when it was sent.
    """

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    button: Mapping[str, str]
    url: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    options: tuple[CallOption, ...] = ()
    consent: Mapping[str, str] = field(default_factory=dict)
    keep: timedelta = USUAL_KEEP

    def is_open(self, now: datetime) -> bool:
        """From its first moment to before the moment at which it closes."""
        return not self.is_to_come(now) and not self.is_over(now)

    def is_to_come(self, now: datetime) -> bool:
        """True before it opens."""
        return self.opens_at is not None and now < self.opens_at

    def is_over(self, now: datetime) -> bool:
        """True from the moment on at which it closes."""
        return self.closes_at is not None and now >= self.closes_at

    @property
    def last_moment(self) -> datetime | None:
        """The last moment at which it is open, which is what people are told: midnight belongs to the day before."""
        return self.closes_at - timedelta(microseconds=1) if self.closes_at else None
