"""Draws the sample items' pictures: flat scenes, each a little different by its seed. Nothing is read from disk."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Mapping

from web.demo import indoors, outdoors
from web.demo.canvas import Canvas

TYPES = {"png": "image/png", "jpg": "image/jpeg"}
SCENES: Mapping[str, Callable[[Canvas], None]] = {
    "assembly": indoors.assembly,
    "bikes": outdoors.bikes,
    "board": indoors.board,
    "books": indoors.books,
    "chart": indoors.chart,
    "heatpump": outdoors.heatpump,
    "meter": indoors.meter,
    "panels": outdoors.panels,
    "pipes": outdoors.pipes,
    "radiator": indoors.radiator,
    "roofs": outdoors.roofs,
    "scaffold": outdoors.scaffold,
    "townhall": outdoors.townhall,
    "tram": outdoors.tram,
    "turbines": outdoors.turbines,
}


def suffix(seed: str) -> str:
    """The kind of file that this picture is: half of them are PNG, half JPEG."""
    return "jpg" if sum(map(ord, seed)) % 2 else "png"


@functools.lru_cache(maxsize=256)
def draw(scene: str, seed: str) -> bytes:
    """The picture of that scene as a whole file. Takes some hundredths of a second; the last ones drawn are kept."""
    canvas = Canvas(seed)
    SCENES[scene](canvas)
    buffer = io.BytesIO()
    image = canvas.finished()
    if suffix(seed) == "jpg":
        image.save(buffer, "JPEG", quality=88)
    else:
        image.save(buffer, "PNG", compress_level=2)
    return buffer.getvalue()
