"""What the process of `study.py` is asked. The program names these, and imports nothing heavy with them."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.learning.specimens import Lesson, Opinion, Specimen


def learn(kept: bytes | None, earlier: Sequence[Lesson], lessons: Sequence[Lesson]) -> bytes:
    """See `pupil.learn`."""
    from aggregator.learning import pupil  # noqa: PLC0415 - only there, see `study.py`

    return pupil.learn(kept, earlier, lessons)


def judge(kept: bytes, specimens: Sequence[Specimen]) -> list[Opinion]:
    """See `pupil.judge`."""
    from aggregator.learning import pupil  # noqa: PLC0415

    return pupil.judge(kept, specimens)
