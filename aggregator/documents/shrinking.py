"""Pillow's part of a copy of a picture: decodes it, shrinks it, writes it anew. Imported only where that is done."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

from PIL import Image, UnidentifiedImageError
from PIL.Image import Resampling, Transpose

from aggregator.documents.pictures import MAX_PIXELS, Picture
from aggregator.errors import DocumentError

# AVIF last: where Pillow was built without it, only asking for it fails. SVG is a program, and no other is needed.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY = 80
# A copy is at most so many times as high as it may be wide; WebP ends at 16,383 pixels, and a page long before.
TALLEST = 4

_ORIENTATION = 0x0112  # Exif 2.32, table 4
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# What Pillow's decoders raise for broken files, as found by breaking files.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, RuntimeError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)


def copy(data: bytes, width: int) -> Picture:
    """See `pictures.shrink`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what it can mend
            return _copy(_decoded(data, width), width)
    except UnidentifiedImageError:
        raise DocumentError("this is no picture of a kind that is kept (JPEG, PNG, WebP, GIF, AVIF)") from None
    except _BROKEN as error:
        raise DocumentError(f"the picture is broken: {error}") from error


def _decoded(data: bytes, width: int) -> Image.Image:
    """The first frame, upright, as RGB or RGBA."""
    opened = Image.open(io.BytesIO(data), formats=FORMATS)
    if opened.width * opened.height > MAX_PIXELS:
        raise DocumentError(f"the picture has more than {MAX_PIXELS:,} pixels")
    # A JPEG can be decoded at a half, a quarter or an eighth; twice the width leaves enough for a good copy.
    opened.draft(None, (2 * width, 2 * width))
    opened.load()
    upright = _UPRIGHT.get(_orientation(opened))
    image = opened if upright is None else opened.transpose(upright)
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would clip, not scale
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return 1  # broken metadata does not break the picture


def _copy(image: Image.Image, width: int) -> Picture:
    scale = min(1, width / image.width, TALLEST * width / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size != image.size:
        image = image.resize(size, Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return Picture(out.getvalue(), "webp", *size, _average(image))


def _average(image: Image.Image) -> str:
    """The mean colour; of a picture with transparency, that of what can be seen of it, or white."""
    red, green, blue, *alpha = image.resize((1, 1), Resampling.BOX).tobytes()
    return "#ffffff" if alpha == [0] else f"#{red:02x}{green:02x}{blue:02x}"
