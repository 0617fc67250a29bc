"""Small clean copies of pictures, and what becomes of those that are none."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin, features

from aggregator.documents.pictures import MAX_PIXELS, Copy, shrink
from aggregator.documents.shrinking import FORMATS
from aggregator.errors import DocumentError
from aggregator.sandbox import open_sandbox

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def drawn(size: tuple[int, int] = (80, 40), mode: str = "RGB", colour: Any = RED) -> Image.Image:
    return Image.new(mode, size, colour)


def corners(size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Red, but for its upper left quarter, which is blue."""
    image = drawn(size)
    image.paste(BLUE, (0, 0, size[0] // 2, size[1] // 2))
    return image


def noise(size: tuple[int, int] = (80, 40)) -> Image.Image:
    return Image.effect_noise(size, 80).convert("RGB")


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def widest(data: bytes, **options: Any) -> Copy:
    return shrink(data, **options).copies[-1]


def opened(copy: Copy) -> Image.Image:
    image = Image.open(io.BytesIO(copy.data))
    assert (image.format, image.size) == ("WEBP", (copy.width, copy.height))
    return image


def near(one: Any, other: Any, by: int = 12) -> bool:
    return all(abs(left - right) <= by for left, right in zip(one, other, strict=True))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_every_kind_that_is_kept_becomes_a_small_webp(kind: str) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    picture = shrink(saved(drawn((800, 400)), kind), widths=(200,))
    (copy,) = picture.copies
    assert (picture.extension, copy.width, copy.height) == ("webp", 200, 100)
    assert near(opened(copy).convert("RGB").getpixel((100, 50)), RED)


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (5000, [320, 640, 1280]),
        (1280, [320, 640, 1280]),
        (1200, [320, 640, 1200]),
        (800, [320, 640, 800]),
        (799, [320, 799]),
        (640, [320, 640]),
        (400, [320, 400]),
        (399, [399]),
        (30, [30]),
    ],
)
def test_copies_have_the_widths_that_layouts_show_and_none_is_nearly_another(width: int, kept: list[int]) -> None:
    copies = shrink(saved(drawn((width, width // 2)))).copies
    assert [copy.width for copy in copies] == kept
    assert all(abs(copy.height - copy.width / 2) <= 1 for copy in copies)
    assert all(near(opened(copy).getpixel((5, 5)), RED) for copy in copies)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", id="svg"),
        pytest.param(b"<!doctype html><title>Sign in</title>", id="html"),
        pytest.param(saved(drawn(), "BMP"), id="bmp"),
        pytest.param(saved(drawn(), "TIFF"), id="tiff"),
        pytest.param(saved(drawn(), "ICO"), id="ico"),
        pytest.param(saved(drawn(), "PPM"), id="ppm"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", id="eps"),
        pytest.param(b"GIF89a", id="the name of a gif"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="the name of a png"),
        pytest.param(b"\xff\xd8\xff", id="the name of a jpeg"),
        pytest.param(b"RIFF\x10\0\0\0WEBPVP8 ", id="the name of a webp"),
        pytest.param(b"\0\0\0\x1cftypavif", id="the name of an avif"),
    ],
)
def test_what_is_no_picture_of_a_kind_that_is_kept_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        widest(data)


def test_a_small_picture_is_not_made_larger() -> None:
    picture = widest(saved(drawn((30, 20))))
    assert (picture.width, picture.height) == (30, 20)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 64))
@settings(max_examples=40, deadline=None)
def test_a_copy_is_within_its_bounds_and_keeps_its_shape(wide: int, high: int, width: int) -> None:
    picture = widest(saved(drawn((wide, high))), widths=(width,))
    assert 1 <= picture.width <= min(wide, width)
    assert 1 <= picture.height <= min(high, 4 * width)
    scale = min(1, width / wide, 4 * width / high)
    assert abs(picture.width - max(1, wide * scale)) <= 0.5
    assert abs(picture.height - max(1, high * scale)) <= 0.5


def test_a_picture_that_is_very_high_becomes_one_that_can_be_kept() -> None:
    picture = widest(saved(drawn((4, 100_000))))
    assert (picture.width, picture.height) == (1, 5120)


@pytest.mark.parametrize(
    ("orientation", "blue_at"),
    list(enumerate(["upper left", "upper right", "lower right", "lower left"] * 2, start=1)),
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_was_taken_askew_is_set_upright(kind: str, orientation: int, blue_at: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = widest(saved(corners(), kind, exif=exif))
    assert (picture.width, picture.height) == ((80, 40) if orientation < 5 else (40, 80))
    image = opened(picture).convert("RGB")
    x = picture.width // 4 * (3 if "right" in blue_at else 1)
    y = picture.height // 4 * (3 if "lower" in blue_at else 1)
    assert near(image.getpixel((x, y)), BLUE, by=25)
    assert near(image.getpixel((picture.width - x, picture.height - y)), RED, by=25)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0junk", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_metadata_does_not_break_the_picture(kind: str, exif: bytes) -> None:
    assert widest(saved(drawn(), kind, exif=exif)).width == 80


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_of_the_original_is_kept(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at our home"
    options: dict[str, Any] = {"exif": exif, "icc_profile": b"our home profile"}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "our home")
    if kind == "JPEG":
        options["comment"] = b"our home"
    data = saved(drawn(), kind, **options)
    assert b"our home" in data
    picture = widest(data)
    assert b"our home" not in picture.data
    assert not opened(picture).getexif()
    assert opened(picture).info.get("icc_profile") is None


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 128, (128, 128, 128)),
        ("P", 1, None),
        ("RGB", GREEN, GREEN),
        ("I;16", 32768, (128, 128, 128)),
    ],
)
def test_every_mode_of_a_png_becomes_the_colours_that_it_shows(
    mode: str, colour: Any, seen: tuple[int, int, int] | None
) -> None:
    image = drawn(mode=mode, colour=colour)
    if mode == "P":
        image.putpalette([*BLUE, *GREEN])
    shown = opened(widest(saved(image)))
    assert shown.mode == "RGB"
    assert near(shown.getpixel((20, 20)), seen or GREEN)


def test_a_cmyk_jpeg_becomes_rgb() -> None:
    shown = opened(widest(saved(drawn().convert("CMYK"), "JPEG", quality=95)))
    assert shown.mode == "RGB"
    assert near(shown.getpixel((20, 20)), RED)


def profile_with(red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...]) -> bytes:
    """An ICC profile (ICC.1:2001-04) of these three primaries, with the gamma of 1."""
    numbers = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue, b"wtpt": (0.9642, 1.0, 0.8249)}
    tags = {
        name: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz)) for name, xyz in numbers.items()
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0\0\0\0\0")
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"mine\0" + b"\0" * 78
    tags[b"cprt"] = b"text\0\0\0\0none\0"
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", start + len(body))
    header[8:12] = b"\x02\x10\0\0"
    header[12:24] = b"mntrRGB XYZ "
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(header) + struct.pack(">I", len(tags)) + table + body


# The primaries of sRGB, as adapted to D50; whoever gives red for blue means that red is blue.
SRGB_RED, SRGB_GREEN, SRGB_BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
RED_IS_BLUE = profile_with(SRGB_BLUE, SRGB_GREEN, SRGB_RED)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("WEBP", "RGB"), ("PNG", "RGBA"), ("PNG", "P")]
)
def test_the_colours_that_a_profile_means_are_kept_without_the_profile(kind: str, mode: str) -> None:
    image = drawn(mode="P", colour=1) if mode == "P" else drawn().convert(mode)
    if mode == "P":
        image.putpalette([*GREEN, *RED])
    elif mode == "RGBA":
        image.putalpha(128)
    picture = shrink(saved(image, kind, icc_profile=RED_IS_BLUE))
    shown = opened(picture.copies[-1])
    assert shown.mode == ("RGBA" if mode == "RGBA" else "RGB")
    assert near(shown.convert("RGB").getpixel((20, 20)), BLUE, by=20)
    assert picture.colour is None if mode == "RGBA" else near(bytes.fromhex(picture.colour[1:]), BLUE, by=20)  # type: ignore[index]
    assert shown.info.get("icc_profile") is None


@pytest.mark.parametrize("profile", [b"no profile", RED_IS_BLUE[:200], RED_IS_BLUE[:16] + b"GRAY" + RED_IS_BLUE[20:]])
def test_a_profile_that_is_broken_or_of_another_kind_is_as_good_as_none(profile: bytes) -> None:
    assert near(opened(widest(saved(drawn(), icc_profile=profile))).getpixel((20, 20)), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(mode: str) -> None:
    image = drawn((800, 400), "RGBA", (*RED, 255))
    image.paste((0, 0, 0, 0), (0, 0, 400, 400))
    options: dict[str, Any] = {}
    if mode == "P":
        image = drawn((800, 400), "P", 1)
        image.putpalette([*BLUE, *RED])
        image.paste(0, (0, 0, 400, 400))
        options["transparency"] = 0
    elif mode == "LA":
        image = image.convert("LA")
    shown = opened(widest(saved(image, **options)))
    assert shown.mode == "RGBA"
    assert shown.getpixel((100, 100))[3] == 0  # type: ignore[index]
    assert shown.getpixel((600, 100))[3] == 255  # type: ignore[index]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_what_moves_the_first_frame_is_taken(kind: str) -> None:
    data = saved(drawn(colour=RED), kind, save_all=True, append_images=[drawn(colour=BLUE), drawn(colour=GREEN)])
    shown = opened(widest(data))
    assert getattr(shown, "n_frames", 1) == 1
    assert near(shown.convert("RGB").getpixel((20, 20)), RED)


def test_ten_thousand_frames_cost_what_one_costs() -> None:
    frame = saved(drawn((64, 64)), "GIF")
    header, frames = frame[:-1], frame[13 + 3 * 256 : -1]
    assert near(opened(widest(header + frames * 10_000 + b";")).getpixel((20, 20)), RED)


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (drawn(colour=(1, 2, 3)), (1, 2, 3)),
        (corners(), (191, 0, 64)),
        (drawn(mode="RGBA", colour=(9, 8, 7, 255)), (9, 8, 7)),
    ],
)
def test_the_colour_that_stands_in_for_a_picture_is_its_average(
    image: Image.Image, colour: tuple[int, int, int]
) -> None:
    told = shrink(saved(image)).colour
    assert told
    assert told[0] == "#"
    assert len(told) == 7
    assert near(bytes.fromhex(told[1:]), colour, by=2)


def test_what_can_be_seen_through_is_not_put_on_its_own_colour() -> None:
    image = drawn(mode="RGBA", colour=(*RED, 255))
    image.paste((*GREEN, 0), (0, 0, 40, 40))
    assert shrink(saved(image)).colour is None


@pytest.mark.parametrize("size", [(MAX_PIXELS // 1000 + 1, 1000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(DocumentError):
        widest(png_that_claims(*size))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_that_is_cut_short_is_refused(kind: str) -> None:
    data = saved(noise(), kind)
    for end in range(0, len(data) * 3 // 4, max(1, len(data) // 40)):
        with pytest.raises(DocumentError):
            widest(data[:end])


@given(st.sampled_from(FORMATS), st.data())
@settings(max_examples=150, deadline=None)
def test_a_picture_with_wrong_bytes_gives_a_copy_or_an_error_and_nothing_else(kind: str, draw: st.DataObject) -> None:
    data = bytearray(saved(corners((16, 16)), kind))
    for at, byte in draw.draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=8)):
        data[at] = byte
    with contextlib.suppress(DocumentError):
        assert shrink(bytes(data)).extension == "webp"


async def test_the_largest_picture_that_is_taken_fits_into_the_sandbox() -> None:
    data = saved(drawn((8000, MAX_PIXELS // 8000), "RGBA", (*RED, 128)), compress_level=1)
    async with open_sandbox(processes=1, seconds=120) as box:
        picture = await box.run(shrink, data)
    assert [(copy.width, copy.height) for copy in picture.copies] == [(320, 200), (640, 400), (1280, 800)]
