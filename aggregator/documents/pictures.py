"""Makes a small, clean copy of a picture that somebody else made. Pure; run it where it can be killed."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: `data` is a WebP without metadata, `colour` its average as `#rrggbb`."""

    data: bytes
    extension: str
    width: int
    height: int
    colour: str


def shrink(data: bytes, *, width: int = 640) -> Picture:
    """A copy at most `width` pixels wide (never wider than the original), upright, its transparency kept.

    Of what moves only the first frame is taken. DocumentError for what is no JPEG, PNG, WebP, GIF or AVIF, is cut
    short, or would come to more than MAX_PIXELS.
    """
    # Only here: Pillow takes 2 MB of every process that imports it, and who has a picture shrunk needs none.
    from aggregator.documents.shrinking import copy  # noqa: PLC0415

    return copy(data, width)
