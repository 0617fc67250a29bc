"""Scenes under the sky. Each draws on a Canvas and leaves the details to its seed."""

from __future__ import annotations

import math

from web.demo.canvas import WIDTH, Canvas, mixed
from web.demo.things import CELL, WHITE, around, bicycle, panel, person, street, turbine


def roofs(canvas: Canvas) -> None:
    """A street of houses."""
    canvas.outdoors()
    canvas.ground(470, canvas.palette.ground)
    street(canvas, 474, canvas.chance.uniform(0.85, 1.1))
    for _ in range(4):
        canvas.tree(
            canvas.chance.uniform(40, WIDTH - 40), canvas.chance.uniform(495, 525), canvas.chance.uniform(50, 80)
        )


def panels(canvas: Canvas) -> None:
    """Rows of solar panels on a slope."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(310)
    canvas.ground(400, palette.ground)
    glass = mixed(palette.ink, CELL, 0.7)
    for row, (top, height) in enumerate(((330, 48), (386, 64), (460, 84))):
        width, lean = height * 1.9, height * 0.35
        x = chance.uniform(-width, 0)
        while x < WIDTH:
            legs = mixed(palette.ink, palette.ground, 0.3)
            canvas.line([(x + width * 0.5, top + height), (x + width * 0.5, top + height * 1.25)], legs, 4 + row)
            panel(canvas, (x, top + height), (width, height, lean), mixed(glass, WHITE, chance.uniform(0, 0.14)))
            x += width + 10 + 4 * row


def turbines(canvas: Canvas) -> None:
    """Wind turbines on hills."""
    chance = canvas.chance
    canvas.outdoors(380)
    count = chance.randint(3, 5)
    for place in range(count):
        x = WIDTH * (place + 0.5) / count + chance.uniform(-40, 40)
        turbine(canvas, x, chance.uniform(430, 470), chance.uniform(190, 290))
    canvas.hills(470, 22, canvas.palette.ground)
    for _ in range(3):
        canvas.tree(chance.uniform(40, WIDTH - 40), chance.uniform(500, 530), chance.uniform(34, 60))


def bikes(canvas: Canvas) -> None:
    """A bicycle on a lane between trees."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(300)
    canvas.ground(400, palette.ground)
    for x in range(60, WIDTH, 150):
        canvas.tree(x + chance.uniform(-30, 30), 415, chance.uniform(100, 150))
    canvas.ground(440, mixed(palette.ink, palette.far, 0.35))
    for x in range(-20, WIDTH, 120):
        canvas.box(x, 506, x + 64, 514, palette.accents[3], 4)
    bicycle(canvas, chance.uniform(300, 480), 400, palette.accents[0])


def pipes(canvas: Canvas) -> None:
    """A heat plant, houses, and the pipes between them under the street."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(240)
    street(canvas, 346, 0.62)
    soil = mixed(palette.ink, palette.accents[2], 0.22)
    canvas.ground(344, soil)
    canvas.ground(344 + 196, soil)
    canvas.box(0, 338, WIDTH, 356, mixed(palette.ink, palette.far, 0.45))
    left = chance.choice((40, 700))
    brick = palette.accents[0]
    canvas.polygon(
        [(left + 150, 338), (left + 158, 90), (left + 192, 90), (left + 200, 338)], mixed(brick, palette.ink, 0.2)
    )
    canvas.box(left + 156, 112, left + 194, 126, palette.accents[3])
    canvas.box(left, 226, left + 160, 338, brick)
    canvas.polygon(
        [
            (left - 10, 228),
            (left + 50, 190),
            (left + 50, 228),
            (left + 110, 190),
            (left + 110, 228),
            (left + 170, 190),
            (left + 170, 228),
        ],
        mixed(brick, palette.ink, 0.35),
    )
    for window in range(4):
        canvas.box(left + 14 + window * 36, 252, left + 38 + window * 36, 286, mixed(palette.accents[2], WHITE, 0.4), 3)
    for puff in range(3):
        canvas.disc(left + 190 + puff * 38, 68 - puff * 18, 22 + puff * 8, mixed(palette.sky[0], WHITE, 0.6))
    hot, cold = (216, 82, 62), (74, 128, 178)
    for depth, fill in ((410, hot), (452, cold)):
        canvas.line([(-20, depth), (WIDTH + 20, depth)], mixed(fill, palette.ink, 0.35), 24)
        canvas.line([(-20, depth - 3), (WIDTH + 20, depth - 3)], fill, 14)
        for x in range(90, WIDTH, 150):
            shift = 0 if fill == hot else 26
            canvas.line([(x + shift, depth), (x + shift, 360)], fill, 9)
    for _ in range(26):
        canvas.disc(
            chance.uniform(0, WIDTH), chance.uniform(376, 530), chance.uniform(2, 6), mixed(soil, palette.far, 0.3)
        )
    canvas.ground(522, mixed(soil, palette.ink, 0.4))


def scaffold(canvas: Canvas) -> None:
    """A house front that is being insulated."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(330)
    canvas.ground(480, palette.ground)
    left, right, top = 210, 750, 130
    old, new = mixed(palette.accents[0], palette.ink, 0.25), mixed(palette.accents[2], palette.accents[3], 0.45)
    split = left + (right - left) * chance.choice((0.33, 0.5, 0.66))
    canvas.polygon(
        [(left - 26, top), ((left + right) / 2, 40), (right + 26, top)], mixed(palette.ink, palette.accents[1], 0.3)
    )
    canvas.box(left, top, right, 482, old)
    for y in range(top + 8, 480, 18):
        canvas.line([(left + 6, y), (right - 6, y)], mixed(old, palette.ink, 0.18), 1.5)
    canvas.box(left, top, split, 482, new)
    for row in range(3):
        for column in range(4):
            x, y = left + 34 + column * 132, top + 26 + row * 112
            canvas.box(x - 5, y - 5, x + 79, y + 75, WHITE, 3)
            canvas.box(x, y, x + 74, y + 70, mixed(palette.sky[0], palette.ink, 0.2))
            canvas.line([(x + 37, y), (x + 37, y + 70)], WHITE, 4)
    pole = mixed(palette.ink, palette.far, 0.25)
    for x in range(left - 40, right + 60, 124):
        canvas.line([(x, 96), (x, 486)], pole, 6)
    for y in (216, 328, 440):
        canvas.box(left - 54, y, right + 54, y + 9, mixed(palette.accents[2], palette.ink, 0.15), 2)
        canvas.line([(left - 44, y - 46), (right + 44, y - 46)], pole, 3.5)
    worker = chance.uniform(300, 660)
    for leg in (-10, 10):
        canvas.line([(worker + leg, 290), (worker + leg, 322)], palette.ink, 13)
    person(canvas, worker, 238, 0.46, palette.accents[1], helmet=palette.accents[2])


def townhall(canvas: Canvas) -> None:
    """A town hall with columns and a flag."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(350)
    canvas.ground(470, palette.ground)
    stone = mixed(palette.accents[3], palette.far, 0.25)
    shade = mixed(stone, palette.ink, 0.25)
    canvas.line([(480, 30), (480, 140)], palette.ink, 5)
    wave = [(482 + x, 36 + 5 * math.sin(x / 13)) for x in range(0, 96, 6)]
    flag = palette.accents[0]
    canvas.polygon([*wave, *((x, y + 44) for x, y in reversed(wave))], flag)
    canvas.box(190, 230, 770, 440, stone)
    canvas.polygon([(300, 196), (480, 112), (660, 196)], stone)
    canvas.polygon([(336, 186), (480, 126), (624, 186)], shade)
    canvas.disc(480, 166, 22, WHITE)
    hour = chance.uniform(0, math.tau)
    canvas.line([(480, 166), (480 + 12 * math.sin(hour), 166 - 12 * math.cos(hour))], palette.ink, 3)
    canvas.line([(480, 166), (480 + 16 * math.sin(hour * 12), 166 - 16 * math.cos(hour * 12))], palette.ink, 2)
    canvas.box(290, 194, 670, 216, mixed(stone, WHITE, 0.4))
    canvas.box(176, 216, 784, 236, mixed(stone, palette.ink, 0.12))
    canvas.box(310, 236, 650, 440, shade)
    canvas.box(446, 320, 514, 440, mixed(palette.accents[1], palette.ink, 0.3), 30)
    canvas.box(446, 380, 514, 440, mixed(palette.accents[1], palette.ink, 0.3))
    for x in range(316, 650, 64):
        canvas.box(x, 236, x + 26, 440, mixed(stone, WHITE, 0.5), 6)
    for x in (212, 258, 668, 714):
        for y in (262, 350):
            canvas.box(x, y, x + 32, y + 58, mixed(palette.sky[0], palette.ink, 0.3), 14)
    for step in range(4):
        canvas.box(
            270 - step * 26, 436 + step * 12, 690 + step * 26, 450 + step * 12, mixed(stone, palette.ink, 0.05 * step)
        )
    for x in (90, 150, 820, 890):
        canvas.tree(x + chance.uniform(-20, 20), 490, chance.uniform(90, 130))


def heatpump(canvas: Canvas) -> None:
    """A heat pump beside a house wall."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(330)
    canvas.ground(450, palette.ground)
    edge = chance.uniform(380, 470)
    wall = mixed(palette.accents[0], palette.accents[3], 0.35)
    canvas.box(0, 70, edge, 452, wall)
    for row, y in enumerate(range(70, 452, 22)):
        for x in range(-20 + 24 * (row % 2), int(edge) - 44, 48):
            canvas.box(x, y, x + 45, y + 19, mixed(wall, palette.ink, chance.uniform(0.04, 0.12)), 2)
    canvas.polygon(
        [(-10, 74), (-10, 20), (edge + 46, 20), (edge + 46, 74)], mixed(palette.ink, palette.accents[1], 0.35)
    )
    canvas.box(90, 140, 240, 330, WHITE, 6)
    canvas.box(102, 152, 228, 318, mixed(palette.accents[2], WHITE, 0.45))
    canvas.line([(165, 152), (165, 318)], WHITE, 6)
    left = edge + 60
    canvas.box(left - 20, 440, left + 300, 462, mixed(palette.ink, WHITE, 0.45), 4)
    canvas.box(left, 232, left + 280, 442, mixed(WHITE, palette.ink, 0.06), 14)
    canvas.box(left + 200, 256, left + 262, 268, mixed(WHITE, palette.ink, 0.3), 5)
    canvas.disc(left + 108, 338, 84, mixed(palette.ink, palette.accents[1], 0.2))
    turn = chance.uniform(0, 2)
    for blade in range(5):
        angle = turn + blade * math.tau / 5
        points = [around((left + 108, 338), angle + a, r) for a, r in ((0, 12), (0.25, 74), (0.85, 70), (0.7, 14))]
        canvas.polygon(points, mixed(palette.far, WHITE, 0.35))
    canvas.disc(left + 108, 338, 17, palette.accents[2])
    for radius in (30, 52, 74):
        canvas.ring(left + 108, 338, radius, 2.5, mixed(WHITE, palette.ink, 0.2))
    canvas.line([(left + 2, 420), (edge - 4, 420)], mixed(palette.ink, WHITE, 0.2), 10)
    for _ in range(4):
        canvas.disc(
            chance.uniform(left, WIDTH),
            chance.uniform(466, 520),
            chance.uniform(14, 30),
            mixed(palette.near, palette.ink, 0.1),
            0.7,
        )


def tram(canvas: Canvas) -> None:
    """A tram in front of a street."""
    palette, chance = canvas.palette, canvas.chance
    canvas.outdoors(300)
    street(canvas, 420, 0.9)
    canvas.ground(416, mixed(palette.ink, palette.far, 0.45))
    canvas.line([(0, 118), (WIDTH, 118)], palette.ink, 2.5)
    left, body = chance.uniform(110, 250), palette.accents[0]
    canvas.line([(left + 300, 246), (left + 340, 180), (left + 300, 120)], palette.ink, 5)
    canvas.box(left, 240, left + 600, 448, body, 34)
    canvas.box(left, 366, left + 600, 384, palette.accents[3])
    for window in range(6):
        x = left + 26 + window * 94
        canvas.box(x, 268, x + 78, 344, mixed(palette.sky[0], palette.ink, 0.15), 10)
        if chance.random() < 0.7:  # noqa: PLR2004
            canvas.disc(x + 38, 316, 13, mixed(palette.ink, palette.accents[2], 0.35))
            canvas.box(x + 18, 328, x + 58, 344, palette.accents[chance.randint(1, 2)], 8)
    for door in (1, 4):
        x = left + 20 + door * 94
        canvas.box(x, 262, x + 90, 432, mixed(body, palette.ink, 0.3), 8)
        for side in (4, 48):
            canvas.box(x + side, 270, x + side + 38, 420, mixed(palette.sky[0], WHITE, 0.25), 6)
    for wheel in (90, 160, 440, 510):
        canvas.disc(left + wheel, 450, 22, palette.ink)
        canvas.disc(left + wheel, 450, 9, mixed(palette.ink, WHITE, 0.5))
    canvas.disc(left + 582, 404, 10, mixed(palette.accents[2], WHITE, 0.5))
    for y in (474, 500):
        canvas.line([(0, y), (WIDTH, y)], mixed(palette.ink, WHITE, 0.35), 4)
