"""Pillow's part of the copies of a picture: decodes, shrinks and writes it. Imported only where that is done."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Sequence

from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.Image import Resampling, Transpose

from aggregator.documents.pictures import MAX_PIXELS, Copy, Picture
from aggregator.errors import DocumentError

# AVIF last: where Pillow was built without it, only asking for it fails. SVG is a program, and no other is needed.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY = 80
# WebP's effort, of 6: 4 takes twice the time for 4 to 7 % fewer bytes, AVIF eight times the time for 5 to 16 %.
METHOD = 2
# A copy is at most so many times as high as it may be wide; WebP ends at 16,383 pixels, and a page long before.
TALLEST = 4
# A copy that would be more than this part of the next one's width is left out: that one does as well.
NEARLY = 0.8

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
_SRGB = ImageCms.createProfile("sRGB")


def copies(data: bytes, widths: Sequence[int]) -> Picture:
    """See `pictures.shrink`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what it can mend
            widest = _widest(data, widths[-1])
            return Picture(_shrunk(widest, widths), _average(widest))
    except UnidentifiedImageError:
        raise DocumentError("this is no picture of a kind that is kept (JPEG, PNG, WebP, GIF, AVIF)") from None
    except _BROKEN as error:
        raise DocumentError(f"the picture is broken: {error}") from error


def _widest(data: bytes, width: int) -> Image.Image:
    """The first frame, upright and not wider than that, as RGB or RGBA, whose colours are those of sRGB."""
    opened = Image.open(io.BytesIO(data), formats=FORMATS)
    if opened.width * opened.height > MAX_PIXELS:
        raise DocumentError(f"the picture has more than {MAX_PIXELS:,} pixels")
    # A JPEG can be decoded at a half, a quarter or an eighth, as long as neither side falls below this.
    opened.draft(None, (width, width))
    opened.load()
    profile = opened.info.get("icc_profile")
    upright = _UPRIGHT.get(_orientation(opened))
    image = opened if upright is None else opened.transpose(upright)
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would clip, not scale
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    if not profile:
        return _resized(image.convert(wanted), _size(image, width))
    if image.mode not in {"L", "CMYK"} or wanted == "RGBA":
        image = image.convert(wanted)  # a palette's colours are meant by the profile, too
    return _in_srgb(_resized(image, _size(image, width)), profile).convert(wanted)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without the profile, which the copies do not keep. One that does not fit is as good as none."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        made = ImageCms.profileToProfile(image, io.BytesIO(profile), _SRGB, outputMode=mode)
    except (ImageCms.PyCMSError, *_BROKEN):
        return image
    return made or image


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return 1  # broken metadata does not break the picture


def _size(image: Image.Image, width: int) -> tuple[int, int]:
    """What fits into that width."""
    scale = min(1, width / image.width, TALLEST * width / image.height)
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if size == image.size else image.resize(size, Resampling.LANCZOS, reducing_gap=2.0)


def _shrunk(widest: Image.Image, widths: Sequence[int]) -> tuple[Copy, ...]:
    """Each made from the next wider one, which is small already."""
    made = [widest]
    for width in reversed(widths[:-1]):
        if width <= NEARLY * made[-1].width:
            made.append(_resized(made[-1], _size(widest, width)))
    return tuple(Copy(_written(image), *image.size) for image in reversed(made))


def _written(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=METHOD, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def _average(image: Image.Image) -> str | None:
    """The mean colour, or None where the picture can be seen through: it would stand on its own colour."""
    red, green, blue, *alpha = image.resize((1, 1), Resampling.BOX).tobytes()
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha in ([], [255]) else None
