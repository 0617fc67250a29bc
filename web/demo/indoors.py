"""Scenes between walls or on paper. Each draws on a Canvas and leaves the details to its seed."""

from __future__ import annotations

import math

from web.demo.canvas import HEIGHT, WIDTH, Canvas, Point, mixed
from web.demo.things import WHITE, around, arrow, digit, person, pot_plant


def radiator(canvas: Canvas) -> None:
    """A radiator below a window."""
    palette, chance = canvas.palette, canvas.chance
    wall = mixed(palette.accents[3], palette.far, 0.28)
    canvas.backdrop(mixed(wall, WHITE, 0.35), wall)
    canvas.ground(478, mixed(palette.ground, palette.ink, 0.25))
    canvas.box(0, 466, WIDTH, 480, WHITE)
    left = chance.uniform(250, 360)
    canvas.box(left - 14, 36, left + 354, 262, WHITE, 6)
    for side in (0, 1):
        x = left + side * 174
        canvas.box(x, 50, x + 166, 248, mixed(palette.sky[0], palette.sky[1], 0.4))
        canvas.polygon([(x, 248), (x, 210), (x + 80, 178), (x + 166, 214), (x + 166, 248)], palette.near)
    canvas.disc(left + chance.uniform(40, 120), chance.uniform(86, 120), 20, palette.accents[2])
    canvas.box(left - 34, 258, left + 374, 276, mixed(WHITE, palette.ink, 0.08), 5)
    pot_plant(canvas, left + chance.choice((40, 300)), 258)
    ribs = chance.randint(9, 12)
    x, step = left + 170 - ribs * 17, 34
    canvas.line([(x - 60, 440), (x + 20, 440)], mixed(palette.ink, WHITE, 0.35), 9)
    for rib in range(ribs):
        canvas.box(x + rib * step, 306, x + rib * step + 28, 448, mixed(WHITE, palette.ink, 0.13), 14)
        canvas.box(x + rib * step + 3, 308, x + rib * step + 15, 446, WHITE, 8)
    canvas.disc(x - 62, 440, 19, palette.accents[0])
    warm = mixed(wall, palette.accents[0], 0.35)
    for wave in range(3):
        base = x + ribs * step + 34 + wave * 34
        canvas.line([(base + 9 * math.sin(y / 17), y) for y in range(320, 440, 4)], warm, 7)


def assembly(canvas: Canvas) -> None:
    """People in a half circle, one of whom speaks."""
    palette, chance = canvas.palette, canvas.chance
    wall = mixed(palette.sky[1], palette.far, 0.25)
    canvas.backdrop(mixed(wall, WHITE, 0.3), wall)
    for left in range(64, WIDTH, 226):
        canvas.box(left, 50, left + 130, 230, mixed(palette.sky[0], WHITE, 0.25), 60)
    canvas.ground(400, mixed(palette.accents[2], palette.ink, 0.35))
    speaker = chance.choice((300, 480, 650))
    person(canvas, speaker, 330, 1.0, palette.accents[0])
    canvas.box(speaker + 48, 92, speaker + 208, 172, WHITE, 24)
    canvas.polygon([(speaker + 66, 160), (speaker + 104, 168), (speaker + 44, 204)], WHITE)
    for bar, length in enumerate((112, 84, 100)):
        top = 110 + bar * 17
        canvas.box(speaker + 70, top, speaker + 70 + length, top + 8, mixed(palette.far, palette.ink, 0.2), 4)
    colours = (*palette.accents[:3], palette.near, palette.ground, palette.far)
    for row, (top, size, count) in enumerate(((400, 1.05, 8), (480, 1.3, 7))):
        for place in range(count):
            x = WIDTH * (place + 0.5 + 0.25 * row) / count
            dip = 30 * math.sin(math.pi * place / (count - 1))
            person(canvas, x, top + dip, size, chance.choice(colours))


def books(canvas: Canvas) -> None:
    """A pile of books and a lamp."""
    palette, chance = canvas.palette, canvas.chance
    wall = mixed(palette.sky[0], palette.far, 0.3)
    canvas.backdrop(wall, mixed(wall, palette.accents[3], 0.5))
    lamp = chance.choice((240, 700))
    glow = mixed(wall, palette.accents[2], 0.35)
    canvas.polygon([(lamp - 40, 190), (lamp + 40, 190), (lamp + 210, 440), (lamp - 210, 440)], glow)
    canvas.ground(438, mixed(palette.accents[2], palette.ink, 0.5))
    canvas.box(0, 438, WIDTH, 450, mixed(palette.accents[2], palette.ink, 0.35))
    canvas.line([(lamp, 436), (lamp, 150)], palette.ink, 8)
    canvas.box(lamp - 70, 424, lamp + 70, 440, palette.ink, 8)
    canvas.polygon([(lamp - 44, 100), (lamp + 44, 100), (lamp + 92, 196), (lamp - 92, 196)], palette.accents[0])
    centre, top = WIDTH - lamp, 438.0
    for _ in range(chance.randint(6, 8)):
        height, width = chance.uniform(28, 46), chance.uniform(230, 320)
        left = centre - width / 2 + chance.uniform(-24, 24)
        fill = chance.choice((*palette.accents[:3], palette.near, palette.ground))
        top -= height
        canvas.box(left, top, left + width, top + height - 2, fill, 5)
        canvas.box(left + width - 16, top + 5, left + width - 2, top + height - 7, WHITE, 2)
        for stripe in (26, 40):
            canvas.box(left + stripe, top, left + stripe + 6, top + height - 2, mixed(fill, WHITE, 0.5))
    canvas.box(lamp + 96, 384, lamp + 156, 440, palette.accents[3], 10)
    canvas.ring(lamp + 160, 408, 18, 7, palette.accents[3])


def board(canvas: Canvas) -> None:
    """A blackboard with a house and where its heat goes."""
    palette, chance = canvas.palette, canvas.chance
    wall = mixed(palette.accents[3], palette.far, 0.3)
    canvas.backdrop(wall, mixed(wall, palette.near, 0.25))
    canvas.box(110, 50, 850, 450, mixed(palette.accents[2], palette.ink, 0.35), 12)
    canvas.box(128, 68, 832, 432, mixed(palette.ink, palette.ground, 0.35), 4)
    chalk, warm = (240, 240, 232), mixed(palette.accents[0], WHITE, 0.35)
    x = chance.uniform(200, 300)
    canvas.line([(x, 240), (x + 130, 140), (x + 260, 240)], chalk, 6)
    canvas.line([(x + 24, 224), (x + 24, 380), (x + 236, 380), (x + 236, 224)], chalk, 6)
    canvas.line([(x + 60, 380), (x + 60, 300), (x + 110, 300), (x + 110, 380)], chalk, 4)
    canvas.line([(x + 150, 280), (x + 205, 280), (x + 205, 330), (x + 150, 330), (x + 150, 280)], chalk, 4)
    for start, end in (
        ((x + 190, 168), (x + 240, 108)),
        ((x + 246, 290), (x + 322, 270)),
        ((x + 60, 168), (x + 20, 112)),
    ):
        arrow(canvas, start, end, warm)
    for row in range(4):
        top = 150 + row * 54
        canvas.disc(640, top, 8, palette.accents[2])
        canvas.line([(664, top), (664 + chance.uniform(60, 140), top)], chalk, 5)
    canvas.box(150, 432, 810, 446, mixed(palette.accents[2], palette.ink, 0.5), 4)
    for place, fill in enumerate((chalk, warm, mixed(palette.accents[2], WHITE, 0.3))):
        canvas.box(230 + place * 70, 424, 280 + place * 70, 434, fill, 5)
    canvas.ground(500, mixed(palette.ground, palette.ink, 0.3))


def chart(canvas: Canvas) -> None:
    """A sheet of paper with bars and a line."""
    palette, chance = canvas.palette, canvas.chance
    desk = mixed(palette.near, palette.ground, 0.5)
    canvas.backdrop(mixed(desk, WHITE, 0.15), desk)
    canvas.polygon([(176, 50), (800, 42), (812, 506), (168, 500)], mixed(desk, palette.ink, 0.35))
    canvas.box(164, 36, 796, 494, mixed(palette.accents[3], WHITE, 0.6), 6)
    canvas.box(206, 66, 206 + chance.uniform(180, 300), 84, palette.ink, 6)
    canvas.box(206, 96, 206 + chance.uniform(90, 170), 106, mixed(palette.far, palette.ink, 0.2), 5)
    bars = chance.randint(6, 9)
    step = 540 / bars
    falls = chance.random() < 0.5  # noqa: PLR2004
    tops: list[Point] = []
    for bar in range(bars):
        share = (bars - bar if falls else bar + 1) / bars
        height = 60 + 210 * share + chance.uniform(-26, 26)
        x = 210 + bar * step
        fill = palette.accents[0] if bar == bars - 1 else mixed(palette.accents[1], WHITE, 0.15)
        canvas.box(x, 450 - height, x + step * 0.68, 450, fill, 6)
        tops.append((x + step * 0.34, 420 - height + chance.uniform(-14, 8)))
    canvas.line([(196, 452), (764, 452)], palette.ink, 4)
    canvas.line(tops, palette.accents[2], 6)
    for x, y in tops:
        canvas.disc(x, y, 9, palette.accents[2])
        canvas.disc(x, y, 4, WHITE)
    canvas.line([(836, 120), (884, 420)], palette.accents[0], 20)
    canvas.polygon([(874, 420), (894, 417), (890, 456)], palette.ink)


def meter(canvas: Canvas) -> None:
    """A meter with a needle."""
    palette, chance = canvas.palette, canvas.chance
    wall = mixed(palette.accents[1], palette.accents[3], 0.55)
    canvas.backdrop(mixed(wall, WHITE, 0.3), wall)
    for x in range(0, WIDTH, 96):
        canvas.line([(x, 0), (x, HEIGHT)], mixed(wall, palette.ink, 0.06), 3)
    for depth, fill in ((200, palette.accents[0]), (264, mixed(palette.ink, WHITE, 0.2))):
        canvas.line([(-20, depth), (WIDTH + 20, depth)], fill, 18)
    canvas.box(310, 70, 650, 480, mixed(palette.ink, palette.accents[1], 0.3), 40)
    canvas.box(326, 86, 634, 464, mixed(palette.accents[3], WHITE, 0.5), 28)
    centre = (480.0, 232.0)
    canvas.disc(*centre, 124, mixed(palette.ink, WHITE, 0.15))
    canvas.disc(*centre, 114, WHITE)
    for tick in range(11):
        angle = -2.2 + tick * 0.44
        fill = palette.accents[0] if tick > 7 else palette.ink  # noqa: PLR2004
        canvas.line([around(centre, angle, 88), around(centre, angle, 102)], fill, 5)
    canvas.line([centre, around(centre, chance.uniform(-2.0, 1.0), 84)], palette.accents[0], 7)
    canvas.disc(*centre, 13, palette.ink)
    for place in range(5):
        x = 372 + place * 44
        canvas.box(x, 384, x + 38, 434, palette.accents[0] if place == 4 else palette.ink, 5)  # noqa: PLR2004
        digit(canvas, x + 10, 394, chance.randint(0, 9))
