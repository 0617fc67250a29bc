"""Makes small, clean copies of a picture that somebody else made. Pure; run it where it can be killed."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PIXELS = 40_000_000
# In CSS pixels a row shows a picture 190 to 590 wide, on screens with one to three of their own to each of these.
WIDTHS = (320, 640, 1280)


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: `data` is a WebP without metadata."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: its copies, the widest last, and its average colour as `#rrggbb`.

    There is no colour where the picture is transparent somewhere.
    """

    copies: tuple[Copy, ...]
    colour: str | None
    extension: str = "webp"


def shrink(data: bytes, *, widths: tuple[int, ...] = WIDTHS) -> Picture:
    """Copies of these widths (ascending), upright, in sRGB, their transparency kept, and none wider than the original.

    One that would be nearly as wide as the next is left out. Of what moves only the first frame is taken.
    DocumentError for what is no JPEG, PNG, WebP, GIF or AVIF, is cut short, or would come to more than MAX_PIXELS.
    """
    # Only here: Pillow takes 2 MB of every process that imports it, and who has a picture shrunk needs none.
    from aggregator.documents.shrinking import copies  # noqa: PLC0415

    return copies(data, widths)
