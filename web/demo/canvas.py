"""A drawing surface with a palette and a little chance in it, both decided by a seed. It knows no scene."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

SIZE = (960, 540)
FINENESS = 2  # everything is drawn this much larger and then reduced: Pillow's shapes have no smooth edges
WIDTH, HEIGHT = SIZE

Colour = tuple[int, int, int]
Point = tuple[float, float]


def colour(code: str) -> Colour:
    """`#rrggbb` as three numbers."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that has that share, 0.0 to 1.0, of the other one in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that go together. `accents` are for things, from the strongest to the palest."""

    sky: tuple[Colour, Colour]
    far: Colour
    near: Colour
    ground: Colour
    ink: Colour
    accents: tuple[Colour, Colour, Colour, Colour]


def _palette(codes: str) -> Palette:
    top, bottom, far, near, ground, ink, *accents = map(colour, codes.split())
    first, second, third, fourth = accents
    return Palette((top, bottom), far, near, ground, ink, (first, second, third, fourth))


PALETTES = (
    _palette("#a8d8ea #fdf4df #a9cbb7 #7fb08f #5b8f72 #27363b #d9593d #3d6b8c #f0a830 #f9f0e0"),
    _palette("#f6b08f #fdeccf #cf9880 #a86f66 #6f4c55 #33272a #2f6f73 #c8434f #ecb95f #fff3e0"),
    _palette("#7fc4de #eaf7f3 #8fc1b5 #5a9e8f #37766d #1f3238 #e4572e #2e4057 #f6c445 #fbf7ec"),
    _palette("#4c5a8c #eeb09a #7c7aa5 #57598a #3a3d66 #20223d #e9806e #6fb1a0 #f5d08a #f6e9e4"),
    _palette("#d3ebd3 #fcf8e3 #b4d3a1 #84b273 #5c9058 #2a3a2c #b5446e #3f7cac #eeb33b #fbf3e3"),
    _palette("#c4d6ea #f7f3ec #b3c2d1 #8ba3b8 #67839b #26323f #c94f4f #3f6d7f #e2a84b #fdfaf4"),
)


class Canvas:
    """The surface, 960 by 540 whatever its fineness. `chance` is the seed's: one seed, one picture."""

    def __init__(self, seed: str) -> None:
        """An empty surface with the seed's palette."""
        self.chance = random.Random(seed)  # noqa: S311 - pictures, no secrets
        self.palette = self.chance.choice(PALETTES)
        self._image = Image.new("RGB", (WIDTH * FINENESS, HEIGHT * FINENESS), self.palette.sky[1])
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """The picture in its final size."""
        return self._image.reduce(FINENESS)

    def backdrop(self, top: Colour, bottom: Colour) -> None:
        """Fill everything with a gradient from above to below."""
        width, height = self._image.size
        column = ImageOps.colorize(Image.linear_gradient("L").resize((1, height)), top, bottom)
        self._image.paste(column.resize((width, height), Image.Resampling.NEAREST))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled shape."""
        self._draw.polygon([(x * FINENESS, y * FINENESS) for x, y in points], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour, radius: float = 0) -> None:
        """A filled rectangle, its corners rounded by `radius`."""
        corners = [value * FINENESS for value in (left, top, right, bottom)]
        self._draw.rounded_rectangle(corners, radius * FINENESS, fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour, height: float = 1.0) -> None:
        """A filled circle, or an ellipse that is `height` times as high as it is wide."""
        reach = radius * height
        corners = [value * FINENESS for value in (x - radius, y - reach, x + radius, y + reach)]
        self._draw.ellipse(corners, fill=fill)

    def ring(self, x: float, y: float, radius: float, width: float, fill: Colour) -> None:
        """A circle's outline."""
        corners = [value * FINENESS for value in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(corners, outline=fill, width=round(width * FINENESS))

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """A line through the points, with round joints and ends."""
        scaled = [(x * FINENESS, y * FINENESS) for x, y in points]
        self._draw.line(scaled, fill=fill, width=round(width * FINENESS), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, fill)

    def outdoors(self, horizon: float = 340) -> None:
        """Sky, a sun and two ranges of hills."""
        chance, palette = self.chance, self.palette
        self.backdrop(*palette.sky)
        x, y, radius = chance.uniform(120, 840), chance.uniform(70, 150), chance.uniform(34, 54)
        sun = mixed(palette.accents[2], palette.accents[3], 0.35)
        self.disc(x, y, radius * 1.7, mixed(palette.sky[0], sun, 0.25))
        self.disc(x, y, radius, sun)
        for _ in range(chance.randint(1, 3)):
            self._cloud(chance.uniform(60, 880), chance.uniform(60, 190), chance.uniform(0.6, 1.1))
        self.hills(horizon, 46, palette.far)
        self.hills(horizon + 60, 34, palette.near)

    def hills(self, height: float, swing: float, fill: Colour) -> None:
        """A range of rounded hills around that height, filled down to the lower edge."""
        first, second = self.chance.uniform(0, math.tau), self.chance.uniform(0, math.tau)
        ridge = [
            (x, height + swing * (0.6 * math.sin(x / 150 + first) + 0.4 * math.sin(x / 67 + second)))
            for x in range(-20, WIDTH + 40, 20)
        ]
        self.polygon([*ridge, (WIDTH + 20, HEIGHT), (-20, HEIGHT)], fill)

    def ground(self, top: float, fill: Colour) -> None:
        """Fill everything below that height."""
        self.box(0, top, WIDTH, HEIGHT, fill)

    def tree(self, x: float, foot: float, size: float) -> None:
        """A round tree that stands at `foot`."""
        palette = self.palette
        self.line([(x, foot), (x, foot - size)], mixed(palette.ink, palette.accents[2], 0.25), size * 0.1)
        crown = mixed(palette.ground, palette.ink, 0.15)
        self.disc(x, foot - size, size * 0.42, crown, 1.15)
        self.disc(x + size * 0.1, foot - size * 1.12, size * 0.24, mixed(crown, palette.accents[3], 0.18))

    def _cloud(self, x: float, y: float, size: float) -> None:
        fill = mixed(self.palette.sky[0], self.palette.accents[3], 0.7)
        for shift, lift, radius in ((-38, 0, 20), (-12, -12, 27), (20, -6, 23), (42, 3, 16)):
            self.disc(x + shift * size, y + lift * size, radius * size, fill)
        self.box(x - 56 * size, y, x + 58 * size, y + 19 * size, fill, 10 * size)
